//! Where every header of a packet stands, from the outside in, for whoever rewrites them. Nothing here is on the way of a
//! scan; the steps are those of [`decode`](super::decode()).

use std::ops::Range;

use super::decode::{self, MAX_NESTED, Step};
use super::detail::offset_in;
use super::ip::{self, Datagram};
use super::link::{self, Layer, MAX_HEADERS};
use super::view::View;
use super::{FragmentKey, Reassembled};
use crate::capture::{LinkType, Packet};

pub(crate) use super::ip::protocols;
pub(crate) use super::link::ether_types;
pub(crate) use super::tunnel::GENEVE_PORT;

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
pub(crate) fn of_packet(packet: &Packet<'_>) -> Option<Vec<Header>> {
    let frame = View::new(packet.data, packet.wire_len);
    let mut walk = Walk { whole: packet.data, headers: Vec::new() };
    let layer = link::first(packet.link, frame).ok()?;
    walk.push(Kind::Link(packet.link), frame, view_of(layer)?)?;
    let ip = walk.link(layer)?;
    walk.ip(ip, 0)
}

/// The same for a datagram put together from fragments: places are those in its payload.
pub(crate) fn of_datagram(whole: &Reassembled) -> Option<Vec<Header>> {
    let view = View::new(&whole.payload, whole.payload_wire_len);
    let datagram = decode::datagram(&whole.key, view).ok()?;
    let mut walk = Walk { whole: &whole.payload, headers: Vec::new() };
    walk.push(Kind::Extensions(whole.key, walk.body(&datagram)?), view, datagram.payload)?;
    match walk.inside(&datagram)? {
        Some(ip) => walk.ip(ip, 1),
        None => Some(walk.headers),
    }
}

struct Walk<'a> {
    whole: &'a [u8],
    headers: Vec<Header>,
}

impl<'a> Walk<'a> {
    fn push(&mut self, kind: Kind, from: View<'a>, to: View<'a>) -> Option<()> {
        let at = offset_in(self.whole, from.data)?..offset_in(self.whole, to.data)?;
        self.headers.push(Header { kind, at });
        Some(())
    }

    fn body(&self, datagram: &Datagram<'a>) -> Option<Body> {
        let Datagram { protocol, payload, part, .. } = *datagram;
        let end = offset_in(self.whole, payload.data)?.checked_add(payload.data.len())?;
        Some(Body { protocol, end, is_whole: !payload.is_cut(), is_fragment: part.is_some() })
    }

    /// Follows link headers down to an IP packet.
    fn link(&mut self, mut layer: Layer<'a>) -> Option<View<'a>> {
        for _ in 0..MAX_HEADERS {
            let kind = match layer {
                Layer::Ip(view) => return Some(view),
                Layer::NotIp => return None,
                Layer::Ethernet(_) => Kind::Ethernet,
                Layer::EtherType(kind, _) => Kind::EtherType(kind),
                Layer::Llc(_) => Kind::Llc,
                Layer::Ppp(_) => Kind::Ppp,
            };
            let below = link::below(layer).ok()?;
            self.push(kind, view_of(layer)?, view_of(below)?)?;
            layer = below;
        }
        None
    }

    /// Follows IP packets inside one another; `depth` are around this one.
    fn ip(mut self, mut view: View<'a>, depth: usize) -> Option<Vec<Header>> {
        for _ in depth..MAX_NESTED {
            let datagram = ip::parse(view).ok()?;
            self.push(Kind::Ip(self.body(&datagram)?), view, datagram.payload)?;
            match self.inside(&datagram)? {
                Some(inner) => view = inner,
                None => return Some(self.headers),
            }
        }
        None
    }

    /// The IP packet inside this one; `Some(None)` where there is none, none where it cannot be found.
    fn inside(&mut self, datagram: &Datagram<'a>) -> Option<Option<View<'a>>> {
        if datagram.part.is_some() {
            return Some(None);
        }
        match decode::transport(datagram, false, false) {
            Step::Done(_) => Some(None),
            Step::Inside(layer) => {
                let layer = layer.ok()?;
                self.push(Kind::Tunnel(datagram.protocol), datagram.payload, view_of(layer)?)?;
                self.link(layer).map(Some)
            }
        }
    }
}

const fn view_of(layer: Layer<'_>) -> Option<View<'_>> {
    match layer {
        Layer::Ethernet(view) | Layer::EtherType(_, view) | Layer::Llc(view) | Layer::Ppp(view) | Layer::Ip(view) => {
            Some(view)
        }
        Layer::NotIp => None,
    }
}
