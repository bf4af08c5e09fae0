//! The frames of one TCP connection, written step by step.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::capture_builder::nanos_since_epoch;
use super::capture_file::Frame;
use super::endpoint::{Endpoint, Side};
use super::packet::{Link, flag, icmp_unreachable};
use super::tcp_host::{Host, Segment, SegmentId};

/// When a host acknowledges without having data to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckPolicy {
    /// As stacks do: every second segment, holes and FIN at once, all else after 150 ms unless data goes first.
    Delayed,
    /// Every segment at once.
    Every,
    /// Never by itself: only `client_ack` and `server_ack` write one.
    Explicit,
}

/// Whether the checksums of the frames written from now on are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksums {
    Correct,
    WrongTcp,
    WrongIp,
}

/// Writes one connection. Each session has a clock of its own, which every frame and every wait moves on.
pub(crate) struct SessionScript {
    pub(super) frames: Rc<RefCell<Vec<Frame>>>,
    pub(super) start_ns: i64,
    pub(super) now_ns: i64,
    pub(super) link: Link,
    pub(super) vlans: Vec<u16>,
    pub(super) ack_policy: AckPolicy,
    pub(super) checksums: Checksums,
    pub(super) only_from: Option<Side>,
    pub(super) client: Host,
    pub(super) server: Host,
    pub(super) last_sender: Option<Side>,
    pub(super) segments: Vec<Segment>,
}

/// Setting up, before the first frame.
impl SessionScript {
    pub(super) fn new(
        frames: Rc<RefCell<Vec<Frame>>>,
        start_ns: i64,
        link: Link,
        number: u16,
        client: &str,
        server: &str,
    ) -> Self {
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address and port");
        Self {
            frames,
            start_ns,
            now_ns: start_ns,
            link,
            vlans: Vec::new(),
            ack_policy: AckPolicy::Delayed,
            checksums: Checksums::Correct,
            only_from: None,
            client: Host::new(Endpoint::new(address(client), Side::Client, number)),
            server: Host::new(Endpoint::new(address(server), Side::Server, number)),
            last_sender: None,
            segments: Vec::new(),
        }
    }

    pub(crate) fn client_isn(self, isn: u32) -> Self {
        self.tune_client(|client| client.isn = isn)
    }

    pub(crate) fn server_isn(self, isn: u32) -> Self {
        self.tune_server(|server| server.isn = isn)
    }

    /// Changes how the client's packets look.
    pub(crate) fn tune_client(mut self, change: impl FnOnce(&mut Endpoint)) -> Self {
        change(&mut self.client.endpoint);
        self.client.next_seq = self.client.endpoint.isn;
        self
    }

    /// Changes how the server's packets look.
    pub(crate) fn tune_server(mut self, change: impl FnOnce(&mut Endpoint)) -> Self {
        change(&mut self.server.endpoint);
        self.server.next_seq = self.server.endpoint.isn;
        self
    }

    /// Changes both hosts alike.
    pub(crate) fn tune_both(self, change: impl Fn(&mut Endpoint)) -> Self {
        self.tune_client(&change).tune_server(&change)
    }

    /// When the session begins, an RFC 3339 time.
    pub(crate) fn start_at(mut self, time: &str) -> Self {
        self.start_ns = nanos_since_epoch(time);
        self.now_ns = self.start_ns;
        self
    }

    pub(crate) fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// VLAN identifiers, outermost first.
    pub(crate) fn vlans(mut self, vlans: &[u16]) -> Self {
        self.vlans = vlans.to_vec();
        self
    }

    pub(crate) fn ack_policy(mut self, policy: AckPolicy) -> Self {
        self.ack_policy = policy;
        self
    }

    /// The capture sees this side's frames only.
    pub(crate) fn only_from(mut self, side: Side) -> Self {
        self.only_from = Some(side);
        self
    }

    /// The capture starts after the handshake: nothing is written, both sides know each other's numbers.
    pub(crate) fn established(mut self) -> Self {
        for host in [&mut self.client, &mut self.server] {
            host.next_seq = host.endpoint.isn.wrapping_add(1);
        }
        self.client.expected = Some(self.server.next_seq);
        self.server.expected = Some(self.client.next_seq);
        self
    }
}

/// The conversation.
impl SessionScript {
    /// SYN, SYN-ACK, ACK.
    pub(crate) fn handshake(&mut self) -> &mut Self {
        self.syn().syn_ack().client_ack()
    }

    pub(crate) fn syn(&mut self) -> &mut Self {
        self.send(Side::Client, flag::SYN, b"")
    }

