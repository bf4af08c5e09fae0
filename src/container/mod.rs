//! What wraps a capture: compressions, archives and mails, also one inside the other.
//!
//! All of it is known by its first octets, never by a file name, and nothing is ever unpacked to a named file.
//! [`peel`] takes compressions off one stream. [`walk`] finds every member of an archive or mail and of what is in
//! them; what is neither is itself the one member.
//!
//! A new compression is one file and a row in `COMPRESSIONS`, a new archive one file and a row in `ARCHIVES`.

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

use std::io::Read;

pub use compression::{MAX_DEPTH, Peeled, compression_of, peel, peel_file};
pub use source::Origin;
pub use walk::{Member, MemberNote, NoteKind, WalkOptions, Walked, walk};

/// A stream that can be read from one thread and handed to another.
pub type Input = Box<dyn Read + Send>;
