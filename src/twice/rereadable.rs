//! Captures that are read more than once, wherever they come from.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::capture::{self, FORMATS, OpenOptions, ReadError};
use crate::container::Peeled;

/// A capture that can be read twice.
pub(crate) enum Rereadable {
    File(PathBuf),
    /// What came through a pipe or out of an archive, put by.
    Kept(File),
}

impl Rereadable {
    /// The capture in a file.
    pub(crate) fn file(path: &Path, options: &OpenOptions) -> Result<Self, ReadError> {
        Self::File(path.to_owned()).opened(options)
    }

    /// The capture in `content`, put by as far as it can be read, and what is wrong there.
    pub(crate) fn keep(content: Peeled, options: &OpenOptions) -> Result<(Self, Option<io::Error>), ReadError> {
        const HEAD_OCTETS: u64 = 512;
        let Peeled { mut stream, layers } = content;
        let mut head = Vec::new();
        // An error is met again behind these octets.
        let _ = (&mut stream).take(HEAD_OCTETS).read_to_end(&mut head);
        let is_capture = FORMATS.iter().any(|format| (format.matches)(&head));
        let mut whole = io::Cursor::new(head).chain(stream);
        let failed = |source| ReadError::Io { offset: 0, source };
        if !is_capture {
            let peeled = Peeled { stream: Box::new(whole), layers };
            let opened = capture::open_peeled(peeled, options);
            return Err(opened.err().unwrap_or_else(|| failed(io::Error::other("it cannot be read"))));
        }
        let (file, error) = keep(&mut whole, options.limits.archive_spool_octets).map_err(failed)?;
        Ok((Self::Kept(file).opened(options)?, error))
    }

    fn opened(mut self, options: &OpenOptions) -> Result<Self, ReadError> {
        capture::open(self.read()?, options)?;
        Ok(self)
    }

    /// Its octets from the start.
    pub(crate) fn read(&mut self) -> Result<Box<dyn Read + Send>, ReadError> {
        let file = match self {
            Self::File(path) => File::open(path),
            Self::Kept(file) => file.rewind().and_then(|()| file.try_clone()),
        };
        match file {
            Ok(file) => Ok(Box::new(file)),
            Err(source) => Err(ReadError::Open { source }),
        }
    }
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
