//! One connection: both directions, delivered in the order in which they depend on each other.
//!
//! A capture may show a reply before the command it answers: two capture points, two queues, one lost frame. So octets
//! wait until their stream's beginning is known and all that their sender had acknowledged was delivered in the other
//! direction, for a bounded time.

use std::net::SocketAddr;

use crate::limits::Limits;
use crate::time::Moment;
use crate::wire::{Segment, SeqNumber};

use super::duplicate::Recent;
use super::half::{Half, Hole, MAX_SEGMENT_OCTETS};
use super::held::Held;
use super::lifecycle::{End, Lifecycle};
use super::{Anomalies, Close, CloseHow, Direction, FlowListener, Followed, GapKind, RefusedByNetwork, Sent, Side};

/// A connection and who listens to it.
#[derive(Debug)]
pub(super) struct Connection<L> {
    pub(super) number: u64,
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) first: Moment,
    pub(super) last: Moment,
    pub(super) tunnelled: bool,
    /// Whether both ends are on server ports, and no SYN said which of them is the client.
    pub(super) is_direction_guessed: bool,
    pub(super) lifecycle: Lifecycle,
    pub(super) anomalies: Anomalies,
    pub(super) listener: L,
    to_server: Half,
    to_client: Half,
    /// Segments taken in so far.
    segments: u64,
    recent: Recent,
}

const BOTH: [Direction; 2] = [Direction::ClientToServer, Direction::ServerToClient];

/// Sequence and acknowledgement number of the first segment, where the segments have none of their own.
pub(super) const FIRST_NUMBERS: (SeqNumber, SeqNumber) = (SeqNumber(1), SeqNumber(1));

impl<L: FlowListener> Connection<L> {
    pub(super) fn new(number: u64, client: SocketAddr, server: SocketAddr, first: Moment, listener: L) -> Self {
        Self {
            number,
            client,
            server,
            first,
            last: first,
            tunnelled: false,
            is_direction_guessed: false,
            lifecycle: Lifecycle::default(),
            anomalies: Anomalies::default(),
            listener,
            to_server: Half::default(),
            to_client: Half::default(),
            segments: 0,
            recent: Recent::default(),
        }
    }

    fn direction_of(&self, segment: &Segment<'_>) -> Direction {
        if segment.src == self.client { Direction::ClientToServer } else { Direction::ServerToClient }
    }

    /// The numbers that `segment` has if it comes next.
    pub(super) fn next_numbers(&self, segment: &Segment<'_>) -> (SeqNumber, SeqNumber) {
        let (to_server, to_client) = (self.to_server.end(), self.to_client.end());
        let (own, peer) = match self.direction_of(segment) {
            Direction::ClientToServer => (to_server, to_client),
            Direction::ServerToClient => (to_client, to_server),
        };
        (own.unwrap_or(FIRST_NUMBERS.0), peer.unwrap_or(FIRST_NUMBERS.1))
    }

    /// Whether `segment`, a SYN or SYN-ACK, is of another connection between the same ends.
    ///
    /// A SYN whose number follows from what was seen belongs to this one, however late it comes.
    pub(super) fn is_replaced_by(&self, segment: &Segment<'_>) -> bool {
        let after_syn = segment.seq.add(1);
        match (segment.flags.ack(), segment.src == self.client) {
            (false, is_client) => !is_client || !self.to_server.begins_at(after_syn),
            (true, true) => false,
            (true, false) => {
                let answers = segment.ack.is_none_or(|ack| self.to_server.begins_at(ack));
                self.lifecycle.is_over() && !(answers && self.to_client.may_begin_at(after_syn))
            }
        }
    }

    /// Whether `segment`, the first of these ends in another capture, follows from what was seen of this connection: both of
    /// its numbers are possible, and one is near. The other may be far, for a part may lack megabytes of a mail.
    pub(super) fn goes_on_with(&self, segment: &Segment<'_>) -> bool {
        let (own, peer) = if segment.src == self.client {
            (&self.to_server, &self.to_client)
        } else {
            (&self.to_client, &self.to_server)
        };
        let is_possible = own.fits(segment.seq) && segment.ack.is_none_or(|ack| peer.fits(ack));
        let near = [own.is_near(segment.seq), segment.ack.and_then(|ack| peer.is_near(ack))];
        is_possible && (near.contains(&Some(true)) || near == [None, None])
    }

