//! Each packet once, though Windows records it at several places of its network stack.
//!
//! An appearance belongs to an earlier packet if both are the same and go the same way, less than 100 ms lie between them, and
//! this place has not shown that packet. So what TCP sends again stays: the same octets at the same place are a new packet.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::num::NonZeroU32;

use super::frame::Key;

/// Places remembered of one packet. Eleven were seen.
const PLACES: usize = 12;
/// Packets with the same key that are looked at.
const SAME: usize = 16;
/// How long after a packet it may appear at another place. Two milliseconds were seen.
pub(super) const WINDOW_NS: i64 = 100_000_000;

/// A place of the network stack where packets are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// A layer of an adapter's filters: its own, and that of the adapter.
    pub(super) fn layer(miniport: u32, interface: u32) -> Self {
        Self::of(1, miniport, interface)
    }

    /// A port of a switch, and how many ports the packet was sent on to.
    pub(super) fn port(port: u32, destinations: u32) -> Self {
        Self::of(2, port, destinations)
    }

    /// A component that PktMon names, and its edge.
    pub(super) fn component(component: u32, edge: u16) -> Self {
        Self::of(3, component, u32::from(edge))
    }

    fn of(kind: u32, one: u32, other: u32) -> Self {
        // Numbers of interfaces, components and ports are small; two places that fall on one number only count packets twice.
        Self(kind << 30 ^ one.rotate_left(15) ^ other)
    }
}

/// What the appearances of one packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// What Windows numbers them by.
    Numbered(u64, u16, u8),
    /// Their content and direction.
    Content(Key, u8),
}

/// A packet that may appear again. Small, for there are thousands of them in turn.
struct Shown {
    /// The hash of its identity. Its key is drawn anew in each run, so no capture can be made to have two alike.
    identity: u64,
    stamp: i64,
    places: [u32; PLACES],
    known: u32,
    /// How many packets earlier one with the same identity was.
    before: Option<NonZeroU32>,
}

/// The packets of the last moments.
pub(super) struct Once {
    /// By time; the number of the first is `dropped`.
    shown: VecDeque<Shown>,
    dropped: u64,
    /// The number of the latest packet with an identity.
    latest: HashMap<u64, u64, foldhash::fast::RandomState>,
    hasher: foldhash::quality::RandomState,
    /// How far apart appearances may be, in units of the stamps.
    window: i64,
    most: usize,
}

impl Once {
    pub(super) fn new(window: i64, most: usize) -> Self {
        let hasher = foldhash::quality::RandomState::default();
        Self { shown: VecDeque::new(), dropped: 0, latest: HashMap::default(), hasher, window, most }
    }

    /// Whether this is the first appearance of a packet.
    pub(super) fn is_first(&mut self, identity: Identity, place: Place, stamp: i64) -> bool {
        self.forget(stamp);
        let is_numbered = matches!(identity, Identity::Numbered(..));
        let identity = self.hasher.hash_one(identity);
        let latest = self.latest.get(&identity).copied();
        if let Some(shown) = self.without(latest, place.0, is_numbered) {
            if let Some(room) = usize::try_from(shown.known).ok().and_then(|known| shown.places.get_mut(known)) {
                *room = place.0;
                shown.known += 1;
            }
            return false;
        }
        let mut places = [0; PLACES];
        if let Some(first) = places.first_mut() {
            *first = place.0;
        }
        let number = self.dropped + self.shown.len() as u64;
        let before = latest.and_then(|latest| u32::try_from(number - latest).ok()).and_then(NonZeroU32::new);
        self.latest.insert(identity, number);
        self.shown.push_back(Shown { identity, stamp, places, known: 1, before });
        true
    }

    /// The earliest of the packets from `number` back that this place has not shown; with a number of its own it is the same
    /// packet wherever it was shown.
    fn without(&mut self, number: Option<u64>, place: u32, is_numbered: bool) -> Option<&mut Shown> {
        let mut at = usize::try_from(number?.checked_sub(self.dropped)?).ok()?;
        let mut found = None;
        for _ in 0..SAME {
            let Some(shown) = self.shown.get(at) else { break };
            let known = usize::try_from(shown.known).unwrap_or(PLACES);
            if is_numbered || !shown.places.get(..known).unwrap_or_default().contains(&place) {
                found = Some(at);
            }
            let before = shown.before.and_then(|before| usize::try_from(before.get()).ok());
            match before.and_then(|before| at.checked_sub(before)) {
                Some(earlier) => at = earlier,
                None => break,
            }
        }
        self.shown.get_mut(found?)
    }

    /// Drops those that are too old, or too many.
    fn forget(&mut self, now: i64) {
        while let Some(first) = self.shown.front()
            && (now.saturating_sub(first.stamp) >= self.window || self.shown.len() >= self.most)
        {
            if self.latest.get(&first.identity) == Some(&self.dropped) {
                self.latest.remove(&first.identity);
            }
            self.shown.pop_front();
            self.dropped += 1;
        }
    }
}
