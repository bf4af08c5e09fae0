//! Zstandard (RFC 8878), also several frames one after the other.

use std::io::{self, BufReader};

use zstd::stream::read::Decoder;

use super::compression::Compression;
use super::{Input, signature};

pub(super) const ZSTD: Compression = Compression { signature: signature::ZSTD, open };

/// 128 MiB, what the `zstd` command takes without being told otherwise: what a hostile file can make a decoder hold.
const MAX_WINDOW_LOG: u32 = 27;

const BUFFER_OCTETS: usize = 128 * 1024;

fn open(input: Input) -> io::Result<Input> {
    let mut decoder = Decoder::with_buffer(BufReader::with_capacity(BUFFER_OCTETS, input))?;
    decoder.window_log_max(MAX_WINDOW_LOG)?;
    Ok(Box::new(decoder))
}
