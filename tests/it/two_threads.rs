//! A capture large enough for a second thread tells the same as one thread does.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use ehlotrace::capture;
use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::scan::CaptureReport;
use ehlotrace::scan::{Observer, ScanOptions, scan_capture, scan_observed};
use ehlotrace::session::Session;

use crate::generate_load;

/// More sessions than linger, so that some close before the capture ends, and more frames than one thread reads alone.
const SESSIONS: u64 = 2_000;

fn large_capture() -> Vec<u8> {
    let mut octets = Vec::new();
    generate_load::smtp(&mut generate_load::Pcap::new(&mut octets).unwrap(), SESSIONS).unwrap();
    octets
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        self.0.push(format!("{session:?} {diagnosis:?}"));
    }
}

fn by_one_thread(octets: &[u8]) -> (Vec<String>, String) {
    let options = ScanOptions::new();
    let mut reader = capture::open(Box::new(Cursor::new(octets.to_vec())), &options.open_options()).unwrap();
    let mut told = Told::default();
    let report = scan_observed(reader.as_mut(), &options, &mut told);
    (told.0, shown(&report))
}

fn by_two_threads(octets: &[u8]) -> (Vec<String>, String) {
    let options = ScanOptions::new();
    let reader = capture::open(Box::new(Cursor::new(octets.to_vec())), &options.open_options()).unwrap();
    let mut told = Told::default();
    let report = scan_capture(reader, &options, &mut |session, diagnosis| told.session(session, diagnosis));
    (told.0, shown(&report))
}

fn shown(report: &CaptureReport) -> String {
    format!("{:?} {:?} {} {:?}", report.info, report.undecoded, report.sessions, report.error)
}

#[test]
fn two_threads_tell_what_one_does() {
    let whole = large_capture();
    let cut = &whole[..whole.len() - 7];
    let mut damaged = whole.clone();
    damaged.extend([0xff; 16]);
    let packed = gzip(&whole);
    for (name, octets, sessions) in [
        ("whole", whole.as_slice(), 2_000),
        ("cut", cut, 2_000),
        ("damaged", &damaged, 2_000),
        ("gzip", &packed, 2_000),
        ("gzip, cut", &packed[..packed.len() * 3 / 4], 1_000),
    ] {
        let (one, two) = (by_one_thread(octets), by_two_threads(octets));
        assert!(one.0.len() >= sessions, "{name}: {} sessions", one.0.len());
        assert_eq!(one.1, two.1, "{name}");
        assert!(one.0 == two.0, "{name}: the sessions differ");
    }
}

#[test]
fn an_observer_that_panics_ends_the_scan() {
    let options = ScanOptions::new();
    let reader = capture::open(Box::new(Cursor::new(large_capture())), &options.open_options()).unwrap();
    let scan = std::panic::AssertUnwindSafe(|| {
        scan_capture(reader, &options, &mut |session, _| assert!(session.number < 1_000, "enough"))
    });
    assert!(std::panic::catch_unwind(scan).is_err());
}

#[test]
fn a_reader_goes_on_where_its_sink_broke_off() {
    let options = ScanOptions::new();
    let mut reader = capture::open(Box::new(Cursor::new(large_capture())), &options.open_options()).unwrap();
    let mut frames = Vec::new();
    for step in [1, 16_384, usize::MAX] {
        let mut left = step;
        let mut sink = |packet: capture::Packet<'_>| {
            frames.push(packet.frame);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        reader.for_each_packet(&mut sink).unwrap();
    }
    let expected: Vec<u64> = (1..=reader.info().frames).collect();
    assert_eq!(frames, expected);
}
