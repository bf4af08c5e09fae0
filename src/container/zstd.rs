//! Zstandard (RFC 8878), also several frames one after the other.

use std::io::{self, BufReader};

use zstd::stream::read::Decoder;

use super::Input;
use super::compression::Compression;

pub(super) const ZSTD: Compression = Compression { name: "zstd", matches, open };

/// 128 MiB, what the `zstd` command takes without being told otherwise: what a hostile file can make a decoder hold.
const MAX_WINDOW_LOG: u32 = 27;

const BUFFER_OCTETS: usize = 128 * 1024;

/// A data frame, or a skippable frame before one (RFC 8878 3.1).
fn matches(head: &[u8]) -> bool {
    match head {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => true,
        [first, 0x2a, 0x4d, 0x18, ..] => first & 0xf0 == 0x50,
        _ => false,
    }
}

fn open(input: Input) -> io::Result<Input> {
    let mut decoder = Decoder::with_buffer(BufReader::with_capacity(BUFFER_OCTETS, input))?;
    decoder.window_log_max(MAX_WINDOW_LOG)?;
    Ok(Box::new(decoder))
}
