//! Many captures in one run: found, scanned and reported in order; a bad one never stops the rest.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::capture::{self, ReadError};
use crate::diagnosis::Outcome;
use crate::report::{CaptureReport, CaptureSource, Reporter};
use crate::scan::{ScanOptions, scan_capture};

/// Something to read.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file that was named: it has to be a capture.
    File(PathBuf),
    /// A file found in a folder: it may be anything.
    Found(PathBuf),
}

/// An input that could not be read, or not to its end.
#[derive(Debug)]
pub struct Failure {
    /// Where it came from.
    pub source: CaptureSource,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct BatchResult {
    /// Captures that were read, to their end or to damage.
    pub captures: usize,
    /// Files in folders that are no captures.
    pub skipped_files: u64,
    /// What could not be read, or not to its end.
    pub failures: Vec<Failure>,
    /// Sessions lost.
    pub lost: u64,
}

/// The inputs that `paths` stand for: `-` is standard input, a folder is every file below it in order of name.
pub fn expand(paths: &[PathBuf]) -> (Vec<Input>, Vec<Failure>) {
    let mut inputs = Vec::new();
    let mut failures = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            for entry in WalkDir::new(path).sort_by_file_name() {
                match entry {
                    Ok(entry) if entry.file_type().is_file() => inputs.push(Input::Found(entry.into_path())),
                    Ok(_) => {}
                    Err(error) => failures.push(unlisted(path, &error)),
                }
            }
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    (inputs, failures)
}

/// Scans `inputs` in order and tells `reporter` all of it.
///
/// # Errors
///
/// Only when the report cannot be written. What is wrong with an input stands in the result.
pub fn run(inputs: &[Input], options: &ScanOptions, reporter: &mut dyn Reporter) -> io::Result<BatchResult> {
    let mut result = BatchResult::default();
    let mut capture = 0;
    for input in inputs {
        let source = input.source();
        let reader = match input.open().and_then(|input| capture::open(input, &options.open_options())) {
            Ok(reader) => reader,
            Err(ReadError::UnknownFormat { .. }) if matches!(input, Input::Found(_)) => {
                result.skipped_files += 1;
                continue;
            }
            Err(error) => {
                result.failures.push(Failure { source: source.clone(), message: error.to_string() });
                reporter.capture_begin(capture, &source)?;
                reporter.capture_end(capture, &CaptureReport::unreadable(error))?;
                capture += 1;
                continue;
            }
        };
        reporter.capture_begin(capture, &source)?;
        let mut written = Ok(());
        let report = scan_capture(reader, options, &mut |session, diagnosis| {
            result.lost += u64::from(diagnosis.outcome == Outcome::Lost);
            if written.is_ok() {
                written = reporter.session(capture, &session, &diagnosis);
            }
        });
        written?;
        reporter.capture_end(capture, &report)?;
        result.captures += 1;
        capture += 1;
        if let Some(error) = report.error {
            result.failures.push(Failure { source, message: error.to_string() });
        }
    }
    reporter.end()?;
    Ok(result)
}

impl Input {
    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) | Self::Found(path) => Some(path),
        }
    }

    fn source(&self) -> CaptureSource {
        let path = match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) | Self::Found(path) => path.display().to_string(),
        };
        CaptureSource { path, member: None }
    }

    fn open(&self) -> Result<Box<dyn Read + Send>, ReadError> {
        match self {
            Self::Stdin => Ok(Box::new(io::stdin())),
            Self::File(path) | Self::Found(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(source) => Err(ReadError::Io { offset: 0, source }),
            },
        }
    }
}

fn unlisted(folder: &Path, error: &walkdir::Error) -> Failure {
    let path = error.path().unwrap_or(folder).display().to_string();
    Failure { source: CaptureSource { path, member: None }, message: error.to_string() }
}
