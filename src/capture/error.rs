//! Why a capture could not be read, or not to its end.

use std::fmt;
use std::io;

/// Why reading one capture stopped. Every packet before that was delivered.
///
/// Offsets count octets of the uncompressed stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input failed.
    #[error("reading failed at octet {offset}: {source}; copy the file again or check the disk")]
    Io {
        /// Octets read before the failure.
        offset: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content is no capture this crate reads.
    #[error("{}", Unknown(magic, looks_like.as_deref()))]
    UnknownFormat {
        /// The first octets of the content, at most 16.
        magic: Vec<u8>,
        /// What the content looks like and what to do about it, when that is recognised.
        looks_like: Option<String>,
    },
    /// The content breaks its own format.
    #[error("damaged at octet {offset}: {what}; nothing after it can be read, so take the file from its source again")]
    Corrupt {
        /// Where the damage was met.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
}

impl ReadError {
    /// The kind of error as one stable word: `io`, `unknown-format` or `corrupt`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::UnknownFormat { .. } => "unknown-format",
            Self::Corrupt { .. } => "corrupt",
        }
    }

    /// Where it happened, in octets of the uncompressed stream; `None` when it is about the content as a whole.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Io { offset, .. } | Self::Corrupt { offset, .. } => Some(*offset),
            Self::UnknownFormat { .. } => None,
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
            Some(looks_like) => write!(f, "not a capture this program reads but {looks_like}")?,
            None => write!(f, "not a capture this program reads; save it as pcap or pcapng")?,
        }
        if let [first, rest @ ..] = self.0 {
            write!(f, " (it begins with the octets {first:02x}")?;
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
                "reading failed at octet 7: the disk is gone; copy the file again or check the disk",
            ),
            (
                ReadError::UnknownFormat { magic: vec![0x1b, b'[', 0xff], looks_like: None },
                ("unknown-format", None),
                "not a capture this program reads; save it as pcap or pcapng (it begins with the octets 1b 5b ff)",
            ),
            (
                ReadError::UnknownFormat { magic: vec![], looks_like: Some("an empty file".into()) },
                ("unknown-format", None),
                "not a capture this program reads but an empty file",
            ),
            (
                ReadError::corrupt(24, "a packet of 4294967295 octets"),
                ("corrupt", Some(24)),
                "damaged at octet 24: a packet of 4294967295 octets; nothing after it can be read, so take the file \
                 from its source again",
            ),
        ];
        for (error, (kind, offset), sentence) in cases {
            assert_eq!((error.kind(), error.offset()), (kind, offset));
            assert_eq!(error.to_string(), sentence);
        }
    }
}
