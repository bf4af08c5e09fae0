//! One direction of a connection: its octets put back in order.

use std::collections::VecDeque;

use crate::limits::Limits;
use crate::time::Moment;
use crate::wire::{Segment, SeqNumber};

use super::STREAM_ORIGIN;
use super::held::{Candidate, Held};

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
#[non_exhaustive]
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
    /// Segments whose numbers lie outside any window of this connection: they were ignored.
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

/// How it is known where a stream begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Beginning {
    /// Not at all: nothing is delivered yet.
    #[default]
    Unknown,
    /// By a SYN, or by the SYN-ACK that acknowledges it.
    Seen,
    /// Taken to be the lowest number of which anything was seen: the capture shows no more.
    Guessed,
}

/// A place in a stream.
#[derive(Clone, Copy, Debug)]
struct Mark {
    seq: SeqNumber,
    /// Octets from [`STREAM_ORIGIN`] below the first octet seen.
    offset: u64,
}

/// One direction's place in its stream, and what came too early.
#[derive(Debug, Default)]
pub(super) struct Half {
    beginning: Beginning,
    /// Whether a segment of this direction was seen, other than a RST.
    is_seen: bool,
    is_syn_seen: bool,
    /// Whether the listener knows where the stream begins.
    is_told: bool,
    /// None was seen, and none is waited for any more: the capture may have one side only.
    is_given_up: bool,
    /// The next octet to deliver; before the beginning is known, the first one seen. None where nothing was seen.
    mark: Option<Mark>,
    /// The lowest number that anything says was sent or received, while the beginning is not known.
    lowest: Option<SeqNumber>,
    /// The highest number that anything of this side says it had sent before.
    reached: Option<SeqNumber>,
    /// The highest acknowledgement the peer sent.
    acked: Option<SeqNumber>,
    /// The sequence number of the FIN.
    fin_at: Option<SeqNumber>,
    /// Early segments, in sequence order and without overlap.
    held: VecDeque<Held>,
    held_octets: usize,
}

/// No window is larger (RFC 7323 2.3): a segment farther off than this belongs to another connection.
const MAX_WINDOW_OCTETS: u32 = 1 << 30;

/// More octets are in no segment: offloading makes some of a quarter of a MiB.
pub(super) const MAX_SEGMENT_OCTETS: u32 = 1 << 24;

/// Octets that a client may have sent before the first of its segments that the capture shows, its SYN being late.
const LATE_SYN_OCTETS: i32 = 1 << 16;

/// Octets that the first segment of another capture may lie from those before it: a window without scaling (RFC 9293 3.1).
const NEAR_OCTETS: i32 = 1 << 16;

/// Whether two numbers are farther apart than any window of one connection.
const fn is_far(one: SeqNumber, other: SeqNumber) -> bool {
    one.diff(other).unsigned_abs() >= MAX_WINDOW_OCTETS
}

/// The lower of two numbers of one connection.
const fn lower(one: SeqNumber, other: SeqNumber) -> SeqNumber {
    if one.diff(other) < 0 { one } else { other }
}

impl Half {
    /// Whether any segment of this direction was seen.
    pub(super) const fn is_seen(&self) -> bool {
        self.is_seen
    }

    /// Whether the listener was told where the stream begins, and so may have octets of it.
    pub(super) const fn is_told(&self) -> bool {
        self.is_told
    }

    /// Where the stream begins and whether a SYN says so, once that is known or guessed; told once.
    pub(super) fn take_beginning(&mut self) -> Option<(u64, bool)> {
        if self.is_told || !self.is_seen || self.beginning == Beginning::Unknown {
            return None;
        }
        let offset = self.offset_at(self.lowest)?;
        self.is_told = true;
        Some((offset, self.beginning == Beginning::Seen))
    }

