use crate::capture::LinkType;
use crate::capture::tests::{Order, Owned, START, read, two_packets};

/// A file of the two packets; `ticks` in a second, `extra` octets in each record header, lengths swapped or not.
fn file(order: Order, header: Vec<u8>, ticks: u32, extra: usize, swapped: bool) -> Vec<u8> {
    let lengths = |captured, original| if swapped { [original, captured] } else { [captured, original] };
    let record = |secs, fraction, [third, fourth]: [u32; 2], data: &[u8]| {
        order.record([secs, fraction, third, fourth], extra, data)
    };
    let one = record(START + 1, ticks / 2, lengths(5, 5), b"EHLO ");
    let two = record(START + 2, ticks / 1_000_000, lengths(11, 1000), b"a_b.example");
    [header, one, two].concat()
}

#[test]
fn every_variant_gives_the_same_packets() {
    const MICRO: u32 = 1_000_000;
    const NANO: u32 = 1_000_000_000;
    let ethernet = LinkType::ETHERNET;
    for order in [Order::Little, Order::Big] {
        let pcap = |magic, version, network| order.pcap(magic, version, network);
        let ixia = |magic| [pcap(magic, (2, 4), 1), vec![0; 4]].concat();
        let cases = [
            (pcap(0xa1b2_c3d4, (2, 4), 1), MICRO, 0, false, ethernet, ""),
            (pcap(0xa1b2_c3d4, (2, 4), 113), MICRO, 0, false, LinkType::LINUX_SLL, ""),
            (pcap(0xa1b2_3c4d, (2, 4), 1), NANO, 0, false, ethernet, ""),
            (pcap(0xa1b2_cd34, (2, 4), 1), MICRO, 8, false, ethernet, "modified by Kuznetsov (ss991029)"),
            (pcap(0xa1b2_cd34, (2, 4), 1), MICRO, 12, false, ethernet, "of SuSE 6.3 (ss990915)"),
            (pcap(0xa1b2_c3d4, (2, 4), 1), MICRO, 8, false, ethernet, "of Red Hat 6.1 (ss990417)"),
            (pcap(0xa1b2_c3d4, (2, 4), 1), MICRO, 4, false, ethernet, "of Nokia IPSO"),
            (ixia(0x1c00_01ac), NANO, 0, false, ethernet, "of IXIA, hardware time"),
            (ixia(0x1c00_01ab), MICRO, 0, false, ethernet, "of IXIA, software time"),
            (pcap(0xa1b2_c3d4, (2, 2), 6), NANO, 0, true, ethernet, "of AIX"),
            (pcap(0xa1b2_c3d4, (2, 2), 24), NANO, 0, true, LinkType::NULL, "of AIX"),
            (pcap(0xa1b2_c3d4, (2, 2), 1), MICRO, 0, true, ethernet, ""),
            (pcap(0xa1b2_c3d4, (2, 3), 1), MICRO, 0, true, ethernet, ""),
            (pcap(0xa1b2_c3d4, (2, 3), 1), MICRO, 0, false, ethernet, ""),
            (pcap(0xa1b2_c3d4, (543, 0), 1), MICRO, 0, true, ethernet, ""),
        ];
        for (header, ticks, extra, swapped, link, variant) in cases {
            let outcome = read(&file(order, header, ticks, extra, swapped));
            let note = if variant.is_empty() { vec![] } else { vec![format!("a pcap variant {variant}")] };
            assert_eq!(outcome.info.notes, note, "{order:?}");
            assert_eq!(outcome.info.link_types.iter().collect::<Vec<_>>(), [&link]);
            assert_eq!(outcome.packets(), two_packets(link), "{order:?} {variant}");
        }
    }
}

