//! Who is behind a proxy, by what the proxy says.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::Serialize;

use super::schema;
use super::values::{AsText, Octets};
use crate::smtp::ProxyHeader;
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
