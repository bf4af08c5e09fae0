//! All that is known of one session: greeting, hellos, exchanges, evidence.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::background::{LookupObject, TlsObject, lookups};
use super::connection::{AnomaliesObject, CloseObject, DisplayFilter, HandshakeObject};
use super::handover::HandoverObject;
use super::head::SessionHead;
use super::proxied::{EarlyTalkObject, EndObject, ProxyHeaderObject, ProxyRequestObject, XClientObject};
#[cfg(test)]
use super::schema;
use super::values::{AsText, Octets, is_default, lines};
use crate::diagnosis::{Evidence, Remark};
use crate::report::advice::remedy;
use crate::report::community_id;
use crate::report::digest::Digest;
use crate::report::evidence::text;
use crate::session::Session;
use crate::smtp::ehlo::{Note, Problem, split_argument};
use crate::smtp::{Command, Hello, Reply, ReplyLines};
use crate::time::{FrameNumber, Moment};

/// One session, written when the session ends.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct SessionLine<S> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::session_line"))]
    line_type: &'static str,
    #[serde(flatten)]
    session: S,
}

impl<S> SessionLine<S> {
    /// The line of a session, long or brief.
    pub(in crate::report) const fn new(session: S) -> Self {
        Self { line_type: "session", session }
    }
}

/// One session.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Session"))]
pub(in crate::report) struct SessionObject<'a> {
    #[serde(flatten)]
    head: SessionHead<'a>,
    handshake: HandshakeObject,
    /// The server's greeting, if the capture has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    greeting: Option<GreetingObject<'a>>,
    /// Every EHLO, HELO and LHLO, with a check of its argument.
    #[serde(serialize_with = "hellos", skip_serializing_if = "Said::has_no_hellos")]
    #[cfg_attr(test, schemars(with = "Vec<HelloObject<'a>>"))]
    hellos: Said<'a>,
    /// The commands and replies, in the order of the capture.
    #[serde(serialize_with = "exchanges", skip_serializing_if = "Said::has_no_exchanges")]
    #[cfg_attr(test, schemars(with = "Vec<ExchangeObject<'a>>"))]
    exchanges: Said<'a>,
    /// The frames that show what happened to the session.
    #[serde(serialize_with = "evidence", skip_serializing_if = "<[Evidence]>::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<EvidenceObject>"))]
    evidence: &'a [Evidence],
    /// What to do about the loss. Empty if there is nothing to do.
    remedy: String,
    close: CloseObject,
    anomalies: AnomaliesObject,
    /// A Wireshark display filter for the frames of the session.
    display_filter: AsText<DisplayFilter>,
    /// The number of further exchanges that are not listed.
    exchanges_omitted: u64,
    /// The number of further hellos that are not listed.
    hellos_omitted: u64,
    /// A reply whose end the capture lacks. It is in no exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished_reply: Option<ReplyObject<'a>>,
    /// The Community ID of the connection, version 1 with seed 0. Other tools know the connection by this id.
    community_id: String,
    /// What ehlotrace can read of the TLS handshake without keys, if the capture has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_handshake: Option<TlsObject<'a>>,
    /// The DNS answers that led the client to the server's address: first those for MX, then those for the host's
    /// address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lookups: Vec<LookupObject<'a>>,
    /// The number of replies that ehlotrace could not match to a command, because the client sent too many commands at
    /// once. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    replies_unpaired: u64,
    /// The number of bytes from the client that ehlotrace did not read: too many came before the reply that tells what
    /// they are. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    client_octets_unread: u64,
    /// What is worth a second look, whatever the outcome is. Left out if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<RemarkObject>,
    /// The client behind the proxy. XCLIENT names it, or else the PROXY header before the greeting. Left out if neither
    /// names it. If this field is there, `client_ip` is the proxy. The port is 0 if XCLIENT names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxied_client: Option<EndObject>,
    /// The address that this client connected to, according to the PROXY header.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxied_server: Option<EndObject>,
    /// The PROXY header. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_header: Option<ProxyHeaderObject<'a>>,
    /// What XCLIENT commands said about the client behind the proxy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xclients: Vec<XClientObject<'a>>,
    /// Present if the client spoke before it had the greeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    early_talk: Option<EarlyTalkObject>,
    /// What the client asked a SOCKS or HTTP proxy for before the greeting. Left out if it asked no proxy. The session
    /// is with the mail server behind the proxy, and `server` is the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_request: Option<ProxyRequestObject<'a>>,
    /// What XFORWARD commands said about the client whose messages are passed on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xforwards: Vec<XClientObject<'a>>,
    /// What to hand on to the side that has to change something. Left out if the session was not lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    handover: Option<HandoverObject>,
}

