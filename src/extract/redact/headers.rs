//! Rewriting headers: of the link layer, of tunnels, of IP. What is not known to be harmless becomes zeros.

use std::net::IpAddr;

use super::LeftOut;
use super::addresses::Addresses;
use super::checksum::{pseudo_header, set_checksum};
use crate::capture::LinkType;
use crate::wire::walk::{Body, GENEVE_PORT, GTP_U_PORT, Header, Kind, ether_types as et, protocols as p};

/// The sender and the receiver that an IP header names, after they were mapped; none for other headers.
pub(super) type Ends = Option<(IpAddr, IpAddr)>;

/// Maps the addresses in headers and clears what may tell something; checksums are set later. The addresses of each
/// header, and what the last one carries.
pub(super) fn rewrite(
    data: &mut [u8],
    headers: &[Header],
    addresses: &mut Addresses,
) -> Result<(Vec<Ends>, Body), LeftOut> {
    let mut ends = Vec::with_capacity(headers.len());
    let mut last = None;
    let mut next_at = 0;
    for Header { kind, at } in headers {
        // Header by header without a gap: nothing is passed over.
        if at.start != next_at {
            return Err(LeftOut::Headers);
        }
        next_at = at.end;
        let header = data.get_mut(at.clone()).ok_or(LeftOut::Headers)?;
        last = None;
        ends.push(match kind {
            Kind::Ip(body) => {
                last = Some(*body);
                Some(ip(header, addresses)?)
            }
            Kind::Extensions(key, body) => {
                last = Some(*body);
                extensions(header, key.protocol)?;
                Some((addresses.ip(key.src)?, addresses.ip(key.dst)?))
            }
            Kind::Link(link) => {
                capture_header(*link, header, addresses)?;
                None
            }
            Kind::Ethernet => {
                map_hardware(header.get_mut(..12).ok_or(LeftOut::Headers)?, addresses);
                None
            }
            Kind::EtherType(kind) => {
                ether_type(*kind, header, addresses)?;
                None
            }
            // Fixed numbers, protocols and labels.
            Kind::Llc | Kind::Ppp => None,
            Kind::Tunnel(protocol) => {
                tunnel(*protocol, header)?;
                None
            }
        });
    }
    Ok((ends, last.ok_or(LeftOut::Headers)?))
}

/// The header that only captures have.
fn capture_header(link: LinkType, header: &mut [u8], addresses: &Addresses) -> Result<(), LeftOut> {
    match link {
        LinkType::LINUX_SLL if header.len() == 16 => cooked(header.get_mut(6..14), addresses),
        LinkType::LINUX_SLL2 if header.len() == 20 => cooked(header.get_mut(12..20), addresses),
        LinkType::LINUX_SLL | LinkType::LINUX_SLL2 => return Err(LeftOut::Headers),
        // A family, or an address that is the same everywhere, and a type.
        _ if header.len() <= 4 => {}
        _ => return Err(LeftOut::Headers),
    }
    Ok(())
}

/// The field of 8 octets has room for more than an address.
fn cooked(field: Option<&mut [u8]>, addresses: &Addresses) {
    let Some((address, rest)) = field.and_then(|field| field.split_at_mut_checked(6)) else { return };
    map_hardware(address, addresses);
    rest.fill(0);
}

fn map_hardware(hosts: &mut [u8], addresses: &Addresses) {
    let (hosts, _) = hosts.as_chunks_mut::<6>();
    for host in hosts {
        *host = addresses.hardware(*host);
    }
}

/// Tags, labels and sessions keep their numbers.
fn ether_type(kind: u16, header: &mut [u8], addresses: &Addresses) -> Result<(), LeftOut> {
    match kind {
        et::MACSEC => {
            // The secure channel has the hardware address of its sender (IEEE 802.1AE 9.9).
            if let Some(channel) = header.get_mut(6..14) {
                map_hardware(channel, addresses);
            }
        }
        et::PPPOE_SESSION | et::E_TAG | et::PPP => {}
        kind if et::VLAN.contains(&kind) || et::MPLS.contains(&kind) => {}
        _ if header.is_empty() => {}
        _ => return Err(LeftOut::Headers),
    }
    Ok(())
}

