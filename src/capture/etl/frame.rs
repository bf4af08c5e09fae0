//! What tells one packet from another, whatever it is framed in.

use crate::capture::LinkType;

/// Octets behind the IP header that belong to what tells packets apart: of TCP up to the window.
const PAYLOAD_OCTETS: usize = 14;
/// Octets of a packet without IP that do.
const OTHER_OCTETS: usize = 48;
/// Octets of the largest key: those of IPv6.
const KEY_OCTETS: usize = 2 + 1 + 32 + PAYLOAD_OCTETS;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
/// The EtherTypes of VLAN tags.
const VLAN: [u16; 2] = [0x8100, 0x88a8];
/// LLC and SNAP before an EtherType (RFC 1042).
const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];

/// The Protected bit in the second octet of an 802.11 header.
pub(super) const PROTECTED: u8 = 0x40;

/// What all appearances of a packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    octets: [u8; KEY_OCTETS],
    length: u8,
}

impl Key {
    /// The key of a frame.
    pub(super) fn new(link: LinkType, frame: &[u8]) -> Self {
        let mut key = Self { octets: [0; KEY_OCTETS], length: 0 };
        match network(link, frame) {
            Some(ip @ [0x45..=0x4f, ..]) => {
                // Length, identification and fragment offset; protocol; addresses. The checksum may not be set yet.
                let header = usize::from(ip.first().copied().unwrap_or_default() & 0x0f) * 4;
                key.add(ip.get(2..8));
                key.add(ip.get(9..10));
                key.add(ip.get(12..20));
                key.add(head(ip, header, PAYLOAD_OCTETS));
            }
            Some(ip @ [0x60..=0x6f, ..]) => {
                // Length and next header; addresses.
                key.add(ip.get(4..7));
                key.add(ip.get(8..40));
                key.add(head(ip, 40, PAYLOAD_OCTETS));
            }
            Some(other) => key.add(head(other, 0, OTHER_OCTETS)),
            None => key.add(head(frame, 0, OTHER_OCTETS)),
        }
        key
    }

    fn add(&mut self, octets: Option<&[u8]>) {
        let octets = octets.unwrap_or_default();
        let at = usize::from(self.length);
        if let Some(room) = self.octets.get_mut(at..at + octets.len()) {
            room.copy_from_slice(octets);
            self.length = self.length.saturating_add(u8::try_from(octets.len()).unwrap_or(u8::MAX));
        }
    }
}

/// At most `most` octets from `at` on.
fn head(octets: &[u8], at: usize, most: usize) -> Option<&[u8]> {
    let rest = octets.get(at..)?;
    Some(rest.get(..most).unwrap_or(rest))
}

/// What the link layer of a frame carries, from its first octet on; none of a frame that carries no packet.
pub(super) fn network(link: LinkType, frame: &[u8]) -> Option<&[u8]> {
    match link {
        LinkType::RAW => Some(frame),
        LinkType::IEEE802_11 => frame.get(wireless_octets(frame)?..)?.strip_prefix(&SNAP)?.get(2..),
        _ => {
            let (mut kind, mut rest) = (ether_type(frame)?, frame.get(14..)?);
            while VLAN.contains(&kind) {
                let &[_, _, high, low] = rest.first_chunk()?;
                (kind, rest) = (u16::from_be_bytes([high, low]), rest.get(4..)?);
            }
            Some(rest)
        }
    }
}

fn ether_type(frame: &[u8]) -> Option<u16> {
    frame.get(12..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// Octets of the header of an 802.11 data frame (IEEE 802.11 9.3.2); none of another frame.
fn wireless_octets(frame: &[u8]) -> Option<usize> {
    let &[control, flags] = frame.first_chunk()?;
    if control & 0x0c != 0x08 {
        return None;
    }
    // With four addresses between access points; with a quality of service.
    Some(24 + if flags & 3 == 3 { 6 } else { 0 } + if control & 0x80 != 0 { 2 } else { 0 })
}

/// Whether a frame that is said to be 802.11 is Ethernet.
pub(super) fn is_ethernet(frame: &[u8]) -> bool {
    let version = frame.get(14).map(|octet| octet >> 4);
    let fits = match ether_type(frame) {
        Some(IPV4) => version == Some(4),
        Some(IPV6) => version == Some(6),
        kind => kind == Some(ARP),
    };
    let is_snap_at = |at: usize| frame.get(at..).is_some_and(|rest| rest.starts_with(&SNAP));
    fits && !wireless_octets(frame).is_some_and(is_snap_at)
}

/// Whether an 802.11 frame says that it is encrypted and is not.
pub(super) fn is_decrypted(frame: &[u8]) -> bool {
    let is_marked = frame.get(1).is_some_and(|flags| flags & PROTECTED != 0);
    is_marked && network(LinkType::IEEE802_11, frame).is_some()
}

/// Octets the frame had before it was cut, as far as its IP header tells: never fewer than there are.
pub(super) fn original_octets(link: LinkType, frame: &[u8]) -> usize {
    let told = network(link, frame).and_then(|packet| {
        let before = frame.len() - packet.len();
        let length = match packet {
            [0x45..=0x4f, _, high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
            [0x60..=0x6f, _, _, _, high, low, ..] => 40 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return None,
        };
        Some(before + length)
    });
    told.unwrap_or_default().max(frame.len())
}
