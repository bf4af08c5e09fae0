//! A session, and what it can be wrapped in: tunnels, tags, extension headers, fragments. Every header has things in it that
//! a redacted file must not have.

use std::net::IpAddr;

use crate::support::{CaptureBuilder, Frame, IpHeader, Link, internet_checksum, ip_datagram};

/// One way to put a session's IP packets into frames.
pub(crate) struct Wrap {
    pub(crate) name: &'static str,
    pub(crate) link: Link,
    pub(crate) is_v6: bool,
    /// The frames that hold an IP packet.
    pub(crate) wrap: fn(&[u8]) -> Vec<Vec<u8>>,
}

const CLIENT: [&str; 2] = ["172.16.7.9", "2a02:8:1::9"];
const SERVER: [&str; 2] = ["172.17.8.25", "2a02:8:2::25"];
/// Ends of tunnels.
const OUTER: [&str; 4] = ["100.64.1.1", "100.64.1.2", "2a03:9::1", "2a03:9::2"];
/// Named in options, routes and texts only.
const NAMED: [&str; 2] = ["100.99.3.4", "2a04:7::77"];
const MACS: [[u8; 6]; 4] = [
    [0, 0x1b, 0x21, 0xa1, 0xa2, 1],
    [0, 0x1b, 0x21, 0xa1, 0xa2, 2],
    [0, 0x50, 0x56, 0xb1, 0xb2, 3],
    [0, 0x50, 0x56, 0xb1, 0xb2, 4],
];
/// In fields that may hold anything: keys, options, padding.
const LEAK: [u8; 8] = [0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed, 0xfa, 0xce];

pub(crate) const HIDDEN_TEXTS: &[&str] = &[
    "172.16.7.9",
    "172.17.8.25",
    "172-16-7-9",
    "100.99.3.4",
    "2a02:8:1::9",
    "2a04:7::77",
    "AGFubmEAaHVudGVyMg",
    "anna",
    "smith",
    "robert",
    "Quarterly",
    "figures",
    "Received",
];

/// Octets that must be nowhere: addresses, and halves of what fills fields.
pub(crate) fn hidden_octets() -> Vec<Vec<u8>> {
    let addresses = CLIENT.iter().chain(&SERVER).chain(&OUTER).chain(&NAMED);
    let addresses = addresses.map(|address| octets(address));
    let macs = MACS.iter().map(|mac| mac.to_vec());
    addresses.chain(macs).chain([LEAK[..4].to_vec(), LEAK[4..].to_vec()]).collect()
}

