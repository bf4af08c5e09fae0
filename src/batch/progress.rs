//! How far a run is, for whoever wants to show it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::container::Input;

/// Counts that grow while a run goes on. They may be read from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    inputs: AtomicU64,
    octets: Counter,
}

/// Octets counted where they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter(Arc<AtomicU64>);

impl Counter {
    /// `input`, every octet read of it counted.
    pub(super) fn of(&self, input: Input) -> Input {
        Box::new(Counted { input, octets: self.clone() })
    }
}

impl Progress {
    /// Inputs that are done.
    pub fn inputs(&self) -> u64 {
        self.inputs.load(Ordering::Relaxed)
    }

    /// Octets read of the inputs as they lie on disk.
    pub fn octets(&self) -> u64 {
        self.octets.0.load(Ordering::Relaxed)
    }

    pub(super) fn input_done(&self) {
        self.inputs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_octets(&self, octets: u64) {
        self.octets.0.fetch_add(octets, Ordering::Relaxed);
    }

    pub(super) const fn counter(&self) -> &Counter {
        &self.octets
    }
}

struct Counted {
    input: Input,
    octets: Counter,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.octets.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
