//! The link layer: from a LINKTYPE to the IP packet inside.
//!
//! A new link layer is one arm in [`first`].

use super::Undecoded;
use super::view::View;
use crate::capture::LinkType;

/// Link headers followed in one frame, each VLAN tag and each MPLS stack counted as one. Providers stack three or four.
pub(super) const MAX_HEADERS: usize = 16;

const IPV6_HEADER_OCTETS: u16 = 40;

/// Labels of one MPLS stack. Segment routing uses about ten.
const MAX_LABELS: usize = 16;

/// EtherTypes (IEEE 802 numbers) that matter here.
pub(crate) mod ether_types {
    pub(crate) const IPV4: u16 = 0x0800;
    pub(crate) const IPV6: u16 = 0x86dd;
    pub(crate) const ERSPAN_3: u16 = 0x22eb;
    pub(crate) const TRANSPARENT_ETHERNET: u16 = 0x6558;
    pub(crate) const PPP: u16 = 0x880b;
    pub(crate) const PPPOE_SESSION: u16 = 0x8864;
    pub(crate) const MPLS: [u16; 2] = [0x8847, 0x8848];
    pub(crate) const VLAN: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
    pub(crate) const MACSEC: u16 = 0x88e5;
    /// IEEE 802.1BR, between a switch and its port extenders.
    pub(crate) const E_TAG: u16 = 0x893f;
    pub(crate) const ERSPAN_2: u16 = 0x88be;
    /// TRILL, Cisco FabricPath, Cisco metadata, provider backbone bridges, network service header: they wrap frames.
    pub(crate) const UNREAD_WRAPPERS: [u16; 5] = [0x22f3, 0x8903, 0x8909, 0x88e7, 0x894f];
    /// The smallest number that is a type; less is the length field of IEEE 802.3.
    pub(crate) const FIRST: u16 = 0x0600;
}
use ether_types as et;

