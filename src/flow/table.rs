//! All connections at once, bounded: which one a segment belongs to, and when one is over.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::fast::RandomState;

use crate::limits::Limits;
use crate::time::Moment;
use crate::wire::{Ports, Segment, Unreachable};

use super::connection::{self, Connection};
use super::key::FlowKey;
use super::lru::{Lru, SlotId};
use super::{Anomalies, Close, CloseHow, FlowListener, Followed, Handshake, RefusedByNetwork};

/// Follows every connection to one of a set of server ports.
///
/// Time is how long the capture had been running ([`CaptureClock`](crate::time::CaptureClock)). A connection is over on RST,
/// on FIN from both ends, when its addresses and ports are reused, after long silence, or when the table is full. It then
/// lingers, so that late frames still count as its own.
pub struct FlowTable<L> {
    limits: Limits,
    ports: Ports,
    connections: Lru<Entry<L>>,
    by_key: HashMap<FlowKey, Place, RandomState>,
    lingering: VecDeque<SlotId>,
    /// The keys of connections that are not followed any more, in order.
    buried: VecDeque<(FlowKey, Place)>,
    closed: VecDeque<ClosedFlow<L>>,
    /// ICMP errors about connections that were not seen yet.
    early_errors: VecDeque<(Unreachable, Moment)>,
    /// Octets that all connections together hold.
    held_octets: usize,
    elapsed_ns: i64,
    opened: u64,
    late_segments: u64,
    /// The part of several captures that is being read, counted from 0.
    part: u64,
    torn: u64,
}

/// A connection that is over, with all that was followed of it.
#[derive(Debug)]
pub struct ClosedFlow<L> {
    /// 1-based, in order of first segment.
    pub number: u64,
    /// The end that opened the connection.
    pub client: SocketAddr,
    /// The end that listened.
    pub server: SocketAddr,
    /// The first segment.
    pub first: Moment,
    /// The last segment, late ones included.
    pub last: Moment,
    /// How it opened.
    pub handshake: Handshake,
    /// The ICMP error that answered the SYN.
    pub refused: Option<RefusedByNetwork>,
    /// How it closed.
    pub close: Close,
    /// What was odd about its segments.
    pub anomalies: Anomalies,
    /// Whether any segment of the client was seen.
    pub client_seen: bool,
    /// Whether any segment of the server was seen.
    pub server_seen: bool,
    /// Whether the server acknowledged all the client sent.
    pub server_acknowledged_all: bool,
    /// Whether the client acknowledged anything: then the server did speak, seen or not.
    pub client_acknowledged: bool,
    /// Whether a segment came through a tunnel (GRE, IP in IP, VXLAN ...).
    pub tunnelled: bool,
    /// Nanoseconds the capture went on after the last segment.
    pub quiet_ns: i64,
    /// Who listened.
    pub listener: L,
}

struct Entry<L> {
    connection: Connection<L>,
    key: FlowKey,
    /// The table's clock at the latest segment.
    last_used_ns: i64,
    /// The part with the latest segment.
    part: u64,
    is_lingering: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Live(SlotId),
    /// Already reported; the number is the connection's.
    Buried(u64),
    /// No connection to one of the ports, as a SYN has shown: the port is the client's.
    Foreign,
}

impl<L: FlowListener> FlowTable<L> {
    /// An empty table for connections to servers on `ports`.
    pub fn new(ports: Ports, limits: Limits) -> Self {
        Self {
            limits,
            ports,
            connections: Lru::new(),
            by_key: HashMap::default(),
            lingering: VecDeque::new(),
            buried: VecDeque::new(),
            closed: VecDeque::new(),
            early_errors: VecDeque::new(),
            held_octets: 0,
            elapsed_ns: 0,
            opened: 0,
            late_segments: 0,
            part: 0,
            torn: 0,
        }
    }

    /// Follows `segment`; `listen` makes the listener of a connection seen for the first time. None where it belongs to
    /// no connection, or to one already reported.
    pub fn segment(&mut self, segment: &Segment<'_>, moment: Moment, listen: impl FnOnce() -> L) -> Option<Followed> {
        self.elapse(moment.elapsed_ns);
        let key = FlowKey::new(segment.src, segment.dst);
        if segment.flags.syn() {
            self.turn_by(key, segment);
        }
        let id = match self.by_key.get(&key) {
            Some(Place::Live(id)) if segment.flags.syn() && self.is_replaced(*id, segment) => {
                let id = *id;
                self.close(id, CloseHow::PortReused);
                self.open(key, segment, moment, listen())
            }
            Some(Place::Live(id)) if !self.goes_on(*id, segment) => {
                let id = *id;
                self.torn += 1;
                self.close(id, CloseHow::CaptureEnded);
                self.open(key, segment, moment, listen())
            }
            Some(Place::Live(id)) => Some(*id),
            Some(Place::Buried(_)) if !segment.flags.syn() || segment.flags.ack() => {
                self.late_segments += 1;
                None
            }
            Some(Place::Foreign) if !segment.flags.syn() => None,
            Some(Place::Buried(_) | Place::Foreign) | None => self.open(key, segment, moment, listen()),
        };
        let id = id?;
        self.connections.touch(id);
        let is_full = self.held_octets > self.limits.held_octets_in_all;
        let entry = self.connections.get_mut(id)?;
        entry.last_used_ns = self.elapsed_ns;
        entry.part = self.part;
        let held_before = entry.connection.held_octets();
        let followed = entry.connection.segment(segment, moment, &self.limits, is_full);
        self.held_octets = (self.held_octets + entry.connection.held_octets()).saturating_sub(held_before);
        if !entry.is_lingering && entry.connection.lifecycle.is_over() {
            entry.is_lingering = true;
            self.lingering.push_back(id);
        }
        if segment.flags.syn() && !self.early_errors.is_empty() {
            self.apply_early_errors();
        }
        Some(followed)
    }

