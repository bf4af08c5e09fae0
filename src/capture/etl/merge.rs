//! The events of all processors in order of time, with one buffer of each in memory.
//!
//! A processor's buffers are in order by their sequence numbers, and the events inside a buffer by their place. So the next
//! event is the earliest of those that come next in the open buffers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::buffer::{BufferHeader, HEADER_OCTETS, IndexEntry, MAX_EVENT_OCTETS, to_usize};
use super::event::{Event, Step, step};
use super::header::SessionHeader;
use super::providers::Providers;
use super::xpress::Damage;
use super::{lznt1, xpress};
use crate::capture::ReadError;
use crate::capture::spool::SpooledStream;
use crate::limits::Limits;

/// The number of LZNT1 as the compression of a trace (COMPRESSION_FORMAT_LZNT1).
pub(super) const LZNT1: u16 = 2;
/// That of plain XPRESS (COMPRESSION_FORMAT_XPRESS).
pub(super) const XPRESS: u16 = 3;

/// The buffers of one processor.
#[derive(Default)]
struct Lane {
    /// Its next buffer is `index[next]`, its last one ends before `end`.
    next: usize,
    end: usize,
    /// The open buffer, from its header or, if it was compressed, its first event on.
    octets: Vec<u8>,
    /// Where its next event is, and which buffer it is.
    at: usize,
    open: Option<IndexEntry>,
    /// The event that was found and not given.
    found: Option<Event>,
}

/// Buffers that are not, or not wholly, used.
#[derive(Default)]
pub(super) struct Damaged {
    pub(super) buffers: u64,
    /// Where the first one is, and what is wrong with it.
    pub(super) first: Option<(u64, &'static str)>,
}

impl Damaged {
    fn add(&mut self, at: u64, what: &'static str) {
        self.buffers += 1;
        self.first.get_or_insert((at, what));
    }
}

/// Gives the events that may hold packets.
pub(super) struct Merge {
    index: Vec<IndexEntry>,
    lanes: Vec<Lane>,
    /// The lanes that have found an event, the earliest first: by stamp, by sequence of the buffer.
    waiting: BinaryHeap<Reverse<(i64, u64, usize)>>,
    /// The lane whose event was given last.
    current: Option<usize>,
    /// Lanes for whose buffers there was no room.
    parked: Vec<usize>,
    /// Whether there may be room for one of them: a lane ended since the last one was tried.
    has_room: bool,
    /// Octets of all open buffers, and how many there may be.
    open_octets: usize,
    most_octets: usize,
    compression: u16,
    /// Octets that one buffer may unpack to, and that all together still may.
    buffer_octets: usize,
    octets_left: u64,
    /// What is read of a compressed buffer.
    packed: Vec<u8>,
    pub(super) damaged: Damaged,
    pub(super) providers: Providers,
    /// Whether a lane had to wait, so that its events come late.
    pub(super) is_late: bool,
    /// Where a cut buffer is, whose events may end early.
    cut_at: Option<u64>,
}

impl Merge {
    pub(super) fn new(
        index: Vec<IndexEntry>,
        cut_at: Option<u64>,
        session: &SessionHeader,
        file_octets: u64,
        limits: &Limits,
    ) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut processor = None;
        for (at, entry) in index.iter().enumerate() {
            if processor.replace(entry.processor) != Some(entry.processor) {
                lanes.push(Lane { next: at, ..Lane::default() });
            }
            if let Some(lane) = lanes.last_mut() {
                lane.end = at + 1;
            }
        }
        Self {
            index,
            // The first is taken first once all are turned round.
            parked: (0..lanes.len()).rev().collect(),
            lanes,
            has_room: true,
            waiting: BinaryHeap::new(),
            current: None,
            open_octets: 0,
            most_octets: limits.etl_open_octets,
            compression: session.compression,
            buffer_octets: to_usize(session.buffer_octets).min(MAX_EVENT_OCTETS),
            octets_left: file_octets.saturating_mul(limits.expansion).saturating_add(limits.expansion_free_octets),
            packed: Vec::new(),
            damaged: Damaged::default(),
            providers: Providers::default(),
            is_late: false,
            cut_at,
        }
    }

    /// The next event, and the lane that has it.
    pub(super) fn next(&mut self, spool: &mut SpooledStream) -> Result<Option<(usize, Event)>, ReadError> {
        if let Some(lane) = self.current.take() {
            self.find(lane, spool)?;
            // Most of the time the next event is of the same processor.
            if let Some(found) = self.lanes.get(lane).and_then(|lane| lane.found)
                && self.waiting.peek().is_none_or(|Reverse(other)| self.key(lane, &found) <= *other)
            {
                return Ok(self.give(lane));
            }
            self.wait(lane);
        }
        while self.has_room && !self.parked.is_empty() {
            self.has_room = self.unpark(spool)?;
        }
        let Some(Reverse((_, _, lane))) = self.waiting.pop() else { return Ok(None) };
        Ok(self.give(lane))
    }

    /// The octets of the buffer that a lane has open.
    pub(super) fn octets(&mut self, lane: usize) -> &mut [u8] {
        self.lanes.get_mut(lane).map(|lane| lane.octets.as_mut_slice()).unwrap_or_default()
    }

    /// The processor of a lane.
    pub(super) fn processor(&self, lane: usize) -> u16 {
        self.lanes.get(lane).and_then(|lane| lane.open).map_or(0, |entry| entry.processor)
    }

    fn key(&self, lane: usize, found: &Event) -> (i64, u64, usize) {
        let sequence = self.lanes.get(lane).and_then(|lane| lane.open).map_or(0, |entry| entry.sequence);
        (found.stamp, sequence, lane)
    }

