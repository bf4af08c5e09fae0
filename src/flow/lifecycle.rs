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
pub struct Handshake {
    /// The first SYN.
    pub syn: Option<Moment>,
    /// The latest SYN before the answer: the one the round trip is measured from.
    pub last_syn: Option<Moment>,
    /// How many SYNs with this sequence number were seen.
    pub syns: u32,
    /// The SYN-ACK.
    pub syn_ack: Option<Moment>,
    /// The client's first segment that acknowledges the SYN-ACK.
    pub ack: Option<Moment>,
}

impl Handshake {
    /// Whether all three frames were seen.
    pub const fn is_complete(&self) -> bool {
        self.syn.is_some() && self.syn_ack.is_some() && self.ack.is_some()
    }

    /// Nanoseconds from the SYN that was answered to the ACK that completed the handshake: the initial round-trip time.
    pub fn rtt_ns(&self) -> Option<i64> {
        match (self.last_syn, self.syn_ack, self.ack) {
            (Some(syn), Some(_), Some(ack)) => Some(ack.time.nanos_since(syn.time)),
            _ => None,
        }
    }
}

/// An ICMP or ICMPv6 error that quoted the connection's SYN.
#[derive(Clone, Copy, Debug)]
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
pub struct Close {
    /// Whose FIN or RST came first; none when neither did.
    pub by: Option<Side>,
    /// What ended it.
    pub how: CloseHow,
    /// The frame of that FIN or RST.
    pub moment: Option<Moment>,
}

/// The opening and closing of one connection, segment by segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifecycle {
    pub(super) handshake: Handshake,
    pub(super) refused: Option<RefusedByNetwork>,
    first_end: Option<(Side, CloseHow, Moment)>,
    first_fin_end: Option<SeqNumber>,
    client_fin: bool,
    server_fin: bool,
    rst: bool,
    client_isn: Option<SeqNumber>,
    server_isn: Option<SeqNumber>,
}

impl Lifecycle {
    /// Notes what `segment` says of opening and closing.
    pub(super) fn segment(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        if segment.flags.syn() {
            self.opening(direction, segment, moment);
        } else if direction == Direction::ClientToServer
            && self.handshake.ack.is_none()
            && !segment.flags.rst()
            && self.acknowledges_syn_ack(segment)
        {
            self.handshake.ack = Some(moment);
        }
        self.closing(direction, segment, moment);
    }

    fn opening(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        match direction {
            Direction::ClientToServer => {
                self.handshake.syn.get_or_insert(moment);
                self.handshake.syns = self.handshake.syns.saturating_add(1);
                if self.handshake.syn_ack.is_none() {
                    self.handshake.last_syn = Some(moment);
                }
                self.client_isn.get_or_insert(segment.seq);
            }
            Direction::ServerToClient => {
                self.handshake.syn_ack.get_or_insert(moment);
                self.server_isn.get_or_insert(segment.seq);
            }
        }
    }

    fn acknowledges_syn_ack(&self, segment: &Segment<'_>) -> bool {
        match (self.server_isn, segment.ack) {
            (Some(isn), Some(ack)) => ack.diff(isn) > 0,
            _ => false,
        }
    }

    fn closing(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        let sender = Side::sender(direction);
        if segment.flags.rst() {
            self.rst = true;
            self.first_end.get_or_insert((sender, CloseHow::Rst, moment));
        } else if segment.flags.fin() {
            let own = match direction {
                Direction::ClientToServer => &mut self.client_fin,
                Direction::ServerToClient => &mut self.server_fin,
            };
            let repeated = std::mem::replace(own, true);
            match &mut self.first_end {
                None => {
                    self.first_end = Some((sender, CloseHow::Fin, moment));
                    self.first_fin_end = Some(segment.seq.add(segment.payload_wire_len).add(1));
                }
                Some((by, CloseHow::Fin, _)) if *by != sender && !repeated => {
                    // A FIN that leaves the peer's FIN unacknowledged was sent before it arrived.
                    if let (Some(end), Some(ack)) = (self.first_fin_end, segment.ack)
                        && ack.diff(end) < 0
                    {
                        *by = Side::Both;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Whether nothing more is to come but late frames.
    pub(super) const fn is_over(&self) -> bool {
        self.rst || (self.client_fin && self.server_fin)
    }

    /// Whether a SYN from the client with sequence number `seq` opens a new connection rather than repeats this one's.
    pub(super) fn is_reused_by(&self, seq: SeqNumber) -> bool {
        self.client_isn != Some(seq)
    }

    /// Whether an ICMP error that quotes sequence number `seq` is about the SYN.
    pub(super) fn is_syn(&self, seq: Option<SeqNumber>) -> bool {
        self.client_isn.is_some() && (seq.is_none() || seq == self.client_isn)
    }

    /// How the connection ended, where nothing in it says so taking `otherwise`.
    pub(super) fn close(&self, otherwise: CloseHow) -> Close {
        match self.first_end {
            Some((by, how, moment)) => Close { by: Some(by), how, moment: Some(moment) },
            None => Close { by: None, how: otherwise, moment: None },
        }
    }
}
