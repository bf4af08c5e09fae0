//! Rewriting one frame: hardware and IP addresses, options, padding, checksums. Lengths stay.

use std::net::IpAddr;

use super::LeftOut;
use super::addresses::Addresses;
use crate::capture::LinkType;
use crate::session::{FrameContent, SessionFrame};
use crate::wire::detail::{self, IpHeader};

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// A frame with its IP packet found.
struct Found {
    ip_at: usize,
    payload_at: usize,
    /// Where the IP packet ends in the captured octets.
    end: usize,
    /// Whether it was captured to its end.
    is_whole: bool,
    protocol: u8,
}

/// The frame's octets rewritten; `mask` masks a segment's payload.
pub(super) fn rewrite(
    frame: &SessionFrame<'_>,
    addresses: &mut Addresses,
    mask: impl FnOnce(&mut [u8]) -> Result<(), LeftOut>,
) -> Result<Vec<u8>, LeftOut> {
    let found = find(frame)?;
    let mut data = frame.packet.data.to_vec();
    let (link, _) = data.split_at_mut_checked(found.ip_at).ok_or(LeftOut::Headers)?;
    link_header(frame.packet.link, link, addresses)?;
    data.iter_mut().skip(found.end).for_each(|octet| *octet = 0);
    let packet = data.get_mut(found.ip_at..found.end).ok_or(LeftOut::Headers)?;
    let ends = ip_header(packet, addresses)?;
    let payload = packet.get_mut(found.payload_at - found.ip_at..).ok_or(LeftOut::Headers)?;
    match frame.content {
        FrameContent::Segment(segment, _) => tcp(payload, segment.payload.len(), mask)?,
        FrameContent::Unreachable(_) => icmp(payload, addresses)?,
    }
    let checksum_at = match found.protocol {
        TCP => 16,
        _ => 2,
    };
    let pseudo = (found.protocol != ICMP).then(|| pseudo_header(ends, found.protocol, payload.len()));
    set_checksum(payload, checksum_at, pseudo.as_deref().unwrap_or_default(), found.is_whole);
    Ok(data)
}

fn find(frame: &SessionFrame<'_>) -> Result<Found, LeftOut> {
    let packet = frame.packet;
    let detail = detail::detail(packet, None);
    if frame.reassembled.is_some() || detail.is_fragment {
        return Err(LeftOut::Fragment);
    }
    if matches!(frame.content, FrameContent::Segment(segment, _) if segment.tunnelled) {
        return Err(LeftOut::Tunnel);
    }
    let IpHeader { src, length, header_octets, protocol, .. } = detail.ip.ok_or(LeftOut::Headers)?;
    let header = usize::try_from(header_octets).map_err(|_| LeftOut::Headers)?;
    // With extension headers the IP packet begins earlier, and what is found there is no IP header.
    let ip_at = detail.ip_payload_at.checked_sub(header).ok_or(LeftOut::Headers)?;
    let head = packet.data.get(ip_at..detail.ip_payload_at).ok_or(LeftOut::Headers)?;
    let (next, carried) = match (src, head) {
        (IpAddr::V4(_), [first, .., _]) if first >> 4 == 4 && usize::from(first & 15) * 4 == header => {
            (head.get(9), usize::try_from(length).unwrap_or(0).saturating_sub(header))
        }
        (IpAddr::V6(_), [first, ..]) if first >> 4 == 6 => (head.get(6), usize::try_from(length).unwrap_or(0)),
        _ => return Err(LeftOut::Headers),
    };
    if next != Some(&protocol) || !matches!(protocol, TCP | ICMP | ICMPV6) {
        return Err(LeftOut::Headers);
    }
    let wire = usize::try_from(packet.wire_len).unwrap_or(usize::MAX).max(packet.data.len());
    let wire_end = if length == 0 { wire } else { detail.ip_payload_at.saturating_add(carried) };
    let end = wire_end.min(packet.data.len());
    Ok(Found { ip_at, payload_at: detail.ip_payload_at, end, is_whole: end == wire_end, protocol })
}

