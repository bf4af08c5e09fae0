//! Octets of one packet: TCP, ICMP, IP and link-layer headers with their checksums.

use std::net::{IpAddr, SocketAddr};

/// A number of the tcpdump.org LINKTYPE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link(pub(crate) u16);

impl Link {
    /// BSD loopback: a four-octet address family, here little-endian.
    pub(crate) const NULL: Self = Self(0);
    pub(crate) const ETHERNET: Self = Self(1);
    /// The IP datagram itself.
    pub(crate) const RAW_IP: Self = Self(101);
    /// Linux "cooked" capture, version 1.
    pub(crate) const SLL: Self = Self(113);
    /// Linux "cooked" capture, version 2.
    pub(crate) const SLL2: Self = Self(276);
}

/// TCP flag bits (RFC 9293 3.1).
pub(crate) mod flag {
    pub(crate) const FIN: u8 = 0x01;
    pub(crate) const SYN: u8 = 0x02;
    pub(crate) const RST: u8 = 0x04;
    pub(crate) const PSH: u8 = 0x08;
    pub(crate) const ACK: u8 = 0x10;
    pub(crate) const URG: u8 = 0x20;
}

pub(crate) const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_ICMPV6: u8 = 58;
/// Octets of the shortest Ethernet frame, without its check sequence.
const ETHERNET_MINIMUM: usize = 60;

pub(crate) struct TcpHeader {
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) window: u16,
    /// Encoded options, a multiple of four octets.
    pub(crate) options: Vec<u8>,
}

/// The TCP header and its payload, with a correct checksum.
pub(crate) fn tcp_segment(header: &TcpHeader, payload: &[u8]) -> Vec<u8> {
    assert!(header.options.len().is_multiple_of(4), "TCP options end on a four-octet boundary");
    let header_words = 5 + header.options.len() / 4;
    let mut octets = Vec::with_capacity(header_words * 4 + payload.len());
    octets.extend(header.src.port().to_be_bytes());
    octets.extend(header.dst.port().to_be_bytes());
    octets.extend(header.seq.to_be_bytes());
    octets.extend(header.ack.to_be_bytes());
    octets.push((header_words as u8) << 4);
    octets.push(header.flags);
    octets.extend(header.window.to_be_bytes());
    octets.extend([0, 0, 0, 0]);
    octets.extend(&header.options);
    octets.extend(payload);
    let sum = pseudo_header_checksum(header.src.ip(), header.dst.ip(), PROTOCOL_TCP, &octets);
    octets[16..18].copy_from_slice(&sum.to_be_bytes());
    octets
}

/// How an IP datagram travels.
pub(crate) struct IpHeader {
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    pub(crate) protocol: u8,
    pub(crate) ttl: u8,
    /// Identification, IPv4 only.
    pub(crate) id: u16,
}

/// An IPv4 (Don't Fragment) or IPv6 datagram around `payload`.
pub(crate) fn ip_datagram(header: &IpHeader, payload: &[u8]) -> Vec<u8> {
    match (header.src, header.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let total = u16::try_from(20 + payload.len()).expect("an IPv4 datagram has at most 65535 bytes");
            let mut octets = vec![0x45, 0];
            octets.extend(total.to_be_bytes());
            octets.extend(header.id.to_be_bytes());
            octets.extend([0x40, 0, header.ttl, header.protocol, 0, 0]);
            octets.extend(src.octets());
            octets.extend(dst.octets());
            let sum = internet_checksum(&octets);
            octets[10..12].copy_from_slice(&sum.to_be_bytes());
            octets.extend(payload);
            octets
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let length = u16::try_from(payload.len()).expect("an IPv6 payload has at most 65535 bytes");
            let mut octets = vec![0x60, 0, 0, 0];
            octets.extend(length.to_be_bytes());
            octets.extend([header.protocol, header.ttl]);
            octets.extend(src.octets());
            octets.extend(dst.octets());
            octets.extend(payload);
            octets
        }
        _ => panic!("both addresses of a datagram are of one IP version"),
    }
}

/// An ICMP or ICMPv6 "destination unreachable" from `router`, quoting `datagram` as its sender sent it.
///
/// `code` is the code of type 3 (RFC 792) or of type 1 (RFC 4443 3.1).
pub(crate) fn icmp_unreachable(router: IpAddr, code: u8, datagram: &[u8], to: IpAddr) -> Vec<u8> {
    let (protocol, kind, quoted) = match router {
        IpAddr::V4(_) => (PROTOCOL_ICMP, 3, datagram.len().min(28)),
        IpAddr::V6(_) => (PROTOCOL_ICMPV6, 1, datagram.len().min(1232)),
    };
    let mut octets = vec![kind, code, 0, 0, 0, 0, 0, 0];
    octets.extend(&datagram[..quoted]);
    let sum = match router {
        IpAddr::V4(_) => internet_checksum(&octets),
        IpAddr::V6(_) => pseudo_header_checksum(router, to, protocol, &octets),
    };
    octets[2..4].copy_from_slice(&sum.to_be_bytes());
    ip_datagram(&IpHeader { src: router, dst: to, protocol, ttl: 64, id: 0x2a17 }, &octets)
}

