//! The kinds of archive, and what reading one of them is.

use std::io;

use super::NoteKind;
use super::pipe::Outlet;
use super::signature::Signature;
use super::source::Source;
use super::{mail, outlook, sevenz, tar, zip};

/// One kind of archive.
pub(super) struct ArchiveKind {
    pub(super) signature: Signature,
    /// Hands every member to the outlet, in the order of the archive, until the outlet wants no more.
    pub(super) read: fn(Source, &mut Outlet) -> Result<(), ArchiveRefusal>,
}

/// Every kind, the ones with a sure mark first.
pub(super) const ARCHIVES: &[ArchiveKind] = &[zip::ZIP, sevenz::SEVENZ, outlook::OUTLOOK, tar::TAR, mail::MAIL];

/// The kind of archive that begins with `head`.
pub(super) fn kind_of(head: &[u8]) -> Option<&'static ArchiveKind> {
    ARCHIVES.iter().find(|kind| (kind.signature.matches)(head))
}

/// Why an archive, or the rest of it, could not be read.
pub(super) struct ArchiveRefusal {
    pub(super) kind: NoteKind,
    pub(super) message: String,
}

impl ArchiveRefusal {
    pub(super) fn new(kind: NoteKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// An error met outside of any member.
impl From<io::Error> for ArchiveRefusal {
    fn from(error: io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it is cut off; copy the file again".to_owned(),
            _ => error.to_string(),
        };
        Self { kind: NoteKind::Unreadable, message }
    }
}
