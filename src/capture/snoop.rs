//! snoop, the format of Solaris (RFC 1761), and the variant of Shomiti (later Finisar) Surveyor.
//!
//! Surveyor appends the check sequence to Ethernet frames and a trailer of its own to records, and gives other meanings
//! to the data link types RFC 1761 left open. It says so in the version only when its own hardware captured; otherwise
//! the padding of the first record, which has room for the trailer, gives it away.

use crate::capture::records::{Captured, RecordReader, Records};
use crate::capture::source::Source;
use crate::capture::{CaptureInfo, CaptureReader, FormatEntry, LinkType, OpenOptions, ReadError, u32_at, without_fcs};
use crate::plural::counted;
use crate::time::Timestamp;

const MAGIC: &[u8] = b"snoop\0\0\0";
const FILE_HEADER_OCTETS: usize = 16;
const RECORD_HEADER_OCTETS: usize = 24;
/// Octets of the trailer of Surveyor.
const SURVEYOR_TRAILER_OCTETS: u32 = 16;
/// Octets after a packet beyond which a record length is damage. Solaris pads to 4; Surveyor writes a few dozen.
const MAX_PADDING: u32 = 4096;
const FCS_OCTETS: u32 = 4;

pub(super) const SNOOP: FormatEntry = FormatEntry { name: "snoop", matches: |head| head.starts_with(MAGIC), open };

fn open(mut source: Source, mut info: CaptureInfo, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    if !source.ensure(FILE_HEADER_OCTETS)? {
        let have = source.available().len();
        return Err(ReadError::corrupt(
            have as u64,
            format!("the file ends inside its snoop header, after {have} bytes"),
        ));
    }
    let [version, network] = [8, 12].map(|at| u32_at::<true>(source.available(), at));
    if !(2..=5).contains(&version) {
        return Err(ReadError::corrupt(
            8,
            format!("snoop version {version} is not known: ehlotrace reads versions 2 to 5"),
        ));
    }
    source.consume(FILE_HEADER_OCTETS);
    let is_surveyor = version > 2 || first_padding(&mut source)? >= SURVEYOR_TRAILER_OCTETS;
    let link = link_type(network, is_surveyor);
    if is_surveyor {
        info.notes.push("a variant of snoop from Shomiti or Finisar Surveyor".to_owned());
    }
    if link == LinkType::UNKNOWN {
        info.notes.push(format!("the snoop data link type {network:#x} is not known"));
    }
    info.link_types.insert(link);
    let fcs_octets = if is_surveyor && link == LinkType::ETHERNET { FCS_OCTETS } else { 0 };
    let max_captured = u32::try_from(options.limits.packet_octets).unwrap_or(u32::MAX);
    let records = SnoopRecords { link, fcs_octets, max_captured, last_drops: 0, dropped: 0 };
    Ok(Box::new(RecordReader::new(source, info, records)))
}

/// Octets after the packet of the first record; 0 where there is none.
fn first_padding(source: &mut Source) -> Result<u32, ReadError> {
    if !source.ensure(RECORD_HEADER_OCTETS)? {
        return Ok(0);
    }
    let [captured, octets] = [4, 8].map(|at| u32_at::<true>(source.available(), at));
    Ok(octets.saturating_sub(captured).saturating_sub(24))
}

/// The registry's number for a data link type of RFC 1761, of Solaris, or of Surveyor.
fn link_type(network: u32, is_surveyor: bool) -> LinkType {
    match (network, is_surveyor) {
        (0 | 4, _) | (10 | 12 | 19, true) => LinkType::ETHERNET,
        (2, _) | (11 | 13 | 14, true) => LinkType::IEEE802_5,
        (8, _) => LinkType::FDDI,
        (9 | 14, false) => LinkType::NULL,
        (16, false) => LinkType::IP_OVER_FC,
        (18, false) => LinkType::SUNATM,
        (0x8000_0005, false) => LinkType::IPNET,
        _ => LinkType::UNKNOWN,
    }
}

struct SnoopRecords {
    link: LinkType,
    fcs_octets: u32,
    max_captured: u32,
    /// Packets dropped up to the last record, by its own count.
    last_drops: u32,
    dropped: u64,
}

impl Records for SnoopRecords {
    const HEAD_OCTETS: usize = RECORD_HEADER_OCTETS;

    fn octets(&self, head: &[u8]) -> Result<usize, String> {
        let [captured, octets] = [4, 8].map(|at| u32_at::<true>(head, at));
        let max = self.max_captured;
        if captured > max {
            return Err(format!("claims {captured} captured bytes, more than the {max} a packet can have"));
        }
        let needed = captured.saturating_add(24);
        if octets < needed {
            return Err(format!("claims {octets} bytes, fewer than the {needed} its header and packet have"));
        }
        if octets - needed > MAX_PADDING {
            return Err(format!("claims {octets} bytes for a packet of {captured}"));
        }
        usize::try_from(octets).map_err(|_| format!("claims {octets} bytes"))
    }

