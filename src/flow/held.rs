//! Octets that came before the ones they follow, kept until their turn.

use crate::time::Moment;
use crate::wire::{Segment, SeqNumber};

/// A run of octets waiting for the ones before it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) seq: SeqNumber,
    pub(super) octets: Box<[u8]>,
    /// Octets on the wire; more than `octets` holds where the snapshot length cut the segment.
    pub(super) wire_len: u32,
    /// What its sender had received when it sent this.
    pub(super) ack: Option<SeqNumber>,
    /// Which of its connection's segments brought it.
    pub(super) arrival: u64,
    pub(super) moment: Moment,
}

impl Held {
    pub(super) const fn end(&self) -> SeqNumber {
        self.seq.add(self.wire_len)
    }

    /// Octets the snapshot length cut off behind the ones captured.
    pub(super) const fn cut_octets(&self) -> u64 {
        (self.wire_len as u64).saturating_sub(self.octets.len() as u64)
    }

    /// Leaves out what comes before `seq`.
    pub(super) fn skip_to(&mut self, seq: SeqNumber) {
        let skipped = u32::try_from(seq.diff(self.seq)).unwrap_or(0).min(self.wire_len);
        let kept = self.octets.get(usize::try_from(skipped).unwrap_or(usize::MAX)..).unwrap_or_default();
        self.octets = kept.into();
        self.seq = self.seq.add(skipped);
        self.wire_len -= skipped;
    }
}

/// A segment's octets on their way into the held runs.
pub(super) struct Candidate<'a> {
    seq: SeqNumber,
    wire_len: u32,
    octets: &'a [u8],
    ack: Option<SeqNumber>,
    arrival: u64,
    moment: Moment,
}

impl<'a> Candidate<'a> {
    /// What `segment` carries, `seq` being the number of its first octet.
    pub(super) const fn new(segment: &Segment<'a>, seq: SeqNumber, arrival: u64, moment: Moment) -> Self {
        Self { seq, wire_len: segment.payload_wire_len, octets: segment.payload, ack: segment.ack, arrival, moment }
    }

    pub(super) const fn end(&self) -> SeqNumber {
        self.seq.add(self.wire_len)
    }

    pub(super) fn piece(&self, from: SeqNumber, to: SeqNumber) -> Held {
        let wire_len = u32::try_from(to.diff(from)).unwrap_or(0);
        let octets = self.slice(from, to).into();
        Held { seq: from, octets, wire_len, ack: self.ack, arrival: self.arrival, moment: self.moment }
    }

    /// The captured octets between two sequence numbers, as far as there are any.
    fn slice(&self, from: SeqNumber, to: SeqNumber) -> &[u8] {
        let start = usize::try_from(from.diff(self.seq)).unwrap_or(0).min(self.octets.len());
        let end = usize::try_from(to.diff(self.seq)).unwrap_or(0).min(self.octets.len());
        self.octets.get(start..end).unwrap_or_default()
    }

    /// How many octets `held` has otherwise.
    pub(super) fn conflicts_with(&self, held: &Held) -> u64 {
        let from = if self.seq.diff(held.seq) > 0 { self.seq } else { held.seq };
        let skip = usize::try_from(from.diff(held.seq)).unwrap_or(0);
        let theirs = held.octets.get(skip..).unwrap_or_default();
        let ours = self.slice(from, held.end());
        ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs).count() as u64
    }
}
