//! The PROXY protocol of HAProxy, versions 1 and 2: a header before the first octet of SMTP, in which a proxy or load
//! balancer says for whom it connects (`doc/proxy-protocol.txt` of HAProxy).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::smtp::transcript::Refusal;
use crate::time::Moment;

/// The header of a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProxyHeader {
    /// 1, a line of text, or 2, binary.
    pub version: u8,
    /// What it says.
    pub content: ProxyContent,
    /// The frame with its last octet.
    pub moment: Moment,
    /// The reply of a server that does not know what it is.
    pub refusal: Option<Refusal>,
}

/// What a header says of the connection behind the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyContent {
    /// The ends of the connection that the proxy took.
    Ends {
        /// Who connected to the proxy.
        client: SocketAddr,
        /// What it connected to.
        server: SocketAddr,
    },
    /// The proxy speaks for itself: it looks whether the server is alive.
    Local,
    /// The proxy does not say: `UNKNOWN`, or addresses of another kind.
    Unknown,
    /// It breaks the rules of the protocol.
    Malformed,
    /// The capture lacks a part of it.
    Cut,
}

impl ProxyContent {
    /// The stable words for reports.
    pub const CODES: [&'static str; 5] = ["proxied", "local", "unknown", "malformed", "cut"];

    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        let [proxied, local, unknown, malformed, cut] = Self::CODES;
        match self {
            Self::Ends { .. } => proxied,
            Self::Local => local,
            Self::Unknown => unknown,
            Self::Malformed => malformed,
            Self::Cut => cut,
        }
    }
}

const TEXT_SIGNATURE: &[u8] = b"PROXY ";
/// Octets of the longest line of version 1, CRLF included.
const LONGEST_LINE: usize = 107;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Octets of a header of version 2 up to the addresses.
pub(super) const FIXED_OCTETS: usize = 16;
/// Octets of two IPv6 addresses and ports; of what follows, further facts as TLVs, nothing is kept.
const LONGEST_ADDRESSES: usize = 36;

/// A header while its octets come in.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    kept: Vec<u8>,
    /// Octets that are still to come, once that is known.
    left: Option<usize>,
    is_cut: bool,
    /// The frame of the octets read last.
    moment: Moment,
}

/// What has come of the octets so far.
#[derive(Debug)]
pub(super) enum Progress {
    /// More are to come.
    Open,
    /// They are no header; here they are.
    NotOne(Vec<u8>),
    /// The header is whole.
    Done,
}

impl HeaderReader {
    /// Whether `octets`, the first of a connection, may begin a header.
    pub(super) fn may_begin(octets: &[u8]) -> bool {
        [SIGNATURE, TEXT_SIGNATURE].iter().any(|known| octets.iter().zip(*known).all(|(one, other)| one == other))
    }

    /// Whether `octets` begin one though they may not be the first of their connection.
    pub(super) fn surely_begins(octets: &[u8]) -> bool {
        [SIGNATURE, b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN"].iter().any(|known| octets.starts_with(known))
    }

    /// Takes octets of the header off the front of `input`.
    pub(super) fn read(&mut self, input: &mut &[u8], moment: Moment) -> Progress {
        self.moment = moment;
        while let Some((octet, rest)) = input.split_first() {
            if let Some(left) = self.left.filter(|_| self.kept.len() >= FIXED_OCTETS + LONGEST_ADDRESSES) {
                let step = left.min(input.len());
                *input = input.get(step..).unwrap_or_default();
                self.pass(step);
            } else {
                *input = rest;
                self.push(*octet);
            }
            match self.progress() {
                Progress::Open => {}
                other => return other,
            }
        }
        Progress::Open
    }

    fn push(&mut self, octet: u8) {
        // Of a line over the bound the beginning is kept, and its end.
        if self.kept.len() > LONGEST_LINE {
            self.kept.pop();
        }
        self.kept.push(octet);
        match self.left {
            Some(_) => self.pass(1),
            None if self.kept.len() == FIXED_OCTETS && !self.is_text() => {
                self.left = self.kept.last_chunk().map(|&length| usize::from(u16::from_be_bytes(length)));
            }
            None => {}
        }
    }

    fn pass(&mut self, octets: usize) {
        self.left = self.left.map(|left| left.saturating_sub(octets));
    }

    fn progress(&self) -> Progress {
        match self.left {
            _ if !Self::may_begin(&self.kept) => Progress::NotOne(self.kept.clone()),
            Some(0) => Progress::Done,
            None if self.is_text() && self.kept.last() == Some(&b'\n') => Progress::Done,
            _ => Progress::Open,
        }
    }

    fn is_text(&self) -> bool {
        self.kept.first() == Some(&b'P')
    }

    /// The octets so far, if they do not tell yet that they are a header.
    pub(super) fn undecided(&self) -> Option<&[u8]> {
        let signature = if self.is_text() { TEXT_SIGNATURE } else { SIGNATURE };
        (self.kept.len() < signature.len()).then_some(&self.kept)
    }

    /// The next `octets` octets are missing. False if the end of the header may be among them.
    pub(super) fn skip(&mut self, octets: u64) -> bool {
        self.is_cut = true;
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        let is_within = self.left.is_some_and(|left| octets <= left);
        if is_within {
            self.pass(octets);
        }
        is_within
    }

    /// Whether nothing of it is to come any more.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.progress(), Progress::Done)
    }