    fn packet<'a>(&mut self, record: &'a [u8]) -> Captured<'a> {
        let [wire_len, captured, _, drops, secs, micros] = [0, 4, 8, 12, 16, 20].map(|at| u32_at::<true>(record, at));
        // The count begins again where files were joined.
        self.dropped += u64::from(drops.checked_sub(self.last_drops).unwrap_or(drops));
        self.last_drops = drops;
        let data = record.get(RECORD_HEADER_OCTETS..).unwrap_or_default();
        let data = usize::try_from(captured).ok().and_then(|captured| data.get(..captured)).unwrap_or_default();
        let (data, wire_len) = without_fcs(data, wire_len, self.fcs_octets);
        let time = Timestamp::from_secs_nanos(i64::from(secs), i64::from(micros) * 1000);
        Captured { time, link: self.link, wire_len, data }
    }

    fn finish(&self, info: &mut CaptureInfo) {
        info.dropped = self.dropped;
        if self.dropped > 0 {
            let packets = counted(self.dropped, "packet", "packets");
            info.notes.push(format!("the program that took the capture dropped {packets}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::tests::{Order, START, read, two_packets};

    fn header(version: u32, network: u32) -> Vec<u8> {
        [MAGIC.to_vec(), Order::Big.u32s(&[version, network])].concat()
    }

    fn record(wire_len: u32, drops: u32, secs: u32, micros: u32, data: &[u8], padding: usize) -> Vec<u8> {
        let captured = u32::try_from(data.len()).unwrap();
        let octets = captured + 24 + u32::try_from(padding).unwrap();
        let fields = Order::Big.u32s(&[wire_len, captured, octets, drops, secs, micros]);
        [fields, data.to_vec(), vec![0xee; padding]].concat()
    }

    fn file(version: u32, network: u32, fcs: &[u8], padding: usize) -> Vec<u8> {
        let (added, one) = (u32::try_from(fcs.len()).unwrap(), [b"EHLO ", fcs].concat());
        [
            header(version, network),
            record(5 + added, 0, START + 1, 500_000, &one, padding),
            record(1000 + added, 0, START + 2, 1, b"a_b.example", 1),
        ]
        .concat()
    }

    #[test]
    fn data_link_types_of_solaris_and_surveyor() {
        for (version, network, padding, link) in [
            (2, 4, 3, LinkType::ETHERNET),
            (2, 0, 6, LinkType::ETHERNET),
            (2, 2, 3, LinkType::IEEE802_5),
            (2, 8, 3, LinkType::FDDI),
            (2, 9, 3, LinkType::NULL),
            (2, 14, 15, LinkType::NULL),
            (2, 16, 0, LinkType::IP_OVER_FC),
            (2, 18, 0, LinkType::SUNATM),
            (2, 0x8000_0005, 0, LinkType::IPNET),
            (2, 10, 3, LinkType::UNKNOWN),
            (2, 14, 16, LinkType::IEEE802_5),
            (4, 13, 20, LinkType::IEEE802_5),
            (5, 18, 20, LinkType::UNKNOWN),
        ] {
            let outcome = read(&file(version, network, b"", padding));
            let notes = usize::from(version > 2 || padding >= 16) + usize::from(link == LinkType::UNKNOWN);
            assert_eq!(outcome.info.notes.len(), notes, "{:?}", outcome.info.notes);
            assert_eq!(outcome.packets(), two_packets(link), "{version} {network} {padding}");
        }
    }

    #[test]
    fn surveyor_appends_the_check_sequence_to_ethernet_frames() {
        for (version, network, padding) in [(2, 4, 16), (2, 12, 40), (3, 10, 0), (5, 19, 17)] {
            let outcome = read(&file(version, network, b"FCS!", padding));
            assert_eq!(outcome.info.notes, ["a variant of snoop from Shomiti or Finisar Surveyor"]);
            assert_eq!(outcome.packets(), two_packets(LinkType::ETHERNET), "{version} {network}");
        }
    }

    #[test]
    fn drops_are_added_up_over_joined_files() {
        let drops = [3, 3, 7, 2, 2, 4];
        let records = drops.map(|drops| record(1, drops, START, 0, b"x", 3));
        let info = read(&[header(2, 4), records.concat()].concat()).info;
        assert_eq!((info.dropped, info.frames), (11, 6));
        assert_eq!(info.notes, ["the program that took the capture dropped 11 packets"]);
    }

    #[test]
    fn damage_ends_the_reading_with_what_was_met() {
        let good = record(1, 0, START, 0, b"x", 3);
        let fields = |fields: [u32; 3]| [Order::Big.u32s(&fields), vec![0; 12]].concat();
        for (bad, what) in [
            (fields([9, 262_145, 262_169]), "claims 262145 captured bytes, more than the 262144 a packet can have"),
            (fields([9, 9, 32]), "claims 32 bytes, fewer than the 33 its header and packet have"),
            (fields([9, 9, 4130]), "claims 4130 bytes for a packet of 9"),
            (fields([9, 9, u32::MAX]), "claims 4294967295 bytes for a packet of 9"),
        ] {
            let outcome = read(&[header(2, 4), good.clone(), bad, good.clone()].concat());
            let error = outcome.error.unwrap();
            assert!(error.to_string().starts_with(&format!("damaged at byte 44: record 2 {what};")), "{error}");
            assert_eq!(outcome.packets.len(), 1);
        }
        for (version, known) in [(1, false), (2, true), (5, true), (6, false), (u32::MAX, false)] {
            assert_eq!(read(&header(version, 4)).error.is_none(), known, "version {version}");
        }
    }
}
