//! Packets that come in several events, as up to Windows 8.

use std::collections::HashMap;

use super::ndis::Fragment;

/// Packets put together at once.
const MOST: usize = 64;

/// What the events of one packet have in common: processor, thread, interface.
pub(super) type Origin = (u16, u32, u32);

/// Packets whose last event has not come.
pub(super) struct Fragments {
    pending: HashMap<Origin, Vec<u8>>,
    whole: Vec<u8>,
    most_octets: usize,
    /// Events that belong to no packet that began.
    pub(super) without_start: u64,
    /// Packets whose last event never came, or that became too long.
    pub(super) without_end: u64,
}

impl Fragments {
    pub(super) fn new(most_octets: usize) -> Self {
        Self { pending: HashMap::new(), whole: Vec::new(), most_octets, without_start: 0, without_end: 0 }
    }

    /// Takes an event that is not a whole packet; gives the octets of the packet that it completes.
    pub(super) fn push(&mut self, origin: Origin, fragment: &Fragment, octets: &[u8]) -> Option<&mut [u8]> {
        let pending = self.pending.remove(&origin);
        let mut packet = match (fragment.is_first, pending) {
            (true, pending) => {
                self.without_end += u64::from(pending.is_some());
                Vec::new()
            }
            (false, Some(pending)) => pending,
            (false, None) => {
                self.without_start += 1;
                return None;
            }
        };
        if packet.len().saturating_add(octets.len()) > self.most_octets {
            self.without_end += 1;
            return None;
        }
        packet.extend_from_slice(octets);
        if fragment.is_last {
            self.whole = packet;
            return Some(&mut self.whole);
        }
        if self.pending.len() >= MOST {
            self.without_end += 1;
            return None;
        }
        self.pending.insert(origin, packet);
        None
    }

    /// Counts what never ended.
    pub(super) fn finish(&mut self) {
        self.without_end += self.pending.len() as u64;
        self.pending.clear();
    }
}
