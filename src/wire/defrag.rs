//! Putting fragmented IP datagrams together (RFC 791 3.2, RFC 8200 4.5), within bounds.
//!
//! Fragments may overlap where they agree. Those that contradict each other drop their datagram, as hosts do. The octets
//! a snapshot length cut off are gone, but their number is known: the datagram is whole when all its octets were on the
//! wire, and holds the captured ones up to the first cut.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use crate::limits::Limits;
use crate::time::{NANOS_PER_SEC, Timestamp};

/// Octets of bookkeeping counted for each fragment held.
const FRAGMENT_COST: usize = 64;

/// The most octets a datagram's payload can have: its length has 16 bits.
const MAX_DATAGRAM: u32 = 65_535;

/// How long, in nanoseconds of capture time, fragments of a finished datagram count as captured twice, as on
/// interface "any", and not as a new datagram with the same number.
const DUPLICATE_NS: i64 = NANOS_PER_SEC;

/// What the fragments of one datagram have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FragmentKey {
    /// The datagram's sender.
    pub src: IpAddr,
    /// The datagram's receiver.
    pub dst: IpAddr,
    /// The number the sender gave the datagram: 16 bits in IPv4, 32 in IPv6.
    pub id: u32,
    /// The IP protocol, or for IPv6 the header type, of what was fragmented.
    pub protocol: u8,
    /// The VLAN the fragment was seen in: two of them may use the same addresses.
    pub vlan: Option<u16>,
}

/// A part of an IP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Which datagram.
    pub key: FragmentKey,
    /// Where in the datagram's payload this part starts, in octets.
    pub offset: u32,
    /// Whether other parts lie behind this one.
    pub more: bool,
    /// The captured octets.
    pub payload: &'a [u8],
    /// Octets the part had on the wire; exceeds `payload.len()` when the snapshot length cut it.
    pub payload_wire_len: u32,
    /// Whether the fragment came inside another IP packet.
    pub tunnelled: bool,
}

/// A datagram whose fragments have all been seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassembled {
    /// Which datagram.
    pub key: FragmentKey,
    /// Its payload, from the transport or extension header on, up to the first octet the capture cut off.
    pub payload: Vec<u8>,
    /// Octets the payload had on the wire.
    pub payload_wire_len: u32,
    /// Whether the fragments came inside another IP packet.
    pub tunnelled: bool,
}

/// What became of the fragmented datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FragmentCounts {
    /// Datagrams put together.
    pub completed: u64,
    /// Datagrams dropped because their fragments overlapped or contradicted each other in length.
    pub contradictory: u64,
    /// Datagrams dropped to stay within [`Limits::fragment_datagrams`] and [`Limits::fragment_octets`].
    pub evicted: u64,
    /// Datagrams whose other fragments did not come within [`Limits::fragment_ns`], or before the capture ended.
    pub incomplete: u64,
}

/// Collects fragments until their datagrams are whole.
#[derive(Debug)]
pub struct Defragmenter {
    datagrams: HashMap<FragmentKey, Fragmented, foldhash::fast::RandomState>,
    /// The datagrams by age: their serial numbers count up.
    by_age: BTreeMap<u64, FragmentKey>,
    next_serial: u64,
    held_octets: usize,
    clock: Timestamp,
    counts: FragmentCounts,
    max_datagrams: usize,
    max_octets: usize,
    max_age_ns: i64,
}

#[derive(Debug)]
struct Fragmented {
    serial: u64,
    started: Timestamp,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(Parts),
    /// Contradictory: what else belongs to it is ignored.
    Dropped,
    Finished(Timestamp),
}

/// What is known of a datagram; the pieces are in order and do not overlap.
#[derive(Debug, Default)]
struct Parts {
    pieces: Vec<Piece>,
    /// Length of the whole in octets, once the last fragment has been seen.
    total: Option<u32>,
    /// Octets seen on the wire.
    seen: u32,
    /// Octets of memory the pieces count as.
    cost: usize,
}

#[derive(Debug)]
struct Piece {
    start: u32,
    end: u32,
    octets: Box<[u8]>,
}

impl Piece {
    /// Whether `fragment` has other octets in the same place.
    fn contradicts(&self, fragment: &Fragment<'_>) -> bool {
        let from = self.start.max(fragment.offset);
        let ours = octets_between(&self.octets, self.start, from, self.end);
        let theirs = octets_between(fragment.payload, fragment.offset, from, self.end);
        ours.iter().zip(theirs).any(|(ours, theirs)| ours != theirs)
    }
}

/// Of `octets`, which stand at `start`, those between two places, as far as there are any.
fn octets_between(octets: &[u8], start: u32, from: u32, to: u32) -> &[u8] {
    let place = |at: u32| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(octets.len());
    octets.get(place(from)..place(to)).unwrap_or_default()
}

/// Fragments that do not fit together.
struct Contradiction;

