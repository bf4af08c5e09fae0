//! Bounds exceeded by a capture: what they cut off is counted in the report.

mod captures;
mod connections;
mod dialogue;
mod fields;
mod load;
mod lookups;

use std::io::Cursor;

use ehlotrace::limits::Limits;
use ehlotrace::report::{Format, ReportOptions, Show, reporter};
use ehlotrace::scan::CaptureSource;
use ehlotrace::scan::{ScanOptions, scan};
use serde_json::Value;

use crate::support::CaptureBuilder;

/// The JSON report on a capture, within `limits`.
fn report_within(capture: &CaptureBuilder, limits: Limits) -> Value {
    report_on(capture.finish_pcap(), limits)
}

/// The same on its octets.
fn report_on(octets: Vec<u8>, limits: Limits) -> Value {
    let mut out = Vec::new();
    let mut options = ReportOptions::new(Show::All);
    options.limits = limits.clone();
    let mut reporter = reporter(Format::Json, &options, Box::new(&mut out));
    reporter.capture_begin(0, &CaptureSource::new("a.pcap", None)).unwrap();
    let mut scanning = ScanOptions::default();
    scanning.limits = limits;
    scanning.tcp_stream = true;
    let found = scan(Box::new(Cursor::new(octets)), &scanning, &mut |session, diagnosis| {
        reporter.session(0, &session, &diagnosis).unwrap();
    })
    .unwrap();
    reporter.capture_end(0, &found).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    serde_json::from_slice(&out).unwrap()
}

/// How many frames the report says were not decoded for the reason with this code.
fn undecoded(report: &Value, code: &str) -> u64 {
    let counts = report["captures"][0]["undecoded"].as_array();
    let count = counts.and_then(|counts| counts.iter().find(|count| count["code"] == code));
    count.map_or(0, |count| count["count"].as_u64().unwrap())
}
