//! The file header of pcap, and which of the formats behind the same magic the file is in.
//!
//! Patches to libpcap and makers of appliances changed the record header, some without changing the magic. Like
//! Wireshark, [`read`] tries the variants a magic allows on the first records and takes the one that makes most sense.

use pcap_parser::pcap::parse_pcap_header;

use crate::capture::source::Source;
use crate::capture::{CaptureInfo, LinkType, ReadError, u32_at};

/// Octets of the file header.
const FILE_HEADER_OCTETS: usize = 24;
/// IXIA adds a field after it: octets of all records together.
const IXIA_EXTRA_OCTETS: usize = 4;
/// Records on which a variant is tried.
const TRIED_RECORDS: usize = 3;
/// Octets beyond which an original length is damage: larger than any packet a wire or an offload engine makes.
const MAX_ORIGINAL: u32 = 128 * 1024 * 1024;
/// All variants behind one magic count microseconds.
const TICKS_IN_SECOND: u32 = 1_000_000;
const SECONDS_IN_YEAR: u32 = 366 * 24 * 60 * 60;

/// How the records of a pcap file are laid out.
#[derive(Clone, Debug)]
pub(super) struct PcapVariant {
    pub(super) big_endian: bool,
    pub(super) record_header_octets: usize,
    pub(super) length_order: LengthOrder,
    /// Nanoseconds in one unit of the time's fraction field.
    pub(super) tick_ns: i64,
    /// Octets of padding before each packet, counted in its lengths.
    pub(super) lead_octets: u32,
    /// Octets of the frame check sequence at the end of each packet, where the file declares it.
    pub(super) fcs_octets: u32,
    pub(super) link: LinkType,
    /// Octets kept of a packet at most.
    pub(super) snaplen: u32,
}

/// Which of a record's two lengths comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LengthOrder {
    /// pcap 2.4.
    CapturedFirst,
    /// Before pcap 2.3, and DG/UX's 543.0.
    OriginalFirst,
    /// pcap 2.3: both are found.
    SmallerIsCaptured,
}

/// What a magic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    Standard,
    Nanosecond,
    Modified,
    IxiaHardware,
    IxiaSoftware,
}

impl Magic {
    const ALL: [(u32, Self); 5] = [
        (0xa1b2_c3d4, Self::Standard),
        (0xa1b2_3c4d, Self::Nanosecond),
        (0xa1b2_cd34, Self::Modified),
        (0x1c00_01ac, Self::IxiaHardware),
        (0x1c00_01ab, Self::IxiaSoftware),
    ];

    /// The magic and whether the file is big-endian.
    fn of(head: &[u8]) -> Option<(Self, bool)> {
        let field = *head.first_chunk()?;
        let found = |number| Self::ALL.iter().find(|(magic, _)| *magic == number).map(|&(_, magic)| magic);
        let little = found(u32::from_le_bytes(field)).map(|magic| (magic, false));
        little.or_else(|| found(u32::from_be_bytes(field)).map(|magic| (magic, true)))
    }

    /// The record headers the magic allows: name and octets, the usual one first.
    fn variants(self) -> &'static [(&'static str, usize)] {
        match self {
            Self::Standard => &[("", 16), ("of Red Hat 6.1 (ss990417)", 24), ("of Nokia IPSO", 20)],
            Self::Modified => &[("modified by Kuznetsov (ss991029)", 24), ("of SuSE 6.3 (ss990915)", 28)],
            Self::Nanosecond => &[("", 16)],
            Self::IxiaHardware => &[("of IXIA, hardware time", 16)],
            Self::IxiaSoftware => &[("of IXIA, software time", 16)],
        }
    }
}

/// Whether a file with this beginning is a pcap file.
pub(super) fn has_magic(head: &[u8]) -> bool {
    Magic::of(head).is_some()
}

