//! Captured octets together with the length they had on the wire.

/// What is left of a packet behind the headers already read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View<'a> {
    /// The captured octets.
    pub(super) data: &'a [u8],
    /// Octets there were on the wire: never less than `data` has, more when the snapshot length cut it.
    pub(super) wire_len: u32,
}

impl<'a> View<'a> {
    /// A record of a capture. Some writers record more octets than they say the packet had: those exist, so they count.
    pub(super) fn new(data: &'a [u8], wire_len: u32) -> Self {
        Self { data, wire_len: wire_len.max(octets(data.len())) }
    }

    /// What follows the first `count` octets; none when they were not all captured.
    pub(super) fn skip(self, count: usize) -> Option<Self> {
        Some(Self { data: self.data.get(count..)?, wire_len: self.wire_len.saturating_sub(octets(count)) })
    }

    /// The first `N` octets and what follows them; none when they were not all captured.
    pub(super) fn split<const N: usize>(self) -> Option<(&'a [u8; N], Self)> {
        let (head, data) = self.data.split_first_chunk()?;
        Some((head, Self { data, wire_len: self.wire_len.saturating_sub(octets(N)) }))
    }

    /// What a header says belongs to it, by its length: octets past it are padding or a trailer. A length past the end is
    /// believed, too: not every capture format knows how long a cut packet was.
    pub(super) fn clip(self, wire_len: u32) -> Self {
        let kept = usize::try_from(wire_len).ok().and_then(|count| self.data.get(..count));
        Self { data: kept.unwrap_or(self.data), wire_len }
    }

    /// Whether octets are missing at the end.
    pub(super) fn is_cut(self) -> bool {
        self.wire_len > octets(self.data.len())
    }
}

/// A length in octets as the number the headers use; no capture reader hands out packets past its range.
pub(super) fn octets(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