    /// A segment without numbers as the one that comes next on its connection, sent after all that was seen of the other
    /// direction.
    pub fn numbered<'s>(&self, segment: Segment<'s>) -> Segment<'s> {
        let entry = match self.by_key.get(&FlowKey::new(segment.src, segment.dst)) {
            Some(Place::Live(id)) => self.connections.get(*id),
            _ => None,
        };
        let (seq, ack) = entry.map_or(connection::FIRST_NUMBERS, |entry| entry.connection.next_numbers(&segment));
        Segment { seq, ack: Some(ack), ..segment }
    }

    /// Notes an ICMP error if it is about the SYN of a connection in the table; gives the connection's number. One whose
    /// connection is still to come is kept for a moment.
    pub fn unreachable(&mut self, unreachable: &Unreachable, moment: Moment) -> Option<u64> {
        self.elapse(moment.elapsed_ns);
        let number = self.refuse(unreachable, moment);
        let key = FlowKey::new(unreachable.src, unreachable.dst);
        if number.is_none() && self.limits.early_errors > 0 && !matches!(self.by_key.get(&key), Some(Place::Live(_))) {
            if self.early_errors.len() >= self.limits.early_errors {
                self.early_errors.pop_front();
            }
            self.early_errors.push_back((*unreachable, moment));
        }
        number
    }

    /// Ends the connection's wait for an answer, if `unreachable` is about its SYN.
    fn refuse(&mut self, unreachable: &Unreachable, moment: Moment) -> Option<u64> {
        let key = FlowKey::new(unreachable.src, unreachable.dst);
        let Some(Place::Live(id)) = self.by_key.get(&key).copied() else { return None };
        let connection = &mut self.connections.get_mut(id)?.connection;
        let is_about_it = connection.client == unreachable.src && connection.lifecycle.is_syn(unreachable.seq);
        if is_about_it {
            let (reported_by, reason) = (unreachable.reported_by, unreachable.reason);
            connection.refused(RefusedByNetwork { moment, reported_by, reason });
        }
        is_about_it.then_some(connection.number)
    }

    /// Finds the connections of errors that were recorded before them.
    fn apply_early_errors(&mut self) {
        let earliest_ns = self.elapsed_ns.saturating_sub(self.limits.reorder_ns);
        for _ in 0..self.early_errors.len() {
            let Some((error, moment)) = self.early_errors.pop_front() else { return };
            if moment.elapsed_ns >= earliest_ns && self.refuse(&error, moment).is_none() {
                self.early_errors.push_back((error, moment));
            }
        }
    }

    /// A connection that is over, oldest first; call it until there is none.
    pub fn pop_closed(&mut self) -> Option<ClosedFlow<L>> {
        self.closed.pop_front()
    }

    /// Ends the connection that was silent for longest: the capture is over. False when there is none.
    pub fn close_oldest(&mut self) -> bool {
        let oldest = self.connections.oldest();
        if let Some(id) = oldest {
            self.close(id, CloseHow::CaptureEnded);
        }
        oldest.is_some()
    }

    /// Ends every connection.
    pub fn close_all(&mut self) {
        while self.close_oldest() {}
    }

    /// Segments of connections that had been reported already.
    pub const fn late_segments(&self) -> u64 {
        self.late_segments
    }

    /// Octets held for all connections together until those before them come.
    pub const fn held_octets(&self) -> usize {
        self.held_octets
    }

    /// What comes now is of another capture, said to go on where the one before ended: only what follows from a connection's
    /// numbers is of the same one there. With `is_break` so much time lies between them that nothing comes late.
    pub fn next_part(&mut self, is_break: bool) {
        self.part += 1;
        if is_break {
            for (key, place) in self.buried.drain(..) {
                if self.by_key.get(&key) == Some(&place) {
                    self.by_key.remove(&key);
                }
            }
        }
    }

    /// Connections of one part that were told from others with the same addresses and ports in a later one.
    pub const fn torn(&self) -> u64 {
        self.torn
    }

    /// Whether `segment` may be of this connection, which may have been followed in a part before.
    fn goes_on(&self, id: SlotId, segment: &Segment<'_>) -> bool {
        let entry = self.connections.get(id);
        entry.is_none_or(|entry| entry.part == self.part || entry.connection.goes_on_with(segment))
    }

    fn is_replaced(&self, id: SlotId, segment: &Segment<'_>) -> bool {
        self.connections.get(id).is_some_and(|entry| entry.connection.is_replaced_by(segment))
    }

    fn open(&mut self, key: FlowKey, segment: &Segment<'_>, moment: Moment, listener: L) -> Option<SlotId> {
        let Some((client, server)) = segment.orient(&self.ports) else {
            if segment.flags.syn() {
                self.bury(key, Place::Foreign);
            }
            return None;
        };
        if self.connections.len() >= self.limits.live_flows
            && let Some(oldest) = self.connections.oldest()
        {
            self.close(oldest, CloseHow::Evicted);
        }
        self.opened += 1;
        let mut connection = Connection::new(self.opened, client, server, moment, listener);
        connection.is_direction_guessed = !segment.flags.syn() && self.ports.contains(client.port());
        let (last_used_ns, part) = (self.elapsed_ns, self.part);
        let entry = Entry { connection, key, last_used_ns, part, is_lingering: false };
        let id = self.connections.insert(entry);
        self.by_key.insert(key, Place::Live(id));
        Some(id)
    }

    /// A SYN or SYN-ACK that comes late may show that a connection was followed with its ends swapped. It is turned round, or
    /// forgotten if its server is on none of the ports.
    fn turn_by(&mut self, key: FlowKey, segment: &Segment<'_>) {
        let Some(Place::Live(id)) = self.by_key.get(&key).copied() else { return };
        let is_ours = segment.orient(&self.ports).is_some();
        let Some(entry) = self.connections.get_mut(id).filter(|entry| entry.connection.is_swapped(segment)) else {
            return;
        };
        if is_ours {
            entry.connection.turn_round();
        } else if let Some(entry) = self.connections.remove(id) {
            self.held_octets = self.held_octets.saturating_sub(entry.connection.held_octets());
            self.bury(key, Place::Foreign);
        }
    }

    /// Moves the clock to where the capture had been running for `elapsed_ns`, and ends what has lingered or been silent for
    /// too long.
    pub fn elapse(&mut self, elapsed_ns: i64) {
        self.elapsed_ns = self.elapsed_ns.max(elapsed_ns);
        while let Some(id) = self.lingering.front().copied() {
            let is_due = self.lingering.len() > self.limits.lingering_flows
                || self.connections.get(id).is_none_or(|entry| self.idle_ns(entry) > self.limits.linger_ns);
            if !is_due {
                break;
            }
            self.lingering.pop_front();
            self.close(id, CloseHow::CaptureEnded);
        }
        while let Some(id) = self.connections.oldest() {
            if self.connections.get(id).is_none_or(|entry| self.idle_ns(entry) <= self.limits.idle_ns) {
                break;
            }
            self.close(id, CloseHow::Idle);
        }
    }

    const fn idle_ns(&self, entry: &Entry<L>) -> i64 {
        self.elapsed_ns.saturating_sub(entry.last_used_ns)
    }

    fn close(&mut self, id: SlotId, otherwise: CloseHow) {
        let Some(entry) = self.connections.remove(id) else { return };
        let quiet_ns = self.idle_ns(&entry).max(0);
        let Entry { mut connection, key, .. } = entry;
        self.bury(key, Place::Buried(connection.number));
        self.held_octets = self.held_octets.saturating_sub(connection.held_octets());
        connection.finish();
        let (client_seen, server_seen) = connection.seen();
        self.closed.push_back(ClosedFlow {
            number: connection.number,
            client: connection.client,
            server: connection.server,
            first: connection.first,
            last: connection.last,
            handshake: connection.lifecycle.handshake(),
            refused: connection.lifecycle.refused,
            close: connection.close(otherwise),
            anomalies: connection.anomalies,
            client_seen,
            server_seen,
            server_acknowledged_all: connection.server_acknowledged_all(),
            client_acknowledged: connection.client_acknowledged(),
            tunnelled: connection.tunnelled,
            quiet_ns,
            listener: connection.listener,
        });
    }

    /// Remembers a key for a while, so that a late frame opens no ghost.
    fn bury(&mut self, key: FlowKey, place: Place) {
        self.by_key.insert(key, place);
        self.buried.push_back((key, place));
        if self.buried.len() > self.limits.tombstones
            && let Some((key, place)) = self.buried.pop_front()
            && self.by_key.get(&key) == Some(&place)
        {
            self.by_key.remove(&key);
        }
    }
}
