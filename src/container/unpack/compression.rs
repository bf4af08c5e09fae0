//! Streams compressed as a whole, also one compression inside the other.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use super::expansion::Expansion;
use super::layer::{Counted, Guarded, Prefixed, Tagged};
use super::read_ahead::ReadAhead;
use super::signature::Signature;
use super::{Input, MAX_DEPTH, Peeled, again, bzip2, gzip, lz4, xz, zstd};
use crate::limits::Limits;

/// One kind of compression.
pub(super) struct Compression {
    pub(super) signature: Signature,
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
pub(crate) fn peel_file(file: File, octets: u64, limits: &Limits) -> io::Result<Peeled> {
    let again = again(&file).map(|(file, there)| (file, there.min(octets)));
    Ok(peel(Box::new(file.take(octets)), limits)?.of_file(again))
}

/// As [`peel`], with what is unpacked counted in `expansion`. The head of the stream is there to look at.
pub(super) fn peel_within(input: Input, expansion: &Arc<Expansion>) -> io::Result<(Prefixed, Vec<&'static str>)> {
    let mut layers = Vec::new();
    let mut stream = Prefixed::sniff(input, HEAD_OCTETS);
    while layers.len() < MAX_DEPTH {
        let Some(compression) = COMPRESSIONS.iter().find(|c| (c.signature.matches)(stream.head())) else { break };
        let decoded = (compression.open)(Box::new(Tagged(stream)))?;
        let guarded = Guarded::new(decoded, compression.signature.name, Arc::clone(expansion));
        stream = Prefixed::sniff(Box::new(guarded), HEAD_OCTETS);
        layers.push(compression.signature.name);
    }
    Ok((stream, layers))
}
