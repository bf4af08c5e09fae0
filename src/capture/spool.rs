//! A stream kept so that any part of it can be read: where it lies if it is a file, else in memory while small, then in a
//! temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

use crate::capture::ReadError;
use crate::capture::source::Source;
use crate::limits::Limits;

/// Octets a [`Window`] reads after a jump; an Ethernet frame fits.
const FIRST_OCTETS: usize = 2 * 1024;
/// Octets it reads at most in one go, reached by doubling while the reading goes straight on.
const MOST_OCTETS: usize = 256 * 1024;

/// The octets of a stream from its first to its last.
pub(super) struct SpooledStream {
    store: Store,
    octets: u64,
}

/// Where they are.
enum Store {
    /// In memory or in a temporary file.
    Spool(SpooledTempFile),
    /// In the capture's own file.
    File(File),
}

impl Store {
    fn read_at(&mut self, at: u64, octets: usize, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Spool(file) => read_at(file, at, octets, into),
            Self::File(file) => read_at(file, at, octets, into),
        }
    }
}

fn read_at(file: &mut (impl Read + Seek), at: u64, octets: usize, into: &mut Vec<u8>) -> io::Result<usize> {
    into.reserve(octets);
    file.seek(SeekFrom::Start(at))?;
    file.take(octets as u64).read_to_end(into)
}

impl SpooledStream {
    /// Takes all of `source`, which nothing was consumed of, within the bounds of `limits`. A file is left where it is.
    ///
    /// Where that fails part way, what was taken before is there to be read all the same, and the error is beside it.
    pub(super) fn take(source: &mut Source, limits: &Limits) -> (Self, Option<ReadError>) {
        if let Some((file, octets)) = source.take_file() {
            let rest = source.available().len();
            source.consume(rest);
            return (Self { store: Store::File(file), octets }, None);
        }
        let mut file = SpooledTempFile::new(limits.capture_spool_octets);
        let mut octets = 0;
        let failure = fill(&mut file, &mut octets, source, limits.capture_spool_disk_octets).err();
        (Self { store: Store::Spool(file), octets }, failure)
    }

    /// Puts the octets from `at` on behind those of `into`: so many, or as many as there are. The caller bounds `octets`.
    ///
    /// # Errors
    /// `Spool` when the temporary file cannot be read, `Io` when the capture's own file cannot.
    pub(super) fn read(&mut self, at: u64, octets: usize, into: &mut Vec<u8>) -> Result<(), ReadError> {
        let is_own = matches!(self.store, Store::File(_));
        let there = usize::try_from(self.octets.saturating_sub(at)).unwrap_or(usize::MAX);
        match self.store.read_at(at, octets.min(there), into) {
            Ok(_) => Ok(()),
            Err(source) if is_own => Err(ReadError::Io { offset: at, source }),
            Err(source) => Err(ReadError::Spool { source }),
        }
    }

    /// Octets there are.
    pub(super) fn octets(&self) -> u64 {
        self.octets
    }

    /// Whether the stream outgrew memory.
    #[cfg(test)]
    pub(super) fn is_on_disk(&self) -> bool {
        matches!(&self.store, Store::Spool(file) if file.is_rolled())
    }
}

fn fill(file: &mut SpooledTempFile, octets: &mut u64, source: &mut Source, limit: u64) -> Result<(), ReadError> {
    while source.ensure(1)? {
        let room = usize::try_from(limit - *octets).unwrap_or(usize::MAX);
        let available = source.available();
        let taken = available.get(..room).unwrap_or(available);
        if taken.is_empty() {
            return Err(ReadError::TooLarge { limit });
        }
        file.write_all(taken).map_err(|source| ReadError::Spool { source })?;
        let taken = taken.len();
        *octets += taken as u64;
        source.consume(taken);
    }
    Ok(())
}

