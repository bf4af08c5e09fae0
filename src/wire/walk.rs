//! The one walk over the headers of a frame, from the outside in, for whoever decodes, shows or rewrites them.
//!
//! It ends at the innermost IP packet, and tells on the way what each header is and where it stands.

use std::ops::Range;

use super::ip::{self, IpDatagram, protocols as p};
use super::link::{self, Layer};
use super::view::View;
use super::{FragmentKey, Reassembled, Undecoded, tunnel, udp};
use crate::capture::{LinkType, Packet};

pub(crate) use super::ip::protocols;
pub(crate) use super::link::ether_types;
pub(crate) use super::tunnel::{GENEVE_PORT, GTP_U_PORT};

/// IP packets inside one another that are followed. Mirrored traffic of an overlay network has three or four.
const MAX_NESTED: usize = 8;

/// One header, up to where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it stands in the captured octets; it may be empty where what follows has no header of its own.
    pub(crate) at: Range<usize>,
}

/// Kinds of headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a link type has before anything else.
    Link(LinkType),
    /// The addresses and the type.
    Ethernet,
    /// What an EtherType announced: a tag, labels, a session.
    EtherType(u16),
    /// IEEE 802.2 LLC, with SNAP.
    Llc,
    /// The protocol field of PPP; MPLS labels behind it.
    Ppp,
    /// IP, with options and extension headers.
    Ip(Body),
    /// The extension headers that stand at the beginning of a datagram put together from fragments; they may be none.
    Extensions(FragmentKey, Body),
    /// What an IP packet of this protocol has before the packet or frame it wraps.
    Tunnel(u8),
}

/// What an IP packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    /// The protocol, extension headers skipped.
    pub(crate) protocol: u8,
    /// Where it ends in the captured octets.
    pub(crate) end: usize,
    /// Whether it was captured to its end.
    pub(crate) is_whole: bool,
    /// Whether it is a part of a datagram.
    pub(crate) is_fragment: bool,
}

/// The headers of a packet down to the innermost IP header, which is the last; none where they cannot be followed.
pub(crate) fn headers_of_packet(of: &Packet<'_>) -> Option<Vec<Header>> {
    let mut headers = Vec::new();
    packet(of, |kind, at| headers.push(Header { kind, at })).ok()??;
    Some(headers)
}

/// The headers inside a datagram put together from fragments: places are those in its payload.
pub(crate) fn headers_of_datagram(whole: &Reassembled) -> Option<Vec<Header>> {
    let mut headers = Vec::new();
    reassembled(whole, |kind, at| headers.push(Header { kind, at })).ok()??;
    Some(headers)
}

/// An IP packet with no other in it.
pub(super) struct Innermost<'a> {
    /// From its header on.
    pub(super) view: View<'a>,
    pub(super) datagram: IpDatagram<'a>,
    /// Number of the innermost VLAN around it, 12 bits.
    pub(super) vlan: Option<u16>,
    /// IP packets around it.
    pub(super) depth: usize,
}

/// The innermost IP packet; none where a frame holds something else.
type Walked<'a> = Result<Option<Innermost<'a>>, Undecoded>;

/// Walks over the headers of a packet, and tells each.
#[inline]
pub(super) fn packet<'a>(packet: &Packet<'a>, tell: impl FnMut(Kind, Range<usize>)) -> Walked<'a> {
    let frame = View::new(packet.data, packet.wire_len);
    let mut walk = Walk { whole: packet.data, tell, vlan: None };
    let first = link::first(packet.link, frame)?;
    walk.tell(Kind::Link(packet.link), frame, first.view());
    walk.frame(first, 0)
}

/// Walks over the headers inside a datagram put together from fragments.
pub(super) fn reassembled(whole: &Reassembled, tell: impl FnMut(Kind, Range<usize>)) -> Walked<'_> {
    let view = View::new(&whole.payload, whole.payload_wire_len);
    let datagram = ip::reassembled(&whole.key, view)?;
    let mut walk = Walk { whole: &whole.payload, tell, vlan: None };
    walk.tell(Kind::Extensions(whole.key, walk.body(&datagram)), view, datagram.payload);
    match walk.inside(&datagram)? {
        Some(layer) => walk.frame(layer, 1),
        None => Ok(Some(Innermost { view, datagram, vlan: None, depth: 0 })),
    }
}

