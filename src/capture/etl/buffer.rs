//! The buffers of a trace: their headers, and an index of them.
//!
//! A trace is buffers end to end. Each was filled by one processor, and they lie in the file in the order in which they were
//! flushed, sorted by processor, or, in a circular trace, with the newest before the oldest. So pass one reads only their
//! headers.

use super::header::SessionHeader;
use crate::capture::spool::{SpooledStream, Window};
use crate::capture::{ReadError, u16_at, u32_at, u64_at};
use crate::limits::Limits;

/// Octets of a buffer's header (WMI_BUFFER_HEADER).
pub(super) const HEADER_OCTETS: usize = 72;
/// Octets the events of one buffer can have.
pub(super) const MAX_EVENT_OCTETS: usize = 16 * 1024 * 1024;
/// Octets of the largest buffer.
const MAX_OCTETS: usize = MAX_EVENT_OCTETS + HEADER_OCTETS;

const EVENTS_LOST: u16 = 0x02;
const BUFFER_LOST: u16 = 0x04;
const COMPRESSED: u16 = 0x40;

/// The type of the first buffer of a trace.
const HEADER_TYPE: u16 = 4;
/// The highest type there is.
const MAX_TYPE: u16 = 6;

/// The header of one buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct BufferHeader {
    /// Octets of the buffer in the file, as it says.
    pub(super) octets: u32,
    /// Where its events end, from its start; of a compressed one once it is unpacked.
    pub(super) saved: u32,
    /// The same, of an uncompressed one more reliable.
    offset: u32,
    pub(super) sequence: u64,
    pub(super) processor: u16,
    /// Of the first buffer: how the others are compressed, in the low 16 bits.
    pub(super) state: u32,
    flags: u16,
    kind: u16,
}

impl BufferHeader {
    /// The header at the start of `octets`, if all of it is there.
    pub(super) fn parse(octets: &[u8]) -> Option<Self> {
        let octets = octets.get(..HEADER_OCTETS)?;
        Some(Self {
            octets: u32_at::<false>(octets, 0),
            saved: u32_at::<false>(octets, 4),
            offset: u32_at::<false>(octets, 0x30),
            sequence: u64_at(octets, 0x18),
            processor: u16_at(octets, 0x28),
            state: u32_at::<false>(octets, 0x2c),
            flags: u16_at(octets, 0x34),
            kind: u16_at(octets, 0x36),
        })
    }

    pub(super) const fn is_compressed(&self) -> bool {
        self.flags & COMPRESSED != 0
    }

    /// Whether it can be the first buffer of a trace.
    pub(super) fn is_first(&self) -> bool {
        let is_size = (1024..=MAX_EVENT_OCTETS).contains(&to_usize(self.octets));
        let ends = [self.saved, self.offset].iter().all(|&end| to_usize(end) > HEADER_OCTETS && end <= self.octets);
        self.kind == HEADER_TYPE && self.sequence == 0 && !self.is_compressed() && is_size && ends
    }

    /// Whether this may be the header of any buffer, its size apart.
    fn is_plausible(&self) -> bool {
        self.kind <= MAX_TYPE && to_usize(self.saved) >= HEADER_OCTETS && to_usize(self.saved) <= MAX_OCTETS
    }

    /// Octets of its events, where they are not compressed, in a buffer of so many octets.
    pub(super) fn event_octets(&self, octets: usize) -> usize {
        let (saved, offset) = (to_usize(self.saved), to_usize(self.offset));
        let end = if (HEADER_OCTETS..=octets).contains(&offset) { offset } else { saved.min(octets) };
        end.saturating_sub(HEADER_OCTETS)
    }
}

/// Where a buffer is and in which order its processor filled it: 24 octets of a trace's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) offset: u64,
    pub(super) sequence: u64,
    /// Octets there are of it in the file.
    pub(super) octets: u32,
    pub(super) processor: u16,
    pub(super) is_compressed: bool,
}

