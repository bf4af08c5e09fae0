//! Fragmented datagrams.

use super::super::{Defragmenter, Fragment, Reassembled, decode_reassembled};
use super::build::{ipv4, ipv4_with, ipv6, tcp, udp};
use super::{Decoded, Undecoded, cut_packet, decode, packet};
use crate::limits::Limits;
use crate::time::{NANOS_PER_SEC, Timestamp};

const MORE: u16 = 0x2000;

/// Octets `from..to` of `whole` as an IPv4 fragment with protocol TCP.
fn v4_part(whole: &[u8], from: usize, to: usize) -> Vec<u8> {
    let offset = u16::try_from(from / 8).unwrap() | if to < whole.len() { MORE } else { 0 };
    ipv4_with(0, 6, offset, u16::try_from(20 + to - from).unwrap(), &whole[from..to])
}

fn fragment<'a>(frame: &'a [u8]) -> Fragment<'a> {
    match decode(&packet(101, frame)) {
        Decoded::Fragment(fragment) => fragment,
        other => panic!("{other:?}"),
    }
}

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_secs_nanos(seconds, 0)
}

fn defragmenter() -> Defragmenter {
    Defragmenter::new(&Limits::default())
}

fn payload(whole: &Reassembled) -> (Vec<u8>, u32, bool) {
    match decode_reassembled(whole) {
        Decoded::Tcp(segment) => (segment.payload.to_vec(), segment.payload_wire_len, segment.tunnelled),
        other => panic!("{other:?}"),
    }
}

#[test]
fn parts_make_a_segment_in_any_order() {
    let whole = tcp(b"MAIL FROM:<someone@example.org>\r\n");
    let parts = [(0, 24), (24, 32), (32, 53)].map(|(from, to)| v4_part(&whole, from, to));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut defragmenter = defragmenter();
        let last = order.map(|index| defragmenter.push(&fragment(&parts[index]), seconds(1)));
        let [None, None, Some(datagram)] = last else { panic!("{order:?}") };
        assert_eq!(payload(&datagram), (b"MAIL FROM:<someone@example.org>\r\n".to_vec(), 33, false));
        assert_eq!(defragmenter.finish().completed, 1);
    }
}

#[test]
fn ipv6_parts_with_a_header_behind() {
    let whole = [&[6, 0, 1, 4, 0, 0, 0, 0], &tcp(b"QUIT\r\n")[..]].concat();
    let first = ipv6(44, &[&[60, 0, 0, 1, 0, 0, 0, 9], &whole[..16]].concat());
    let last = ipv6(44, &[&[60, 0, 0, 16, 0, 0, 0, 9], &whole[16..]].concat());
    let mut defragmenter = defragmenter();
    assert_eq!(defragmenter.push(&fragment(&first), seconds(1)), None);
    let datagram = defragmenter.push(&fragment(&last), seconds(1)).unwrap();
    assert_eq!((datagram.key.id, datagram.key.protocol), (9, 60));
    assert_eq!(payload(&datagram), (b"QUIT\r\n".to_vec(), 6, false));
}

#[test]
fn a_tunnel_in_parts() {
    let gre = [&[0, 0, 8, 0][..], &ipv4(6, &tcp(b"RSET\r\n"))].concat();
    let parts = [(0, MORE, 32), (32, 4, gre.len())]
        .map(|(from, offset, to)| ipv4_with(0, 47, offset, u16::try_from(20 + to - from).unwrap(), &gre[from..to]));
    let mut defragmenter = defragmenter();
    assert_eq!(defragmenter.push(&fragment(&parts[0]), seconds(1)), None);
    let datagram = defragmenter.push(&fragment(&parts[1]), seconds(1)).unwrap();
    assert_eq!(payload(&datagram), (b"RSET\r\n".to_vec(), 6, true));
}

#[test]
fn twice_fragmented_has_a_reason() {
    let inner = v4_part(&tcp(b"NOOP\r\n"), 0, 16);
    let whole = Reassembled {
        key: fragment(&ipv4_with(0, 4, MORE, 28, &[0; 8])).key,
        payload_wire_len: 36,
        payload: inner,
        tunnelled: false,
    };
    assert_eq!(decode_reassembled(&whole), Decoded::Undecoded(Undecoded::IpFragment));
}

#[test]
fn the_captured_octets_of_cut_parts_are_kept() {
    let whole = tcp(&[b'x'; 100]);
    let (first, last) = (v4_part(&whole, 0, 80), v4_part(&whole, 80, 120));
    let Decoded::Fragment(cut) = decode(&cut_packet(101, &first[..60], first.len())) else { panic!() };
    let mut defragmenter = defragmenter();
    assert_eq!(defragmenter.push(&cut, seconds(1)), None);
    let datagram = defragmenter.push(&fragment(&last), seconds(1)).unwrap();
    assert_eq!(payload(&datagram), (vec![b'x'; 20], 100, false));
}

