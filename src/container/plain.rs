//! In place of unpacking, where it is left out of the build: everything is handed on as it is.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;

use super::member::again;
use super::{Input, Member, MemberNote, Origin, Peeled, WalkOptions, Walked};
use crate::limits::Limits;

/// The stream as it is.
///
/// # Errors
/// None in this build.
pub fn peel(input: Input, _: &Limits) -> io::Result<Peeled> {
    Ok(Peeled { stream: input, layers: Vec::new(), file: None })
}

/// As [`peel`], the first `octets` octets of a file at its start.
///
/// # Errors
/// None in this build.
pub(crate) fn peel_file(file: File, octets: u64, limits: &Limits) -> io::Result<Peeled> {
    let again = again(&file).map(|(file, there)| (file, there.min(octets)));
    Ok(Peeled { file: again, ..peel(Box::new(file.take(octets)), limits)? })
}

/// Hands `origin` on as the one member, whatever it is.
pub fn walk(
    origin: Origin,
    options: WalkOptions<'_>,
    visit: &mut dyn FnMut(Member) -> ControlFlow<()>,
    note: &mut dyn FnMut(MemberNote),
) -> Walked {
    let content = match origin {
        Origin::File(file) => peel_file(file, u64::MAX, options.limits),
        Origin::Stream(stream) => peel(stream, options.limits),
    };
    match content {
        Ok(content) => {
            let _ = visit(Member { path: None, content });
            Walked { archive: None, members: 1 }
        }
        Err(error) => {
            note(MemberNote { path: None, kind: super::NoteKind::Unreadable, message: error.to_string() });
            Walked::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::capture::{OpenOptions, open};

    /// A header of a tar archive whose only content is its checksum.
    fn tar() -> Vec<u8> {
        let mut block = vec![0; 512];
        block[..6].copy_from_slice(b"a.pcap");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&octet| u32::from(octet)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    #[test]
    fn what_stays_packed_is_named_with_the_feature_that_opens_it() {
        let mail = b"From: a@example.com\r\nSubject: the capture\r\n\r\n";
        let cases: [(&[u8], &str); 10] = [
            (b"\x1f\x8b\x08\0\0\0\0\0", "gzip data"),
            (&[0x28, 0xb5, 0x2f, 0xfd, 0x24, 0, 0, 0], "zstd data"),
            (&[0x04, 0x22, 0x4d, 0x18, 0x64, 0x40], "lz4 data"),
            (b"\xfd7zXZ\0\0\x04", "xz data"),
            (b"BZh91AY&SY\x01\x02", "bzip2 data"),
            (b"PK\x03\x04\x14\0\0\0", "a zip archive"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Outlook message"),
            (&tar(), "a tar archive"),
            (mail, "a mail"),
        ];
        for (octets, what) in cases {
            let error = open(Box::new(Cursor::new(octets.to_vec())), &OpenOptions::default()).err().unwrap();
            assert_eq!(
                error.to_string(),
                format!(
                    "not a capture but {what}, and this build of ehlotrace is without the cargo feature `containers` that \
                     opens it; unpack it first, or enable the feature"
                )
            );
            assert!(!error.is_foreign_capture() && error.kind() == "unknown-format");
        }
    }

    #[test]
    fn whatever_it_is_it_is_the_one_member() {
        let octets = b"PK\x03\x04 and more";
        let (mut members, limits) = (Vec::new(), Limits::default());
        let mut visit = |mut member: Member| {
            let mut content = Vec::new();
            member.content.stream.read_to_end(&mut content).unwrap();
            members.push((member.path, content));
            ControlFlow::Continue(())
        };
        let origin = Origin::Stream(Box::new(Cursor::new(octets)));
        let walked = walk(origin, WalkOptions::new(&limits, &[]), &mut visit, &mut |note| panic!("{note:?}"));
        assert_eq!((walked.members, walked.archive), (1, None));
        assert_eq!(members, [(None, octets.to_vec())]);
    }
}