    pub(crate) fn syn_ack(&mut self) -> &mut Self {
        self.send(Side::Server, flag::SYN, b"")
    }

    /// The client writes `octets`, in as many segments as they need.
    pub(crate) fn client(&mut self, octets: &[u8]) -> &mut Self {
        self.write(Side::Client, octets)
    }

    /// The server writes `octets`, in as many segments as they need.
    pub(crate) fn server(&mut self, octets: &[u8]) -> &mut Self {
        self.write(Side::Server, octets)
    }

    /// One segment for each piece.
    pub(crate) fn client_pieces(&mut self, pieces: &[&[u8]]) -> &mut Self {
        pieces.iter().fold(self, |script, piece| script.send(Side::Client, flag::PSH, piece))
    }

    /// One segment for each piece.
    pub(crate) fn server_pieces(&mut self, pieces: &[&[u8]]) -> &mut Self {
        pieces.iter().fold(self, |script, piece| script.send(Side::Server, flag::PSH, piece))
    }

    /// Lines of text, `C:` for the client's and `S:` for the server's, each sent with CR LF. Neighbouring lines of one
    /// side are one write; a line `-` parts two writes of one side.
    pub(crate) fn dialogue(&mut self, text: &str) -> &mut Self {
        let mut pending: Option<(Side, Vec<u8>)> = None;
        for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            let (side, content) = match line.split_at(line.len().min(2)) {
                ("C:", rest) => (Some(Side::Client), rest),
                ("S:", rest) => (Some(Side::Server), rest),
                ("-", _) => (None, ""),
                _ => panic!("a line of dialogue starts with C: or S:, not {line:?}"),
            };
            if let Some((before, octets)) = pending.take_if(|(before, _)| Some(*before) != side) {
                self.write(before, &octets);
            }
            if let Some(side) = side {
                let (_, octets) = pending.get_or_insert_with(|| (side, Vec::new()));
                octets.extend(content.strip_prefix(' ').unwrap_or(content).as_bytes());
                octets.extend(b"\r\n");
            }
        }
        if let Some((side, octets)) = pending {
            self.write(side, &octets);
        }
        self
    }

    pub(crate) fn client_fin(&mut self) -> &mut Self {
        self.send(Side::Client, flag::FIN, b"")
    }

    pub(crate) fn server_fin(&mut self) -> &mut Self {
        self.send(Side::Server, flag::FIN, b"")
    }

    pub(crate) fn client_rst(&mut self) -> &mut Self {
        self.send(Side::Client, flag::RST, b"")
    }

    pub(crate) fn server_rst(&mut self) -> &mut Self {
        self.send(Side::Server, flag::RST, b"")
    }

    /// A pure acknowledgement.
    pub(crate) fn client_ack(&mut self) -> &mut Self {
        self.send(Side::Client, 0, b"")
    }

    /// A pure acknowledgement.
    pub(crate) fn server_ack(&mut self) -> &mut Self {
        self.send(Side::Server, 0, b"")
    }

    pub(crate) fn wait_ns(&mut self, ns: i64) -> &mut Self {
        self.advance(ns);
        self
    }

    pub(crate) fn wait_ms(&mut self, ms: i64) -> &mut Self {
        self.wait_ns(ms * 1_000_000)
    }

    pub(crate) fn wait_s(&mut self, seconds: i64) -> &mut Self {
        self.wait_ms(seconds * 1_000)
    }

    pub(crate) fn checksums(&mut self, checksums: Checksums) -> &mut Self {
        self.checksums = checksums;
        self
    }

    /// The window field of later segments of this side.
    pub(crate) fn window(&mut self, side: Side, window: u16) -> &mut Self {
        self.host(side).endpoint.window = window;
        self
    }

    /// An ICMP or ICMPv6 "destination unreachable" with this code, from `router` to the sender of the segment it quotes.
    pub(crate) fn unreachable(&mut self, quoted: SegmentId, router: &str, code: u8) -> &mut Self {
        let segment = self.segments[quoted.0].clone();
        let router: IpAddr = router.parse().expect("an IP address");
        let sender = self.host(segment.from).endpoint.clone();
        self.advance(900_000);
        let datagram = icmp_unreachable(router, code, &segment.datagram, sender.address.ip());
        let router_mac = [0x00, 0x00, 0x5e, 0x00, 0x53, 0x01];
        self.record(self.now_ns, &datagram, router_mac, sender.mac, Some(0));
        self
    }
}
