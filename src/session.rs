//! One SMTP session: a TCP connection and the dialogue on it, together and owned.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::capture::Packet;
use crate::dns::Lookup;
use crate::flow::{
    self, Anomalies, Close, ClosedFlow, Direction, FlowListener, Followed, GapKind, Handshake, RefusedByNetwork, Sent,
};
use crate::smtp::product::{self, Product};
use crate::smtp::{Dialogue, DialogueOptions, ProxyContent, Reply, Transcript};
use crate::time::Moment;
use crate::wire::{Reassembled, Segment, Unreachable};

/// A session that is over, or of which the capture shows no more.
#[derive(Debug)]
#[non_exhaustive]
pub struct Session {
    /// 1-based, in order of the sessions' first frames.
    pub number: u64,
    /// The end that opened the connection.
    pub client: SocketAddr,
    /// The mail server.
    pub server: SocketAddr,
    /// The number of the TCP connection by which Wireshark knows it (`tcp.stream`); only if asked for, and known.
    pub tcp_stream: Option<u64>,
    /// How the client came to the server's address; only if the capture shows it.
    pub lookup: Option<Box<Lookup>>,
    /// What the server's greeting says it is.
    pub product: Product,
    /// The first frame.
    pub first: Moment,
    /// The last frame.
    pub last: Moment,
    /// The TCP handshake.
    pub handshake: Handshake,
    /// The ICMP error that answered the SYN.
    pub refused: Option<RefusedByNetwork>,
    /// What was said.
    pub transcript: Transcript,
    /// How the connection ended.
    pub close: Close,
    /// What was odd about its segments.
    pub anomalies: Anomalies,
    /// Which sides' segments the capture has.
    pub captured: Captured,
    /// Whether the server acknowledged all octets of the client.
    pub server_acknowledged_all: bool,
    /// Whether the client acknowledged anything of the server's, seen or not.
    pub client_acknowledged: bool,
    /// Whether the connection ran inside a tunnel.
    pub tunnelled: bool,
    /// What of it Wireshark exported; none of an ordinary capture.
    pub exported: Option<Exported>,
    /// Nanoseconds the capture went on after the last frame.
    pub quiet_ns: i64,
    /// TCP segments of the connection, both directions together.
    pub segments: u64,
    /// The files in which it begins and ends; only where several were read as one.
    pub parts: Option<(Arc<str>, Arc<str>)>,
}

/// What Wireshark exports of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exported {
    /// The contents of its segments.
    Segments,
    /// What TLS hid. What was said before TLS is not in the capture, and is forgotten in any case (RFC 3207 4.2).
    Decrypted,
}

/// Which sides' segments a capture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// Both.
    Both,
    /// Only the client's.
    ClientOnly,
    /// Only the server's.
    ServerOnly,
}

impl Session {
    /// The ends of the connection behind a proxy, client first, where its header names them.
    pub fn behind_proxy(&self) -> Option<(SocketAddr, SocketAddr)> {
        match self.transcript.proxy.as_ref()?.content {
            ProxyContent::Ends { client, server } => Some((client, server)),
            _ => None,
        }
    }

    /// The client behind a proxy, as the proxy's XCLIENT or, without one, its header names it.
    pub fn proxied_client(&self) -> Option<SocketAddr> {
        self.transcript.client_told().or_else(|| self.behind_proxy().map(|(client, _)| client))
    }

    /// What is the same in every capture of the connection, and in none of another one; none where the capture lacks an
    /// initial sequence number.
    pub fn connection_key(&self) -> Option<String> {
        let (client_isn, server_isn) = (self.handshake.client_isn?, self.handshake.server_isn?);
        Some(flow::connection_key((self.client, client_isn), (self.server, server_isn)))
    }

    /// Puts together what the flow table and the dialogue know.
    #[doc(hidden)]
    pub fn new(flow: ClosedFlow<SessionBuilder<'_>>) -> Self {
        let mut listener = flow.listener;
        let (segments, tcp_stream, lookup) = (listener.segments, listener.tcp_stream, listener.lookup.take());
        let exported = listener.exported;
        let transcript = listener.finish();
        Self {
            number: flow.number,
            client: flow.client,
            server: flow.server,
            tcp_stream,
            lookup,
            product: recognise(&transcript),
            first: flow.first,
            last: flow.last,
            handshake: flow.handshake,
            refused: flow.refused,
            transcript,
            close: flow.close,
            anomalies: flow.anomalies,
            captured: match (flow.client_seen, flow.server_seen) {
                (true, false) => Captured::ClientOnly,
                (false, true) => Captured::ServerOnly,
                _ => Captured::Both,
            },
            server_acknowledged_all: flow.server_acknowledged_all,
            client_acknowledged: flow.client_acknowledged,
            tunnelled: flow.tunnelled,
            exported,
            quiet_ns: flow.quiet_ns,
            segments,
            parts: None,
        }
    }
}

/// A frame of a session, while the capture is read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[doc(hidden)]
pub struct SessionFrame<'a> {
    /// The session's number ([`Session::number`]).
    pub session: u64,
    /// The frame as it was captured.
    pub packet: &'a Packet<'a>,
    /// Nanoseconds since the capture's first frame; negative where the clock stepped back.
    pub since_first_ns: i64,
    /// What it holds.
    pub content: FrameContent<'a>,
    /// The datagram that this frame, its last fragment, completed.
    pub reassembled: Option<&'a Reassembled>,
}

