//! Why a capture could not be read, or not to its end.

use std::fmt;
use std::io;

use crate::container::{MemberNote, NoteKind};

/// Why reading one capture stopped. Every packet before that was delivered.
///
/// Offsets count octets of the uncompressed stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input failed.
    #[error("reading failed at byte {offset}: {source}; copy the file again or check the disk")]
    Io {
        /// Octets read before the failure.
        offset: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The input cannot be opened, or a folder not listed.
    #[error("cannot be opened: {source}")]
    Open {
        /// What the operating system said.
        source: io::Error,
    },
    /// A member of an archive, or the rest of the archive, was not read.
    #[error("{}", note.message)]
    Packed {
        /// What kept it from being read.
        note: MemberNote,
    },
    /// The content is no capture this crate reads.
    #[error("{}", Unknown(magic, looks_like.as_deref()))]
    UnknownFormat {
        /// The first octets of the content, at most 16.
        magic: Vec<u8>,
        /// What the content looks like and what to do about it, when that is recognised.
        looks_like: Option<String>,
        /// Whether it is a capture all the same, of a kind that another program has to convert.
        is_foreign_capture: bool,
    },
    /// The content is a container, and this build is without the feature that opens it.
    #[error(
        "not a capture but {what}, and this build of ehlotrace is without the cargo feature `{feature}` that opens it; unpack it first, or enable the feature"
    )]
    FeatureOff {
        /// What the content is: `gzip data`, `a zip archive`.
        what: String,
        /// The cargo feature.
        feature: &'static str,
    },
    /// The capture cannot be kept to be read out of order, as its format needs.
    #[error(
        "this format needs a temporary file, but writing it failed: {source}; free some disk space, or set TMPDIR to another folder"
    )]
    Spool {
        /// What the operating system said.
        source: io::Error,
    },
    /// The capture is larger than this program keeps of a format that is read out of order.
    #[error(
        "larger than the limit of {limit} bytes for this format: only the first {limit} bytes were read; give the file itself, not packed and not through a pipe, or a smaller one"
    )]
    TooLarge {
        /// Octets that can be read.
        limit: u64,
    },
    /// One of several captures read as one could not be read, or not to its end; those after it were.
    #[error("{path}: {source}")]
    Part {
        /// Which one.
        path: String,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// The content breaks its own format.
    #[error("damaged at byte {offset}: {what}; the rest of the file cannot be read; get a new copy of the file")]
    Corrupt {
        /// Where the damage was met.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
}

impl ReadError {
    /// Every word of [`kind`](Self::kind).
    pub const KINDS: [&str; 6] = ["io", "unknown-format", "encrypted", "bound", "too-large", Self::CORRUPT];

    /// The word for content that breaks its own format.
    pub const CORRUPT: &str = "corrupt";

    /// Whether the content is a capture, of a kind that another program has to convert.
    pub fn is_foreign_capture(&self) -> bool {
        match self {
            Self::UnknownFormat { is_foreign_capture, .. } => *is_foreign_capture,
            Self::Part { source, .. } => source.is_foreign_capture(),
            _ => false,
        }
    }

    /// The kind of error as one stable word, one of [`KINDS`](Self::KINDS).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } | Self::Open { .. } | Self::Spool { .. } => "io",
            Self::Packed { note } => match note.kind {
                NoteKind::Encrypted => "encrypted",
                NoteKind::Bound => "bound",
                NoteKind::Unreadable => Self::CORRUPT,
            },
            Self::UnknownFormat { .. } | Self::FeatureOff { .. } => "unknown-format",
            Self::TooLarge { .. } => "too-large",
            Self::Part { source, .. } => source.kind(),
            Self::Corrupt { .. } => Self::CORRUPT,
        }
    }

    /// Where it happened, in octets of the uncompressed stream; `None` when it is about the content as a whole.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Io { offset, .. } | Self::Corrupt { offset, .. } => Some(*offset),
            Self::TooLarge { limit } => Some(*limit),
            Self::Part { source, .. } => source.offset(),
            Self::Open { .. }
            | Self::Packed { .. }
            | Self::UnknownFormat { .. }
            | Self::FeatureOff { .. }
            | Self::Spool { .. } => None,
        }
    }

    pub(crate) fn corrupt(offset: u64, what: impl Into<String>) -> Self {
        Self::Corrupt { offset, what: what.into() }
    }
}

/// The sentence for content that is no capture. Its octets are never printed raw: they may be terminal controls.
struct Unknown<'a>(&'a [u8], Option<&'a str>);

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(looks_like) => return write!(f, "not a capture that ehlotrace can read: this is {looks_like}"),
            None => write!(f, "not a capture that ehlotrace can read; save it as pcap or pcapng")?,
        }
        if let [first, rest @ ..] = self.0 {
            write!(f, " (the file begins with the bytes {first:02x}")?;
            for octet in rest {
                write!(f, " {octet:02x}")?;
            }
            write!(f, ")")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_one_sentence_with_its_kind_and_offset() {
        let cases = [
            (
                ReadError::Io { offset: 7, source: io::Error::other("the disk is gone") },
                ("io", Some(7)),
                "reading failed at byte 7: the disk is gone; copy the file again or check the disk",
            ),
            (
                ReadError::Open { source: io::Error::other("no such file") },
                ("io", None),
                "cannot be opened: no such file",
            ),
            (
                ReadError::Packed {
                    note: MemberNote {
                        path: Some("a.pcap".into()),
                        kind: NoteKind::Encrypted,
                        message: "encrypted: give --password".into(),
                    },
                },
                ("encrypted", None),
                "encrypted: give --password",
            ),
            (
                ReadError::UnknownFormat { magic: vec![0x1b, b'[', 0xff], looks_like: None, is_foreign_capture: false },
                ("unknown-format", None),
                "not a capture that ehlotrace can read; save it as pcap or pcapng (the file begins with the bytes 1b 5b ff)",
            ),
            (
                ReadError::UnknownFormat {
                    magic: vec![],
                    looks_like: Some("an empty file".into()),
                    is_foreign_capture: false,
                },
                ("unknown-format", None),
                "not a capture that ehlotrace can read: this is an empty file",
            ),
            (
                ReadError::Spool { source: io::Error::other("the disk is full") },
                ("io", None),
                "this format needs a temporary file, but writing it failed: the disk is full; free some disk space, or \
                 set TMPDIR to another folder",
            ),
            (
                ReadError::TooLarge { limit: 4096 },
                ("too-large", Some(4096)),
                "larger than the limit of 4096 bytes for this format: only the first 4096 bytes were read; give the \
                 file itself, not packed and not through a pipe, or a smaller one",
            ),
            (
                ReadError::corrupt(24, "a packet of 4294967295 bytes"),
                ("corrupt", Some(24)),
                "damaged at byte 24: a packet of 4294967295 bytes; the rest of the file cannot be read; get a new copy of \
                 the file",
            ),
            (
                ReadError::Part { path: "b.pcap".into(), source: Box::new(ReadError::corrupt(9, "no block")) },
                ("corrupt", Some(9)),
                "b.pcap: damaged at byte 9: no block; the rest of the file cannot be read; get a new copy of the file",
            ),
        ];
        for (error, (kind, offset), sentence) in cases {
            assert_eq!((error.kind(), error.offset()), (kind, offset));
            assert!(ReadError::KINDS.contains(&kind), "{kind}");
            assert_eq!(error.to_string(), sentence);
        }
    }
}