    /// Whether `segment`, a SYN or SYN-ACK, shows that the ends of this connection are the other way round. What was told to
    /// the listener cannot be taken back.
    pub(super) fn is_swapped(&self, segment: &Segment<'_>) -> bool {
        let is_other_way = (segment.src == self.client) == segment.flags.ack();
        let is_told = self.to_server.is_told() || self.to_client.is_told();
        if !is_other_way || is_told || self.lifecycle.is_opened() {
            return false;
        }
        let after_syn = segment.seq.add(1);
        let (own, peer) = if segment.src == self.client {
            (&self.to_server, &self.to_client)
        } else {
            (&self.to_client, &self.to_server)
        };
        own.may_begin_at(after_syn) && segment.ack.is_none_or(|ack| peer.may_begin_at(ack))
    }

    /// The client is the server.
    pub(super) fn turn_round(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
        std::mem::swap(&mut self.to_server, &mut self.to_client);
        self.lifecycle.turn_round();
        self.is_direction_guessed = false;
    }

    /// Takes `segment` in. With `is_full` nothing is held any longer than now.
    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        moment: Moment,
        limits: &Limits,
        is_full: bool,
    ) -> Followed {
        let direction = self.direction_of(segment);
        let connection = self.number;
        self.last = moment;
        if self.recent.has(segment, moment) {
            self.anomalies.duplicate_segments += 1;
            let offset = if self.may_turn() { None } else { self.halves(direction).0.offset_of(segment) };
            return Followed { connection, direction, offset, is_repeated: true };
        }
        let (own, peer) = self.halves(direction);
        let is_possible = segment.payload_wire_len < MAX_SEGMENT_OCTETS && own.fits(segment.seq);
        if !is_possible || segment.ack.is_some_and(|ack| !peer.fits(ack)) {
            self.anomalies.out_of_window_segments += 1;
            return Followed { connection, direction, offset: None, is_repeated: false };
        }
        let is_known = own.repeats(segment);
        let repeated_before = self.anomalies.retransmitted_segments;
        self.take_in(direction, segment, moment, limits, is_full);
        let is_reset = segment.flags.rst();
        let is_repeated = is_known || self.anomalies.retransmitted_segments > repeated_before;
        Followed {
            connection,
            direction,
            offset: if is_reset || self.may_turn() { None } else { self.halves(direction).0.offset_of(segment) },
            is_repeated: is_repeated && !is_reset,
        }
    }

    /// Whether a SYN may yet come and say that the ends are the other way round.
    const fn may_turn(&self) -> bool {
        self.is_direction_guessed && !self.to_server.is_told() && !self.to_client.is_told()
    }

    fn take_in(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment, limits: &Limits, is_full: bool) {
        self.segments += 1;
        self.tunnelled |= segment.tunnelled;
        self.lifecycle.segment(direction, segment, moment);
        self.listener.segment(direction, segment, moment);
        let arrival = self.segments;
        let (own, peer) = self.halves(direction);
        if let Some(ack) = segment.ack {
            if segment.flags.syn() {
                peer.begin(ack);
            } else {
                peer.acknowledge(ack);
            }
        }
        // What a RST carries is a reason in words, not the next octets of the stream (RFC 9293 3.5.2).
        if segment.flags.rst() {
            own.reach(segment.seq);
            return;
        }
        if own.see(segment) {
            self.tell_beginnings();
        }
        let (own, peer) = self.halves(direction);
        let is_free = !own.is_holding() && !peer.is_holding() && !peer.is_behind(segment.ack);
        if is_free && own.take_in_order(segment) {
            if !segment.payload.is_empty() {
                let sent = Sent { moment, received: peer.offset_at(segment.ack) };
                self.listener.data(direction, segment.payload, sent);
            }
            return;
        }
        let mut anomalies = self.anomalies;
        self.halves(direction).0.hold(segment, arrival, moment, &mut anomalies);
        self.anomalies = anomalies;
        self.deliver(moment, limits, is_full);
    }

    /// Notes an ICMP error about the SYN.
    pub(super) fn refused(&mut self, refused: RefusedByNetwork) {
        self.last = refused.moment;
        self.lifecycle.refused.get_or_insert(refused);
    }

    /// Delivers all that still waits, with the holes in it: nothing more will come.
    pub(super) fn finish(&mut self) {
        self.release(|_| true);
        self.guess();
        debug_assert!(!self.to_server.is_holding() && !self.to_client.is_holding(), "bytes were left behind");
        let last = self.last;
        for direction in BOTH {
            while let Some(hole) = self.halves(direction).0.missing_tail(last) {
                self.gap(direction, &hole);
            }
        }
    }

    /// How the connection ended, where nothing in it says so taking `otherwise`.
    pub(super) fn close(&self, otherwise: CloseHow) -> Close {
        let unseen = |half: &Half, by| {
            let seq = half.unseen_fin()?;
            Some(End { by, how: CloseHow::Fin, moment: self.last, seq, ack: None })
        };
        let unseen = [unseen(&self.to_server, Side::Client), unseen(&self.to_client, Side::Server)];
        let is_complete = self.lifecycle.is_complete(unseen);
        let Some(end) = self.lifecycle.first_end(unseen) else {
            return Close { by: None, how: otherwise, moment: None, received: None, is_complete: false };
        };
        let peer = if end.by == Side::Client { &self.to_client } else { &self.to_server };
        let (by, moment, received) = (Some(end.by), Some(end.moment), peer.offset_at(end.ack));
        Close { by, how: end.how, moment, received, is_complete }
    }

    /// Which directions were seen at all, if only by a RST.
    pub(super) const fn seen(&self) -> (bool, bool) {
        let (client_reset, server_reset) = self.lifecycle.resets();
        (self.to_server.is_seen() || client_reset, self.to_client.is_seen() || server_reset)
    }

    /// Octets held in memory, both directions together.
    pub(super) const fn held_octets(&self) -> usize {
        self.to_server.held_octets() + self.to_client.held_octets()
    }

    /// Whether the server acknowledged all the client sent.
    pub(super) fn server_acknowledged_all(&self) -> bool {
        self.to_server.is_all_acknowledged()
    }

    /// Whether the client acknowledged anything of the server's.
    pub(super) const fn client_acknowledged(&self) -> bool {
        self.to_client.is_acknowledged()
    }

    fn halves(&mut self, direction: Direction) -> (&mut Half, &mut Half) {
        match direction {
            Direction::ClientToServer => (&mut self.to_server, &mut self.to_client),
            Direction::ServerToClient => (&mut self.to_client, &mut self.to_server),
        }
    }

    fn deliver(&mut self, moment: Moment, limits: &Limits, is_full: bool) {
        let is_over = is_full || self.to_server.is_over(limits) || self.to_client.is_over(limits);
        let (segments, elapsed_ns) = (self.segments, moment.elapsed_ns);
        self.release(|held| {
            is_over
                || segments - held.arrival > limits.reorder_segments
                || elapsed_ns.saturating_sub(held.moment.elapsed_ns) > limits.reorder_ns
        });
    }

    /// Delivers what can be delivered, and gets past what a run waits for that `has_waited` long enough.
    fn release(&mut self, has_waited: impl Fn(&Held) -> bool) {
        loop {
            self.drain();
            let stuck = BOTH.into_iter().find(|&direction| {
                let (own, _) = self.halves(direction);
                own.first_held().is_some_and(&has_waited)
            });
            let Some(direction) = stuck else { return };
            if !self.pass(direction) {
                return;
            }
        }
    }

    /// Gets past what the first run of `direction` waits for; false if there is nothing to get past.
    fn pass(&mut self, direction: Direction) -> bool {
        if self.guess() {
            return true;
        }
        let (own, peer) = self.halves(direction);
        if let Some((ack, moment)) = own.waiting_for_ack() {
            match peer.pass_to(ack, GapKind::Capture, moment) {
                Some(hole) => self.gap(direction.opposite(), &hole),
                None => return self.to_server.stop_waiting() || self.to_client.stop_waiting(),
            }
            return true;
        }
        match own.pass_hole() {
            Some(hole) => self.gap(direction, &hole),
            None => return false,
        }
        true
    }

    /// Makes do with what the capture has shown of where the streams begin; false if that is known.
    fn guess(&mut self) -> bool {
        let is_awaited = self.to_server.is_awaited() || self.to_client.is_awaited();
        if is_awaited {
            self.to_server.guess_beginning();
            self.to_client.guess_beginning();
            self.tell_beginnings();
        }
        is_awaited
    }

    fn tell_beginnings(&mut self) {
        for direction in BOTH {
            if let Some((offset, is_start)) = self.halves(direction).0.take_beginning() {
                self.listener.begin(direction, offset, is_start);
            }
        }
    }

    /// Delivers what is next in order, from both directions in turn, until both wait.
    fn drain(&mut self) {
        loop {
            let mut moved = false;
            for direction in BOTH {
                let (own, peer) = self.halves(direction);
                if let Some(held) = own.pop_in_order(|ack| !peer.is_behind(ack)) {
                    moved = true;
                    let sent = Sent { moment: held.moment, received: peer.offset_at(held.ack) };
                    self.listener.data(direction, &held.octets, sent);
                    if held.cut_octets() > 0 {
                        let (octets, kind) = (held.cut_octets(), GapKind::Snaplen);
                        self.gap(direction, &Hole { octets, kind, moment: held.moment });
                    }
                }
            }
            if !moved {
                return;
            }
        }
    }

    fn gap(&mut self, direction: Direction, hole: &Hole) {
        if hole.octets > 0 {
            self.anomalies.gap_octets = self.anomalies.gap_octets.saturating_add(hole.octets);
            self.listener.gap(direction, hole.octets, hole.kind, hole.moment);
        }
    }
}
