//! Every encapsulation.

use super::build::{ehlo, encapsulations, ethernet, ipv4, tcp, udp};
use super::{Decoded, Undecoded, decode, packet, reason, segment};

#[test]
fn every_encapsulation_gives_the_segment() {
    for (name, link, frame) in encapsulations() {
        let segment = match decode(&packet(link, &frame)) {
            Decoded::Tcp(segment) => segment,
            other => panic!("{name}: {other:?}"),
        };
        let (src, dst) = (segment.src.to_string(), segment.dst.to_string());
        if segment.src.is_ipv4() {
            assert_eq!((src.as_str(), dst.as_str()), ("192.0.2.1:1145", "198.51.100.2:25"), "{name}");
        } else {
            assert_eq!((src.as_str(), dst.as_str()), ("[2001:db8::1]:1145", "[2001:db8::2]:25"), "{name}");
        }
        assert_eq!(segment.payload, b"EHLO a_b\r\n", "{name}");
        assert_eq!(segment.payload_wire_len, 10, "{name}");
        assert_eq!((segment.seq.0, segment.ack.map(|ack| ack.0), segment.window), (1000, Some(2000), 8760), "{name}");
    }
}

#[test]
fn tunnels_are_told_apart() {
    let tunnelled = |name: &str| {
        let all = encapsulations();
        let (_, link, frame) = all.iter().find(|(candidate, ..)| *candidate == name).unwrap();
        segment(&packet(*link, frame)).tunnelled
    };
    for name in ["IP in IP", "GRE", "ERSPAN III", "VXLAN", "Geneve, IP", "GTP-U"] {
        assert!(tunnelled(name), "{name}");
    }
    for name in ["Ethernet", "MPLS pseudowire", "PPPoE", "four tags", "authentication, IPv4"] {
        assert!(!tunnelled(name), "{name}");
    }
}

#[test]
fn other_protocols_are_no_tcp() {
    let frames: [(u16, Vec<u8>); 13] = [
        (105, vec![0x80; 40]),
        (105, vec![0xc8; 40]),
        (1, ethernet(0x0806, &[0; 28])),
        (1, ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0])),
        (1, ethernet(38, &[0x42, 0x42, 3])),
        (1, ethernet(0x0800, &ipv4(17, &udp(123, b"time")))),
        (1, ethernet(0x0800, &ipv4(132, &[0; 12]))),
        (1, ethernet(0x8847, &[0, 1, 1, 64, 0x10, 0, 0, 0])),
        (1, ethernet(0x0800, &ipv4(17, &udp(4789, b"no VXLAN")))),
        (0, vec![7, 0, 0, 0, 1, 2, 3]),
        (9, vec![0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]),
        (104, vec![1, 2, 3, 4]),
        (113, vec![0, 0, 3, 0x38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (link, frame) in frames {
        assert_eq!(decode(&packet(link, &frame)), Decoded::NotTcp, "{link} {frame:02x?}");
    }
}

#[test]
fn what_is_not_read_has_a_reason() {
    let tags = [0x00, 0x01, 0x81, 0x00].repeat(20);
    let labels = [0, 1, 0, 64].repeat(20);
    let frames: [(u16, Vec<u8>, Undecoded); 17] = [
        (105, vec![0x08; 20], Undecoded::CutLinkHeader),
        (105, [&[0x08, 0x41][..], &[0; 40]].concat(), Undecoded::EncryptedWireless),
        (105, [&[0x88, 1][..], &[0; 22], &[0x80], &[0; 40]].concat(), Undecoded::AggregatedWireless),
        (147, vec![0; 60], Undecoded::UnsupportedLinkType(147)),
        (1, vec![0; 13], Undecoded::CutLinkHeader),
        (113, vec![0; 15], Undecoded::CutLinkHeader),
        (1, ethernet(0x88e7, &[0; 60]), Undecoded::UnsupportedEtherType(0x88e7)),
        (1, ethernet(0x88e5, &[0x2c; 60]), Undecoded::Macsec),
        (1, ethernet(0x8100, &tags), Undecoded::DeepVlan),
        (1, ethernet(0x8847, &labels), Undecoded::DeepVlan),
        (1, ethernet(0x0800, &[0x55; 40]), Undecoded::BadIpHeader),
        (1, ethernet(0x0800, &[]), Undecoded::CutIpHeader),
        (9, vec![0, 0xfd, 1, 2], Undecoded::CompressedPpp),
        (101, ipv4(50, &[0; 40]), Undecoded::Esp),
        (101, ipv4(97, &[0; 40]), Undecoded::UnsupportedIpProtocol(97)),
        (101, ipv4(47, &[0x20, 1, 0x88, 0x0b, 0, 0, 0, 0]), Undecoded::UnsupportedGre),
        (101, ipv4(6, &tcp(b"")[..19]), Undecoded::BadTcpHeader),
    ];
    for (link, frame, expected) in frames {
        assert_eq!(reason(&packet(link, &frame)), expected, "{link} {frame:02x?}");
    }
}

#[test]
fn nesting_ends() {
    let wrapped = |times| (0..times).fold(ehlo(), |inner, _| ipv4(4, &inner));
    assert!(segment(&packet(101, &wrapped(7))).tunnelled);
    assert_eq!(reason(&packet(101, &wrapped(8))), Undecoded::TunnelTooDeep);
    assert_eq!(reason(&packet(101, &wrapped(800))), Undecoded::TunnelTooDeep);
}
