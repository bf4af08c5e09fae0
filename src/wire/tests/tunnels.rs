//! Tunnel headers that are cut or wrong.

use super::build::{ethernet, ipv4, ipv4_with, udp};
use super::{Decoded, Undecoded, cut_packet, decode, packet, reason};

#[test]
fn cut_tunnel_headers_are_counted() {
    let cases = [
        ipv4(47, &[0, 0, 8]),
        ipv4(47, &[0xb0, 0, 8, 0, 0, 0, 0, 0]),
        ipv4(47, &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1]),
        ipv4(17, &udp(4789, &[8, 0, 0])),
        ipv4(17, &udp(2152, &[0x30, 255, 0, 0])),
        ipv4(17, &udp(2152, &[0x30, 255, 0, 0, 0, 0, 0, 9])),
        ipv4(17, &udp(2152, &[0x34, 255, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0])),
        ipv4(17, &udp(6081, &[2, 0, 8, 0, 0, 0, 0, 0, 1, 2, 3, 4])),
    ];
    for frame in cases {
        assert_eq!(reason(&packet(101, &frame)), Undecoded::CutTunnelHeader, "{frame:02x?}");
    }
    let cut = ipv4_with(0, 17, 0, 100, &[0xc0, 0, 0x12, 0xb5]);
    assert_eq!(reason(&cut_packet(101, &cut, 100)), Undecoded::CutTunnelHeader);
}

#[test]
fn other_versions_are_no_tunnel() {
    assert_eq!(decode(&packet(101, &ipv4(17, &udp(6081, &[0x40, 0, 8, 0, 0, 0, 0, 0])))), Decoded::NotTcp);
    for gtp in [
        &[0x30, 1, 0, 0, 0, 0, 0, 9, 0x45][..],
        &[0x50, 255, 0, 0, 0, 0, 0, 9, 0x45],
        &[0x34, 255, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 0, 0, 0, 0],
        &[0x30, 255, 0, 0, 0, 0, 0, 9, 0x00, 0x1b],
    ] {
        assert_eq!(decode(&packet(101, &ipv4(17, &udp(2152, gtp)))), Decoded::NotTcp, "{gtp:02x?}");
    }
    assert_eq!(decode(&packet(101, &ipv4(17, &[1, 2, 3]))), Decoded::NotTcp);
    // A GRE keepalive has protocol 0 and nothing behind it.
    assert_eq!(decode(&packet(1, &ethernet(0x0800, &ipv4(47, &[0, 0, 0, 0])))), Decoded::NotTcp);
}
