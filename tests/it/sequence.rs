//! A capture in parts gives what the uncut one gives, on one thread and on two.

use std::io::Cursor;
use std::path::PathBuf;

use assert_cmd::Command;
use ehlotrace::capture::{self, CapturePart, CaptureReader, Opening, Sequence};
use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::scan::CaptureReport;
use ehlotrace::scan::{Observer, ScanOptions, scan_capture, scan_observed};
use ehlotrace::session::Session;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::generate_load;

/// Enough for many frames behind the start of a second thread.
const SESSIONS: u64 = 700;

/// Frames that are read before a second thread is started.
const FRAMES_ALONE: usize = 16_384;

const HEADER_OCTETS: usize = 24;

/// What ends a part: a record that claims more octets than one can have.
const DAMAGE: [u8; 16] = [0xff; 16];

/// The records of a capture that goes on for long after the second thread was started.
fn records() -> Vec<Vec<u8>> {
    let mut octets = Vec::new();
    generate_load::smtp(&mut generate_load::Pcap::new(&mut octets).unwrap(), SESSIONS).unwrap();
    let mut rest = &octets[HEADER_OCTETS..];
    let mut records = Vec::new();
    while let Some(length) = rest.get(8..12) {
        let (record, next) = rest.split_at(16 + u32::from_le_bytes(length.try_into().unwrap()) as usize);
        records.push(record.to_vec());
        rest = next;
    }
    assert!(records.len() > FRAMES_ALONE + 3_000, "{} frames", records.len());
    records
}

fn pcap(records: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = Vec::new();
    generate_load::Pcap::new(&mut octets).unwrap();
    octets.extend(records.concat());
    octets
}

/// The capture in parts that begin at `cuts`.
fn parts(records: &[Vec<u8>], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut ends = cuts.to_vec();
    ends.push(records.len());
    ends.sort_unstable();
    let begins = [0].into_iter().chain(ends.iter().copied());
    begins.zip(&ends).map(|(begin, end)| pcap(&records[begin..*end])).collect()
}

fn whole(octets: Vec<u8>) -> Box<dyn CaptureReader> {
    capture::open(Box::new(Cursor::new(octets)), &ScanOptions::new().open_options()).unwrap()
}

fn sequence(parts: Vec<Vec<u8>>) -> Box<dyn CaptureReader> {
    let part =
        |(number, octets)| (CapturePart::new(format!("part {number}")), Box::new(move || Ok(whole(octets))) as Opening);
    Box::new(Sequence::new(parts.into_iter().enumerate().map(part).collect()))
}

#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        self.0.push(format!("{session:?} {diagnosis:?}"));
    }
}

fn by_one_thread(mut reader: Box<dyn CaptureReader>) -> (CaptureReport, Vec<String>) {
    let mut told = Told::default();
    let report = scan_observed(reader.as_mut(), &ScanOptions::new(), &mut told);
    (report, told.0)
}

fn by_two_threads(reader: Box<dyn CaptureReader>) -> (CaptureReport, Vec<String>) {
    let mut told = Told::default();
    let report = scan_capture(reader, &ScanOptions::new(), &mut |session, diagnosis| told.session(session, diagnosis));
    (report, told.0)
}

/// What a report says of a capture, whether it is one file or several.
fn shown(report: &CaptureReport) -> String {
    let info = report.info.as_ref().unwrap();
    let (frames, link_types, times) = (info.frames, &info.link_types, (info.first_time, info.last_time));
    format!("{frames} {link_types:?} {times:?} {} {:?} {}", info.truncated, report.undecoded, report.sessions)
}

/// Checks that a sequence gives the sessions of `expected`, and how its reading ends.
fn check(parts: Vec<Vec<u8>>, expected: &(CaptureReport, Vec<String>), error: Option<&str>, what: &str) {
    for (scan, threads) in [(by_one_thread as fn(_) -> _, "one thread"), (by_two_threads, "two threads")] {
        let (report, told) = scan(sequence(parts.clone()));
        assert_eq!(told.len(), expected.1.len(), "sessions, {what}, {threads}");
        assert!(told == expected.1, "the sessions differ, {what}, {threads}");
        assert_eq!(shown(&report), shown(&expected.0), "{what}, {threads}");
        let told = report.error.map(|error| error.to_string());
        let is_expected = match (&told, error) {
            (Some(told), Some(error)) => told.starts_with(error),
            (told, error) => told.is_none() && error.is_none(),
        };
        assert!(is_expected, "{told:?}, {what}, {threads}");
    }
}

#[test]
fn parts_of_any_length_give_what_the_uncut_capture_gives() {
    let records = records();
    let expected = by_one_thread(whole(pcap(&records)));
    assert_eq!(expected.1.len() as u64, SESSIONS);
    let short: Vec<usize> = (0..records.len()).step_by(1_000).collect();
    for cuts in [
        &[][..],
        &[1],
        &[FRAMES_ALONE - 1],
        &[FRAMES_ALONE],
        &[FRAMES_ALONE + 1],
        &[FRAMES_ALONE + 2_000],
        &[5_000, FRAMES_ALONE - 1, FRAMES_ALONE, FRAMES_ALONE, records.len()],
        &short,
    ] {
        check(parts(&records, cuts), &expected, None, &format!("cut at {cuts:?}"));
    }
}

