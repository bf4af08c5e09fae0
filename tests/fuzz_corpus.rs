//! The committed inputs of the fuzz targets, without a fuzzer: what one of them once broke stays whole.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use targets::TARGETS;

#[path = "../fuzz/src/lib.rs"]
mod targets;

fn fuzz() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"))
}

/// The files of a folder, in order of name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn names(files: &[PathBuf]) -> BTreeSet<&str> {
    files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect()
}

#[test]
fn committed_inputs_break_no_promise() {
    let mut broken = Vec::new();
    for (name, target) in TARGETS {
        let inputs = files(&fuzz().join("corpus").join(name));
        assert!(inputs.len() >= 10, "only {} inputs for {name}", inputs.len());
        for input in inputs {
            let octets = std::fs::read(&input).unwrap();
            if catch_unwind(|| target(&octets)).is_err() {
                broken.push(input);
            }
        }
    }
    assert!(broken.is_empty(), "broken by {broken:?}");
}

#[test]
fn every_target_has_its_program_and_its_inputs() {
    let known: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&files(&fuzz().join("fuzz_targets"))), known);
    assert_eq!(names(&files(&fuzz().join("corpus"))), known);
}

/// Captures generated from numbers, which cover more than the inputs kept; `EHLOTRACE_THOROUGH=1` makes 12,000 of them.
#[test]
fn generated_captures_give_nothing_planted_away_and_keep_their_verdicts_when_redacted() {
    targets::finds_what_is_planted();
    let most = if std::env::var_os("EHLOTRACE_THOROUGH").is_some() { 12_000 } else { 100 };
    let mut broken = Vec::new();
    for seed in 0..most {
        let octets = targets::generated(seed);
        if catch_unwind(|| targets::masking(&octets)).is_err() {
            broken.push(seed);
        }
    }
    assert!(broken.is_empty(), "{} of {most} broken: {broken:?}", broken.len());
}
