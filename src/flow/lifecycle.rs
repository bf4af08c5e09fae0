//! How a connection opened and closed.

use std::net::IpAddr;

use crate::time::Moment;
use crate::wire::{Segment, SeqNumber};

use super::Direction;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that listened.
    Server,
    /// Both at once: neither had seen the other's FIN.
    Both,
}

impl Side {
    /// The sender of what goes in `direction`.
    pub const fn sender(direction: Direction) -> Self {
        match direction {
            Direction::ClientToServer => Self::Client,
            Direction::ServerToClient => Self::Server,
        }
    }
}

/// The frames of the three-way handshake (RFC 9293 3.5), as far as the capture has them.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Handshake {
    /// The first SYN.
    pub syn: Option<Moment>,
    /// The latest SYN before the answer: the one the round trip is measured from.
    pub last_syn: Option<Moment>,
    /// How many SYNs with this sequence number were seen.
    pub syns: u32,
    /// The SYN-ACK.
    pub syn_ack: Option<Moment>,
    /// The client's first segment that acknowledges the SYN-ACK: first in the order they were sent in.
    pub ack: Option<Moment>,
    /// The server's RST that answers the SYN, and whether it can be nothing else: it has no sequence number of its own
    /// (RFC 9293 3.10.7.1).
    pub refusal: Option<(Moment, bool)>,
    /// The client's initial sequence number: that of its SYN, or the one before what the SYN-ACK acknowledges.
    pub client_isn: Option<u32>,
    /// The server's, that of its SYN-ACK.
    pub server_isn: Option<u32>,
}

impl Handshake {
    /// Whether all three frames were seen.
    pub const fn is_complete(&self) -> bool {
        self.syn.is_some() && self.syn_ack.is_some() && self.ack.is_some()
    }

    /// Nanoseconds from the SYN that was answered to the ACK that completed the handshake: the initial round-trip time.
    /// None where the three were recorded in another order than they were sent in.
    pub fn rtt_ns(&self) -> Option<i64> {
        let (syn, syn_ack, ack) = (self.last_syn?, self.syn_ack?, self.ack?);
        let is_in_order = syn_ack.nanos_since(syn) >= 0 && ack.nanos_since(syn_ack) >= 0;
        is_in_order.then(|| ack.nanos_since(syn))
    }
}

/// An ICMP or ICMPv6 error that quoted the connection's SYN.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RefusedByNetwork {
    /// The frame of the error.
    pub moment: Moment,
    /// The router or host that sent it.
    pub reported_by: IpAddr,
    /// What the error says, in words.
    pub reason: &'static str,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseHow {
    /// A FIN (RFC 9293 3.6).
    Fin,
    /// A RST.
    Rst,
    /// Not before the capture did.
    CaptureEnded,
    /// A new connection took the same addresses and ports.
    PortReused,
    /// No segment for longer than any SMTP timeout.
    Idle,
    /// The table of connections was full.
    Evicted,
}

/// How a connection ended, and who ended it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Close {
    /// Whose FIN or RST came first, in the order they were sent in; none when neither did.
    pub by: Option<Side>,
    /// What ended it.
    pub how: CloseHow,
    /// The frame of that FIN or RST; of a FIN that the capture lacks, the one that acknowledges it.
    pub moment: Option<Moment>,
    /// How much of the other side's stream had arrived by then, as an offset in it; none where the frame does not say.
    pub received: Option<u64>,
    /// Whether neither side could send anything more: a RST, or a FIN of both.
    pub is_complete: bool,
}

/// A FIN or RST.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) by: Side,
    pub(super) how: CloseHow,
    pub(super) moment: Moment,
    /// Its sequence number, behind what it carries.
    pub(super) seq: SeqNumber,
    /// What its sender had received.
    pub(super) ack: Option<SeqNumber>,
}

impl End {
    /// Whether the sender of this had received `fin`, a FIN of its peer.
    fn acknowledges(&self, fin: &Self) -> bool {
        self.ack.is_some_and(|ack| ack.diff(fin.seq) > 0)
    }
}

