//! What IP packets wrap: GRE with ERSPAN, VXLAN, Geneve, GTP-U.

use super::Undecoded;
use super::link::{Layer, ether_types as et};
use super::view::View;

/// UDP destination ports of VXLAN (RFC 7348, and the one Linux used before it) and Geneve (RFC 8926).
pub(super) const VXLAN_PORTS: [u16; 2] = [4789, 8472];
pub(crate) const GENEVE_PORT: u16 = 6081;
/// UDP destination port of user data in mobile networks, GTP-U (3GPP TS 29.281 4.4.2).
pub(crate) const GTP_U_PORT: u16 = 2152;

/// Whether what is sent to this UDP port is a tunnel.
pub(super) fn is_port(port: u16) -> bool {
    port == GENEVE_PORT || port == GTP_U_PORT || VXLAN_PORTS.contains(&port)
}

const CUT: Undecoded = Undecoded::CutTunnelHeader;

/// What a UDP datagram (RFC 768) wraps, told by its destination port.
pub(super) fn udp(view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let ([_, _, high, low, ..], body) = match view.split::<8>() {
        Some(split) => split,
        // Too short for a tunnel on any account when nothing was cut off.
        None if !view.is_cut() => return Ok(Layer::NotIp),
        None => return Err(CUT),
    };
    match u16::from_be_bytes([*high, *low]) {
        GENEVE_PORT => geneve(body),
        GTP_U_PORT => gtp_u(body),
        port if VXLAN_PORTS.contains(&port) => vxlan(body),
        _ => Ok(Layer::NotIp),
    }
}

/// RFC 7348 5: the I flag must be set, everything else in the first 4 octets is reserved. Group policy uses some of it.
fn vxlan(body: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let (head, rest) = body.split::<8>().ok_or(CUT)?;
    Ok(match head {
        [flags, _, _, _, _, _, _, 0] if flags & 0x7f == 0x08 => Layer::Ethernet(rest),
        _ => Layer::NotIp,
    })
}

/// RFC 8926 3.4: version 0, length of the options in 4-octet words, flags, protocol as an EtherType.
fn geneve(body: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let ([version_and_length, _, high, low, ..], rest) = body.split::<8>().ok_or(CUT)?;
    if version_and_length >> 6 != 0 {
        return Ok(Layer::NotIp);
    }
    let rest = rest.skip(usize::from(version_and_length & 0x3f) * 4).ok_or(CUT)?;
    Ok(Layer::EtherType(u16::from_be_bytes([*high, *low]), rest))
}

/// 3GPP TS 29.281 5: version 1 of GTP, a message of type 255, which holds a user's IP packet. With any of the lowest three
/// flags come 4 octets, the last of which is the type of the first extension header; 0 is none.
fn gtp_u(body: View<'_>) -> Result<Layer<'_>, Undecoded> {
    const USER_DATA: u8 = 255;
    let ([flags, kind, ..], mut rest) = body.split::<8>().ok_or(CUT)?;
    if flags >> 4 != 0b0011 || *kind != USER_DATA {
        return Ok(Layer::NotIp);
    }
    if flags & 0b111 != 0 {
        let ([.., first], behind) = rest.split::<4>().ok_or(CUT)?;
        rest = behind;
        let mut next = if flags & 0b100 != 0 { *first } else { 0 };
        while next != 0 {
            // Its length in 4 octets, what it says, and the type of the next one.
            let octets = usize::from(*rest.data.first().ok_or(CUT)?) * 4;
            let Some(last) = octets.checked_sub(1) else { return Ok(Layer::NotIp) };
            next = *rest.data.get(last).ok_or(CUT)?;
            rest = rest.skip(octets).ok_or(CUT)?;
        }
    }
    // Ethernet and other things go there, too, and nothing in the packet says so.
    Ok(match rest.data.first().ok_or(CUT)? >> 4 {
        4 | 6 => Layer::Ip(rest),
        _ => Layer::NotIp,
    })
}

/// GRE version 0 (RFC 2784, with the key and sequence number of RFC 2890).
pub(super) fn gre(view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    const CHECKSUM: u8 = 0x80;
    const ROUTING: u8 = 0x40;
    const KEY: u8 = 0x20;
    const SEQUENCE: u8 = 0x10;
    let ([flags, version, high, low], rest) = view.split::<4>().ok_or(CUT)?;
    if version & 0x07 != 0 || flags & ROUTING != 0 {
        return Err(Undecoded::UnsupportedGre);
    }
    let optional = [CHECKSUM, KEY, SEQUENCE].iter().filter(|&bit| flags & bit != 0).count() * 4;
    let rest = rest.skip(optional).ok_or(CUT)?;
    match u16::from_be_bytes([*high, *low]) {
        // Type I has neither sequence number nor ERSPAN header, type II has both.
        et::ERSPAN_2 if flags & SEQUENCE == 0 => Ok(Layer::Ethernet(rest)),
        et::ERSPAN_2 => Ok(Layer::Ethernet(rest.skip(8).ok_or(CUT)?)),
        et::ERSPAN_3 => erspan_3(rest),
        kind => Ok(Layer::EtherType(kind, rest)),
    }
}

/// ERSPAN type III (draft-foschiano-erspan 4.3): the last word has the frame type, 0 for Ethernet and 2 for IP, and a
/// flag for 8 octets more.
fn erspan_3(view: View<'_>) -> Result<Layer<'_>, Undecoded> {
    let ([.., kind, options], rest) = view.split::<12>().ok_or(CUT)?;
    let rest = if options & 1 == 1 { rest.skip(8).ok_or(CUT)? } else { rest };
    Ok(match (kind >> 2) & 0x1f {
        0 => Layer::Ethernet(rest),
        2 => Layer::Ip(rest),
        _ => Layer::NotIp,
    })
}
