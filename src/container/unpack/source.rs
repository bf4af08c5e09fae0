//! Where octets come from, and how a stream becomes something to seek in.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::SpooledTempFile;

use super::archive::ArchiveRefusal;
use super::layer::Tagged;
use super::pipe::Shared;
use super::{Input, NoteKind, Origin};

impl Origin {
    /// A file that cannot be seeked in, a named pipe for example, is a stream.
    pub(super) fn into_source(self) -> Source {
        match self {
            Self::File(file) if file.metadata().is_ok_and(|m| m.is_file()) => Source::File(file),
            Self::File(file) => Source::Stream(Box::new(file)),
            Self::Stream(input) => Source::Stream(input),
        }
    }
}

/// The octets of one archive, from its first one on.
pub(super) enum Source {
    /// A regular file.
    File(File),
    /// A stream, whose errors are marked as not the archive's.
    Stream(Input),
}

impl Source {
    /// The octets in order.
    pub(super) fn into_stream(self) -> Input {
        match self {
            Self::File(file) => Box::new(Tagged(file)),
            Self::Stream(input) => input,
        }
    }

    /// The octets in any order. A stream is copied to a temporary file without a name for that, as far as it can be
    /// read: an archive that is cut off may still give something.
    pub(super) fn into_seekable(self, shared: &Arc<Shared>) -> Result<Seekable, ArchiveRefusal> {
        match self {
            Self::File(file) => Ok(Seekable { inner: Box::new(BufReader::new(Tagged(file))), _room: None }),
            Self::Stream(input) => {
                let room = Room::new(shared);
                let file = spool(input, shared, &room)?;
                Ok(Seekable { inner: Box::new(BufReader::new(Tagged(file))), _room: Some(room) })
            }
        }
    }
}

/// Octets kept in memory before a temporary file is made.
const SPOOL_MEMORY_OCTETS: usize = 1024 * 1024;
const BUFFER_OCTETS: usize = 64 * 1024;

fn spool(mut input: Input, shared: &Shared, room: &Room) -> Result<SpooledTempFile, ArchiveRefusal> {
    let mut file = SpooledTempFile::new(SPOOL_MEMORY_OCTETS);
    let mut buffer = vec![0; BUFFER_OCTETS];
    let failed =
        |e: io::Error| ArchiveRefusal::new(NoteKind::Unreadable, format!("cannot write a temporary file: {e}"));
    while !shared.is_stopped() {
        let octets = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if shared.expansion.is_spent() => return Err(ArchiveRefusal::new(NoteKind::Bound, "")),
            Err(e) if matches!(e.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => break,
            Err(e) => return Err(e.into()),
        };
        if !room.take(octets.len() as u64) {
            let gigabytes = shared.limits.archive_spool_octets >> 30;
            let message = format!("it needs a temporary file of more than {gigabytes} GiB; unpack it first");
            return Err(ArchiveRefusal::new(NoteKind::Bound, message));
        }
        file.write_all(octets).map_err(failed)?;
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}

/// The room one temporary file takes of what is allowed at once; given back when dropped.
struct Room {
    shared: Arc<Shared>,
    octets: AtomicU64,
}

impl Room {
    fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), octets: AtomicU64::new(0) }
    }

    fn take(&self, octets: u64) -> bool {
        self.octets.fetch_add(octets, Ordering::Relaxed);
        let taken = self.shared.spooled_octets.fetch_add(octets, Ordering::Relaxed).saturating_add(octets);
        taken <= self.shared.limits.archive_spool_octets
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.spooled_octets.fetch_sub(self.octets.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// An archive to be read in any order.
pub(super) struct Seekable {
    inner: Box<dyn ReadSeek>,
    _room: Option<Room>,
}

impl Seekable {
    /// All octets there are.
    pub(super) fn octets(&mut self) -> io::Result<u64> {
        self.inner.seek(SeekFrom::End(0))
    }

    /// The octets at `offset` as far as there are any, at most as many as `buf` has room for.
    pub(super) fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.seek(SeekFrom::Start(offset))?;
        let mut len = 0;
        while let Some(room) = buf.get_mut(len..).filter(|room| !room.is_empty()) {
            match self.inner.read(room) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(len)
    }
}

impl Read for Seekable {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl Seek for Seekable {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
