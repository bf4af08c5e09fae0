//! Writing pcapng (draft-ietf-opsawg-pcapng): sections, interfaces and packets, with comments. Little-endian.

use std::io::{self, Write};

use crate::capture::{InterfaceInfo, LinkType, Packet};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const COMMENT: u16 = 1;
/// shb_userappl: the program that wrote the section.
const USER_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
/// if_tsresol: here the power of ten that is a tick.
const TIME_RESOLUTION: u16 = 9;
/// if_tsoffset: seconds to add to every time.
const TIME_OFFSET: u16 = 14;

/// Added to times before 1970, which are ticks that cannot be negative: the earliest time there is.
const EARLIEST_SECS: i64 = -9_223_372_037;

/// if_tsresol where the capture's own cannot be kept.
const NANOSECONDS: u8 = 9;

/// Octets a comment may have: its length is a 16-bit field, and nobody reads more.
const MAX_COMMENT_OCTETS: usize = 16 * 1024;

/// Writes one file of many sections. A section is written with its first frame, so that none is empty.
#[derive(Debug)]
pub(super) struct PcapngWriter<W> {
    out: W,
    /// Those of the capture that the section is of.
    originals: Vec<InterfaceInfo>,
    /// Those of the section.
    interfaces: Vec<Interface>,
}

/// What an interface of the section stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interface {
    /// The capture's own number of it.
    number: u32,
    link: LinkType,
    resolution: u8,
    is_before_1970: bool,
}

impl<W: Write> PcapngWriter<W> {
    pub(super) const fn new(out: W) -> Self {
        Self { out, originals: Vec::new(), interfaces: Vec::new() }
    }

    /// Begins a section for frames of a capture with these interfaces.
    pub(super) fn section(&mut self, comment: &str, originals: &[InterfaceInfo]) -> io::Result<()> {
        self.originals = originals.to_vec();
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

    /// Writes `packet` with `data` as its octets. The unit of time is that of its interface where that is a power of ten and
    /// no shorter than the nanosecond times are kept in, else the nanosecond.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, data: &[u8], comment: &str) -> io::Result<()> {
        let nanos = packet.time.as_nanos();
        let resolution = self.original(packet).map_or(NANOSECONDS, |original| original.resolution);
        let unit = i64::from(NANOSECONDS.saturating_sub(resolution));
        let unit = 10_i64.pow(u32::try_from(unit).unwrap_or_default());
        let (resolution, unit) = if nanos % unit == 0 { (resolution.min(NANOSECONDS), unit) } else { (NANOSECONDS, 1) };
        let interface = self.interface(packet, resolution)?;
        let offset = if nanos < 0 { i128::from(EARLIEST_SECS) * 1_000_000_000 } else { 0 };
        let ticks = u64::try_from((i128::from(nanos) - offset) / i128::from(unit)).unwrap_or_default();
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

    /// What the capture says of the interface of `packet`, where it says anything that holds for it.
    fn original(&self, packet: &Packet<'_>) -> Option<&InterfaceInfo> {
        let original = self.originals.get(usize::try_from(packet.interface).ok()?)?;
        (original.link == packet.link).then_some(original)
    }

    /// The number in the section of the interface of `packet`, described first where the section has none yet.
    fn interface(&mut self, packet: &Packet<'_>, resolution: u8) -> io::Result<u32> {
        let is_before_1970 = packet.time.as_nanos() < 0;
        let wanted = Interface { number: packet.interface, link: packet.link, resolution, is_before_1970 };
        if let Some(at) = self.interfaces.iter().position(|interface| *interface == wanted) {
            return Ok(u32::try_from(at).unwrap_or_default());
        }
        let (snaplen, name) =
            self.original(packet).map_or((0, ""), |original| (original.snaplen, original.name.as_str()));
        let mut body = Vec::new();
        body.extend(packet.link.0.to_le_bytes());
        body.extend([0; 2]);
        body.extend(snaplen.to_le_bytes());
        option(&mut body, INTERFACE_NAME, name.as_bytes());
        option(&mut body, TIME_RESOLUTION, &[resolution]);
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
        let interface = |link, snaplen, resolution, name: &str| InterfaceInfo {
            link: LinkType(link),
            snaplen,
            resolution,
            name: name.to_owned(),
        };
        // The last one is of binary fractions of a second, which becomes nanoseconds.
        let originals = [interface(1, 96, 6, "eth0"), interface(101, 0, 9, "tun0"), interface(1, 0, 0x94, "")];
        let written = [
            (1_u16, 0_u32, 935_847_120_123_456_000_i64, 60_u32, &b"12345"[..], "a"),
            (101, 1, i64::MIN, 3, b"abc", ""),
            (1, 2, 1, 4, b"abcd", "two"),
            // An interface that is not described, and times finer than theirs.
            (113, 7, 5, 4, b"abcd", "two"),
            (1, 0, 1_001, 4, b"abcd", "two"),
            (1, 0, 2_000, 4, b"abcd", "two"),
        ];
        let mut file = Vec::new();
        let mut writer = PcapngWriter::new(&mut file);
        writer.section("s", &originals).unwrap();
        for (link, interface, nanos, wire_len, data, comment) in written {
            let (time, link) = (Timestamp::from_nanos(nanos), LinkType(link));
            let packet = Packet { frame: 7, event: None, time, link, interface, wire_len, data };
            writer.packet(&packet, data, comment).unwrap();
        }
        let mut read = Vec::new();
        let mut reader = open(Box::new(Cursor::new(file)), &OpenOptions::default()).unwrap();
        reader
            .for_each_packet(&mut |packet| {
                let Packet { link, interface, time, wire_len, data, .. } = packet;
                read.push((link.0, interface, time.as_nanos(), wire_len, data.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
        let numbers = [0, 1, 2, 3, 4, 0];
        let expected: Vec<_> = written
            .iter()
            .zip(numbers)
            .map(|((link, _, at, wire, data, _), number)| (*link, number, *at, *wire, data.to_vec()))
            .collect();
        assert_eq!(read, expected);
        let expected = [
            interface(1, 96, 6, "eth0"),
            interface(101, 0, 9, "tun0"),
            interface(1, 0, 9, ""),
            interface(113, 0, 9, ""),
            interface(1, 96, 9, "eth0"),
        ];
        assert_eq!(reader.info().interfaces, expected);
    }

    #[test]
    fn a_long_comment_is_cut_between_characters() {
        let mut body = Vec::new();
        option(&mut body, COMMENT, "a\u{fc}".repeat(6_000).as_bytes());
        let length = usize::from(u16::from_le_bytes([body[2], body[3]]));
        assert!(std::str::from_utf8(&body[4..4 + length]).is_ok() && length > 16_000);
    }
}