fn tunnel(protocol: u8, header: &mut [u8]) -> Result<(), LeftOut> {
    match protocol {
        p::IPV4 | p::IPV6 => {}
        p::UDP => {
            let (fixed, options) = header.split_first_chunk_mut::<16>().ok_or(LeftOut::Headers)?;
            let [_, _, high, low, _, _, _, _, first, flags @ .., _, _, _, _] = fixed;
            if u16::from_be_bytes([*high, *low]) == GTP_U_PORT {
                return gtp_u(options);
            }
            // Of Geneve options the lengths go, too: zeros are options of 4 octets (RFC 8926 3.5).
            options.fill(0);
            if u16::from_be_bytes([*high, *low]) != GENEVE_PORT {
                // Of VXLAN the first flags, one of which announces a group policy, and the network (RFC 7348 5).
                *first &= 0x7f;
                flags.fill(0);
            }
        }
        p::GRE => gre(header)?,
        _ => return Err(LeftOut::Headers),
    }
    Ok(())
}

/// What extension headers say goes; their lengths and types stay, without which nothing behind them is found. `options` are
/// the octets behind the first 8 of the header of GTP-U.
fn gtp_u(options: &mut [u8]) -> Result<(), LeftOut> {
    let mut rest = options.get_mut(4..).unwrap_or_default();
    while let [words, ..] = rest {
        let octets = usize::from(*words) * 4;
        let (header, behind) = rest.split_at_mut_checked(octets.max(4)).ok_or(LeftOut::Headers)?;
        if let [_, said @ .., _] = header {
            said.fill(0);
        }
        rest = behind;
    }
    Ok(())
}

/// The key (RFC 2890 2.1) goes, and what switches tell of themselves (ERSPAN's platform specific part).
fn gre(header: &mut [u8]) -> Result<(), LeftOut> {
    const CHECKSUM: u8 = 0x80;
    const KEY: u8 = 0x20;
    const ERSPAN_3_OCTETS: usize = 12;
    let [flags, _, high, low, ..] = *header else { return Err(LeftOut::Headers) };
    let has = |bit: u8| flags & bit != 0;
    let key_at = 4 + if has(CHECKSUM) { 4 } else { 0 };
    if has(KEY) {
        header.get_mut(key_at..key_at + 4).ok_or(LeftOut::Headers)?.fill(0);
    }
    if u16::from_be_bytes([high, low]) == et::ERSPAN_3 {
        let optional = (flags & 0xb0).count_ones();
        let erspan = 4 + usize::try_from(optional).unwrap_or_default() * 4;
        header.iter_mut().skip(erspan + ERSPAN_3_OCTETS).for_each(|octet| *octet = 0);
    }
    Ok(())
}

/// An IP header with its options or extension headers.
fn ip(header: &mut [u8], addresses: &mut Addresses) -> Result<(IpAddr, IpAddr), LeftOut> {
    let (fixed, next) = match *header {
        [first, _, _, _, _, _, _, _, _, protocol, ..] if first >> 4 == 4 => (usize::from(first & 15) * 4, protocol),
        [_, _, _, _, _, _, next, ..] => (40, next),
        _ => return Err(LeftOut::Headers),
    };
    let ends = ip_header(header, addresses)?;
    extensions(header.get_mut(fixed..).ok_or(LeftOut::Headers)?, next)?;
    Ok(ends)
}

/// Maps the addresses of an IP header and makes its options say nothing. The new addresses.
pub(super) fn ip_header(packet: &mut [u8], addresses: &mut Addresses) -> Result<(IpAddr, IpAddr), LeftOut> {
    let first = packet.first().copied().unwrap_or_default();
    match first >> 4 {
        4 => {
            let header = usize::from(first & 15) * 4;
            let header = packet.get_mut(..header.max(20)).ok_or(LeftOut::Headers)?;
            let ends = (map_v4(header, 12, addresses)?, map_v4(header, 16, addresses)?);
            // Options hold routes. 1 is No Operation (RFC 791 3.1).
            header.iter_mut().skip(20).for_each(|octet| *octet = 1);
            Ok(ends)
        }
        6 => Ok((map_v6(packet, 8, addresses)?, map_v6(packet, 24, addresses)?)),
        _ => Err(LeftOut::Headers),
    }
}

