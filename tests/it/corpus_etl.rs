//! Windows event traces made from one capture in many ways, and real ones, where they are at hand.

use std::fs::{self, File};
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;

use ehlotrace::capture::{self, CaptureInfo, LinkType, OpenOptions};
use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;

use crate::corpus;

/// A packet: frame, event, time in nanoseconds, octets on the wire, link type, octets.
type Packet = (u64, Option<u64>, i64, u32, LinkType, Vec<u8>);

fn packets(file: &Path) -> (Vec<Packet>, CaptureInfo, Option<String>) {
    let mut packets = Vec::new();
    let mut reader = capture::open_file(File::open(file).unwrap(), u64::MAX, &OpenOptions::default()).unwrap();
    let result = reader.for_each_packet(&mut |p| {
        let event = p.event.map(std::num::NonZeroU64::get);
        packets.push((p.frame, event, p.time.as_nanos(), p.wire_len, p.link, p.data.to_vec()));
        ControlFlow::Continue(())
    });
    let error = result.err().map(|error| error.to_string());
    (packets, reader.info().clone(), error)
}

/// What is told of the sessions, without what the link layer decides.
fn told(sessions: &[(Session, Diagnosis)]) -> Vec<String> {
    let one = |(session, diagnosis): &(Session, Diagnosis)| {
        let Session { number, client, server, first, last, close, captured, .. } = session;
        let micros = [first, last].map(|moment| (moment.time.as_nanos() + 500) / 1_000);
        let exchanges = &session.transcript.exchanges;
        let replies: Vec<_> =
            exchanges.iter().map(|exchange| exchange.reply.as_ref().map(|reply| reply.code)).collect();
        let (frames, cause) = ((first.frame, last.frame), diagnosis.cause.map(|rule| rule.code));
        format!(
            "{number} {client} {server} {frames:?} {micros:?} {captured:?} {:?} {cause:?} {replies:?} {:?} {:?}",
            diagnosis.outcome, close.by, close.how
        )
    };
    sessions.iter().map(one).collect()
}

fn sessions(octets: Vec<u8>) -> Vec<(Session, Diagnosis)> {
    let mut found = Vec::new();
    let input = Box::new(Cursor::new(octets));
    scan(input, &ScanOptions::on_ports([25, 587]), &mut |session, diagnosis| found.push((session, diagnosis))).unwrap();
    found.sort_by_key(|(session, _)| session.number);
    found
}

/// A pcap with at most so many octets of each packet, and the times that the traces can have: no two are the same.
fn cut(pcap: &[u8], most: usize) -> Vec<u8> {
    let mut cut = pcap[..24].to_vec();
    let mut at = 24;
    while at < pcap.len() {
        let captured = u32::from_le_bytes(pcap[at + 8..at + 12].try_into().unwrap()) as usize;
        let kept = captured.min(most);
        cut.extend(&pcap[at..at + 8]);
        cut.extend(u32::try_from(kept).unwrap().to_le_bytes());
        cut.extend(&pcap[at + 12..at + 16 + kept]);
        at += 16 + captured;
    }
    cut
}

/// Name, packet events, and octets that are kept of a packet where some are not.
const TRACES: [(&str, u64, usize); 22] = [
    ("ndis-single.etl", 436, usize::MAX),
    ("ndis-system-time.etl", 436, usize::MAX),
    ("ndis-cpu-cycle.etl", 436, usize::MAX),
    ("ndis-32bit.etl", 436, usize::MAX),
    ("ndis-4cpu.etl", 436, usize::MAX),
    ("ndis-4cpu-round-robin.etl", 436, usize::MAX),
    ("ndis-circular.etl", 436, usize::MAX),
    ("ndis-fragments.etl", 436, usize::MAX),
    ("ndis-fragments-2cpu.etl", 436, usize::MAX),
    ("ndis-truncated.etl", 436, 96),
    ("ndis-wifi.etl", 436, usize::MAX),
    ("ndis-wwan-raw-ip.etl", 436, usize::MAX),
    ("ndis-layers.etl", 1308, usize::MAX),
    ("ndis-vmswitch.etl", 1308, usize::MAX),
    ("ndis-mixed.etl", 436, usize::MAX),
    ("ndis-xpress.etl", 436, usize::MAX),
    ("ndis-lznt1.etl", 436, usize::MAX),
    ("pktmon-3-components.etl", 1308, usize::MAX),
    ("pktmon-uncompressed.etl", 1308, usize::MAX),
    ("pktmon-new-build-wifi.etl", 1330, usize::MAX),
    ("pktmon-ip.etl", 1308, usize::MAX),
    ("pktmon-128-bytes.etl", 1308, 128),
];

/// Octets of the link header of a frame.
fn link_octets(link: LinkType, frame: &[u8]) -> usize {
    match link {
        LinkType::RAW => 0,
        LinkType::IEEE802_11 if frame[0] & 0x80 != 0 => 34,
        LinkType::IEEE802_11 => 32,
        _ => 14,
    }
}