    /// Whether it has yet to show what nothing in the capture has shown so far: a beginning, a first segment.
    pub(super) const fn is_awaited(&self) -> bool {
        matches!(self.beginning, Beginning::Unknown) || !self.is_seen && !self.is_given_up
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Octets held in memory.
    pub(super) const fn held_octets(&self) -> usize {
        self.held_octets
    }

    /// Whether the peer has acknowledged every octet that was delivered.
    pub(super) fn is_all_acknowledged(&self) -> bool {
        // The FIN takes a sequence number, but is no octet.
        let next = self.next().filter(|_| self.is_seen);
        let end = self.fin_at.filter(|fin| next == Some(fin.add(1))).or(next);
        match (end, self.acked) {
            (Some(end), Some(acked)) => acked.diff(end) >= 0,
            _ => false,
        }
    }

    /// Whether the peer acknowledged anything but the SYN.
    pub(super) const fn is_acknowledged(&self) -> bool {
        self.acked.is_some()
    }

    /// The place of a FIN that the capture does not have: the peer acknowledged one number more than there are octets, or
    /// this side went on behind it.
    pub(super) fn unseen_fin(&self) -> Option<SeqNumber> {
        let next = self.next().filter(|_| self.is_seen && self.fin_at.is_none())?;
        let is_behind = |seq: &SeqNumber| seq.diff(next) == 1;
        self.acked.filter(is_behind).or_else(|| self.reached.filter(is_behind)).map(|_| next)
    }

    fn next(&self) -> Option<SeqNumber> {
        self.mark.map(|mark| mark.seq)
    }

    /// The number behind all that was seen, delivered or held.
    pub(super) fn end(&self) -> Option<SeqNumber> {
        self.held.back().map(Held::end).or_else(|| self.next())
    }

    /// Whether `seq` can be a number of this direction: it lies near all that may yet be delivered.
    pub(super) fn fits(&self, seq: SeqNumber) -> bool {
        let is_near = |known: Option<SeqNumber>| known.is_none_or(|known| !is_far(seq, known));
        let is_settled = self.beginning != Beginning::Unknown && self.mark.is_some();
        is_near(self.next()) && (is_settled || is_near(self.lowest) && is_near(self.reached))
    }

    /// Whether `seq` lies within [`NEAR_OCTETS`] of all that was seen of this direction; none where nothing was.
    pub(super) fn is_near(&self, seq: SeqNumber) -> Option<bool> {
        let known = [self.lowest, self.next(), self.reached, self.acked];
        let mut distances = known.iter().flatten().map(|known| seq.diff(*known)).peekable();
        distances.peek()?;
        let (least, most) = distances.fold((i32::MAX, i32::MIN), |(least, most), at| (least.min(at), most.max(at)));
        Some(least <= NEAR_OCTETS && most >= -NEAR_OCTETS)
    }

    /// Whether `seq` is the number of the first octet, if that is known.
    pub(super) fn begins_at(&self, seq: SeqNumber) -> bool {
        match self.beginning {
            Beginning::Seen => self.lowest == Some(seq),
            // The rest of a handshake follows close upon it, whatever comes first.
            Beginning::Unknown => self.lowest.is_some_and(|lowest| (0..=LATE_SYN_OCTETS).contains(&lowest.diff(seq))),
            Beginning::Guessed => self.lowest.is_some_and(|lowest| lowest == seq),
        }
    }

    /// Whether `seq` can be the number of the first octet, for all that is known.
    pub(super) fn may_begin_at(&self, seq: SeqNumber) -> bool {
        self.lowest.is_none() || self.begins_at(seq)
    }

    /// The stream begins at `seq`, as a SYN says.
    pub(super) fn begin(&mut self, seq: SeqNumber) {
        if self.beginning == Beginning::Unknown {
            self.beginning = Beginning::Seen;
            self.settle(seq);
        }
    }

    /// The stream begins at the lowest number known; nothing is known of one that was not seen.
    pub(super) fn guess_beginning(&mut self) {
        self.is_given_up = !self.is_seen;
        if self.beginning == Beginning::Unknown {
            self.beginning = Beginning::Guessed;
            if let (Some(lowest), true) = (self.lowest, self.is_seen) {
                self.settle(lowest);
            }
        }
    }

    fn settle(&mut self, seq: SeqNumber) {
        let offset = match self.mark {
            Some(first) => first.offset.saturating_add_signed(i64::from(seq.diff(first.seq))),
            None => STREAM_ORIGIN,
        };
        self.lowest = Some(seq);
        self.mark = Some(Mark { seq, offset });
        self.drop_before(seq);
    }

    /// What was held from before the beginning is no part of the stream.
    fn drop_before(&mut self, seq: SeqNumber) {
        while self.held.front().is_some_and(|first| first.seq.diff(seq) < 0) {
            let Some(mut first) = self.pop_front() else { return };
            if first.end().diff(seq) > 0 {
                first.skip_to(seq);
                self.held_octets += first.octets.len();
                self.held.push_front(first);
            }
        }
    }

    /// A segment of this direction was seen; not for a RST. True if that may say where a stream begins.
    #[inline]
    pub(super) fn see(&mut self, segment: &Segment<'_>) -> bool {
        self.reach(segment.seq);
        let is_settled = self.is_seen && self.beginning != Beginning::Unknown;
        (!is_settled || segment.flags.syn()) && self.see_more(segment)
    }

    fn see_more(&mut self, segment: &Segment<'_>) -> bool {
        let seq = first_octet(segment);
        let says_more = segment.flags.syn() || !self.is_seen;
        if segment.flags.syn() {
            self.is_syn_seen = true;
            self.begin(seq);
        }
        self.is_seen = true;
        match self.beginning {
            Beginning::Seen => {}
            Beginning::Unknown => {
                self.note_lowest(seq);
                self.mark.get_or_insert(Mark { seq, offset: STREAM_ORIGIN });
            }
            Beginning::Guessed if self.mark.is_some() => {}
            Beginning::Guessed => {
                self.note_lowest(seq);
                self.mark = Some(Mark { seq, offset: STREAM_ORIGIN });
                self.settle(self.lowest.unwrap_or(seq));
            }
        }
        says_more
    }

    /// Everything before `seq` was sent, as a segment of this direction says.
    pub(super) fn reach(&mut self, seq: SeqNumber) {
        if self.reached.is_none_or(|reached| seq.diff(reached) > 0) {
            self.reached = Some(seq);
        }
    }

    /// Notes that the peer has received everything before `ack`.
    pub(super) fn acknowledge(&mut self, ack: SeqNumber) {
        if self.acked.is_none_or(|acked| ack.diff(acked) > 0) {
            self.acked = Some(ack);
        }
        if self.beginning == Beginning::Unknown || self.mark.is_none() {
            self.note_lowest(ack);
        }
    }

    fn note_lowest(&mut self, seq: SeqNumber) {
        self.lowest = Some(self.lowest.map_or(seq, |lowest| lower(lowest, seq)));
    }

    /// Whether the peer, having sent acknowledgement `ack`, knew octets that were not delivered yet.
    pub(super) fn is_behind(&self, ack: Option<SeqNumber>) -> bool {
        let Some(ack) = ack else { return false };
        match self.mark {
            _ if self.is_awaited() => true,
            Some(mark) if self.is_seen => ack.diff(mark.seq) > 0 && !is_far(ack, mark.seq),
            _ => false,
        }
    }

    /// Where in this stream `ack` lies, an acknowledgement of the peer.
    pub(super) fn offset_at(&self, ack: Option<SeqNumber>) -> Option<u64> {
        let mark = self.mark?;
        mark.offset.checked_add_signed(i64::from(ack?.diff(mark.seq)))
    }

    /// Takes `segment` at once if it is exactly what comes next and whole: nothing to copy.
    #[inline]
    pub(super) fn take_in_order(&mut self, segment: &Segment<'_>) -> bool {
        let whole = u32::try_from(segment.payload.len()) == Ok(segment.payload_wire_len);
        let is_next = self.beginning != Beginning::Unknown && self.next() == Some(segment.seq);
        if !is_next || !whole || !self.held.is_empty() || segment.flags.syn() {
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

    /// Keeps `segment`, the connection's segment number `arrival`, until its turn, without what was seen before.
    pub(super) fn hold(&mut self, segment: &Segment<'_>, arrival: u64, moment: Moment, anomalies: &mut Anomalies) {
        let seq = first_octet(segment);
        let Some(next) = self.next() else { return };
        if segment.flags.fin() && self.fin_at.is_none() {
            self.fin_at = Some(seq.add(segment.payload_wire_len));
        }
        if segment.payload_wire_len == 0 {
            self.pass_fin();
            return;
        }
        let ahead = seq.diff(next);
        let from = if self.beginning != Beginning::Unknown && ahead < 0 { next } else { seq };
        let candidate = Candidate::new(segment, seq, arrival, moment);
        // A keep-alive repeats the last octet, or sends one of its own in that place (RFC 9293 3.8.4).
        let is_keep_alive = ahead == -1 && segment.payload_wire_len == 1;
        let fresh = self.insert_fresh(&candidate, from, anomalies);
        if fresh == 0 {
            anomalies.retransmitted_segments += u64::from(!is_keep_alive);
        } else {
            anomalies.overlapping_octets += u64::from(segment.payload_wire_len) - fresh;
            anomalies.out_of_order_segments += u64::from(ahead > 0);
        }
    }

    /// Inserts the parts of `candidate`, from `at` on, that are not held; says how many octets those are.
    fn insert_fresh(&mut self, candidate: &Candidate<'_>, mut at: SeqNumber, anomalies: &mut Anomalies) -> u64 {
        let end = candidate.end();
        let mut fresh = 0;
        // Most come behind all that is held.
        let mut index = self.held.partition_point(|held| held.end().diff(at) <= 0);
        while end.diff(at) > 0 {
            let (piece_end, resume) = match self.held.get(index) {
                Some(held) if held.end().diff(at) <= 0 => {
                    index += 1;
                    continue;
                }
                Some(held) => {
                    anomalies.conflicting_octets += candidate.conflicts_with(held);
                    (lower(held.seq, end), held.end())
                }
                None => (end, end),
            };
            if piece_end.diff(at) > 0 {
                let piece = candidate.piece(at, piece_end);
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
        if self.beginning == Beginning::Unknown {
            return None;
        }
        self.pass_fin();
        let first = self.held.front()?;
        if Some(first.seq) != self.next() || !may_pass(first.ack) {
            return None;
        }
        let held = self.pop_front()?;
        self.move_to(held.end());
        self.pass_fin();
        Some(held)
    }

    fn pop_front(&mut self) -> Option<Held> {
        let held = self.held.pop_front()?;
        self.held_octets -= held.octets.len();
        Some(held)
    }

    /// The first held run.
    pub(super) fn first_held(&self) -> Option<&Held> {
        self.held.front()
    }

    /// Passes over the hole before the first held run, if there is one.
    pub(super) fn pass_hole(&mut self) -> Option<Hole> {
        let (next, first) = (self.next()?, self.held.front()?);
        let octets = u64::try_from(first.seq.diff(next)).ok().filter(|octets| *octets > 0)?;
        let acknowledged = self.acked.is_some_and(|acked| acked.diff(first.seq) >= 0);
        let (seq, moment) = (first.seq, first.moment);
        self.move_to(seq);
        let kind = if acknowledged { GapKind::Capture } else { GapKind::Unacknowledged };
        Some(Hole { octets, kind, moment })
    }

    /// Passes over octets before `seq` that nothing held has: the capture missed the end of what was sent.
    pub(super) fn pass_to(&mut self, seq: SeqNumber, kind: GapKind, moment: Moment) -> Option<Hole> {
        let next = self.next()?;
        let stop = self.held.front().map_or(seq, |first| lower(first.seq, seq));
        let mut octets = stop.diff(next);
        if octets <= 0 || is_far(stop, next) {
            return None;
        }
        self.move_to(stop);
        // The peer's FIN takes a sequence number of its own, but no octet.
        if self.fin_at.is_some_and(|fin| fin.add(1) == stop) {
            octets -= 1;
        }
        let octets = u64::try_from(octets).unwrap_or(0);
        Some(Hole { octets, kind, moment })
    }

    /// The acknowledgement that keeps the first held run waiting, if it is next in order.
    pub(super) fn waiting_for_ack(&self) -> Option<(SeqNumber, Moment)> {
        let first = self.held.front()?;
        if Some(first.seq) == self.next() { Some((first.ack?, first.moment)) } else { None }
    }

    /// Lets the first held run go without what it acknowledges; false if that is not what it waits for.
    ///
    /// Two runs can wait for each other: one sent again acknowledges more than its first copy, which the capture lacks,
    /// and so seems to answer what answers it. Then the client's goes first, for a request told early does no harm.
    pub(super) fn stop_waiting(&mut self) -> bool {
        let next = self.next();
        let first = self.held.front_mut().filter(|first| Some(first.seq) == next);
        first.is_some_and(|first| first.ack.take().is_some())
    }

    /// What this side sent past the last octet seen, as its own later segments or the peer's acknowledgements say.
    pub(super) fn missing_tail(&mut self, moment: Moment) -> Option<Hole> {
        let next = self.next().filter(|_| self.is_seen)?;
        // A single number is a FIN the capture missed, which carries no octet.
        let is_more_than_a_fin = |seq: &SeqNumber| seq.diff(next) > 1;
        if let Some(acked) = self.acked.filter(is_more_than_a_fin) {
            return self.pass_to(acked, GapKind::Capture, moment);
        }
        let end = self.fin_at.or_else(|| self.reached.filter(is_more_than_a_fin))?;
        self.pass_to(end, GapKind::Unacknowledged, moment)
    }

    /// Whether more is held than the bounds allow.
    pub(super) fn is_over(&self, limits: &Limits) -> bool {
        self.held_octets > limits.held_octets || self.held.len() > limits.held_segments
    }

    fn pass_fin(&mut self) {
        // Octets in the place of a FIN contradict it; passing it over would leave them behind for ever.
        if let Some(fin) = self.fin_at
            && self.next() == Some(fin)
            && self.beginning != Beginning::Unknown
            && self.held.front().is_none_or(|first| first.seq != fin)
        {
            self.move_to(fin.add(1));
        }
    }

    fn move_to(&mut self, seq: SeqNumber) {
        if let Some(mark) = &mut self.mark {
            let step = u64::try_from(seq.diff(mark.seq)).unwrap_or(0);
            *mark = Mark { seq, offset: mark.offset.saturating_add(step) };
        }
    }

    /// Where in the stream `segment` has its first octet. None where that lies behind its end, or outside any window.
    pub(super) fn offset_of(&self, segment: &Segment<'_>) -> Option<u64> {
        let seq = first_octet(segment);
        let is_past_end = self.fin_at.is_some_and(|fin| seq.diff(fin) > 0);
        let is_before = self.beginning == Beginning::Seen && self.lowest.is_some_and(|first| seq.diff(first) < 0);
        let is_outside = is_past_end || self.next().is_none_or(|next| is_far(seq, next)) || is_before;
        if is_outside { None } else { self.offset_at(Some(seq)) }
    }

    /// Whether `segment`, not yet taken in, has nothing in it that was not seen before. A keep-alive is no repetition.
    pub(super) fn repeats(&self, segment: &Segment<'_>) -> bool {
        if segment.flags.syn() {
            return self.is_syn_seen;
        }
        let end = segment.seq.add(segment.payload_wire_len);
        if segment.flags.fin() {
            return self.fin_at == Some(end);
        }
        let Some(next) = self.next().filter(|_| self.beginning != Beginning::Unknown) else { return false };
        let is_keep_alive = next.diff(segment.seq) == 1 && segment.payload_wire_len == 1;
        segment.payload_wire_len > 0 && next.diff(end) >= 0 && !is_keep_alive
    }
}

/// The sequence number of a segment's first octet: a SYN has one of its own.
const fn first_octet(segment: &Segment<'_>) -> SeqNumber {
    if segment.flags.syn() { segment.seq.add(1) } else { segment.seq }
}