/// Maps the hardware addresses of the link layers whose headers are known in full.
fn link_header(link: LinkType, head: &mut [u8], addresses: &Addresses) -> Result<(), LeftOut> {
    const VLAN: [[u8; 2]; 4] = [[0x81, 0x00], [0x88, 0xa8], [0x91, 0x00], [0x92, 0x00]];
    match link {
        LinkType::ETHERNET => {
            let (hosts, types) = head.split_at_mut_checked(12).ok_or(LeftOut::Headers)?;
            let (kind, tags) =
                types.split_last_chunk().map(|(tags, kind): (_, &[u8; 2])| (*kind, tags)).ok_or(LeftOut::Headers)?;
            let is_known =
                tags.len() % 4 == 0 && tags.chunks(4).all(|tag| VLAN.iter().any(|kind| tag.starts_with(kind)));
            if !is_known || !matches!(kind, [0x08, 0x00] | [0x86, 0xdd]) {
                return Err(LeftOut::Headers);
            }
            map_hardware(hosts, addresses);
        }
        LinkType::LINUX_SLL if head.len() == 16 => cooked(head.get_mut(6..14), addresses),
        LinkType::LINUX_SLL2 if head.len() == 20 => cooked(head.get_mut(12..20), addresses),
        LinkType::NULL | LinkType::LOOP if head.len() == 4 => {}
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD | LinkType::IPV4 | LinkType::IPV6
            if head.is_empty() => {}
        LinkType::PPP | LinkType::PPP_HDLC if head.len() <= 4 => {}
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

/// Maps the addresses of an IP header, makes its options say nothing and sets its checksum. The new addresses.
fn ip_header(packet: &mut [u8], addresses: &mut Addresses) -> Result<(IpAddr, IpAddr), LeftOut> {
    let first = packet.first().copied().unwrap_or_default();
    match first >> 4 {
        4 => {
            let header = usize::from(first & 15) * 4;
            let header = packet.get_mut(..header.max(20)).ok_or(LeftOut::Headers)?;
            let ends = (map_v4(header, 12, addresses)?, map_v4(header, 16, addresses)?);
            // Options hold routes. 1 is No Operation (RFC 791 3.1).
            header.iter_mut().skip(20).for_each(|octet| *octet = 1);
            set_checksum(header, 10, &[], true);
            Ok(ends)
        }
        6 => Ok((map_v6(packet, 8, addresses)?, map_v6(packet, 24, addresses)?)),
        _ => Err(LeftOut::Headers),
    }
}

fn map_v4(header: &mut [u8], at: usize, addresses: &mut Addresses) -> Result<IpAddr, LeftOut> {
    let field = header.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()).ok_or(LeftOut::Headers)?;
    let mapped = addresses.ip(IpAddr::from(*field));
    if let IpAddr::V4(v4) = mapped {
        *field = v4.octets();
    }
    Ok(mapped)
}

fn map_v6(header: &mut [u8], at: usize, addresses: &mut Addresses) -> Result<IpAddr, LeftOut> {
    let field = header.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<16>()).ok_or(LeftOut::Headers)?;
    let mapped = addresses.ip(IpAddr::from(*field));
    if let IpAddr::V6(v6) = mapped {
        *field = v6.octets();
    }
    Ok(mapped)
}

/// Keeps the options that say nothing of who is who, and masks the payload.
fn tcp(
    segment: &mut [u8],
    payload_octets: usize,
    mask: impl FnOnce(&mut [u8]) -> Result<(), LeftOut>,
) -> Result<(), LeftOut> {
    let header = usize::from(segment.get(12).copied().unwrap_or_default() >> 4) * 4;
    let (head, payload) = match segment.split_at_mut_checked(header) {
        Some(split) => split,
        None => (segment, Default::default()),
    };
    tcp_options(head.get_mut(20..).unwrap_or_default());
    let (payload, padding) = payload.split_at_mut_checked(payload_octets).ok_or(LeftOut::Headers)?;
    padding.fill(0);
    mask(payload)
}