/// A segment of the client that may be the last of the handshake.
#[derive(Clone, Copy, Debug)]
struct FirstAck {
    seq: SeqNumber,
    ack: SeqNumber,
    octets: u32,
    moment: Moment,
}

impl FirstAck {
    /// Whether it was sent before `other`.
    const fn is_before(&self, other: &Self) -> bool {
        let (seq, ack) = (self.seq.diff(other.seq), self.ack.diff(other.ack));
        seq < 0 || seq == 0 && (ack < 0 || ack == 0 && self.octets < other.octets)
    }
}

/// The opening and closing of one connection, segment by segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifecycle {
    handshake: Handshake,
    pub(super) refused: Option<RefusedByNetwork>,
    fins: [Option<End>; 2],
    resets: [Option<End>; 2],
    client_isn: Option<SeqNumber>,
    server_isn: Option<SeqNumber>,
    first_ack: Option<FirstAck>,
    /// A RST of the server: its frame, sequence number and acknowledgement.
    answer: Option<(Moment, SeqNumber, SeqNumber)>,
}

impl Lifecycle {
    /// Notes what `segment` says of opening and closing.
    pub(super) fn segment(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        if segment.flags.syn() {
            self.opening(direction, segment, moment);
        } else if direction == Direction::ClientToServer && !segment.flags.rst() {
            self.note_first_ack(segment, moment);
        }
        self.closing(direction, segment, moment);
    }

    fn opening(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        match direction {
            Direction::ClientToServer => {
                self.handshake.syns = self.handshake.syns.saturating_add(1);
                if self.handshake.syn_ack.is_none() || self.handshake.syn.is_none() {
                    self.handshake.last_syn = Some(moment);
                }
                self.handshake.syn.get_or_insert(moment);
                self.client_isn.get_or_insert(segment.seq);
            }
            Direction::ServerToClient => {
                self.handshake.syn_ack.get_or_insert(moment);
                self.server_isn.get_or_insert(segment.seq);
                if let Some(ack) = segment.ack {
                    self.client_isn = self.client_isn.or_else(|| Some(ack.add(u32::MAX)));
                }
            }
        }
    }

    /// Keeps the client's segment that was sent first of all seen.
    fn note_first_ack(&mut self, segment: &Segment<'_>, moment: Moment) {
        // Nothing was sent before a segment that is recorded once the stream has moved on.
        if self.first_ack.is_some_and(|first| segment.seq.diff(first.seq) > 0) {
            return;
        }
        // Before its first octet there are only keep-alives.
        let is_before_stream = self.client_isn.is_some_and(|isn| segment.seq.diff(isn) <= 0);
        let Some(ack) = segment.ack.filter(|_| !is_before_stream) else { return };
        let candidate = FirstAck { seq: segment.seq, ack, octets: segment.payload_wire_len, moment };
        if self.first_ack.is_none_or(|first| candidate.is_before(&first)) {
            self.first_ack = Some(candidate);
        }
    }

    fn closing(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        let side = usize::from(direction == Direction::ServerToClient);
        let end = |how| End {
            by: Side::sender(direction),
            how,
            moment,
            seq: segment.seq.add(segment.payload_wire_len),
            ack: segment.ack,
        };
        if segment.flags.rst() {
            if let Some(reset) = self.resets.get_mut(side) {
                reset.get_or_insert(End { seq: segment.seq, ..end(CloseHow::Rst) });
            }
            if let (Direction::ServerToClient, Some(ack)) = (direction, segment.ack) {
                self.answer.get_or_insert((moment, segment.seq, ack));
            }
        } else if segment.flags.fin()
            && let Some(fin) = self.fins.get_mut(side)
        {
            // Sent again, it acknowledges what came since.
            let is_earlier = fin.is_none_or(|fin| segment.ack.zip(fin.ack).is_some_and(|(new, old)| new.diff(old) < 0));
            if is_earlier {
                *fin = Some(end(CloseHow::Fin));
            }
        }
    }

