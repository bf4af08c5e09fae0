//! One direction of a connection: its octets put back in order.

use crate::limits::Limits;
use crate::time::Moment;
use crate::wire::{Segment, SeqNumber};

/// Why octets are missing from a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// The receiver acknowledged them: they were sent and arrived, and the capture does not have them.
    Capture,
    /// The snapshot length cut them off.
    Snaplen,
    /// Nothing shows that they arrived: the network lost them, or the capture did and ended too soon to tell.
    Unacknowledged,
}

/// What was odd about the segments of a connection. Both directions count together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    /// Packets that the capture has a second time, as one taken on both sides of a switch does: those are ignored.
    pub duplicate_segments: u64,
    /// Segments all of whose octets had been seen before.
    pub retransmitted_segments: u64,
    /// Segments that came before the octets that precede theirs.
    pub out_of_order_segments: u64,
    /// Octets seen before in segments that also carried new ones.
    pub overlapping_octets: u64,
    /// Octets that came twice with different values; the first copy was kept.
    pub conflicting_octets: u64,
    /// Octets missing from the capture.
    pub gap_octets: u64,
    /// Segments whose sequence number lies outside any window of this connection.
    pub out_of_window_segments: u64,
}

/// A hole in a stream.
#[derive(Debug)]
pub(super) struct Hole {
    pub(super) octets: u64,
    pub(super) kind: GapKind,
    /// That of the frame which shows the hole.
    pub(super) moment: Moment,
}

/// A run of octets waiting for the ones before it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) seq: SeqNumber,
    pub(super) octets: Box<[u8]>,
    /// Octets on the wire; more than `octets` holds where the snapshot length cut the segment.
    wire_len: u32,
    /// What its sender had received when it sent this.
    ack: Option<SeqNumber>,
    pub(super) moment: Moment,
}

impl Held {
    fn end(&self) -> SeqNumber {
        self.seq.add(self.wire_len)
    }

    /// Octets the snapshot length cut off behind the ones captured.
    pub(super) fn cut_octets(&self) -> u64 {
        u64::from(self.wire_len).saturating_sub(self.octets.len() as u64)
    }
}

/// One direction's place in its stream, and what came too early.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The sequence number of the next octet to deliver; none before the first segment.
    next: Option<SeqNumber>,
    /// Sequence numbers from the first one seen to `next`.
    passed: u64,
    /// The highest acknowledgement the peer sent.
    acked: Option<SeqNumber>,
    /// The sequence number of the FIN.
    fin_at: Option<SeqNumber>,
    /// Early segments, in sequence order and without overlap.
    held: Vec<Held>,
    held_octets: usize,
}

/// No window is larger (RFC 7323 2.3): a segment farther off than this belongs to another connection.
const MAX_WINDOW_OCTETS: i32 = 1 << 30;

