//! Captures that are read more than once, wherever they come from.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use same_file::Handle;

use crate::capture::{self, CaptureReader, FORMATS, OpenOptions, ReadError};
use crate::container::Peeled;

/// A capture that can be read twice.
pub(crate) enum Rereadable {
    /// A file: its path, itself, and how long it was when it was opened. Whoever records may still be writing, and what
    /// came after the first reading would be shown without having been understood.
    File(PathBuf, Handle, u64),
    /// What came through a pipe or out of an archive, put by.
    Kept(File),
}

impl Rereadable {
    /// The capture in a file.
    pub(crate) fn file(path: &Path, options: &OpenOptions) -> Result<Self, ReadError> {
        let failed = |source| ReadError::Open { source };
        let file = File::open(path).map_err(failed)?;
        let octets = file.metadata().map_err(failed)?.len();
        Self::File(path.to_owned(), Handle::from_file(file).map_err(failed)?, octets).opened(options)
    }

    /// The capture in `content`, put by as far as it can be read, and what is wrong there.
    pub(crate) fn keep(content: Peeled, options: &OpenOptions) -> Result<(Self, Option<io::Error>), ReadError> {
        const HEAD_OCTETS: u64 = 512;
        let Peeled { mut stream, layers, .. } = content;
        let mut head = Vec::new();
        // An error is met again behind these octets.
        let _ = (&mut stream).take(HEAD_OCTETS).read_to_end(&mut head);
        let is_capture = FORMATS.iter().any(|format| (format.matches)(&head));
        let mut whole = io::Cursor::new(head).chain(stream);
        let failed = |source| ReadError::Io { offset: 0, source };
        if !is_capture {
            let peeled = Peeled { stream: Box::new(whole), layers, file: None };
            let opened = capture::open_peeled(peeled, options);
            return Err(opened.err().unwrap_or_else(|| failed(io::Error::other("it cannot be read"))));
        }
        let (file, error) = keep(&mut whole, options.limits.archive_spool_octets).map_err(failed)?;
        Ok((Self::Kept(file).opened(options)?, error))
    }

    fn opened(mut self, options: &OpenOptions) -> Result<Self, ReadError> {
        self.open(options)?;
        Ok(self)
    }

    /// Opens it at its start.
    pub(crate) fn open(&mut self, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
        let (file, octets) = self.at_start().map_err(|source| ReadError::Open { source })?;
        capture::open_file(file, octets, options)
    }

    /// Its octets from the start: the same ones each time.
    pub(crate) fn read(&mut self) -> Result<Box<dyn Read + Send>, ReadError> {
        let (file, octets) = self.at_start().map_err(|source| ReadError::Open { source })?;
        Ok(Box::new(file.take(octets)))
    }

    /// The file at its start, and how many octets of it belong to the capture.
    fn at_start(&mut self) -> io::Result<(File, u64)> {
        match self {
            Self::File(path, file, octets) => Ok((reopen(path, file)?, *octets)),
            Self::Kept(file) => {
                file.rewind()?;
                let octets = file.metadata()?.len();
                Ok((file.try_clone()?, octets))
            }
        }
    }
}

/// Opens what is at `path` once more, if that is still `file`.
fn reopen(path: &Path, file: &Handle) -> io::Result<File> {
    let again = File::open(path)?;
    if Handle::from_file(again.try_clone()?)? != *file {
        return Err(io::Error::other("another file replaced it while ehlotrace read it; run this again"));
    }
    Ok(again)
}

/// Copies `input` to a temporary file without a name, as far as it can be read; also gives what is wrong there.
fn keep(input: &mut dyn Read, most_octets: u64) -> io::Result<(File, Option<io::Error>)> {
    let mut kept = tempfile::tempfile()?;
    let mut buffer = vec![0; 64 * 1024];
    let mut octets = 0_u64;
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => return Ok((kept, None)),
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok((kept, Some(error))),
        };
        octets = octets.saturating_add(read.len() as u64);
        if octets > most_octets {
            let gigabytes = most_octets >> 30;
            let what = format!("it needs a temporary file of more than {gigabytes} GiB; unpack it first");
            return Err(io::Error::other(what));
        }
        kept.write_all(read)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets_of(capture: &mut Rereadable) -> Vec<u8> {
        let mut octets = Vec::new();
        capture.read().unwrap().read_to_end(&mut octets).unwrap();
        octets
    }

    #[test]
    fn a_file_that_grows_is_read_as_far_as_it_was_first() {
        let sample = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/kb240832-lost.pcap")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growing.pcap");
        std::fs::write(&path, &sample[..500]).unwrap();
        let mut capture = Rereadable::file(&path, &OpenOptions::default()).unwrap();
        assert_eq!(octets_of(&mut capture), sample[..500]);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(&sample[500..]).unwrap();
        assert_eq!(octets_of(&mut capture), sample[..500]);
    }

    #[test]
    fn another_file_in_its_place_is_not_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotated.pcap");
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        std::fs::copy(format!("{samples}/kb240832-lost.pcap"), &path).unwrap();
        let mut capture = Rereadable::file(&path, &OpenOptions::default()).unwrap();
        std::fs::rename(&path, folder.path().join("rotated.pcap1")).unwrap();
        std::fs::copy(format!("{samples}/kb240832-works.pcap"), &path).unwrap();
        let error = capture.read().err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("another file replaced it")));
    }
}
