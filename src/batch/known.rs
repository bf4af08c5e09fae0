//! The captures of a run by their packets, so that copies are known.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::Input;
use crate::scan::{CopyOf, Fingerprint};

/// What is known of the captures before: of each its fingerprint and that of its first packet.
pub(super) struct KnownCaptures<'i> {
    most: usize,
    first_packets: HashSet<Fingerprint, RandomState>,
    by_packets: HashMap<Fingerprint, Known<'i>, RandomState>,
}

/// A capture: its number, and where it is.
struct Known<'i> {
    capture: usize,
    input: &'i Input,
    member: Option<Box<str>>,
}

impl<'i> KnownCaptures<'i> {
    /// None so far; this many are remembered.
    pub(super) fn new(most: usize) -> Self {
        Self { most, first_packets: HashSet::default(), by_packets: HashMap::default() }
    }

    /// Whether a capture that begins with this packet may be a copy of one before.
    pub(super) fn begins_as_one(&mut self, first_packet: Option<Fingerprint>) -> bool {
        let Some(first_packet) = first_packet else { return false };
        if self.first_packets.len() >= self.most {
            return self.first_packets.contains(&first_packet);
        }
        !self.first_packets.insert(first_packet)
    }

    /// What the capture with this number is a copy of; one that is none is remembered.
    pub(super) fn copy_of(
        &mut self,
        fingerprint: Option<Fingerprint>,
        capture: usize,
        input: &'i Input,
        member: Option<&str>,
    ) -> Option<CopyOf> {
        let fingerprint = fingerprint.filter(|fingerprint| fingerprint.has_packets())?;
        if let Some(known) = self.by_packets.get(&fingerprint) {
            let source = known.input.source(known.member.as_deref().map(str::to_owned));
            return Some(CopyOf::new(known.capture, source));
        }
        if self.by_packets.len() < self.most {
            self.by_packets.insert(fingerprint, Known { capture, input, member: member.map(Into::into) });
        }
        None
    }
}
