//! Every capture in an input, however it is packed.

use std::fs::File;
use std::ops::ControlFlow;

use super::{Input, Peeled, peel};
use crate::limits::Limits;

/// How to walk.
#[derive(Clone, Copy)]
pub struct WalkOptions<'a> {
    /// The bounds.
    pub limits: &'a Limits,
    /// What encrypted members are tried with, in this order.
    pub passwords: &'a [String],
}

/// Something that is no archive: a capture, or not.
pub struct Member {
    /// Where it lies in the archives around it; `None` when the input itself is no archive.
    pub path: Option<String>,
    /// Its octets from the first one on, with compressions already taken off.
    pub content: Peeled,
}

/// What kept a member, or the rest of an archive, from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberNote {
    /// The member or archive; `None` for the input itself.
    pub path: Option<String>,
    /// What sort of reason it is.
    pub kind: NoteKind,
    /// The reason, as one clause, and what to do about it.
    pub message: String,
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// It is damaged, or packed in a way this program does not read.
    Unreadable,
}

/// What a walk saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// What the input is, with its article, when it is an archive or mail.
    pub archive: Option<&'static str>,
    /// Members visited.
    pub members: u64,
}

/// What is to be walked.
pub enum Origin {
    /// An open file, at its start.
    File(File),
    /// Anything else.
    Stream(Input),
}

/// Hands every member in `origin` to `visit`, and says through `note` what could not be read.
pub fn walk(
    origin: Origin,
    _: WalkOptions<'_>,
    visit: &mut dyn FnMut(Member) -> ControlFlow<()>,
    note: &mut dyn FnMut(MemberNote),
) -> Walked {
    let input: Input = match origin {
        Origin::File(file) => Box::new(file),
        Origin::Stream(stream) => stream,
    };
    match peel(input) {
        Ok(content) => {
            // That the visitor has seen enough is no failure.
            let _ = visit(Member { path: None, content });
        }
        Err(error) => note(MemberNote { path: None, kind: NoteKind::Unreadable, message: error.to_string() }),
    }
    Walked { archive: None, members: 1 }
}
