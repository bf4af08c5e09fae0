//! Bounds on connections and on the octets held for them.

use ehlotrace::limits::Limits;
use serde_json::Value;

use super::{report_on, report_within, undecoded};
use crate::support::{AckPolicy, CaptureBuilder, FileOptions, write_pcap};

const SECOND_NS: i64 = 1_000_000_000;

/// How many sessions, and how many frames that came too late for theirs.
fn sessions_and_late(report: &Value) -> (usize, u64) {
    (report["sessions"].as_array().unwrap().len(), undecoded(report, "late-segment"))
}

#[test]
fn connections_past_the_bound_are_closed_as_evicted() {
    let mut capture = CaptureBuilder::new();
    for port in 1_000..1_008 {
        capture.session(&format!("192.0.2.10:{port}"), "192.0.2.25:25").handshake();
    }
    let report = report_within(&capture, Limits { live_flows: 3, ..Limits::default() });
    let sessions = report["sessions"].as_array().unwrap();
    let evicted = sessions.iter().filter(|session| session.to_string().contains("\"evicted\"")).count();
    assert_eq!((sessions.len(), evicted), (8, 5));
}

/// Three connections reset one after the other, and a frame of the first one 5 seconds later.
fn three_resets() -> CaptureBuilder {
    let mut capture = CaptureBuilder::new();
    for at in 0..3 {
        let mut script = capture.session(&format!("192.0.2.10:{}", 1_000 + at), "192.0.2.25:25");
        script.wait_s(at).handshake().server_rst();
        if at == 0 {
            script.wait_s(5).client_ack();
        }
    }
    capture
}

#[test]
fn frames_of_connections_that_linger_no_longer_are_counted() {
    assert_eq!(sessions_and_late(&report_within(&three_resets(), Limits::default())), (3, 0));
    let by_number = Limits { lingering_flows: 1, ..Limits::default() };
    assert_eq!(sessions_and_late(&report_within(&three_resets(), by_number)), (3, 1));
    let by_time = Limits { linger_ns: SECOND_NS, ..Limits::default() };
    assert_eq!(sessions_and_late(&report_within(&three_resets(), by_time)), (3, 1));
}

/// Nothing is lost where the key of a connection is forgotten: its late frame stands as a session of its own.
#[test]
fn frames_of_connections_that_are_forgotten_are_a_session() {
    let limits = Limits { lingering_flows: 0, tombstones: 1, ..Limits::default() };
    assert_eq!(sessions_and_late(&report_within(&three_resets(), limits)), (4, 0));
}

#[test]
fn silence_past_the_bound_ends_a_session_and_what_follows_is_counted() {
    let mut capture = CaptureBuilder::new();
    capture.session("192.0.2.10:1145", "192.0.2.25:25").handshake().wait_s(120).client_ack();
    assert_eq!(sessions_and_late(&report_within(&capture, Limits::default())), (1, 0));
    let report = report_within(&capture, Limits { idle_ns: 60 * SECOND_NS, ..Limits::default() });
    assert_eq!(sessions_and_late(&report), (1, 1));
    assert_eq!(report["sessions"][0]["close"]["how"], "idle");
}

#[test]
fn connections_past_the_bound_have_no_number_and_their_frames_are_counted() {
    let mut capture = CaptureBuilder::new();
    for port in 1_000..1_003 {
        capture.session(&format!("192.0.2.10:{port}"), "192.0.2.25:25").handshake();
    }
    let report = report_within(&capture, Limits { numbered_ends: 1, ..Limits::default() });
    let numbers: Vec<&Value> =
        report["sessions"].as_array().unwrap().iter().map(|session| &session["tcp_stream"]).collect();
    assert_eq!(numbers, [&Value::from(0), &Value::Null, &Value::Null]);
    assert_eq!(undecoded(&report, "tcp-stream-unnumbered"), 6);
}

/// The client writes 26 letters, one a frame, the first one captured last, or where the server has acknowledged all of
/// them if `acknowledges`; the octets the report says the capture lacks.
fn gap_octets(acknowledges: bool, limits: Limits) -> u64 {
    let mut capture = CaptureBuilder::new();
    let mut script = capture.session("192.0.2.10:1145", "192.0.2.25:25").ack_policy(AckPolicy::Explicit);
    script.handshake();
    for letter in b'a'..=b'z' {
        script.client(&[letter]);
    }
    if acknowledges {
        script.server_ack().server_ack().server_ack();
    }
    let mut frames = capture.frames();
    let first = frames.remove(3);
    frames.push(first);
    let report = report_on(write_pcap(&frames, &FileOptions::default()), limits);
    report["sessions"][0]["anomalies"]["gap_octets"].as_u64().unwrap()
}

#[test]
fn a_hole_given_up_to_stay_within_bounds_is_counted() {
    assert_eq!(gap_octets(false, Limits { reorder_segments: 100, ..Limits::default() }), 0);
    assert_eq!(gap_octets(false, Limits { reorder_segments: 100, held_octets: 20, ..Limits::default() }), 1);
    assert_eq!(gap_octets(false, Limits { reorder_segments: 100, held_segments: 20, ..Limits::default() }), 1);
    assert_eq!(gap_octets(false, Limits { reorder_segments: 100, held_octets_in_all: 20, ..Limits::default() }), 1);
    assert_eq!(gap_octets(false, Limits { reorder_segments: 100, reorder_ns: 0, ..Limits::default() }), 1);
    assert_eq!(gap_octets(true, Limits { reorder_segments: 100, ..Limits::default() }), 0);
    assert_eq!(gap_octets(true, Limits { reorder_segments: 2, ..Limits::default() }), 1);
}

#[test]
fn a_hello_argument_past_the_bound_is_marked_as_cut() {
    let mut capture = CaptureBuilder::new();
    let argument = "x_".repeat(40);
    let mut script = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    script.handshake().dialogue(&format!("S: 220 mx\nC: EHLO {argument}\nS: 501 no\nC: QUIT\nS: 221 bye"));
    let report = report_within(&capture, Limits { relay_argument_octets: 10, ..Limits::default() });
    let shown = report["relays"][0]["arguments"][0].to_string();
    assert!(shown.contains(&argument[..10]) && !shown.contains(&argument[..11]), "{shown}");
    assert!(shown.contains('…'), "{shown}");
}
