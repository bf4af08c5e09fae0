//! Bounds on the packets of a capture and on what is put by of a report.

use ehlotrace::limits::Limits;
use serde_json::{Value, json};

use super::{report_on, undecoded};
use crate::support::{CaptureBuilder, FileOptions, Frame, IpHeader, Link, LinkHeader, ip_datagram, link_frame};
use crate::support::{write_pcap, write_pcapng};
use crate::trace::{options, text};

/// A session with one frame longer than all others.
fn frames() -> Vec<Frame> {
    let mut capture = CaptureBuilder::new();
    let mut script = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    script.handshake().dialogue(&format!("S: 220 mx\nC: EHLO {}\nS: 501 no", "x".repeat(400)));
    capture.frames()
}

/// Frames read, and the kind and offset of the error.
fn end(octets: Vec<u8>, limits: Limits) -> (Value, Value, bool) {
    let report = report_on(octets, limits);
    let capture = &report["captures"][0];
    (capture["frames"].clone(), capture["error"]["kind"].clone(), capture["error"]["offset"].as_u64() > Some(0))
}

#[test]
fn a_packet_past_the_bound_ends_a_pcap_with_an_error_that_says_where() {
    let pcap = write_pcap(&frames(), &FileOptions::default());
    assert_eq!(end(pcap.clone(), Limits::default()).1, Value::Null);
    let limits = Limits { packet_octets: 300, ..Limits::default() };
    let (read, kind, has_offset) = end(pcap, limits.clone());
    assert_eq!((kind, has_offset), (json!("corrupt"), true));
    // In pcapng the block says where the next packet is: the large one is passed over, with a note.
    let report = report_on(write_pcapng(&frames(), &FileOptions::default()), limits);
    let capture = &report["captures"][0];
    assert_eq!(capture["error"], Value::Null);
    assert!(capture["frames"].as_u64() > read.as_u64(), "{capture}");
    assert!(capture["notes"].to_string().contains("packet"), "{capture}");
}

#[test]
fn a_block_past_the_bound_ends_a_pcapng_with_an_error_that_says_where() {
    let mut pcapng = write_pcapng(&frames(), &FileOptions::default());
    let (frames, kind, _) = end(pcapng.clone(), Limits::default());
    assert_eq!(kind, Value::Null);
    // A packet of 100 octets with options up to a megabyte, more than is read at once.
    let block_octets = 1_000_000_u32;
    for field in [6, block_octets, 0, 0, 0, 100, 100] {
        pcapng.extend(field.to_le_bytes());
    }
    pcapng.resize(pcapng.len() + block_octets as usize - 32, 0);
    pcapng.extend(block_octets.to_le_bytes());
    assert_eq!(end(pcapng.clone(), Limits::default()).1, Value::Null);
    let past_it = end(pcapng, Limits { block_octets: 500_000, ..Limits::default() });
    assert_eq!(past_it, (frames, json!("corrupt"), true));
}

/// The rest of a fragmented datagram comes 5 seconds after its beginning.
#[test]
fn fragments_that_waited_too_long_are_counted() {
    let ip = IpHeader {
        src: "192.0.2.10".parse().unwrap(),
        dst: "192.0.2.25".parse().unwrap(),
        protocol: 6,
        ttl: 64,
        id: 7,
    };
    let link = LinkHeader {
        link: Link::ETHERNET,
        src_mac: [2, 0, 0, 0, 0, 1],
        dst_mac: [2, 0, 0, 0, 0, 2],
        vlans: &[],
        pad_octet: None,
    };
    let segment = [&[4, 121, 0, 25, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 32, 0, 0, 0, 0, 0][..], &[b'x'; 12]].concat();
    let part = |payload: &[u8], fragment: u16| {
        let mut datagram = ip_datagram(&ip, payload);
        datagram[6..8].copy_from_slice(&fragment.to_be_bytes());
        link_frame(&link, &datagram)
    };
    let mut capture = CaptureBuilder::new();
    // More fragments to come; then the last one, 24 octets on.
    capture.raw_frame(0, part(&segment[..24], 0x2000)).raw_frame(5_000_000_000, part(&segment[24..], 3));
    let incomplete = |limits| undecoded(&report_on(capture.finish_pcap(), limits), "ip-fragment-incomplete");
    assert_eq!(incomplete(Limits::default()), 0);
    assert_eq!(incomplete(Limits { fragment_ns: 1_000_000_000, ..Limits::default() }), 2);
}

/// Nothing is lost: past the bound a trace goes through a temporary file.
#[test]
fn a_trace_past_the_bound_of_what_is_held_is_the_same() {
    let pcap = write_pcap(&frames(), &FileOptions::default());
    let mut spooled = options();
    spooled.scan.limits.trace_octets = 1;
    assert_eq!(text(&pcap, &spooled), text(&pcap, &options()));
}
