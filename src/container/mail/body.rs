//! The body of one part, with its transfer encoding taken off (RFC 2045 6).

use std::io::{self, Read};

use super::lines::{Lines, Stop};

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
    lines: &'a mut Lines,
    encoding: Encoding,
    stop: Option<Stop>,
    /// Decoded octets, given up to `given`.
    ready: Vec<u8>,
    given: usize,
    /// The end of the last line: it belongs to the boundary, if one follows.
    ending: Vec<u8>,
    quad: Quad,
}

impl<'a> Body<'a> {
    pub(super) fn new(lines: &'a mut Lines, encoding: Encoding) -> Self {
        Self { lines, encoding, stop: None, ready: Vec::new(), given: 0, ending: Vec::new(), quad: Quad::default() }
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
            self.quad.flush(&mut self.ready);
            return Ok(());
        }
        match self.encoding {
            Encoding::Base64 => self.lines.content().iter().for_each(|&octet| self.quad.add(octet, &mut self.ready)),
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

/// Four digits of base64 as they come. What is no digit is passed over (RFC 2045 6.8).
#[derive(Default)]
struct Quad {
    bits: u32,
    digits: u8,
}

impl Quad {
    fn add(&mut self, digit: u8, into: &mut Vec<u8>) {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            // Padding ends a quad, and not the body: some programs encode in pieces.
            b'=' => return self.flush(into),
            _ => return,
        };
        self.bits = self.bits << 6 | u32::from(value);
        self.digits += 1;
        if self.digits == 4 {
            self.flush(into);
        }
    }

    fn flush(&mut self, into: &mut Vec<u8>) {
        let octets = match self.digits {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => 0,
        };
        let [_, bits @ ..] = (self.bits << (6 * (4 - u32::from(self.digits)))).to_be_bytes();
        into.extend(bits.iter().take(octets));
        *self = Self::default();
    }
}
