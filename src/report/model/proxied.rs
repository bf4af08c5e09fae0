//! Who is behind a proxy, by what the proxy says.

use std::net::{IpAddr, SocketAddr};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::schema;
#[cfg(test)]
use super::session::ProblemObject;
use super::session::{Problems, problems};
use super::values::{AsText, Octets};
use crate::smtp::{EarlyTalk, ProxyHeader, ProxyRequest, Reply, Transcript, XClient};
use crate::time::FrameNumber;

/// One end of a connection.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "End"))]
pub(super) struct EndObject {
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    ip: AsText<IpAddr>,
    port: u16,
}

impl EndObject {
    pub(super) const fn new(end: SocketAddr) -> Self {
        Self { ip: AsText(end.ip()), port: end.port() }
    }
}

/// The header of the PROXY protocol before the greeting.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ProxyHeader"))]
pub(super) struct ProxyHeaderObject<'a> {
    frame: FrameNumber,
    /// The version of the header. Version 1 is a line of text, version 2 is binary.
    version: u8,
    /// `proxied`: the header names the client and the server. `local`: the proxy speaks for itself. `unknown`: the
    /// header does not say. `malformed`: the header is malformed. `cut`: the capture lacks a part of it.
    #[cfg_attr(test, schemars(schema_with = "schema::proxy_content"))]
    content: &'static str,
    /// The server's answer to the header, if the server does not know such headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<ProxyRefusalObject<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ProxyRefusal"))]
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

/// What the client asked a SOCKS or HTTP proxy for before the greeting.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ProxyRequest"))]
pub(super) struct ProxyRequestObject<'a> {
    /// The frame with the end of the request, or with the end of the part that the capture has.
    frame: FrameNumber,
    #[cfg_attr(test, schemars(schema_with = "schema::proxy_kind"))]
    kind: &'static str,
    /// The name or address of the mail server. Left out if the client did not ask for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Octets<'a>>,
    /// The port of the mail server. Left out if the request names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The frame with the end of the proxy's answer. Null if there is none.
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
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "XClient"))]
pub(super) struct XClientObject<'a> {
    frame: FrameNumber,
    /// The address that the command names. The port is 0 if the command names none. Left out if the command names no
    /// address.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<EndObject>,
    /// The name in the hello of that client. Left out if the command does not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    helo: Option<Octets<'a>>,
    /// What is wrong with the name.
    #[serde(serialize_with = "problems", skip_serializing_if = "Problems::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<ProblemObject>"))]
    problems: Problems<'a>,
    /// Whether the server accepted the command. After an accepted XCLIENT the session starts again.
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
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "EarlyTalk"))]
pub(super) struct EarlyTalkObject {
    /// The frame of the client's first command.
    frame: FrameNumber,
    /// The frame with the end of the greeting, or of the refusal that came instead.
    greeting_frame: FrameNumber,
    /// How much too early the client spoke: the time from its command to the greeting. Null if the clock was set in
    /// between.
    not_waited_ns: Option<i64>,
}

impl EarlyTalkObject {
    pub(super) fn new(early: EarlyTalk) -> Self {
        let (frame, greeting_frame) = (early.spoke.frame, early.greeted.frame);
        Self { frame, greeting_frame, not_waited_ns: early.not_waited_ns() }
    }
}
