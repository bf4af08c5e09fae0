//! Cut, mutated and dribbling input.

use std::io::{self, Cursor, Read};

use super::{Order, Outcome, Owned, START, read, read_from, two_packets};
use crate::capture::LinkType;
use crate::capture::etl::tests::etl_of_two;
use crate::capture::netmon::tests::netmon_of_two;

pub(super) fn pcap(order: Order) -> Vec<u8> {
    let packets = two_packets(LinkType::ETHERNET);
    [
        order.pcap(0xa1b2_c3d4, (2, 4), 1),
        order.record([START + 1, 500_000, 5, 5], 0, &packets[0].data),
        order.record([START + 2, 1, 11, 1000], 0, &packets[1].data),
    ]
    .concat()
}

fn pcapng(order: Order) -> Vec<u8> {
    let packets = two_packets(LinkType::ETHERNET);
    let options = [order.option(1, b"comment"), order.option(4, &order.u64(3)), order.option(0, b"")].concat();
    [
        order.section(),
        order.interface(1, 0, &[order.option(9, &[6]), order.option(0, b"")].concat()),
        order.enhanced(0, 1_700_000_001_500_000, 5, &packets[0].data, &options),
        order.block(0x0bad_beef, b"anything"),
        order.enhanced(0, 1_700_000_002_000_001, 1000, &packets[1].data, b""),
        order.block(5, &[order.u32s(&[0, 0, 0]), order.option(5, &order.u64(2))].concat()),
    ]
    .concat()
}

pub(super) fn captures() -> [Vec<u8>; 4] {
    [pcap(Order::Little), pcap(Order::Big), pcapng(Order::Little), pcapng(Order::Big)]
}

/// The same two packets in the formats with a record layout of their own, as far as these can tell them.
pub(super) fn other_captures() -> [Vec<u8>; 9] {
    let big = Order::Big;
    let packets = two_packets(LinkType::ETHERNET);
    let snoop = [
        b"snoop\0\0\0".to_vec(),
        big.u32s(&[2, 4, 5, 5, 32, 0, START + 1, 500_000]),
        [&packets[0].data[..], &[0; 3]].concat(),
        big.u32s(&[1000, 11, 36, 0, START + 2, 1]),
        [&packets[1].data[..], &[0; 1]].concat(),
    ];
    let information = |nanos| [&b"\0\0\0\0en\0\0............\x06\0\0\0"[..], &big.u32s(&[START, nanos])].concat();
    let iptrace = [
        b"iptrace 2.0".to_vec(),
        [big.u32s(&[37, START]), information(1), packets[0].data.clone()].concat(),
        [big.u32s(&[43, START]), information(2), packets[1].data.clone()].concat(),
    ];
    let netmon = [(1, 1), (2, 0), (2, 1), (2, 2), (2, 3)].map(|(major, minor)| netmon_of_two(major, minor));
    let [one, two, three, four, five] = netmon;
    let [whole, compressed] = [None, Some(3)].map(etl_of_two);
    [one, two, three, four, five, whole, compressed, snoop.concat(), iptrace.concat()]
}

/// Octets up to which the file must reach for one and for two packets, and to be opened.
fn ends(octets: &[u8]) -> [usize; 3] {
    if octets.starts_with(b"\n") { [28, 128, 192] } else { [24, 45, 72] }
}

#[test]
fn cut_at_every_octet_delivers_the_packets_before_the_cut() {
    for whole in captures() {
        let [opened, one, two] = ends(&whole);
        for cut in 0..=whole.len() {
            let Outcome { packets, info, error } = read(&whole[..cut]);
            let expected = usize::from(cut >= one) + usize::from(cut >= two);
            assert_eq!(packets[..], two_packets(LinkType::ETHERNET)[..expected], "cut at {cut}");
            assert_eq!(info.frames, expected as u64);
            if cut < opened {
                let expected = if cut < 4 { "unknown-format" } else { "corrupt" };
                assert_eq!(error.unwrap().kind(), expected, "cut at {cut}");
                continue;
            }
            assert!(error.is_none(), "cut at {cut}: {error:?}");
            let notes = info.notes.iter().filter(|note| note.contains("the file ends inside")).count();
            assert_eq!(info.truncated, notes == 1, "cut at {cut}");
            if cut == one || cut == two || cut == whole.len() {
                assert!(!info.truncated, "a cut between records, at {cut}, does not show");
            } else if whole.starts_with(b"\n") {
                assert_eq!(info.truncated, ![28, 60, 148].contains(&cut), "cut at {cut}");
            } else {
                assert_eq!(info.truncated, cut != opened, "cut at {cut}");
            }
        }
    }
}