    fn give(&mut self, lane: usize) -> Option<(usize, Event)> {
        self.current = Some(lane);
        Some((lane, self.lanes.get_mut(lane)?.found.take()?))
    }

    /// Lets a lane wait for its turn, if it has found an event.
    fn wait(&mut self, lane: usize) {
        if let Some(found) = self.lanes.get(lane).and_then(|lane| lane.found) {
            self.waiting.push(Reverse(self.key(lane, &found)));
        }
    }

    /// Lets the lane that was parked last go on; says whether there was room for it. Where nothing else is open there is.
    fn unpark(&mut self, spool: &mut SpooledStream) -> Result<bool, ReadError> {
        let Some(lane) = self.parked.pop() else { return Ok(false) };
        let before = self.parked.len();
        self.find(lane, spool)?;
        self.wait(lane);
        Ok(self.parked.len() == before)
    }

    /// Looks for the lane's next event, in its open buffer and those after it. Where there is no room for the next buffer,
    /// the lane is parked.
    fn find(&mut self, number: usize, spool: &mut SpooledStream) -> Result<(), ReadError> {
        loop {
            let Some(lane) = self.lanes.get_mut(number) else { return Ok(()) };
            while let Some(entry) = lane.open {
                match step(&lane.octets, lane.at) {
                    Step::Event(event, next) => {
                        lane.at = next;
                        if self.providers.is_packet(&event) {
                            lane.found = Some(event);
                            return Ok(());
                        }
                    }
                    Step::Other(next) => {
                        lane.at = next;
                        self.providers.other();
                    }
                    Step::End => lane.open = None,
                    Step::Damaged => {
                        lane.open = None;
                        if self.cut_at != Some(entry.offset) {
                            self.damaged.add(entry.offset, "an event in it has a size or a mark that no event has");
                        }
                    }
                }
            }
            if lane.next >= lane.end {
                self.open_octets -= lane.octets.capacity();
                lane.octets = Vec::new();
                self.has_room = true;
                return Ok(());
            }
            let Some(entry) = self.index.get(lane.next).copied() else { return Ok(()) };
            if !self.load(number, entry, spool)? {
                self.is_late = true;
                self.parked.push(number);
                return Ok(());
            }
        }
    }

    /// Opens a buffer in a lane that is done with the one before; false where there is no room for it.
    fn load(&mut self, number: usize, entry: IndexEntry, spool: &mut SpooledStream) -> Result<bool, ReadError> {
        let octets = to_usize(entry.octets);
        let mut packed = std::mem::take(&mut self.packed);
        packed.clear();
        if entry.is_compressed {
            spool.read(entry.offset, octets, &mut packed)?;
        }
        let claimed = BufferHeader::parse(&packed).map_or(0, |header| to_usize(header.saved));
        let claimed = claimed.saturating_sub(HEADER_OCTETS);
        let most = claimed.min(self.buffer_octets);
        let wanted = if entry.is_compressed { most } else { octets };
        let Some(lane) = self.lanes.get_mut(number) else { return Ok(true) };
        let others = self.open_octets - lane.octets.capacity();
        if others.saturating_add(wanted) > self.most_octets && others > 0 {
            self.open_octets = others;
            lane.octets = Vec::new();
            self.packed = packed;
            return Ok(false);
        }
        self.open_octets = others;
        lane.next += 1;
        lane.octets.clear();
        if entry.is_compressed {
            let stream = packed.get(HEADER_OCTETS..).unwrap_or_default();
            let is_cut = self.cut_at == Some(entry.offset);
            if let Some(what) = unpack(self.compression, stream, (claimed, most), is_cut, &mut lane.octets) {
                self.damaged.add(entry.offset, what);
            }
            lane.at = 0;
        } else {
            lane.octets.reserve_exact(octets);
            spool.read(entry.offset, octets, &mut lane.octets)?;
            let header = BufferHeader::parse(&lane.octets);
            let events = header.map_or(0, |header| header.event_octets(octets));
            lane.octets.truncate(HEADER_OCTETS + events);
            lane.at = HEADER_OCTETS;
        }
        lane.open = Some(entry);
        self.open_octets += lane.octets.capacity();
        self.packed = packed;
        let spent = if entry.is_compressed { lane.octets.len() as u64 } else { 0 };
        match self.octets_left.checked_sub(spent) {
            Some(left) => self.octets_left = left,
            None => {
                let what = "the buffers unpack to more bytes than any trace of this size has";
                return Err(ReadError::corrupt(entry.offset, what));
            }
        }
        Ok(true)
    }
}

/// Unpacks the stream of a compressed buffer to as many octets as it claims to have, at most as many as a buffer may have; gives
/// what is wrong with it, if anything is. That the stream of a cut buffer ends early is not.
fn unpack(
    compression: u16,
    stream: &[u8],
    (claimed, most): (usize, usize),
    is_cut: bool,
    output: &mut Vec<u8>,
) -> Option<&'static str> {
    let unpacked = match compression {
        LZNT1 => lznt1::unpack(stream, most, output),
        XPRESS => xpress::unpack(stream, most, output),
        _ => Err(Damage::Unknown),
    };
    match unpacked {
        Err(Damage::Unknown) => Some("it is compressed, but the trace does not say how"),
        Ok(()) if most < claimed => Some("it claims to unpack to more than a buffer has"),
        Err(Damage::Early) if !is_cut => Some("it unpacks to fewer bytes than it says"),
        Err(Damage::Wrong) => {
            output.clear();
            Some("its compressed data contradicts itself")
        }
        Ok(()) | Err(Damage::Early) => None,
    }
}
