//! What a client says to a SOCKS or HTTP proxy, and what the proxy answers, before the first octet of SMTP: SOCKS 5
//! (RFC 1928, log-in RFC 1929), SOCKS 4 and 4a, HTTP's CONNECT (RFC 9110 9.3.6).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::smtp::spans::SpanKind;
use crate::time::Moment;

/// The request that a proxy connect the client to a mail server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProxyRequest {
    /// In which protocol.
    pub kind: ProxyKind,
    /// The mail server, by name or address as it was sent; none where the client did not come to ask for one.
    pub host: Option<Box<[u8]>>,
    /// Its port.
    pub port: Option<u16>,
    /// The frame with the end of the request, or of what there is of it.
    pub moment: Moment,
    /// The frame with the end of the proxy's answer, and whether that was yes.
    pub answer: Option<(Moment, bool)>,
}

impl ProxyRequest {
    /// Whether the proxy has connected the client.
    pub fn is_granted(&self) -> bool {
        self.answer.is_some_and(|(_, granted)| granted)
    }
}

/// A protocol for asking a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyKind {
    /// SOCKS 5.
    Socks5,
    /// SOCKS 4 or 4a.
    Socks4,
    /// CONNECT of HTTP.
    HttpConnect,
}

impl ProxyKind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Socks5, Self::Socks4, Self::HttpConnect];

    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Socks5 => "socks5",
            Self::Socks4 => "socks4",
            Self::HttpConnect => "http-connect",
        }
    }

    /// As the protocol is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Socks5 => "SOCKS 5",
            Self::Socks4 => "SOCKS 4",
            Self::HttpConnect => "HTTP",
        }
    }
}

/// Octets of a request or answer that are kept. Of SOCKS 5 a request has 1,040 at most; HTTP has no bound.
const MOST_OCTETS: usize = 4_096;
const CONNECT: &[u8] = b"CONNECT ";
/// Of SOCKS the only command that mail can use.
const CONNECT_COMMAND: u8 = 1;

/// A request or answer while its octets come in.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) kind: ProxyKind,
    kept: Vec<u8>,
}

/// What has come of a request or answer so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TalkProgress<T> {
    /// More is to come.
    Open,
    /// It is none; here is what was kept.
    NotOne(Vec<u8>),
    /// It is whole; the last so many octets of the input do not belong to it.
    Done(T, usize),
}

/// A request that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) host: Box<[u8]>,
    pub(super) port: Option<u16>,
    /// What its octets are: where each run begins.
    pub(super) marks: Vec<(usize, SpanKind)>,
}

/// An answer that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) is_granted: bool,
    pub(super) marks: Vec<(usize, SpanKind)>,
}

/// Why reading stops.
enum Stop {
    /// More is to come.
    Open,
    /// What there is breaks the rules of the protocol.
    NotOne,
}

impl Talk {
    /// A request, if `octets` are the beginning of one. They are the first of their connection for sure only if `is_start`;
    /// otherwise they have to be all of a first message.
    pub(super) fn begin(octets: &[u8], is_start: bool) -> Option<Self> {
        let kind = match *octets {
            [5, methods @ 1..=255, ref rest @ ..] if is_start || rest.len() == usize::from(methods) => {
                ProxyKind::Socks5
            }
            [5] if is_start => ProxyKind::Socks5,
            [4, CONNECT_COMMAND, ..] if is_start => ProxyKind::Socks4,
            _ if octets.starts_with(CONNECT) => ProxyKind::HttpConnect,
            _ => return None,
        };
        Some(Self::new(kind))
    }

    /// Nothing of it has come yet.
    pub(super) const fn new(kind: ProxyKind) -> Self {
        Self { kind, kept: Vec::new() }
    }

    /// The next octets of a request.
    pub(super) fn request(&mut self, input: &[u8]) -> TalkProgress<Asked> {
        self.read(input, |kind, reader| match kind {
            ProxyKind::Socks5 => socks5_request(reader),
            ProxyKind::Socks4 => socks4_request(reader),
            ProxyKind::HttpConnect => http_request(reader),
        })
    }

    /// The next octets of an answer.
    pub(super) fn answer(&mut self, input: &[u8]) -> TalkProgress<Answered> {
        self.read(input, |kind, reader| match kind {
            ProxyKind::Socks5 => socks5_answer(reader),
            ProxyKind::Socks4 => socks4_answer(reader),
            ProxyKind::HttpConnect => http_answer(reader),
        })
    }

