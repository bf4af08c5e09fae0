//! What every record of a session begins with, long or brief: which one it is, and what became of it.

use std::net::{IpAddr, SocketAddr};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
use sha1::{Digest as _, Sha1};

use super::brief::codes;
#[cfg(test)]
use super::schema;
use super::source::SourceObject;
use super::values::{AsText, Octets, Time};
use crate::report::CaptureSource;
use crate::report::digest::{Deciding, Digest};
use crate::report::record::LostHello;
use crate::session::{Captured, Session};
use crate::smtp::EnhancedStatusCode;
use crate::smtp::ehlo::Problem;
use crate::time::{EventNumber, FrameNumber};

/// The fields that a session has in every record.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SessionHead<'a> {
    /// The number of the capture, counted from 0.
    capture: usize,
    #[serde(flatten)]
    source: SourceObject<'a>,
    /// The number of the session in the capture, counted from 1 in the order of the first frames.
    session: u64,
    /// The id of the session. It is the same each time ehlotrace reads this capture under this path. It is different
    /// for every other session. It comes from the path, the member, the first frame, the time of this frame, and both
    /// ends.
    session_id: AsText<SessionId>,
    /// The key of the connection. It is the same in every capture of this connection and different for every other
    /// connection. It consists of both ends and their initial sequence numbers. Null if the capture lacks one of these.
    connection_key: Option<String>,
    /// Wireshark's number of the connection, `tcp.stream`. Null without `--tcp-stream`.
    tcp_stream: Option<u64>,
    client: EndObject,
    server: ServerObject<'a>,
    /// Frame numbers are the same as in Wireshark. In a Windows event trace (format `etl`) each packet is one frame,
    /// although it can be several events.
    first_frame: FrameNumber,
    last_frame: FrameNumber,
    /// The number of the first frame among the packet events of the trace: its frame in a file that etl2pcapng made.
    /// Present only for a Windows event trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event: Option<EventNumber>,
    /// The number of the last frame among the packet events of the trace. Present only for a Windows event trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event: Option<EventNumber>,
    opened: Time,
    closed: Time,
    /// The file with the first frame. Present only if ehlotrace read several files as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_part: Option<&'a str>,
    /// The file with the last frame. Present only if ehlotrace read several files as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_part: Option<&'a str>,
    /// The sides whose segments the capture has.
    #[cfg_attr(test, schemars(schema_with = "schema::captured"))]
    captured: &'static str,
    /// Whether the session ran inside a tunnel.
    tunnelled: bool,
    /// Whether a side sent TLS, or the server accepted STARTTLS and no plain text followed. Encrypted data is not
    /// listed.
    tls: bool,
    messages_accepted: u64,
    /// What happened to the session.
    #[cfg_attr(test, schemars(schema_with = "schema::outcome"))]
    outcome: &'static str,
    /// Why the session was lost. Null if it was not lost.
    #[cfg_attr(test, schemars(schema_with = "schema::cause"))]
    cause: Option<&'static str>,
    /// Who must change something. Null if the session was not lost.
    #[cfg_attr(test, schemars(schema_with = "schema::fault"))]
    fault: Option<&'static str>,
    /// How certain the outcome is. Null if the outcome is unknown.
    #[cfg_attr(test, schemars(schema_with = "schema::confidence"))]
    confidence: Option<&'static str>,
    /// Whether the server refused a malformed hello and accepted a later one.
    recovered: bool,
    /// Why the server refused, if its reply says so in a form that ehlotrace knows. Null if the reply does not say so,
    /// or if the server refused nothing.
    #[cfg_attr(test, schemars(schema_with = "schema::reason"))]
    reason: Option<&'static str>,
    /// For a lost session: the number of the session in the same capture that delivered the mail right after it, to
    /// another address of the domain. Null if there is none. The `summary` counts the lost session in `lost` and also
    /// in `delivered_later`.
    delivered_later: Option<u64>,
    /// What decided the verdict. Left out if the session was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    deciding: Option<DecidingObject>,
    /// The number of the ticket, counted from 0.
    ticket: usize,
    /// The hello that the loss is about: the malformed argument that the session was lost to, or else the hello that
    /// the verdict names. Left out if the session was not lost or had no hello.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_hello: Option<LostHelloObject<'a>>,
}