fn octets(address: &str) -> Vec<u8> {
    match address.parse().unwrap() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// A refused hello and a delivered mail, as IP packets.
pub(crate) fn session(is_v6: bool) -> Vec<Frame> {
    const MAIL: &[u8] = b"Received: from relay (relay [100.99.3.4]) by mx\r\nSubject: Quarterly figures\r\n\r\n\
        Remote-MTA: dns; mx.other.example (2a04:7::77)\r\n.\r\n";
    let version = usize::from(is_v6);
    let end =
        |address: &str, port: u16| if is_v6 { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
    let mut capture = CaptureBuilder::new().link(Link::RAW_IP);
    let mut s = capture.session(&end(CLIENT[version], 1145), &end(SERVER[version], 25));
    s.handshake().server(b"220 mx.example.com [172.17.8.25] ESMTP, the service of the example company is ready\r\n");
    s.client(b"EHLO sub2.\r\n").server(b"501 Invalid Address of 172-16-7-9.isp.example\r\n");
    s.client(b"QUIT\r\n").server(b"221 bye 172.16.7.9\r\n").client_fin().server_fin();
    let mut s = capture.session(&end(CLIENT[version], 1146), &end(SERVER[version], 25));
    s.handshake().server(b"220 mx.example.com ESMTP\r\n").client(b"EHLO client.example.com\r\n");
    s.server(b"250-172.16.7.9\r\n250-mx Hello [172.16.7.9] (2a02:8:1::9)\r\n250 AUTH PLAIN\r\n");
    s.client(b"AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n").server(b"235 ok\r\n");
    s.client(b"MAIL FROM:<anna.smith@example.com>\r\n").server(b"250 ok\r\n");
    s.client(b"RCPT TO:<robert@example.com>\r\n").server(b"250 robert@example.com ok\r\n");
    s.client(b"DATA\r\n").server(b"354 go\r\n").client(MAIL).server(b"250-2.0.0 queued\r\n250 2.0.0 as 7\r\n");
    s.client(b"QUIT\r\n").server(b"221 bye\r\n").client_fin().server_fin();
    capture.frames()
}

const fn v4(name: &'static str, wrap: fn(&[u8]) -> Vec<Vec<u8>>) -> Wrap {
    Wrap { name, link: Link::ETHERNET, is_v6: false, wrap }
}

const fn v6(name: &'static str, wrap: fn(&[u8]) -> Vec<Vec<u8>>) -> Wrap {
    Wrap { name, link: Link::ETHERNET, is_v6: true, wrap }
}

pub(crate) const WRAPS: &[Wrap] = &[
    v4("Ethernet with a trailer", |packet| vec![[ether(0, 0x0800, packet), LEAK.to_vec()].concat()]),
    v4("IPv4 options", |packet| vec![ether(0, 0x0800, &with_options(packet))]),
    v4("authentication header", |packet| {
        vec![ether(0, 0x0800, &carry_v4(51, &authentication(packet[9], &packet[20..])))]
    }),
    v4("IP in IP", |packet| in_v4(4, packet)),
    v4("IPv4 in IPv6", |packet| vec![ether(0, 0x86dd, &outer_v6(4, packet))]),
    v6("6in4", |packet| in_v4(41, packet)),
    v4("GRE", |packet| in_v4(47, &gre(0, 0x0800, packet))),
    v4("GRE with everything", |packet| in_v4(47, &gre(0xb0, 0x0800, packet))),
    v4("GRE in IPv6", |packet| vec![ether(0, 0x86dd, &outer_v6(47, &gre(0x80, 0x0800, packet)))]),
    v6("Ethernet in GRE", |packet| in_v4(47, &gre(0x20, 0x6558, &ether(2, 0x86dd, packet)))),
    v4("ERSPAN I", |packet| in_v4(47, &gre(0, 0x88be, &ether(2, 0x0800, packet)))),
    v4("ERSPAN II", |packet| {
        in_v4(47, &gre(0x10, 0x88be, &[&[0x10, 1, 0, 1, 0, 0, 0, 9][..], &ether(2, 0x0800, packet)].concat()))
    }),
    v4("ERSPAN III", |packet| {
        let header = [&[0x20, 1, 0, 1, 0, 0, 0, 9, 0, 0, 0x80, 1][..], &LEAK].concat();
        in_v4(47, &gre(0x10, 0x22eb, &[header, ether(2, 0x0800, packet)].concat()))
    }),
    v4("VXLAN", |packet| in_v4(17, &udp(4789, false, &[&VXLAN[..], &ether(2, 0x0800, packet)].concat()))),
    v4("VXLAN with a checksum", |packet| {
        in_v4(17, &udp(8472, true, &[&VXLAN[..], &ether(2, 0x0800, packet), &LEAK].concat()))
    }),
    v6("Geneve", |packet| {
        let header = [&[3, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 2][..], &LEAK].concat();
        in_v4(17, &udp(6081, true, &[header, ether(2, 0x86dd, packet)].concat()))
    }),
    v4("GTP-U", |packet| in_v4(17, &udp(2152, false, &[&gtp_u(0x30, packet.len())[..], packet].concat()))),
    v6("GTP-U with extension headers", |packet| {
        let extensions = [&[0, 0, 0, 0x85, 1, LEAK[0], LEAK[1], 0x32, 3][..], &LEAK, &[7, 7, 0]].concat();
        let header = [&gtp_u(0x34, extensions.len() + packet.len())[..], &extensions].concat();
        in_v4(17, &udp(2152, true, &[&header, packet].concat()))
    }),
    v4("VLANs", |packet| vec![ether(0, 0x88a8, &[&[0, 7, 0x81, 0, 0, 9, 8, 0], packet].concat())]),
    v4("802.1BR", |packet| vec![ether(0, 0x893f, &[&[0, 0, 0, 1, 0, 0, 8, 0], packet].concat())]),
    v4("MACsec", |packet| {
        let tag = [&[0x20, 0, 0, 0, 0, 1][..], &MACS[2], &[0, 1, 8, 0]].concat();
        vec![ether(0, 0x88e5, &[&tag, packet, &LEAK, &LEAK].concat())]
    }),
    v4("MPLS", |packet| vec![ether(0, 0x8847, &[&[0, 1, 0, 64, 0, 2, 1, 64], packet].concat())]),
    v4("MPLS pseudowire", |packet| {
        vec![ether(0, 0x8847, &[&[0, 1, 1, 64, 0, 0, 0, 0][..], &ether(2, 0x0800, packet)].concat())]
    }),
    v6("PPPoE", |packet| {
        let length = length16(packet.len() + 2);
        vec![ether(0, 0x8864, &[&[0x11, 0, 0, 5, length[0], length[1], 0, 0x57], packet].concat())]
    }),
    v4("SNAP", |packet| {
        let length = length16(packet.len() + 8);
        vec![ether(0, u16::from_be_bytes(length), &[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], packet].concat())]
    }),
    Wrap {
        name: "cooked",
        link: Link::SLL,
        is_v6: false,
        wrap: |packet| vec![[&[0, 0, 0, 1, 0, 8][..], &MACS[0], &LEAK[..2], &[8, 0], packet].concat()],
    },
    Wrap {
        name: "PPP in HDLC",
        link: Link(50),
        is_v6: true,
        wrap: |packet| vec![[&[0xff, 3, 0, 0x57], packet].concat()],
    },
    v6("IPv6 options", |packet| {
        let options = [&[60, 2, 0x1e, 8][..], &LEAK, &[1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        let destination = [&[6, 1, 0x1e, 12, 9, 9, 9, 9][..], &LEAK].concat();
        vec![ether(0, 0x86dd, &with_extensions(packet, 0, &[options, destination].concat()))]
    }),
    v6("IPv6 routing", |packet| {
        let route = [&[6, 2, 0, 0, 0, 0, 0, 0][..], &octets(NAMED[1])].concat();
        vec![ether(0, 0x86dd, &with_extensions(packet, 43, &route))]
    }),
    v6("IPv6 authentication and an atomic fragment", |packet| {
        let ah = authentication(44, &[6, 0x5a, 0, 0, 0, 0, 0, 7]);
        vec![ether(0, 0x86dd, &with_extensions(packet, 51, &ah))]
    }),
    v4("fragments", |packet| fragments(packet).iter().map(|part| ether(0, 0x0800, part)).collect()),
    v6("IPv6 fragments", |packet| fragments_v6(packet).iter().map(|part| ether(0, 0x86dd, part)).collect()),
    v4("fragments of GRE", |packet| {
        let outer = outer_v4(47, &gre(0xb0, 0x0800, packet));
        fragments(&outer).iter().map(|part| ether(0, 0x0800, part)).collect()
    }),
    v6("fragments in VXLAN in a VLAN", |packet| {
        let part = |part: &Vec<u8>| {
            let inner = udp(4789, true, &[&VXLAN[..], &ether(2, 0x86dd, part)].concat());
            ether(0, 0x8100, &[&[0, 7, 8, 0][..], &outer_v4(17, &inner)].concat())
        };
        fragments_v6(packet).iter().map(part).collect()
    }),
    v4("VXLAN in GRE in IPv6", |packet| {
        let inner = outer_v4(17, &udp(4789, true, &[&VXLAN[..], &ether(2, 0x0800, packet)].concat()));
        vec![ether(0, 0x86dd, &outer_v6(47, &gre(0x80, 0x0800, &inner)))]
    }),
];

/// The first 8 octets, with what is in the tunnel numbered 7.
fn gtp_u(flags: u8, octets: usize) -> [u8; 8] {
    let [high, low] = length16(octets);
    [flags, 255, high, low, 0, 0, 0, 7]
}

fn length16(octets: usize) -> [u8; 2] {
    u16::try_from(octets).unwrap().to_be_bytes()
}

/// With the flag and the number of a group policy.
const VXLAN: [u8; 8] = [0x88, 0, LEAK[0], LEAK[1], 0, 0, 7, 0];

fn ether(host: usize, kind: u16, payload: &[u8]) -> Vec<u8> {
    [&MACS[host][..], &MACS[host + 1], &kind.to_be_bytes(), payload].concat()
}

fn in_v4(protocol: u8, payload: &[u8]) -> Vec<Vec<u8>> {
    vec![ether(0, 0x0800, &outer_v4(protocol, payload))]
}

fn outer_v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    around(OUTER[0], OUTER[1], protocol, payload)
}

fn outer_v6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    around(OUTER[2], OUTER[3], protocol, payload)
}

/// Between the session's own ends, whichever of them sends.
fn carry_v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let is_to_server = payload[24 + 2..24 + 4] == 25_u16.to_be_bytes();
    let (src, dst) = if is_to_server { (CLIENT[0], SERVER[0]) } else { (SERVER[0], CLIENT[0]) };
    around(src, dst, protocol, payload)
}

