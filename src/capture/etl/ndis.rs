//! Packets of NDIS-PacketCapture, which `netsh trace start capture=yes` switches on.

use super::event::{Event, Guid};
use super::once::Place;
use crate::capture::{LinkType, u32_at};

/// Microsoft-Windows-NDIS-PacketCapture, {2ed6006e-4729-4609-b423-3ee7bcd678ef}.
pub(super) const PROVIDER: Guid =
    [0x6e, 0, 0xd6, 0x2e, 0x29, 0x47, 0x09, 0x46, 0xb4, 0x23, 0x3e, 0xe7, 0xbc, 0xd6, 0x78, 0xef];

/// A packet, or a fragment of one.
const PACKET: u16 = 1001;
/// The same at a port of a Hyper-V switch.
const SWITCH_PACKET: u16 = 1003;

/// Bits of an event's keyword. Of the medium: mobile broadband, tunnel, native 802.11; Ethernet has one of its own.
const BROADBAND: u64 = 0x200;
const TUNNEL: u64 = 0x8000;
const WIRELESS: u64 = 0x1_0000;
/// The fragment does not have all octets of the packet.
const CUT: u64 = 0x200_0000;
const FIRST: u64 = 0x4000_0000;
const LAST: u64 = 0x8000_0000;
const SENT: u64 = 0x1_0000_0000;
const RECEIVED: u64 = 0x2_0000_0000;

/// Names of a switch's port, adapter and adapter type that stand before the destinations.
const SOURCE_NAMES: usize = 3;
/// Octets of a destination as public manifests have them.
const DESTINATION_OCTETS: usize = 8;

/// Where an event stands in its packet, and what it says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Its octets are `data[at..end]`.
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) link: LinkType,
    pub(super) is_cut: bool,
    /// 1 received, 2 sent, 0 unknown.
    pub(super) direction: u8,
    pub(super) place: Place,
    /// The interface of a filter layer; of fragments of one packet it is the same.
    pub(super) interface: u32,
}

/// Whether an event of this provider holds a packet or a part of one.
pub(super) const fn is_packet(id: u16) -> bool {
    matches!(id, PACKET | SWITCH_PACKET)
}

/// The fragment in an event with this data; none where it is not inside.
pub(super) fn fragment(event: &Event, data: &[u8]) -> Option<Fragment> {
    let [miniport, interface] = [0, 4].map(|at| u32_at::<false>(data, at));
    let (at, place) = match event.id {
        PACKET => (8, Place::layer(miniport, interface)),
        _ => switch(data)?,
    };
    let octets = usize::try_from(u32_at::<false>(data.get(at..at.checked_add(4)?)?, 0)).ok()?;
    let at = at + 4;
    let end = at.checked_add(octets).filter(|end| *end <= data.len())?;
    let has = |bit| event.keyword & bit != 0;
    Some(Fragment {
        at,
        end,
        is_first: has(FIRST),
        is_last: has(LAST),
        link: if has(WIRELESS) {
            LinkType::IEEE802_11
        } else if has(BROADBAND | TUNNEL) {
            LinkType::RAW
        } else {
            LinkType::ETHERNET
        },
        is_cut: has(CUT),
        direction: u8::from(has(RECEIVED)) | u8::from(has(SENT)) << 1,
        place,
        interface,
    })
}

/// Where the size of a switch event's fragment is, and the place.
///
/// How long one destination is, nobody has published. So each layout is tried, and that one taken by which the fragment and
/// what follows it fill the event.
fn switch(data: &[u8]) -> Option<(usize, Place)> {
    let port = u32_at::<false>(data.get(8..12)?, 0);
    let at = behind_names(data, 12, SOURCE_NAMES)?;
    let count = u32_at::<false>(data.get(at..at.checked_add(4)?)?, 0);
    let at = at + 4;
    let place = Place::port(port, count);
    if count == 0 {
        return Some((at, place));
    }
    let count = usize::try_from(count).ok()?;
    let flat = count.checked_mul(DESTINATION_OCTETS).and_then(|octets| at.checked_add(octets));
    let named = (1..=SOURCE_NAMES).rev().map(|names| behind_destinations(data, at, count, names));
    let mut ends = std::iter::once(flat).chain(named).flatten();
    ends.find(|at| fills(data, *at)).map(|at| (at, place))
}

/// Whether a fragment whose size stands at `at`, and what follows it, end with `data`.
fn fills(data: &[u8], at: usize) -> bool {
    let sized = |at: usize| {
        let octets = u32_at::<false>(data.get(at..at.checked_add(4)?)?, 0);
        at.checked_add(4)?.checked_add(usize::try_from(octets).ok()?)
    };
    sized(at).and_then(sized) == Some(data.len())
}

/// Behind so many destinations of a number and names each.
fn behind_destinations(data: &[u8], mut at: usize, count: usize, names: usize) -> Option<usize> {
    // Each takes at least six octets, so a count that is too high ends with the data.
    for _ in 0..count {
        at = behind_names(data, at.checked_add(4)?, names)?;
    }
    Some(at)
}

/// Behind so many texts in UTF-16, each ended by a zero.
fn behind_names(data: &[u8], mut at: usize, names: usize) -> Option<usize> {
    for _ in 0..names {
        let units = data.get(at..)?.chunks_exact(2).position(|unit| unit == [0, 0])?;
        at = at.checked_add((units + 1) * 2)?;
    }
    Some(at)
}
