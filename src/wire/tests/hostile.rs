//! Any octets at all: no panic, and the fast path never skips what the decoder would find.

use proptest::prelude::*;

use super::super::decode::walked;
use super::super::{Defragmenter, Interest, Ports, decode_reassembled, may_matter, tcp_header};
use super::build::{encapsulations, ethernet, ipv4, ipv4_with, ipv6, tcp, udp};
use super::{Decoded, Undecoded, cut_packet, decode, packet};
use crate::capture::Packet;
use crate::limits::Limits;
use crate::time::Timestamp;

/// Whether skipping a packet that decodes like this loses nothing.
pub(super) fn may_be_skipped(decoded: &Decoded<'_>, ports: &Ports) -> bool {
    match decoded {
        Decoded::NotTcp | Decoded::Udp(_) => true,
        Decoded::Tcp(segment) => !segment.touches(ports),
        // The ports are at their place and are others, or the protocol is; what is wrong with the packet is not ours.
        Decoded::Undecoded(reason) => {
            matches!(reason, Undecoded::BadIpHeader | Undecoded::BadTcpHeader | Undecoded::CutTcpHeader)
        }
        Decoded::Fragment(_) | Decoded::Unreachable(_) | Decoded::Unnumbered(_) => false,
    }
}

fn check(packet: &Packet<'_>, ports: &Ports) -> Result<(), TestCaseError> {
    let decoded = decode(packet);
    prop_assert_eq!(decoded, walked(packet));
    prop_assert!(
        may_matter(packet, Interest::new(ports)) || may_be_skipped(&decoded, ports),
        "{decoded:?} of {:02x?}",
        packet.data
    );
    let dns = Interest { dns: true, ..Interest::new(ports) };
    prop_assert!(may_matter(packet, dns) || !matches!(decoded, Decoded::Udp(_)), "{:02x?}", packet.data);
    let header = tcp_header(packet);
    let interest = Interest { all_tcp: true, ..Interest::new(ports) };
    prop_assert!(may_matter(packet, interest) || header.is_none(), "{header:?} of {:02x?}", packet.data);
    if let Decoded::Tcp(segment) = decoded {
        // A header cut before the window makes a segment, but no header.
        if let Some(header) = header {
            prop_assert_eq!((header.src, header.dst), (segment.src, segment.dst));
            prop_assert_eq!((header.seq, header.flags), (segment.seq, segment.flags));
            prop_assert!(!header.is_quoted && header.is_whole);
        } else {
            prop_assert_eq!((segment.window, segment.payload), (0, &[][..]));
        }
        prop_assert!(segment.payload.len() <= packet.data.len());
        prop_assert!(segment.payload.len() <= usize::try_from(segment.payload_wire_len).unwrap());
    }
    Ok(())
}

/// Every encapsulation, and what else the decoder tells apart.
fn seeds() -> Vec<(u16, Vec<u8>)> {
    let error = |kind, quoted: &[u8]| [&[kind, 1, 0, 0, 0, 0, 0, 0], quoted].concat();
    let v4 = ipv4(6, &tcp(b"QUIT\r\n"));
    let v6 = ipv6(6, &tcp(b"QUIT\r\n"));
    let others = [
        ethernet(0x0800, &ipv4(1, &error(3, &v4))),
        ethernet(0x86dd, &ipv6(58, &error(1, &v6))),
        ethernet(0x8100, &[&[0, 7, 8, 0][..], &ipv4(1, &error(11, &v4))].concat()),
        ethernet(0x0800, &ipv4_with(0, 6, 0x2000, 46, &tcp(b"QUIT\r\n"))),
        ethernet(0x86dd, &ipv6(44, &[&[6, 0, 0, 1, 0, 0, 0, 9], &tcp(b"")[..16]].concat())),
        ethernet(0x0800, &ipv4(17, &udp(53, b"query"))),
        ethernet(0x0806, &[0; 46]),
    ];
    let encapsulated = encapsulations().into_iter().map(|(_, link, frame)| (link, frame));
    encapsulated.chain(others.map(|frame| (1, frame))).collect()
}

