//! Packets of PktMon, which `pktmon start --capture` switches on.

use super::event::Guid;
use super::frame;
use super::once::Place;
use crate::capture::{LinkType, u16_at, u32_at, u64_at};

/// Microsoft-Windows-PktMon, {4d4f80d9-c8bd-4d73-bb5b-19c90402c5ac}.
pub(super) const PROVIDER: Guid =
    [0xd9, 0x80, 0x4f, 0x4d, 0xbd, 0xc8, 0x73, 0x4d, 0xbb, 0x5b, 0x19, 0xc9, 0x04, 0x02, 0xc5, 0xac];

const PACKET: u16 = 160;
const DROP: u16 = 170;

/// Octets before the frame.
const HEADER_OCTETS: usize = 34;
/// The same where lengths have 32 bits, and where the number of the component has them, too. Nobody has seen such a trace.
const LONG_HEADER_OCTETS: usize = 38;
const WIDE_HEADER_OCTETS: usize = 40;

/// A frame at one place of the network stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Appearance {
    /// Its octets are `data[at..end]`.
    pub(super) at: usize,
    pub(super) end: usize,
    /// Octets the packet had there.
    pub(super) original: u32,
    /// None where it is no whole frame, but what Windows found in one.
    pub(super) link: Option<LinkType>,
    /// 1 received, 2 sent, 0 unknown.
    pub(super) direction: u8,
    pub(super) place: Place,
    /// What all appearances of the packet have in common, where Windows counts them.
    pub(super) id: Option<(u64, u16)>,
}

/// What an event of this provider holds.
pub(super) enum Content {
    /// A frame on its way.
    Packet,
    /// A frame that Windows dropped.
    Drop,
    /// Something else.
    Other,
}

/// What an event with this number holds.
pub(super) const fn content(id: u16) -> Content {
    match id {
        PACKET => Content::Packet,
        DROP => Content::Drop,
        _ => Content::Other,
    }
}

/// Why the packet of a drop event was dropped, as the number Windows has for it.
pub(super) fn drop_reason(data: &[u8]) -> u32 {
    u32_at::<false>(data, 22)
}

/// The frame in an event with this data; none where the lengths do not fit.
pub(super) fn appearance(data: &[u8]) -> Option<Appearance> {
    let short = |at| u32::from(u16_at(data, at));
    let long = |at| u32_at::<false>(data, at);
    read(data, HEADER_OCTETS, short(16), u16_at(data, 18), short(30), short(32))
        .or_else(|| read(data, LONG_HEADER_OCTETS, short(16), u16_at(data, 18), long(30), long(34)))
        .or_else(|| read(data, WIDE_HEADER_OCTETS, long(16), u16_at(data, 20), long(32), long(36)))
}

fn read(data: &[u8], at: usize, component: u32, edge: u16, original: u32, logged: u32) -> Option<Appearance> {
    let end = at.checked_add(usize::try_from(logged).ok()?)?;
    if end != data.len() {
        return None;
    }
    let frame = data.get(at..end)?;
    let direction = u16_at(data, 12);
    Some(Appearance {
        at,
        end,
        original,
        link: link(u16_at(data, 14), frame),
        direction: match direction {
            1 | 3 | 5 => 1,
            2 | 4 | 6 => 2,
            _ => 0,
        },
        place: Place::component(component, edge),
        id: (u16_at(data, 10) > 0).then(|| (u64_at(data, 0), u16_at(data, 8))),
    })
}

/// The link layer that a type of packet stands for. Frames are said to be Wi-Fi that are Ethernet, above the filter that
/// makes them so.
fn link(kind: u16, frame: &[u8]) -> Option<LinkType> {
    match kind {
        1 => Some(LinkType::ETHERNET),
        2 if frame::is_ethernet(frame) => Some(LinkType::ETHERNET),
        2 => Some(LinkType::IEEE802_11),
        3 => Some(LinkType::RAW),
        _ => None,
    }
}