#[test]
fn every_trace_gives_the_packets_of_the_capture_it_was_made_of() {
    let Some(folder) = corpus::folder("etl") else { return };
    let base = folder.join("../formats/base.pcap");
    let (expected, ..) = packets(&base);
    for (name, events, most) in TRACES {
        let (found, info, error) = packets(&folder.join(name));
        assert_eq!((found.len(), info.frames, error, info.truncated), (436, 436, None, false), "{name}");
        let mut last_event = 0;
        for ((frame, event, nanos, wire_len, link, data), expected) in found.iter().zip(&expected) {
            let (_, _, expected_nanos, expected_wire_len, _, expected_data) = expected;
            assert_eq!(*frame, expected.0, "{name}");
            assert!((nanos - expected_nanos).abs() <= 1_000, "{name} frame {frame}: {nanos} {expected_nanos}");
            let event = event.unwrap();
            assert!((last_event + 1..=events).contains(&event), "{name} frame {frame}: event {event}");
            last_event = event;
            let (ours, theirs) = (link_octets(*link, data), 14);
            let whole = &expected_data[theirs..];
            let kept = whole.len().min(most - theirs);
            assert_eq!(data[ours..ours + kept], whole[..kept], "{name} frame {frame}");
            // What a packet was cut by is told by its IP header, which knows of no padding.
            let is_cut = kept < whole.len();
            let on_wire = usize::try_from(*wire_len).unwrap() - ours + theirs;
            assert_eq!(on_wire, usize::try_from(*expected_wire_len).unwrap(), "{name} frame {frame} {is_cut}");
        }
        let is_repeated = events > 436;
        assert_eq!(
            info.notes.iter().any(|note| note.contains("are 436 packets")),
            is_repeated,
            "{name}: {:?}",
            info.notes
        );
    }
}

#[test]
fn every_trace_gives_the_sessions_of_the_capture_it_was_made_of() {
    let Some(folder) = corpus::folder("etl") else { return };
    let base = fs::read(folder.join("../formats/base.pcap")).unwrap();
    let whole = told(&sessions(base.clone()));
    assert_eq!(whole.len(), 26);
    for (name, _, most) in TRACES {
        let expected = if most == usize::MAX { whole.clone() } else { told(&sessions(cut(&base, most))) };
        let found = told(&sessions(fs::read(folder.join(name)).unwrap()));
        let first_other = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!((first_other, found.len()), (None, expected.len()), "{name}");
    }
}

#[test]
fn damaged_traces_give_what_is_whole_and_a_word_about_the_rest() {
    let Some(folder) = corpus::folder("etl") else { return };
    for (name, expected, notes) in [
        ("no-packets.etl", 0, &["holds no packets, only other events (50 of Microsoft-Windows-TCPIP"][..]),
        ("damaged-cut-in-buffer.etl", 411, &["the file ends inside a buffer of 8192 bytes at byte 106496"]),
        ("damaged-buffer-size.etl", 436, &["the buffer at byte 16384 says that it has 4294967280 bytes"]),
        ("damaged-event-size-zero.etl", 395, &["1 buffer is damaged: of the first one, at byte 24576, an event"]),
        ("damaged-bomb-saved-offset.etl", 436, &["1 buffer is damaged: of the first one, at byte 1024, it unpacks"]),
        ("damaged-bomb-zeros.etl", 0, &["1 buffer is damaged", "holds no packets"]),
        ("damaged-fragment-sizes.etl", 0, &["skipped 1 packet event", "1 packet without an end"]),
    ] {
        let (found, info, error) = packets(&folder.join(name));
        assert_eq!((found.len(), error), (expected, None), "{name}");
        for note in notes {
            assert!(info.notes.iter().any(|have| have.contains(note)), "{name}: {:?}", info.notes);
        }
    }
}

#[test]
fn real_traces_give_each_packet_once() {
    let Some(folder) = corpus::folder("etl/real") else { return };
    for (name, events, expected, note) in [
        ("ndis-wifi-one-packet.etl", 1, 1, ""),
        ("pktmon-server2022-lab.etl", 114, 38, "114 packet events are 38 packets"),
        ("pktmon-win10-wifi-128.etl", 3646, 345, "captured with 128 bytes a packet; use --pkt-size 0"),
        ("pktmon-win11-26200-wifi-128.etl", 406, 38, "Windows dropped 28 packets"),
        ("pktmon-win11-26200-multicast.etl", 51, 51, ""),
        (
            "none-pktmon-counters-only.etl",
            0,
            0,
            "holds no packets, only other events (1096 of Microsoft-Windows-PktMon",
        ),
        ("none-compressed-merged.etl", 0, 0, "holds no packets"),
        ("none-kernel-logger.etl", 0, 0, "holds no packets"),
    ] {
        let (found, info, error) = packets(&folder.join(name));
        assert_eq!((found.len(), error), (expected, None), "{name}");
        let last = found.last().and_then(|(_, event, ..)| *event).unwrap_or_default();
        assert!(last <= events && last >= found.len() as u64, "{name}: event {last}");
        let is_told = info.notes.iter().any(|have| have.contains(note));
        assert!(if note.is_empty() { info.notes.is_empty() } else { is_told }, "{name}: {:?}", info.notes);
        assert!(found.is_sorted_by_key(|(_, _, nanos, ..)| *nanos), "{name}");
    }
}
