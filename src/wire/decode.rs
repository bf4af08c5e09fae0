//! One packet, from the link layer to TCP.

use super::ip::{self, Datagram, Part, protocols as p};
use super::link::{self, IpPacket, Layer, ether_types as et};
use super::view::View;
use super::{Decoded, Fragment, FragmentKey, Reassembled, Undecoded, icmp, tcp, tunnel, udp};
use crate::capture::{LinkType, Packet};

/// IP packets inside one another that are followed. Mirrored traffic of an overlay network has three or four.
pub(super) const MAX_NESTED: usize = 8;

/// Octets of the shortest Ethernet frame, without its checksum; shorter packets are padded to it.
const LEAST_ETHERNET_FRAME: u32 = 60;

/// LINKTYPE_ETHERNET.
const ETHERNET: LinkType = LinkType(1);

/// Decodes a packet.
///
/// Segments of all ports come back; [`Segment::touches`](super::Segment::touches) tells ours. Every packet gets an
/// answer, and the work is bounded by its length and a constant number of headers.
pub fn decode<'a>(packet: &Packet<'a>) -> Decoded<'a> {
    let frame = View::new(packet.data, packet.wire_len);
    let least = packet.link == ETHERNET && frame.wire_len <= LEAST_ETHERNET_FRAME;
    match outermost(packet.link, frame) {
        Ok(Some(found)) => nested(found, least, 0, false),
        Ok(None) => Decoded::NotTcp,
        Err(reason) => Decoded::Undecoded(reason),
    }
}

/// [`link::outermost`] with untagged Ethernet taken first.
#[inline]
fn outermost(link: LinkType, frame: View<'_>) -> link::Found<'_> {
    if link == ETHERNET
        && let Some(([.., high, low], view)) = frame.split::<14>()
        && matches!(u16::from_be_bytes([*high, *low]), et::IPV4 | et::IPV6)
    {
        return Ok(Some(IpPacket { view, vlan: None }));
    }
    link::outermost(link, frame)
}

/// Decodes what a datagram put together from fragments holds.
///
/// Its payload counts as inside a tunnel when the fragments were. Fragments inside it come back as
/// [`Undecoded::IpFragment`]: they would have been fragmented twice.
pub fn decode_reassembled(whole: &Reassembled) -> Decoded<'_> {
    let view = View::new(&whole.payload, whole.payload_wire_len);
    let datagram = match datagram(&whole.key, view) {
        Ok(datagram) => datagram,
        Err(reason) => return Decoded::Undecoded(reason),
    };
    let layer = match transport(&datagram, false, whole.tunnelled) {
        Step::Done(decoded) => return decoded,
        Step::Inside(layer) => layer,
    };
    match layer.and_then(link::walk) {
        Ok(Some(found)) => match nested(found, false, 1, true) {
            Decoded::Fragment(_) => Decoded::Undecoded(Undecoded::IpFragment),
            decoded => decoded,
        },
        Ok(None) => Decoded::NotTcp,
        Err(reason) => Decoded::Undecoded(reason),
    }
}

/// The datagram its fragments made, extension headers skipped.
pub(super) fn datagram<'a>(key: &FragmentKey, view: View<'a>) -> Result<Datagram<'a>, Undecoded> {
    let (protocol, payload) = if key.src.is_ipv4() {
        ip::authentication(key.protocol, view)?
    } else {
        let (protocol, payload, part) = ip::extensions(key.protocol, view)?;
        if part.is_some() {
            return Err(Undecoded::IpFragment);
        }
        (protocol, payload)
    };
    Ok(Datagram { src: key.src, dst: key.dst, protocol, payload, id: None, without_length: false, part: None })
}

/// What the payload of a datagram led to.
pub(super) enum Step<'a> {
    Done(Decoded<'a>),
    Inside(Result<Layer<'a>, Undecoded>),
}

/// Decodes an IP packet with `depth` IP packets around it. `least` says that its frame may have been padded.
fn nested(mut found: IpPacket<'_>, mut least: bool, depth: usize, mut tunnelled: bool) -> Decoded<'_> {
    for _ in depth..MAX_NESTED {
        let datagram = match ip::parse(found.view) {
            Ok(datagram) => datagram,
            Err(reason) => return Decoded::Undecoded(reason),
        };
        if let Some(part) = datagram.part {
            return fragment(&datagram, part, found.vlan, tunnelled);
        }
        if datagram.protocol == p::TCP {
            return tcp::decode(&datagram, least && datagram.without_length, tunnelled);
        }
        let layer = match transport(&datagram, least, tunnelled) {
            Step::Done(decoded) => return decoded,
            Step::Inside(layer) => layer,
        };
        found = match layer.and_then(link::walk) {
            Ok(Some(inner)) => IpPacket { vlan: inner.vlan.or(found.vlan), ..inner },
            Ok(None) => return Decoded::NotTcp,
            Err(reason) => return Decoded::Undecoded(reason),
        };
        (least, tunnelled) = (false, true);
    }
    Decoded::Undecoded(Undecoded::TunnelTooDeep)
}

fn fragment<'a>(datagram: &Datagram<'a>, part: Part, vlan: Option<u16>, tunnelled: bool) -> Decoded<'a> {
    let Datagram { src, dst, protocol, payload, .. } = *datagram;
    if ip::is_irrelevant(protocol) {
        return Decoded::NotTcp;
    }
    Decoded::Fragment(Fragment {
        key: FragmentKey { src, dst, id: part.id, protocol, vlan },
        offset: part.offset,
        more: part.more,
        payload: payload.data,
        payload_wire_len: payload.wire_len,
        tunnelled,
    })
}

#[inline]
pub(super) fn transport<'a>(datagram: &Datagram<'a>, least: bool, tunnelled: bool) -> Step<'a> {
    let view = datagram.payload;
    Step::Done(match datagram.protocol {
        p::TCP => tcp::decode(datagram, least && datagram.without_length, tunnelled),
        p::ICMP if datagram.src.is_ipv4() => icmp::decode(datagram),
        p::ICMPV6 if datagram.src.is_ipv6() => icmp::decode(datagram),
        p::UDP => match udp::dns(datagram) {
            Some(found) => Decoded::Udp(found),
            None => return Step::Inside(tunnel::udp(view)),
        },
        p::IPV4 | p::IPV6 => return Step::Inside(Ok(Layer::Ip(view))),
        p::GRE => return Step::Inside(tunnel::gre(view)),
        p::ESP => Decoded::Undecoded(Undecoded::Esp),
        number @ (p::ETHERIP | p::IPCOMP | p::L2TP) => Decoded::Undecoded(Undecoded::UnsupportedIpProtocol(number)),
        _ => Decoded::NotTcp,
    })
}
