//! Whole traces, small ones that are built here.

use std::io::{Cursor, Write as _};

use super::once::WINDOW_NS;
use crate::capture::tests::{Outcome, read, read_all, read_with, two_packets};
use crate::capture::{LinkType, OpenOptions, open_file};
use crate::limits::Limits;

#[path = "../../../tests/support/etl.rs"]
#[allow(dead_code, clippy::cast_possible_truncation)]
pub(in crate::capture) mod writer;
use writer::{Event, NDIS, PktmonFrame, Trace, keyword};

/// 2023-11-14 22:13:20 UTC.
const START_NS: i64 = 1_700_000_000_000_000_000;

/// A frame of Ethernet with an IPv4 packet of its own number.
fn frame(number: u16) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0, 0, 40]);
    frame.extend(number.to_be_bytes());
    frame.extend([0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    frame.extend([0x4e, 0x20, 0, 25]);
    frame.resize(54, 7);
    frame
}

fn at(millis: i64) -> i64 {
    START_NS + millis * 1_000_000
}

/// The numbers of the packets that were read, by their IP headers in Ethernet frames.
fn numbers(outcome: &Outcome) -> Vec<u16> {
    outcome.packets.iter().map(|p| u16::from_be_bytes([p.data[18], p.data[19]])).collect()
}

/// Packets 0, 1, 2 ... a millisecond apart, one after the other on each of the processors, five in a buffer.
fn in_turns(packets: u16, processors: usize) -> Trace {
    let mut trace = Trace::new(START_NS, processors);
    trace.buffer_octets = 1024;
    for number in 0..packets {
        trace.ndis(usize::from(number) % processors, at(i64::from(number)), false, 8, &frame(number));
    }
    trace
}

/// Two packets that most synthetic captures hold, as PktMon has them.
pub(in crate::capture) fn etl_of_two(compression: Option<u16>) -> Vec<u8> {
    let mut trace = Trace::new(START_NS, 2);
    (trace.compression, trace.buffer_octets) = (compression, 1024);
    for (processor, packet) in two_packets(LinkType::ETHERNET).into_iter().enumerate() {
        let mut octets = packet.data.clone();
        octets.resize(usize::try_from(packet.wire_len).unwrap(), 0);
        let frame = PktmonFrame { most_octets: packet.data.len(), ..pktmon(&octets) };
        trace.pktmon(1 - processor, packet.nanos, &frame);
    }
    trace.finish(true)
}

/// A whole frame, numbered anew at each place.
fn pktmon(octets: &[u8]) -> PktmonFrame<'_> {
    PktmonFrame {
        group: 1,
        appearance: 0,
        sent: false,
        kind: 1,
        component: 11,
        edge: 1,
        drop_reason: 0,
        most_octets: usize::MAX,
        octets,
    }
}

#[test]
fn every_clock_gives_the_times() {
    for (clock, frequency, tolerance) in [(1, 10_000_000, 100), (1, 3_579_545, 300), (2, 0, 100), (3, 10_000_000, 1)] {
        let mut trace = Trace::new(START_NS, 1);
        (trace.clock, trace.frequency) = (clock, frequency);
        trace.ndis(0, at(-2), false, 8, &frame(1)).ndis(0, at(86_400_000), false, 8, &frame(2));
        let packets = read(&trace.finish(false)).packets();
        for (packet, expected) in packets.iter().zip([at(-2), at(86_400_000)]) {
            assert!((packet.nanos - expected).abs() <= tolerance, "clock {clock}: {} {expected}", packet.nanos);
        }
        assert_eq!((packets.len(), packets[1].frame), (2, 2));
    }
}

#[test]
fn a_clock_that_nobody_knows_leaves_the_order() {
    let mut trace = in_turns(20, 3);
    trace.clock = 0;
    let mut octets = trace.finish(true);
    // The writer counts cycles for it; the frequency of the processor is not needed.
    octets[72 + 32 + 52..][..4].fill(0);
    let outcome = read(&octets);
    assert_eq!(numbers(&outcome), (0..20).collect::<Vec<_>>());
    assert!(outcome.packets.iter().all(|packet| packet.nanos == START_NS));
    assert!(outcome.info.notes[0].contains("the times of its packets are not known"), "{:?}", outcome.info.notes);
}

