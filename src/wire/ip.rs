//! IP headers of both versions (RFC 791, RFC 8200), with extension headers.
//!
//! Checksums are not looked at: a capture on the sending host holds packets whose checksum the card has yet to fill in.

use std::net::IpAddr;

use etherparse::err::ip_auth::HeaderSliceError as AuthError;
use etherparse::err::ipv4::HeaderSliceError as V4Error;
use etherparse::{IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice};

use super::view::{View, octets};
use super::{FragmentKey, Undecoded};

/// IP protocol numbers that matter here.
pub(crate) mod protocols {
    pub(crate) const ICMP: u8 = 1;
    pub(crate) const IPV4: u8 = 4;
    pub(crate) const TCP: u8 = 6;
    pub(crate) const UDP: u8 = 17;
    pub(crate) const IPV6: u8 = 41;
    pub(crate) const GRE: u8 = 47;
    pub(crate) const ESP: u8 = 50;
    pub(crate) const AH: u8 = 51;
    pub(crate) const ICMPV6: u8 = 58;
    pub(crate) const ETHERIP: u8 = 97;
    pub(crate) const IPCOMP: u8 = 108;
    pub(crate) const L2TP: u8 = 115;
    pub(crate) const HOP_BY_HOP: u8 = 0;
    pub(crate) const ROUTING: u8 = 43;
    pub(crate) const FRAGMENT: u8 = 44;
    pub(crate) const DESTINATION_OPTIONS: u8 = 60;
}
use protocols as p;

/// Whether what an IP packet of this protocol carries needs no look: it is no TCP, reports no TCP and wraps none.
pub(super) const fn is_irrelevant(protocol: u8) -> bool {
    !matches!(
        protocol,
        p::ICMP
            | p::IPV4
            | p::TCP
            | p::UDP
            | p::IPV6
            | p::GRE
            | p::ESP
            | p::AH
            | p::ICMPV6
            | p::ETHERIP
            | p::IPCOMP
            | p::L2TP
            | p::HOP_BY_HOP
            | p::ROUTING
            | p::FRAGMENT
            | p::DESTINATION_OPTIONS
    )
}

/// An IP packet without its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IpDatagram<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// What `payload` is.
    pub(super) protocol: u8,
    /// Clipped to the length in the header; to the end of the frame when that is 0, as segmentation offload leaves it.
    pub(super) payload: View<'a>,
    /// The identification of an IPv4 packet: a repeat by TCP has another, a second capture of the same packet has not.
    pub(super) id: Option<u16>,
    /// Whether the header gives no length.
    pub(super) without_length: bool,
    /// Which part of a fragmented datagram it is.
    pub(super) place: Option<FragmentPlace>,
}

/// The place of a fragment in its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FragmentPlace {
    pub(super) id: u32,
    /// In octets.
    pub(super) offset: u32,
    /// Whether more parts follow.
    pub(super) more: bool,
}

