//! By what a capture is known as a copy of another: the same packets, whatever file they are in.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

use foldhash::fast::{FixedState, FoldHasher, RandomState};

use crate::capture::Packet;

/// The same in the whole run and another in the next one, so that nobody can make a capture that passes for another's.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What several runs share so that they give the same captures the same fingerprints. Whoever knows it can make a capture that
/// passes for another's, so it is to be chosen anew for each job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FingerprintKey(u64);

impl FingerprintKey {
    /// The key that any text stands for.
    pub fn new(text: &str) -> Self {
        let mut hasher = FixedState::with_seed(0).build_hasher();
        hasher.write(text.as_bytes());
        Self(hasher.finish())
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey")
    }
}

/// Octets of a packet that are looked at: the headers, with the checksum of all the rest in them, and the start of a line. A
/// packet that differs behind them only has another checksum all the same, unless it was forged.
const PACKET_OCTETS: usize = 128;

/// Two captures with the same fingerprint have the same packets: as many, of the same link types, at the same times, of the
/// same lengths, and those that were read with the same first 128 octets. It means nothing outside of this run, or of the runs with
/// the same [`FingerprintKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    packets: u64,
    hash: u64,
    is_shared: bool,
}

/// In words for a report: packets and hash.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.packets, self.hash)
    }
}

impl Fingerprint {
    /// That of a capture with this packet alone.
    pub(crate) fn of_packet(packet: &Packet<'_>) -> Self {
        let mut packets = Packets::default();
        packets.count(packet);
        packets.read(packet);
        packets.finish()
    }

    /// Whether other runs know it, too: it was made with a [`FingerprintKey`].
    pub const fn is_shared(self) -> bool {
        self.is_shared
    }

    /// Whether there is a packet at all: captures without one are no copies of each other.
    pub(crate) const fn has_packets(self) -> bool {
        self.packets > 0
    }
}

/// The packets of a capture so far. All are counted in, which costs next to nothing; only those that are read, for they may
/// matter to a report, are looked into.
#[derive(Clone)]
pub(super) struct Packets {
    packets: u64,
    hasher: FoldHasher<'static>,
    is_shared: bool,
}

impl Default for Packets {
    fn default() -> Self {
        Self { packets: 0, hasher: SEED.build_hasher(), is_shared: false }
    }
}

impl fmt::Debug for Packets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packets").field("packets", &self.packets).finish_non_exhaustive()
    }
}

impl Packets {
    /// None so far; other runs with this key are to know them.
    pub(super) fn new(key: Option<FingerprintKey>) -> Self {
        key.map_or_else(Self::default, |FingerprintKey(seed)| {
            let hasher = FixedState::with_seed(seed).build_hasher();
            Self { packets: 0, hasher, is_shared: true }
        })
    }

    /// Another packet: when, of which link type, how long.
    #[inline]
    pub(super) fn count(&mut self, packet: &Packet<'_>) {
        self.packets += 1;
        self.hasher.write_i64(packet.time.as_nanos());
        // No packet has more octets than 18 bits say.
        let lengths = u64::from(packet.wire_len) << 32 ^ packet.data.len() as u64;
        self.hasher.write_u64(lengths ^ u64::from(packet.link.0) << 48);
    }

    /// That packet is read.
    #[inline]
    pub(super) fn read(&mut self, packet: &Packet<'_>) {
        self.hasher.write(packet.data.get(..PACKET_OCTETS).unwrap_or(packet.data));
    }

    pub(super) fn finish(&self) -> Fingerprint {
        Fingerprint { packets: self.packets, hash: self.hasher.finish(), is_shared: self.is_shared }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::LinkType;
    use crate::time::Timestamp;

    fn packet(nanos: i64, data: &[u8]) -> Packet<'_> {
        let wire_len = u32::try_from(data.len()).unwrap();
        Packet {
            frame: 1,
            event: None,
            time: Timestamp::from_nanos(nanos),
            link: LinkType::ETHERNET,
            interface: 0,
            wire_len,
            data,
        }
    }

    fn of(packets: &[Packet<'_>]) -> Fingerprint {
        let mut all = Packets::default();
        for packet in packets {
            all.count(packet);
            all.read(packet);
        }
        all.finish()
    }

    #[test]
    fn everything_that_a_report_may_show_makes_another_fingerprint() {
        let (one, two) = (packet(1, b"EHLO sub2."), packet(2, b"501 Invalid"));
        let same = of(&[one, two]);
        assert_eq!(of(&[Packet { frame: 7, interface: 3, ..one }, two]), same, "the file's own numbers are no matter");
        for (what, packets) in [
            ("fewer", &[one][..]),
            ("another order", &[two, one]),
            ("another time", &[Packet { time: Timestamp::from_nanos(3), ..one }, two]),
            ("other octets", &[packet(1, b"EHLO sub3."), two]),
            ("cut", &[packet(1, b"EHLO sub"), two]),
            ("another length on the wire", &[Packet { wire_len: 1_500, ..one }, two]),
            ("another link type", &[Packet { link: LinkType::RAW, ..one }, two]),
        ] {
            assert_ne!(of(packets), same, "{what}");
        }
        assert_eq!(Fingerprint::of_packet(&one), of(&[one]));
        assert!(!of(&[]).has_packets() && same.has_packets());
    }

    #[test]
    fn runs_with_one_key_agree_and_others_do_not() {
        let with_key = |key| {
            let mut packets = Packets::new(Some(FingerprintKey::new(key)));
            packets.count(&packet(1, b"EHLO sub2."));
            packets.read(&packet(1, b"EHLO sub2."));
            packets.finish()
        };
        // As text, so that a run of another day is one of these, too.
        assert_eq!(with_key("monday").to_string(), "1-35892eec15823b5f");
        assert_ne!(with_key("tuesday"), with_key("monday"));
        assert!(with_key("monday").is_shared() && !of(&[]).is_shared());
    }
}
