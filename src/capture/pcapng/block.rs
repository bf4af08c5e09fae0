//! The frame of pcapng blocks, and the three types that hold a packet.
//!
//! Packet blocks are read by hand: the parsers of pcap-parser allocate for the options of each, take padding for
//! data, and stop at a contradiction inside a block whose frame is sound.

use std::fmt;

use crate::capture::pcapng::interface::Interface;
use crate::capture::{LinkType, u32_at, without_fcs};
use crate::time::Timestamp;

/// Octets of a block's type and length.
pub(super) const HEAD_OCTETS: usize = 8;
/// Octets of a section header that tell its byte order.
pub(super) const SECTION_HEAD_OCTETS: usize = 12;

/// The type of a section header reads the same in both byte orders.
const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const BYTE_ORDER_MARK: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];
/// Octets of the shortest block: type, length, and the length again.
const MIN_OCTETS: u32 = 12;

/// What a block holds, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Section,
    Interface,
    Statistics,
    Packet(PacketKind),
    /// Holds no packet, but Wireshark shows it as a frame: custom blocks, system log entries, system calls.
    Numbered,
    /// Names, secrets and unknown blocks.
    Other,
}

/// The blocks that hold a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PacketKind {
    Enhanced,
    /// Without time and interface.
    Simple,
    /// The block that Enhanced Packet Blocks replaced.
    Obsolete,
}

impl BlockKind {
    /// The kind of a block with this beginning.
    pub(super) fn of(head: &[u8], big_endian: bool) -> Self {
        if head.starts_with(&SECTION) {
            return Self::Section;
        }
        match field(head, 0, big_endian) {
            1 => Self::Interface,
            5 => Self::Statistics,
            9 | 0x0bad | 0x4000_0bad | 0x204 | 0x216 | 0x221 => Self::Numbered,
            kind => PacketKind::of(kind).map_or(Self::Other, Self::Packet),
        }
    }
}

impl PacketKind {
    fn of(block_type: u32) -> Option<Self> {
        match block_type {
            6 => Some(Self::Enhanced),
            3 => Some(Self::Simple),
            2 => Some(Self::Obsolete),
            _ => None,
        }
    }
}

fn field(octets: &[u8], at: usize, big_endian: bool) -> u32 {
    if big_endian { u32_at::<true>(octets, at) } else { u32_at::<false>(octets, at) }
}

/// Whether a file with this beginning is pcapng. One cut before its byte order mark counts as it.
pub(super) fn is_section_header(head: &[u8]) -> bool {
    head.starts_with(&SECTION) && (head.len() < SECTION_HEAD_OCTETS || byte_order(head).is_some())
}

/// Whether the section with this header is big-endian.
pub(super) fn byte_order(head: &[u8]) -> Option<bool> {
    let mark = *head.get(8..)?.first_chunk::<4>()?;
    let reversed = [mark[3], mark[2], mark[1], mark[0]];
    [(mark, true), (reversed, false)].iter().find(|(mark, _)| *mark == BYTE_ORDER_MARK).map(|&(_, big)| big)
}

/// Octets of the block with this head, or as an error the length it claims when it cannot be right.
pub(super) fn octets(head: &[u8], big_endian: bool) -> Result<u64, u32> {
    let claimed = field(head, 4, big_endian);
    if claimed < MIN_OCTETS { Err(claimed) } else { Ok(u64::from(claimed).next_multiple_of(4)) }
}

/// Whether a block says the same length at its end as at its beginning; the error says what is wrong.
pub(super) fn check_trailer(block: &[u8], big_endian: bool) -> Result<(), String> {
    let first = field(block, 4, big_endian);
    let last = field(block, block.len().saturating_sub(4), big_endian);
    if same_length(first, last) {
        return Ok(());
    }
    Err(format!("a block says {first} bytes at its beginning and {last} at its end"))
}

fn same_length(first: u32, last: u32) -> bool {
    first == last || u64::from(first).next_multiple_of(4) == u64::from(last).next_multiple_of(4)
}

/// Whether the section header is of a version this reads; the error says what is wrong.
pub(super) fn check_version(block: &[u8], big_endian: bool) -> Result<(), String> {
    let version = block.get(12..).and_then(|octets| octets.first_chunk::<2>()).copied().unwrap_or_default();
    match if big_endian { u16::from_be_bytes(version) } else { u16::from_le_bytes(version) } {
        1 if block.len() >= 28 => Ok(()),
        1 => Err(format!("a section header has {} bytes, fewer than the 28 it needs", block.len())),
        major => Err(format!("pcapng version {major} is not known: ehlotrace reads version 1")),
    }
}

/// Splits off the first block when it is whole, sane and holds a packet.
pub(super) fn split_packet_block<const BIG: bool>(octets: &[u8]) -> Option<(PacketKind, &[u8], &[u8])> {
    let head = octets.first_chunk::<HEAD_OCTETS>()?;
    let kind = PacketKind::of(u32_at::<BIG>(head, 0))?;
    let claimed = u32_at::<BIG>(head, 4);
    if claimed < MIN_OCTETS {
        return None;
    }
    let whole = usize::try_from(claimed.checked_next_multiple_of(4)?).ok()?;
    let (block, next) = octets.split_at_checked(whole)?;
    let trailer = u32_at::<BIG>(block.last_chunk::<4>()?, 0);
    same_length(claimed, trailer).then_some((kind, block, next))
}