/// What a datagram is put into.
pub(crate) struct LinkHeader<'a> {
    pub(crate) link: Link,
    pub(crate) src_mac: [u8; 6],
    pub(crate) dst_mac: [u8; 6],
    /// VLAN identifiers, outermost first; Ethernet only.
    pub(crate) vlans: &'a [u16],
    /// The octet short Ethernet frames are filled up with; none for a frame the capturing host sent itself.
    pub(crate) pad_octet: Option<u8>,
}

/// The frame as a capture holds it.
pub(crate) fn link_frame(header: &LinkHeader<'_>, datagram: &[u8]) -> Vec<u8> {
    let v6 = datagram[0] >> 4 == 6;
    let ethertype: [u8; 2] = if v6 { [0x86, 0xdd] } else { [0x08, 0x00] };
    let mut octets = Vec::new();
    match header.link {
        Link::ETHERNET => {
            octets.extend(header.dst_mac);
            octets.extend(header.src_mac);
            for (depth, vlan) in header.vlans.iter().enumerate() {
                let service_tag = depth + 1 < header.vlans.len();
                octets.extend(if service_tag { [0x88, 0xa8] } else { [0x81, 0x00] });
                octets.extend(vlan.to_be_bytes());
            }
            octets.extend(ethertype);
        }
        Link::RAW_IP => {}
        Link::NULL => octets.extend(if v6 { [30, 0, 0, 0] } else { [2, 0, 0, 0] }),
        Link::SLL => {
            octets.extend([0, 0, 0, 1, 0, 6]);
            octets.extend(header.src_mac);
            octets.extend([0, 0]);
            octets.extend(ethertype);
        }
        Link::SLL2 => {
            octets.extend(ethertype);
            octets.extend([0, 0, 0, 0, 0, 2, 0, 1, 0, 6]);
            octets.extend(header.src_mac);
            octets.extend([0, 0]);
        }
        Link(other) => panic!("no header is known for link type {other}; add a raw frame"),
    }
    octets.extend(datagram);
    if let (Link::ETHERNET, Some(pad_octet)) = (header.link, header.pad_octet) {
        octets.resize(octets.len().max(ETHERNET_MINIMUM), pad_octet);
    }
    octets
}

/// The Internet checksum (RFC 1071); 0 over octets that already hold a correct one.
pub(crate) fn internet_checksum(octets: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in octets.chunks(2) {
        sum += u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u32::from(low));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The checksum of TCP and ICMPv6: over addresses, length and protocol too (RFC 9293 3.1, RFC 8200 8.1).
pub(crate) fn pseudo_header_checksum(src: IpAddr, dst: IpAddr, protocol: u8, octets: &[u8]) -> u16 {
    let mut summed = Vec::with_capacity(40 + octets.len());
    for address in [src, dst] {
        match address {
            IpAddr::V4(v4) => summed.extend(v4.octets()),
            IpAddr::V6(v6) => summed.extend(v6.octets()),
        }
    }
    summed.extend((octets.len() as u32).to_be_bytes());
    summed.extend([0, 0, 0, protocol]);
    summed.extend(octets);
    internet_checksum(&summed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_the_example_in_rfc_1071() {
        assert_eq!(!internet_checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
    }

    #[test]
    fn an_odd_last_octet_counts_as_the_high_one() {
        assert_eq!(!internet_checksum(&[0x12, 0x34, 0x56]), 0x6834);
    }

    #[test]
    fn link_headers_name_the_ip_version() {
        let v6 = [0x60; 40];
        let v4 = [0x45; 20];
        let header = |link| LinkHeader { link, src_mac: [1; 6], dst_mac: [2; 6], vlans: &[], pad_octet: None };
        assert_eq!(link_frame(&header(Link::NULL), &v4)[..4], [2, 0, 0, 0]);
        assert_eq!(link_frame(&header(Link::SLL), &v6)[14..16], [0x86, 0xdd]);
        assert_eq!(link_frame(&header(Link::SLL2), &v6)[..2], [0x86, 0xdd]);
        assert_eq!(link_frame(&header(Link::SLL2), &v4).len(), 40);
        assert_eq!(link_frame(&header(Link::RAW_IP), &v4), v4);
    }

    #[test]
    fn vlan_tags_stand_before_the_ethertype_and_count_towards_the_minimum() {
        let header =
            LinkHeader { link: Link::ETHERNET, src_mac: [1; 6], dst_mac: [2; 6], vlans: &[7, 256], pad_octet: Some(0) };
        let frame = link_frame(&header, &[0x45; 20]);
        assert_eq!(frame[12..22], [0x88, 0xa8, 0, 7, 0x81, 0x00, 1, 0, 0x08, 0x00]);
        assert_eq!(frame.len(), 60);
    }
}
