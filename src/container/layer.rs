//! The readers around a decoder: what they add is sniffing, honest errors and a bound on expansion.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Input;

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
        let mut head = Vec::with_capacity(octets);
        let mut pending = None;
        while head.len() < octets {
            let mut octet = [0; 1];
            match rest.read(&mut octet) {
                Ok(0) => break,
                Ok(_) => head.extend(octet),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    pending = Some(e);
                    break;
                }
            }
        }
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

/// Counts the octets that go through.
pub(super) struct Counted<R> {
    pub(super) inner: R,
    pub(super) octets: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.octets.fetch_add(n as u64, Ordering::Relaxed);
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

/// A decoder's output: its errors sorted into cut, damaged and not its own; its expansion bounded.
pub(super) struct Guarded {
    decoder: Input,
    name: &'static str,
    raw_octets: Arc<AtomicU64>,
    octets: u64,
}

/// How many times larger than the file the output may become. One gzip layer reaches 1032 at most, captures below 100.
const MAX_EXPANSION: u64 = 4096;
/// Output that is always allowed, in octets: small files of zeros do expand like bombs.
const FREE_OCTETS: u64 = 64 * 1024 * 1024;

impl Guarded {
    pub(super) fn new(decoder: Input, name: &'static str, raw_octets: Arc<AtomicU64>) -> Self {
        Self { decoder, name, raw_octets, octets: 0 }
    }

    fn explain(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ if error.get_ref().is_some_and(|e| e.is::<InputError>()) => match error.downcast::<InputError>() {
                Ok(input) => input.0,
                Err(other) => other,
            },
            io::ErrorKind::UnexpectedEof => error,
            _ => io::Error::new(io::ErrorKind::InvalidData, format!("the {} data is damaged ({error})", self.name)),
        }
    }
}

impl Read for Guarded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.decoder.read(buf).map_err(|e| self.explain(e))?;
        self.octets += n as u64;
        let allowed = self.raw_octets.load(Ordering::Relaxed).saturating_mul(MAX_EXPANSION).saturating_add(FREE_OCTETS);
        if self.octets > allowed {
            let what = format!("the {} data expands more than {MAX_EXPANSION} times: no capture does", self.name);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(n)
    }
}