impl<'a> SessionHead<'a> {
    pub(super) fn new(digest: &Digest<'a>) -> Self {
        let Digest { capture, source, session, diagnosis, .. } = *digest;
        let parts = session.parts.as_ref();
        Self {
            capture,
            source: SourceObject::new(source),
            session: session.number,
            session_id: AsText(SessionId::new(source, session)),
            connection_key: session.connection_key(),
            tcp_stream: session.tcp_stream,
            client: EndObject::new(session.client),
            server: ServerObject {
                ip: AsText(session.server.ip()),
                port: session.server.port(),
                product: digest.product(),
                build: session.product.build.as_deref(),
            },
            first_frame: session.first.frame,
            last_frame: session.last.frame,
            first_event: session.first.event,
            last_event: session.last.event,
            opened: session.first.into(),
            closed: session.last.into(),
            first_part: parts.map(|(first, _)| &**first),
            last_part: parts.map(|(_, last)| &**last),
            captured: match session.captured {
                Captured::Both => "both",
                Captured::ClientOnly => "client-only",
                Captured::ServerOnly => "server-only",
            },
            tunnelled: session.tunnelled,
            tls: session.transcript.is_tls,
            messages_accepted: session.transcript.messages_accepted,
            outcome: diagnosis.outcome.code(),
            cause: diagnosis.cause.map(|rule| rule.code),
            fault: diagnosis.fault.map(|fault| fault.code()),
            confidence: diagnosis.confidence.map(|confidence| confidence.code()),
            recovered: diagnosis.recovered,
            reason: diagnosis.reason.map(|reason| reason.code),
            delivered_later: diagnosis.delivered_later,
            deciding: digest.deciding().map(DecidingObject::new),
            ticket: source.ticket.number,
            lost_hello: LostHello::of(digest).map(LostHelloObject::new),
        }
    }
}

/// Tells a session from those of all captures, of other files and of another content under the same path.
struct SessionId(u128);

impl SessionId {
    fn new(source: &CaptureSource, session: &Session) -> Self {
        let path = source.raw_path.as_deref().unwrap_or(source.path.as_bytes());
        let mut hash = Sha1::new();
        // Each text ends, so that no two pairs of them make the same octets.
        for text in [path, source.member.as_deref().unwrap_or_default().as_bytes()] {
            hash.update(text);
            hash.update([0]);
        }
        // A frame is the first one of one session only.
        hash.update(session.first.frame.to_be_bytes());
        hash.update(session.first.time.as_nanos().to_be_bytes());
        for end in [session.client, session.server] {
            match end.ip() {
                IpAddr::V4(address) => hash.update(address.octets()),
                IpAddr::V6(address) => hash.update(address.octets()),
            }
            hash.update(end.port().to_be_bytes());
        }
        let hash: [u8; 20] = hash.finalize().into();
        Self(hash.first_chunk().copied().map_or(0, u128::from_be_bytes))
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Client"))]
struct EndObject {
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    ip: AsText<IpAddr>,
    port: u16,
}

impl EndObject {
    const fn new(end: SocketAddr) -> Self {
        Self { ip: AsText(end.ip()), port: end.port() }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Server"))]
struct ServerObject<'a> {
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    ip: AsText<IpAddr>,
    port: u16,
    /// The server's product, as its greeting says.
    product: Option<&'a str>,
    build: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "LostHello"))]
struct LostHelloObject<'a> {
    /// The verb. `XCLIENT` or `XFORWARD` if a proxy passed the argument on.
    verb: String,
    /// The argument, without the blanks around it.
    argument: Octets<'a>,
    /// What is wrong with the argument.
    #[serde(serialize_with = "codes")]
    #[cfg_attr(test, schemars(schema_with = "schema::problems"))]
    problems: &'a [Problem],
}

impl<'a> LostHelloObject<'a> {
    fn new(hello: LostHello<'a>) -> Self {
        let LostHello { verb, argument, problems } = hello;
        Self { verb, argument: Octets(argument), problems }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Deciding"))]
struct DecidingObject {
    /// The frame that shows it.
    frame: FrameNumber,
    /// The verb of the command that the reply answers. `.` is the end of mail data. Null for a greeting, and if no
    /// reply decided.
    command: Option<&'static str>,
    /// The code of the reply. Null if no reply decided.
    code: Option<u16>,
    /// The enhanced status code of the reply (RFC 3463), for example `5.5.2`.
    enhanced: Option<AsText<EnhancedStatusCode>>,
    /// The text of the reply's first line. If there was no reply, what happened instead, in words. Characters that are
    /// not printable are escaped.
    text: String,
}

impl DecidingObject {
    fn new(deciding: &Deciding) -> Self {
        let Deciding { frame, command, code, enhanced, text } = deciding;
        Self { frame: *frame, command: *command, code: *code, enhanced: enhanced.map(AsText), text: text.clone() }
    }
}
