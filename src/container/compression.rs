//! Streams compressed as a whole, also one compression inside the other.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use super::expansion::Expansion;
use super::layer::{Counted, Guarded, Prefixed, Tagged};
use super::read_ahead::ReadAhead;
use super::{Input, bzip2, gzip, lz4, xz, zstd};
use crate::limits::Limits;

/// How many compressions inside each other are undone. More than two are not seen outside of attacks.
pub const MAX_DEPTH: usize = 4;

/// A stream with its compressions taken off.
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

/// One kind of compression.
pub(super) struct Compression {
    pub(super) name: &'static str,
    /// Whether a stream that begins with these octets is of this kind.
    pub(super) matches: fn(&[u8]) -> bool,
    pub(super) open: fn(Input) -> io::Result<Input>,
}

const COMPRESSIONS: &[Compression] = &[gzip::GZIP, zstd::ZSTD, lz4::LZ4, xz::XZ, bzip2::BZIP2];

/// The octets at the start of a stream that tell what it is; most of them for the headers of a mail.
pub(super) const HEAD_OCTETS: usize = 4096;

impl Peeled {
    /// A stream that was compressed is unpacked ahead, on a thread of its own.
    pub(super) fn new(stream: Prefixed, layers: Vec<&'static str>) -> Self {
        let stream: Input =
            if layers.is_empty() { Box::new(stream) } else { Box::new(ReadAhead::new(Box::new(stream))) };
        Self { stream, layers, file: None }
    }

    /// The stream is so many octets of `file`, unless it was compressed.
    pub(super) fn of_file(self, file: Option<(File, u64)>) -> Self {
        Self { file: file.filter(|_| self.layers.is_empty()), ..self }
    }
}

/// Takes every compression off `input`, to a depth of [`MAX_DEPTH`].
///
/// # Errors
/// When a decoder cannot be set up. Errors of `input` itself are kept for the first read of the stream.
pub fn peel(input: Input, limits: &Limits) -> io::Result<Peeled> {
    let expansion = Expansion::new(limits);
    let counted = Counted { inner: input, expansion: Arc::clone(&expansion) };
    let (stream, layers) = peel_within(Box::new(counted), &expansion)?;
    Ok(Peeled::new(stream, layers))
}

/// As [`peel`], of the first `octets` octets of a file at its start.
///
/// # Errors
/// As [`peel`].
pub fn peel_file(file: File, octets: u64, limits: &Limits) -> io::Result<Peeled> {
    let again = again(&file).map(|(file, there)| (file, there.min(octets)));
    Ok(peel(Box::new(file.take(octets)), limits)?.of_file(again))
}

/// The same file once more, if it is a regular one, and how many octets it has.
pub(super) fn again(file: &File) -> Option<(File, u64)> {
    let octets = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
    Some((file.try_clone().ok()?, octets))
}

/// As [`peel`], with what is unpacked counted in `expansion`. The head of the stream is there to look at.
pub(super) fn peel_within(input: Input, expansion: &Arc<Expansion>) -> io::Result<(Prefixed, Vec<&'static str>)> {
    let mut layers = Vec::new();
    let mut stream = Prefixed::sniff(input, HEAD_OCTETS);
    while layers.len() < MAX_DEPTH {
        let Some(compression) = COMPRESSIONS.iter().find(|c| (c.matches)(stream.head())) else { break };
        let decoded = (compression.open)(Box::new(Tagged(stream)))?;
        let guarded = Guarded::new(decoded, compression.name, Arc::clone(expansion));
        stream = Prefixed::sniff(Box::new(guarded), HEAD_OCTETS);
        layers.push(compression.name);
    }
    Ok((stream, layers))
}

/// The compression a stream with this beginning is in, if any.
pub fn compression_of(head: &[u8]) -> Option<&'static str> {
    COMPRESSIONS.iter().find(|c| (c.matches)(head)).map(|c| c.name)
}
