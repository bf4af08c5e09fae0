//! Rewriting frames and datagrams: headers from the outside in, then what they carry, then checksums from the inside out.
//! Lengths stay. What no header or segment covers becomes zeros.
//!
//! A frame that comes out is decoded once more, and left out if anything but addresses is not what it was.

use std::net::{IpAddr, SocketAddr};

use super::LeftOut;
use super::addresses::Addresses;
use super::checksum::{pseudo_header, set_checksum};
use super::exported;
use super::headers::{self, Ends};
use super::transport::{icmp, tcp};
use crate::capture::{LinkType, Packet};
use crate::session::{FrameContent, SessionFrame};
use crate::wire::walk::{self, Body, Header, Kind, offset_in, protocols as p};
use crate::wire::{Decoded, Fragment, FragmentKey, Reassembled, Segment, Unreachable, decode, decode_reassembled};

/// The frame's octets rewritten; `mask` masks a segment's payload. For frames that are no fragments.
pub(super) fn rewrite(
    frame: &SessionFrame<'_>,
    addresses: &mut Addresses,
    mask: impl FnOnce(&mut [u8]),
) -> Result<Vec<u8>, LeftOut> {
    let packet = frame.packet;
    if packet.link == LinkType::WIRESHARK_UPPER_PDU {
        let mut data = packet.data.to_vec();
        exported::rewrite(&mut data, addresses, mask)?;
        is_the_same(frame.content, decode(&Packet { data: &data, ..*packet }), addresses)?;
        return Ok(data);
    }
    let headers = walk::headers_of_packet(packet).ok_or(LeftOut::Headers)?;
    let mut data = packet.data.to_vec();
    let (ends, body) = headers::rewrite(&mut data, &headers, addresses)?;
    if body.is_fragment || frame.reassembled.is_some() {
        return Err(LeftOut::Fragment);
    }
    carried(&mut data, packet.data, &headers, body, frame.content, addresses, mask)?;
    set_checksums(&mut data, &headers, &ends);
    let again = decode(&Packet { data: &data, ..*packet });
    is_the_same(frame.content, again, addresses)?;
    Ok(data)
}

/// The payload of the datagram that `frame` completed, rewritten.
pub(super) fn rewrite_datagram(
    frame: &SessionFrame<'_>,
    whole: &Reassembled,
    addresses: &mut Addresses,
    mask: impl FnOnce(&mut [u8]),
) -> Result<Vec<u8>, LeftOut> {
    let headers = walk::headers_of_datagram(whole).ok_or(LeftOut::Headers)?;
    let mut data = whole.payload.clone();
    let (ends, body) = headers::rewrite(&mut data, &headers, addresses)?;
    if body.is_fragment {
        return Err(LeftOut::Fragment);
    }
    carried(&mut data, &whole.payload, &headers, body, frame.content, addresses, mask)?;
    set_checksums(&mut data, &headers, &ends);
    let again = Reassembled { key: key(&whole.key, addresses)?, payload: data, ..*whole };
    is_the_same(frame.content, decode_reassembled(&again), addresses)?;
    Ok(again.payload)
}

/// The octets of a fragment of `whole`, of which `payload` is the payload rewritten. What it has that the datagram lacks, for
/// that was put together only up to the first octet the capture cut off, becomes zeros.
pub(super) fn rewrite_fragment(
    packet: &Packet<'_>,
    whole: &Reassembled,
    payload: &[u8],
    addresses: &mut Addresses,
) -> Result<Vec<u8>, LeftOut> {
    let Decoded::Fragment(fragment) = decode(packet) else { return Err(LeftOut::Fragment) };
    let headers = walk::headers_of_packet(packet).ok_or(LeftOut::Headers)?;
    let mut data = packet.data.to_vec();
    let (ends, body) = headers::rewrite(&mut data, &headers, addresses)?;
    let start = headers.last().map_or(0, |last| last.at.end);
    let part = data.get_mut(start..body.end).ok_or(LeftOut::Headers)?;
    let offset = usize::try_from(fragment.offset).map_err(|_| LeftOut::Fragment)?;
    let captured = whole.payload.get(offset..).unwrap_or_default();
    let is_of_it = captured.iter().zip(fragment.payload).all(|(one, other)| one == other);
    if !body.is_fragment || fragment.key != whole.key || !is_of_it || part.len() != fragment.payload.len() {
        return Err(LeftOut::Fragment);
    }
    part.fill(0);
    for (octet, rewritten) in part.iter_mut().zip(payload.get(offset..).unwrap_or_default()) {
        *octet = *rewritten;
    }
    data.iter_mut().skip(body.end).for_each(|octet| *octet = 0);
    set_checksums(&mut data, &headers, &ends);
    let Decoded::Fragment(again) = decode(&Packet { data: &data, ..*packet }) else { return Err(LeftOut::Headers) };
    let expected = Fragment { key: key(&fragment.key, addresses)?, payload: again.payload, ..fragment };
    if again == expected { Ok(data) } else { Err(LeftOut::Headers) }
}

