//! One session, with its greeting, hellos, exchanges and verdict.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Serialize, Serializer};

use super::values::{AsText, Octets, Time, lines};
use crate::diagnosis::{Diagnosis, Evidence};
use crate::flow::{Anomalies, Close, CloseHow, Handshake, Side};
use crate::report::product_name;
use crate::session::{Captured, Session};
use crate::smtp::ehlo::{Note, Problem, split_argument};
use crate::smtp::{Command, Hello, Reply};
use crate::time::{FrameNumber, Moment};

/// One session.
#[derive(Serialize)]
pub(in crate::report) struct SessionObject<'a> {
    /// What kind of line this is; a document, which has no lines, leaves it out.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    line_type: Option<&'static str>,
    capture: usize,
    session: u64,
    /// Wireshark's number of the connection, which is not known yet.
    tcp_stream: Option<u64>,
    client: EndObject,
    server: ServerObject<'a>,
    first_frame: FrameNumber,
    last_frame: FrameNumber,
    opened: Time,
    closed: Time,
    handshake: HandshakeObject,
    greeting: Option<GreetingObject<'a>>,
    #[serde(serialize_with = "hellos")]
    hellos: Said<'a>,
    #[serde(serialize_with = "exchanges")]
    exchanges: Said<'a>,
    tls: bool,
    messages_accepted: u64,
    outcome: &'static str,
    cause: Option<&'static str>,
    fault: Option<&'static str>,
    confidence: Option<&'static str>,
    recovered: bool,
    #[serde(serialize_with = "evidence")]
    evidence: &'a [Evidence],
    remedy: &'a str,
    close: CloseObject,
    anomalies: AnomaliesObject,
    display_filter: AsText<DisplayFilter>,
    captured: &'static str,
    tunnelled: bool,
    exchanges_omitted: u64,
    hellos_omitted: u64,
    /// A reply whose end the capture lacks: it stands in no exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished_reply: Option<ReplyObject<'a>>,
}

impl<'a> SessionObject<'a> {
    /// What a report says of `session` of the capture with this number.
    pub(in crate::report) fn new(capture: usize, session: &'a Session, diagnosis: &'a Diagnosis) -> Self {
        let transcript = &session.transcript;
        let said = Said::new(session);
        Self {
            line_type: None,
            capture,
            session: session.number,
            tcp_stream: None,
            client: EndObject::new(session.client),
            server: ServerObject {
                ip: AsText(session.server.ip()),
                port: session.server.port(),
                product: product_name(&session.product),
                build: session.product.build.as_deref(),
            },
            first_frame: session.first.frame,
            last_frame: session.last.frame,
            opened: session.first.into(),
            closed: session.last.into(),
            handshake: HandshakeObject::new(&session.handshake),
            greeting: transcript.greeting().map(|reply| GreetingObject::new(reply, said.connected)),
            hellos: said,
            exchanges: said,
            tls: transcript.is_tls,
            messages_accepted: transcript.messages_accepted,
            outcome: diagnosis.outcome.code(),
            cause: diagnosis.cause.map(|rule| rule.code),
            fault: diagnosis.fault.map(|fault| fault.code()),
            confidence: diagnosis.confidence.map(|confidence| confidence.code()),
            recovered: diagnosis.recovered,
            evidence: &diagnosis.evidence,
            remedy: &diagnosis.remedy,
            close: CloseObject::new(&session.close),
            anomalies: AnomaliesObject::new(&session.anomalies),
            display_filter: AsText(DisplayFilter::new(session)),
            captured: match session.captured {
                Captured::Both => "both",
                Captured::ClientOnly => "client-only",
                Captured::ServerOnly => "server-only",
            },
            tunnelled: session.tunnelled,
            exchanges_omitted: transcript.omitted_exchanges,
            hellos_omitted: transcript.omitted_hellos,
            unfinished_reply: transcript.unfinished_reply.as_ref().map(|reply| ReplyObject::new(reply, None)),
        }
    }

    /// The same as a line of its own.
    pub(in crate::report) const fn line(mut self) -> Self {
        self.line_type = Some("session");
        self
    }
}

#[derive(Serialize)]
struct EndObject {
    ip: AsText<IpAddr>,
    port: u16,
}

impl EndObject {
    const fn new(end: SocketAddr) -> Self {
        Self { ip: AsText(end.ip()), port: end.port() }
    }
}

#[derive(Serialize)]
struct ServerObject<'a> {
    ip: AsText<IpAddr>,
    port: u16,
    product: Option<&'a str>,
    build: Option<&'a str>,
}