fn around(src: &str, dst: &str, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let header = IpHeader { src: src.parse().unwrap(), dst: dst.parse().unwrap(), protocol, ttl: 64, id: 77 };
    ip_datagram(&header, payload)
}

fn with_options(packet: &[u8]) -> Vec<u8> {
    // Record route with one address, and padding.
    let mut header = [&packet[..20], &[7, 7, 8], &octets(NAMED[0])[..], &[0]].concat();
    header[0] = 0x47;
    let total = length16(packet.len() + 8);
    header[2..4].copy_from_slice(&total);
    checksum_v4(&mut header);
    [&header, &packet[20..]].concat()
}

fn checksum_v4(header: &mut [u8]) {
    header[10..12].fill(0);
    let sum = internet_checksum(header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

fn with_extensions(packet: &[u8], next: u8, extensions: &[u8]) -> Vec<u8> {
    let mut header = packet[..40].to_vec();
    header[4..6].copy_from_slice(&length16(packet.len() - 40 + extensions.len()));
    header[6] = next;
    [&header, extensions, &packet[40..]].concat()
}

fn authentication(next: u8, payload: &[u8]) -> Vec<u8> {
    [&[next, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1][..], &LEAK, &LEAK[..4], payload].concat()
}

/// With checksum (0x80), key (0x20) and sequence number (0x10) where `flags` say so.
fn gre(flags: u8, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = [&[flags, 0][..], &kind.to_be_bytes()].concat();
    for (flag, field) in [(0x80, [0; 4]), (0x20, [LEAK[0], LEAK[1], LEAK[2], LEAK[3]]), (0x10, [0, 0, 0, 1])] {
        if flags & flag != 0 {
            packet.extend(field);
        }
    }
    packet.extend(payload);
    if flags & 0x80 != 0 {
        let sum = internet_checksum(&packet);
        packet[4..6].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// Between the outer IPv4 ends.
fn udp(port: u16, has_checksum: bool, payload: &[u8]) -> Vec<u8> {
    let length = length16(payload.len() + 8);
    let mut datagram = [&50_000_u16.to_be_bytes()[..], &port.to_be_bytes(), &length, &[0, 0], payload].concat();
    if has_checksum {
        let pseudo = [&octets(OUTER[0])[..], &octets(OUTER[1]), &[0, 17], &length, &datagram].concat();
        let sum = internet_checksum(&pseudo);
        datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    }
    datagram
}

const PART: usize = 24;

/// A number of its own for each datagram: checksums would not do, for the one in the packet evens out what differs.
fn number(payload: &[u8]) -> u16 {
    payload.iter().fold(7, |number: u16, octet| number.wrapping_mul(31).wrapping_add(u16::from(*octet)))
}

fn fragments(packet: &[u8]) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(20);
    let count = payload.len().div_ceil(PART);
    let part = |(at, part): (usize, &[u8])| {
        let mut header = header.to_vec();
        header[2..4].copy_from_slice(&length16(part.len() + 20));
        header[4..6].copy_from_slice(&number(payload).to_be_bytes());
        let more = u16::from(at + 1 < count) << 13;
        header[6..8].copy_from_slice(&(more | u16::try_from(at * PART / 8).unwrap()).to_be_bytes());
        checksum_v4(&mut header);
        [&header, part].concat()
    };
    payload.chunks(PART).enumerate().map(part).collect()
}

fn fragments_v6(packet: &[u8]) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(40);
    let count = payload.len().div_ceil(PART);
    let part = |(at, part): (usize, &[u8])| {
        let place = u16::try_from(at * PART).unwrap() | u16::from(at + 1 < count);
        let id = u32::from(number(payload)).to_be_bytes();
        let fragment = [&[header[6], 0][..], &place.to_be_bytes(), &id].concat();
        with_extensions(&[header, part].concat(), 44, &fragment)
    };
    payload.chunks(PART).enumerate().map(part).collect()
}
