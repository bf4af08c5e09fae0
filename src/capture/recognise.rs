//! What content that is no capture looks like, and what its owner can do about it.

use crate::capture::ReadError;
use crate::container;
use crate::plural::counted;

/// Octets at the start of a file that are enough for every test here.
pub(crate) const HEAD_OCTETS: usize = 512;
/// No format that is told apart here is shorter.
const LEAST_OCTETS: usize = 8;
/// Octets of them that an error shows.
const SHOWN_OCTETS: usize = 16;

/// The error for content beginning with `head`, after `layers` compressions were taken off.
pub(crate) fn unknown_format(head: &[u8], layers: &[&str], is_cut: bool) -> ReadError {
    if let Some(what) = container::left_packed(head) {
        return ReadError::FeatureOff { what, feature: container::FEATURE };
    }
    let magic = head.get(..SHOWN_OCTETS).unwrap_or(head).to_vec();
    let is_foreign_capture = foreign(head).is_some();
    ReadError::UnknownFormat { magic, looks_like: looks_like(head, layers, is_cut), is_foreign_capture }
}

fn looks_like(head: &[u8], layers: &[&str], is_cut: bool) -> Option<String> {
    if let (Some(compression), Some(_)) = (container::compression_of(head), layers.first()) {
        let depth = container::MAX_DEPTH;
        return Some(format!("{compression} data inside {depth} other compressions, which is too deep"));
    }
    let what = if head.is_empty() && is_cut {
        "compressed data that is cut off at the start; copy the file again"
    } else if head.is_empty() {
        "an empty file"
    } else if let Some(known) = foreign(head).or_else(|| row(MAGICS, HEURISTICS, head)) {
        known
    } else if head.len() < LEAST_OCTETS {
        return Some(format!("a file of {}, too short for a capture", counted(head.len() as u64, "byte", "bytes")));
    } else {
        return None;
    };
    match layers {
        [] => Some(what.to_owned()),
        _ => Some(format!("{what} (inside {})", layers.join(" and "))),
    }
}

/// The kind of capture that is not read.
fn foreign(head: &[u8]) -> Option<&'static str> {
    row(FOREIGN, FOREIGN_HEURISTICS, head)
}

fn row(magics: &[(&[u8], &'static str)], heuristics: &[(Matches, &'static str)], head: &[u8]) -> Option<&'static str> {
    let by_magic = magics.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    by_magic.or_else(|| heuristics.iter().find(|(matches, _)| matches(head)).map(|(_, what)| *what))
}

/// Captures of kinds that are not read, by their first octets.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"TRSNIFF data    \x1a", "a capture of Sniffer for DOS; convert it with `editcap -F pcapng in.enc out.pcapng`"),
    (b"XCP\0", "a capture of Sniffer for Windows or NetXray; convert it with `editcap -F pcapng in.cap out.pcapng`"),
    (b"VL\0\0", "a capture of an early NetXray; convert it with `editcap -F pcapng in.cap out.pcapng`"),
    (b"TR\0\x64\0", "an HP-UX nettl trace; convert it with `editcap -F pcapng -T ether in.trc out.pcapng`"),
    (
        b"\0\0\0\x01\0\0\0\0\0\x07\xd0\0",
        "an HP-UX 9 nettl trace; convert it with `editcap -F pcapng -T ether in.trc out.pcapng`",
    ),
    (b"\xaa\xaa\xaa\xaa", "a 5Views capture; convert it with `editcap -F pcapng in.5vw out.pcapng`"),
    (b"\x05VNF", "a Visual Networks capture; convert it with `editcap -F pcapng in.cap out.pcapng`"),
    (b"ObserverPktBuffe", "an Observer capture; convert it with `editcap -F pcapng in.bfr out.pcapng`"),
    (b"\x7fver", "an OmniPeek capture; convert it with `editcap -F pcapng in.pkt out.pcapng`"),
    (b"+---------+-----", "a K12 text capture; convert it with `editcap -F pcapng -T ether in.txt out.pcapng`"),
];