#[derive(Serialize)]
struct HandshakeObject {
    complete: bool,
    syn_frame: Option<FrameNumber>,
    syn_ack_frame: Option<FrameNumber>,
    ack_frame: Option<FrameNumber>,
    rtt_ns: Option<i64>,
}

impl HandshakeObject {
    fn new(handshake: &Handshake) -> Self {
        let frame = |moment: Option<Moment>| moment.map(|moment| moment.frame);
        Self {
            complete: handshake.is_complete(),
            syn_frame: frame(handshake.syn),
            syn_ack_frame: frame(handshake.syn_ack),
            ack_frame: frame(handshake.ack),
            rtt_ns: handshake.rtt_ns(),
        }
    }
}

#[derive(Serialize)]
struct GreetingObject<'a> {
    frame: FrameNumber,
    code: u16,
    #[serde(serialize_with = "lines")]
    lines: &'a [Box<[u8]>],
    delay_ns: Option<i64>,
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
    #[serde(skip_serializing_if = "is_zero")]
    lines_omitted: u64,
}

impl<'a> GreetingObject<'a> {
    fn new(reply: &'a Reply, connected: Option<Moment>) -> Self {
        let ReplyObject { code, lines, delay_ns, complete, lines_omitted, .. } = ReplyObject::new(reply, connected);
        Self { frame: reply.moment.frame, code, lines, delay_ns, complete, lines_omitted }
    }
}

#[derive(Serialize)]
struct ReplyObject<'a> {
    /// None where the capture lacks the end of the reply's only line.
    frame: Option<FrameNumber>,
    code: u16,
    enhanced: Option<AsText<crate::smtp::EnhancedStatusCode>>,
    #[serde(serialize_with = "lines")]
    lines: &'a [Box<[u8]>],
    delay_ns: Option<i64>,
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
    #[serde(skip_serializing_if = "is_zero")]
    lines_omitted: u64,
}

impl<'a> ReplyObject<'a> {
    /// `asked` is when what it answers was sent.
    fn new(reply: &'a Reply, asked: Option<Moment>) -> Self {
        let moment = (reply.moment.frame > 0).then_some(reply.moment);
        Self {
            frame: moment.map(|moment| moment.frame),
            code: reply.code,
            enhanced: reply.enhanced().map(AsText),
            lines: &reply.lines,
            delay_ns: asked.zip(moment).map(|(asked, answered)| answered.time.nanos_since(asked.time)),
            complete: !reply.is_cut,
            lines_omitted: reply.dropped_lines,
        }
    }
}

// serde wants references.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_true(value: &bool) -> bool {
    *value
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// What was said in a session, and when the talking could begin.
#[derive(Clone, Copy)]
struct Said<'a> {
    session: &'a Session,
    /// The greeting is the reply to this.
    connected: Option<Moment>,
}

impl<'a> Said<'a> {
    fn new(session: &'a Session) -> Self {
        Self { session, connected: session.handshake.ack.or(session.handshake.syn_ack) }
    }

    fn exchange(&self, at: usize) -> ExchangeObject<'a> {
        let transcript = &self.session.transcript;
        let exchange = transcript.exchanges.get(at);
        let command = exchange.and_then(|exchange| exchange.command.as_ref());
        let asked = match command {
            Some(command) => Some(command.moment),
            None => self.connected.filter(|_| transcript.greeting == Some(at)),
        };
        ExchangeObject {
            command: command.map(CommandObject::new),
            reply: exchange.and_then(|exchange| exchange.reply.as_ref()).map(|reply| ReplyObject::new(reply, asked)),
        }
    }

    fn hello(&self, hello: &'a Hello) -> Option<HelloObject<'a>> {
        let command = self.session.transcript.hello_command(hello)?;
        let reply = self.session.transcript.hello_reply(hello);
        let argument = split_argument(command.after_verb()).octets;
        Some(HelloObject {
            frame: command.moment.frame,
            verb: verb(command),
            argument: Octets(argument),
            problems: Problems { problems: &hello.check.problems, argument },
            notes: &hello.check.notes,
            suggestion: hello.check.suggestion.as_deref(),
            reply: reply.map(|reply| ReplyObject::new(reply, Some(command.moment))),
            accepted: reply.is_some_and(Reply::is_positive),
        })
    }
}

// serde hands over references to fields.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn exchanges<S: Serializer>(said: &Said<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let listed = said.session.transcript.exchanges.len();
    serializer.collect_seq((0..listed).map(|at| said.exchange(at)))
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn hellos<S: Serializer>(said: &Said<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(said.session.transcript.hellos.iter().filter_map(|hello| said.hello(hello)))
}

