//! Lengths: padding, trailers, snapshot length, segmentation offload, headers that lie.

use super::build::{ehlo, ethernet, ipv4, ipv4_with, ipv6, tcp};
use super::{Undecoded, cut_packet, packet, reason, segment};

/// The first frame of Microsoft KB 172983, a SYN with a four-octet option and two octets of padding.
const KB_172983: [u8; 60] = [
    0x02, 0x60, 0x8c, 0x9e, 0x18, 0x8b, 0x02, 0x60, 0x8c, 0x3b, 0x85, 0xc1, 0x08, 0x00, 0x45, 0x00, 0x00, 0x2c, 0x0d,
    0x01, 0x40, 0x00, 0x80, 0x06, 0xe1, 0x4b, 0x83, 0x6b, 0x02, 0xd6, 0x83, 0x6b, 0x02, 0xd3, 0x04, 0x0d, 0x00, 0x8b,
    0x00, 0x7d, 0x74, 0x7e, 0x00, 0x00, 0x00, 0x00, 0x60, 0x02, 0x20, 0x00, 0xf2, 0x13, 0x00, 0x00, 0x02, 0x04, 0x05,
    0xb4, 0x20, 0x20,
];

#[test]
fn a_real_syn_has_no_payload() {
    let segment = segment(&packet(1, &KB_172983));
    assert_eq!(segment.src.to_string(), "131.107.2.214:1037");
    assert_eq!(segment.dst.to_string(), "131.107.2.211:139");
    assert_eq!(segment.seq.0, 8_221_822);
    assert_eq!(segment.ack, None);
    assert_eq!(segment.flags.to_string(), "....S.");
    assert_eq!(segment.window, 8192);
    assert_eq!((segment.payload, segment.payload_wire_len), ([].as_slice(), 0));
}

#[test]
fn padding_and_trailers_are_no_payload() {
    for trailer in [4, 46, 300] {
        let frame = [ethernet(0x0800, &ehlo()), vec![0xee; trailer]].concat();
        assert_eq!(segment(&packet(1, &frame)).payload, b"EHLO a_b\r\n");
    }
}

#[test]
fn without_a_length_in_the_header_the_frame_has_it() {
    let whole = ethernet(0x0800, &ipv4_with(0, 6, 0, 0, &tcp(&[b'x'; 2000])));
    let segment_ = segment(&packet(1, &whole));
    assert_eq!((segment_.payload.len(), segment_.payload_wire_len), (2000, 2000));
    let cut = segment(&cut_packet(1, &whole[..96], whole.len()));
    assert_eq!((cut.payload.len(), cut.payload_wire_len), (42, 2000));
    let v6 = [&ipv6(6, &[])[..], &tcp(b"QUIT\r\n")].concat();
    assert_eq!(segment(&packet(101, &v6)).payload, b"QUIT\r\n");
}

#[test]
fn without_a_length_the_least_frame_is_padding() {
    let mut frame = KB_172983;
    frame[16..18].copy_from_slice(&[0, 0]);
    let padded = segment(&packet(1, &frame));
    assert_eq!((padded.payload, padded.payload_wire_len), ([].as_slice(), 0));
    // Raw IP is never padded.
    assert_eq!(segment(&packet(101, &frame[14..])).payload, [0x20, 0x20]);
}

#[test]
fn the_snapshot_length_leaves_the_true_length() {
    let frame = ethernet(0x0800, &ehlo());
    for (captured, payload) in [(64, 10), (60, 6), (54, 0), (50, 0), (48, 0)] {
        let segment = segment(&cut_packet(1, &frame[..captured], frame.len()));
        assert_eq!((segment.payload.len(), segment.payload_wire_len), (payload, 10), "{captured}");
        assert_eq!((segment.seq.0, segment.flags.to_string().as_str()), (1000, ".AP..."), "{captured}");
        assert_eq!(segment.window, if captured >= 50 { 8760 } else { 0 }, "{captured}");
    }
    assert_eq!(reason(&cut_packet(1, &frame[..47], frame.len())), Undecoded::CutTcpHeader);
    assert_eq!(reason(&cut_packet(1, &frame[..33], frame.len())), Undecoded::CutIpHeader);
}

#[test]
fn a_cut_header_with_options_knows_its_payload_length() {
    let mut octets = tcp(&[1; 12]);
    octets[12] = 0x80;
    octets.extend(b"250 ok\r\n");
    let frame = ethernet(0x0800, &ipv4(6, &octets));
    let segment = segment(&cut_packet(1, &frame[..56], frame.len()));
    assert_eq!((segment.payload.len(), segment.payload_wire_len), (0, 8));
}

#[test]
fn more_octets_than_the_wire_had_are_kept() {
    let frame = ethernet(0x0800, &ehlo());
    assert_eq!(segment(&cut_packet(1, &frame, 20)).payload, b"EHLO a_b\r\n");
}

#[test]
fn headers_that_lie_are_counted() {
    let with_offset = |offset: u8| {
        let mut octets = tcp(b"QUIT\r\n");
        octets[12] = offset << 4;
        ipv4(6, &octets)
    };
    assert_eq!(reason(&packet(101, &with_offset(4))), Undecoded::BadTcpHeader);
    assert_eq!(reason(&packet(101, &with_offset(7))), Undecoded::BadTcpHeader);
    assert_eq!(reason(&packet(101, &ipv4_with(0, 6, 0, 19, &tcp(b"")))), Undecoded::BadIpHeader);
    let mut short = ehlo();
    short[0] = 0x44;
    assert_eq!(reason(&packet(101, &short)), Undecoded::BadIpHeader);
    assert_eq!(reason(&packet(101, &ipv6(60, &[6, 200, 0, 0, 0, 0, 0, 0]))), Undecoded::BadIpHeader);
    let hop_by_hop_second = ipv6(60, &[0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0]);
    assert_eq!(reason(&packet(101, &hop_by_hop_second)), Undecoded::BadIpHeader);
}