/// A buffer over a part of a [`SpooledStream`], which moves with what is asked for.
pub(super) struct Window {
    buffer: Vec<u8>,
    /// Offset of the first octet of the buffer.
    at: u64,
    /// Octets the next reading takes if it goes straight on.
    step: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { buffer: Vec::new(), at: 0, step: FIRST_OCTETS }
    }

    /// The `octets` at offset `at`, or as many of them as there are. The caller bounds `octets`.
    ///
    /// # Errors
    /// As [`SpooledStream::read`].
    pub(super) fn read(&mut self, spool: &mut SpooledStream, at: u64, octets: usize) -> Result<&[u8], ReadError> {
        let there = usize::try_from(spool.octets.saturating_sub(at)).unwrap_or(usize::MAX);
        let octets = octets.min(there);
        if octets > 0 && self.part(at, octets).is_none() {
            self.fill(spool, at, octets, there)?;
        }
        Ok(self.part(at, octets).unwrap_or_default())
    }

    fn part(&self, at: u64, octets: usize) -> Option<&[u8]> {
        let start = usize::try_from(at.checked_sub(self.at)?).ok()?;
        self.buffer.get(start..start.checked_add(octets)?)
    }

    fn fill(&mut self, spool: &mut SpooledStream, at: u64, octets: usize, there: usize) -> Result<(), ReadError> {
        // Reading far ahead is waste where the order of the parts is not that of the file.
        let goes_on = self.part(at, 0).is_some();
        self.step = if goes_on { self.step.saturating_mul(2).min(MOST_OCTETS) } else { FIRST_OCTETS };
        self.at = at;
        self.buffer.clear();
        spool.read(at, octets.max(self.step).min(there), &mut self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn octets(len: u32) -> Vec<u8> {
        (0..len).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect()
    }

    fn spool(octets: &[u8], memory: usize, disk: u64) -> (SpooledStream, Option<ReadError>) {
        let limits = Limits { capture_spool_octets: memory, capture_spool_disk_octets: disk, ..Limits::default() };
        SpooledStream::take(&mut Source::new(Box::new(Cursor::new(octets.to_vec()))), &limits)
    }

    #[test]
    fn any_part_can_be_read_from_memory_and_disk() {
        let whole = octets(700_000);
        for (memory, on_disk) in [(1 << 20, false), (1 << 16, true)] {
            let (mut spool, failure) = spool(&whole, memory, 1 << 30);
            assert!(failure.is_none());
            assert_eq!((spool.octets(), spool.is_on_disk()), (700_000, on_disk));
            let mut window = Window::new();
            for (at, len) in [(0, 16), (16, 300_000), (5, 4), (699_990, 10), (300_000, 2_048), (302_048, 50_000)] {
                let start = usize::try_from(at).unwrap();
                assert_eq!(window.read(&mut spool, at, len).unwrap(), &whole[start..start + len], "{at}");
            }
            assert_eq!(window.read(&mut spool, 699_998, 9).unwrap(), &whole[699_998..]);
            for past in [700_000, 700_001, u64::MAX] {
                assert_eq!(window.read(&mut spool, past, 9).unwrap(), b"");
            }
        }
    }

    #[test]
    fn the_window_grows_only_while_reading_goes_straight_on() {
        let (mut spool, _) = spool(&octets(3_000_000), 1 << 30, 1 << 30);
        let mut window = Window::new();
        for at in (0..2_000_000).step_by(100) {
            window.read(&mut spool, at, 100).unwrap();
        }
        assert_eq!(window.buffer.len(), MOST_OCTETS);
        window.read(&mut spool, 7, 100).unwrap();
        assert_eq!(window.buffer.len(), FIRST_OCTETS);
    }

    #[test]
    fn the_bound_on_the_file_holds_and_what_fits_is_kept() {
        let whole = octets(700_000);
        for (disk, kept) in [(700_000, 700_000), (699_999, 699_999), (0, 0)] {
            let (mut spool, failure) = spool(&whole, 1000, disk);
            assert_eq!(spool.octets(), kept);
            assert_eq!(failure.map(|failure| failure.kind()), (kept < 700_000).then_some("too-large"));
            let last = kept.saturating_sub(10);
            let expected = &whole[usize::try_from(last).unwrap()..usize::try_from(kept).unwrap()];
            assert_eq!(Window::new().read(&mut spool, last, 10).unwrap(), expected);
        }
    }
}