/// A header to read next.
#[derive(Clone, Copy)]
pub(super) enum Layer<'a> {
    /// Ethernet, from the destination address on, without preamble.
    Ethernet(View<'a>),
    /// What an EtherType announced.
    EtherType(u16, View<'a>),
    /// IEEE 802.2 LLC.
    Llc(View<'a>),
    /// PPP from the protocol field on (RFC 1661 2).
    Ppp(View<'a>),
    /// IP of either version.
    Ip(View<'a>),
    /// Nothing that carries IP.
    NotIp,
}

impl<'a> Layer<'a> {
    /// From its header on; nothing of what carries no IP.
    pub(super) const fn view(self) -> View<'a> {
        match self {
            Self::Ethernet(view) | Self::EtherType(_, view) | Self::Llc(view) | Self::Ppp(view) | Self::Ip(view) => {
                view
            }
            Self::NotIp => View { data: &[], wire_len: 0 },
        }
    }
}

/// The first header of a captured frame that tells what follows, those that only captures have skipped.
pub(super) fn first(link: LinkType, frame: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let cut = Undecoded::CutLinkHeader;
    Ok(match link.0 {
        0 | 108 => {
            let (family, view) = frame.split::<4>().ok_or(cut)?;
            if is_ip_family(*family) { Layer::Ip(view) } else { Layer::NotIp }
        }
        1 => Layer::Ethernet(frame),
        9 => Layer::Ppp(skip_address(frame)),
        12 | 14 | 101 | 228 | 229 => Layer::Ip(frame),
        50 | 104 => match *frame.split::<2>().ok_or(cut)?.0 {
            // Cisco HDLC: unicast or multicast address, control 0, then an EtherType.
            [0x0f | 0x8f, _] => {
                let ([.., high, low], view) = frame.split::<4>().ok_or(cut)?;
                Layer::EtherType(u16::from_be_bytes([*high, *low]), view)
            }
            _ if link.0 == 50 => Layer::Ppp(skip_address(frame)),
            _ => Layer::NotIp,
        },
        105 => wireless(frame)?,
        113 => {
            let ([.., high, low], view) = frame.split::<16>().ok_or(cut)?;
            cooked(u16::from_be_bytes([*high, *low]), view)
        }
        276 => {
            let ([high, low, ..], view) = frame.split::<20>().ok_or(cut)?;
            cooked(u16::from_be_bytes([*high, *low]), view)
        }
        number => return Err(Undecoded::UnsupportedLinkType(number)),
    })
}

/// What an 802.11 frame carries (IEEE 802.11 9.2.4, 9.3.2): data frames begin with LLC; of others and of those that are
/// encrypted nothing is read.
fn wireless(frame: View<'_>) -> Result<Layer<'_>, Undecoded> {
    const PROTECTED: u8 = 0x40;
    const HT_CONTROL: u8 = 0x80;
    const QUALITY_OF_SERVICE: u8 = 0x80;
    const NO_DATA: u8 = 0x40;
    const SEVERAL: u8 = 0x80;
    let cut = Undecoded::CutLinkHeader;
    let ([control, flags], _) = frame.split::<2>().ok_or(cut)?;
    if control & 0x0c != 0x08 || control & NO_DATA != 0 {
        return Ok(Layer::NotIp);
    }
    if flags & PROTECTED != 0 {
        return Err(Undecoded::EncryptedWireless);
    }
    let addresses = if flags & 3 == 3 { 30 } else { 24 };
    let rest = frame.skip(addresses).ok_or(cut)?;
    if control & QUALITY_OF_SERVICE == 0 {
        return Ok(Layer::Llc(rest));
    }
    let ([low, _], rest) = rest.split::<2>().ok_or(cut)?;
    if low & SEVERAL != 0 {
        return Err(Undecoded::AggregatedWireless);
    }
    let rest = if flags & HT_CONTROL != 0 { rest.skip(4).ok_or(cut)? } else { rest };
    Ok(Layer::Llc(rest))
}

/// The number of the VLAN, if an EtherType announced a tag of one.
#[inline]
pub(super) fn vlan(kind: u16, view: View<'_>) -> Option<u16> {
    let is_tag = et::VLAN.contains(&kind);
    let ([high, low, ..], _) = if is_tag { view.split::<4>()? } else { return None };
    Some(u16::from_be_bytes([*high, *low]) & 0x0fff)
}

/// The header behind this one; IP has none here.
#[inline]
pub(super) fn below(layer: Layer<'_>) -> Result<Layer<'_>, Undecoded> {
    match layer {
        Layer::Ip(_) | Layer::NotIp => Ok(layer),
        Layer::Ethernet(view) => {
            let ([.., high, low], rest) = view.split::<14>().ok_or(Undecoded::CutLinkHeader)?;
            Ok(Layer::EtherType(u16::from_be_bytes([*high, *low]), rest))
        }
        Layer::EtherType(kind, view) => ether_type(kind, view),
        Layer::Llc(view) => llc(view),
        Layer::Ppp(view) => ppp(view),
    }
}

#[inline]
fn ether_type(kind: u16, view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    match kind {
        et::IPV4 | et::IPV6 => Ok(Layer::Ip(view)),
        kind if et::VLAN.contains(&kind) => {
            let ([_, _, high, low], rest) = view.split::<4>().ok_or(Undecoded::CutLinkHeader)?;
            Ok(Layer::EtherType(u16::from_be_bytes([*high, *low]), rest))
        }
        kind => other_type(kind, view),
    }
}

fn other_type(kind: u16, view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let cut = Undecoded::CutLinkHeader;
    Ok(match kind {
        ..et::FIRST => Layer::Llc(view),
        et::TRANSPARENT_ETHERNET => Layer::Ethernet(view),
        et::PPP => Layer::Ppp(skip_address(view)),
        et::PPPOE_SESSION => {
            // RFC 2516 4: version and type 1, code 0 for a session's frames.
            let (head, rest) = view.split::<6>().ok_or(cut)?;
            if let [0x11, 0, ..] = head { Layer::Ppp(rest) } else { Layer::NotIp }
        }
        et::E_TAG => {
            let ([.., high, low], rest) = view.split::<8>().ok_or(cut)?;
            Layer::EtherType(u16::from_be_bytes([*high, *low]), rest)
        }
        et::MACSEC => macsec(view)?,
        _ if et::MPLS.contains(&kind) => mpls(view)?,
        _ if et::UNREAD_WRAPPERS.contains(&kind) => return Err(Undecoded::UnsupportedEtherType(kind)),
        _ => Layer::NotIp,
    })
}

/// The protocol field of Linux cooked captures: an EtherType, or 4 for frames with an LLC header.
fn cooked(protocol: u16, view: View<'_>) -> Layer<'_> {
    match protocol {
        4 => Layer::Llc(view),
        ..et::FIRST => Layer::NotIp,
        kind => Layer::EtherType(kind, view),
    }
}

/// LLC with the SAP of IP, or SNAP with an EtherType (RFC 1042). The organisation 00-00-F8 is the bridge tunnel one.
fn llc(view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    Ok(match view.data {
        [0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, high, low, ..] => {
            Layer::EtherType(u16::from_be_bytes([*high, *low]), view.skip(8).ok_or(Undecoded::CutLinkHeader)?)
        }
        [0x06, 0x06, 0x03, ..] => Layer::Ip(view.skip(3).ok_or(Undecoded::CutLinkHeader)?),
        _ => Layer::NotIp,
    })
}

/// PPP may leave out address and control (RFC 1662 3.1, RFC 1661 6.6).
fn skip_address(view: View<'_>) -> View<'_> {
    match view.split::<2>() {
        Some(([0xff, 0x03], rest)) => rest,
        _ => view,
    }
}

fn ppp(view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let ([first], after_one) = view.split::<1>().ok_or(Undecoded::CutLinkHeader)?;
    // An odd first octet is a compressed protocol field (RFC 1661 6.5).
    let (protocol, rest) = if first & 1 == 1 {
        (u16::from(*first), after_one)
    } else {
        let (field, rest) = view.split::<2>().ok_or(Undecoded::CutLinkHeader)?;
        (u16::from_be_bytes(*field), rest)
    };
    Ok(match protocol {
        0x0021 | 0x0057 => Layer::Ip(rest),
        0x0281 | 0x0283 => mpls(rest)?,
        // Van Jacobson compressed TCP/IP, multilink, encrypted and compressed datagrams.
        0x002d | 0x002f | 0x003d | 0x0053 | 0x0055 | 0x00fb | 0x00fd => return Err(Undecoded::CompressedPpp),
        _ => Layer::NotIp,
    })
}

/// Pops the label stack (RFC 3032 2.1). What follows has no type: IP by its version, else an Ethernet pseudowire with
/// (RFC 4385 3) or without control word. 0x1000 announces management traffic of the pseudowire (RFC 5586 2.1).
fn mpls(mut view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    for _ in 0..MAX_LABELS {
        let ([_, _, third, _], rest) = view.split::<4>().ok_or(Undecoded::CutLinkHeader)?;
        view = rest;
        if third & 1 == 1 {
            return Ok(match view.data {
                [] => return Err(Undecoded::CutLinkHeader),
                // Addresses of hosts begin like that, too: then the type behind them tells, unless IP fits.
                [0x40..=0x4f | 0x60..=0x6f, ..] if !is_ip(view) && may_be_ethernet(view.data) => Layer::Ethernet(view),
                [0x40..=0x4f | 0x60..=0x6f, ..] => Layer::Ip(view),
                [0x10, 0x00, ..] => Layer::NotIp,
                // A control word starts with a zero nibble, but so do many Ethernet addresses.
                [0x00..=0x0f, _, _, _, ethernet @ ..] if may_be_ethernet(ethernet) => {
                    Layer::Ethernet(view.skip(4).ok_or(Undecoded::CutLinkHeader)?)
                }
                _ => Layer::Ethernet(view),
            });
        }
    }
    Err(Undecoded::DeepVlan)
}

/// Whether octets look like an Ethernet frame that matters: one with an EtherType that leads to IP.
fn may_be_ethernet(octets: &[u8]) -> bool {
    let kind = octets.get(12..).and_then(<[u8]>::first_chunk).map(|&octets| u16::from_be_bytes(octets));
    kind.is_some_and(|kind| matches!(kind, et::IPV4 | et::IPV6) || et::VLAN.contains(&kind) || et::MPLS.contains(&kind))
}

/// Whether octets that begin like an IP packet go on like one: lengths that fit, and for IPv4 its checksum.
fn is_ip(view: View<'_>) -> bool {
    let fits = |octets: u16| octets == 0 || u32::from(octets) <= view.wire_len;
    match view.data {
        [first @ 0x45..=0x4f, _, high, low, ..] => {
            let header = view.data.get(..usize::from(first & 0x0f) * 4);
            let sum = |sum: u32, pair: &[u8]| sum + pair.iter().fold(0, |value, octet| value << 8 | u32::from(*octet));
            let sum = header.map(|header| header.chunks_exact(2).fold(0, sum));
            fits(u16::from_be_bytes([*high, *low])) && sum.is_some_and(|sum| (sum & 0xffff) + (sum >> 16) == 0xffff)
        }
        [0x60..=0x6f, _, _, _, high, low, ..] => {
            fits(u16::from_be_bytes([*high, *low]).saturating_add(IPV6_HEADER_OCTETS))
        }
        _ => false,
    }
}

/// MACsec that only protects integrity leaves the frame readable (IEEE 802.1AE 9.3).
fn macsec(view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    const SCI_PRESENT: u8 = 0x20;
    const ENCRYPTED: u8 = 0x08;
    const CHANGED: u8 = 0x04;
    let cut = Undecoded::CutLinkHeader;
    let ([control, ..], rest) = view.split::<6>().ok_or(cut)?;
    if control & (ENCRYPTED | CHANGED) != 0 {
        return Err(Undecoded::Macsec);
    }
    let rest = if control & SCI_PRESENT != 0 { rest.skip(8).ok_or(cut)? } else { rest };
    let (kind, rest) = rest.split::<2>().ok_or(cut)?;
    Ok(Layer::EtherType(u16::from_be_bytes(*kind), rest))
}

/// Whether an address family of a BSD loopback header, in either byte order, is IP: 2 is IPv4; IPv6 has the number of
/// the system that captured, NetBSD 24, FreeBSD 28, macOS 30, Linux 10.
pub(super) fn is_ip_family(family: [u8; 4]) -> bool {
    matches!(family, [0, 0, 0, n] | [n, 0, 0, 0] if matches!(n, 2 | 10 | 24 | 28 | 30))
}
