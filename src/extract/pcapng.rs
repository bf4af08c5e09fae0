//! Writing pcapng (draft-ietf-opsawg-pcapng): sections, interfaces and packets, with comments. Little-endian.

use std::io::{self, Write};

use crate::capture::{LinkType, Packet};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const COMMENT: u16 = 1;
/// shb_userappl: the program that wrote the section.
const USER_APPLICATION: u16 = 4;
/// if_tsresol: here the power of ten that is a tick.
const TIME_RESOLUTION: u16 = 9;
/// if_tsoffset: seconds to add to every time.
const TIME_OFFSET: u16 = 14;

/// Added to times before 1970, which are ticks that cannot be negative: the earliest time there is.
const EARLIEST_SECS: i64 = -9_223_372_037;

/// Octets a comment may have: its length is a 16-bit field, and nobody reads more.
const MAX_COMMENT_OCTETS: usize = 16 * 1024;

/// Writes one file of many sections. A section is written with its first frame, so that none is empty.
#[derive(Debug)]
pub(super) struct PcapngWriter<W> {
    out: W,
    /// Those of the section: link type, and whether its times lie before 1970.
    interfaces: Vec<(LinkType, bool)>,
}

impl<W: Write> PcapngWriter<W> {
    pub(super) const fn new(out: W) -> Self {
        Self { out, interfaces: Vec::new() }
    }

    pub(super) fn section(&mut self, comment: &str) -> io::Result<()> {
        self.interfaces.clear();
        let mut body = Vec::new();
        body.extend(0x1a2b_3c4d_u32.to_le_bytes());
        body.extend([1, 0, 0, 0]);
        // The length of the section: not known.
        body.extend((-1_i64).to_le_bytes());
        option(&mut body, COMMENT, comment.as_bytes());
        option(&mut body, USER_APPLICATION, concat!("ehlotrace ", env!("CARGO_PKG_VERSION")).as_bytes());
        end_options(&mut body);
        self.block(SECTION_HEADER, &body)
    }

    /// Writes `packet` with `data` as its octets. Times have a resolution of a nanosecond.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, data: &[u8], comment: &str) -> io::Result<()> {
        let nanos = packet.time.as_nanos();
        let interface = self.interface(packet.link, nanos < 0)?;
        let offset = if nanos < 0 { i128::from(EARLIEST_SECS) * 1_000_000_000 } else { 0 };
        let ticks = u64::try_from(i128::from(nanos) - offset).unwrap_or_default();
        let captured = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(data.len().saturating_add(comment.len()).saturating_add(64));
        body.extend(interface.to_le_bytes());
        let [l0, l1, l2, l3, h0, h1, h2, h3] = ticks.to_le_bytes();
        body.extend([h0, h1, h2, h3, l0, l1, l2, l3]);
        body.extend(captured.to_le_bytes());
        body.extend(packet.wire_len.max(captured).to_le_bytes());
        padded(&mut body, data);
        option(&mut body, COMMENT, comment.as_bytes());
        end_options(&mut body);
        self.block(ENHANCED_PACKET, &body)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The number of an interface like this, described first where the section has none yet.
    fn interface(&mut self, link: LinkType, is_before_1970: bool) -> io::Result<u32> {
        let wanted = (link, is_before_1970);
        if let Some(at) = self.interfaces.iter().position(|interface| *interface == wanted) {
            return Ok(u32::try_from(at).unwrap_or_default());
        }
        let mut body = Vec::new();
        body.extend(link.0.to_le_bytes());
        // Reserved, then the snapshot length: no limit.
        body.extend([0; 6]);
        option(&mut body, TIME_RESOLUTION, &[9]);
        if is_before_1970 {
            option(&mut body, TIME_OFFSET, &EARLIEST_SECS.to_le_bytes());
        }
        end_options(&mut body);
        self.block(INTERFACE_DESCRIPTION, &body)?;
        self.interfaces.push(wanted);
        Ok(u32::try_from(self.interfaces.len() - 1).unwrap_or_default())
    }

    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let octets = u32::try_from(body.len().saturating_add(12)).map_err(io::Error::other)?.to_le_bytes();
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&octets)?;
        self.out.write_all(body)?;
        self.out.write_all(&octets)
    }
}

fn padded(body: &mut Vec<u8>, octets: &[u8]) {
    body.extend_from_slice(octets);
    body.resize(body.len().next_multiple_of(4), 0);
}

/// An option; one without value is left out.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let mut end = value.len().min(MAX_COMMENT_OCTETS);
    // A comment is UTF-8: it is not cut inside a character.
    while value.get(end).is_some_and(|octet| octet & 0xc0 == 0x80) {
        end -= 1;
    }
    let Some(value) = value.get(..end).filter(|value| !value.is_empty()) else { return };
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(end).unwrap_or_default().to_le_bytes());
    padded(body, value);
}

fn end_options(body: &mut Vec<u8>) {
    body.extend([0; 4]);
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::ControlFlow;

    use super::*;
    use crate::capture::{OpenOptions, open};
    use crate::time::Timestamp;

    #[test]
    fn the_reader_gives_back_what_was_written() {
        let written = [
            (1_u16, 935_847_120_123_456_789_i64, 60_u32, &b"12345"[..], "a"),
            (101, i64::MIN, 3, b"abc", ""),
            (1, -1, 4, b"abcd", "two"),
        ];
        let mut file = Vec::new();
        let mut writer = PcapngWriter::new(&mut file);
        for (link, nanos, wire_len, data, comment) in written {
            writer.section("s").unwrap();
            let time = Timestamp::from_nanos(nanos);
            let packet = Packet { frame: 7, time, link: LinkType(link), wire_len, data };
            writer.packet(&packet, data, comment).unwrap();
        }
        let mut read = Vec::new();
        let mut reader = open(Box::new(Cursor::new(file)), &OpenOptions::default()).unwrap();
        reader
            .for_each_packet(&mut |packet| {
                read.push((packet.link.0, packet.time.as_nanos(), packet.wire_len, packet.data.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
        let expected: Vec<_> =
            written.iter().map(|(link, at, wire, data, _)| (*link, *at, *wire, data.to_vec())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_long_comment_is_cut_between_characters() {
        let mut body = Vec::new();
        option(&mut body, COMMENT, "a\u{fc}".repeat(6_000).as_bytes());
        let length = usize::from(u16::from_le_bytes([body[2], body[3]]));
        assert!(std::str::from_utf8(&body[4..4 + length]).is_ok() && length > 16_000);
    }
}
