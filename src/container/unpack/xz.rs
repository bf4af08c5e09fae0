//! xz (the .xz File Format, 1.2), also several streams one after the other, with padding between.

use std::io::{self, BufReader};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::compression::Compression;
use super::{Input, signature};

pub(super) const XZ: Compression = Compression { signature: signature::XZ, open };

/// What a hostile file can make the decoder hold: `xz -9` needs 65 MiB of it.
const MAX_MEMORY_OCTETS: u64 = 130 * 1024 * 1024;

const BUFFER_OCTETS: usize = 128 * 1024;

fn open(input: Input) -> io::Result<Input> {
    let stream = Stream::new_stream_decoder(MAX_MEMORY_OCTETS, CONCATENATED).map_err(io::Error::other)?;
    Ok(Box::new(XzDecoder::new_stream(BufReader::with_capacity(BUFFER_OCTETS, input), stream)))
}
