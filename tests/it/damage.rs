//! Cut and mutated captures: nothing panics or hangs, and what lies before the damage stays as it was.
//!
//! `EHLOTRACE_THOROUGH=1` cuts every sample at every octet and mutates each 20,000 times; without it the test takes
//! seconds.

use std::io::Cursor;

use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::flow::CloseHow;
use ehlotrace::report::CaptureReport;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;
use ehlotrace::wire::Ports;

use crate::support::samples::SAMPLES;

fn is_thorough() -> bool {
    std::env::var_os("EHLOTRACE_THOROUGH").is_some()
}

#[test]
fn a_cut_capture_gives_every_session_up_to_the_cut() {
    let mut compared = 0;
    for (name, build) in SAMPLES {
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
            let mut mutated = octets.clone();
            for _ in 0..=random.below(8) {
                let place = random.below(mutated.len());
                match random.below(4) {
                    0 => mutated[place] ^= 1 << random.below(8),
                    1 => mutated[place] = u8::try_from(random.below(256)).unwrap(),
                    2 => drop(mutated.remove(place)),
                    _ => mutated.insert(place, u8::try_from(random.below(256)).unwrap()),
                }
            }
            sessions(&mutated);
        }
    }
}

/// Whether the whole session lies in the first `frames` frames and needs nothing after them to be judged.
fn is_over_by(session: &Session, frames: u64) -> bool {
    session.last.frame <= frames && matches!(session.close.how, CloseHow::Fin | CloseHow::Rst)
}

/// All sessions, each with what a report would say of it; none if the octets are no capture.
fn sessions(octets: &[u8]) -> Option<(CaptureReport, Vec<(Session, String)>)> {
    let options = ScanOptions { ports: Ports::new([25, 587]), ..ScanOptions::default() };
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
}
