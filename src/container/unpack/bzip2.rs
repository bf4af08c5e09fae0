//! bzip2, also several streams one after the other, as parallel packers write them.

use std::io::{self, BufReader};

use bzip2::bufread::MultiBzDecoder;

use super::compression::Compression;
use super::{Input, signature};

pub(super) const BZIP2: Compression = Compression { signature: signature::BZIP2, open };

const BUFFER_OCTETS: usize = 128 * 1024;

fn open(input: Input) -> io::Result<Input> {
    Ok(Box::new(MultiBzDecoder::new(BufReader::with_capacity(BUFFER_OCTETS, input))))
}
