//! One buffered stream of octets with its absolute offset: what every format reads from.

use std::fs::File;
use std::io::{self, Read};

use crate::capture::ReadError;

/// Octets the buffer starts with. Larger ones gain nothing: this much stays in the processor's second-level cache.
const BUFFER_OCTETS: usize = 256 * 1024;

/// A stream read in large pieces into one reused buffer.
///
/// A reader walks the records of [`available`](Self::available) in a tight loop, [`consume`](Self::consume)s what it
/// walked, and calls [`ensure`](Self::ensure) once the rest holds no whole record.
pub(crate) struct Source {
    input: Box<dyn Read + Send>,
    /// Initialised throughout; `start..end` is read and not consumed.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Octets of the stream before `buffer[0]`.
    base: u64,
    ended: bool,
    cut: bool,
    /// The file that the stream is all of, if it is, and how many octets of it.
    file: Option<(File, u64)>,
}

impl Source {
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, buffer: vec![0; BUFFER_OCTETS], start: 0, end: 0, base: 0, ended: false, cut: false, file: None }
    }

    /// The stream is so many octets of `file`.
    pub(crate) fn of_file(self, file: Option<(File, u64)>) -> Self {
        Self { file, ..self }
    }

    /// The file that the stream is all of, to be read instead of it.
    pub(crate) fn take_file(&mut self) -> Option<(File, u64)> {
        self.file.take()
    }

    /// The octets read and not consumed.
    pub(crate) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Octets of the stream before the first available one.
    pub(crate) fn offset(&self) -> u64 {
        self.base.saturating_add(self.start as u64)
    }

    /// Whether the stream ended before its time, as cut compressed data does.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Drops the first `octets` available ones, or all when they are fewer.
    pub(crate) fn consume(&mut self, octets: usize) {
        self.start = self.start.saturating_add(octets).min(self.end);
    }

    /// Reads until at least `octets` are available; false when the stream ends before.
    ///
    /// The buffer grows to hold them, but only as octets really arrive. The caller bounds `octets`.
    ///
    /// # Errors
    /// `Io` when the input fails, `Corrupt` when compressed data is damaged.
    pub(crate) fn ensure(&mut self, octets: usize) -> Result<bool, ReadError> {
        while self.end - self.start < octets {
            if self.ended {
                return Ok(false);
            }
            self.make_room();
            self.read_once()?;
        }
        Ok(true)
    }

    /// Passes over `octets`, in the buffer or not yet read; gives those that were there.
    ///
    /// # Errors
    /// As [`ensure`](Self::ensure).
    pub(crate) fn skip(&mut self, octets: u64) -> Result<u64, ReadError> {
        let mut left = octets;
        loop {
            let have = self.end - self.start;
            let step = usize::try_from(left).map_or(have, |left| left.min(have));
            self.consume(step);
            left -= step as u64;
            if left == 0 || !self.ensure(1)? {
                return Ok(octets - left);
            }
        }
    }

    /// Moves the unread tail to the front, and doubles a buffer that is full of it.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base = self.base.saturating_add(self.start as u64);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len().saturating_mul(2), 0);
        }
    }

    fn read_once(&mut self) -> Result<(), ReadError> {
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.input.read(room) {
            Ok(0) => self.ended = true,
            // A reader that claims more than it was given room for is broken; believing it would break this one.
            Ok(read) => self.end += read.min(room.len()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                self.ended = true;
                let offset = self.base.saturating_add(self.end as u64);
                match e.kind() {
                    io::ErrorKind::UnexpectedEof => self.cut = true,
                    io::ErrorKind::InvalidData => return Err(ReadError::corrupt(offset, e.to_string())),
                    _ => return Err(ReadError::Io { offset, source: e }),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one octet at a time, is interrupted before each, and ends in `end`.
    struct Stuttering {
        octets: io::Cursor<Vec<u8>>,
        interrupted: bool,
        end: Option<io::ErrorKind>,
    }

    impl Read for Stuttering {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let room = buf.len().min(1);
            match (self.octets.read(&mut buf[..room])?, self.end) {
                (0, Some(kind)) => Err(kind.into()),
                (read, _) => Ok(read),
            }
        }
    }

    fn stuttering(octets: &[u8], end: Option<io::ErrorKind>) -> Source {
        Source::new(Box::new(Stuttering { octets: io::Cursor::new(octets.to_vec()), interrupted: false, end }))
    }

    #[test]
    fn short_and_interrupted_reads_add_up() {
        let mut source = stuttering(b"abcdef", None);
        assert!(source.ensure(4).unwrap());
        assert_eq!(source.available(), b"abcd");
        source.consume(3);
        assert_eq!(source.offset(), 3);
        assert!(!source.ensure(4).unwrap());
        assert_eq!(source.available(), b"def");
        assert!(!source.is_cut());
    }

    #[test]
    fn the_end_keeps_its_reason() {
        let mut cut = stuttering(b"ab", Some(io::ErrorKind::UnexpectedEof));
        assert!(!cut.ensure(3).unwrap());
        assert!(cut.is_cut());
        let error = stuttering(b"ab", Some(io::ErrorKind::InvalidData)).ensure(3).unwrap_err();
        assert_eq!((error.kind(), error.offset()), ("corrupt", Some(2)));
        let error = stuttering(b"abc", Some(io::ErrorKind::PermissionDenied)).ensure(4).unwrap_err();
        assert_eq!((error.kind(), error.offset()), ("io", Some(3)));
    }

    #[test]
    fn grows_past_its_first_size_and_keeps_offsets() {
        let octets: Vec<u8> = (0..1_000_000u32).map(|n| n.to_le_bytes()[1]).collect();
        let mut source = Source::new(Box::new(io::Cursor::new(octets.clone())));
        assert!(source.ensure(10).unwrap());
        source.consume(10);
        assert!(source.ensure(600_000).unwrap());
        assert_eq!(source.available()[..600_000], octets[10..600_010]);
        assert_eq!(source.skip(700_000).unwrap(), 700_000);
        assert_eq!(source.offset(), 700_010);
        assert_eq!(source.skip(u64::MAX).unwrap(), 299_990);
        assert_eq!((source.offset(), source.available().len()), (1_000_000, 0));
    }
}