/// Others than those of RFC 9293 3.2 and RFC 7323, and SACK (RFC 2018), become No Operation: some hold addresses, cookies
/// or signatures.
fn tcp_options(mut options: &mut [u8]) {
    const NO_OPERATION: u8 = 1;
    loop {
        let length = match *options {
            [] => return,
            [NO_OPERATION, ..] => 1,
            [0, ..] => {
                options.fill(0);
                return;
            }
            [_, length, ..] if length >= 2 && usize::from(length) <= options.len() => usize::from(length),
            _ => options.len(),
        };
        let Some((option, rest)) = options.split_at_mut_checked(length) else { return };
        let is_known = match *option {
            [NO_OPERATION] | [2, 4, ..] | [3, 3, ..] | [4, 2] | [8, 10, ..] => true,
            [5, length, ..] => usize::from(length) == option.len() && length % 8 == 2,
            _ => false,
        };
        if !is_known {
            option.fill(NO_OPERATION);
        }
        options = rest;
    }
}

/// An ICMP error: the packet it quotes is kept up to the fixed part of its TCP header.
fn icmp(message: &mut [u8], addresses: &mut Addresses) -> Result<(), LeftOut> {
    const TCP_FIXED: usize = 20;
    let (head, quoted) = message.split_at_mut_checked(8).ok_or(LeftOut::Headers)?;
    head.iter_mut().skip(4).for_each(|octet| *octet = 0);
    let ends = ip_header(quoted, addresses)?;
    let first = quoted.first().copied().unwrap_or_default();
    let (header, next) = if first >> 4 == 4 { (usize::from(first & 15) * 4, 9) } else { (40, 6) };
    if quoted.get(next) != Some(&TCP) {
        return Err(LeftOut::Headers);
    }
    let number = |at: usize| {
        let field = quoted.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        usize::from(u16::from_be_bytes(field))
    };
    let octets = if first >> 4 == 4 { number(2).saturating_sub(header) } else { number(4) };
    let segment = quoted.get_mut(header..).unwrap_or_default();
    segment.iter_mut().skip(TCP_FIXED).for_each(|octet| *octet = 0);
    let is_whole = octets == segment.len();
    set_checksum(segment, 16, &pseudo_header(ends, TCP, octets), is_whole);
    Ok(())
}

fn pseudo_header((src, dst): (IpAddr, IpAddr), protocol: u8, octets: usize) -> Vec<u8> {
    let mut header = Vec::new();
    for end in [src, dst] {
        match end {
            IpAddr::V4(v4) => header.extend(v4.octets()),
            IpAddr::V6(v6) => header.extend(v6.octets()),
        }
    }
    header.extend(u32::try_from(octets).unwrap_or(u32::MAX).to_be_bytes());
    header.extend([0, 0, 0, protocol]);
    header
}

/// Sets the checksum at `at` (RFC 1071); 0 where the octets it covers are not all there.
fn set_checksum(octets: &mut [u8], at: usize, pseudo: &[u8], is_whole: bool) {
    let Some(field) = octets.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) else { return };
    *field = [0, 0];
    if !is_whole {
        return;
    }
    let sum = checksum(pseudo, octets);
    if let Some(field) = octets.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        *field = sum.to_be_bytes();
    }
}

/// `before` has an even number of octets.
fn checksum(before: &[u8], octets: &[u8]) -> u16 {
    let words = before.chunks(2).chain(octets.chunks(2)).map(|word| match *word {
        [high, low] => u64::from(u16::from_be_bytes([high, low])),
        [high] => u64::from(high) << 8,
        _ => 0,
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}