/// Why a packet block is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    TooShort,
    UnknownInterface(u32),
    /// Captured octets claimed, more than the block holds or a packet may have.
    Captured(u32),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "is too short for its fields"),
            Self::UnknownInterface(id) => write!(f, "uses interface {id}, which the file does not describe"),
            Self::Captured(octets) => write!(f, "claims {octets} captured bytes, more than it can hold"),
        }
    }
}

/// A packet as its block gives it.
#[derive(Debug)]
pub(super) struct PacketBlock<'a> {
    /// `None` in a Simple Packet Block.
    pub(super) time: Option<Timestamp>,
    pub(super) link: LinkType,
    /// As [`Interface::number`].
    pub(super) interface: u32,
    pub(super) wire_len: u32,
    pub(super) data: &'a [u8],
    /// Packets lost between this and the one before.
    pub(super) dropped_before: u64,
}

impl<'a> PacketBlock<'a> {
    /// Reads a whole block whose frame is sane.
    pub(super) fn parse<const BIG: bool>(
        kind: PacketKind,
        block: &'a [u8],
        interfaces: &[Option<Interface>],
        max_captured: usize,
    ) -> Result<Self, Damage> {
        let (content, _trailer) = block.split_last_chunk::<4>().ok_or(Damage::TooShort)?;
        if kind == PacketKind::Simple {
            return Self::parse_simple::<BIG>(content, interfaces, max_captured);
        }
        let (fields, body) = content.split_first_chunk::<28>().ok_or(Damage::TooShort)?;
        let first = u32_at::<BIG>(fields, 8);
        let (id, drops) = match kind {
            PacketKind::Obsolete if BIG => (first >> 16, first & 0xffff),
            PacketKind::Obsolete => (first & 0xffff, first >> 16),
            _ => (first, 0),
        };
        let interface = find(interfaces, id)?;
        let ticks = u64::from(u32_at::<BIG>(fields, 12)) << 32 | u64::from(u32_at::<BIG>(fields, 16));
        let captured = u32_at::<BIG>(fields, 20);
        let (data, after) = split_data(body, captured, max_captured)?;
        let mut marks = Marks { fcs_octets: interface.fcs_octets, dropped: 0 };
        if after.len() > 4 {
            marks.read::<BIG>(after.get(padding(captured)..).unwrap_or_default());
        }
        // 0xffff in the obsolete block means that the number is not known.
        marks.dropped += if drops == 0xffff { 0 } else { u64::from(drops) };
        let (data, wire_len) = without_fcs(data, u32_at::<BIG>(fields, 24), marks.fcs_octets);
        let time = Some(interface.clock.time(ticks));
        Ok(Self {
            time,
            link: interface.link,
            interface: interface.number,
            wire_len,
            data,
            dropped_before: marks.dropped,
        })
    }

    /// A Simple Packet Block does not say how much was captured: what the wire, interface 0 and the block allow.
    fn parse_simple<const BIG: bool>(
        content: &'a [u8],
        interfaces: &[Option<Interface>],
        max_captured: usize,
    ) -> Result<Self, Damage> {
        let (fields, body) = content.split_first_chunk::<12>().ok_or(Damage::TooShort)?;
        let interface = find(interfaces, 0)?;
        let wire_len = u32_at::<BIG>(fields, 8);
        let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let captured = wire_len.min(snaplen).min(u32::try_from(body.len()).unwrap_or(u32::MAX));
        let (data, _) = split_data(body, captured, max_captured)?;
        let (data, wire_len) = without_fcs(data, wire_len, interface.fcs_octets);
        Ok(Self { time: None, link: interface.link, interface: interface.number, wire_len, data, dropped_before: 0 })
    }
}

fn find(interfaces: &[Option<Interface>], id: u32) -> Result<&Interface, Damage> {
    let interface = usize::try_from(id).ok().and_then(|at| interfaces.get(at)).and_then(Option::as_ref);
    interface.ok_or(Damage::UnknownInterface(id))
}

fn split_data(body: &[u8], captured: u32, max_captured: usize) -> Result<(&[u8], &[u8]), Damage> {
    let octets = usize::try_from(captured).ok().filter(|&octets| octets <= max_captured);
    octets.and_then(|octets| body.split_at_checked(octets)).ok_or(Damage::Captured(captured))
}

/// Octets that fill `captured` up to a multiple of 4.
fn padding(captured: u32) -> usize {
    match captured % 4 {
        1 => 3,
        2 => 2,
        3 => 1,
        _ => 0,
    }
}

/// What the options of a packet block say.
struct Marks {
    fcs_octets: u32,
    dropped: u64,
}

impl Marks {
    fn read<const BIG: bool>(&mut self, mut options: &[u8]) {
        while let Some((head, rest)) = options.split_first_chunk::<4>() {
            let (code, octets) = match (BIG, u32_at::<BIG>(head, 0)) {
                (true, both) => (both >> 16, both & 0xffff),
                (false, both) => (both & 0xffff, both >> 16),
            };
            let Some((value, after)) = usize::try_from(octets).ok().and_then(|n| rest.split_at_checked(n)) else {
                return;
            };
            match (code, octets) {
                (0, _) => return,
                // Bits 5 to 8 of the flags are the octets of the check sequence, 0 when not known.
                (2, 4) => match u32_at::<BIG>(value, 0) >> 5 & 0xf {
                    0 => {}
                    fcs_octets => self.fcs_octets = fcs_octets,
                },
                (4, 8) => {
                    let (first, second) = (u64::from(u32_at::<BIG>(value, 0)), u64::from(u32_at::<BIG>(value, 4)));
                    self.dropped = if BIG { first << 32 | second } else { second << 32 | first };
                }
                _ => {}
            }
            options = after.get(padding(octets)..).unwrap_or_default();
        }
    }
}
