//! What the user gets: every output format, driven by sessions and their diagnoses.

mod escape;
pub mod netmon;

use std::collections::BTreeMap;
use std::io;

use crate::capture::{CaptureInfo, ReadError};
use crate::diagnosis::Diagnosis;
use crate::session::Session;

/// Where a capture came from.
#[derive(Clone, Debug)]
pub struct CaptureSource {
    /// The path as the user gave it, or as it was found in a folder; `-` for standard input.
    pub path: String,
    /// Which member of an archive it is.
    pub member: Option<String>,
}

/// What came of one capture.
#[derive(Debug)]
pub struct CaptureReport {
    /// What the reader says of the file; none where it could not even be opened.
    pub info: Option<CaptureInfo>,
    /// How many sessions were found.
    pub sessions: u64,
    /// Frames that could not be decoded, by reason.
    pub undecoded: BTreeMap<String, u64>,
    /// What stopped the reading before the end of the file.
    pub error: Option<ReadError>,
}

impl CaptureReport {
    /// The report of a capture that could not be opened.
    pub fn unreadable(error: ReadError) -> Self {
        Self { info: None, sessions: 0, undecoded: BTreeMap::new(), error: Some(error) }
    }
}

/// Turns a run into output, event by event: captures in order, and in each its sessions as they close.
pub trait Reporter {
    /// A capture is opened. Captures are numbered from 0.
    fn capture_begin(&mut self, capture: usize, source: &CaptureSource) -> io::Result<()>;

    /// A session of that capture is over.
    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()>;

    /// That capture was read.
    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()>;

    /// Nothing more comes.
    fn end(&mut self) -> io::Result<()>;
}