    /// Whether a SYN or SYN-ACK was seen.
    pub(super) const fn is_opened(&self) -> bool {
        self.handshake.syn.is_some() || self.handshake.syn_ack.is_some()
    }

    /// The client is the server. No SYN was seen.
    pub(super) fn turn_round(&mut self) {
        self.fins.swap(0, 1);
        self.resets.swap(0, 1);
        for end in self.fins.iter_mut().chain(&mut self.resets).flatten() {
            end.by = if end.by == Side::Client { Side::Server } else { Side::Client };
        }
        (self.first_ack, self.answer) = (None, None);
    }

    /// Whether the client sent a RST, and the server.
    pub(super) const fn resets(&self) -> (bool, bool) {
        let [client, server] = &self.resets;
        (client.is_some(), server.is_some())
    }

    /// Whether nothing more is to come but late frames.
    pub(super) fn is_over(&self) -> bool {
        self.resets.iter().any(Option::is_some) || self.fins.iter().all(Option::is_some)
    }

    /// Whether it is over once the FINs that the capture lacks, `unseen`, are counted.
    pub(super) fn is_complete(&self, unseen: [Option<End>; 2]) -> bool {
        self.is_over() || self.fins.iter().zip(&unseen).all(|(fin, unseen)| fin.or(*unseen).is_some())
    }

    /// Whether an ICMP error that quotes sequence number `seq` is about the SYN.
    pub(super) fn is_syn(&self, seq: Option<SeqNumber>) -> bool {
        self.client_isn.is_some() && (seq.is_none() || seq == self.client_isn)
    }

    /// The handshake, now that all segments were seen.
    pub(super) fn handshake(&self) -> Handshake {
        let mut handshake = self.handshake;
        (handshake.client_isn, handshake.server_isn) =
            (self.client_isn.map(|isn| isn.0), self.server_isn.map(|isn| isn.0));
        handshake.ack = self
            .first_ack
            .filter(|first| self.server_isn.is_some_and(|isn| first.ack.diff(isn) > 0))
            .map(|first| first.moment);
        handshake.refusal = self
            .answer
            .filter(|(_, _, ack)| self.client_isn.is_some_and(|isn| ack.diff(isn) == 1))
            .filter(|_| handshake.syn_ack.is_none())
            .map(|(moment, seq, _)| (moment, seq == SeqNumber(0)));
        handshake
    }

    /// The FIN or RST that was sent first. `unseen` are FINs that the capture lacks and the peer acknowledged, of the
    /// client and of the server.
    ///
    /// The order of the capture does not count: two capture points, or two queues, have them in any.
    pub(super) fn first_end(&self, unseen: [Option<End>; 2]) -> Option<End> {
        let [client, server] = self.fins;
        let [unseen_client, unseen_server] = unseen;
        let fin = match (client.or(unseen_client), server.or(unseen_server)) {
            (Some(client), Some(server)) if client.acknowledges(&server) => Some(server),
            (Some(client), Some(server)) if server.acknowledges(&client) => Some(client),
            (Some(client), Some(server)) => {
                let earlier = if client.moment.frame <= server.moment.frame { client } else { server };
                Some(End { by: Side::Both, ..earlier })
            }
            (client, server) => client.or(server),
        };
        let reset = match self.resets {
            // One that acknowledges gives up of its own accord; the others answer what came too late.
            [Some(client), Some(server)] => match (client.ack, server.ack) {
                (Some(_), None) => Some(client),
                (None, Some(_)) => Some(server),
                _ => Some(End { by: Side::Both, ..client }),
            },
            [client, server] => client.or(server),
        };
        match (fin, reset) {
            // A reset stops its sender. One that precedes a FIN of the same side was sent in its name by something between.
            (Some(fin), Some(reset)) => {
                let is_before = reset.by == fin.by && reset.ack.is_some() && reset.seq.diff(fin.seq) < 0;
                Some(if is_before { reset } else { fin })
            }
            (fin, reset) => fin.or(reset),
        }
    }
}
