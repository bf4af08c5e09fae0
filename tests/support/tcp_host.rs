//! Sequence numbers: one segment, and what a host has sent and received.

use super::endpoint::{Endpoint, Side};
use super::packet::flag;

/// A segment that was composed; [`SessionScript::emit`] writes it, as often as wanted.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) from: Side,
    pub(crate) seq: u32,
    /// ACK is added when there is something to acknowledge.
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
    /// The datagram as last written.
    pub(super) datagram: Vec<u8>,
}

impl Segment {
    /// The sequence number after it: SYN and FIN count one (RFC 9293 3.4).
    pub(super) fn end(&self) -> u32 {
        let marks = (self.flags & (flag::SYN | flag::FIN)).count_ones();
        self.seq.wrapping_add(self.payload.len() as u32).wrapping_add(marks)
    }
}

/// The place of a segment in its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentId(pub(super) usize);

/// A host and what it has sent and received.
pub(super) struct Host {
    pub(super) endpoint: Endpoint,
    pub(super) next_seq: u32,
    /// The next octet expected from the peer; none before the peer's SYN.
    pub(super) expected: Option<u32>,
    /// Ranges received past a hole.
    early: Vec<(u32, u32)>,
    pub(super) unacknowledged_segments: u32,
    pub(super) ack_due_ns: Option<i64>,
    /// When its last frame went by.
    pub(super) last_frame_ns: Option<i64>,
    /// The timestamp of the peer to echo.
    pub(super) peer_clock: u32,
}

impl Host {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            next_seq: endpoint.isn,
            endpoint,
            expected: None,
            early: Vec::new(),
            unacknowledged_segments: 0,
            ack_due_ns: None,
            last_frame_ns: None,
            peer_clock: 0,
        }
    }

    /// Takes the range in; returns whether it continued what was there, with no hole before or behind.
    pub(super) fn receive(&mut self, seq: u32, end: u32) -> bool {
        let Some(expected) = self.expected else {
            self.expected = Some(end);
            return true;
        };
        self.early.push((seq, end));
        let mut expected = expected;
        while let Some(at) = self.early.iter().position(|(start, _)| expected.wrapping_sub(*start) < 1 << 31) {
            let (_, end) = self.early.remove(at);
            if end.wrapping_sub(expected) < 1 << 31 {
                expected = end;
            }
        }
        let in_order = self.early.is_empty() && self.expected == Some(seq) && expected == end;
        self.expected = Some(expected);
        in_order
    }
}
