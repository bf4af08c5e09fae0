//! Packets captured twice: on both sides of a span port, or once for each component they pass.
//!
//! The second copy is the same packet, octet for octet. A segment that TCP sends again is not: IP numbers it anew.

use crate::time::Moment;
use crate::wire::{Segment, TcpFlags};

/// The latest segments of a connection, both directions together.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    seen: [Option<Fingerprint>; SEEN],
    next: usize,
}

/// A second copy follows within a few packets.
const SEEN: usize = 4;
/// Capture points are microseconds apart; where no identification tells, a retransmission takes longer than this.
const WITHOUT_ID_NS: i64 = 1_000_000;
const WITH_ID_NS: i64 = 1_000_000_000;

/// What tells a packet from the others of its connection.
#[derive(Clone, Copy, Debug)]
struct Fingerprint {
    src_port: u16,
    seq: u32,
    ack: Option<u32>,
    flags: TcpFlags,
    window: u16,
    len: u32,
    ip_id: Option<u16>,
    checksum: u16,
    moment: Moment,
}

impl Recent {
    /// Whether `segment` was seen a moment ago; remembers it.
    pub(super) fn has(&mut self, segment: &Segment<'_>, moment: Moment) -> bool {
        let Some(checksum) = segment.checksum else { return false };
        let new = Fingerprint {
            src_port: segment.src.port(),
            seq: segment.seq.0,
            ack: segment.ack.map(|ack| ack.0),
            flags: segment.flags,
            window: segment.window,
            len: segment.payload_wire_len,
            ip_id: segment.ip_id,
            checksum,
            moment,
        };
        if self.seen.iter().flatten().any(|old| new.is_copy_of(old)) {
            return true;
        }
        if let Some(place) = self.seen.get_mut(self.next) {
            *place = Some(new);
        }
        self.next = (self.next + 1) % SEEN;
        false
    }
}

impl Fingerprint {
    fn is_copy_of(&self, old: &Self) -> bool {
        let is_same = self.seq == old.seq
            && self.checksum == old.checksum
            && self.src_port == old.src_port
            && self.ack == old.ack
            && self.flags == old.flags
            && self.window == old.window
            && self.len == old.len
            && self.ip_id == old.ip_id;
        // Some hosts leave the identification 0 on packets that may not be fragmented (RFC 6864 4.1).
        let has_id = self.ip_id.is_some_and(|id| id != 0);
        let apart = self.moment.time.nanos_since(old.moment.time).saturating_abs();
        is_same && apart < if has_id { WITH_ID_NS } else { WITHOUT_ID_NS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::wire::SeqNumber;

    fn segment(ip_id: Option<u16>) -> Segment<'static> {
        Segment {
            src: "192.0.2.10:1145".parse().unwrap(),
            dst: "192.0.2.25:25".parse().unwrap(),
            seq: SeqNumber(100),
            ack: Some(SeqNumber(500)),
            flags: TcpFlags(0x18),
            window: 8192,
            payload: b"EHLO sub2.\r\n",
            payload_wire_len: 12,
            ip_id,
            checksum: Some(0x1234),
            tunnelled: false,
        }
    }

    fn at(micros: i64) -> Moment {
        Moment { frame: 1, time: Timestamp::from_nanos(micros * 1000), elapsed_ns: micros * 1000, event: None }
    }

    #[test]
    fn the_same_packet_again_is_a_copy_and_the_same_octets_again_are_not() {
        let mut recent = Recent::default();
        assert!(!recent.has(&segment(Some(7)), at(0)));
        assert!(recent.has(&segment(Some(7)), at(300_000)));
        assert!(!recent.has(&segment(Some(8)), at(300_001)), "sent again, so numbered anew");
        let other_checksum = Segment { checksum: Some(0x1235), ..segment(Some(7)) };
        assert!(!recent.has(&other_checksum, at(300_002)));
    }

    #[test]
    fn without_a_number_only_the_time_tells() {
        for ip_id in [None, Some(0)] {
            let mut recent = Recent::default();
            assert!(!recent.has(&segment(ip_id), at(0)));
            assert!(recent.has(&segment(ip_id), at(20)));
            assert!(!recent.has(&segment(ip_id), at(250_000)));
        }
        let mut recent = Recent::default();
        let cut = Segment { checksum: None, ..segment(Some(7)) };
        assert!(!recent.has(&cut, at(0)) && !recent.has(&cut, at(1)), "too little of it was captured");
    }
}
