//! What is found in an input, and what is said of it.

use std::fs::File;

use super::Input;
use crate::limits::Limits;

/// What is to be walked.
pub enum Origin {
    /// An open file, at its start. An archive in it is read where it lies.
    File(File),
    /// Anything else. An archive that must be read out of order goes to a temporary file first.
    Stream(Input),
}

/// How to walk.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct WalkOptions<'a> {
    /// The bounds; those on archives are at the end.
    pub limits: &'a Limits,
    /// What encrypted members are tried with, in this order.
    pub passwords: &'a [String],
}

impl<'a> WalkOptions<'a> {
    /// Within these bounds, with these passwords.
    pub const fn new(limits: &'a Limits, passwords: &'a [String]) -> Self {
        Self { limits, passwords }
    }
}

/// Something that is no archive: a capture, or not.
#[non_exhaustive]
pub struct Member {
    /// Where it lies, from the outermost archive on: `a/b.pcapng`, or `inner.zip/x.pcap` in an archive in an archive.
    /// `None` when the input itself is no archive. Raw text, which a report has to escape: anyone can name a member
    /// `../x` or put terminal controls in. Names need not be different.
    pub path: Option<String>,
    /// Its octets from the first one on, with compressions already taken off. To be read before the visitor returns.
    /// It ends in an error as [`Peeled`] describes when the member is cut off or damaged.
    pub content: Peeled,
}

/// What kept a member, or the rest of an archive, from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberNote {
    /// The member or archive, as [`Member::path`]; `None` for the input itself.
    pub path: Option<String>,
    /// What sort of reason it is.
    pub kind: NoteKind,
    /// The reason, as one clause, and what to do about it.
    pub message: String,
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteKind {
    /// It is encrypted, and none of the given passwords is right.
    Encrypted,
    /// A bound of [`Limits`] was reached.
    Bound,
    /// It is damaged, cut off, or packed in a way this program does not read.
    Unreadable,
}

/// What a walk saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Walked {
    /// What the input is, with its article, when it is an archive or mail: `a zip archive`.
    pub archive: Option<&'static str>,
    /// Members visited.
    pub members: u64,
}

impl Walked {
    /// What an archive is in which no capture was found; none if the input is no archive.
    pub(crate) fn without_capture(&self) -> Option<String> {
        let archive = self.archive?;
        Some(format!("{archive} without a capture in it; members read: {}", self.members))
    }

    /// Whether `note` is on an input that is broken before it shows what it is. Found in a folder it may be anything.
    pub(crate) fn may_be_anything(&self, note: &MemberNote) -> bool {
        note.path.is_none() && note.kind == NoteKind::Unreadable && self.archive.is_none()
    }
}

/// A stream with its compressions taken off.
#[non_exhaustive]
pub struct Peeled {
    /// The uncompressed octets, from the first one on.
    ///
    /// A compressed stream that is cut off ends in an error of kind `UnexpectedEof`, one that is damaged in one of kind
    /// `InvalidData`, each after every octet before it was read. Errors of the input itself come through unchanged.
    pub stream: Input,
    /// The compressions taken off, outermost first: `gzip`, `zstd`, `lz4`, `xz`, `bzip2`.
    pub layers: Vec<&'static str>,
    /// The file that the stream is all of, where nothing had to be taken off, and how many octets of it: for who has to
    /// read it in another order. It and the stream share one position, so only one of them is to be read.
    pub file: Option<(File, u64)>,
}

/// The same file once more, if it is a regular one, and how many octets it has.
pub(super) fn again(file: &File) -> Option<(File, u64)> {
    let octets = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    Some((file.try_clone().ok()?, octets))
}
