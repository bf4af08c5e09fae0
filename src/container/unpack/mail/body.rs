//! The body of one part, with its transfer encoding taken off (RFC 2045 6).

use std::io::{self, Read};

use super::lines::{MailLines, Stop};
use crate::base64;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, or anything unknown.
    Identity,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    pub(super) fn of(name: &str) -> Self {
        let name = name.trim();
        if name.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if name.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Identity
        }
    }
}

/// The decoded octets of a part. One that ends with the input, inside a multipart body, is cut off.
pub(super) struct Body<'a> {
    lines: &'a mut MailLines,
    encoding: Encoding,
    stop: Option<Stop>,
    /// Decoded octets, given up to `given`.
    ready: Vec<u8>,
    given: usize,
    /// The end of the last line: it belongs to the boundary, if one follows.
    ending: Vec<u8>,
    /// Digits of base64 that are no whole quad yet.
    digits: Vec<u8>,
}

impl<'a> Body<'a> {
    pub(super) fn new(lines: &'a mut MailLines, encoding: Encoding) -> Self {
        Self { lines, encoding, stop: None, ready: Vec::new(), given: 0, ending: Vec::new(), digits: Vec::new() }
    }

    /// What ended it, when it was read to its end.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.stop
    }

    fn decode_line(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        self.stop = self.lines.next()?;
        if self.stop.is_some() {
            base64::decode(&self.digits, &mut self.ready);
            return Ok(());
        }
        match self.encoding {
            Encoding::Base64 => {
                // Padding ends a quad, and not the body: some programs encode in pieces. What is no digit is passed over
                // (RFC 2045 6.8).
                for piece in self.lines.content().split_inclusive(|&octet| octet == b'=') {
                    self.digits.extend(piece.iter().filter(|octet| base64::is_digit(**octet)));
                    let held = if piece.ends_with(b"=") { 0 } else { self.digits.len() % 4 };
                    let whole = self.digits.len() - held;
                    base64::decode(self.digits.get(..whole).unwrap_or_default(), &mut self.ready);
                    self.digits.drain(..whole);
                }
            }
            Encoding::Identity => {
                self.ready.append(&mut self.ending);
                self.ready.extend_from_slice(self.lines.content());
                self.ending.extend_from_slice(self.lines.ending());
            }
            Encoding::QuotedPrintable => {
                self.ready.append(&mut self.ending);
                if !unquote(self.lines.content(), &mut self.ready) {
                    self.ending.extend_from_slice(self.lines.ending());
                }
            }
        }
        Ok(())
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            match self.stop {
                None => self.decode_line()?,
                Some(Stop::End) if self.lines.depth() > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(_) => return Ok(0),
            }
        }
        let n = self.ready.get(self.given..).unwrap_or_default().read(buf)?;
        self.given += n;
        Ok(n)
    }
}

/// Decodes a line of quoted-printable; whether its end does not count. What is no valid quoting stays as it is.
fn unquote(line: &[u8], into: &mut Vec<u8>) -> bool {
    let mut rest = line.trim_ascii_end();
    let is_soft = rest.ends_with(b"=");
    if is_soft {
        rest = rest.strip_suffix(b"=").unwrap_or(rest);
    }
    while let Some((&octet, after)) = rest.split_first() {
        let quoted = match after {
            [high, low, after @ ..] if octet == b'=' => hex(*high).zip(hex(*low)).map(|pair| (pair, after)),
            _ => None,
        };
        (rest, _) = match quoted {
            Some(((high, low), after)) => (after, into.push(high << 4 | low)),
            None => (after, into.push(octet)),
        };
    }
    is_soft
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
