use crate::capture::LinkType;
use crate::capture::tests::{Order, read, two_packets};

const BOTH: [Order; 2] = [Order::Little, Order::Big];

/// What a packet comes to: time in nanoseconds, link, octets on the wire, data.
type Row<'a> = (i64, u16, u32, &'a [u8]);

fn assert_rows(octets: &[u8], expected: &[Row<'_>]) {
    let packets = read(octets).packets();
    let got: Vec<Row<'_>> = packets.iter().map(|p| (p.nanos, p.link.0, p.wire_len, p.data.as_slice())).collect();
    assert_eq!(got, expected);
    assert!(packets.iter().zip(1..).all(|(packet, number)| packet.frame == number));
}

#[test]
fn sections_have_their_own_byte_order_and_interfaces() {
    for order in BOTH {
        let other = if order == Order::Big { Order::Little } else { Order::Big };
        let octets = [
            order.section(),
            order.interface(1, 0, b""),
            order.interface(113, 0, &order.option(9, &[9])),
            order.enhanced(0, 1_000_000, 3, b"one", b""),
            order.enhanced(1, 5, 3, b"two", b""),
            other.section(),
            other.interface(101, 0, &[other.option(9, &[0x80]), other.option(14, &other.u64(3))].concat()),
            other.enhanced(0, 4, 9, b"three", b""),
            other.enhanced(1, 4, 4, b"four", b""),
        ];
        let outcome = read(&octets.concat());
        assert_eq!(outcome.info.link_types.iter().map(|link| link.0).collect::<Vec<_>>(), [1, 101, 113]);
        assert_eq!(outcome.info.notes.len(), 1, "interface 1 is of the first section only");
        assert!(outcome.info.notes[0].contains("uses interface 1, which the file does not describe"));
        let expected: [Row<'_>; 3] =
            [(1_000_000_000, 1, 3, b"one"), (5, 113, 3, b"two"), (7_000_000_000, 101, 9, b"three")];
        assert_rows(&octets.concat(), &expected);
    }
}

#[test]
fn negative_time_offsets_are_in_the_sections_byte_order() {
    for order in BOTH {
        let offset = order.option(14, &order.u64((-5_i64).cast_unsigned()));
        let end_and_garbage = [order.option(0, b""), order.option(9, &[3])].concat();
        let octets = [
            order.section(),
            order.interface(1, 0, &[offset, end_and_garbage].concat()),
            order.enhanced(0, 7_000_001, 1, b"x", b""),
        ];
        assert_rows(&octets.concat(), &[(2_000_001_000, 1, 1, b"x")]);
    }
}

#[test]
fn simple_and_obsolete_blocks() {
    for order in BOTH {
        let obsolete = |id, drops, data: &[u8]| {
            let fields = [order.u16(id), order.u16(drops), order.u32s(&[0, 9_000_000, 5, 8])].concat();
            order.block(2, &[fields, data.to_vec()].concat())
        };
        let simple = |wire_len: u32, data: &[u8]| order.block(3, &[order.u32(wire_len), data.to_vec()].concat());
        let octets = [
            order.section(),
            order.interface(1, 6, b""),
            order.interface(9, 0, b""),
            simple(4, b"1st!"),
            obsolete(1, 7, b"EHLO "),
            simple(5, b"short"),
            simple(900, b"snappe"),
            obsolete(0, 0xffff, b"again"),
        ];
        let expected: [Row<'_>; 5] = [
            (0, 1, 4, b"1st!"),
            (9_000_000_000, 9, 8, b"EHLO "),
            (9_000_000_000, 1, 5, b"short"),
            (9_000_000_000, 1, 900, b"snappe"),
            (9_000_000_000, 1, 8, b"again"),
        ];
        assert_rows(&octets.concat(), &expected);
        let info = read(&octets.concat()).info;
        assert_eq!((info.frames, info.dropped), (5, 7));
        assert_eq!(info.first_time.unwrap().as_nanos(), 9_000_000_000);
        assert_eq!(
            info.notes,
            [
                "3 packets have no capture time: each gets the time of the packet before it",
                "the program that took the capture dropped 7 packets",
            ]
        );
    }
}

#[test]
fn drops_come_from_packets_or_the_newest_statistics() {
    for order in BOTH {
        let statistics = |id, if_drop: u64, os_drop: u64| {
            let options = [order.option(5, &order.u64(if_drop)), order.option(7, &order.u64(os_drop))].concat();
            order.block(5, &[order.u32s(&[id, 0, 0]), options].concat())
        };
        let start = [order.section(), order.interface(1, 0, b""), order.interface(1, 0, b"")].concat();
        let options = [order.option(1, b"hello"), order.option(4, &order.u64(30))].concat();
        let packet = order.enhanced(0, 0, 1, b"x", &options);
        let first = [start.clone(), packet.clone(), statistics(0, 1, 2), statistics(0, 10, 5)].concat();
        assert_eq!(read(&first).info.dropped, 30);
        let both = [first, statistics(1, 20, 0), start, statistics(0, 1, 1), statistics(9, 99, 99)].concat();
        assert_eq!(read(&both).info.dropped, 37);
    }
}

#[test]
fn check_sequences_by_interface_and_by_packet() {
    for order in BOTH {
        let flags = |octets: u32| order.option(2, &order.u32(octets << 5 | 1));
        let octets = [
            order.section(),
            order.interface(1, 0, &order.option(13, &[32])),
            order.enhanced(0, 0, 9, b"EHLO aFCS", b""),
            order.enhanced(0, 0, 9, b"EHLO aFCS", &flags(2)),
            order.enhanced(0, 0, 9, b"EHLO aFCS", &flags(0)),
        ];
        let expected: [Row<'_>; 3] = [(0, 1, 5, b"EHLO "), (0, 1, 7, b"EHLO aF"), (0, 1, 5, b"EHLO ")];
        assert_rows(&octets.concat(), &expected);
    }
}

#[test]
fn damaged_packet_blocks_are_passed_over() {
    for order in BOTH {
        let good = two_packets(LinkType::ETHERNET);
        let start = [order.section(), order.interface(1, 0, b"")].concat();
        let mut past = order.enhanced(0, 0, 4, b"past", b"");
        past[20..24].copy_from_slice(&order.u32(100));
        let octets = [
            start.clone(),
            order.enhanced(0, 1_700_000_001_500_000, 5, &good[0].data, b""),
            past,
            order.enhanced(3, 0, 4, b"none", b""),
            order.block(6, b"short"),
            order.block(3, b""),
            order.enhanced(0, 1_700_000_002_000_001, 1000, &good[1].data, b""),
        ];
        let outcome = read(&octets.concat());
        let at = start.len() + octets[1].len();
        let note = format!(
            "skipped 4 damaged packet blocks: the first one, at byte {at}, claims 100 captured bytes, more than it can hold"
        );
        assert_eq!(outcome.info.notes, [note]);
        assert_eq!(outcome.packets(), good);
    }
}

#[test]
fn other_blocks_of_any_size_are_passed_over() {
    let order = Order::Little;
    let octets = [
        order.section(),
        order.block(0x0bad_beef, &vec![0xaa; 17 << 20]),
        order.interface(1, 0, b""),
        order.block(4, b"names"),
        order.enhanced(0, 1_000_000, 3, b"one", b""),
    ];
    assert_rows(&octets.concat(), &[(1_000_000_000, 1, 3, b"one")]);
}

#[test]
fn blocks_wireshark_shows_take_a_frame_number() {
    for order in BOTH {
        let shown = [0x0bad, 0x4000_0bad, 9, 0x204, 0x216, 0x221].map(|kind| order.block(kind, b"content!"));
        let packet = order.enhanced(0, 1_000_000, 3, b"one", b"");
        let octets = [order.section(), order.interface(1, 0, b""), shown.concat(), packet];
        let outcome = read(&octets.concat());
        assert_eq!(outcome.info.frames, 7);
        assert_eq!(outcome.info.notes, ["6 blocks without a packet have a frame number, as in Wireshark"]);
        assert_eq!(outcome.packets()[0].frame, 7);
    }
}

#[test]
fn a_length_that_is_no_multiple_of_4_is_the_next_one() {
    let order = Order::Little;
    let mut packet = order.enhanced(0, 1_000_000, 3, b"one", b"");
    let last = packet.len() - 4;
    let odd = order.u32(u32::try_from(packet.len() - 1).unwrap());
    packet[4..8].copy_from_slice(&odd);
    packet[last..].copy_from_slice(&odd);
    let octets = [order.section(), order.interface(1, 0, b""), packet, order.enhanced(0, 2_000_000, 3, b"two", b"")];
    assert_rows(&octets.concat(), &[(1_000_000_000, 1, 3, b"one"), (2_000_000_000, 1, 3, b"two")]);
}

#[test]
fn a_block_whose_length_cannot_be_right_ends_the_reading() {
    for order in BOTH {
        let start = [order.section(), order.interface(1, 0, b""), order.enhanced(0, 0, 3, b"one", b"")].concat();
        let with = |at: usize, value: u32| {
            let mut block = order.enhanced(0, 0, 3, b"two", b"");
            block[at..at + 4].copy_from_slice(&order.u32(value));
            block
        };
        let mut unknown = order.block(0x0bad_beef, b"xyz.");
        unknown[12..16].copy_from_slice(&order.u32(20));
        let mut no_mark = order.section();
        no_mark[8] ^= 0xff;
        let mut version_2 = order.section();
        version_2[12..14].copy_from_slice(&order.u16(2));
        let cases = [
            (with(4, 8), "a block claims 8 bytes, fewer than its own header has"),
            (vec![0; 40], "a block claims 0 bytes"),
            (with(32, 40), "a block says 36 bytes at its beginning and 40 at its end"),
            (unknown, "a block says 16 bytes at its beginning and 20 at its end"),
            (with(4, 0x7fff_fff0), "a block claims 2147483632 bytes, more than the 16777216 one can have"),
            (no_mark, "a section header has no valid byte order mark"),
            (version_2, "pcapng version 2 is not known"),
        ];
        for (block, what) in cases {
            let outcome = read(&[start.clone(), block, order.enhanced(0, 0, 5, b"three", b"")].concat());
            assert_eq!(outcome.packets.len(), 1, "{what}");
            let error = outcome.error.unwrap();
            assert_eq!((error.kind(), error.offset()), ("corrupt", Some(start.len() as u64)), "{what}");
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}

#[test]
fn a_packet_larger_than_the_first_buffer_is_taken() {
    let order = Order::Big;
    let data = vec![7; 262_144];
    let comment = order.option(1, &[b'c'; 60_000]).repeat(8);
    let octets = [
        order.section(),
        order.interface(1, 0, b""),
        order.enhanced(0, 1_000_000, 262_144, &data, &comment),
        order.enhanced(0, 2_000_000, 3, b"two", b""),
    ];
    assert_rows(&octets.concat(), &[(1_000_000_000, 1, 262_144, &data), (2_000_000_000, 1, 3, b"two")]);
}