/// What else may be met in mail tickets where a capture is meant.
const MAGICS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"MSCF", "a cabinet archive; unpack it first (on Windows: `expand -F:* in.cab folder`)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office or Outlook file; save the capture attached to it"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
];

type Matches = fn(&[u8]) -> bool;

/// Captures of kinds that are not read, known by more than their first octets. An earlier row wins.
const FOREIGN_HEURISTICS: &[(Matches, &str)] = &[
    (
        is_etl,
        "a Windows event trace (ETL) whose header is damaged or of an old kind; convert it with `etl2pcapng in.etl out.pcapng`",
    ),
    (
        is_nstrace,
        "a Citrix NetScaler trace, which `editcap` cannot convert; record a new one with `start nstrace -traceformat PCAP`",
    ),
    (is_lanalyzer, "a LANalyzer capture; convert it with `editcap -F pcapng in.tr1 out.pcapng`"),
    (|head| is_commview(head, 5), "a CommView capture; convert it with `editcap -F pcapng -T ether in.ncf out.pcapng`"),
    (|head| is_commview(head, 4), "a CommView NCFX capture; export it from CommView as a tcpdump capture"),
    (is_tcpdump_text, "a hexadecimal listing from tcpdump; use the capture itself: `tcpdump -w out.pcap` writes it"),
    (is_hex_text, "a hexadecimal listing of packets; convert it with `text2pcap in.txt out.pcap`"),
];

/// What else is known by more than its first octets.
const HEURISTICS: &[(Matches, &str)] = &[
    (|head| head.get(257..).unwrap_or_default().starts_with(b"ustar"), "a tar archive; unpack it first"),
    (is_text, "a text file"),
];

/// An ETL file has no magic; here are those that the reader of the format does not take. It begins with a buffer header of 72 octets, buffer size and used octets in front, and
/// then the system trace header of the log file: kind 1 or 2 (32 or 64 bits) and the mark 0xc0.
fn is_etl(head: &[u8]) -> bool {
    let Some((&[a, b, c, d, e, f, g, h], _)) = head.split_first_chunk() else { return false };
    let buffer_octets = u32::from_le_bytes([a, b, c, d]);
    let used_octets = u32::from_le_bytes([e, f, g, h]);
    let marked = matches!(head.get(74..76), Some([1 | 2, 0xc0]));
    marked && (1024..=16 << 20).contains(&buffer_octets) && buffer_octets % 1024 == 0 && used_octets <= buffer_octets
}

/// The first page of a NetScaler trace holds its signature, after a record header that differs between versions.
fn is_nstrace(head: &[u8]) -> bool {
    let start = head.get(..64).unwrap_or(head);
    [&b"NetScaler Performance Data"[..], b"NetScaler V2", b"Netscaler V3"]
        .iter()
        .any(|signature| start.windows(signature.len()).any(|octets| octets == *signature))
}

/// Records have a type and a length of two octets each; the first is a header, and all types are near its number.
fn is_lanalyzer(head: &[u8]) -> bool {
    let Some((&[0x01 | 0x07, 0x10, length, 0], _)) = head.split_first_chunk() else { return false };
    let next = usize::from(length).saturating_add(4);
    matches!(head.get(next..next.saturating_add(2)), Some([0x01..=0x1f, 0x10]))
}

