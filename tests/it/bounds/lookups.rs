//! Bounds on what is remembered of DNS.

use ehlotrace::limits::Limits;
use serde_json::Value;

use super::report_within;
use crate::support::CaptureBuilder;
use crate::support::dns::{A, ANSWER, MX, NXDOMAIN, QUESTION, exchange, frame, frame_of};

const SECOND_NS: i64 = 1_000_000_000;

/// What is asked and answered 100 seconds before a session begins.
fn capture(frames: Vec<Vec<u8>>) -> CaptureBuilder {
    let mut capture = CaptureBuilder::new();
    for (at, octets) in frames.into_iter().enumerate() {
        capture.raw_frame(-100 * SECOND_NS + i64::try_from(at).unwrap() * 1_000_000, octets);
    }
    let mut script = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    script.handshake().dialogue("S: 220 mx\nC: QUIT\nS: 221 bye").client_fin().server_fin();
    capture
}

fn found() -> CaptureBuilder {
    let address = [192, 0, 2, 25];
    capture(vec![frame(QUESTION, "mx.example.net", A, None), frame(ANSWER, "mx.example.net", A, Some(&address))])
}

#[test]
fn records_of_an_answer_past_the_bound_are_counted_in_it() {
    let exchanges: Vec<Vec<u8>> = (1..=5).map(|at| exchange(at, "mx.example.net")).collect();
    let answers: Vec<&[u8]> = exchanges.iter().map(Vec::as_slice).collect();
    let address: &[u8] = &[192, 0, 2, 25];
    let capture = capture(vec![
        frame(QUESTION, "example.net", MX, None),
        frame_of(ANSWER, "example.net", MX, &answers),
        frame(QUESTION, "mx.example.net", A, None),
        frame(ANSWER, "mx.example.net", A, Some(address)),
    ]);
    let report = report_within(&capture, Limits { lookup_records: 2, ..Limits::default() });
    let answer = &report["sessions"][0]["lookups"][0]["answer"];
    assert_eq!(answer, "1 mx.example.net, 2 mx.example.net, and 3 more");
}

/// Nothing is lost: a session is not said to come of an answer that old.
#[test]
fn an_answer_explains_a_connection_for_a_while() {
    let steps = |limits| report_within(&found(), limits)["sessions"][0]["lookups"].as_array().map_or(0, Vec::len);
    assert_eq!(steps(Limits::default()), 1);
    assert_eq!(steps(Limits { lookup_ns: 60 * SECOND_NS, ..Limits::default() }), 0);
}

/// A connection long after a failed lookup is not what came of it, so the failure is listed.
#[test]
fn a_failure_waits_for_a_connection_for_a_while() {
    let capture = capture(vec![frame(QUESTION, "example.net", MX, None), frame(NXDOMAIN, "example.net", MX, None)]);
    let failed = |limits| report_within(&capture, limits)["captures"][0]["failed_lookups"].clone();
    assert_eq!(failed(Limits::default()), Value::Null);
    let listed = failed(Limits { lookup_failure_ns: 60 * SECOND_NS, ..Limits::default() });
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_ne!(listed[0], Value::Null);
}
