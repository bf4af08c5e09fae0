//! The header event: what a trace says of itself, in the first event of its first buffer.

use super::buffer::{BufferHeader, HEADER_OCTETS, to_usize};
use super::clock::Clock;
use crate::capture::{u16_at, u32_at, u64_at};

/// Octets of the header of a system event (SYSTEM_TRACE_HEADER).
const SYSTEM_HEADER_OCTETS: usize = 32;
/// Octets of the header event up to its names: that of 32-bit Windows, the shorter one.
const LEAST_OCTETS: usize = SYSTEM_HEADER_OCTETS + 272;
/// Octets at the start of a file that have all that is read here.
pub(super) const NEEDED_OCTETS: usize = HEADER_OCTETS + SYSTEM_HEADER_OCTETS + 280;

/// LogFileMode: old buffers are overwritten by new ones.
const CIRCULAR: u32 = 0x2;
/// LogFileMode: buffers are compressed.
const COMPRESSED: u32 = 0x0400_0000;

/// What a trace says of itself.
#[derive(Clone, Debug)]
pub(super) struct SessionHeader {
    /// Octets of the first buffer in the file; all have as many unless they are compressed.
    pub(super) first_octets: u32,
    /// Octets a buffer of the session has at most before it is compressed.
    pub(super) buffer_octets: u32,
    pub(super) is_compressed: bool,
    pub(super) is_circular: bool,
    /// How buffers are compressed, if they are.
    pub(super) compression: u16,
    /// Whether the session was stopped, so that its last buffers were written.
    pub(super) is_closed: bool,
    pub(super) events_lost: u32,
    pub(super) buffers_lost: u32,
    pub(super) clock: Clock,
}

impl SessionHeader {
    /// Reads it from the first octets of a file; none where they are not those of a trace.
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let buffer = BufferHeader::parse(head).filter(BufferHeader::is_first)?;
        let event = head.get(HEADER_OCTETS..NEEDED_OCTETS)?;
        let (&[version_low, version_high, kind @ (1 | 2), 0xc0], _) = event.split_first_chunk()? else { return None };
        let octets = usize::from(u16_at(event, 4));
        let is_sound = [version_low, version_high] == [2, 0]
            && (LEAST_OCTETS..=to_usize(buffer.octets) - HEADER_OCTETS).contains(&octets)
            && u16_at(event, 6) == 0;
        let body = event.get(SYSTEM_HEADER_OCTETS..)?;
        let [at_32, at_64] = [240, 248];
        let tail = body.get(if kind == 2 { at_64 } else { at_32 }..)?;
        let clock = u32_at::<false>(tail, 24);
        if !is_sound || !matches!(u32_at::<false>(body, 44), 4 | 8) || clock > 3 {
            return None;
        }
        let mode = u32_at::<false>(body, 32);
        Some(Self {
            first_octets: buffer.octets,
            buffer_octets: u32_at::<false>(body, 0),
            is_compressed: mode & COMPRESSED != 0,
            is_circular: mode & CIRCULAR != 0,
            compression: u16::try_from(buffer.state & 0xffff).unwrap_or_default(),
            is_closed: u64_at(body, 16) != 0,
            events_lost: u32_at::<false>(body, 48),
            buffers_lost: u32_at::<false>(tail, 28),
            clock: Clock::new(
                clock,
                u64_at(tail, 16).cast_signed(),
                u64_at(event, 16).cast_signed(),
                u64_at(tail, 8).cast_signed(),
                u32_at::<false>(body, 52),
            ),
        })
    }
}