struct Walk<'a, T> {
    whole: &'a [u8],
    tell: T,
    vlan: Option<u16>,
}

impl<'a, T: FnMut(Kind, Range<usize>)> Walk<'a, T> {
    /// A header from where `from` begins to where `to` does.
    #[inline]
    fn tell(&mut self, kind: Kind, from: View<'a>, to: View<'a>) {
        let at = self.offset(from)..self.offset(to);
        (self.tell)(kind, at);
    }

    #[inline]
    fn offset(&self, view: View<'a>) -> usize {
        offset_in(self.whole, view.data).unwrap_or(usize::MAX)
    }

    #[inline]
    fn body(&self, datagram: &IpDatagram<'a>) -> Body {
        let IpDatagram { protocol, payload, place, .. } = *datagram;
        let end = self.offset(payload).saturating_add(payload.data.len());
        Body { protocol, end, is_whole: !payload.is_cut(), is_fragment: place.is_some() }
    }

    /// Follows a frame into the IP packets inside one another; `around` are around it.
    #[inline]
    fn frame(&mut self, layer: Layer<'a>, around: usize) -> Walked<'a> {
        let Some(mut view) = self.link(layer)? else { return Ok(None) };
        for depth in around..MAX_NESTED {
            let datagram = ip::parse(view)?;
            self.tell(Kind::Ip(self.body(&datagram)), view, datagram.payload);
            let Some(layer) = self.inside(&datagram)? else {
                return Ok(Some(Innermost { view, datagram, vlan: self.vlan, depth }));
            };
            let Some(inner) = self.link(layer)? else { return Ok(None) };
            view = inner;
        }
        Err(Undecoded::TunnelTooDeep)
    }

    /// Follows link headers down to an IP packet.
    #[inline]
    fn link(&mut self, mut layer: Layer<'a>) -> Result<Option<View<'a>>, Undecoded> {
        for _ in 0..link::MAX_HEADERS {
            let kind = match layer {
                Layer::Ip(view) => return Ok(Some(view)),
                Layer::NotIp => return Ok(None),
                Layer::Ethernet(_) => Kind::Ethernet,
                Layer::EtherType(kind, view) => {
                    self.vlan = link::vlan(kind, view).or(self.vlan);
                    Kind::EtherType(kind)
                }
                Layer::Llc(_) => Kind::Llc,
                Layer::Ppp(_) => Kind::Ppp,
            };
            let below = link::below(layer)?;
            self.tell(kind, layer.view(), below.view());
            layer = below;
        }
        Err(Undecoded::DeepVlan)
    }

    /// What a datagram wraps; none where it is the innermost one.
    #[inline]
    fn inside(&mut self, datagram: &IpDatagram<'a>) -> Result<Option<Layer<'a>>, Undecoded> {
        let view = datagram.payload;
        let layer = match datagram.protocol {
            _ if datagram.place.is_some() => return Ok(None),
            p::UDP if udp::dns(datagram).is_none() => tunnel::udp(view)?,
            p::IPV4 | p::IPV6 => Layer::Ip(view),
            p::GRE => tunnel::gre(view)?,
            _ => return Ok(None),
        };
        self.tell(Kind::Tunnel(datagram.protocol), view, layer.view());
        Ok(Some(layer))
    }
}

/// Where `part`, borrowed from `whole`, begins in it; none where it is no part of it.
#[inline]
pub(crate) fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset.checked_add(part.len())? <= whole.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_in_what_it_was_borrowed_from() {
        let whole = [1, 2, 3, 4];
        assert_eq!(offset_in(&whole, &whole[1..3]), Some(1));
        assert_eq!(offset_in(&whole[..2], &whole[1..3]), None);
    }
}