#[derive(Serialize)]
struct ExchangeObject<'a> {
    command: Option<CommandObject<'a>>,
    reply: Option<ReplyObject<'a>>,
}

#[derive(Serialize)]
struct CommandObject<'a> {
    frame: FrameNumber,
    verb: Cow<'static, str>,
    line: Octets<'a>,
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
}

impl<'a> CommandObject<'a> {
    fn new(command: &'a Command) -> Self {
        let frame = command.moment.frame;
        Self { frame, verb: verb(command), line: Octets(&command.line), complete: !command.is_cut }
    }
}

fn verb(command: &Command) -> Cow<'static, str> {
    command.verb.name().map_or_else(|| Cow::Owned(command.verb_name()), Cow::Borrowed)
}

#[derive(Serialize)]
struct HelloObject<'a> {
    frame: FrameNumber,
    verb: Cow<'static, str>,
    argument: Octets<'a>,
    #[serde(serialize_with = "problems")]
    problems: Problems<'a>,
    #[serde(serialize_with = "notes")]
    notes: &'a [Note],
    suggestion: Option<&'a str>,
    reply: Option<ReplyObject<'a>>,
    accepted: bool,
}

/// The faults of an argument.
pub(super) struct Problems<'a> {
    pub(super) problems: &'a [Problem],
    pub(super) argument: &'a [u8],
}

#[derive(Serialize)]
struct ProblemObject {
    code: &'static str,
    offset: usize,
    reference: &'static str,
    message: String,
}

pub(super) fn problems<S: Serializer>(found: &Problems<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(found.problems.iter().map(|problem| ProblemObject {
        code: problem.code.code(),
        offset: problem.offset,
        reference: problem.code.reference(),
        message: problem.message(found.argument),
    }))
}

pub(super) fn notes<S: Serializer>(notes: &[Note], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(notes.iter().map(|note| note.code()))
}

#[derive(Serialize)]
struct EvidenceObject<'a> {
    frame: FrameNumber,
    text: &'a str,
}

fn evidence<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(evidence.iter().map(|shown| EvidenceObject { frame: shown.frame, text: &shown.text }))
}

#[derive(Serialize)]
struct CloseObject {
    by: Option<&'static str>,
    how: &'static str,
}

impl CloseObject {
    fn new(close: &Close) -> Self {
        let by = close.by.map(|side| match side {
            Side::Client => "client",
            Side::Server => "server",
            Side::Both => "both",
        });
        let how = match close.how {
            CloseHow::Fin => "fin",
            CloseHow::Rst => "rst",
            CloseHow::CaptureEnded => "capture-ended",
            CloseHow::PortReused => "port-reused",
            CloseHow::Idle => "idle",
            CloseHow::Evicted => "evicted",
        };
        Self { by, how }
    }
}

#[derive(Serialize)]
struct AnomaliesObject {
    retransmitted_segments: u64,
    out_of_order_segments: u64,
    overlapping_octets: u64,
    gap_octets: u64,
    conflicting_octets: u64,
    out_of_window_segments: u64,
    duplicate_segments: u64,
}

impl AnomaliesObject {
    const fn new(anomalies: &Anomalies) -> Self {
        Self {
            retransmitted_segments: anomalies.retransmitted_segments,
            out_of_order_segments: anomalies.out_of_order_segments,
            overlapping_octets: anomalies.overlapping_octets,
            gap_octets: anomalies.gap_octets,
            conflicting_octets: anomalies.conflicting_octets,
            out_of_window_segments: anomalies.out_of_window_segments,
            duplicate_segments: anomalies.duplicate_segments,
        }
    }
}

/// A Wireshark display filter for the frames of one session.
struct DisplayFilter {
    client: SocketAddr,
    server: SocketAddr,
    first: FrameNumber,
    last: FrameNumber,
}

impl DisplayFilter {
    const fn new(session: &Session) -> Self {
        let (client, server) = (session.client, session.server);
        Self { client, server, first: session.first.frame, last: session.last.frame }
    }
}

impl fmt::Display for DisplayFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, server, first, last } = self;
        let field = if client.is_ipv4() { "ip.addr" } else { "ipv6.addr" };
        write!(f, "tcp.port=={} && tcp.port=={} && ", client.port(), server.port())?;
        write!(f, "{field}=={} && {field}=={} && ", client.ip(), server.ip())?;
        write!(f, "frame.number>={first} && frame.number<={last}")
    }
}
