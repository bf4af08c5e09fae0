//! Objects that are written at once but stand later in the document, and in another order.
//!
//! The first megabytes are in memory and the rest in a temporary file; only the place of each object is kept.

use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Objects already written, and where each is.
pub(super) struct Spool {
    file: BufWriter<SpooledTempFile>,
    places: Vec<Place>,
    end: u64,
}

#[derive(Clone, Copy)]
struct Place {
    /// Capture, and number in it.
    key: (usize, u64),
    offset: u64,
    octets: u64,
}

impl Spool {
    /// An empty one that holds so many octets in memory.
    pub(super) fn new(memory_octets: usize) -> Self {
        let file = BufWriter::with_capacity(BUFFER_OCTETS, SpooledTempFile::new(memory_octets));
        Self { file, places: Vec::new(), end: 0 }
    }

    /// How many objects it holds.
    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }

    /// How many octets those have.
    pub(super) const fn octets(&self) -> u64 {
        self.end
    }

    /// Adds an object.
    pub(super) fn add(&mut self, key: (usize, u64), object: &[u8]) -> io::Result<()> {
        self.file.write_all(object)?;
        let octets = u64::try_from(object.len()).map_err(io::Error::other)?;
        self.places.push(Place { key, offset: self.end, octets });
        self.end += octets;
        Ok(())
    }

    /// Takes back the objects of the latest capture, if it has this number.
    pub(super) fn forget(&mut self, capture: usize) -> io::Result<()> {
        let first = self.places.iter().rposition(|place| place.key.0 != capture).map_or(0, |before| before + 1);
        if let Some(place) = self.places.get(first) {
            self.end = place.offset;
            self.file.seek(SeekFrom::Start(self.end))?;
            self.places.truncate(first);
        }
        Ok(())
    }

    /// How many objects, in order of their keys, have no more octets than these together.
    pub(super) fn number_within(&mut self, mut octets: u64) -> usize {
        self.places.sort_by_key(|place| place.key);
        let fits = |place: &&Place| match octets.checked_sub(place.octets) {
            Some(left) => {
                octets = left;
                true
            }
            None => false,
        };
        self.places.iter().take_while(fits).count()
    }

    /// Writes the objects in order of their keys, `before` ahead of the first, `between` ahead of every other, and at
    /// most `number` of them.
    pub(super) fn copy(&mut self, before: &str, between: &str, number: usize, out: &mut impl Write) -> io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::with_capacity(BUFFER_OCTETS, file);
        self.places.sort_by_key(|place| place.key);
        let mut at = 0;
        let mut separator = before;
        for place in self.places.iter().take(number) {
            // Sessions close nearly in order, so most of the next one is in the buffer already.
            let distance = i128::from(place.offset) - i128::from(at);
            file.seek_relative(i64::try_from(distance).map_err(io::Error::other)?)?;
            out.write_all(separator.as_bytes())?;
            let copied = io::copy(&mut file.by_ref().take(place.octets), out)?;
            if copied != place.octets {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            at = place.offset + place.octets;
            separator = between;
        }
        Ok(())
    }
}

const BUFFER_OCTETS: usize = 64 * 1024;
