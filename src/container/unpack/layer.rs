//! The readers around a decoder: what they add is sniffing, honest errors and a bound on expansion.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::Input;
use super::expansion::Expansion;

/// A stream whose first octets were read to see what it is, and are read again by whoever comes next.
pub(super) struct Prefixed {
    head: Vec<u8>,
    given: usize,
    /// What ended the sniffing, for the reader that comes after the head.
    pending: Option<io::Error>,
    rest: Input,
}

impl Prefixed {
    pub(super) fn sniff(mut rest: Input, octets: usize) -> Self {
        let mut head = vec![0; octets];
        let mut len = 0;
        let mut pending = None;
        while let Some(room) = head.get_mut(len..).filter(|room| !room.is_empty()) {
            match rest.read(room) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    pending = Some(e);
                    break;
                }
            }
        }
        head.truncate(len);
        Self { head, given: 0, pending, rest }
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }
}

impl Read for Prefixed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(mut left) = self.head.get(self.given..).filter(|left| !left.is_empty()) {
            let n = left.read(buf)?;
            self.given += n;
            return Ok(n);
        }
        match self.pending.take() {
            Some(error) => Err(error),
            None => self.rest.read(buf),
        }
    }
}

/// Counts the octets of an input.
pub(super) struct Counted {
    pub(super) inner: Input,
    pub(super) expansion: Arc<Expansion>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.expansion.add_raw(n as u64);
        Ok(n)
    }
}

/// An error of a decoder's input, as opposed to one the decoder makes.
#[derive(Debug)]
struct InputError(io::Error);

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for InputError {}

/// Marks the errors of what it reads, so that [`Guarded`] on the other side of the decoder knows them.
pub(super) struct Tagged<R>(pub(super) R);

impl<R: Read> Read for Tagged<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).map_err(|e| match e.kind() {
            io::ErrorKind::Interrupted => e,
            kind => io::Error::new(kind, InputError(e)),
        })
    }
}

impl<R: Seek> Seek for Tagged<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// What an error met while unpacking means: errors of the input as they were, an early end as `UnexpectedEof`, all else
/// as `InvalidData` that names `what` is damaged: `gzip data`.
pub(super) fn explain(error: io::Error, what: &str) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted => error,
        _ if error.get_ref().is_some_and(|e| e.is::<InputError>()) => match error.downcast::<InputError>() {
            Ok(input) => input.0,
            Err(other) => other,
        },
        io::ErrorKind::UnexpectedEof => error,
        _ => io::Error::new(io::ErrorKind::InvalidData, format!("the {what} is damaged ({error})")),
    }
}

/// A decoder's output: its errors sorted into cut, damaged and not its own; its expansion bounded.
pub(super) struct Guarded {
    decoder: Input,
    what: String,
    expansion: Arc<Expansion>,
}

/// Octets asked of a decoder at once. Where its data is damaged it gives nothing of them, so this much is lost.
const STEP_OCTETS: usize = 16 * 1024;

impl Guarded {
    pub(super) fn new(decoder: Input, name: &str, expansion: Arc<Expansion>) -> Self {
        Self { decoder, what: format!("{name} data"), expansion }
    }
}

impl Read for Guarded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let step = buf.len().min(STEP_OCTETS);
        let n = self.decoder.read(buf.get_mut(..step).unwrap_or_default()).map_err(|e| explain(e, &self.what))?;
        self.expansion.add(n as u64)?;
        Ok(n)
    }
}
