//! Whole captures of dialogues with planted names, addresses and secrets: nothing of them is in an output that promises to
//! hide it, and a redacted capture is judged as the original is.

mod capture;
mod dialogue;
mod planted;
mod rows;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;

use ehlotrace::capture::{OpenOptions, open};
use ehlotrace::diagnosis::{Diagnosis, Outcome};
use ehlotrace::extract::{ExtractOptions, Extractor, RedactKey};
use ehlotrace::limits::Limits;
use ehlotrace::report::Format;
use ehlotrace::report::netmon::{TraceLayout, View};
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;
use ehlotrace::smtp::ehlo::ProblemCode;
use ehlotrace::smtp::product::Product;
use ehlotrace::trace::TraceOptions;
use ehlotrace::twice::Choice;
use ehlotrace::wire::{Decoded, decode};

use super::pipelines::{reported, traced};
use super::script::Script;
use super::support::dumped;
use super::support::tls::opaque;
use planted::{ALWAYS, REDACTED, Search};

pub use planted::finds_what_is_planted;

/// An input by its number.
pub fn generated(number: u32) -> Vec<u8> {
    const OCTETS: usize = 400;
    opaque(number.wrapping_mul(0x9e37_79b8), OCTETS)
}

/// The first octet says whether bounds are low; the rest is a capture.
pub fn masking(octets: &[u8]) {
    let mut script = Script::new(octets);
    let options = scan_options(script.octet() % 8 == 7);
    let capture = capture::capture(&mut script);
    reports_hide(&capture, &options);
    traces_hide(&capture, &options);
    comments_hide(&capture, &options);
    for and_names in [false, true] {
        let mut redact = ExtractOptions::new(options.clone(), Choice::All);
        redact.redact = Some(RedactKey::new("a key of sorts"));
        redact.redact_names = and_names;
        let redacted = extracted(&capture, redact);
        is_redacted(&redacted);
        assert_eq!(
            verdicts(&capture, &options),
            verdicts(&redacted, &options),
            "the original, and redacted, names too: {and_names}"
        );
    }
}

fn scan_options(low: bool) -> ScanOptions {
    let mut options = ScanOptions::on_ports([25]);
    if low {
        let limits = Limits::default();
        options.limits =
            Limits { line_octets: 40, undecided_octets: 60, pending_commands: 4, secret_parts: 30, ..limits };
    }
    options
}

/// What a redacted capture has to say as the original does.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    outcome: Outcome,
    cause: Option<&'static str>,
    /// Of each hello what is wrong with it, and where.
    problems: Vec<Vec<(ProblemCode, usize)>>,
    product: Product,
}

impl Verdict {
    fn new(session: &Session, diagnosis: &Diagnosis) -> Self {
        let hellos = session.transcript.hellos.iter();
        let problems = hellos.map(|hello| hello.check.problems.iter().map(|p| (p.code, p.offset)).collect());
        Self {
            outcome: diagnosis.outcome,
            cause: diagnosis.cause.map(|rule| rule.code),
            problems: problems.collect(),
            product: session.product.clone(),
        }
    }
}

fn hides(search: &Search, octets: &[u8], what: impl Fn() -> String) {
    if let Some(found) = search.find(octets) {
        panic!("{}: {found}", what());
    }
}

/// The verdicts on a capture; none where nothing was extracted.
fn verdicts(capture: &[u8], options: &ScanOptions) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    if !capture.is_empty() {
        let input = Box::new(Cursor::new(capture.to_vec()));
        scan(input, options, &mut |session, diagnosis| verdicts.push(Verdict::new(&session, &diagnosis))).unwrap();
    }
    verdicts
}

/// Reports hide it in every format.
fn reports_hide(capture: &[u8], options: &ScanOptions) {
    let mut found = Vec::new();
    let input = Box::new(Cursor::new(capture.to_vec()));
    let report = scan(input, options, &mut |session, diagnosis| found.push((session, diagnosis))).unwrap();
    for format in Format::ALL {
        let out = reported(format, &found, &report, &options.limits, 150);
        hides(&ALWAYS, &out, || format!("{format:?}"));
    }
}

/// Neither in text nor in hexadecimal.
fn traces_hide(capture: &[u8], options: &ScanOptions) {
    for (view, hex) in [(View::Collapsed, false), (View::Dialogue, false), (View::Detail, true)] {
        let mut options = TraceOptions::new(options.clone(), Choice::All);
        options.layout = TraceLayout { view, hex, ..TraceLayout::default() };
        let text = traced(capture, &options);
        hides(&ALWAYS, &text, || format!("trace, {view:?}"));
        hides(&ALWAYS, &dumped(&String::from_utf8(text).unwrap()), || "hex dump".to_owned());
    }
}

fn extracted(capture: &[u8], options: ExtractOptions) -> Vec<u8> {
    let mut out = Vec::new();
    let mut extractor = Extractor::new(options, &mut out);
    let mut open = |options: &OpenOptions| open(Box::new(Cursor::new(capture.to_vec())), options);
    let extracted = extractor.capture("a.pcap", &mut open).unwrap();
    assert!(extracted.left_out_frames.is_empty(), "{extracted:?}");
    drop(extractor);
    out
}

/// The comments of an extract that is not redacted hide what reports hide.
fn comments_hide(capture: &[u8], options: &ScanOptions) {
    const PACKET: u32 = 6;
    let extract = extracted(capture, ExtractOptions::new(options.clone(), Choice::All));
    let mut rest = &extract[..];
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (kind, length) = (word(0), word(4) as usize);
        let frame = if kind == PACKET { 28 + (word(20) as usize).next_multiple_of(4) } else { 0 };
        hides(&ALWAYS, &rest[frame..length], || "a comment".to_owned());
        rest = &rest[length..];
    }
}

/// Neither frame by frame nor put together again.
fn is_redacted(extract: &[u8]) {
    hides(&REDACTED, extract, || "redacted".to_owned());
    if extract.is_empty() {
        return;
    }
    let mut streams: BTreeMap<SocketAddr, Vec<(u32, Vec<u8>)>> = BTreeMap::new();
    let mut reader = open(Box::new(Cursor::new(extract.to_vec())), &OpenOptions::default()).unwrap();
    let read = reader.for_each_packet(&mut |packet| {
        let Decoded::Tcp(segment) = decode(&packet) else { panic!("no segment: {packet:?}") };
        for end in [segment.src, segment.dst] {
            assert!(is_pseudonym(end.ip()), "{end} stands in a header");
        }
        streams.entry(segment.src).or_default().push((segment.seq.0, segment.payload.to_vec()));
        ControlFlow::Continue(())
    });
    read.unwrap();
    for segments in streams.values_mut() {
        hides(&REDACTED, &joined(segments), || "redacted, later copies count".to_owned());
        segments.reverse();
        hides(&REDACTED, &joined(segments), || "redacted, first copies count".to_owned());
    }
}

fn is_pseudonym(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => v6.segments()[..2] == [0x2001, 0xdb8],
    }
}

/// The octets of a stream, NUL in holes; of copies the one that stands later.
fn joined(segments: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let first = segments.iter().map(|(seq, _)| *seq).min().unwrap_or(0);
    let mut stream = Vec::new();
    for (seq, octets) in segments {
        let at = (seq - first) as usize;
        stream.resize(stream.len().max(at + octets.len()), 0);
        stream[at..at + octets.len()].copy_from_slice(octets);
    }
    stream
}
