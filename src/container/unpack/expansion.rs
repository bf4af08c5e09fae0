//! The bound on everything that is unpacked from one input: what stops bombs of every shape.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::limits::Limits;

/// How many octets one input has, and how many were unpacked from it, at all layers together.
pub(super) struct Expansion {
    raw_octets: AtomicU64,
    octets: AtomicU64,
    spent: AtomicBool,
    times: u64,
    free_octets: u64,
}

impl Expansion {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            raw_octets: AtomicU64::new(0),
            octets: AtomicU64::new(0),
            spent: AtomicBool::new(false),
            times: limits.expansion,
            free_octets: limits.expansion_free_octets,
        })
    }

    /// Counts octets of the input itself.
    pub(super) fn add_raw(&self, octets: u64) {
        self.raw_octets.fetch_add(octets, Ordering::Relaxed);
    }

    /// Counts unpacked octets.
    ///
    /// # Errors
    /// `InvalidData` once they are more than any capture gives.
    pub(super) fn add(&self, octets: u64) -> io::Result<()> {
        let octets = self.octets.fetch_add(octets, Ordering::Relaxed).saturating_add(octets);
        let allowed =
            self.raw_octets.load(Ordering::Relaxed).saturating_mul(self.times).saturating_add(self.free_octets);
        if octets <= allowed && !self.is_spent() {
            return Ok(());
        }
        self.spent.store(true, Ordering::Relaxed);
        Err(io::Error::new(io::ErrorKind::InvalidData, self.message()))
    }

    /// Whether the bound was reached.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    /// What the bound being reached means, as a clause.
    pub(super) fn message(&self) -> String {
        format!("the input unpacks to more than {} times its size: no real capture does that", self.times)
    }
}
