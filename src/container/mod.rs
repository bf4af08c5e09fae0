//! What wraps a capture: compressions, archives and mails, also one inside the other.
//!
//! All of it is known by its first octets, never by a file name, and nothing is ever unpacked to a named file.
//! [`walk`] finds every member of an archive or mail and of what is in them, with its compressions taken off; what is
//! neither is itself the one member.
//!
//! Without the feature `containers` nothing is unpacked: the content is handed on as it is, and whoever opens it as a
//! capture is told which feature is missing ([`ReadError::FeatureOff`](crate::capture::ReadError::FeatureOff)).

mod member;
#[cfg(not(feature = "containers"))]
mod plain;
mod signature;
#[cfg(feature = "containers")]
mod unpack;

use std::io::Read;

#[cfg(not(feature = "containers"))]
use plain as unpack;

pub use member::{Member, MemberNote, NoteKind, Origin, Peeled, WalkOptions, Walked};
pub use unpack::walk;

// No part of the interface: tests, measurements and fuzz targets go in here.
#[doc(hidden)]
pub use {signature::compression_of, unpack::peel};

pub(crate) use unpack::peel_file;

/// A stream that can be read from one thread and handed to another.
pub type Input = Box<dyn Read + Send>;

/// How many compressions inside each other are undone. More than two are not seen outside of attacks.
#[doc(hidden)]
pub const MAX_DEPTH: usize = 4;

/// The cargo feature without which containers stay packed.
pub(crate) const FEATURE: &str = "containers";

/// What a stream with this beginning is, if it is a container and this build opens none.
pub(crate) fn left_packed(head: &[u8]) -> Option<String> {
    if cfg!(feature = "containers") { None } else { signature::container_of(head) }
}