/// All buffers with events, sorted by processor and sequence, and what is to say about the file.
#[derive(Default)]
pub(super) struct Index {
    pub(super) entries: Vec<IndexEntry>,
    /// The buffer that the file ends in, if it does, and the octets it should have.
    pub(super) cut: Option<(u64, u32)>,
    /// The first buffer whose size cannot be, behind which the reading went on all the same, and what it says.
    pub(super) mended: Option<(u64, u32)>,
    /// The one behind which it did not.
    lost: Option<(u64, u32)>,
    /// Where there were more buffers than are read.
    full: Option<u64>,
    /// Buffers that say that events or buffers before them were lost.
    pub(super) marked_lost: u64,
}

impl Index {
    /// Reads the headers of all buffers in `spool`.
    pub(super) fn read(spool: &mut SpooledStream, session: &SessionHeader, limits: &Limits) -> Result<Self, ReadError> {
        let (mut index, mut window, mut at) = (Self::default(), Window::new(), 0);
        while at < spool.octets() {
            let left = spool.octets() - at;
            let head = window.read(spool, at, HEADER_OCTETS)?;
            // The rest of a file that was made as large as it may become.
            if head.len() == HEADER_OCTETS && head.iter().all(|octet| *octet == 0) {
                break;
            }
            let Some(header) = BufferHeader::parse(head) else {
                index.cut = Some((at, session.first_octets));
                break;
            };
            let Some(octets) = index.octets(&header, at, spool, &mut window, session)? else { break };
            let there = u64::from(octets).min(left);
            if there < u64::from(octets) {
                index.cut = Some((at, octets));
            }
            index.marked_lost += u64::from(header.flags & (EVENTS_LOST | BUFFER_LOST) != 0);
            let is_empty = header.saved.max(header.offset.min(octets)) <= u32::try_from(HEADER_OCTETS).unwrap_or(0);
            if !is_empty && there > HEADER_OCTETS as u64 {
                if index.entries.len() >= limits.etl_buffers {
                    index.full = Some(at);
                    break;
                }
                index.entries.push(IndexEntry {
                    offset: at,
                    sequence: header.sequence,
                    octets: u32::try_from(there).unwrap_or(octets),
                    processor: header.processor,
                    is_compressed: header.is_compressed(),
                });
            }
            at += there;
        }
        index.entries.sort_unstable_by_key(|entry| (entry.processor, entry.sequence, entry.offset));
        Ok(index)
    }

    /// What kept the buffers from being found to the last.
    pub(super) fn failure(&self) -> Option<ReadError> {
        let lost = self
            .lost
            .map(|(at, octets)| ReadError::corrupt(at, format!("a buffer of {octets} bytes, which cannot be")));
        lost.or_else(|| self.full.map(|limit| ReadError::TooLarge { limit }))
    }

    /// Octets of the buffer with this header at `at`; none where nobody can say where the next one is.
    fn octets(
        &mut self,
        header: &BufferHeader,
        at: u64,
        spool: &mut SpooledStream,
        window: &mut Window,
        session: &SessionHeader,
    ) -> Result<Option<u32>, ReadError> {
        let is_size = (HEADER_OCTETS..=MAX_OCTETS).contains(&to_usize(header.octets));
        // Uncompressed buffers are all of one size, and the first one was told by more than that.
        let expected = if session.is_compressed { None } else { Some(session.first_octets) };
        if is_size && expected.is_none_or(|expected| expected == header.octets) {
            return Ok(Some(header.octets));
        }
        if let Some(expected) = expected {
            let next = at.saturating_add(u64::from(expected));
            let after = BufferHeader::parse(window.read(spool, next, HEADER_OCTETS)?);
            let goes_on = match after {
                Some(after) => after.octets == expected && after.is_plausible(),
                None => next == spool.octets(),
            };
            if goes_on && header.is_plausible() {
                self.mended.get_or_insert((at, header.octets));
                return Ok(Some(expected));
            }
        }
        // Files may be put together of buffers of several sizes.
        if is_size && header.is_plausible() {
            return Ok(Some(header.octets));
        }
        self.lost = Some((at, header.octets));
        Ok(None)
    }
}

pub(super) fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
