//! Bounds exceeded by a capture: what they cut off is counted in the report.

mod captures;
mod connections;
mod dialogue;
mod fields;
mod load;
mod lookups;

use std::io::Cursor;

use ehlotrace::limits::Limits;
use ehlotrace::report::{CaptureSource, Format, ReportOptions, Show, reporter};
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::smtp::DialogueOptions;
use serde_json::Value;

use crate::support::CaptureBuilder;

/// The JSON report on a capture, within `limits`.
fn report_within(capture: &CaptureBuilder, limits: Limits) -> Value {
    report_on(capture.finish_pcap(), limits)
}

/// The same on its octets.
fn report_on(octets: Vec<u8>, limits: Limits) -> Value {
    let mut out = Vec::new();
    let options = ReportOptions { show: Show::All, limits: limits.clone(), ..ReportOptions::default() };
    let mut reporter = reporter(Format::Json, &options, Box::new(&mut out));
    reporter.capture_begin(0, &CaptureSource { path: "a.pcap".to_owned(), member: None }).unwrap();
    let dialogue = DialogueOptions { limits, keep_credentials: false };
    let scanning = ScanOptions { dialogue, tcp_stream: true, ..ScanOptions::default() };
    let found = scan(Box::new(Cursor::new(octets)), &scanning, &mut |session, diagnosis| {
        reporter.session(0, &session, &diagnosis).unwrap();
    })
    .unwrap();
    reporter.capture_end(0, &found).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    serde_json::from_slice(&out).unwrap()
}
