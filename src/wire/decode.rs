//! What a packet is, from its innermost IP packet.

use super::ip::{self, FragmentPlace, protocols as p};
use super::link::ether_types as et;
use super::view::View;
use super::walk::{self, Innermost};
use super::{Decoded, Fragment, FragmentKey, Reassembled, Undecoded, exported, icmp, tcp, udp};
use crate::capture::{LinkType, Packet};

/// Octets of the shortest Ethernet frame, without its checksum; shorter packets are padded to it.
const LEAST_ETHERNET_FRAME: u32 = 60;

/// Decodes a packet.
///
/// Segments of all ports come back; [`Segment::touches`](super::Segment::touches) tells ours. Every packet gets an
/// answer, and the work is bounded by its length and a constant number of headers.
pub fn decode<'a>(packet: &Packet<'a>) -> Decoded<'a> {
    untagged(packet).unwrap_or_else(|| walked(packet))
}

/// The segment of an untagged Ethernet frame, as most are: the walk would take more than twice as long.
#[inline]
fn untagged<'a>(packet: &Packet<'a>) -> Option<Decoded<'a>> {
    let frame = View::new(packet.data, packet.wire_len);
    let ([.., high, low], view) = frame.split::<14>().filter(|_| packet.link == LinkType::ETHERNET)?;
    if !matches!(u16::from_be_bytes([*high, *low]), et::IPV4 | et::IPV6) {
        return None;
    }
    let datagram = ip::parse(view).ok()?;
    let is_segment = datagram.protocol == p::TCP && datagram.place.is_none();
    let padded = frame.wire_len <= LEAST_ETHERNET_FRAME && datagram.without_length;
    is_segment.then(|| tcp::decode(&datagram, padded, false))
}

pub(super) fn walked<'a>(packet: &Packet<'a>) -> Decoded<'a> {
    if packet.link == LinkType::WIRESHARK_UPPER_PDU {
        return exported::decode(View::new(packet.data, packet.wire_len));
    }
    match walk::packet(packet, |_, _| {}) {
        Ok(Some(inner)) => {
            let is_tunnelled = inner.depth > 0;
            let wire_len = View::new(packet.data, packet.wire_len).wire_len;
            let least = packet.link == LinkType::ETHERNET && wire_len <= LEAST_ETHERNET_FRAME;
            content(&inner, least && !is_tunnelled, is_tunnelled)
        }
        Ok(None) => Decoded::NotTcp,
        Err(reason) => Decoded::Undecoded(reason),
    }
}

/// Decodes what a datagram put together from fragments holds.
///
/// Its payload counts as inside a tunnel when the fragments were. Fragments inside it come back as
/// [`Undecoded::IpFragment`]: they would have been fragmented twice.
pub fn decode_reassembled(whole: &Reassembled) -> Decoded<'_> {
    match walk::reassembled(whole, |_, _| {}) {
        Ok(Some(inner)) => match content(&inner, false, whole.tunnelled || inner.depth > 0) {
            Decoded::Fragment(_) => Decoded::Undecoded(Undecoded::IpFragment),
            decoded => decoded,
        },
        Ok(None) => Decoded::NotTcp,
        Err(reason) => Decoded::Undecoded(reason),
    }
}

/// Decodes what an IP packet carries. `least` says that its frame may have been padded.
#[inline]
fn content<'a>(inner: &Innermost<'a>, least: bool, tunnelled: bool) -> Decoded<'a> {
    let datagram = &inner.datagram;
    if let Some(place) = datagram.place {
        return fragment(inner, place, tunnelled);
    }
    match datagram.protocol {
        p::TCP => tcp::decode(datagram, least && datagram.without_length, tunnelled),
        p::ICMP if datagram.src.is_ipv4() => icmp::decode(datagram),
        p::ICMPV6 if datagram.src.is_ipv6() => icmp::decode(datagram),
        p::UDP => udp::dns(datagram).map_or(Decoded::NotTcp, Decoded::Udp),
        p::ESP => Decoded::Undecoded(Undecoded::Esp),
        number @ (p::ETHERIP | p::IPCOMP | p::L2TP) => Decoded::Undecoded(Undecoded::UnsupportedIpProtocol(number)),
        _ => Decoded::NotTcp,
    }
}

fn fragment<'a>(inner: &Innermost<'a>, place: FragmentPlace, tunnelled: bool) -> Decoded<'a> {
    let datagram = &inner.datagram;
    if ip::is_irrelevant(datagram.protocol) {
        return Decoded::NotTcp;
    }
    let (src, dst, protocol, vlan) = (datagram.src, datagram.dst, datagram.protocol, inner.vlan);
    Decoded::Fragment(Fragment {
        key: FragmentKey { src, dst, id: place.id, protocol, vlan },
        offset: place.offset,
        more: place.more,
        payload: datagram.payload.data,
        payload_wire_len: datagram.payload.wire_len,
        tunnelled,
    })
}