/// CommView has no file header. A record of NCF begins with its length in two octets, the same again, and a version of
/// 0; one of NCFX with its length in four octets. Both go on with date and time at `date_at`.
fn is_commview(head: &[u8], date_at: usize) -> bool {
    let Some(&[year_low, year_high, month, day, hour, minute, second, a, b, c, d]) =
        head.get(date_at..).and_then(|octets| octets.first_chunk())
    else {
        return false;
    };
    let lengths_fit = match (head, date_at) {
        ([a, b, c, d, 0, ..], 5) => [a, b] == [c, d] && [*a, *b] != [0, 0],
        ([a, b, high, 0, ..], _) => [*a, *b] != [0, 0] && *high < 4,
        _ => false,
    };
    let year = u16::from_le_bytes([year_low, year_high]);
    let micros = u32::from_le_bytes([a, b, c, d]);
    let is_date = (1995..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    lengths_fit && is_date && hour < 24 && minute < 60 && second <= 60 && micros < 1_000_000
}

/// Lines of `tcpdump -x` begin with white space and an offset such as `0x0010:`.
fn is_tcpdump_text(head: &[u8]) -> bool {
    is_text(head) && lines(head).any(|line| line.trim_ascii_start().starts_with(b"0x0000:"))
}

/// Lines of `tshark -x` and other listings text2pcap reads: an offset of zeros, and octets of two digits each.
fn is_hex_text(head: &[u8]) -> bool {
    let is_first_line = |line: &[u8]| {
        let zeros = line.iter().take_while(|&&octet| octet == b'0').count();
        let rest = line.get(zeros..).unwrap_or_default();
        let octets = rest.trim_ascii_start();
        let [a, b, b' ', c, d, b' ', ..] = octets else { return false };
        matches!(zeros, 4 | 6 | 7 | 8)
            && octets.len() < rest.len()
            && [a, b, c, d].iter().all(|c| c.is_ascii_hexdigit())
    };
    is_text(head) && lines(head).any(is_first_line)
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&octet| octet == b'\n')
}