#[test]
fn the_note_names_record_and_octet() {
    let whole = pcap(Order::Little);
    let info = read(&whole[..50]).info;
    assert_eq!(info.notes, ["the file ends inside record 2 at byte 45: the last packet was cut off"]);
}

/// Gives one octet a read.
pub(super) struct Dribble(pub(super) Cursor<Vec<u8>>);

impl Read for Dribble {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = buf.len().min(1);
        self.0.read(&mut buf[..room])
    }
}

#[test]
fn one_octet_at_a_time_gives_the_same() {
    for whole in captures().into_iter().chain(other_captures()) {
        let expected = read(&whole).packets();
        assert_eq!(expected.len(), 2);
        assert_eq!(read_from(Dribble(Cursor::new(whole))).packets(), expected);
    }
}

#[test]
fn cut_record_formats_deliver_the_packets_before_the_cut() {
    let [.., snoop, iptrace] = other_captures();
    for (whole, magic, opened, one) in [(snoop, 8, 16, 48), (iptrace, 11, 11, 56)] {
        let all = read(&whole).packets();
        assert_eq!(all.len(), 2);
        for cut in 0..whole.len() {
            let Outcome { packets, info, error } = read(&whole[..cut]);
            let expected = usize::from(cut >= one);
            assert_eq!(packets[..], all[..expected], "cut at {cut}");
            if cut < opened {
                let expected = if cut < magic { "unknown-format" } else { "corrupt" };
                assert_eq!(error.unwrap().kind(), expected, "cut at {cut}");
                continue;
            }
            let at = if cut < one { opened } else { one };
            let note =
                format!("the file ends inside record {} at byte {at}: the last packet was cut off", expected + 1);
            let notes = if cut == at { vec![] } else { vec![note] };
            assert_eq!((info.notes, info.truncated), (notes, cut != at), "cut at {cut}");
            assert!(error.is_none(), "cut at {cut}");
        }
    }
}

#[test]
fn random_mutations_neither_panic_nor_hang() {
    let delivered = mutate(&captures());
    assert!(delivered > 10_000, "mutations hit too hard to test anything: {delivered}");
}

#[test]
fn random_mutations_of_the_other_formats_neither_panic_nor_hang() {
    let delivered = mutate(&other_captures());
    assert!(delivered > 10_000, "mutations hit too hard to test anything: {delivered}");
}

/// Reads 20,000 mutations of `captures`; gives how many packets they delivered in all.
fn mutate(captures: &[Vec<u8>]) -> usize {
    let mut state = 0x0005_eed5_eed5_eed5_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let extremes = [0, 1, 3, 0x7f, 0x80, 0xff];
    let mut delivered = 0;
    for round in 0..20_000 {
        let mut octets = captures[round % captures.len()].clone();
        for _ in 0..=random(6) {
            let at = random(octets.len());
            match random(4) {
                0 => octets[at] = extremes[random(extremes.len())],
                1 => octets[at] ^= 1 << random(8),
                2 => drop(octets.splice(at..at, vec![0xff; random(5)])),
                _ => drop(octets.drain(at..octets.len().min(at + random(5)))),
            }
            octets.push(0);
        }
        let Outcome { packets, info, .. } = read(&octets);
        assert!(packets.len() as u64 <= info.frames);
        assert!(packets.is_sorted_by(|Owned { frame: one, .. }, Owned { frame: two, .. }| one < two));
        assert!(info.notes.len() < 8, "{:?}", info.notes);
        delivered += packets.len();
    }
    delivered
}