fn mutated() -> impl Strategy<Value = (u16, Vec<u8>, usize)> {
    let interesting = prop_oneof![
        any::<u8>(),
        Just(0),
        Just(6),
        Just(17),
        Just(25),
        Just(0x45),
        Just(0x60),
        Just(44),
        Just(0x81),
        Just(0x20),
        Just(8)
    ];
    let edits = proptest::collection::vec((0..90_usize, interesting), 0..4);
    (proptest::sample::select(seeds()), edits, 0..140_usize, 0..40_usize).prop_map(
        |((link, mut frame), edits, keep, missing)| {
            for (at, octet) in edits {
                if let Some(place) = frame.get_mut(at) {
                    *place = octet;
                }
            }
            frame.truncate(keep.max(8));
            let wire_len = frame.len() + missing;
            (link, frame, wire_len)
        },
    )
}

#[test]
fn the_fast_path_keeps_every_encapsulation() {
    let ours = Ports::new([25]);
    let others = Ports::new([587]);
    for (name, link, frame) in encapsulations() {
        assert!(may_matter(&packet(link, &frame), Interest::new(&ours)), "{name}");
    }
    for name in
        ["Ethernet", "Ethernet, IPv6", "IPv4 options", "802.1Q", "two tags", "cooked", "cooked 2", "raw", "IPv6"]
    {
        let all = encapsulations();
        let (_, link, frame) = all.iter().find(|(candidate, ..)| *candidate == name).unwrap();
        assert!(!may_matter(&packet(*link, frame), Interest::new(&others)), "{name}");
    }
}

#[test]
fn the_fast_path_skips_the_rest() {
    let ours = Ports::new([25]);
    for frame in [
        ethernet(0x0806, &[0; 46]),
        ethernet(0x88cc, &[0; 46]),
        ethernet(0x0800, &ipv4(17, &udp(53, b"query"))),
        ethernet(0x0800, &ipv4(1, &[8, 0, 0, 0])),
        ethernet(0x86dd, &ipv6(58, &[135, 0, 0, 0])),
        ethernet(0x86dd, &ipv6(132, &[0; 12])),
        ethernet(0x0800, &ipv4_with(0, 132, 0x2000, 28, &[0; 8])),
    ] {
        assert!(!may_matter(&packet(1, &frame), Interest::new(&ours)), "{frame:02x?}");
    }
}

#[test]
fn ports_are_a_set() {
    let ports: Ports = [25, 587, 65_535, 0].into_iter().collect();
    assert_eq!(ports.iter().collect::<Vec<_>>(), [0, 25, 587, 65_535]);
    assert!(ports.contains(65_535) && !ports.contains(26));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn mutated_frames((link, frame, wire_len) in mutated(), port in prop_oneof![Just(25_u16), Just(9)]) {
        check(&cut_packet(link, &frame, wire_len), &Ports::new([port]))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]
    #[test]
    fn arbitrary_octets(
        link in prop_oneof![proptest::sample::select(vec![0_u16, 1, 9, 12, 50, 101, 104, 108, 113, 228, 229, 276]), any::<u16>()],
        data in proptest::collection::vec(any::<u8>(), 0..200),
        wire_len in 0..300_usize,
    ) {
        check(&cut_packet(link, &data, wire_len), &Ports::new(0..=65_535))?;
    }

    #[test]
    fn arbitrary_fragments(
        parts in proptest::collection::vec((0..12_u16, 0..40_usize, any::<bool>(), 0..3_u8, 0..40_i64), 0..60),
        protocol in prop_oneof![Just(6_u8), Just(17), Just(47), Just(4)],
    ) {
        let limits = Limits { fragment_datagrams: 3, fragment_octets: 600, ..Limits::default() };
        let mut defragmenter = Defragmenter::new(&limits);
        for (offset, len, more, id, second) in parts {
            let flags = offset | if more { 0x2000 } else { 0 };
            let mut frame = ipv4_with(0, protocol, flags, u16::try_from(20 + len).unwrap(), &vec![0x45; len]);
            frame[5] = id;
            if let Decoded::Fragment(fragment) = decode(&packet(101, &frame))
                && let Some(whole) = defragmenter.push(&fragment, Timestamp::from_secs_nanos(second, 0))
            {
                prop_assert!(whole.payload.len() <= 11 * 8 + 40);
                let _ = decode_reassembled(&whole);
            }
        }
    }
}