impl Defragmenter {
    /// One that holds nothing yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            datagrams: HashMap::default(),
            by_age: BTreeMap::new(),
            next_serial: 0,
            held_octets: 0,
            clock: Timestamp::from_nanos(i64::MIN),
            counts: FragmentCounts::default(),
            max_datagrams: limits.fragment_datagrams,
            max_octets: limits.fragment_octets,
            max_age_ns: limits.fragment_ns,
        }
    }

    /// Takes a fragment captured at `time`; returns the datagram when this was the part that had been missing.
    pub fn push(&mut self, fragment: &Fragment<'_>, time: Timestamp) -> Option<Reassembled> {
        self.clock = self.clock.max(time);
        self.expire();
        let clock = self.clock;
        let datagram = self.entry(fragment.key);
        let State::Open(parts) = &mut datagram.state else { return None };
        let before = parts.cost;
        let inserted = parts.insert(fragment);
        let after = parts.cost;
        let whole = match inserted {
            Ok(()) if parts.is_whole() => Some(std::mem::take(parts)),
            Ok(()) => None,
            Err(Contradiction) => {
                datagram.state = State::Dropped;
                self.counts.contradictory += 1;
                self.held_octets = self.held_octets.saturating_sub(before);
                return None;
            }
        };
        if let Some(parts) = whole {
            datagram.state = State::Finished(clock);
            self.counts.completed += 1;
            self.held_octets = self.held_octets.saturating_sub(before);
            return Some(parts.join(fragment));
        }
        self.held_octets = self.held_octets.saturating_sub(before).saturating_add(after);
        while self.held_octets > self.max_octets && self.evict_oldest() {}
        None
    }

    /// Ends the collection, at the end of the capture, and says what became of the datagrams.
    pub fn finish(mut self) -> FragmentCounts {
        let open = self.datagrams.values().filter(|datagram| matches!(datagram.state, State::Open(_))).count();
        self.counts.incomplete += u64::try_from(open).unwrap_or(u64::MAX);
        self.counts
    }

    /// What became of the datagrams so far.
    pub const fn counts(&self) -> FragmentCounts {
        self.counts
    }

    /// The datagram of `key`, begun now when there is none.
    fn entry(&mut self, key: FragmentKey) -> &mut Fragmented {
        if let Some(Fragmented { serial, state: State::Finished(at), .. }) = self.datagrams.get(&key)
            && self.clock.nanos_since(*at) > DUPLICATE_NS
        {
            self.by_age.remove(serial);
            self.datagrams.remove(&key);
        }
        if !self.datagrams.contains_key(&key) {
            while self.datagrams.len() >= self.max_datagrams.max(1) && self.evict_oldest() {}
        }
        let (by_age, next_serial, clock) = (&mut self.by_age, &mut self.next_serial, self.clock);
        self.datagrams.entry(key).or_insert_with(|| {
            let serial = *next_serial;
            *next_serial += 1;
            by_age.insert(serial, key);
            Fragmented { serial, started: clock, state: State::Open(Parts::default()) }
        })
    }

    /// Removes what has waited too long.
    fn expire(&mut self) {
        while let Some(oldest) = self.by_age.first_entry() {
            let started = self.datagrams.get(oldest.get()).map(|datagram| datagram.started);
            if started.is_some_and(|started| self.clock.nanos_since(started) <= self.max_age_ns) {
                return;
            }
            let key = oldest.remove();
            self.counts.incomplete += u64::from(self.remove(&key));
        }
    }

    /// Removes the oldest datagram; false when there is none.
    fn evict_oldest(&mut self) -> bool {
        let Some((_, key)) = self.by_age.pop_first() else { return false };
        self.counts.evicted += u64::from(self.remove(&key));
        true
    }

    /// Forgets a datagram that is no longer in `by_age`; true when it was still waiting for fragments.
    fn remove(&mut self, key: &FragmentKey) -> bool {
        let Some(Fragmented { state: State::Open(parts), .. }) = self.datagrams.remove(key) else { return false };
        self.held_octets = self.held_octets.saturating_sub(parts.cost);
        true
    }
}

impl Parts {
    fn is_whole(&self) -> bool {
        self.total == Some(self.seen)
    }

    fn insert(&mut self, fragment: &Fragment<'_>) -> Result<(), Contradiction> {
        let (start, len) = (fragment.offset, fragment.payload_wire_len);
        let end = start.checked_add(len).filter(|&end| end <= MAX_DATAGRAM && len > 0).ok_or(Contradiction)?;
        // All but the last have a multiple of 8 octets (RFC 791 3.2).
        if fragment.more && len % 8 != 0 {
            return Err(Contradiction);
        }
        let last_end = self.pieces.last().map_or(0, |piece| piece.end).max(end);
        match self.total {
            None if fragment.more => {}
            None if last_end == end => self.total = Some(end),
            Some(total) if fragment.more && end < total || !fragment.more && end == total => {}
            _ => return Err(Contradiction),
        }
        self.insert_fresh(fragment, start, end)
    }

    /// Inserts the octets from `start` to `end` that were not there before; those that were have to be the same.
    fn insert_fresh(&mut self, fragment: &Fragment<'_>, start: u32, end: u32) -> Result<(), Contradiction> {
        let (mut at, mut index) = (start, self.pieces.partition_point(|piece| piece.end <= start));
        while at < end {
            let next = self.pieces.get(index).filter(|piece| piece.start < end);
            let (fresh_end, resume) = next.map_or((end, end), |piece| (piece.start, piece.end));
            if next.is_some_and(|piece| piece.contradicts(fragment)) {
                return Err(Contradiction);
            }
            if at < fresh_end {
                let octets = octets_between(fragment.payload, fragment.offset, at, fresh_end);
                self.seen += fresh_end - at;
                self.cost += octets.len() + FRAGMENT_COST;
                self.pieces.insert(index, Piece { start: at, end: fresh_end, octets: octets.into() });
                index += 1;
            }
            at = resume;
            index += 1;
        }
        Ok(())
    }

    /// The octets of a whole datagram, as `last` completed it.
    fn join(self, last: &Fragment<'_>) -> Reassembled {
        let mut payload = Vec::new();
        for piece in self.pieces {
            payload.extend_from_slice(&piece.octets);
            if super::view::octets(payload.len()) < piece.end {
                break;
            }
        }
        let Fragment { key, tunnelled, .. } = *last;
        Reassembled { key, payload, payload_wire_len: self.seen, tunnelled }
    }
}