/// Rewrites what the innermost IP packet carries, and clears what is behind it.
fn carried(
    data: &mut [u8],
    original: &[u8],
    headers: &[Header],
    body: Body,
    content: FrameContent<'_>,
    addresses: &mut Addresses,
    mask: impl FnOnce(&mut [u8]),
) -> Result<(), LeftOut> {
    let start = headers.last().map_or(0, |last| last.at.end);
    data.iter_mut().skip(body.end).for_each(|octet| *octet = 0);
    let carried = data.get_mut(start..body.end).ok_or(LeftOut::Headers)?;
    match content {
        FrameContent::Segment(segment, _) if body.protocol == p::TCP => {
            let payload_at = tcp(carried, segment.payload.len(), mask)?.saturating_add(start);
            let is_there = segment.payload.is_empty() || offset_in(original, segment.payload) == Some(payload_at);
            if is_there { Ok(()) } else { Err(LeftOut::Headers) }
        }
        FrameContent::Unreachable(_) if matches!(body.protocol, p::ICMP | p::ICMPV6) => icmp(carried, addresses),
        _ => Err(LeftOut::Headers),
    }
}

/// Sets the checksums of all headers and of what the last one carries, from the inside out, for the outer ones cover the
/// inner. `ends` are the addresses of each IP header.
fn set_checksums(data: &mut [u8], headers: &[Header], ends: &[Ends]) {
    let ip = headers.iter().zip(ends).rev().filter_map(|(header, ends)| match header.kind {
        Kind::Ip(body) | Kind::Extensions(_, body) => Some((header, body, *ends)),
        _ => None,
    });
    for (header, body, ends) in ip {
        let tunnel = headers.iter().find(|next| next.at.start == header.at.end && matches!(next.kind, Kind::Tunnel(_)));
        if !body.is_fragment
            && let Some(carried) = data.get_mut(header.at.end..body.end)
        {
            let pseudo = ends.map(|ends| pseudo_header(ends, body.protocol, carried.len()));
            let pseudo = pseudo.unwrap_or_default();
            match body.protocol {
                p::TCP => set_checksum(carried, 16, &pseudo, body.is_whole),
                p::ICMP => set_checksum(carried, 2, &[], body.is_whole),
                p::ICMPV6 => set_checksum(carried, 2, &pseudo, body.is_whole),
                p::UDP => headers::udp_checksum(carried, ends, body.is_whole),
                p::GRE if tunnel.is_some() => headers::gre_checksum(carried, body.is_whole),
                _ => {}
            }
        }
        if let Kind::Ip(_) = header.kind
            && let Some(header) = data.get_mut(header.at.clone())
        {
            headers::ipv4_checksum(header);
        }
    }
}

/// Whether what is decoded of the rewritten octets is what was decoded of the original ones, but for addresses.
fn is_the_same(content: FrameContent<'_>, again: Decoded<'_>, addresses: &mut Addresses) -> Result<(), LeftOut> {
    let is_same = match (content, again) {
        (FrameContent::Segment(segment, _), Decoded::Tcp(again)) => {
            let Segment { payload, checksum, .. } = again;
            let (src, dst) = (end(segment.src, addresses)?, end(segment.dst, addresses)?);
            payload.len() == segment.payload.len() && again == Segment { src, dst, payload, checksum, ..*segment }
        }
        (FrameContent::Segment(segment, _), Decoded::Unnumbered(again)) => {
            let Segment { payload, .. } = again;
            let (src, dst) = (end(segment.src, addresses)?, end(segment.dst, addresses)?);
            let numbered = Segment { seq: segment.seq, ack: segment.ack, ..again };
            payload.len() == segment.payload.len() && numbered == Segment { src, dst, payload, ..*segment }
        }
        (FrameContent::Unreachable(unreachable), Decoded::Unreachable(again)) => {
            let (src, dst) = (end(unreachable.src, addresses)?, end(unreachable.dst, addresses)?);
            let reported_by = addresses.ip(unreachable.reported_by)?;
            again == Unreachable { src, dst, reported_by, ..*unreachable }
        }
        _ => false,
    };
    if is_same { Ok(()) } else { Err(LeftOut::Headers) }
}

fn end(end: SocketAddr, addresses: &mut Addresses) -> Result<SocketAddr, LeftOut> {
    Ok(SocketAddr::new(addresses.ip(end.ip())?, end.port()))
}

fn key(key: &FragmentKey, addresses: &mut Addresses) -> Result<FragmentKey, LeftOut> {
    let mut mapped = |address: IpAddr| addresses.ip(address);
    Ok(FragmentKey { src: mapped(key.src)?, dst: mapped(key.dst)?, ..*key })
}
