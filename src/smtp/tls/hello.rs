//! The two hellos of a handshake (RFC 8446 4.1; RFC 5246 7.4.1 has them without what was added since).

use super::certificate::CERTIFICATE;
use super::{CipherSuite, TlsVersion};
use crate::time::Moment;

/// What the client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientHello {
    /// The host name it wants to talk to (RFC 6066 3), at most 255 octets of it, as a host name has; none if it named none.
    pub server_name: Option<Box<[u8]>>,
    /// The highest version it offers.
    pub version: TlsVersion,
    /// The protocols it offers to speak (RFC 7301), as it names them; the first ones where there are many.
    pub protocols: Vec<Box<[u8]>>,
    /// The frame that brought its last octet.
    pub moment: Moment,
}

/// What the server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerHello {
    /// The version the connection is to have.
    pub version: TlsVersion,
    /// The cipher suite it is to have.
    pub cipher_suite: CipherSuite,
    /// The frame that brought its last octet.
    pub moment: Moment,
    /// Whether it is a HelloRetryRequest: the client is to send another hello, and this server another after it.
    pub(super) is_retry_request: bool,
}

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

const SERVER_NAME: u16 = 0;
const PROTOCOLS: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;
const HOST_NAME: u8 = 0;

const HOST_NAME_OCTETS: usize = 255;

/// Protocols kept of those a client offers.
const PROTOCOLS_KEPT: usize = 8;

/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446 4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What every handshake message begins with: type and a length of 3 octets.
pub(super) const HEADER_OCTETS: usize = 4;

/// Octets a handshake message has, its header included; none while the header is not whole.
pub(super) fn message_octets(start: &[u8]) -> Option<usize> {
    let [_, high, middle, low, ..] = start else { return None };
    Some(HEADER_OCTETS + (usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low)))
}

/// The list of certificates in a handshake message; none if it is another one.
pub(super) fn certificate_list(message: &[u8]) -> Option<&[u8]> {
    Input::message(message, CERTIFICATE).map(|input| input.0)
}

impl ClientHello {
    /// Reads a whole handshake message; none if it is another one, or broken.
    pub(super) fn parse(message: &[u8], moment: Moment) -> Option<Self> {
        let mut input = Input::message(message, CLIENT_HELLO)?;
        let legacy = input.u16()?;
        input.take(RETRY_RANDOM.len())?;
        let session_id = usize::from(input.u8()?);
        input.take(session_id)?;
        input.vector()?;
        let compression_methods = usize::from(input.u8()?);
        input.take(compression_methods)?;
        let (mut server_name, mut offered, mut protocols) = (None, None, Vec::new());
        input.each_extension(|kind, body| match kind {
            SERVER_NAME => server_name = server_name.take().or_else(|| host_name(body)),
            SUPPORTED_VERSIONS => offered = offered.or_else(|| highest(body)),
            PROTOCOLS if protocols.is_empty() => protocols = names(body),
            _ => {}
        });
        Some(Self { server_name, version: offered.unwrap_or(TlsVersion(legacy)), protocols, moment })
    }
}

impl ServerHello {
    /// Reads a whole handshake message; none if it is another one, or broken.
    pub(super) fn parse(message: &[u8], moment: Moment) -> Option<Self> {
        let mut input = Input::message(message, SERVER_HELLO)?;
        let legacy = input.u16()?;
        let is_retry_request = input.take(RETRY_RANDOM.len())? == RETRY_RANDOM;
        let session_id = usize::from(input.u8()?);
        input.take(session_id)?;
        let cipher_suite = CipherSuite(input.u16()?);
        let _compression_method = input.u8()?;
        let mut chosen = None;
        input.each_extension(|kind, body| {
            if let (SUPPORTED_VERSIONS, &[high, low]) = (kind, body) {
                chosen = Some(TlsVersion(u16::from_be_bytes([high, low])));
            }
        });
        Some(Self { version: chosen.unwrap_or(TlsVersion(legacy)), cipher_suite, moment, is_retry_request })
    }
}

/// The first host name of a server name extension.
fn host_name(body: &[u8]) -> Option<Box<[u8]>> {
    let mut list = Input(Input(body).vector()?);
    loop {
        let kind = list.u8()?;
        let name = list.vector()?;
        if kind == HOST_NAME && !name.is_empty() {
            return Some(name.get(..HOST_NAME_OCTETS).unwrap_or(name).into());
        }
    }
}

/// The protocols of a list, each after its length of 1 octet.
fn names(body: &[u8]) -> Vec<Box<[u8]>> {
    let mut list = Input(Input(body).vector().unwrap_or_default());
    let names = std::iter::from_fn(|| {
        let octets = usize::from(list.u8()?);
        list.take(octets)
    });
    names.take(PROTOCOLS_KEPT).map(Into::into).collect()
}

/// The highest version of a client's list. Reserved values (RFC 8701) offer nothing; a draft counts below its RFC.
fn highest(body: &[u8]) -> Option<TlsVersion> {
    let mut input = Input(body);
    let octets = usize::from(input.u8()?);
    let mut list = Input(input.take(octets)?);
    let offered = std::iter::from_fn(|| list.u16()).filter(|version| version & 0x0f0f != 0x0a0a).map(TlsVersion);
    offered.max_by_key(|version| (version.0 >> 8 == 3, *version))
}

/// Octets that are read from the front; whatever does not fit is none.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The body of a handshake message of this kind.
    fn message(message: &'a [u8], kind: u8) -> Option<Self> {
        let octets = message.get(..message_octets(message)?)?;
        let is_it = octets.first() == Some(&kind);
        if is_it { Some(Self(octets.get(HEADER_OCTETS..)?)) } else { None }
    }

    fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn u16(&mut self) -> Option<u16> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*first))
    }

    /// Octets after their length of 2 octets.
    fn vector(&mut self) -> Option<&'a [u8]> {
        let octets = self.u16()?;
        self.take(usize::from(octets))
    }

    /// Hands over what is left as extensions, as far as they are whole. An old hello has none.
    fn each_extension(mut self, mut tell: impl FnMut(u16, &'a [u8])) {
        let Some(extensions) = self.vector() else { return };
        let mut extensions = Self(extensions);
        while let (Some(kind), Some(body)) = (extensions.u16(), extensions.vector()) {
            tell(kind, body);
        }
    }
}
