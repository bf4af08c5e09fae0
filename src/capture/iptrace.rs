//! iptrace, the format of AIX, in its versions 1.0 and 2.0.
//!
//! Each record tells its own interface. The length of a cut packet on the wire is not stored.

use crate::capture::records::{Captured, RecordReader, Records};
use crate::capture::source::Source;
use crate::capture::{CaptureInfo, CaptureReader, FormatEntry, LinkType, OpenOptions, ReadError, u32_at};
use crate::plural::counted;
use crate::time::Timestamp;

const MAGICS: [&[u8]; 2] = [b"iptrace 1.0", b"iptrace 2.0"];
const FILE_HEADER_OCTETS: usize = 11;
/// Octets before the packet information: its length with the packet, and seconds.
const RECORD_HEADER_OCTETS: usize = 8;
/// Octets of padding AIX puts before FDDI frames.
const FDDI_LEAD_OCTETS: usize = 3;

pub(super) const IPTRACE: FormatEntry = FormatEntry { name: "iptrace", matches, open };

fn matches(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

fn open(mut source: Source, info: CaptureInfo, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let has_nanos = source.available().get(8) == Some(&b'2');
    source.consume(FILE_HEADER_OCTETS);
    let max_captured = u32::try_from(options.limits.packet_octets).unwrap_or(u32::MAX);
    let records = IptraceRecords { has_nanos, max_captured, unknown_types: 0 };
    Ok(Box::new(RecordReader::new(source, info, records)))
}

struct IptraceRecords {
    /// Version 2.0, which has times to the nanosecond; 1.0 has them to the second.
    has_nanos: bool,
    max_captured: u32,
    /// Packets of an interface type that is not known.
    unknown_types: u64,
}

impl IptraceRecords {
    /// Octets of the information before each packet.
    fn information_octets(&self) -> usize {
        if self.has_nanos { 32 } else { 22 }
    }
}

/// The registry's number for an interface type of RFC 1573.
fn link_type(interface_type: u8) -> LinkType {
    match interface_type {
        6 | 7 => LinkType::ETHERNET,
        9 => LinkType::IEEE802_5,
        15 => LinkType::FDDI,
        // X.25 of the Defense Data Network, the SP switch, loopback, the host fabric interface: IP without a header.
        4 | 12 | 24 | 61 => LinkType::RAW,
        37 => LinkType::ATM_RFC1483,
        _ => LinkType::UNKNOWN,
    }
}

impl Records for IptraceRecords {
    const HEAD_OCTETS: usize = RECORD_HEADER_OCTETS;

    fn octets(&self, head: &[u8]) -> Result<usize, String> {
        let octets = u32_at::<true>(head, 0);
        let max = self.max_captured.saturating_add(if self.has_nanos { 32 } else { 22 });
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        if octets < self.information_octets() {
            return Err(format!("claims {octets} bytes, too few for a packet description"));
        }
        if usize::try_from(max).is_ok_and(|max| octets > max) {
            return Err(format!("claims {octets} bytes, more than the {max} one can have"));
        }
        Ok(octets.saturating_add(RECORD_HEADER_OCTETS))
    }

    fn packet<'a>(&mut self, record: &'a [u8]) -> Captured<'a> {
        let information = record.get(RECORD_HEADER_OCTETS..).unwrap_or_default();
        let link = link_type(information.get(20).copied().unwrap_or_default());
        self.unknown_types += u64::from(link == LinkType::UNKNOWN);
        let time = if self.has_nanos {
            let [secs, nanos] = [24, 28].map(|at| i64::from(u32_at::<true>(information, at)));
            Timestamp::from_secs_nanos(secs, nanos)
        } else {
            Timestamp::from_secs_nanos(i64::from(u32_at::<true>(record, 4)), 0)
        };
        let lead = if link == LinkType::FDDI { FDDI_LEAD_OCTETS } else { 0 };
        let data = information.get(self.information_octets() + lead..).unwrap_or_default();
        Captured { time, link, wire_len: u32::try_from(data.len()).unwrap_or(u32::MAX), data }
    }

    fn finish(&self, info: &mut CaptureInfo) {
        if self.unknown_types > 0 {
            let packets = counted(self.unknown_types, "packet has", "packets have");
            info.notes.push(format!("{packets} an unknown interface type"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::tests::{Order, Owned, START, read, two_packets};

    fn record(has_nanos: bool, interface_type: u8, secs: u32, nanos: u32, frame: &[u8]) -> Vec<u8> {
        let mut information = [b"\0\0\0\x01en\0\0interface 00".to_vec(), vec![interface_type, 1]].concat();
        if has_nanos {
            information.extend([vec![0; 2], Order::Big.u32s(&[secs, nanos])].concat());
        }
        let octets = u32::try_from(information.len() + frame.len()).unwrap();
        // In version 2.0 the seconds of the head may be those of writing.
        let head = Order::Big.u32s(&[octets, if has_nanos { secs + 9 } else { secs }]);
        [head, information, frame.to_vec()].concat()
    }

    #[test]
    fn both_versions_and_every_interface_type() {
        for (interface_type, lead, link) in [
            (6, "", LinkType::ETHERNET),
            (7, "", LinkType::ETHERNET),
            (9, "", LinkType::IEEE802_5),
            (15, "pad", LinkType::FDDI),
            (24, "", LinkType::RAW),
            (37, "", LinkType::ATM_RFC1483),
            (23, "", LinkType::UNKNOWN),
        ] {
            let [one, two] = ["EHLO ", "a_b.example"].map(|data| format!("{lead}{data}").into_bytes());
            for has_nanos in [false, true] {
                let file = [
                    MAGICS[usize::from(has_nanos)].to_vec(),
                    record(has_nanos, interface_type, START + 1, 500_000_000, &one),
                    record(has_nanos, interface_type, START + 2, 1_000, &two),
                ];
                let expected = two_packets(link).into_iter().map(|packet| Owned {
                    nanos: if has_nanos { packet.nanos } else { packet.nanos / 1_000_000_000 * 1_000_000_000 },
                    wire_len: u32::try_from(packet.data.len()).unwrap(),
                    ..packet
                });
                let outcome = read(&file.concat());
                assert_eq!(outcome.info.link_types.iter().collect::<Vec<_>>(), [&link]);
                assert_eq!(outcome.info.notes.len(), usize::from(link == LinkType::UNKNOWN));
                assert_eq!(outcome.packets(), expected.collect::<Vec<_>>(), "{interface_type}");
            }
        }
    }

    #[test]
    fn damage_ends_the_reading_with_what_was_met() {
        for (octets, what) in [
            (31, "record 2 claims 31 bytes, too few for a packet description"),
            (262_177, "record 2 claims 262177 bytes, more than the 262176 one can have"),
            (u32::MAX, "record 2 claims 4294967295 bytes, more than the 262176 one can have"),
        ] {
            let good = record(true, 6, START, 0, b"frame");
            let bad = [Order::Big.u32s(&[octets, 0]), vec![0; 40]].concat();
            let outcome = read(&[MAGICS[1].to_vec(), good, bad].concat());
            let error = outcome.error.unwrap().to_string();
            assert!(error.starts_with(&format!("damaged at byte 56: {what};")), "{error}");
            assert_eq!(outcome.packets.len(), 1);
        }
        let short = read(&[MAGICS[1].to_vec(), record(true, 15, START, 0, b"ab")].concat());
        assert_eq!(short.packets()[0].data, b"", "an FDDI record without room for its padding");
    }
}