    fn read<T>(
        &mut self,
        input: &[u8],
        parse: impl FnOnce(ProxyKind, &mut Reader<'_>) -> Result<T, Stop>,
    ) -> TalkProgress<T> {
        self.kept.extend_from_slice(input);
        let mut reader = Reader { octets: &self.kept, at: 0, marks: Vec::new() };
        match parse(self.kind, &mut reader) {
            Ok(found) => {
                let behind = self.kept.len().saturating_sub(reader.at);
                TalkProgress::Done(found, behind)
            }
            Err(Stop::Open) if self.kept.len() <= MOST_OCTETS => TalkProgress::Open,
            Err(_) => TalkProgress::NotOne(std::mem::take(&mut self.kept)),
        }
    }

    /// What has come so far.
    pub(super) fn into_kept(self) -> Vec<u8> {
        self.kept
    }
}

/// Reads what was kept from its start, and marks what it is.
struct Reader<'k> {
    octets: &'k [u8],
    at: usize,
    marks: Vec<(usize, SpanKind)>,
}

impl<'k> Reader<'k> {
    fn take(&mut self, octets: usize, kind: SpanKind) -> Result<&'k [u8], Stop> {
        let end = self.at.checked_add(octets).ok_or(Stop::NotOne)?;
        let taken = self.octets.get(self.at..end).ok_or(Stop::Open)?;
        if octets > 0 {
            self.marks.push((self.at, kind));
        }
        self.at = end;
        Ok(taken)
    }

    fn one(&mut self) -> Result<u8, Stop> {
        self.take(1, SpanKind::ProxyTalk)?.first().copied().ok_or(Stop::Open)
    }

    /// An octet that can only be one of these.
    fn only(&mut self, known: &[u8]) -> Result<u8, Stop> {
        let octet = self.one()?;
        if known.contains(&octet) { Ok(octet) } else { Err(Stop::NotOne) }
    }

    /// A run that has its length before it.
    fn counted(&mut self, kind: SpanKind) -> Result<&'k [u8], Stop> {
        let octets = self.one()?;
        self.take(usize::from(octets), kind)
    }

    /// What stands before the next zero, which is passed over.
    fn until_zero(&mut self, kind: SpanKind) -> Result<&'k [u8], Stop> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let octets = memchr::memchr(0, rest).ok_or(Stop::Open)?;
        let found = self.take(octets, kind)?;
        self.one()?;
        Ok(found)
    }

    /// The next line, without its end.
    fn line(&mut self, marks: impl FnOnce(&mut Self, &'k [u8])) -> Result<&'k [u8], Stop> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let octets = memchr::memchr(b'\n', rest).ok_or(Stop::Open)?;
        let line = rest.get(..octets).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        marks(self, line);
        self.marks.push((self.at + line.len(), SpanKind::Line));
        self.at += octets + 1;
        Ok(line)
    }

    /// The lines up to the empty one, of this kind.
    fn header(&mut self, kind: SpanKind) -> Result<(), Stop> {
        while !self
            .line(|reader, line| {
                if !line.is_empty() {
                    reader.marks.push((reader.at, kind))
                }
            })?
            .is_empty()
        {}
        Ok(())
    }

    fn port(&mut self) -> Result<u16, Stop> {
        let octets = self.take(2, SpanKind::Proxied)?;
        octets.first_chunk().map(|octets| u16::from_be_bytes(*octets)).ok_or(Stop::Open)
    }

    fn v4(&mut self) -> Result<Ipv4Addr, Stop> {
        let octets = self.take(4, SpanKind::Proxied)?;
        octets.first_chunk().map(|octets: &[u8; 4]| Ipv4Addr::from(*octets)).ok_or(Stop::Open)
    }

    /// Kind, address or name, and port, as SOCKS 5 has them.
    fn socks5_end(&mut self) -> Result<(Box<[u8]>, u16), Stop> {
        let host = match self.only(&[1, 3, 4])? {
            1 => self.v4()?.to_string().into_bytes(),
            3 => self.counted(SpanKind::Parameter)?.to_vec(),
            _ => {
                let octets = self.take(16, SpanKind::Proxied)?;
                let v6: &[u8; 16] = octets.first_chunk().ok_or(Stop::Open)?;
                Ipv6Addr::from(*v6).to_string().into_bytes()
            }
        };
        Ok((host.into(), self.port()?))
    }

    fn asked(&mut self, host: Box<[u8]>, port: Option<u16>) -> Asked {
        Asked { host, port, marks: std::mem::take(&mut self.marks) }
    }

    fn answered(&mut self, is_granted: bool) -> Answered {
        Answered { is_granted, marks: std::mem::take(&mut self.marks) }
    }
}