    /// The frame of the octets read last.
    pub(super) const fn moment(&self) -> Moment {
        self.moment
    }

    /// The line of version 1 without its end; none of version 2.
    pub(super) fn text(&self) -> Option<&[u8]> {
        self.is_text().then(|| self.kept.trim_ascii_end())
    }

    /// What the header says. One that has no end is cut.
    pub(super) fn finish(&self) -> ProxyHeader {
        let is_cut = self.is_cut || !self.is_done();
        let (version, parsed) =
            if self.is_text() { (1, parse_text(&self.kept)) } else { (2, parse_binary(&self.kept)) };
        let content = if is_cut { ProxyContent::Cut } else { parsed.unwrap_or(ProxyContent::Malformed) };
        ProxyHeader { version, content, moment: self.moment, refusal: None }
    }
}

/// Version 1: `PROXY TCP4 203.0.113.9 192.0.2.25 40000 25` and CRLF. None if it is malformed.
fn parse_text(line: &[u8]) -> Option<ProxyContent> {
    let line = Some(line).filter(|line| line.len() <= LONGEST_LINE)?.strip_suffix(b"\r\n")?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ').skip(1);
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(ProxyContent::Unknown);
    }
    let [from, to, from_port, to_port] = [words.next()?, words.next()?, words.next()?, words.next()?];
    let end = |address: &str, port: &str| {
        let address = match family {
            "TCP4" => address.parse::<Ipv4Addr>().ok()?.into(),
            "TCP6" => address.parse::<Ipv6Addr>().ok()?.into(),
            _ => return None,
        };
        let port = Some(port).filter(|port| port.bytes().all(|octet| octet.is_ascii_digit()))?.parse().ok()?;
        Some(SocketAddr::new(address, port))
    };
    let content = ProxyContent::Ends { client: end(from, from_port)?, server: end(to, to_port)? };
    words.next().is_none().then_some(content)
}

/// Version 2, of which the TLVs behind the addresses are passed over. None if it is malformed.
fn parse_binary(header: &[u8]) -> Option<ProxyContent> {
    let [command, family, high, low] = *header.get(SIGNATURE.len()..)?.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let addresses = header.get(FIXED_OCTETS..).unwrap_or_default();
    let addresses = addresses.get(..length.min(addresses.len()))?;
    match (command, family) {
        (0x20, _) => Some(ProxyContent::Local),
        (0x21, 0x11) => {
            let [a, b, c, d, e, f, g, h, ports @ ..]: [u8; 12] = *addresses.first_chunk()?;
            ends([[a, b, c, d], [e, f, g, h]], ports)
        }
        (0x21, 0x21) => {
            let (from, rest) = addresses.split_first_chunk::<16>()?;
            let (to, rest) = rest.split_first_chunk::<16>()?;
            ends([*from, *to], *rest.first_chunk()?)
        }
        // Unspecified, datagrams, sockets of Unix.
        (0x21, 0x00..=0x02 | 0x12 | 0x22 | 0x31 | 0x32) => Some(ProxyContent::Unknown),
        _ => None,
    }
}

fn ends<A: Into<std::net::IpAddr>>(addresses: [A; 2], [a, b, c, d]: [u8; 4]) -> Option<ProxyContent> {
    let [from, to] = addresses.map(Into::into);
    let client = SocketAddr::new(from, u16::from_be_bytes([a, b]));
    Some(ProxyContent::Ends { client, server: SocketAddr::new(to, u16::from_be_bytes([c, d])) })
}