#[test]
fn repeated_parts_are_ignored() {
    let whole = tcp(b"QUIT\r\n");
    let (first, last) = (v4_part(&whole, 0, 16), v4_part(&whole, 16, 26));
    let mut defragmenter = defragmenter();
    for _ in 0..2 {
        assert_eq!(defragmenter.push(&fragment(&first), seconds(1)), None);
    }
    assert!(defragmenter.push(&fragment(&last), seconds(1)).is_some());
    assert_eq!(defragmenter.push(&fragment(&last), seconds(1)), None);
    // Much later the number is used again.
    assert_eq!(defragmenter.push(&fragment(&last), seconds(5)), None);
    assert!(defragmenter.push(&fragment(&first), seconds(5)).is_some());
    let counts = defragmenter.finish();
    assert_eq!((counts.completed, counts.contradictory, counts.incomplete), (2, 0, 0));
}

#[test]
fn parts_that_overlap_and_agree_are_put_together() {
    let whole = tcp(b"EHLO sub2.\r\nQUIT\r\n");
    for cuts in [&[(0, 24), (16, 38)][..], &[(16, 38), (0, 24)], &[(0, 16), (24, 38), (8, 32)]] {
        let mut defragmenter = defragmenter();
        let datagrams: Vec<_> = cuts
            .iter()
            .filter_map(|(from, to)| defragmenter.push(&fragment(&v4_part(&whole, *from, *to)), seconds(1)))
            .collect();
        assert_eq!(datagrams.iter().map(payload).collect::<Vec<_>>(), [(whole[20..].to_vec(), 18, false)], "{cuts:?}");
        assert_eq!(defragmenter.finish().contradictory, 0);
    }
}

#[test]
fn contradictions_drop_the_datagram() {
    let whole = tcp(&[0; 60]);
    let first = v4_part(&whole, 0, 40);
    let different = v4_part(&[1; 80], 0, 40);
    let overlapping = v4_part(&[1; 80], 32, 56);
    let odd = ipv4_with(0, 6, MORE | 8, 33, &[0; 13]);
    let past_the_end = ipv4_with(0, 6, 0x1fff, 36, &[0; 16]);
    let two_ends = [v4_part(&whole, 40, 80), v4_part(&whole[..72], 40, 72)];
    let behind_the_end = [v4_part(&whole[..48], 40, 48), v4_part(&whole, 48, 56)];
    for parts in [
        [first.clone(), different],
        [first.clone(), overlapping],
        [first.clone(), odd],
        [first.clone(), past_the_end],
        two_ends,
        behind_the_end,
    ] {
        let mut defragmenter = defragmenter();
        for part in parts.iter().chain([&first, &v4_part(&whole, 40, 80)]) {
            assert_eq!(defragmenter.push(&fragment(part), seconds(1)), None);
        }
        let counts = defragmenter.finish();
        assert_eq!((counts.completed, counts.contradictory, counts.incomplete), (0, 1, 0), "{parts:02x?}");
    }
}

#[test]
fn parts_wait_thirty_seconds() {
    let whole = tcp(b"QUIT\r\n");
    let (first, last) = (v4_part(&whole, 0, 16), v4_part(&whole, 16, 26));
    for (later, completes) in [(30, true), (31, false), (-100, true)] {
        let mut defragmenter = defragmenter();
        assert_eq!(defragmenter.push(&fragment(&first), seconds(1000)), None);
        assert_eq!(defragmenter.push(&fragment(&last), seconds(1000 + later)).is_some(), completes, "{later}");
        assert_eq!(defragmenter.finish().incomplete, if completes { 0 } else { 2 }, "{later}");
    }
}

#[test]
fn both_bounds_hold() {
    let limits = Limits { fragment_datagrams: 4, fragment_octets: 1000, ..Limits::default() };
    for (octets, evicted) in [(8, 6), (400, 8)] {
        let mut defragmenter = Defragmenter::new(&limits);
        for id in 0..10_u8 {
            let mut frame = ipv4_with(0, 6, MORE, 20 + octets, &vec![id; usize::from(octets)]);
            frame[5] = id;
            defragmenter.push(&fragment(&frame), Timestamp::from_nanos(NANOS_PER_SEC));
        }
        assert_eq!(defragmenter.counts().evicted, evicted, "{octets}");
        assert_eq!(defragmenter.finish().incomplete, 10 - evicted, "{octets}");
    }
}

#[test]
fn parts_of_what_cannot_matter_are_no_fragments() {
    assert_eq!(decode(&packet(101, &ipv4_with(0, 132, MORE, 28, &[0; 8]))), Decoded::NotTcp);
    assert!(matches!(decode(&packet(101, &ipv4_with(0, 17, MORE, 36, &udp(4789, &[0; 8])))), Decoded::Fragment(_)));
}