/// The methods offered, perhaps user name and password, the request: RFC 1928 3, 4, RFC 1929 2.
fn socks5_request(reader: &mut Reader<'_>) -> Result<Asked, Stop> {
    reader.only(&[5])?;
    reader.counted(SpanKind::ProxyTalk)?;
    if reader.only(&[1, 5])? == 1 {
        reader.counted(SpanKind::Secret)?;
        reader.counted(SpanKind::Secret)?;
        reader.only(&[5])?;
    }
    reader.only(&[CONNECT_COMMAND])?;
    reader.only(&[0])?;
    let (host, port) = reader.socks5_end()?;
    Ok(reader.asked(host, Some(port)))
}

/// The method chosen, perhaps whether the log-in succeeded, the reply: RFC 1928 3, 6, RFC 1929 2.
fn socks5_answer(reader: &mut Reader<'_>) -> Result<Answered, Stop> {
    const NO_METHOD: u8 = 0xff;
    reader.only(&[5])?;
    if reader.one()? == NO_METHOD {
        return Ok(reader.answered(false));
    }
    if reader.only(&[1, 5])? == 1 {
        if reader.one()? != 0 {
            return Ok(reader.answered(false));
        }
        reader.only(&[5])?;
    }
    let status = reader.one()?;
    reader.only(&[0])?;
    reader.socks5_end()?;
    Ok(reader.answered(status == 0))
}

/// Port, address, user, and in 4a a name where the address is 0.0.0.x.
fn socks4_request(reader: &mut Reader<'_>) -> Result<Asked, Stop> {
    reader.only(&[4])?;
    reader.only(&[CONNECT_COMMAND])?;
    let port = reader.port()?;
    let address = match reader.octets.get(reader.at..reader.at.saturating_add(4)) {
        Some(&[0, 0, 0, 1..=255]) => None,
        _ => Some(reader.v4()?),
    };
    if address.is_none() {
        reader.take(4, SpanKind::ProxyTalk)?;
    }
    reader.until_zero(SpanKind::Secret)?;
    let host = match address {
        Some(address) => address.to_string().into_bytes(),
        None => reader.until_zero(SpanKind::Parameter)?.to_vec(),
    };
    Ok(reader.asked(host.into(), Some(port)))
}

fn socks4_answer(reader: &mut Reader<'_>) -> Result<Answered, Stop> {
    const GRANTED: u8 = 90;
    reader.only(&[0])?;
    let status = reader.only(&[GRANTED, 91, 92, 93])?;
    reader.take(6, SpanKind::Proxied)?;
    Ok(reader.answered(status == GRANTED))
}

/// `CONNECT mx.example.net:25 HTTP/1.1` and a header, in which a password may stand.
fn http_request(reader: &mut Reader<'_>) -> Result<Asked, Stop> {
    let line = reader.line(|reader, line| {
        let target = line.get(CONNECT.len()..).unwrap_or_default();
        let octets = target.iter().take_while(|octet| **octet != b' ').count();
        let target_at = reader.at + CONNECT.len();
        let marks =
            [(reader.at, SpanKind::Line), (target_at, SpanKind::Parameter), (target_at + octets, SpanKind::Line)];
        reader.marks.extend(marks);
    })?;
    let mut words = line.split(|octet| *octet == b' ');
    let (Some(b"CONNECT"), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Stop::NotOne);
    };
    if !version.starts_with(b"HTTP/1.") {
        return Err(Stop::NotOne);
    }
    reader.header(SpanKind::Secret)?;
    let colon = target.iter().rposition(|octet| *octet == b':');
    let (host, port) = target.split_at(colon.unwrap_or(target.len()));
    let host = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host);
    let port = std::str::from_utf8(port.get(1..).unwrap_or_default()).ok().and_then(|port| port.parse().ok());
    Ok(reader.asked(host.into(), port))
}

