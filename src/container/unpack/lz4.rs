//! LZ4 frames (the LZ4 Frame Format Description, 1.6), also several one after the other.

use std::io::{self, BufReader, Read};

use lz4_flex::frame::FrameDecoder;

use super::compression::Compression;
use super::{Input, signature};

pub(super) const LZ4: Compression = Compression { signature: signature::LZ4, open };

const BUFFER_OCTETS: usize = 128 * 1024;

fn open(input: Input) -> io::Result<Input> {
    let source = Watched { inner: BufReader::with_capacity(BUFFER_OCTETS, input), octets: 0, ended: false };
    Ok(Box::new(Frames(Some(FrameDecoder::new(source)))))
}

/// The frames of an lz4 file. `None` after the last.
///
/// The decoder takes the end of its input for the end of a frame, and does not get a frame right that has larger blocks
/// than the one before it. So each frame gets a decoder of its own, which is watched.
struct Frames(Option<FrameDecoder<Watched>>);

impl Read for Frames {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(frame) = &mut self.0 {
            let n = frame.read(buf)?;
            if n > 0 {
                return Ok(n);
            }
            let Some(ended) = self.0.take() else { break };
            let source = ended.into_inner();
            match source {
                Watched { ended: true, octets: 0, .. } => {}
                Watched { ended: true, .. } => return Err(io::ErrorKind::UnexpectedEof.into()),
                Watched { inner, .. } => {
                    self.0 = Some(FrameDecoder::new(Watched { inner, octets: 0, ended: false }));
                }
            }
        }
        Ok(0)
    }
}

/// The input of one frame: what the decoder got of it, and whether it asked for more than there is.
struct Watched {
    inner: BufReader<Input>,
    octets: u64,
    ended: bool,
}

impl Read for Watched {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.octets = self.octets.saturating_add(n as u64);
        self.ended = n == 0 && !buf.is_empty();
        Ok(n)
    }
}