impl<'a> SessionObject<'a> {
    /// What a report says of this session.
    pub(in crate::report) fn new(digest: &Digest<'a>) -> Self {
        let Digest { session, diagnosis, .. } = *digest;
        let transcript = &session.transcript;
        let said = Said::new(session);
        Self {
            head: SessionHead::new(digest),
            handshake: HandshakeObject::new(&session.handshake),
            greeting: transcript.greeting().map(|reply| GreetingObject::new(reply, said.connected)),
            hellos: said,
            exchanges: said,
            evidence: &diagnosis.evidence,
            remedy: remedy(diagnosis),
            close: CloseObject::new(&session.close),
            anomalies: AnomaliesObject::new(&session.anomalies),
            display_filter: AsText(DisplayFilter::new(session)),
            exchanges_omitted: transcript.omitted_exchanges,
            hellos_omitted: transcript.omitted_hellos,
            unfinished_reply: transcript.unfinished_reply.as_ref().map(|reply| ReplyObject::new(reply, None)),
            community_id: community_id(session.client, session.server),
            tls_handshake: TlsObject::new(&transcript.tls),
            lookups: lookups(session),
            replies_unpaired: transcript.unpaired_replies,
            client_octets_unread: transcript.unread_client_octets,
            remarks: diagnosis.remarks.iter().map(RemarkObject::new).collect(),
            proxied_client: session.proxied_client().map(EndObject::new),
            proxied_server: session.behind_proxy().map(|(_, server)| EndObject::new(server)),
            proxy_header: transcript.proxy.as_deref().map(ProxyHeaderObject::new),
            xclients: transcript.xclients.iter().filter_map(|told| XClientObject::new(transcript, told)).collect(),
            early_talk: transcript.early_talk.map(EarlyTalkObject::new),
            xforwards: transcript.xforwards.iter().filter_map(|told| XClientObject::new(transcript, told)).collect(),
            proxy_request: transcript.proxy_request.as_deref().map(ProxyRequestObject::new),
            handover: HandoverObject::new(digest),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Greeting"))]
struct GreetingObject<'a> {
    frame: FrameNumber,
    code: u16,
    /// The text of each line, without the code.
    #[serde(serialize_with = "lines", skip_serializing_if = "ReplyLines::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<Octets<'a>>"))]
    lines: &'a ReplyLines,
    /// The time from the end of the handshake to the greeting.
    delay_ns: Option<i64>,
    /// Left out if it is true.
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
    /// The number of further lines that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    lines_omitted: u64,
}

impl<'a> GreetingObject<'a> {
    fn new(reply: &'a Reply, connected: Option<Moment>) -> Self {
        let ReplyObject { code, lines, delay_ns, complete, lines_omitted, .. } = ReplyObject::new(reply, connected);
        Self { frame: reply.moment.frame, code, lines, delay_ns, complete, lines_omitted }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Reply"))]
struct ReplyObject<'a> {
    /// Null if the capture lacks the end of the reply's only line.
    frame: Option<FrameNumber>,
    code: u16,
    /// The enhanced status code (RFC 3463), for example `5.5.2`.
    enhanced: Option<AsText<crate::smtp::EnhancedStatusCode>>,
    /// The text of each line, without the code.
    #[serde(serialize_with = "lines", skip_serializing_if = "ReplyLines::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<Octets<'a>>"))]
    lines: &'a ReplyLines,
    /// The time from the command to its reply.
    delay_ns: Option<i64>,
    /// Left out if it is true.
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
    /// The number of further lines that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
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
            delay_ns: asked
                .zip(moment)
                .map(|(asked, answered)| answered.nanos_since(asked))
                .filter(|delay_ns| *delay_ns >= 0),
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

    fn has_no_hellos(&self) -> bool {
        self.session.transcript.hellos.is_empty()
    }

    fn has_no_exchanges(&self) -> bool {
        self.session.transcript.exchanges.is_empty()
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
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Exchange"))]
struct ExchangeObject<'a> {
    /// The command. Left out for the greeting and for every other reply that answers no command.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<CommandObject<'a>>,
    /// The reply. Left out if no reply came.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyObject<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Command"))]
struct CommandObject<'a> {
    frame: FrameNumber,
    /// The verb of the command, in capitals if ehlotrace knows it. `.` is the end of mail data.
    verb: Cow<'static, str>,
    /// The whole line. `***` replaces a secret.
    line: Octets<'a>,
    /// Left out if it is true.
    #[serde(skip_serializing_if = "is_true")]
    complete: bool,
}

impl<'a> CommandObject<'a> {
    fn new(command: &'a Command) -> Self {
        let frame = command.moment.frame;
        Self { frame, verb: verb(command), line: Octets(&command.line), complete: !command.is_cut }
    }
}

pub(super) fn verb(command: &Command) -> Cow<'static, str> {
    command.verb.name().map_or_else(|| Cow::Owned(command.verb_name()), Cow::Borrowed)
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Hello"))]
struct HelloObject<'a> {
    frame: FrameNumber,
    verb: Cow<'static, str>,
    /// The text after the verb, without the blanks around it.
    argument: Octets<'a>,
    /// What is wrong with the argument.
    #[serde(serialize_with = "problems", skip_serializing_if = "Problems::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<ProblemObject>"))]
    problems: Problems<'a>,
    /// What is unusual about the argument but allowed.
    #[serde(serialize_with = "notes")]
    #[cfg_attr(test, schemars(schema_with = "schema::notes"))]
    notes: &'a [Note],
    /// The argument that was probably meant.
    suggestion: Option<&'a str>,
    /// The reply. Left out if no reply came.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyObject<'a>>,
    /// Whether the server accepted it.
    accepted: bool,
}

/// The faults of an argument.
pub(super) struct Problems<'a> {
    pub(super) problems: &'a [Problem],
    pub(super) argument: &'a [u8],
}

impl Problems<'_> {
    pub(super) const fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Problem"))]
pub(super) struct ProblemObject {
    #[cfg_attr(test, schemars(schema_with = "schema::problem"))]
    code: &'static str,
    /// The first wrong byte of the argument, or the place where a byte is missing, counted from 1.
    byte: usize,
    /// The section of the standard with the rule.
    reference: &'static str,
    message: String,
}

pub(super) fn problems<S: Serializer>(found: &Problems<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(found.problems.iter().map(|problem| ProblemObject {
        code: problem.code.code(),
        byte: problem.offset.saturating_add(1),
        reference: problem.code.reference(),
        message: problem.message(found.argument),
    }))
}

pub(super) fn notes<S: Serializer>(notes: &[Note], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(notes.iter().map(|note| note.code()))
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Remark"))]
struct RemarkObject {
    #[cfg_attr(test, schemars(schema_with = "schema::remark"))]
    code: &'static str,
    /// The frame that shows it.
    frame: FrameNumber,
    text: &'static str,
}

impl RemarkObject {
    const fn new((frame, remark): &(FrameNumber, Remark)) -> Self {
        Self { code: remark.code(), frame: *frame, text: remark.title() }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Evidence"))]
struct EvidenceObject {
    frame: FrameNumber,
    text: String,
}

fn evidence<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(evidence.iter().map(|shown| EvidenceObject { frame: shown.frame, text: text(&shown.kind) }))
}
