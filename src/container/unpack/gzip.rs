//! gzip (RFC 1952), also several members one after the other, as `gzip` and rotating writers append them.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::compression::Compression;
use super::{Input, signature};

pub(super) const GZIP: Compression = Compression { signature: signature::GZIP, open };

const BUFFER_OCTETS: usize = 128 * 1024;

fn open(input: Input) -> io::Result<Input> {
    Ok(Box::new(Members(Some(GzDecoder::new(BufReader::with_capacity(BUFFER_OCTETS, input))))))
}

/// The members of a gzip file. `None` after the last.
///
/// flate2 has a reader of several members too, but takes the zeros that tape and disk blocks leave behind the last one
/// for a damaged member.
struct Members(Option<GzDecoder<BufReader<Input>>>);

impl Read for Members {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.0 {
            let n = member.read(buf)?;
            if n > 0 {
                return Ok(n);
            }
            let Some(ended) = self.0.take() else { break };
            self.0 = next_member(ended.into_inner())?.map(GzDecoder::new);
        }
        Ok(0)
    }
}

/// The input when another member begins in it; `None` when only zeros are left.
fn next_member(mut input: BufReader<Input>) -> io::Result<Option<BufReader<Input>>> {
    loop {
        let octets = match input.fill_buf() {
            Ok(octets) => octets,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        match octets.iter().position(|&octet| octet != 0) {
            None if octets.is_empty() => return Ok(None),
            None => {
                let zeros = octets.len();
                input.consume(zeros);
            }
            Some(0) if octets.first() == Some(&0x1f) => return Ok(Some(input)),
            Some(_) => return Err(io::Error::other("there is more data after its end")),
        }
    }
}