/// Whether the text of a refusal says that a header is missing or not wanted. The open proxies of block lists are another
/// matter.
pub(crate) fn names_proxy_header(text: &[u8]) -> bool {
    const PHRASES: [&str; 6] =
        ["proxy header", "proxy protocol", "proxy negotiation", "proxy not allowed", "proxy timed out", "proxy format"];
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    PHRASES.iter().any(|phrase| text.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader makes of `octets` in pieces of `size`, and how many octets are left.
    fn read(octets: &[u8], size: usize) -> (Option<(u8, ProxyContent)>, usize) {
        let mut reader = HeaderReader::default();
        let mut left = octets.len();
        for piece in octets.chunks(size) {
            let mut input = piece;
            let progress = reader.read(&mut input, Moment::default());
            left -= piece.len() - input.len();
            match progress {
                Progress::Open => {}
                Progress::NotOne(held) => return (None, left + held.len()),
                Progress::Done => {
                    let header = reader.finish();
                    return (Some((header.version, header.content)), left);
                }
            }
        }
        let header = reader.finish();
        (Some((header.version, header.content)), left)
    }

    fn binary(command: u8, family: u8, length: u16, rest: &[u8]) -> Vec<u8> {
        [SIGNATURE, &[command, family], &length.to_be_bytes(), rest].concat()
    }

    fn ends(client: &str, server: &str) -> ProxyContent {
        ProxyContent::Ends { client: client.parse().unwrap(), server: server.parse().unwrap() }
    }

    #[test]
    fn both_versions_are_read_whatever_pieces_they_come_in() {
        let v4 = ends("203.0.113.9:40000", "192.0.2.25:25");
        let v6 = ends("[2001:db8::9]:40000", "[2001:db8::25]:25");
        let four = [203, 0, 113, 9, 192, 0, 2, 25, 0x9c, 0x40, 0, 25];
        let mut six = [0; 36];
        six[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        six[15] = 9;
        six[16..20].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        six[31] = 0x25;
        six[32..].copy_from_slice(&[0x9c, 0x40, 0, 25]);
        let tlvs = [&four[..], &[0xea; 300]].concat();
        for (header, version, content) in [
            (b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 25\r\n".to_vec(), 1, v4),
            (b"PROXY TCP6 2001:db8::9 2001:db8::25 40000 25\r\n".to_vec(), 1, v6),
            (b"PROXY UNKNOWN ffff::1 what 1 2\r\n".to_vec(), 1, ProxyContent::Unknown),
            (b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 25\n".to_vec(), 1, ProxyContent::Malformed),
            (b"PROXY TCP4 203.0.113.9 192.0.2.25 40000\r\n".to_vec(), 1, ProxyContent::Malformed),
            (b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 25 1\r\n".to_vec(), 1, ProxyContent::Malformed),
            (b"PROXY TCP4 2001:db8::9 192.0.2.25 40000 25\r\n".to_vec(), 1, ProxyContent::Malformed),
            (b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 70000\r\n".to_vec(), 1, ProxyContent::Malformed),
            (b"PROXY TCP4 203.0.113.9 192.0.2.25 +1 25\r\n".to_vec(), 1, ProxyContent::Malformed),
            ([b"PROXY UNKNOWN ".as_slice(), &[b'x'; 5_000], b"\r\n"].concat(), 1, ProxyContent::Malformed),
            (binary(0x21, 0x11, 12, &four), 2, v4),
            (binary(0x21, 0x11, 312, &tlvs), 2, v4),
            (binary(0x21, 0x21, 36, &six), 2, v6),
            (binary(0x20, 0x00, 0, &[]), 2, ProxyContent::Local),
            (binary(0x20, 0x11, 12, &four), 2, ProxyContent::Local),
            (binary(0x21, 0x31, 216, &[0; 216]), 2, ProxyContent::Unknown),
            (binary(0x21, 0x11, 11, &four[..11]), 2, ProxyContent::Malformed),
            (binary(0x21, 0x11, 0, &[]), 2, ProxyContent::Malformed),
            (binary(0x31, 0x11, 12, &four), 2, ProxyContent::Malformed),
            (binary(0x21, 0x44, 12, &four), 2, ProxyContent::Malformed),
            (binary(0x21, 0x11, u16::MAX, &[1; 65_535]), 2, ends("1.1.1.1:257", "1.1.1.1:257")),
        ] {
            for size in [1, 7, 13, 4_096, 100_000] {
                let stream = [&header[..], b"EHLO x\r\n"].concat();
                let shown = header.get(..60).unwrap_or(&header).escape_ascii().to_string();
                assert_eq!(read(&stream, size), (Some((version, content)), 8), "{shown} by {size}");
            }
        }
    }

    #[test]
    fn what_only_begins_like_a_header_is_given_back() {
        for octets in [&b"\r\nEHLO x\r\n"[..], b"PROPFIND /", b"EHLO x\r\n", b"\r\n\r\n\0\r\nQUIT\r\n"] {
            for size in [1, 5, 100] {
                assert_eq!(read(octets, size), (None, octets.len()), "{} by {size}", octets.escape_ascii());
            }
        }
        assert!(!HeaderReader::may_begin(b"EHLO x") && HeaderReader::may_begin(b"P") && HeaderReader::may_begin(b"\r"));
    }

    #[test]
    fn a_header_without_its_end_is_cut() {
        assert_eq!(read(b"PROXY TCP4 203.0", 100), (Some((1, ProxyContent::Cut)), 0));
        assert_eq!(read(&binary(0x21, 0x11, 12, &[1, 2]), 100), (Some((2, ProxyContent::Cut)), 0));
        let mut reader = HeaderReader::default();
        reader.read(&mut &binary(0x21, 0x11, 12, &[1, 2])[..], Moment::default());
        assert!(!reader.skip(11) && reader.skip(10) && reader.is_done());
        assert_eq!(reader.finish().content, ProxyContent::Cut);
    }

    #[test]
    fn a_refusal_over_the_header_is_told_from_one_over_an_open_proxy() {
        for text in ["no PROXY header", "PROXY not allowed from 192.0.2.1", "required Proxy negotiation failed"] {
            assert!(names_proxy_header(text.as_bytes()), "{text}");
        }
        for text in ["192.0.2.1 is an open proxy", "Error: bad syntax"] {
            assert!(!names_proxy_header(text.as_bytes()), "{text}");
        }
    }
}
