//! PDUs that Wireshark exported.

use proptest::prelude::*;

use super::{Decoded, Undecoded, cut_packet, decode, packet, reason, segment};

const LINK: u16 = 252;
const SMTP: (u16, &[u8]) = (12, b"smtp");
const TCP: (u16, &[u8]) = (24, &[0, 0, 0, 2]);
const SERVER: (u16, &[u8]) = (20, &[192, 0, 2, 25]);
const CLIENT: (u16, &[u8]) = (21, &[192, 0, 2, 10]);
const PORTS: [(u16, &[u8]); 2] = [(25, &[0, 0, 0x01, 0xd1]), (26, &[0, 0, 0x8b, 0x6c])];
const INFO: &[u8] = &[0, 1, 0, 0, 0, 27, 0, 0, 0, 53, 0, 0, 0, 25, 1, 0, 0x18, 0, 0];

fn exported(tags: &[(u16, &[u8])], payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (tag, value) in tags.iter().chain([&(0, &[][..])]) {
        octets.extend(tag.to_be_bytes());
        octets.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        octets.extend(*value);
    }
    [octets, payload.to_vec()].concat()
}

#[test]
fn a_pdu_of_layer_4_has_the_numbers_of_its_segment() {
    let tags = [(14, &b"tcp.port"[..]), SERVER, CLIENT, TCP, PORTS[0], PORTS[1], (34, INFO)];
    let data = exported(&tags, b"501 no\r\n");
    let segment = segment(&cut_packet(LINK, &data, data.len() + 5));
    assert_eq!(
        (segment.src.to_string(), segment.dst.to_string()),
        ("192.0.2.25:465".into(), "192.0.2.10:35692".into())
    );
    assert_eq!((segment.seq.0, segment.ack.map(|ack| ack.0), segment.flags.0), (27, Some(25), 0x18));
    assert_eq!((segment.payload, segment.payload_wire_len), (&b"501 no\r\n"[..], 13));
}

#[test]
fn a_decrypted_pdu_has_none_and_counts_only_as_smtp() {
    let v6 = [&[0x20, 0x01, 0x0d, 0xb8][..], &[0; 11], &[9]].concat();
    let tags = [SMTP, (22, &v6), (23, &v6), TCP, PORTS[0], PORTS[1]];
    let data = exported(&tags, b"220 x\r\n");
    let Decoded::Unnumbered(segment) = decode(&packet(LINK, &data)) else {
        panic!("{:?}", decode(&packet(LINK, &data)))
    };
    assert_eq!((segment.src.to_string().as_str(), segment.payload), ("[2001:db8::9]:465", &b"220 x\r\n"[..]));
    for (name, is_smtp) in [(&b"smtp\0\0\0\0"[..], true), (b"smtps\0\0\0", false), (b"http", false), (b"", false)] {
        let data = exported(&[(12, name), SERVER, CLIENT, TCP, PORTS[0], PORTS[1]], b"x");
        assert_eq!(matches!(decode(&packet(LINK, &data)), Decoded::Unnumbered(_)), is_smtp, "{name:?}");
    }
}

#[test]
fn what_is_no_tcp_or_has_no_ends_is_passed_over() {
    let udp = (24, &[0, 0, 0, 3][..]);
    let port = (25, &[0, 1, 0, 25][..]);
    for tags in [
        &[][..],
        &[SMTP, SERVER, CLIENT, udp, PORTS[0], PORTS[1]],
        &[SMTP, SERVER, CLIENT, PORTS[0], PORTS[1]],
        &[SMTP, SERVER, TCP, PORTS[0], PORTS[1]],
        &[SMTP, SERVER, CLIENT, TCP, port, PORTS[1]],
        &[SMTP, (20, &[1, 2][..]), CLIENT, TCP, PORTS[0], PORTS[1]],
        &[(14, b"tcp.port"), SERVER, CLIENT, TCP, PORTS[0], PORTS[1], (34, &INFO[..16])],
    ] {
        assert_eq!(decode(&packet(LINK, &exported(tags, b"220 x"))), Decoded::NotTcp, "{tags:?}");
    }
}

#[test]
fn tags_without_an_end_are_cut() {
    let data = exported(&[SMTP, SERVER, CLIENT, TCP, PORTS[0], PORTS[1]], b"");
    for length in 0..data.len() {
        assert_eq!(reason(&packet(LINK, &data[..length])), Undecoded::CutLinkHeader, "{length}");
    }
    assert_eq!(reason(&packet(LINK, &[0, 12, 0xff, 0xff, 1])), Undecoded::CutLinkHeader);
}

proptest! {
    #[test]
    fn any_octets_are_read(tags in prop::collection::vec((0_u16..40, prop::collection::vec(any::<u8>(), 0..24)), 0..9)) {
        let tags: Vec<_> = tags.iter().map(|(tag, value)| (*tag, &value[..])).collect();
        let data = exported(&tags, b"EHLO x");
        if let Decoded::Tcp(segment) | Decoded::Unnumbered(segment) = decode(&packet(LINK, &data)) {
            prop_assert!(segment.payload.len() <= data.len() && !segment.flags.syn());
        }
    }
}
