//! Who is behind a proxy, by what the proxy says.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::Serialize;

use super::schema;
use super::session::{ProblemObject, Problems, problems};
use super::values::{AsText, Octets};
use crate::smtp::{EarlyTalk, ProxyHeader, ProxyRequest, Reply, Transcript, XClient};
use crate::time::FrameNumber;

/// One end of a connection.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "End")]
pub(super) struct EndObject {
    #[schemars(schema_with = "schema::ip")]
    ip: AsText<IpAddr>,
    port: u16,
}

impl EndObject {
    pub(super) const fn new(end: SocketAddr) -> Self {
        Self { ip: AsText(end.ip()), port: end.port() }
    }
}

/// The header of the PROXY protocol before the greeting.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProxyHeader")]
pub(super) struct ProxyHeaderObject<'a> {
    frame: FrameNumber,
    /// 1, a line of text, or 2, binary.
    version: u8,
    /// `proxied` where it names client and server, `local` where the proxy speaks for itself, `unknown` where it does not say,
    /// `malformed`, or `cut` where the capture lacks a part.
    #[schemars(schema_with = "schema::proxy_content")]
    content: &'static str,
    /// What the server said to it, where it does not know such headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<ProxyRefusalObject<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProxyRefusal")]
struct ProxyRefusalObject<'a> {
    frame: FrameNumber,
    code: u16,
    text: Octets<'a>,
}

impl<'a> ProxyHeaderObject<'a> {
    pub(super) fn new(header: &'a ProxyHeader) -> Self {
        let refusal = header.refusal.as_ref();
        Self {
            frame: header.moment.frame,
            version: header.version,
            content: header.content.code(),
            refusal: refusal.map(|refusal| ProxyRefusalObject {
                frame: refusal.reply.frame,
                code: refusal.code,
                text: Octets(&refusal.text),
            }),
        }
    }
}

/// What the client asked of a SOCKS or HTTP proxy before the greeting.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProxyRequest")]
pub(super) struct ProxyRequestObject<'a> {
    /// The end of the request, or of what there is of it.
    frame: FrameNumber,
    #[schemars(schema_with = "schema::proxy_kind")]
    kind: &'static str,
    /// The mail server, by name or address; left out where the client did not come to ask for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Octets<'a>>,
    /// Its port; left out where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The end of the proxy's answer; null where there is none.
    answer_frame: Option<FrameNumber>,
    /// Whether the proxy connected the client.
    granted: bool,
}

impl<'a> ProxyRequestObject<'a> {
    pub(super) fn new(request: &'a ProxyRequest) -> Self {
        Self {
            frame: request.moment.frame,
            kind: request.kind.code(),
            host: request.host.as_deref().map(Octets),
            port: request.port,
            answer_frame: request.answer.map(|(moment, _)| moment.frame),
            granted: request.is_granted(),
        }
    }
}

/// An XCLIENT or XFORWARD command.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "XClient")]
pub(super) struct XClientObject<'a> {
    frame: FrameNumber,
    /// The address it names, port 0 where it names none; left out where it names no address.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<EndObject>,
    /// The name that client greeted with; left out where it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    helo: Option<Octets<'a>>,
    /// What is wrong with the name.
    #[serde(serialize_with = "problems", skip_serializing_if = "Problems::is_empty")]
    #[schemars(with = "Vec<ProblemObject>")]
    problems: Problems<'a>,
    /// Whether the server accepted it: after XCLIENT the session begins anew then.
    accepted: bool,
}

impl<'a> XClientObject<'a> {
    pub(super) fn new(transcript: &'a Transcript, told: &'a XClient) -> Option<Self> {
        let exchange = transcript.exchanges.get(told.exchange)?;
        let helo = told.helo.as_ref();
        Some(Self {
            frame: exchange.command.as_ref()?.moment.frame,
            client: told.client.map(EndObject::new),
            helo: helo.map(|(name, _)| Octets(name)),
            problems: Problems {
                problems: helo.map_or(&[], |(_, check)| &check.problems),
                argument: helo.map_or(&[], |(name, _)| name),
            },
            accepted: exchange.reply.as_ref().is_some_and(Reply::is_positive),
        })
    }
}

/// A client that spoke before the greeting.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EarlyTalk")]
pub(super) struct EarlyTalkObject {
    /// The client's first command.
    frame: FrameNumber,
    /// The end of the greeting, or of the refusal in its place.
    greeting_frame: FrameNumber,
    /// How long the client did not wait; null where the clock was set between.
    not_waited_ns: Option<i64>,
}

impl EarlyTalkObject {
    pub(super) fn new(early: EarlyTalk) -> Self {
        let (frame, greeting_frame) = (early.spoke.frame, early.greeted.frame);
        Self { frame, greeting_frame, not_waited_ns: early.not_waited_ns() }
    }
}
