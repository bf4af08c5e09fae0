//! Bounds exceeded by a capture: what they cut off is counted in the report.

use std::io::Cursor;

use ehlotrace::limits::Limits;
use ehlotrace::report::{CaptureSource, Format, ReportOptions, Show, reporter};
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::smtp::DialogueOptions;
use serde_json::Value;

use crate::support::CaptureBuilder;

/// The JSON report on a capture, within `limits`.
fn report(capture: &CaptureBuilder, limits: Limits) -> Value {
    let mut out = Vec::new();
    let options = ReportOptions { show: Show::All, limits: limits.clone(), ..ReportOptions::default() };
    let mut reporter = reporter(Format::Json, &options, Box::new(&mut out));
    reporter.capture_begin(0, &CaptureSource { path: "a.pcap".to_owned(), member: None }).unwrap();
    let dialogue = DialogueOptions { limits, keep_credentials: false };
    let scanning = ScanOptions { dialogue, ..ScanOptions::default() };
    let found = scan(Box::new(Cursor::new(capture.finish_pcap())), &scanning, &mut |session, diagnosis| {
        reporter.session(0, &session, &diagnosis).unwrap();
    })
    .unwrap();
    reporter.capture_end(0, &found).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    serde_json::from_slice(&out).unwrap()
}

/// One session: the dialogue after the handshake, then a FIN of each.
fn session(dialogue: &str) -> CaptureBuilder {
    let mut capture = CaptureBuilder::new();
    capture.session("192.0.2.10:1145", "192.0.2.25:25").handshake().dialogue(dialogue).client_fin().server_fin();
    capture
}

#[test]
fn exchanges_and_hellos_past_the_bound_are_counted() {
    let dialogue = "S: 220 mx\n".to_owned() + &"C: EHLO a_b\nS: 501 no\n".repeat(5) + &"C: NOOP\nS: 250 ok\n".repeat(6);
    let report = report(&session(&dialogue), Limits { exchanges: 4, hellos: 3, ..Limits::default() });
    let session = &report["sessions"][0];
    assert_eq!(session["hellos"].as_array().unwrap().len(), 3);
    assert_eq!(session["hellos_omitted"], 2);
    // The greeting, the hellos kept, and no more.
    assert_eq!(session["exchanges"].as_array().unwrap().len(), 4);
    assert_eq!(session["exchanges_omitted"], 8);
}

#[test]
fn lines_of_a_reply_past_the_bound_are_counted() {
    let dialogue = "S: 220 mx\nC: EHLO a.example\n".to_owned() + &"S: 250-X\n".repeat(9) + "S: 250 END";
    let report = report(&session(&dialogue), Limits { reply_lines: 4, ..Limits::default() });
    let reply = &report["sessions"][0]["exchanges"][1]["reply"];
    assert_eq!(reply["lines"].as_array().unwrap().len(), 4);
    assert_eq!(reply["lines_omitted"], 6);
}

#[test]
fn a_line_past_the_bound_is_marked_as_incomplete() {
    let dialogue = format!("S: 220 mx\nC: EHLO {}\nS: 501 no", "x".repeat(200));
    let report = report(&session(&dialogue), Limits { line_octets: 50, ..Limits::default() });
    let command = &report["sessions"][0]["exchanges"][1]["command"];
    assert_eq!(command["complete"], false);
    assert_eq!(command["line"]["text"].as_str().unwrap().len(), 50);
}

#[test]
fn connections_past_the_bound_are_closed_as_evicted() {
    let mut capture = CaptureBuilder::new();
    for port in 1_000..1_008 {
        capture.session(&format!("192.0.2.10:{port}"), "192.0.2.25:25").handshake();
    }
    let report = report(&capture, Limits { live_flows: 3, ..Limits::default() });
    let sessions = report["sessions"].as_array().unwrap();
    let evicted = sessions.iter().filter(|session| session.to_string().contains("\"evicted\"")).count();
    assert_eq!((sessions.len(), evicted), (8, 5));
}