fn is_text(head: &[u8]) -> bool {
    let plain = head.iter().all(|&octet| matches!(octet, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..));
    let utf_16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    utf_16
        || (plain
            && (head.is_ascii()
                || head.len() >= LEAST_OCTETS && String::from_utf8_lossy(head).matches('\u{fffd}').count() <= 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_mistakes_are_named() {
        let cases: [(&[u8], &[&str], &str); 7] = [
            (b"", &[], "an empty file"),
            (b"\xd4\xc3\xb2", &[], "a file of 3 bytes, too short for a capture"),
            (b"No.  Time  Source\r\n", &[], "a text file"),
            ("Größe: 5".as_bytes(), &["zstd"], "a text file (inside zstd)"),
            (b"\xff\xfeN\0o\0", &[], "a text file"),
            (b"PK\x03\x04\x14\0", &["gzip"], "a zip archive; unpack it first (inside gzip)"),
            (
                b"\x1f\x8b\x08\0",
                &["gzip", "gzip", "gzip", "gzip"],
                "gzip data inside 4 other compressions, which is too deep",
            ),
        ];
        for (head, layers, expected) in cases {
            assert_eq!(looks_like(head, layers, false).as_deref(), Some(expected));
        }
        assert_eq!(looks_like(&[0xde, 0xad, 0, 1, 2, 3, 4, 5], &[], false), None);
    }

    /// The first octets as the tools that write each format leave them.
    #[test]
    fn other_capture_formats_are_named_with_what_converts_them() {
        let mut etl = vec![0; 128];
        etl[..8].copy_from_slice(&[0, 0, 1, 0, 0x10, 2, 0, 0]);
        etl[72..76].copy_from_slice(&[0, 0, 2, 0xc0]);
        let nstrace = |before: &[u8], signature: &str| [before, signature.as_bytes(), &[0; 90]].concat();
        let mut lanalyzer = [&[0x01, 0x10, 0x4c, 0, 0x01, 0x05][..], b"Trace Display Trace File", &[0; 50]].concat();
        lanalyzer.extend([0x06, 0x10, 0x0a, 0]);
        let ncf = [0x4a, 0, 0x4a, 0, 0, 0xea, 7, 11, 24, 10, 31, 16, 0x71, 0x56, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let ncfx = [0x4a, 0, 0, 0, 0xea, 7, 11, 24, 10, 31, 16, 0x71, 0x56, 3, 0, 0, 0, 0, 0, 0];
        let listing = "10:31:16.218737 IP 192.0.2.11.20010 > 198.51.100.25.25: Flags [S]\n\t0x0000:  4500 003c 2c37\n";
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let editcap = |name: &str| format!("`editcap -F pcapng in.{name} out.pcapng`");
        let ether = |name: &str| format!("`editcap -F pcapng -T ether in.{name} out.pcapng`");
        let cases: [(Vec<u8>, &str, String); 20] = [
            (etl, "Windows event trace", "`etl2pcapng in.etl out.pcapng`".into()),
            (
                nstrace(b"\x01\x01\x40\0\0\0\0\0", "NetScaler Performance Data"),
                "NetScaler",
                "-traceformat PCAP`".into(),
            ),
            (nstrace(b"\x01\x22\0", "NetScaler V20 Performance Data"), "NetScaler", "-traceformat PCAP`".into()),
            (nstrace(b"\x01\x22\0", "Netscaler V35 Performance Data"), "NetScaler", "-traceformat PCAP`".into()),
            (b"TRSNIFF data    \x1a\x01".to_vec(), "Sniffer for DOS", editcap("enc")),
            (b"XCP\x00002.001\0".to_vec(), "Sniffer for Windows", editcap("cap")),
            (b"VL\0\0\x01".to_vec(), "NetXray", editcap("cap")),
            (b"TR\x00\x64\0\0\0\0\0\0\0\x80/tmp".to_vec(), "nettl", ether("trc")),
            (b"\0\0\0\x01\0\0\0\0\0\x07\xd0\0".to_vec(), "nettl", ether("trc")),
            (b"+---------+---------------+----------+\r\n".to_vec(), "K12", ether("txt")),
            (lanalyzer, "LANalyzer", editcap("tr1")),
            (b"\xaa\xaa\xaa\xaa\x20\0".to_vec(), "5Views", editcap("5vw")),
            (b"\x05VNF\xb4\x01".to_vec(), "Visual Networks", editcap("cap")),
            (ncf.to_vec(), "CommView", ether("ncf")),
            (ncfx.to_vec(), "CommView NCFX", "export it from CommView as a tcpdump capture".into()),
            (b"ObserverPktBufferVersion=15.00\0".to_vec(), "Observer", editcap("bfr")),
            (b"\x7fver\0".to_vec(), "OmniPeek", editcap("pkt")),
            (listing.into(), "listing from tcpdump", "`tcpdump -w out.pcap` writes it".into()),
            (b"0000  1e 0a 2a 97 a9   ..*..\n".to_vec(), "listing of packets", "`text2pcap in.txt out.pcap`".into()),
            (tar, "tar archive", "unpack it first".into()),
        ];
        for (head, name, advice) in cases {
            let what = looks_like(&head, &[], false).unwrap();
            assert!(what.contains(name) && what.ends_with(&advice), "{name}: {what}");
        }
    }

    #[test]
    fn heuristics_do_not_see_what_is_not_there() {
        let ncf = [0x4a, 0, 0x4a, 0, 0, 0xea, 7, 11, 24, 10, 31, 16, 0x71, 0x56, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (at, octet) in [(2, 0x4b), (4, 1), (6, 9), (7, 13), (7, 0), (8, 0), (9, 24), (10, 60), (15, 1)] {
            let mut head = ncf;
            head[at] = octet;
            assert_eq!(looks_like(&head, &[], false), None, "byte {at}");
        }
        for text in ["0000 apples 12 34 56", "00000 1e 0a 2a", "00001e 0a 2a", "10 1e 0a 2a"] {
            assert_eq!(looks_like(text.as_bytes(), &[], false).as_deref(), Some("a text file"), "{text}");
        }
        assert_eq!(looks_like(&[1, 0x10, 2, 0, 0, 0, 0, 0], &[], false), None);
    }

    #[test]
    fn only_the_first_octets_are_shown() {
        let error = unknown_format(&[7; 100], &[], false);
        assert!(matches!(&error, ReadError::UnknownFormat { magic, looks_like: None, .. } if magic.len() == 16));
    }
}
