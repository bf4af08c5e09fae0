//! The SMTP dialogue (RFC 5321): lines, commands, replies, and the hello argument's grammar.
//!
//! Nothing here knows TCP. A [`Dialogue`] is fed the octets of both directions in order, with the holes in them, and
//! becomes a [`Transcript`].

mod body;
mod command;
mod dialogue;
pub mod ehlo;
mod line;
pub mod product;
mod protocol;
mod proxy;
mod proxy_request;
mod reply;
mod secrets;
mod spans;
mod tls;
mod transcript;
mod xclient;

pub use command::{Command, Verb};
pub use protocol::OtherProtocol;
pub use proxy::{ProxyContent, ProxyHeader};
pub use proxy_request::{ProxyKind, ProxyRequest};
pub use reply::{EnhancedStatusCode, Reply, ReplyLines};
pub use tls::{Alert, Certificate, CertificateTime, CipherSuite, ClientHello, Records, ServerHello, Tls, TlsVersion};
pub use transcript::{EarlyTalk, Exchange, Hello, Missing, Refusal, Tally, Transcript};
pub use xclient::XClient;

// No part of the interface: tests, measurements and fuzz targets go in here.
#[doc(hidden)]
pub use dialogue::{Dialogue, DialogueOptions};

pub(crate) use proxy::names_proxy_header;
pub(crate) use spans::{Names, SpanKind, Spans, argument_kinds, command_kinds, host_ranges, name_kinds};

/// What stands in a report in place of secrets and mail text.
pub const MASK: &[u8] = b"***";