#[test]
fn the_buffers_of_all_processors_are_merged_wherever_they_lie() {
    for (processors, is_circular, is_sorted) in [(1, false, false), (1, true, false), (4, false, true), (7, true, true)]
    {
        let mut trace = in_turns(100, processors);
        trace.is_circular = is_circular;
        let outcome = read(&trace.finish(is_sorted));
        assert_eq!(numbers(&outcome), (0..100).collect::<Vec<_>>(), "{processors} {is_circular} {is_sorted}");
        assert_eq!(outcome.info.notes.len(), usize::from(is_circular), "{:?}", outcome.info.notes);
    }
}

#[test]
fn without_room_for_all_processors_every_packet_is_read_all_the_same() {
    let octets = in_turns(100, 8).finish(true);
    let limits = Limits { etl_open_octets: 3_000, ..Limits::default() };
    let outcome = read_with(Cursor::new(octets), &OpenOptions { limits, ..OpenOptions::default() });
    let mut found = numbers(&outcome);
    found.sort_unstable();
    assert_eq!(found, (0..100).collect::<Vec<_>>());
    assert_eq!(outcome.info.notes, ["too many processors at once: packets of some come later than they were recorded"]);
}

#[test]
fn of_too_many_buffers_the_first_are_read() {
    let octets = in_turns(100, 1).finish(false);
    let limits = Limits { etl_buffers: 4, ..Limits::default() };
    let outcome = read_with(Cursor::new(octets), &OpenOptions { limits, ..OpenOptions::default() });
    let error = outcome.error.as_ref().map(crate::capture::ReadError::kind);
    // The first buffer has no packets.
    assert_eq!((numbers(&outcome), error), ((0..15).collect(), Some("too-large")));
}

#[test]
fn a_file_and_a_stream_give_the_same() {
    for compression in [None, Some(3)] {
        let mut trace = in_turns(100, 4);
        trace.compression = compression;
        let octets = trace.finish(true);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&octets).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut reader = open_file(file, u64::MAX, &OpenOptions::default()).unwrap();
        let (of_file, of_stream) = (read_all(reader.as_mut()), read(&octets));
        assert_eq!(of_file.packets, of_stream.packets);
        assert_eq!(numbers(&of_file), (0..100).collect::<Vec<_>>());
        assert_eq!(format!("{:?}", of_file.info), format!("{:?}", of_stream.info));
    }
}

/// An event of NDIS-PacketCapture with one part of a frame.
fn part(trace: &mut Trace, processor: usize, millis: i64, bits: u64, octets: &[u8]) {
    trace.ndis_event(processor, at(millis), keyword::CAPTURED | keyword::ETHERNET | bits, 8, octets);
}

/// The head of an event of another kind: its first octets, zeros up to so many.
fn other(head: &[u8], octets: usize) -> Vec<u8> {
    let mut event = head.to_vec();
    event.resize(octets, 0);
    event
}

#[test]
fn events_of_every_other_kind_are_passed_over() {
    let mut trace = Trace::new(START_NS, 1);
    for event in [
        other(&[2, 0, 2, 0xc0, 45, 0], 45),    // of the system
        other(&[2, 0, 4, 0xc0, 31, 0], 31),    // the same, short
        other(&[2, 0, 0x11, 0xc0, 21, 0], 21), // of the profiler
        other(&[53, 0, 0x14, 0xc0], 53),       // classic
        other(&[81, 0, 0x15, 0xc0], 81),       // with an instance
        other(&[80, 0, 0x0d, 0xc0], 80),       // an error
        other(&[33, 0, 0x0a, 0x90], 33),       // a message of WPP, its number like a kind
        other(&[81, 0, 0x12, 0xc0, 1], 81),    // extended data that does not fit
    ] {
        trace.raw(0, event);
    }
    trace.ndis(0, at(1), false, 8, &frame(1));
    let outcome = read(&trace.finish(false));
    assert_eq!((numbers(&outcome), outcome.info.notes), (vec![1], vec![]));
}

