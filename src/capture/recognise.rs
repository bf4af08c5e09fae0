//! What content that is no capture looks like, and what its owner can do about it.

use crate::capture::ReadError;
use crate::container;

/// Octets at the start of a file that are enough for every test here.
pub(crate) const HEAD_OCTETS: usize = 128;
/// Octets of them that an error shows.
const SHOWN_OCTETS: usize = 16;

/// The error for content beginning with `head`, after `layers` compressions were taken off.
pub(crate) fn unknown_format(head: &[u8], layers: &[&str], is_cut: bool) -> ReadError {
    let magic = head.get(..SHOWN_OCTETS).unwrap_or(head).to_vec();
    ReadError::UnknownFormat { magic, looks_like: looks_like(head, layers, is_cut) }
}

fn looks_like(head: &[u8], layers: &[&str], is_cut: bool) -> Option<String> {
    if let (Some(compression), Some(_)) = (container::compression_of(head), layers.first()) {
        let depth = container::MAX_DEPTH;
        return Some(format!("{compression} data inside {depth} other compressions, which is too deep"));
    }
    let what = if head.is_empty() && is_cut {
        "compressed data that is cut off before its first octet; copy the file again"
    } else if head.is_empty() {
        "an empty file"
    } else if is_etl(head) {
        "a Windows ETL trace; convert it with `etl2pcapng in.etl out.pcapng` or `pktmon etl2pcap in.etl`"
    } else if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        what
    } else if head.get(257..).unwrap_or_default().starts_with(b"ustar") {
        "a tar archive; unpack it first"
    } else if is_text(head) {
        "a text file"
    } else {
        return None;
    };
    match layers {
        [] => Some(what.to_owned()),
        _ => Some(format!("{what} (inside {})", layers.join(" and "))),
    }
}

/// What may be met in mail tickets where a capture is meant.
const MAGICS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\xfd7zXZ\0", "xz data; unpack it with `xz -d` first"),
    (b"BZh", "bzip2 data; unpack it with `bzip2 -d` first"),
    (b"\x04\x22\x4d\x18", "lz4 data; unpack it with `lz4 -d` first"),
    (b"MSCF", "a cabinet archive; unpack it first"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture; convert it with `editcap in.cap out.pcap`"),
    (b"GMBU", "a Microsoft Network Monitor capture; convert it with `editcap in.cap out.pcap`"),
    (b"snoop\0\0\0", "a snoop capture; convert it with `editcap in out.pcap`"),
    (b"iptrace ", "an iptrace capture; convert it with `editcap in out.pcap`"),
    (b"TRSNIFF data    \x1a", "a Sniffer capture; convert it with `editcap in.cap out.pcap`"),
    (b"XCP\0", "a Sniffer capture; convert it with `editcap in.cap out.pcap`"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office or Outlook file; save the capture attached to it"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
];

/// An ETL file has no magic. It begins with a buffer header of 72 octets, buffer size and used octets in front, and
/// then the system trace header of the log file: kind 1 or 2 (32 or 64 bits) and the mark 0xc0.
fn is_etl(head: &[u8]) -> bool {
    let Some((&[a, b, c, d, e, f, g, h], _)) = head.split_first_chunk() else { return false };
    let buffer_octets = u32::from_le_bytes([a, b, c, d]);
    let used_octets = u32::from_le_bytes([e, f, g, h]);
    let marked = matches!(head.get(74..76), Some([1 | 2, 0xc0]));
    marked && (1024..=16 << 20).contains(&buffer_octets) && buffer_octets % 1024 == 0 && used_octets <= buffer_octets
}

fn is_text(head: &[u8]) -> bool {
    let plain = head.iter().all(|&octet| matches!(octet, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..));
    let utf_16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    utf_16 || (plain && (head.is_ascii() || String::from_utf8_lossy(head).matches('\u{fffd}').count() <= 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_mistakes_are_named() {
        let mut etl = vec![0; 128];
        etl[..8].copy_from_slice(&[0, 0, 1, 0, 0x10, 2, 0, 0]);
        etl[72..76].copy_from_slice(&[0, 0, 2, 0xc0]);
        let cases: [(&[u8], &[&str], &str); 8] = [
            (b"", &[], "an empty file"),
            (b"No.  Time  Source\r\n", &[], "a text file"),
            ("Größe: 5".as_bytes(), &["zstd"], "a text file (inside zstd)"),
            (b"\xff\xfeN\0o\0", &[], "a text file"),
            (b"PK\x03\x04\x14\0", &["gzip"], "a zip archive; unpack it first (inside gzip)"),
            (
                &etl,
                &[],
                "a Windows ETL trace; convert it with `etl2pcapng in.etl out.pcapng` or `pktmon etl2pcap in.etl`",
            ),
            (
                b"\x1f\x8b\x08\0",
                &["gzip", "gzip", "gzip", "gzip"],
                "gzip data inside 4 other compressions, which is too deep",
            ),
            (b"GMBU\0\x02", &[], "a Microsoft Network Monitor capture; convert it with `editcap in.cap out.pcap`"),
        ];
        for (head, layers, expected) in cases {
            assert_eq!(looks_like(head, layers, false).as_deref(), Some(expected));
        }
        assert_eq!(looks_like(&[0xde, 0xad, 0, 1], &[], false), None);
    }

    #[test]
    fn only_the_first_octets_are_shown() {
        let error = unknown_format(&[7; 100], &[], false);
        assert!(matches!(&error, ReadError::UnknownFormat { magic, looks_like: None } if magic.len() == 16));
    }
}
