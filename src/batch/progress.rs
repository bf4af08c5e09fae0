//! How far a run is, for whoever wants to show it.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that grow while a run goes on. They may be read from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    inputs: AtomicU64,
    octets: Arc<AtomicU64>,
}

impl Progress {
    /// Inputs that are done.
    pub fn inputs(&self) -> u64 {
        self.inputs.load(Ordering::Relaxed)
    }

    /// Octets read of the inputs as they lie on disk.
    pub fn octets(&self) -> u64 {
        self.octets.load(Ordering::Relaxed)
    }

    pub(super) fn input_done(&self) {
        self.inputs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_octets(&self, octets: u64) {
        self.octets.fetch_add(octets, Ordering::Relaxed);
    }

    /// `file`, every octet read of it counted.
    pub(super) fn counted(&self, file: File) -> Box<dyn Read + Send> {
        Box::new(Counted { file, octets: Arc::clone(&self.octets) })
    }
}

struct Counted {
    file: File,
    octets: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.octets.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
