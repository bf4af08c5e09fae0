//! One packet's headers in full, for whoever shows them. Nothing here is on the way of a scan.

use std::net::IpAddr;

use super::Reassembled;
use super::ip::IpDatagram;
use super::view::{View, octets};
use super::walk::{self, Innermost};
use crate::capture::{LinkType, Packet};

pub(crate) use super::tcp::TcpFields;
pub(crate) use super::walk::offset_in;

/// The headers of a packet: of the link layer the outermost one, of IP and TCP the innermost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameDetail<'a> {
    /// The link layer.
    pub(crate) link: LinkHeader,
    /// The IP header; none where the frame holds none that can be read.
    pub(crate) ip: Option<IpHeader>,
    /// Where in the captured octets the innermost IP packet's payload starts.
    pub(crate) ip_payload_at: usize,
    /// What the IP packet carries: for TCP the header from its first octet on, and the payload. From the datagram put
    /// together where the frame is its last fragment.
    pub(crate) transport: &'a [u8],
    /// Whether the frame holds a fragment of a datagram.
    pub(crate) is_fragment: bool,
    /// Octets the frame had on the wire behind its IP packet: padding up to Ethernet's least length, or a trailer.
    pub(crate) trailer_octets: u32,
}

/// What a link-layer header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkHeader {
    /// The sender's and the receiver's hardware addresses.
    pub(crate) addresses: Option<([u8; 6], [u8; 6])>,
    /// What follows, as an EtherType; of a frame with VLAN tags that of the first tag.
    pub(crate) ether_type: Option<u16>,
}

/// An IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IpHeader {
    /// The sender.
    pub(crate) src: IpAddr,
    /// The receiver.
    pub(crate) dst: IpAddr,
    /// The length field: of IPv4 the whole packet, of IPv6 what follows the fixed header, in octets. 0 where
    /// segmentation offload left it to the card.
    pub(crate) length: u32,
    /// Octets of the header itself.
    pub(crate) header_octets: u32,
    /// Time to live, or hop limit.
    pub(crate) hops: u8,
    /// The protocol of the payload, extension headers skipped.
    pub(crate) protocol: u8,
    /// What only one of the versions has.
    pub(crate) version: IpVersion,
}

/// The fields only one version of IP has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpVersion {
    /// RFC 791 3.1.
    V4 {
        /// Type of service.
        service: u8,
        /// Identification.
        id: u16,
        /// The three flags, the least significant one being "more fragments".
        flags: u8,
        /// Fragment offset in octets.
        offset: u16,
        /// Header checksum as it stands.
        checksum: u16,
    },
    /// RFC 8200 3.
    V6 {
        /// Traffic class.
        traffic_class: u8,
        /// Flow label, 20 bits.
        flow_label: u32,
    },
}

/// One TCP option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TcpOption<'a> {
    /// Its kind, a number of the IANA registry.
    pub(crate) kind: u8,
    /// Its length as it stands, kind and length octets included; none where the kind has no length.
    pub(crate) length: Option<u8>,
    /// What follows the length.
    pub(crate) value: &'a [u8],
}

/// Reads the headers of `packet` once more; `whole` is the datagram it completed, if it did.
pub(crate) fn detail<'a>(packet: &Packet<'a>, whole: Option<&'a Reassembled>) -> FrameDetail<'a> {
    let frame = View::new(packet.data, packet.wire_len);
    let mut detail = FrameDetail {
        link: link_header(packet.link, packet.data),
        ip: None,
        ip_payload_at: packet.data.len(),
        transport: &[],
        is_fragment: false,
        trailer_octets: 0,
    };
    let Ok(Some(inner)) = walk::packet(packet, |_, _| {}) else { return detail };
    let Innermost { view, datagram, depth, .. } = inner;
    let payload_at = offset_in(packet.data, datagram.payload.data);
    detail.ip = ip_header(view.data, &datagram);
    detail.ip_payload_at = payload_at.unwrap_or(packet.data.len());
    detail.is_fragment = datagram.place.is_some();
    detail.transport = datagram.payload.data;
    if detail.is_fragment {
        let inner = whole.and_then(|whole| walk::reassembled(whole, |_, _| {}).ok()?);
        detail.transport = inner.map(|inner| inner.datagram.payload.data).unwrap_or_default();
    }
    if depth == 0 && !datagram.without_length {
        let end = payload_at.map_or(0, octets);
        detail.trailer_octets = frame.wire_len.saturating_sub(end.saturating_add(datagram.payload.wire_len));
    }
    detail
}

fn link_header(link: LinkType, data: &[u8]) -> LinkHeader {
    let number = |at: usize| data.get(at..).and_then(<[u8]>::first_chunk).map(|octets| u16::from_be_bytes(*octets));
    match (link, data) {
        (LinkType::ETHERNET, [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, ..]) => LinkHeader {
            addresses: Some(([*s0, *s1, *s2, *s3, *s4, *s5], [*d0, *d1, *d2, *d3, *d4, *d5])),
            ether_type: number(12),
        },
        (LinkType::LINUX_SLL, _) => LinkHeader { addresses: None, ether_type: number(14) },
        (LinkType::LINUX_SLL2, _) => LinkHeader { addresses: None, ether_type: number(0) },
        _ => LinkHeader::default(),
    }
}

