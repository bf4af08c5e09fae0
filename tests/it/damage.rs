//! Cut and mutated captures: nothing panics or hangs, and what lies before the damage stays as it was.
//!
//! `EHLOTRACE_THOROUGH=1` cuts every sample at every octet and mutates each 20,000 times; without it the test takes
//! seconds.

use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::flow::CloseHow;
use ehlotrace::scan::CaptureReport;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;
use serde_json::Value;

use crate::make::{gz, tar};
use crate::support::samples::SAMPLES;

fn is_thorough() -> bool {
    std::env::var_os("EHLOTRACE_THOROUGH").is_some()
}

#[test]
fn a_cut_capture_gives_every_session_up_to_the_cut() {
    let mut compared = 0;
    // An event trace that is cut lacks the buffers of some processors, from any time on.
    for (name, build) in SAMPLES.iter().filter(|(name, _)| !name.ends_with(".etl")) {
        let octets = build();
        let (_, whole) = sessions(&octets).unwrap();
        let step = if is_thorough() { 1 } else { 1 + octets.len() / 300 };
        for cut in (0..octets.len()).step_by(step) {
            let Some((report, found)) = sessions(&octets[..cut]) else { continue };
            assert!(report.error.is_none(), "{name} cut at {cut}: {:?}", report.error);
            let frames = report.info.map_or(0, |info| info.frames);
            for (session, told) in whole.iter().filter(|(session, _)| is_over_by(session, frames)) {
                let same = found.iter().find(|(cut, _)| cut.number == session.number);
                assert_eq!(same.map(|(_, told)| told), Some(told), "{name} cut at {cut}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "only {compared} sessions before a cut compared");
}

#[test]
fn mutated_captures_do_no_harm() {
    let rounds = if is_thorough() { 20_000 } else { 150 };
    for (at, (_, build)) in SAMPLES.iter().enumerate() {
        let octets = build();
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ at as u64);
        for _ in 0..rounds {
            sessions(&random.mutated(&octets));
        }
    }
}

/// The program's exit code on a file, its report, and what it complains of.
fn scanned(path: &Path) -> (i32, Value, Vec<String>) {
    let run =
        Command::new(env!("CARGO_BIN_EXE_ehlotrace")).args(["scan", "--format", "json"]).arg(path).output().unwrap();
    let report = serde_json::from_slice(&run.stdout).unwrap_or_default();
    let complaints = String::from_utf8(run.stderr).unwrap().lines().map(str::to_owned).collect();
    (run.status.code().unwrap(), report, complaints)
}

#[test]
fn the_program_says_of_a_damaged_file_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.cap");
    let mut codes = [0; 4];
    for (at, (name, build)) in SAMPLES.iter().enumerate() {
        let octets = build();
        let mut random = Random(0x1234_5678_9abc_def1 ^ at as u64);
        let half = random.below(octets.len());
        // Octets that no length can be right with, too.
        let blot = [&octets[..octets.len() / 2], &[0xff; 64], &octets[octets.len() / 2..]].concat();
        for (how, octets) in [
            ("cut", octets[..half].to_vec()),
            ("cut in its header", octets[..random.below(24)].to_vec()),
            ("mutated", random.mutated(&octets)),
            ("mutated again", random.mutated(&octets)),
            ("blotted", blot),
        ] {
            std::fs::write(&path, octets).unwrap();
            let (code, report, complaints) = scanned(&path);
            let what = format!("{name} {how}: {code}, {complaints:?}");
            codes[usize::try_from(code).unwrap()] += 1;
            let capture = &report["captures"][0];
            let frames = capture["frames"].as_u64().unwrap_or(0);
            match code {
                0 | 1 => assert!(complaints.is_empty() && capture["error"].is_null(), "{what}"),
                2 => assert_eq!(frames, 0, "{what}"),
                _ => assert!(!capture["error"].is_null(), "{what}"),
            }
            if code >= 2 {
                let [complaint] = &complaints[..] else { panic!("{what}") };
                assert!(complaint.contains("damaged.cap: "), "{what}");
                let offset = capture["error"]["offset"].as_u64();
                assert!(offset.is_none_or(|offset| complaint.contains(&format!("byte {offset}"))), "{what}");
                assert!(offset.is_some() || frames == 0, "{what}");
            }
        }
    }
    assert!(codes[..2].iter().sum::<u32>() > 0 && codes[2] > 0 && codes[3] > 0, "{codes:?}");
}

/// Cut inside its second capture, an archive gives what it has and says once that it is cut, however it is packed.
#[test]
fn a_cut_tar_and_a_cut_tgz_are_told_alike() {
    let captures: Vec<Vec<u8>> =
        ["kb240832-lost.pcap", "kb240832-works.pcap"].map(crate::trace::sample).into_iter().collect();
    let whole = tar(&[("a.pcap", &captures[0]), ("b.pcap", &captures[1])]);
    // Headers of 512 octets, and the first capture padded to a multiple of that.
    let cut = 2 * 512 + captures[0].len().next_multiple_of(512) + captures[1].len() / 2;
    let packed = gz(&whole);
    let folder = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for (name, octets) in [("cut.tar", whole[..cut].to_vec()), ("cut.tgz", packed[..packed.len() - 100].to_vec())] {
        let path = folder.path().join(name);
        std::fs::write(&path, octets).unwrap();
        let (code, report, complaints) = scanned(&path);
        let [complaint] = &complaints[..] else { panic!("{name}: {complaints:?}") };
        assert!(
            complaint.ends_with(&format!("{name}: a tar archive: it is cut off; copy the file again")),
            "{complaint}"
        );
        let captures = report["captures"].as_array().unwrap();
        let told: Vec<_> = captures
            .iter()
            .map(|capture| (capture["member"].clone(), capture["truncated"].clone(), capture["error"].is_null()))
            .collect();
        found.push((code, report["summary"]["lost"].clone(), told));
    }
    assert_eq!(found[0], found[1]);
    let (code, lost, told) = &found[0];
    assert_eq!((*code, lost, told.len()), (3, &Value::from(1), 3));
    assert_eq!(told[1], (Value::from("b.pcap"), Value::from(true), true));
}

/// Whether the whole session lies in the first `frames` frames and needs nothing after them to be judged.
fn is_over_by(session: &Session, frames: u64) -> bool {
    session.last.frame <= frames && matches!(session.close.how, CloseHow::Fin | CloseHow::Rst)
}

/// All sessions, each with what a report would say of it; none if the octets are no capture.
fn sessions(octets: &[u8]) -> Option<(CaptureReport, Vec<(Session, String)>)> {
    let options = ScanOptions::on_ports([25, 587]);
    let mut found = Vec::new();
    let input = Box::new(Cursor::new(octets.to_vec()));
    let report = scan(input, &options, &mut |session, diagnosis| {
        let told = told(&session, &diagnosis);
        found.push((session, told));
    });
    report.ok().map(|report| (report, found))
}

fn told(session: &Session, diagnosis: &Diagnosis) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        diagnosis.outcome,
        diagnosis.cause.map(|rule| rule.code),
        diagnosis.confidence,
        diagnosis.evidence,
        session.transcript.exchanges,
    )
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % bound.max(1)
    }

    fn mutated(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut mutated = octets.to_vec();
        for _ in 0..=self.below(8) {
            let place = self.below(mutated.len());
            match self.below(4) {
                0 => mutated[place] ^= 1 << self.below(8),
                1 => mutated[place] = u8::try_from(self.below(256)).unwrap(),
                2 => drop(mutated.remove(place)),
                _ => mutated.insert(place, u8::try_from(self.below(256)).unwrap()),
            }
        }
        mutated
    }
}
