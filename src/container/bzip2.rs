//! bzip2, also several streams one after the other, as parallel packers write them.

use std::io::{self, BufReader};

use bzip2::bufread::MultiBzDecoder;

use super::Input;
use super::compression::Compression;

pub(super) const BZIP2: Compression = Compression { name: "bzip2", matches, open };

const BUFFER_OCTETS: usize = 128 * 1024;

/// The magic, the block size, and the mark of a first block or of the end.
fn matches(head: &[u8]) -> bool {
    match head {
        [b'B', b'Z', b'h', b'1'..=b'9', mark @ ..] => {
            mark.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                || mark.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
        }
        _ => false,
    }
}

fn open(input: Input) -> io::Result<Input> {
    Ok(Box::new(MultiBzDecoder::new(BufReader::with_capacity(BUFFER_OCTETS, input))))
}