/// The status line, and a header.
fn http_answer(reader: &mut Reader<'_>) -> Result<Answered, Stop> {
    const STATUS_AT: usize = b"HTTP/1.1 ".len();
    const VERSION: &[u8] = b"HTTP/1.";
    if reader.octets.iter().zip(VERSION).any(|(one, other)| one != other) {
        return Err(Stop::NotOne);
    }
    let line = reader.line(|reader, _| {
        reader.marks.extend([(reader.at, SpanKind::Line), (reader.at + STATUS_AT + 3, SpanKind::Parameter)]);
    })?;
    let is_granted = line.get(STATUS_AT) == Some(&b'2');
    reader.header(SpanKind::Parameter)?;
    Ok(reader.answered(is_granted))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &[u8] = b"\x05\x01\x00\x05\x01\x00\x03\x0emx.example.net\x00\x19";
    const V4: &[u8] = b"\x05\x02\x00\x02\x05\x01\x00\x01\xc0\x00\x02\x19\x00\x19";
    const LOG_IN: &[u8] = b"\x05\x01\x02\x01\x03ann\x06secret\x05\x01\x00\x03\x02mx\x02\x4b";
    const FOUR: &[u8] = b"\x04\x01\x00\x19\xc0\x00\x02\x19ann\x00";
    const FOUR_A: &[u8] = b"\x04\x01\x00\x19\x00\x00\x00\x01\x00mx.example.net\x00";
    const HTTP: &[u8] = b"CONNECT mx.example.net:25 HTTP/1.1\r\nProxy-Authorization: Basic YW5uOng=\r\n\r\n";
    const HTTP_V6: &[u8] = b"CONNECT [2001:db8::25]:587 HTTP/1.0\n\n";

    fn v6() -> Vec<u8> {
        [&b"\x05\x01\x00\x05\x01\x00\x04\x20\x01\x0d\xb8"[..], &[0; 11], b"\x25\x00\x19"].concat()
    }

    /// What is asked for in `octets`, of which pieces of `size` come, with the dialogue behind it.
    fn asked(octets: &[u8], size: usize) -> Option<(ProxyKind, Asked)> {
        let mut talk = Talk::begin(octets, true)?;
        let stream = [octets, b"EHLO x\r\n"].concat();
        let mut left = stream.len();
        for piece in stream.chunks(size) {
            left -= piece.len();
            match talk.request(piece) {
                TalkProgress::Open => {}
                TalkProgress::NotOne(_) => return None,
                TalkProgress::Done(asked, behind) => {
                    assert_eq!(left + behind, 8, "by {size}");
                    return Some((talk.kind, asked));
                }
            }
        }
        None
    }

    #[test]
    fn every_kind_of_request_is_read_whatever_pieces_it_comes_in() {
        let v6 = v6();
        for (octets, kind, host, port) in [
            (NAME, ProxyKind::Socks5, "mx.example.net", 25),
            (V4, ProxyKind::Socks5, "192.0.2.25", 25),
            (&v6, ProxyKind::Socks5, "2001:db8::25", 25),
            (LOG_IN, ProxyKind::Socks5, "mx", 587),
            (FOUR, ProxyKind::Socks4, "192.0.2.25", 25),
            (FOUR_A, ProxyKind::Socks4, "mx.example.net", 25),
            (HTTP, ProxyKind::HttpConnect, "mx.example.net", 25),
            (HTTP_V6, ProxyKind::HttpConnect, "2001:db8::25", 587),
        ] {
            for size in [1, 3, 7, 1_000] {
                let (found, asked) = asked(octets, size).unwrap();
                let told = (found, &*asked.host, asked.port);
                assert_eq!(told, (kind, host.as_bytes(), Some(port)), "{} by {size}", octets.escape_ascii());
            }
        }
    }

    /// The octets with what may be private replaced.
    fn told(octets: &[u8]) -> String {
        let marks = asked(octets, 1_000).unwrap().1.marks;
        let kind = |at: usize| marks.iter().rev().find(|(from, _)| *from <= at).map(|(_, kind)| *kind);
        let mask = |(at, octet): (usize, &u8)| match kind(at) {
            Some(SpanKind::Secret) => b'*',
            Some(SpanKind::Parameter) => b'p',
            Some(SpanKind::Proxied) => b'a',
            _ => *octet,
        };
        octets.iter().enumerate().map(mask).collect::<Vec<_>>().escape_ascii().to_string()
    }

    #[test]
    fn passwords_names_and_addresses_are_told_apart() {
        assert_eq!(told(LOG_IN), r"\x05\x01\x02\x01\x03***\x06******\x05\x01\x00\x03\x02ppaa");
        assert_eq!(told(FOUR), r"\x04\x01aaaaaa***\x00");
        assert_eq!(told(FOUR_A), r"\x04\x01aa\x00\x00\x00\x01\x00pppppppppppppp\x00");
        let header = "*".repeat("Proxy-Authorization: Basic YW5uOng=".len());
        assert_eq!(told(HTTP), format!(r"CONNECT {} HTTP/1.1\r\n{header}\r\n\r\n", "p".repeat(17)));
    }

    #[test]
    fn what_only_begins_like_a_request_is_none() {
        for octets in [
            &b"EHLO x\r\n"[..],
            b"\x05\x00",
            b"\x05\x01\x00\x05\x02\x00\x01\xc0\x00\x02\x19\x00\x19",
            b"\x05\x01\x00\x05\x01\x00\x02\xc0\x00\x02\x19\x00\x19",
            b"\x05\x01\x00EHLO x\r\n",
            b"\x04\x02\x00\x19\xc0\x00\x02\x19\x00",
            b"CONNECT mx.example.net:25\r\n\r\n",
            b"CONNECT a b HTTP/1.1\r\n\r\n",
            b"CONNECT a SIP/2.0\r\n\r\n",
        ] {
            assert!(asked(octets, 1_000).is_none(), "{}", octets.escape_ascii());
        }
        assert!(Talk::begin(b"\x05\x01\x00", false).is_some() && Talk::begin(b"\x05\x02\x00", false).is_none());
    }

    #[test]
    fn an_endless_request_is_given_back() {
        for start in [&b"CONNECT x HTTP/1.1\r\n"[..], b"\x04\x01\x00\x19\xc0\x00\x02\x19"] {
            let mut talk = Talk::begin(start, true).unwrap();
            let mut octets = start.to_vec();
            loop {
                match talk.request(&octets) {
                    TalkProgress::Open => octets = vec![b'x'; 100],
                    TalkProgress::NotOne(kept) => break assert!(kept.len() < MOST_OCTETS + 200),
                    TalkProgress::Done(..) => panic!("no end"),
                }
            }
        }
    }

    #[test]
    fn answers_say_yes_or_no() {
        for (kind, octets, is_granted) in [
            (ProxyKind::Socks5, &b"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x10\x00"[..], Some(true)),
            (ProxyKind::Socks5, b"\x05\x02\x01\x00\x05\x00\x00\x03\x01x\x10\x00", Some(true)),
            (ProxyKind::Socks5, b"\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", Some(false)),
            (ProxyKind::Socks5, b"\x05\xff", Some(false)),
            (ProxyKind::Socks5, b"\x05\x02\x01\x01", Some(false)),
            (ProxyKind::Socks5, b"220 mx", None),
            (ProxyKind::Socks5, b"\x05\x00220 mx", None),
            (ProxyKind::Socks4, b"\x00\x5a\x00\x00\x00\x00\x00\x00", Some(true)),
            (ProxyKind::Socks4, b"\x00\x5b\x00\x00\x00\x00\x00\x00", Some(false)),
            (ProxyKind::Socks4, b"\x00\x00\x00\x00\x00\x00\x00\x00", None),
            (ProxyKind::HttpConnect, b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n", Some(true)),
            (ProxyKind::HttpConnect, b"HTTP/1.0 407 Log in\r\n\r\n", Some(false)),
            (ProxyKind::HttpConnect, b"220 mx\r\n\r\n", None),
        ] {
            for size in [1, 5, 1_000] {
                let mut talk = Talk::new(kind);
                let answers = octets.chunks(size).map(|piece| talk.answer(piece));
                let found =
                    answers.skip_while(|progress| matches!(progress, TalkProgress::Open)).find_map(|progress| {
                        if let TalkProgress::Done(answered, 0) = progress { Some(answered.is_granted) } else { None }
                    });
                assert_eq!(found, is_granted, "{} by {size}", octets.escape_ascii());
            }
        }
    }
}
