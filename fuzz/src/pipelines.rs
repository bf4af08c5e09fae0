//! The whole way: any octets as a capture, to sessions, diagnoses and every form of report.

use std::io::Cursor;

use ehlotrace::capture::{self, CaptureInfo, FORMATS, OpenOptions};
use ehlotrace::container;
use ehlotrace::diagnosis::{Diagnosis, Outcome};
use ehlotrace::limits::Limits;
use ehlotrace::report::advice::remedy;
use ehlotrace::report::evidence::text;
use ehlotrace::report::netmon::{TraceLayout, View};
use ehlotrace::report::{Format, ReportOptions, Show, reporter};
use ehlotrace::scan::{CaptureReport, CaptureSource};
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;
use ehlotrace::trace::{TraceOptions, trace};
use ehlotrace::twice::Choice;

use super::sessions::sessions;

/// A capture, or else a script of sessions; once within the ordinary bounds and once within such that are met at once.
pub fn pipeline(octets: &[u8]) {
    let low = Limits {
        live_flows: 3,
        lingering_flows: 1,
        tombstones: 1,
        held_octets: 100,
        held_segments: 2,
        line_octets: 20,
        reply_lines: 2,
        undecided_octets: 30,
        pending_commands: 2,
        exchanges: 3,
        hellos: 2,
        relays: 1,
        relay_arguments: 1,
        relay_argument_octets: 10,
        table_rows: 1,
        page_sessions: 2,
        page_octets: 10_000,
        trace_sessions: 2,
        trace_frames: 8,
        trace_octets: 1_000,
        fragment_datagrams: 1,
        fragment_octets: 200,
        spool_octets: 4_096,
        ..Limits::default()
    };
    let is_capture =
        container::compression_of(octets).is_some() || FORMATS.iter().any(|format| (format.matches)(octets));
    for (limits, ports, width) in [(Limits::default(), vec![25, 587], 150), (low, (0..=u16::MAX).collect(), 40)] {
        let mut options = ScanOptions::on_ports(ports);
        options.limits = limits;
        if is_capture { capture(octets, &options, width) } else { script(octets, &options, width) }
    }
}

fn capture(octets: &[u8], options: &ScanOptions, width: u16) {
    let mut found = Vec::new();
    let input = Box::new(Cursor::new(octets.to_vec()));
    let report = match scan(input, options, &mut |session, diagnosis| found.push((session, diagnosis))) {
        Ok(report) => report,
        Err(error) => CaptureReport::unreadable(error),
    };
    assert_eq!(report.sessions, found.len() as u64);
    let frames = report.info.as_ref().map_or(0, |info| info.frames);
    check(&found, frames, &report, &options.limits, width);
    let view = if width < 100 { View::Collapsed } else { View::Detail };
    let layout = TraceLayout { view, hex: view == View::Detail, ..TraceLayout::default() };
    let mut tracing = TraceOptions::new(options.clone(), Choice::All);
    tracing.layout = layout;
    is_harmless(&traced(octets, &tracing));
}

pub(super) fn traced(octets: &[u8], options: &TraceOptions) -> Vec<u8> {
    let mut out = Vec::new();
    let mut open = |options: &OpenOptions| capture::open(Box::new(Cursor::new(octets.to_vec())), options);
    // What is no capture has no trace.
    let _ = trace(&mut open, options, &mut out);
    out
}

fn script(octets: &[u8], options: &ScanOptions, width: u16) {
    let (found, frames) = sessions(octets, options.dialogue());
    let mut info = CaptureInfo::default();
    info.frames = frames;
    let mut report = CaptureReport::default();
    report.info = Some(info);
    report.sessions = found.len() as u64;
    check(&found, frames, &report, &options.limits, width);
}

fn check(found: &[(Session, Diagnosis)], frames: u64, report: &CaptureReport, limits: &Limits, width: u16) {
    for (session, diagnosis) in found {
        is_bounded(session, limits);
        is_sound(diagnosis, frames);
    }
    for format in Format::ALL {
        let out = reported(format, found, report, limits, width);
        is_harmless(&out);
        is_json(format, &out);
    }
}

fn is_bounded(session: &Session, limits: &Limits) {
    let transcript = &session.transcript;
    // The greeting is put before the others.
    assert!(transcript.exchanges.len() <= limits.exchanges + limits.hellos + 1);
    assert!(transcript.hellos.len() <= limits.hellos);
    for exchange in &transcript.exchanges {
        assert!(exchange.command.iter().all(|command| command.line.len() <= limits.line_octets));
        let lines = || exchange.reply.iter().flat_map(|reply| reply.lines.iter());
        assert!(lines().count() <= limits.reply_lines && lines().all(|line| line.len() <= limits.line_octets));
    }
}

fn is_sound(diagnosis: &Diagnosis, frames: u64) {
    let is_lost = diagnosis.outcome == Outcome::Lost;
    assert_eq!(diagnosis.cause.is_some(), is_lost);
    assert_eq!(diagnosis.fault.is_some(), is_lost);
    assert_eq!(!remedy(diagnosis).is_empty(), is_lost);
    assert_eq!(diagnosis.confidence.is_none(), diagnosis.outcome == Outcome::Unknown);
    assert!(!is_lost || !diagnosis.evidence.is_empty());
    for evidence in &diagnosis.evidence {
        assert!((1..=frames).contains(&evidence.frame), "{evidence:?} of {frames} frames");
        assert!(!text(&evidence.kind).chars().any(char::is_control), "{evidence:?}");
    }
    assert!(diagnosis.evidence.is_sorted_by_key(|evidence| evidence.frame), "{:?}", diagnosis.evidence);
}

pub(super) fn reported(
    format: Format,
    found: &[(Session, Diagnosis)],
    report: &CaptureReport,
    limits: &Limits,
    width: u16,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut options = ReportOptions::new(Show::All);
    options.width = Some(width);
    options.limits = limits.clone();
    let mut reporter = reporter(format, &options, Box::new(&mut out));
    let source = CaptureSource::new("a.pcap", None);
    reporter.capture_begin(0, &source).unwrap();
    for (session, diagnosis) in found {
        reporter.session(0, session, diagnosis).unwrap();
    }
    reporter.capture_end(0, report).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    out
}

/// No control of ISO 646 or ISO 6429 gets out, nor what is no UTF-8.
fn is_harmless(out: &[u8]) {
    let text = std::str::from_utf8(out).expect("a report is UTF-8");
    let harmful = text.chars().find(|character| character.is_control() && *character != '\n');
    assert_eq!(harmful, None, "{text}");
}

fn is_json(format: Format, out: &[u8]) {
    let read = |text: &[u8]| drop(serde_json::from_slice::<serde_json::Value>(text).expect("JSON"));
    match format {
        Format::Json => read(out),
        Format::Jsonl => out.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()).for_each(read),
        _ => {}
    }
}
