//! The events in a buffer.

use crate::capture::{u16_at, u32_at, u64_at};

/// Octets of the header of a modern event (EVENT_HEADER), the only kind that packets come in.
const EVENT_HEADER_OCTETS: usize = 80;
/// Items of extended data read of one event.
const MAX_ITEMS: usize = 32;
/// EVENT_HEADER: extended data stands between the header and the data.
const EXTENDED: u16 = 0x1;

/// A GUID as it lies in a file.
pub(super) type Guid = [u8; 16];

/// What stands at a place of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A modern event, and where the next one is.
    Event(Event, usize),
    /// An event of another kind or a damaged one, and where the next one is.
    Other(usize),
    /// No further event.
    End,
    /// Nothing that can be an event, so that nobody can say where the next one is.
    Damaged,
}

/// A modern event: its fields, and where its data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) provider: Guid,
    pub(super) id: u16,
    pub(super) keyword: u64,
    pub(super) thread: u32,
    pub(super) stamp: i64,
    /// Its data is `buffer[data..end]`.
    pub(super) data: usize,
    pub(super) end: usize,
}

/// Looks at the event at `at` of a buffer's events.
pub(super) fn step(events: &[u8], at: usize) -> Step {
    let rest = events.get(at..).unwrap_or_default();
    let Some((&[first, _, kind, mark], _)) = rest.split_first_chunk() else { return Step::End };
    // What was never written is 0xff.
    if [first, kind, mark] == [0xff; 3] {
        return Step::End;
    }
    let (size_at, least) = match (kind, mark) {
        (1 | 2, 0xc0..) => (4, 32),
        (3 | 4, 0xc0..) => (4, 24),
        (0x10 | 0x11, 0xc0..) => (4, 16),
        (0x0a | 0x14, 0xc0..) => (0, 48),
        (0x0b | 0x15, 0xc0..) => (0, 72),
        (0x0d | 0x12 | 0x13, 0xc0..) => (0, EVENT_HEADER_OCTETS),
        // A message of WPP.
        (_, 0x90..=0x9f) => (0, 8),
        _ => return Step::Damaged,
    };
    let octets = usize::from(u16_at(rest, size_at));
    let Some(event) = rest.get(..octets).filter(|_| octets >= least) else { return Step::Damaged };
    let next = at.saturating_add(octets.next_multiple_of(8));
    if !matches!(kind, 0x12 | 0x13) || mark < 0xc0 {
        return Step::Other(next);
    }
    let Some(data) = data_at(event) else { return Step::Other(next) };
    Step::Event(
        Event {
            provider: event.get(24..).and_then(|octets| octets.first_chunk()).copied().unwrap_or_default(),
            id: u16_at(event, 40),
            keyword: u64_at(event, 48),
            thread: u32_at::<false>(event, 8),
            stamp: u64_at(event, 16).cast_signed(),
            data: at.saturating_add(data),
            end: at.saturating_add(octets),
        },
        next,
    )
}

/// Where the data of a modern event begins, behind its header and extended data; none where that is damaged.
fn data_at(event: &[u8]) -> Option<usize> {
    let mut at = EVENT_HEADER_OCTETS;
    if u16_at(event, 4) & EXTENDED == 0 {
        return Some(at);
    }
    for _ in 0..MAX_ITEMS {
        let item = event.get(at..).filter(|item| item.len() >= 8)?;
        let octets = usize::from(u16_at(item, 0));
        if octets < 8 || octets % 8 != 0 || octets > item.len() {
            return None;
        }
        at += octets;
        let goes_on = u16_at(item, 4) & 1 == 1;
        if !goes_on {
            return Some(at);
        }
    }
    None
}
