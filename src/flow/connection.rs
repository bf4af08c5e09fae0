//! One connection: both directions, delivered in the order in which they depend on each other.
//!
//! A capture may show a reply before the command it answers: two capture points, two queues, one lost frame. So octets
//! wait until all that their sender had acknowledged was delivered in the other direction, for a bounded time.

use std::net::SocketAddr;

use crate::limits::Limits;
use crate::time::{Moment, NANOS_PER_SEC, Timestamp};
use crate::wire::Segment;

use super::duplicate::Recent;
use super::half::{Half, Hole};
use super::lifecycle::Lifecycle;
use super::{Anomalies, Direction, FlowListener, Followed, GapKind, RefusedByNetwork};

/// A connection and who listens to it.
#[derive(Debug)]
pub(super) struct Connection<L> {
    pub(super) number: u64,
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) first: Moment,
    pub(super) last: Moment,
    pub(super) tunnelled: bool,
    pub(super) lifecycle: Lifecycle,
    pub(super) anomalies: Anomalies,
    pub(super) listener: L,
    to_server: Half,
    to_client: Half,
    waiting: Option<Waiting>,
    recent: Recent,
}

/// How long octets have been waiting for the ones before them, or for what they acknowledge.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Timestamp,
    segments: u32,
}

/// A reply that overtook its command on the way into the capture does so by milliseconds.
const REORDER_NS: i64 = NANOS_PER_SEC;

impl<L: FlowListener> Connection<L> {
    pub(super) fn new(number: u64, client: SocketAddr, server: SocketAddr, first: Moment, listener: L) -> Self {
        Self {
            number,
            client,
            server,
            first,
            last: first,
            tunnelled: false,
            lifecycle: Lifecycle::default(),
            anomalies: Anomalies::default(),
            listener,
            to_server: Half::default(),
            to_client: Half::default(),
            waiting: None,
            recent: Recent::default(),
        }
    }

    pub(super) fn direction_of(&self, segment: &Segment<'_>) -> Direction {
        if segment.src == self.client { Direction::ClientToServer } else { Direction::ServerToClient }
    }

    pub(super) fn segment(&mut self, segment: &Segment<'_>, moment: Moment, limits: &Limits) -> Followed {
        let direction = self.direction_of(segment);
        if self.recent.has(segment, moment) {
            self.last = moment;
            self.anomalies.duplicate_segments += 1;
            let offset = self.halves(direction).0.offset_of(segment);
            return Followed { connection: self.number, direction, offset, is_repeated: true };
        }
        let is_known = self.halves(direction).0.repeats(segment);
        let repeated_before = self.anomalies.retransmitted_segments;
        self.take_in(direction, segment, moment, limits);
        let is_reset = segment.flags.rst();
        let is_repeated = is_known || self.anomalies.retransmitted_segments > repeated_before;
        Followed {
            connection: self.number,
            direction,
            offset: if is_reset { None } else { self.halves(direction).0.offset_of(segment) },
            is_repeated: is_repeated && !is_reset,
        }
    }

    fn take_in(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment, limits: &Limits) {
        self.last = moment;
        self.tunnelled |= segment.tunnelled;
        self.lifecycle.segment(direction, segment, moment);
        self.listener.segment(direction, segment, moment);
        // What a RST carries is a reason in words, not the next octets of the stream (RFC 9293 3.5.2).
        if segment.flags.rst() {
            return;
        }
        let (own, peer) = self.halves(direction);
        own.start(segment);
        if let Some(ack) = segment.ack {
            peer.acknowledge(ack);
        }
        let is_free = !own.is_holding() && !peer.is_holding() && !peer.is_behind(segment.ack);
        if is_free && own.take_in_order(segment) {
            if !segment.payload.is_empty() {
                self.listener.data(direction, segment.payload, moment);
            }
            return;
        }
        let mut anomalies = self.anomalies;
        self.halves(direction).0.hold(segment, moment, &mut anomalies);
        self.anomalies = anomalies;
        self.deliver(moment, limits);
    }

    /// Notes an ICMP error about the SYN.
    pub(super) fn refused(&mut self, refused: RefusedByNetwork) {
        self.last = refused.moment;
        self.lifecycle.refused.get_or_insert(refused);
    }

    /// Delivers all that still waits, with the holes in it: nothing more will come.
    pub(super) fn finish(&mut self) {
        self.drain();
        while self.to_server.is_holding() || self.to_client.is_holding() {
            if !self.pass(true) {
                break;
            }
        }
        debug_assert!(!self.to_server.is_holding() && !self.to_client.is_holding(), "octets were left behind");
        let last = self.last;
        for direction in [Direction::ClientToServer, Direction::ServerToClient] {
            if let Some(hole) = self.halves(direction).0.missing_tail(last) {
                self.gap(direction, &hole);
            }
        }
    }

    /// Which directions were seen at all.
    pub(super) const fn seen(&self) -> (bool, bool) {
        (self.to_server.is_seen(), self.to_client.is_seen())
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

    fn deliver(&mut self, moment: Moment, limits: &Limits) {
        self.drain();
        while self.to_server.is_holding() || self.to_client.is_holding() {
            let over = self.to_server.is_over(limits) || self.to_client.is_over(limits);
            if !over && !self.has_waited(moment, limits) {
                return;
            }
            if !self.pass(over) {
                return;
            }
            self.waiting = None;
        }
        self.waiting = None;
    }

    /// Gets past what both directions wait for, and delivers what that sets free; false if there is nothing to get past.
    fn pass(&mut self, give_up: bool) -> bool {
        if let Some((direction, hole)) = self.next_hole(give_up) {
            self.gap(direction, &hole);
        } else if !self.to_server.stop_waiting() && !self.to_client.stop_waiting() {
            return false;
        }
        self.drain();
        true
    }

    fn has_waited(&mut self, moment: Moment, limits: &Limits) -> bool {
        let waiting = self.waiting.get_or_insert(Waiting { since: moment.time, segments: 0 });
        waiting.segments = waiting.segments.saturating_add(1);
        waiting.segments > limits.reorder_segments || moment.time.nanos_since(waiting.since) > REORDER_NS
    }

    /// Delivers what is next in order, from both directions in turn, until both wait.
    fn drain(&mut self) {
        loop {
            let mut moved = false;
            for direction in [Direction::ClientToServer, Direction::ServerToClient] {
                let (own, peer) = self.halves(direction);
                if let Some(held) = own.pop_in_order(|ack| !peer.is_behind(ack)) {
                    moved = true;
                    self.listener.data(direction, &held.octets, held.moment);
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

    /// The hole to pass over next, where both directions wait: one that the peer has acknowledged, else any if `give_up`.
    fn next_hole(&mut self, give_up: bool) -> Option<(Direction, Hole)> {
        for give_up in [false, give_up] {
            for direction in [Direction::ClientToServer, Direction::ServerToClient] {
                let (own, peer) = self.halves(direction);
                if let Some((ack, moment)) = own.waiting_for_ack()
                    && let Some(hole) = peer.pass_to(ack, moment)
                {
                    return Some((direction.opposite(), hole));
                }
                if let Some(hole) = own.pass_hole(give_up) {
                    return Some((direction, hole));
                }
            }
        }
        None
    }

    fn gap(&mut self, direction: Direction, hole: &Hole) {
        if hole.octets > 0 {
            self.anomalies.gap_octets = self.anomalies.gap_octets.saturating_add(hole.octets);
            self.listener.gap(direction, hole.octets, hole.kind, hole.moment);
        }
    }
}