fn ip_header(data: &[u8], datagram: &IpDatagram<'_>) -> Option<IpHeader> {
    let (src, dst, protocol) = (datagram.src, datagram.dst, datagram.protocol);
    let (header_octets, length, hops, version) = match *data {
        [first, service, l0, l1, i0, i1, f0, f1, ttl, _, c0, c1, ..] if first >> 4 == 4 => {
            let fragment = u16::from_be_bytes([f0, f1]);
            let version = IpVersion::V4 {
                service,
                id: u16::from_be_bytes([i0, i1]),
                flags: f0 >> 5,
                offset: (fragment & 0x1fff).saturating_mul(8),
                checksum: u16::from_be_bytes([c0, c1]),
            };
            (u32::from(first & 0x0f) * 4, u16::from_be_bytes([l0, l1]), ttl, version)
        }
        [first, second, third, fourth, l0, l1, _, hops, ..] if first >> 4 == 6 => {
            let word = u32::from_be_bytes([first, second, third, fourth]);
            let traffic_class = (first << 4) | (second >> 4);
            (40, u16::from_be_bytes([l0, l1]), hops, IpVersion::V6 { traffic_class, flow_label: word & 0x000f_ffff })
        }
        _ => return None,
    };
    Some(IpHeader { src, dst, length: u32::from(length), header_octets, hops, protocol, version })
}

/// Cuts options apart (RFC 9293 3.1). The end of the list, or the first one with a length that cannot be, is the last.
pub(crate) fn tcp_options(mut octets: &[u8]) -> Vec<TcpOption<'_>> {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    let mut options = Vec::new();
    while let [kind, rest @ ..] = octets {
        octets = rest;
        if matches!(*kind, END | NO_OPERATION) {
            options.push(TcpOption { kind: *kind, length: None, value: &[] });
            if *kind == END {
                break;
            }
            continue;
        }
        let [length, rest @ ..] = rest else { break };
        let value = usize::from(*length).checked_sub(2).map_or(&[][..], |size| rest.get(..size).unwrap_or(rest));
        options.push(TcpOption { kind: *kind, length: Some(*length), value });
        match usize::from(*length).checked_sub(2).and_then(|size| rest.get(size..)) {
            Some(rest) => octets = rest,
            None => break,
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    /// The first frame of the handshake in Microsoft's article Q172983.
    const SYN: &[u8] = b"\x02\x60\x8C\x9E\x18\x8B\x02\x60\x8C\x3B\x85\xC1\x08\x00\x45\x00\
        \x00\x2C\x0D\x01\x40\x00\x80\x06\xE1\x4B\x83\x6B\x02\xD6\x83\x6B\
        \x02\xD3\x04\x0D\x00\x8B\x00\x7D\x74\x7E\x00\x00\x00\x00\x60\x02\
        \x20\x00\xF2\x13\x00\x00\x02\x04\x05\xB4\x20\x20";

    fn packet(data: &[u8], link: u16) -> Packet<'_> {
        let wire_len = u32::try_from(data.len()).unwrap();
        Packet { frame: 1, event: None, time: Timestamp::default(), link: LinkType(link), interface: 0, wire_len, data }
    }

    #[test]
    fn every_header_field_is_read() {
        let packet = packet(SYN, 1);
        let detail = detail(&packet, None);
        assert_eq!(detail.link.addresses, Some((*b"\x02\x60\x8c\x3b\x85\xc1", *b"\x02\x60\x8c\x9e\x18\x8b")));
        assert_eq!(detail.link.ether_type, Some(0x0800));
        let ip = detail.ip.unwrap();
        assert_eq!((ip.src.to_string(), ip.length, ip.header_octets, ip.hops), ("131.107.2.214".into(), 44, 20, 128));
        let v4 = IpVersion::V4 { service: 0, id: 0x0d01, flags: 2, offset: 0, checksum: 0xe14b };
        assert_eq!(ip.version, v4);
        assert_eq!((detail.ip_payload_at, detail.trailer_octets, detail.is_fragment), (34, 2, false));
        let tcp = TcpFields::read(detail.transport).unwrap();
        assert_eq!((tcp.header_octets, tcp.reserved, tcp.ack), (24, 0, 0));
        assert_eq!((tcp.checksum, tcp.urgent, tcp.options), (Some(0xf213), Some(0), &[2, 4, 5, 0xb4][..]));
    }

    #[test]
    fn cut_frames_give_what_they_have() {
        for length in 0..SYN.len() {
            let packet = Packet { data: &SYN[..length], ..packet(SYN, 1) };
            let detail = detail(&packet, None);
            assert_eq!(detail.ip.is_some(), length >= 34, "{length}");
            assert_eq!(TcpFields::read(detail.transport).is_some(), length >= 48, "{length}");
        }
    }

    #[test]
    fn options_end_where_they_make_no_sense() {
        let kinds = |octets: &[u8]| -> Vec<(u8, Option<u8>, usize)> {
            tcp_options(octets).iter().map(|option| (option.kind, option.length, option.value.len())).collect()
        };
        assert_eq!(kinds(&[2, 4, 5, 0xb4, 1, 1, 4, 2]), [(2, Some(4), 2), (1, None, 0), (1, None, 0), (4, Some(2), 0)]);
        assert_eq!(kinds(&[1, 0, 3, 3, 7]), [(1, None, 0), (0, None, 0)]);
        assert_eq!(kinds(&[8, 10, 1]), [(8, Some(10), 1)]);
        assert_eq!(kinds(&[8, 1, 2, 4]), [(8, Some(1), 0)]);
        assert_eq!(kinds(&[8]), []);
    }
}
