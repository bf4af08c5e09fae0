//! The octets that each kind of container begins with.

/// A kind of container, and how it is known.
pub(super) struct Signature {
    /// Its name: of a compression as it is, `gzip`; of an archive with its article, `a zip archive`.
    pub(super) name: &'static str,
    /// Whether a stream that begins with these octets is of this kind.
    pub(super) matches: fn(&[u8]) -> bool,
}

pub(super) const GZIP: Signature = Signature { name: "gzip", matches: |head| head.starts_with(&[0x1f, 0x8b, 8]) };
pub(super) const ZSTD: Signature = Signature { name: "zstd", matches: is_zstd };
pub(super) const LZ4: Signature =
    Signature { name: "lz4", matches: |head| head.starts_with(&[0x04, 0x22, 0x4d, 0x18]) };
pub(super) const XZ: Signature = Signature { name: "xz", matches: |head| head.starts_with(b"\xfd7zXZ\0") };
pub(super) const BZIP2: Signature = Signature { name: "bzip2", matches: is_bzip2 };

pub(super) const ZIP: Signature = Signature { name: "a zip archive", matches: is_zip };
pub(super) const SEVENZ: Signature =
    Signature { name: "a 7z archive", matches: |head| head.starts_with(b"7z\xbc\xaf\x27\x1c") };
pub(super) const OUTLOOK: Signature =
    Signature { name: "an Outlook message", matches: |head| head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") };
pub(super) const TAR: Signature = Signature { name: "a tar archive", matches: is_tar };
pub(super) const MAIL: Signature = Signature { name: "a mail", matches: is_mail };

/// The compression a stream with this beginning is in, if any.
pub fn compression_of(head: &[u8]) -> Option<&'static str> {
    [GZIP, ZSTD, LZ4, XZ, BZIP2].into_iter().find(|kind| (kind.matches)(head)).map(|kind| kind.name)
}

/// The container that begins with these octets: `gzip data`, `a zip archive`.
pub(super) fn container_of(head: &[u8]) -> Option<String> {
    if let Some(compression) = compression_of(head) {
        return Some(format!("{compression} data"));
    }
    let archive = [ZIP, SEVENZ, OUTLOOK, TAR, MAIL].into_iter().find(|kind| (kind.matches)(head))?;
    Some(archive.name.to_owned())
}

/// A data frame, or a skippable frame before one (RFC 8878 3.1).
fn is_zstd(head: &[u8]) -> bool {
    match head {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => true,
        [first, 0x2a, 0x4d, 0x18, ..] => first & 0xf0 == 0x50,
        _ => false,
    }
}

/// The magic, the block size, and the mark of a first block or of the end.
fn is_bzip2(head: &[u8]) -> bool {
    match head {
        [b'B', b'Z', b'h', b'1'..=b'9', mark @ ..] => {
            mark.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                || mark.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
        }
        _ => false,
    }
}

/// An entry, an empty archive, or the marks of one that was or may have been split.
fn is_zip(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"PK\x07\x08").or_else(|| head.strip_prefix(b"PK00")).unwrap_or(head);
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Octets of a tar header.
pub(super) const TAR_BLOCK_OCTETS: usize = 512;

/// A block whose checksum is right and that is no block of zeros.
fn is_tar(head: &[u8]) -> bool {
    head.first_chunk::<TAR_BLOCK_OCTETS>().is_some_and(|block| block.first() != Some(&0) && is_tar_header(block))
}

/// The checksum adds up all octets, with its own field, octal digits, taken as spaces.
pub(super) fn is_tar_header(block: &[u8; TAR_BLOCK_OCTETS]) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let octets = block.iter().enumerate().map(|(at, &octet)| if FIELD.contains(&at) { b' ' } else { octet });
    let sum: u32 = octets.map(u32::from).sum();
    let field = block.get(FIELD).unwrap_or_default();
    let digits = field.split(|&octet| octet == 0).next().and_then(|digits| std::str::from_utf8(digits).ok());
    digits.is_some_and(|digits| u32::from_str_radix(digits.trim(), 8) == Ok(sum))
}

/// Headers that mails have and hardly anything else.
const USUAL_HEADERS: [&str; 14] = [
    "from",
    "to",
    "received",
    "return-path",
    "delivered-to",
    "message-id",
    "subject",
    "date",
    "mime-version",
    "content-type",
    "dkim-signature",
    "authentication-results",
    "arc-seal",
    "x-received",
];

/// Lines of headers and nothing else up to an empty one or the end, two of them usual ones.
fn is_mail(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut usual = [false; USUAL_HEADERS.len()];
    // The last line may be cut off where the head ends, and so be anything.
    let mut lines = head.split_inclusive(|&octet| octet == b'\n').filter(|line| line.ends_with(b"\n")).peekable();
    // An mbox file has its own line in front.
    let _ = lines.next_if(|line| line.starts_with(b"From "));
    for (at, line) in lines.enumerate() {
        match line {
            [b'\n'] | [b'\r', b'\n'] => break,
            [b' ' | b'\t', ..] if at > 0 => continue,
            _ => {}
        }
        let Some((name, _)) = split_header(line) else { return false };
        for (seen, usual) in usual.iter_mut().zip(USUAL_HEADERS) {
            *seen |= usual.as_bytes().eq_ignore_ascii_case(name);
        }
    }
    usual.iter().filter(|&&seen| seen).count() >= 2
}

/// The name in front of the colon (RFC 5322 3.6.8: printable, no spaces), and what follows.
pub(super) fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some((name, value))
}