#[test]
fn extended_data_stands_before_the_packet() {
    let mut trace = Trace::new(START_NS, 1);
    trace.ndis(0, at(1), false, 8, &frame(1));
    let mut octets = trace.finish(false);
    let header_octets = octets.len() - 4096;
    let event = header_octets + 72;
    // Two items, of 24 and 16 octets; the first says that another follows.
    let items = [&[24, 0, 1, 0, 1, 0, 16, 0][..], &[7; 16], &[16, 0, 5, 0, 0, 0, 8, 0], &[9; 8]].concat();
    octets.splice(event + 80..event + 80, items.clone());
    octets.truncate(header_octets + 4096);
    octets[event + 4] |= 1;
    for at in [event, header_octets + 4, header_octets + 0x30] {
        let octets_there = u16::from_le_bytes([octets[at], octets[at + 1]]) + 40;
        octets[at..at + 2].copy_from_slice(&octets_there.to_le_bytes());
    }
    assert_eq!(numbers(&read(&octets)), [1]);
    // An item of no length would never end.
    octets[event + 80] = 0;
    assert!(read(&octets).packets.is_empty());
}

#[test]
fn fragments_are_put_together_by_processor() {
    let mut trace = Trace::new(START_NS, 2);
    let [one, two] = [frame(1), frame(2)];
    part(&mut trace, 0, 1, keyword::FIRST, &one[..14]);
    part(&mut trace, 1, 2, keyword::FIRST, &two[..20]);
    part(&mut trace, 0, 3, 0, &one[14..30]);
    part(&mut trace, 1, 4, keyword::LAST, &two[20..]);
    part(&mut trace, 0, 5, keyword::LAST, &one[30..]);
    let outcome = read(&trace.finish(false));
    assert_eq!(outcome.packets.iter().map(|p| &p.data).collect::<Vec<_>>(), [&two, &one]);
    assert_eq!(outcome.packets[1].nanos, at(5));
}

#[test]
fn parts_without_a_whole_are_counted() {
    let mut trace = Trace::new(START_NS, 1);
    part(&mut trace, 0, 1, keyword::LAST, b"no beginning");
    part(&mut trace, 0, 2, keyword::FIRST, b"no end, then another beginning");
    part(&mut trace, 0, 3, keyword::FIRST, b"no end");
    let outcome = read(&trace.finish(false));
    let note =
        "packets that are several events each: 1 part without a beginning and 2 packets without an end were not read";
    assert!(
        outcome.packets.is_empty() && outcome.info.notes.iter().any(|have| have == note),
        "{:?}",
        outcome.info.notes
    );
}

#[test]
fn media_have_their_link_types() {
    let ip = &frame(1)[14..];
    let wireless = [&[0x08, 0x41][..], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], ip].concat();
    let encrypted = [&[0x08, 0x41][..], &[0; 22], &[9; 40]].concat();
    let mut trace = Trace::new(START_NS, 1);
    let whole = keyword::CAPTURED | keyword::FIRST | keyword::LAST | keyword::RECEIVED;
    trace.ndis_event(0, at(1), whole | keyword::BROADBAND, 8, ip);
    trace.ndis_event(0, at(200), whole | keyword::WIRELESS, 8, &wireless);
    trace.ndis_event(0, at(400), whole | keyword::WIRELESS, 8, &encrypted);
    let packets = read(&trace.finish(false)).packets();
    let links: Vec<_> = packets.iter().map(|packet| packet.link).collect();
    assert_eq!(links, [LinkType::RAW, LinkType::IEEE802_11, LinkType::IEEE802_11]);
    // Windows decrypted the one, and nobody the other.
    assert_eq!([packets[1].data[1], packets[2].data[1]], [0x01, 0x41]);
}