/// Reads the file header, leaving `source` at the first record, and finds the variant; notes one that is not usual.
pub(super) fn read(source: &mut Source, info: &mut CaptureInfo, max_captured: u32) -> Result<PcapVariant, ReadError> {
    let cut = |source: &Source| {
        let have = source.available().len();
        ReadError::corrupt(have as u64, format!("the file ends inside its pcap header, after {have} bytes"))
    };
    if !source.ensure(FILE_HEADER_OCTETS)? {
        return Err(cut(source));
    }
    let Some((magic, big_endian)) = Magic::of(source.available()) else {
        return Err(ReadError::corrupt(0, "no pcap magic"));
    };
    let header = FileHeader::parse(source.available(), big_endian)?;
    let ixia = matches!(magic, Magic::IxiaHardware | Magic::IxiaSoftware);
    let header_octets = FILE_HEADER_OCTETS + if ixia { IXIA_EXTRA_OCTETS } else { 0 };
    if !source.ensure(header_octets)? {
        return Err(cut(source));
    }
    source.consume(header_octets);

    let mut layout = header.layout(big_endian);
    if matches!(magic, Magic::Nanosecond | Magic::IxiaHardware) {
        layout.tick_ns = 1;
    }
    if let (Magic::Standard, Some((link, lead_octets))) = (magic, header.aix_link()) {
        info.notes.push("a pcap variant of AIX".to_owned());
        return Ok(PcapVariant { tick_ns: 1, lead_octets, link, ..layout });
    }
    let (name, record_header_octets) = best_variant(source, magic.variants(), &layout, &header, max_captured)?;
    if !name.is_empty() {
        info.notes.push(format!("a pcap variant {name}"));
    }
    Ok(PcapVariant { record_header_octets, ..layout })
}

/// The fields of the file header that matter.
struct FileHeader {
    version: (u16, u16),
    snaplen: u32,
    network: u32,
}

impl FileHeader {
    /// pcap-parser knows the standard magic in both byte orders, so the header is given to it under that one.
    fn parse(octets: &[u8], big_endian: bool) -> Result<Self, ReadError> {
        let standard = if big_endian { [0xa1, 0xb2, 0xc3, 0xd4] } else { [0xd4, 0xc3, 0xb2, 0xa1] };
        let mut header = octets.first_chunk::<FILE_HEADER_OCTETS>().copied().unwrap_or_default();
        header.iter_mut().zip(standard).for_each(|(octet, standard)| *octet = standard);
        let Ok((_, header)) = parse_pcap_header(&header) else {
            return Err(ReadError::corrupt(0, "the pcap header cannot be read"));
        };
        let version = (header.version_major, header.version_minor);
        if version.0 < 2 {
            let what =
                format!("pcap version {}.{} is not known: ehlotrace reads versions from 2.0", version.0, version.1);
            return Err(ReadError::corrupt(4, what));
        }
        Ok(Self { version, snaplen: header.snaplen, network: header.network.0.cast_unsigned() })
    }

    /// The link type and the octets before each packet when this is the header of AIX, which writes RFC 1573
    /// interface types under an old version number. FDDI frames have 3 octets of padding before them.
    fn aix_link(&self) -> Option<(LinkType, u32)> {
        match (self.version, self.network) {
            ((2, 2), 6) => Some((LinkType::ETHERNET, 0)),
            ((2, 2), 9) => Some((LinkType::IEEE802_5, 0)),
            ((2, 2), 15) => Some((LinkType::FDDI, 3)),
            ((2, 2), 24) => Some((LinkType::NULL, 0)),
            _ => None,
        }
    }

    /// The layout of standard pcap with this header.
    fn layout(&self, big_endian: bool) -> PcapVariant {
        let length_order = match self.version {
            (2, 0..=2) | (543, _) => LengthOrder::OriginalFirst,
            (2, 3) => LengthOrder::SmallerIsCaptured,
            _ => LengthOrder::CapturedFirst,
        };
        // The upper half holds the length of the check sequence in units of 16 bits, when bit 26 says so.
        let [high, low] = [self.network >> 16, self.network & 0xffff];
        let fcs_octets = if high & 0x0400 != 0 { (high >> 12) * 2 } else { 0 };
        PcapVariant {
            snaplen: self.snaplen,
            big_endian,
            record_header_octets: 16,
            length_order,
            tick_ns: 1000,
            lead_octets: 0,
            fcs_octets,
            link: LinkType(u16::try_from(low).unwrap_or_default()),
        }
    }
}