/// Reads the headers of an IP packet, whichever version it says it is.
#[inline]
pub(super) fn parse(view: View<'_>) -> Result<IpDatagram<'_>, Undecoded> {
    match view.data.first().ok_or(Undecoded::CutIpHeader)? >> 4 {
        4 => parse_v4(view),
        6 => parse_v6(view),
        _ => Err(Undecoded::BadIpHeader),
    }
}

#[inline]
fn parse_v4(view: View<'_>) -> Result<IpDatagram<'_>, Undecoded> {
    let header = Ipv4HeaderSlice::from_slice(view.data).map_err(|error| match error {
        V4Error::Len(_) => too_short(view),
        V4Error::Content(_) => Undecoded::BadIpHeader,
    })?;
    let header_len = header.slice().len();
    let body = view.skip(header_len).ok_or(Undecoded::CutIpHeader)?;
    let total = u32::from(header.total_len());
    let body = match total.checked_sub(octets(header_len)) {
        Some(body_len) => body.clip(body_len),
        None if total == 0 => body,
        None => return Err(Undecoded::BadIpHeader),
    };
    let place = header.is_fragmenting_payload().then(|| FragmentPlace {
        id: u32::from(header.identification()),
        offset: u32::from(header.fragments_offset().byte_offset()),
        more: header.more_fragments(),
    });
    let protocol = header.protocol().0;
    let (protocol, payload) = if place.is_some() { (protocol, body) } else { authentication(protocol, body)? };
    Ok(IpDatagram {
        src: IpAddr::V4(header.source_addr()),
        dst: IpAddr::V4(header.destination_addr()),
        protocol,
        payload,
        id: Some(header.identification()),
        without_length: total == 0,
        place,
    })
}

#[inline]
fn parse_v6(view: View<'_>) -> Result<IpDatagram<'_>, Undecoded> {
    let header = Ipv6HeaderSlice::from_slice(view.data).map_err(|_| too_short(view))?;
    let body = view.skip(header.slice().len()).ok_or(Undecoded::CutIpHeader)?;
    let length = u32::from(header.payload_length());
    // 0 is a jumbogram (RFC 2675) or segmentation offload: both go to the end of the frame.
    let body = if length == 0 { body } else { body.clip(length) };
    let (protocol, payload, place) = extensions(header.next_header().0, body)?;
    Ok(IpDatagram {
        src: IpAddr::V6(header.source_addr()),
        dst: IpAddr::V6(header.destination_addr()),
        protocol,
        payload,
        id: None,
        without_length: length == 0,
        place,
    })
}

/// The datagram its fragments made, extension headers skipped.
pub(super) fn reassembled<'a>(key: &FragmentKey, view: View<'a>) -> Result<IpDatagram<'a>, Undecoded> {
    let (protocol, payload, place) = if key.src.is_ipv4() {
        let (protocol, payload) = authentication(key.protocol, view)?;
        (protocol, payload, None)
    } else {
        extensions(key.protocol, view)?
    };
    if place.is_some() {
        return Err(Undecoded::IpFragment);
    }
    Ok(IpDatagram { src: key.src, dst: key.dst, protocol, payload, id: None, without_length: false, place })
}

/// Skips an authentication header, the only extension header IPv4 has that leaves the payload readable.
fn authentication(protocol: u8, body: View<'_>) -> Result<(u8, View<'_>), Undecoded> {
    if protocol != p::AH {
        return Ok((protocol, body));
    }
    skip_authentication(body)
}

/// RFC 4302 2.
fn skip_authentication(body: View<'_>) -> Result<(u8, View<'_>), Undecoded> {
    let header = IpAuthHeaderSlice::from_slice(body.data).map_err(|error| match error {
        AuthError::Len(_) => too_short(body),
        AuthError::Content(_) => Undecoded::BadIpHeader,
    })?;
    Ok((header.next_header().0, body.skip(header.slice().len()).ok_or(Undecoded::CutIpHeader)?))
}

/// Skips IPv6 extension headers (RFC 8200 4). Behind the header of a fragment nothing is read: only the first fragment
/// has headers there.
///
/// Header by header, because etherparse's own iterator reads out of bounds behind headers it has found to be cut.
fn extensions(protocol: u8, body: View<'_>) -> Result<(u8, View<'_>, Option<FragmentPlace>), Undecoded> {
    let (mut next, mut rest) = (protocol, body);
    loop {
        let header_len = match next {
            p::HOP_BY_HOP if rest != body => return Err(Undecoded::BadIpHeader),
            p::HOP_BY_HOP | p::ROUTING | p::DESTINATION_OPTIONS => {
                let header = Ipv6RawExtHeaderSlice::from_slice(rest.data).map_err(|_| too_short(rest))?;
                next = header.next_header().0;
                header.slice().len()
            }
            p::FRAGMENT => {
                let header = Ipv6FragmentHeaderSlice::from_slice(rest.data).map_err(|_| too_short(rest))?;
                next = header.next_header().0;
                if header.is_fragmenting_payload() {
                    let place = FragmentPlace {
                        id: header.identification(),
                        offset: u32::from(header.fragment_offset().byte_offset()),
                        more: header.more_fragments(),
                    };
                    let payload = rest.skip(header.slice().len()).ok_or(Undecoded::CutIpHeader)?;
                    return Ok((next, payload, Some(place)));
                }
                header.slice().len()
            }
            p::AH => {
                (next, rest) = skip_authentication(rest)?;
                continue;
            }
            _ => return Ok((next, rest, None)),
        };
        rest = rest.skip(header_len).ok_or(Undecoded::CutIpHeader)?;
    }
}

/// Why a header does not fit into `view`.
fn too_short(view: View<'_>) -> Undecoded {
    if view.is_cut() { Undecoded::CutIpHeader } else { Undecoded::BadIpHeader }
}