#[test]
fn a_cut_packet_has_the_length_of_its_header() {
    let mut trace = Trace::new(START_NS, 1);
    let bits = keyword::CAPTURED | keyword::ETHERNET | keyword::FIRST | keyword::LAST | keyword::CUT;
    trace.ndis_event(0, at(1), bits, 8, &frame(1)[..40]);
    let outcome = read(&trace.finish(false));
    assert_eq!((outcome.packets[0].data.len(), outcome.packets[0].wire_len), (40, 54));
    let note = "captured with at most 40 bytes of some packets: 1 packet is cut; record without packetTruncateBytes";
    assert_eq!(outcome.info.notes, [note]);
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// The data of a switch event around these destinations.
fn switch(destinations: &[u8], frame: &[u8]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes().to_vec();
    let names = ["port-4", "vm1", "Synthetic"].map(utf16).concat();
    let head = [14, 14, 4].map(number).concat();
    [head, names, destinations.to_vec(), number(frame.len()), frame.to_vec(), number(5), vec![0; 5]].concat()
}

#[test]
fn packets_of_a_switch_are_read_in_every_layout_of_destinations() {
    let flat = [&[2, 0, 0, 0][..], &[0; 16]].concat();
    let named = |names: usize| [&[1, 0, 0, 0, 9, 0, 0, 0][..], &utf16("uplink").repeat(names)].concat();
    for destinations in [vec![0; 4], flat, named(1), named(2), named(3)] {
        let keyword = keyword::CAPTURED | keyword::ETHERNET | keyword::SWITCH | keyword::FIRST | keyword::LAST;
        let event = Event { provider: NDIS, id: 1003, keyword, thread: 1 };
        let mut trace = Trace::new(START_NS, 1);
        trace.event(0, at(1), event, &switch(&destinations, &frame(3)));
        assert_eq!(read(&trace.finish(false)).packets()[0].data, frame(3), "{destinations:?}");
    }
    // A number of destinations that no event has room for.
    let mut trace = Trace::new(START_NS, 1);
    let event = Event { provider: NDIS, id: 1003, keyword: keyword::FIRST | keyword::LAST, thread: 1 };
    trace.event(0, at(1), event, &switch(&[0xff; 4], &frame(3)));
    let outcome = read(&trace.finish(false));
    assert!(outcome.packets.is_empty());
    assert!(outcome.info.notes.iter().any(|note| note == "skipped 1 packet event whose packet does not fit inside"));
}

#[test]
fn a_packet_at_several_layers_is_one_and_what_is_sent_again_another() {
    let mut trace = Trace::new(START_NS, 1);
    let micros = |micros: i64| START_NS + micros * 1_000;
    for (time, layer) in [(0, 8), (3, 20), (6, 21)] {
        trace.ndis(0, micros(time), true, layer, &frame(1));
    }
    // Sent again 20 ms later, before the time has passed in which it may still appear; and then received.
    for (time, layer) in [(20_000, 8), (20_003, 20), (20_006, 21)] {
        trace.ndis(0, micros(time), true, layer, &frame(1));
    }
    trace.ndis(0, micros(20_009), false, 8, &frame(1));
    // The same once more at one layer, much later.
    trace.ndis(0, micros(20_009) + WINDOW_NS, true, 22, &frame(1));
    let outcome = read(&trace.finish(false));
    let times: Vec<i64> = outcome.packets.iter().map(|packet| (packet.nanos - START_NS) / 1_000).collect();
    assert_eq!(times, [0, 20_000, 20_009, 120_009]);
    assert!(outcome.info.notes[0].starts_with("8 packet events are 4 packets: "), "{:?}", outcome.info.notes);
}

#[test]
fn a_packet_that_had_to_be_forgotten_counts_again() {
    let mut trace = Trace::new(START_NS, 1);
    for layer in [8, 20] {
        for number in 0..4 {
            trace.ndis(0, at(i64::from(layer) + i64::from(number)), true, layer, &frame(number));
        }
    }
    let octets = trace.finish(false);
    for (etl_packets, expected) in [(5, vec![0, 1, 2, 3]), (2, vec![0, 1, 2, 3, 0, 1, 2, 3])] {
        let limits = Limits { etl_packets, ..Limits::default() };
        let outcome = read_with(Cursor::new(octets.clone()), &OpenOptions { limits, ..OpenOptions::default() });
        assert_eq!(numbers(&outcome), expected, "{etl_packets}");
    }
}

#[test]
fn pktmon_says_what_belongs_together_or_does_not() {
    let octets = frame(1);
    let of = |group, appearance, component| PktmonFrame { group, appearance, component, ..pktmon(&octets) };
    let mut trace = Trace::new(START_NS, 1);
    // Numbered: the same number is the same packet, another one another, though all octets are the same.
    for (millis, frame) in [(0, of(1, 1, 11)), (1, of(1, 2, 12)), (2, of(2, 1, 13))] {
        trace.pktmon(0, at(millis), &frame);
    }
    // Not numbered.
    for (millis, frame) in [(300, of(7, 0, 11)), (301, of(8, 0, 12)), (302, of(9, 0, 11))] {
        trace.pktmon(0, at(millis), &frame);
    }
    let outcome = read(&trace.finish(false));
    let times: Vec<i64> = outcome.packets.iter().map(|packet| (packet.nanos - START_NS) / 1_000_000).collect();
    assert_eq!(times, [0, 2, 300, 302]);
}

#[test]
fn pktmon_marks_and_drops() {
    let octets = frame(1);
    let mut trace = Trace::new(START_NS, 1);
    // Ethernet that is marked as Wi-Fi; then a drop, and what Windows found in a packet.
    trace.pktmon(0, at(0), &PktmonFrame { kind: 2, most_octets: 40, ..pktmon(&octets) });
    trace.pktmon(0, at(1), &PktmonFrame { kind: 3, drop_reason: 0xcc, octets: &octets[14..], ..pktmon(&octets) });
    trace.pktmon(0, at(2), &PktmonFrame { kind: 5, component: 12, ..pktmon(&octets) });
    let outcome = read(&trace.finish(false));
    let packet = &outcome.packets[0];
    assert_eq!((outcome.packets.len(), packet.link, packet.wire_len), (1, LinkType::ETHERNET, 54));
    let notes = [
        "captured with 40 bytes a packet; use --pkt-size 0: 1 packet is cut",
        "PktMon recorded that Windows dropped 1 packet, 1 of them for reason 204",
        "1 packet event holds no whole packet",
    ];
    assert_eq!(outcome.info.notes.len(), notes.len());
    for (have, note) in outcome.info.notes.iter().zip(notes) {
        assert!(have.starts_with(note), "{have}");
    }
}

#[test]
fn what_the_trace_admits_is_told() {
    let mut trace = in_turns(5, 1);
    (trace.lost, trace.is_closed) = ((12, 1), false);
    let notes = read(&trace.finish(false)).info.notes;
    let lost =
        "Windows lost 12 events and 1 buffer while it recorded: packets may be missing; record with larger buffers";
    let open = "the trace was not stopped when this file was made: its last packets may be missing";
    assert_eq!(notes, [lost, open]);
}

#[test]
fn a_trace_without_packets_says_how_they_are_recorded() {
    let mut trace = Trace::new(START_NS, 1);
    for id in [1, 2, 3] {
        let event = Event { provider: [id; 16], id: 1001, keyword: 0, thread: 1 };
        trace.event(0, at(i64::from(id)), event, &[0; 30]);
    }
    let notes = read(&trace.finish(false)).info.notes;
    let [note] = &notes[..] else { panic!("{notes:?}") };
    let what = "the trace holds no packets, only other events (1 of {01010101-0101-0101-0101-010101010101}, ";
    assert!(note.starts_with(what) && note.contains("`netsh trace start capture=yes"), "{note}");
}

#[test]
fn an_unknown_compression_is_named() {
    for (number, name) in [(4, "XPRESS with Huffman codes"), (9, "format 9")] {
        let mut trace = in_turns(5, 1);
        trace.compression = Some(number);
        let error = read(&trace.finish(false)).error.unwrap();
        assert!(
            error.is_foreign_capture() && error.to_string().contains(&format!("compressed with {name}, ")),
            "{error}"
        );
    }
}

#[test]
fn cut_at_every_octet_gives_the_packets_whose_events_are_whole() {
    let octets = in_turns(20, 1).finish(false);
    let whole = read(&octets).packets();
    for cut in 1024..octets.len() {
        let outcome = read(&octets[..cut]);
        // Five events of 162 octets, from each multiple of 168 on, in a buffer of 1024 behind its header of 72.
        let expected = (0..20).filter(|n| (1 + n / 5) * 1024 + 72 + n % 5 * 168 + 162 <= cut).count();
        assert_eq!((outcome.error.is_none(), outcome.packets.len()), (true, expected), "cut at {cut}");
        assert_eq!(outcome.packets[..], whole[..expected], "cut at {cut}");
        assert_eq!(outcome.info.truncated, cut % 1024 != 0, "cut at {cut}");
    }
}

#[test]
fn a_buffer_of_a_wrong_size_is_passed_over_where_the_next_one_is_found() {
    let octets = in_turns(20, 1).finish(false);
    for (size, expected) in [(0_u32, 20), (71, 20), (u32::MAX, 20), (1_000, 20)] {
        let mut damaged = octets.clone();
        damaged[2048..2052].copy_from_slice(&size.to_le_bytes());
        let outcome = read(&damaged);
        assert_eq!((outcome.error.is_none(), outcome.packets.len()), (true, expected), "{size}");
        let note =
            format!("the buffer at byte 2048 says that it has {size} bytes: it was read as one of the usual size");
        assert_eq!(outcome.info.notes, [note]);
    }
    // Of compressed ones nobody knows where the next one is.
    let mut trace = in_turns(20, 1);
    trace.compression = Some(3);
    let mut octets = trace.finish(false);
    let second = 1024 + usize::try_from(u32::from_le_bytes(octets[1024..1028].try_into().unwrap())).unwrap();
    octets[second..second + 4].fill(0xff);
    let outcome = read(&octets);
    assert_eq!(numbers(&outcome), [0, 1, 2, 3, 4]);
    let error = outcome.error.unwrap().to_string();
    let what = format!("damaged at byte {second}: a buffer of 4294967295 bytes, which cannot be; ");
    assert!(error.starts_with(&what), "{error}");
}

#[test]
fn what_was_set_aside_and_never_written_is_the_end() {
    let outcome = read(&[in_turns(20, 1).finish(false), vec![0; 5_000]].concat());
    assert_eq!((outcome.error.is_none(), outcome.packets.len(), outcome.info.notes.len()), (true, 20, 0));
}

#[test]
fn a_compressed_buffer_that_contradicts_itself_is_left_out() {
    let mut trace = in_turns(20, 1);
    trace.compression = Some(3);
    let mut octets = trace.finish(false);
    // The first flags say that a match comes, from before the first octet.
    octets[1024 + 72..1024 + 76].fill(0xff);
    let outcome = read(&octets);
    assert_eq!(numbers(&outcome), (5..20).collect::<Vec<_>>());
    let note = "1 buffer is damaged: of the first one, at byte 1024, its compressed data contradicts itself; what is whole was read";
    assert_eq!(outcome.info.notes, [note]);
}

#[test]
fn buffers_that_unpack_to_far_more_than_the_file_end_the_reading() {
    let mut trace = Trace::new(START_NS, 1);
    (trace.compression, trace.buffer_octets) = (Some(3), 1 << 20);
    for _ in 0..12 {
        trace.raw(0, vec![0; 1 << 19]);
        trace.flush(0);
    }
    let limits = Limits { expansion: 10, expansion_free_octets: 1 << 20, ..Limits::default() };
    let outcome = read_with(Cursor::new(trace.finish(false)), &OpenOptions { limits, ..OpenOptions::default() });
    let error = outcome.error.unwrap().to_string();
    assert!(error.contains("unpack to more bytes than any trace of this size has"), "{error}");
}

#[test]
fn a_header_that_is_none_is_not_taken_for_one() {
    let octets = in_turns(5, 1).finish(false);
    for (place, value) in [(0x36, 0), (0x18, 1), (0x34, 0x40), (72, 3), (74, 3), (75, 0x90), (78, 1), (72 + 32 + 44, 5)]
    {
        let mut other = octets.clone();
        other[place] = value;
        let error = read(&other).error.map(|error| error.kind());
        assert_eq!(error, Some("unknown-format"), "{place:#x}");
    }
}