#[test]
fn check_sequences_are_taken_off_and_reserved_bits_ignored() {
    let order = Order::Little;
    let header = order.pcap(0xa1b2_c3d4, (2, 4), 0x2400_0001);
    let whole = order.record([1, 0, 9, 9], 0, b"EHLO xFCS");
    let touched = order.record([1, 0, 7, 9], 0, b"EHLO xF");
    let cut = order.record([1, 0, 3, 9], 0, b"EHL");
    let tiny = order.record([1, 0, 2, 2], 0, b"FC");
    let packets = read(&[header, whole, touched, cut, tiny].concat()).packets();
    let got: Vec<(&[u8], u32)> = packets.iter().map(|p| (p.data.as_slice(), p.wire_len)).collect();
    assert_eq!(got, [(&b"EHLO "[..], 5), (b"EHLO ", 5), (b"EHL", 5), (b"", 0)]);
    assert_eq!(packets[0].link, LinkType::ETHERNET);

    let without_flag = order.pcap(0xa1b2_c3d4, (2, 4), 0x2000_0071);
    let packets = read(&[without_flag, order.record([1, 0, 2, 2], 0, b"ok")].concat()).packets();
    assert_eq!((packets[0].data.as_slice(), packets[0].link), (&b"ok"[..], LinkType::LINUX_SLL));
}

#[test]
fn more_captured_than_original_and_a_lying_snapshot_length_are_taken() {
    let order = Order::Big;
    let mut header = order.pcap(0xa1b2_c3d4, (2, 4), 1);
    header[16..20].copy_from_slice(&order.u32(3)); // the snapshot length
    let records = [order.record([1, 0, 8, 6], 0, b"longdata"), order.record([2, 0, 4, 4], 0, b"next")];
    let packets = read(&[header, records.concat()].concat()).packets();
    assert_eq!((packets[0].data.as_slice(), packets[0].wire_len), (&b"longdata"[..], 6));
    assert_eq!(packets[1].data, b"next");
}

#[test]
fn times_reach_2106_and_fractions_carry() {
    let order = Order::Little;
    let header = order.pcap(0xa1b2_c3d4, (2, 4), 1);
    let records = [order.record([u32::MAX, 999_999, 0, 0], 0, b""), order.record([1, 3_000_000, 0, 0], 0, b"")];
    let outcome = read(&[header, order.record([5, 0, 0, 0], 0, b"").repeat(3), records.concat()].concat());
    assert_eq!(outcome.info.last_time.unwrap().as_nanos(), 4_294_967_295_999_999_000);
    assert_eq!(outcome.info.first_time.unwrap().as_nanos(), 4_000_000_000);
}

#[test]
fn an_implausible_length_ends_the_reading_where_it_stands() {
    let order = Order::Little;
    let whole = file(order, order.pcap(0xa1b2_c3d4, (2, 4), 1), 1_000_000, 0, false);
    let damaged = [whole.clone(), order.record([1, 0, 262_145, 262_145], 0, &[0; 100])].concat();
    let outcome = read(&damaged);
    assert_eq!(outcome.packets, two_packets(LinkType::ETHERNET));
    let error = outcome.error.unwrap();
    assert_eq!((error.kind(), error.offset()), ("corrupt", Some(whole.len() as u64)));
    assert!(error.to_string().contains("record 3 claims 262145 captured bytes, more than the 262144"), "{error}");
}

#[test]
fn a_packet_of_the_greatest_length_is_taken() {
    let order = Order::Little;
    let data: Vec<u8> = (0..262_144_u32).map(|n| n.to_le_bytes()[1]).collect();
    let header = order.pcap(0xa1b2_c3d4, (2, 4), 1);
    let small = order.record([1, 0, 1, 1], 0, b"x").repeat(3);
    let packets = read(&[header, small, order.record([1, 0, 262_144, 262_144], 0, &data)].concat()).packets();
    assert_eq!(packets.len(), 4);
    assert_eq!(packets[3].data, data);
}

#[test]
fn version_1_and_a_cut_header_are_refused() {
    let order = Order::Big;
    let error = read(&order.pcap(0xa1b2_c3d4, (1, 9), 1)).error.unwrap();
    assert_eq!((error.kind(), error.offset()), ("corrupt", Some(4)));
    let error = read(&order.pcap(0x1c00_01ac, (2, 4), 1)).error.unwrap();
    assert!(error.to_string().contains("the file ends inside its pcap header, after 24 bytes"), "{error}");
    let empty = read(&order.pcap(0xa1b2_c3d4, (2, 4), 1));
    assert!(!empty.info.truncated);
    assert_eq!(empty.packets(), Vec::<Owned>::new());
}