/// The frames behind the damage in its part are lost, no others.
#[test]
fn a_damaged_part_takes_no_frame_of_another_one_with_it() {
    let records = records();
    let last = records.len() - 500;
    let ends = [0, 5_000, FRAMES_ALONE - 100, FRAMES_ALONE + 2_000, last, records.len()];
    for damaged in 0..ends.len() - 1 {
        let (begin, end) = (ends[damaged], ends[damaged + 1]);
        for at in [begin, begin + (end - begin) / 2] {
            let mut parts = parts(&records, &ends[1..ends.len() - 1]);
            parts[damaged] = [pcap(&records[begin..at]), DAMAGE.to_vec(), records[at..end].concat()].concat();
            let expected = by_one_thread(whole(pcap(&[&records[..at], &records[end..]].concat())));
            let error = format!("part {damaged}: damaged at byte ");
            check(parts, &expected, Some(&error), &format!("damaged at frame {at}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn cuts_and_damage_anywhere_lose_only_what_is_damaged(
        cuts in prop::collection::vec(any::<Index>(), 0..5),
        damage in prop_oneof![Just(None), any::<Index>().prop_map(Some)],
    ) {
        let mut records = records();
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(records.len())).collect();
        let mut parts = parts(&records, &cuts);
        let damage = damage.map(|at| at.index(records.len()));
        if let Some(at) = damage {
            let begin = cuts.iter().copied().filter(|cut| *cut <= at).max().unwrap_or(0);
            let end = cuts.iter().copied().filter(|cut| *cut > at).min().unwrap_or(records.len());
            let damaged = cuts.iter().filter(|cut| **cut <= at).count();
            parts[damaged] = [pcap(&records[begin..at]), DAMAGE.to_vec(), records[at..end].concat()].concat();
            records.drain(at..end);
        }
        let expected = by_one_thread(whole(pcap(&records)));
        check(parts, &expected, damage.map(|_| "part "), &format!("cut at {cuts:?}, damaged at {damage:?}"));
    }
}

/// Writes parts as files; gives their paths.
fn files(folder: &tempfile::TempDir, parts: &[Vec<u8>]) -> Vec<PathBuf> {
    let path = |number| folder.path().join(format!("trace_{number:05}.pcap"));
    let paths: Vec<PathBuf> = (0..parts.len()).map(path).collect();
    paths.iter().zip(parts).for_each(|(path, octets)| std::fs::write(path, octets).unwrap());
    paths
}

fn report(octets: &[u8]) -> Value {
    serde_json::from_slice(octets).unwrap()
}

#[test]
fn the_program_reads_large_parts_and_names_the_damaged_ones() {
    let records = records();
    let ends = [0, 3_000, FRAMES_ALONE + 1_000, FRAMES_ALONE + 2_000, records.len()];
    let mut parts = parts(&records, &ends[1..4]);
    for damaged in [1, 2] {
        parts[damaged].extend(DAMAGE);
    }
    let folder = tempfile::tempdir().unwrap();
    let paths = files(&folder, &parts);
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    let output = command.args(["scan", "--format", "json", "--sequence"]).args(&paths).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let complaint = String::from_utf8(output.stderr).unwrap();
    let says = |part: usize| format!("{}: damaged at byte {}: record ", paths[part].display(), parts[part].len() - 16);
    assert!(complaint.contains(&says(1)) && complaint.lines().count() == 1, "{complaint}");
    let report = report(&output.stdout);
    let capture = &report["captures"][0];
    assert_eq!(
        (&report["summary"]["sessions"], &report["summary"]["lost"]),
        (&Value::from(SESSIONS), &Value::from(SESSIONS / 10))
    );
    assert_eq!(capture["frames"].as_u64().unwrap(), records.len() as u64);
    assert_eq!(capture["error"]["kind"], "corrupt");
    assert!(capture["error"]["message"].as_str().unwrap().starts_with(&says(1)), "{}", capture["error"]);
    let notes = capture["notes"].as_array().unwrap();
    assert!(notes.iter().any(|note| note.as_str().unwrap().starts_with(&says(2))), "{notes:?}");
    let frames: Vec<u64> = capture["parts"].as_array().unwrap().iter().map(|p| p["frames"].as_u64().unwrap()).collect();
    assert_eq!(frames, ends.windows(2).map(|part| (part[1] - part[0]) as u64).collect::<Vec<_>>());
    let part_of = |frame: &Value| {
        let part = ends.partition_point(|end| *end < usize::try_from(frame.as_u64().unwrap()).unwrap()) - 1;
        Value::from(paths[part].to_str().unwrap())
    };
    let mut going_on = 0;
    for session in report["sessions"].as_array().unwrap() {
        let parts = [&session["first_part"], &session["last_part"]];
        assert_eq!(parts, [&part_of(&session["first_frame"]), &part_of(&session["last_frame"])], "{session}");
        going_on += u64::from(parts[0] != parts[1]);
    }
    assert!(going_on > 0, "a session goes on from one part to the next");
    assert_eq!(report["inputs"].as_array().unwrap().len(), paths.len());
    assert!(report["inputs"].as_array().unwrap().iter().all(|input| input["captures"] == 1), "{}", report["inputs"]);
}

/// What can be read only once is part of a sequence as well as a file is.
#[test]
fn standard_input_is_part_of_a_sequence() {
    let records = records();
    let parts = parts(&records, &[2_000, FRAMES_ALONE + 2_000]);
    let folder = tempfile::tempdir().unwrap();
    let paths = files(&folder, &parts);
    for piped in 0..parts.len() {
        let mut names = paths.clone();
        names[piped] = PathBuf::from("-");
        names.reverse();
        let mut command = Command::cargo_bin("ehlotrace").unwrap();
        command.args(["scan", "--format", "json", "--sequence"]).args(names).write_stdin(parts[piped].clone());
        let output = command.output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &b""[..]), "part {piped}");
        let report = report(&output.stdout);
        assert_eq!(report["summary"]["sessions"], SESSIONS, "part {piped}");
        assert_eq!(report["captures"][0]["parts"][piped]["path"], "-");
    }
}