fn map_v4(header: &mut [u8], at: usize, addresses: &mut Addresses) -> Result<IpAddr, LeftOut> {
    let field = header.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()).ok_or(LeftOut::Headers)?;
    let mapped = addresses.ip(IpAddr::from(*field))?;
    if let IpAddr::V4(v4) = mapped {
        *field = v4.octets();
    }
    Ok(mapped)
}

fn map_v6(header: &mut [u8], at: usize, addresses: &mut Addresses) -> Result<IpAddr, LeftOut> {
    let field = header.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<16>()).ok_or(LeftOut::Headers)?;
    let mapped = addresses.ip(IpAddr::from(*field))?;
    if let IpAddr::V6(v6) = mapped {
        *field = v6.octets();
    }
    Ok(mapped)
}

/// Extension headers (RFC 8200 4) keep their kinds and lengths, that of a fragment its numbers. Zeros are options that only
/// pad; a route becomes one of an unknown kind with nothing left to visit, which receivers pass over.
fn extensions(mut octets: &mut [u8], mut next: u8) -> Result<(), LeftOut> {
    /// For experiments (RFC 4727 4).
    const UNKNOWN_ROUTING: u8 = 253;
    while let [following, length, ..] = *octets {
        let size = match next {
            p::HOP_BY_HOP | p::ROUTING | p::DESTINATION_OPTIONS => usize::from(length) * 8 + 8,
            p::FRAGMENT => 8,
            p::AH => usize::from(length) * 4 + 8,
            _ => return Err(LeftOut::Headers),
        };
        let (header, rest) = octets.split_at_mut_checked(size).ok_or(LeftOut::Headers)?;
        if next != p::FRAGMENT {
            header.iter_mut().skip(2).for_each(|octet| *octet = 0);
        }
        match header {
            [_, reserved, ..] if next == p::FRAGMENT => *reserved = 0,
            [_, _, kind, ..] if next == p::ROUTING => *kind = UNKNOWN_ROUTING,
            _ => {}
        }
        (octets, next) = (rest, following);
    }
    if octets.is_empty() { Ok(()) } else { Err(LeftOut::Headers) }
}

/// Sets the checksum of an IPv4 header; IPv6 has none.
pub(super) fn ipv4_checksum(header: &mut [u8]) {
    let [first, ..] = *header else { return };
    if first >> 4 == 4
        && let Some(header) = header.get_mut(..usize::from(first & 15) * 4)
    {
        set_checksum(header, 10, &[], true);
    }
}

/// Sets the checksum of a UDP datagram at the start of `carried`, if it has one (RFC 768).
pub(super) fn udp_checksum(carried: &mut [u8], ends: Ends, is_whole: bool) {
    const AT: usize = 6;
    let [_, _, _, _, high, low, c0, c1, ..] = *carried else { return };
    let Some(ends) = ends.filter(|_| [c0, c1] != [0, 0]) else { return };
    let length = usize::from(u16::from_be_bytes([high, low]));
    // 0 is a jumbogram, or what offloading left to the card.
    let length = if length == 0 { carried.len() } else { length };
    let is_there = is_whole && length <= carried.len();
    let datagram = carried.get_mut(..length.min(carried.len())).unwrap_or_default();
    set_checksum(datagram, AT, &pseudo_header(ends, p::UDP, length), is_there);
    // A sum of 0 is sent as its complement, for 0 says that there is none.
    if let Some(field @ [0, 0]) = datagram.get_mut(AT..).and_then(|rest| rest.first_chunk_mut::<2>())
        && is_there
    {
        *field = [0xff, 0xff];
    }
}

/// Sets the checksum of a GRE packet, if it has one (RFC 2784 2.5).
pub(super) fn gre_checksum(packet: &mut [u8], is_whole: bool) {
    const PRESENT: u8 = 0x80;
    if packet.first().is_some_and(|flags| flags & PRESENT != 0) {
        set_checksum(packet, 4, &[], is_whole);
    }
}