/// What a frame of a session holds.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub enum FrameContent<'a> {
    /// A segment of its connection, and where that belongs.
    Segment(&'a Segment<'a>, Followed),
    /// An ICMP error about its SYN.
    Unreachable(&'a Unreachable),
}

/// Listens to one connection and hands its octets to the dialogue.
#[derive(Debug)]
#[doc(hidden)]
pub struct SessionBuilder<'o> {
    options: DialogueOptions<'o>,
    /// Made for the first octets: most connections of a scan or a flood carry none, and many may be open at once.
    dialogue: Option<Box<Dialogue<'o>>>,
    /// Where each direction's stream begins, and whether that is where the connection began.
    client_begins: Option<(u64, bool)>,
    server_begins: Option<(u64, bool)>,
    segments: u64,
    tcp_stream: Option<u64>,
    lookup: Option<Box<Lookup>>,
    exported: Option<Exported>,
}

impl<'o> SessionBuilder<'o> {
    /// A session of which nothing was seen yet.
    pub const fn new(options: DialogueOptions<'o>) -> Self {
        Self {
            options,
            dialogue: None,
            client_begins: None,
            server_begins: None,
            segments: 0,
            tcp_stream: None,
            lookup: None,
            exported: None,
        }
    }

    /// Adds how the client came to the server's address.
    #[must_use]
    pub fn with_lookup(mut self, lookup: Option<Lookup>) -> Self {
        self.lookup = lookup.map(Box::new);
        self
    }

    /// Adds the number that Wireshark gives the connection.
    #[must_use]
    pub const fn with_tcp_stream(mut self, number: Option<u64>) -> Self {
        self.tcp_stream = number;
        self
    }

    /// Adds what of it Wireshark exported.
    #[must_use]
    pub const fn with_exported(mut self, exported: Option<Exported>) -> Self {
        self.exported = exported;
        self
    }

    fn dialogue(&mut self) -> &mut Dialogue<'o> {
        let (client, server, exported) = (self.client_begins, self.server_begins, self.exported);
        self.dialogue.get_or_insert_with(|| Box::new(new_dialogue(self.options, client, server, exported)))
    }

    fn finish(self) -> Transcript {
        match self.dialogue {
            Some(dialogue) => dialogue.finish(),
            None => new_dialogue(self.options, self.client_begins, self.server_begins, self.exported).finish(),
        }
    }
}

fn new_dialogue(
    options: DialogueOptions<'_>,
    client: Option<(u64, bool)>,
    server: Option<(u64, bool)>,
    exported: Option<Exported>,
) -> Dialogue<'_> {
    let mut dialogue = Dialogue::new(options);
    if exported == Some(Exported::Decrypted) {
        dialogue.begins_in_tls();
    }
    if let Some((offset, is_start)) = client {
        dialogue.client_begins(offset, is_start);
    }
    if let Some((offset, is_start)) = server {
        dialogue.server_begins(offset, is_start);
    }
    dialogue
}

impl FlowListener for SessionBuilder<'_> {
    fn begin(&mut self, direction: Direction, offset: u64, is_start: bool) {
        let (begins, dialogue) = match direction {
            Direction::ClientToServer => (&mut self.client_begins, &mut self.dialogue),
            Direction::ServerToClient => (&mut self.server_begins, &mut self.dialogue),
        };
        *begins = Some((offset, is_start));
        if let Some(dialogue) = dialogue {
            match direction {
                Direction::ClientToServer => dialogue.client_begins(offset, is_start),
                Direction::ServerToClient => dialogue.server_begins(offset, is_start),
            }
        }
    }

    fn segment(&mut self, _: Direction, _: &Segment<'_>, _: Moment) {
        self.segments += 1;
    }

    fn data(&mut self, direction: Direction, octets: &[u8], sent: Sent) {
        match direction {
            Direction::ClientToServer => self.dialogue().client_octets(octets, sent.moment),
            Direction::ServerToClient => self.dialogue().server_octets(octets, sent.received, sent.moment),
        }
    }

    fn gap(&mut self, direction: Direction, octets: u64, kind: GapKind, moment: Moment) {
        match direction {
            Direction::ClientToServer => self.dialogue().client_gap(octets, kind == GapKind::Snaplen, moment),
            Direction::ServerToClient => self.dialogue().server_gap(octets, moment),
        }
    }
}

/// The product by its greeting or, where that says nothing, by its EHLO response.
fn recognise(transcript: &Transcript) -> Product {
    let Some(greeting) = transcript.greeting() else { return Product::default() };
    let product = product::recognise(&lines(greeting));
    if product.name.is_some() {
        return product;
    }
    let accepted = transcript.hellos.iter().filter(|hello| transcript.is_accepted(hello));
    let by_ehlo = accepted.filter_map(|hello| transcript.hello_reply(hello));
    let by_ehlo = by_ehlo.map(|reply| product::recognise_from_ehlo(&lines(reply))).find(|found| found.name.is_some());
    match by_ehlo {
        Some(found) => Product { masked: product.masked, ..found },
        None => product,
    }
}

fn lines(reply: &Reply) -> Vec<&[u8]> {
    reply.lines.iter().collect()
}
