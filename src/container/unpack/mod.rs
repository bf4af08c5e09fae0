//! Unpacking. A new compression is one file, its signature and a row in `COMPRESSIONS`, a new archive one file, its
//! signature and a row in `ARCHIVES`.

mod archive;
mod bzip2;
mod compression;
mod expansion;
mod gzip;
mod layer;
mod lz4;
mod mail;
mod outlook;
mod pipe;
mod read_ahead;
mod sevenz;
mod source;
mod tar;
#[cfg(test)]
mod tests;
mod walk;
mod xz;
mod zip;
mod zstd;

use super::member::again;
use super::{Input, MAX_DEPTH, Member, MemberNote, NoteKind, Origin, Peeled, WalkOptions, Walked, signature};

pub use compression::peel;
pub(crate) use compression::peel_file;
pub use walk::walk;
