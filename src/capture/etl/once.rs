//! Each packet once, though Windows records it at several places of its network stack.
//!
//! An appearance belongs to an earlier packet if both are the same and go the same way, less than 100 ms lie between them, and
//! this place has not shown that packet. So what TCP sends again stays: the same octets at the same place are a new packet.

use std::collections::{HashMap, VecDeque};

use super::frame::Key;

/// Places remembered of one packet. Eleven were seen.
const PLACES: usize = 16;
/// Packets with the same key that are looked at.
const SAME: usize = 16;
/// How long after a packet it may appear at another place. Two milliseconds were seen.
pub(super) const WINDOW_NS: i64 = 100_000_000;

/// A place of the network stack where packets are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(u64);

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

    fn of(kind: u64, one: u32, other: u32) -> Self {
        // Numbers of interfaces are small; two that are not may fall on one place.
        Self(kind << 62 ^ u64::from(one) << 31 ^ u64::from(other))
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

/// A packet that may appear again.
struct Shown {
    identity: Identity,
    stamp: i64,
    places: [Place; PLACES],
    known: usize,
    /// The number of the packet before with the same identity.
    before: Option<u64>,
}

/// The packets of the last moments.
pub(super) struct Once {
    /// By time; the number of the first is `dropped`.
    shown: VecDeque<Shown>,
    dropped: u64,
    latest: HashMap<Identity, u64, foldhash::fast::RandomState>,
    /// How far apart appearances may be, in units of the stamps.
    window: i64,
    most: usize,
}

impl Once {
    pub(super) fn new(window: i64, most: usize) -> Self {
        Self { shown: VecDeque::new(), dropped: 0, latest: HashMap::default(), window, most }
    }

    /// Whether this is the first appearance of a packet.
    pub(super) fn is_first(&mut self, identity: Identity, place: Place, stamp: i64) -> bool {
        self.forget(stamp);
        let latest = self.latest.get(&identity).copied();
        if let Some(shown) = self.without(latest, place, matches!(identity, Identity::Numbered(..))) {
            if let Some(room) = shown.places.get_mut(shown.known) {
                *room = place;
                shown.known += 1;
            }
            return false;
        }
        let mut places = [Place::default(); PLACES];
        if let Some(first) = places.first_mut() {
            *first = place;
        }
        self.latest.insert(identity, self.dropped + self.shown.len() as u64);
        self.shown.push_back(Shown { identity, stamp, places, known: 1, before: latest });
        true
    }

    /// The earliest of the packets from `number` back that this place has not shown; with a number of its own it is the same
    /// packet wherever it was shown.
    fn without(&mut self, mut number: Option<u64>, place: Place, is_numbered: bool) -> Option<&mut Shown> {
        let mut found = None;
        for _ in 0..SAME {
            let Some(at) = number.and_then(|number| number.checked_sub(self.dropped)) else { break };
            let Some(at) = usize::try_from(at).ok() else { break };
            let Some(shown) = self.shown.get(at) else { break };
            let is_new_here = !shown.places.get(..shown.known).unwrap_or_default().contains(&place);
            if is_new_here || is_numbered {
                found = Some(at);
            }
            number = shown.before;
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