impl Half {
    /// Whether any segment of this direction was seen.
    pub(super) const fn is_seen(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether the peer has acknowledged every octet that was delivered.
    pub(super) fn is_all_acknowledged(&self) -> bool {
        // The FIN takes a sequence number, but is no octet.
        let end = self.fin_at.filter(|fin| self.next == Some(fin.add(1))).or(self.next);
        match (end, self.acked) {
            (Some(end), Some(acked)) => acked.diff(end) >= 0,
            _ => false,
        }
    }

    /// Whether the peer acknowledged anything.
    pub(super) const fn is_acknowledged(&self) -> bool {
        self.acked.is_some()
    }

    /// Starts the stream at the first segment seen: after the SYN, or wherever the capture begins.
    pub(super) fn start(&mut self, segment: &Segment<'_>) {
        if self.next.is_none() {
            self.next = Some(first_octet(segment));
        }
    }

    /// Notes that the peer has received everything before `ack`.
    pub(super) fn acknowledge(&mut self, ack: SeqNumber) {
        if self.acked.is_none_or(|acked| ack.diff(acked) > 0) {
            self.acked = Some(ack);
        }
    }

    /// Whether the peer, having sent acknowledgement `ack`, knew octets that were not delivered yet.
    pub(super) fn is_behind(&self, ack: Option<SeqNumber>) -> bool {
        match (self.next, ack) {
            (Some(next), Some(ack)) => (1..MAX_WINDOW_OCTETS).contains(&ack.diff(next)),
            _ => false,
        }
    }

    /// Takes `segment` at once if it is exactly what comes next and whole: nothing to copy.
    pub(super) fn take_in_order(&mut self, segment: &Segment<'_>) -> bool {
        let whole = u32::try_from(segment.payload.len()) == Ok(segment.payload_wire_len);
        if self.next != Some(segment.seq) || !whole || !self.held.is_empty() || segment.flags.syn() {
            return false;
        }
        let end = segment.seq.add(segment.payload_wire_len);
        self.move_to(end);
        if segment.flags.fin() {
            self.fin_at = Some(end);
            self.pass_fin();
        }
        true
    }

    /// Keeps `segment` until its turn, without what was seen before.
    pub(super) fn hold(&mut self, segment: &Segment<'_>, moment: Moment, anomalies: &mut Anomalies) {
        let seq = first_octet(segment);
        let Some(next) = self.next else { return };
        let ahead = seq.diff(next);
        if ahead.unsigned_abs() >= MAX_WINDOW_OCTETS.unsigned_abs() {
            anomalies.out_of_window_segments += 1;
            return;
        }
        if segment.flags.fin() && self.fin_at.is_none() {
            self.fin_at = Some(seq.add(segment.payload_wire_len));
        }
        if segment.payload_wire_len == 0 {
            self.pass_fin();
            return;
        }
        let candidate = Candidate { seq, wire_len: segment.payload_wire_len, octets: segment.payload };
        // A keep-alive repeats the last octet, or sends one of its own in that place (RFC 9293 3.8.4).
        let is_keep_alive = ahead == -1 && segment.payload_wire_len == 1;
        let fresh = self.insert_fresh(&candidate, next, segment.ack, moment, anomalies);
        if fresh == 0 {
            anomalies.retransmitted_segments += u64::from(!is_keep_alive);
        } else {
            anomalies.overlapping_octets += u64::from(segment.payload_wire_len) - fresh;
            anomalies.out_of_order_segments += u64::from(ahead > 0);
        }
    }

    /// Inserts the parts of `candidate` that neither were delivered nor are held; says how many octets those are.
    fn insert_fresh(
        &mut self,
        candidate: &Candidate<'_>,
        next: SeqNumber,
        ack: Option<SeqNumber>,
        moment: Moment,
        anomalies: &mut Anomalies,
    ) -> u64 {
        let end = candidate.seq.add(candidate.wire_len);
        let mut at = if candidate.seq.diff(next) < 0 { next } else { candidate.seq };
        let mut fresh = 0;
        let mut index = 0;
        while end.diff(at) > 0 {
            let (piece_end, resume) = match self.held.get(index) {
                Some(held) if held.end().diff(at) <= 0 => {
                    index += 1;
                    continue;
                }
                Some(held) => {
                    anomalies.conflicting_octets += candidate.conflicts_with(held);
                    let start = if held.seq.diff(end) < 0 { held.seq } else { end };
                    (start, held.end())
                }
                None => (end, end),
            };
            if piece_end.diff(at) > 0 {
                let piece = candidate.piece(at, piece_end, ack, moment);
                fresh += u64::from(piece.wire_len);
                self.held_octets += piece.octets.len();
                self.held.insert(index, piece);
                index += 1;
            }
            at = if resume.diff(piece_end) > 0 { resume } else { piece_end };
        }
        fresh
    }

    /// The next held run, if it is the octet after the last one delivered and `may_pass` lets its acknowledgement pass.
    pub(super) fn pop_in_order(&mut self, may_pass: impl Fn(Option<SeqNumber>) -> bool) -> Option<Held> {
        self.pass_fin();
        let first = self.held.first()?;
        if Some(first.seq) != self.next || !may_pass(first.ack) {
            return None;
        }
        let held = self.held.remove(0);
        self.held_octets -= held.octets.len();
        self.move_to(held.end());
        self.pass_fin();
        Some(held)
    }

    /// Passes over the hole before the first held run if the peer has acknowledged it, or if `give_up`.
    pub(super) fn pass_hole(&mut self, give_up: bool) -> Option<Hole> {
        let (next, first) = (self.next?, self.held.first()?);
        let octets = u64::try_from(first.seq.diff(next)).ok().filter(|octets| *octets > 0)?;
        let acknowledged = self.acked.is_some_and(|acked| acked.diff(first.seq) >= 0);
        if !acknowledged && !give_up {
            return None;
        }
        let (seq, moment) = (first.seq, first.moment);
        self.move_to(seq);
        let kind = if acknowledged { GapKind::Capture } else { GapKind::Unacknowledged };
        Some(Hole { octets, kind, moment })
    }

    /// Passes over octets the peer's `ack` covers and nothing held has: the capture missed the end of what was sent.
    pub(super) fn pass_to(&mut self, ack: SeqNumber, moment: Moment) -> Option<Hole> {
        let next = self.next?;
        let stop = match self.held.first() {
            Some(first) if first.seq.diff(ack) < 0 => first.seq,
            _ => ack,
        };
        let mut octets = stop.diff(next);
        if octets <= 0 || octets >= MAX_WINDOW_OCTETS {
            return None;
        }
        self.move_to(stop);
        // The peer's FIN takes a sequence number of its own, but no octet.
        if self.fin_at.is_some_and(|fin| fin.add(1) == stop) {
            octets -= 1;
        }
        let octets = u64::try_from(octets).unwrap_or(0);
        Some(Hole { octets, kind: GapKind::Capture, moment })
    }

    /// The acknowledgement that keeps the first held run waiting, if it is next in order.
    pub(super) fn waiting_for_ack(&self) -> Option<(SeqNumber, Moment)> {
        let first = self.held.first()?;
        if Some(first.seq) == self.next { Some((first.ack?, first.moment)) } else { None }
    }

    /// Lets the first held run go without what it acknowledges; false if that is not what it waits for.
    ///
    /// Two runs can wait for each other: one sent again acknowledges more than its first copy, which the capture lacks,
    /// and so seems to answer what answers it. Then the client's goes first, for a request told early does no harm.
    pub(super) fn stop_waiting(&mut self) -> bool {
        let next = self.next;
        let first = self.held.first_mut().filter(|first| Some(first.seq) == next);
        first.is_some_and(|first| first.ack.take().is_some())
    }

    /// What the peer acknowledged past the last octet seen: the capture missed the end of the stream.
    pub(super) fn missing_tail(&mut self, moment: Moment) -> Option<Hole> {
        let acked = self.acked?;
        // A single number is a FIN the capture missed, which carries no octet.
        if acked.diff(self.next?) == 1 { None } else { self.pass_to(acked, moment) }
    }

    /// Whether more is held than the bounds allow.
    pub(super) fn is_over(&self, limits: &Limits) -> bool {
        self.held_octets > limits.held_octets || self.held.len() > limits.held_segments
    }

    fn pass_fin(&mut self) {
        // Octets in the place of a FIN contradict it; passing it over would leave them behind for ever.
        if let Some(fin) = self.fin_at
            && self.next == Some(fin)
            && self.held.first().is_none_or(|first| first.seq != fin)
        {
            self.move_to(fin.add(1));
        }
    }

    fn move_to(&mut self, seq: SeqNumber) {
        let step = self.next.map_or(0, |next| seq.diff(next));
        self.passed = self.passed.saturating_add(u64::try_from(step).unwrap_or(0));
        self.next = Some(seq);
    }

    /// Where in the stream `segment` has its first octet: octets from the first one the capture could have, holes
    /// counted. None where that lies before the stream, behind its end, or outside any window.
    pub(super) fn offset_of(&self, segment: &Segment<'_>) -> Option<u64> {
        let seq = first_octet(segment);
        let ahead = seq.diff(self.next?);
        if ahead.unsigned_abs() >= MAX_WINDOW_OCTETS.unsigned_abs() || self.fin_at.is_some_and(|fin| seq.diff(fin) > 0)
        {
            return None;
        }
        self.passed.checked_add_signed(i64::from(ahead))
    }

    /// Whether `segment`, not yet taken in, has nothing in it that was not seen before. A keep-alive is no repetition.
    pub(super) fn repeats(&self, segment: &Segment<'_>) -> bool {
        let Some(next) = self.next else { return false };
        if segment.flags.syn() {
            return true;
        }
        let end = segment.seq.add(segment.payload_wire_len);
        if segment.flags.fin() {
            return self.fin_at == Some(end);
        }
        let is_keep_alive = next.diff(segment.seq) == 1 && segment.payload_wire_len == 1;
        segment.payload_wire_len > 0 && next.diff(end) >= 0 && !is_keep_alive
    }
}

/// The sequence number of a segment's first octet: a SYN has one of its own.
const fn first_octet(segment: &Segment<'_>) -> SeqNumber {
    if segment.flags.syn() { segment.seq.add(1) } else { segment.seq }
}

/// A segment's octets on their way into the held runs.
struct Candidate<'a> {
    seq: SeqNumber,
    wire_len: u32,
    octets: &'a [u8],
}

impl Candidate<'_> {
    fn piece(&self, from: SeqNumber, to: SeqNumber, ack: Option<SeqNumber>, moment: Moment) -> Held {
        let wire_len = u32::try_from(to.diff(from)).unwrap_or(0);
        let octets = self.slice(from, to).into();
        Held { seq: from, octets, wire_len, ack, moment }
    }

    /// The captured octets between two sequence numbers, as far as there are any.
    fn slice(&self, from: SeqNumber, to: SeqNumber) -> &[u8] {
        let start = usize::try_from(from.diff(self.seq)).unwrap_or(0).min(self.octets.len());
        let end = usize::try_from(to.diff(self.seq)).unwrap_or(0).min(self.octets.len());
        self.octets.get(start..end).unwrap_or_default()
    }

    /// How many octets `held` has otherwise.
    fn conflicts_with(&self, held: &Held) -> u64 {
        let from = if self.seq.diff(held.seq) > 0 { self.seq } else { held.seq };
        let skip = usize::try_from(from.diff(held.seq)).unwrap_or(0);
        let theirs = held.octets.get(skip..).unwrap_or_default();
        let ours = self.slice(from, held.end());
        ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs).count() as u64
    }
}