/// The variant whose record header makes most sense of the first records; the first of equals.
fn best_variant(
    source: &mut Source,
    variants: &'static [(&'static str, usize)],
    layout: &PcapVariant,
    header: &FileHeader,
    max_captured: u32,
) -> Result<(&'static str, usize), ReadError> {
    let usual = variants.first().copied().unwrap_or(("", 16));
    if variants.len() < 2 {
        return Ok(usual);
    }
    let mut best = (Nonsense { records: usize::MAX, faults: u32::MAX }, usual);
    for &(name, record_header_octets) in variants {
        let layout = PcapVariant { record_header_octets, ..layout.clone() };
        let nonsense = nonsense(source, &layout, header, max_captured)?;
        if nonsense < best.0 {
            best = (nonsense, (name, record_header_octets));
        }
        if nonsense.faults == 0 {
            break;
        }
    }
    Ok(best.1)
}

/// How little sense a variant makes; less is better.
///
/// Unlike Wireshark, which compares the faults only, this prefers the variant that gets further: then damage in the
/// first records does not turn an ordinary file into one of an appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nonsense {
    /// Records from the first with a fault on, of those tried.
    records: usize,
    /// What is wrong with that one.
    faults: u32,
}

fn nonsense(
    source: &mut Source,
    layout: &PcapVariant,
    header: &FileHeader,
    max_captured: u32,
) -> Result<Nonsense, ReadError> {
    let (mut at, mut first_secs) = (0_usize, None);
    for tried in 0..TRIED_RECORDS {
        let records = TRIED_RECORDS - tried;
        let body_at = at.saturating_add(layout.record_header_octets);
        let whole = source.ensure(body_at)?;
        let record = source.available().get(at..).unwrap_or_default();
        if !whole {
            let fits = record.is_empty() || is_cut_header(record, layout, first_secs);
            return Ok(Nonsense { records: if fits { 0 } else { records }, faults: u32::from(!fits) });
        }
        let [secs, ticks] = [0, 4].map(|at| layout.field(record, at));
        let (captured, original) =
            if layout.big_endian { layout.lengths::<true>(record) } else { layout.lengths::<false>(record) };
        let wrong = [
            ticks >= TICKS_IN_SECOND,
            captured > max_captured,
            original > MAX_ORIGINAL,
            header.snaplen != 0 && captured > header.snaplen,
            captured > original,
            !is_near(secs, first_secs),
        ];
        let faults = wrong.into_iter().map(u32::from).sum();
        if faults > 0 {
            return Ok(Nonsense { records, faults });
        }
        first_secs.get_or_insert(secs);
        at = body_at.saturating_add(usize::try_from(captured).unwrap_or(usize::MAX));
        if !source.ensure(at)? {
            return Ok(Nonsense { records, faults: 1 });
        }
    }
    Ok(Nonsense { records: 0, faults: 0 })
}

/// Whether the end of a file can be the beginning of a record header: its time is then near that of the first record.
/// Without this a file cut so is taken for that of an appliance whose longer headers happen to fit its size.
fn is_cut_header(record: &[u8], layout: &PcapVariant, first_secs: Option<u32>) -> bool {
    let is_whole = record.len() >= 4 && first_secs.is_some();
    is_whole
        && is_near(layout.field(record, 0), first_secs)
        && (record.len() < 8 || layout.field(record, 4) < TICKS_IN_SECOND)
}

/// Whether a record's time can follow that of the first one. Octets read from a wrong place have any time.
fn is_near(secs: u32, first_secs: Option<u32>) -> bool {
    first_secs.is_none_or(|first| secs.abs_diff(first) < SECONDS_IN_YEAR)
}

impl PcapVariant {
    fn field(&self, record: &[u8], at: usize) -> u32 {
        if self.big_endian { u32_at::<true>(record, at) } else { u32_at::<false>(record, at) }
    }
}
