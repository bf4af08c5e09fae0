//! One JSON object a line, written as things happen; memory does not grow with the number of sessions.
//!
//! | `type` | written | fields |
//! |---|---|---|
//! | `fields` | first | every field that any line can have, with a value that only shows its type |
//! | `capture` | when a capture is opened | `schema_version`, `tool`, `capture`, `path`, `member` |
//! | `session` | as each session closes | those of a session in the document, or fewer in brief |
//! | `capture_end` | when the capture was read | `capture`, then those of a capture in the document |
//! | `input_end` | when all captures of an input were read | those of an input in the document |
//! | `relay` | when all inputs were read | those of a relay in the document |
//! | `summary` | last: without it the run is not whole | those of the summary in the document |
//!
//! `capture` is the number of a capture. Sessions come in the order they close, not of their numbers. With
//! `capture_end` all lines up to it go out, so that whoever reads them through a pipe need not wait for the next capture.

use std::io::{self, Write};

use serde::Serialize;

use super::digest::Digest;
use super::model::{
    self, BriefSession, CaptureEndLine, CaptureLine, CaptureObject, InputEndLine, RelayLine, SessionLine,
    SessionObject, SummaryLine,
};
use super::run::{Form, Run};
use super::{InputReport, ReportOptions};
use crate::scan::{CaptureReport, CaptureSource};

/// Writes whole lines, so that whoever follows the output never sees half an object.
pub(super) struct JsonLines<'w> {
    out: Box<dyn Write + 'w>,
    line: Vec<u8>,
    is_brief: bool,
    has_begun: bool,
}

impl<'w> JsonLines<'w> {
    pub(super) const fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        Self { out, line: Vec::new(), is_brief: options.is_brief, has_begun: false }
    }

    /// Writes the first line, once.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_begun, true) { Ok(()) } else { self.write(&model::fields(self.is_brief)) }
    }

    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        model::write_json(&mut self.line, object)?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }
}

impl Form for JsonLines<'_> {
    fn capture_begin(&mut self, capture: usize, source: &CaptureSource) -> io::Result<()> {
        self.begin()?;
        self.write(&CaptureLine::new(capture, source))
    }

    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        if self.is_brief {
            self.write(&SessionLine::new(BriefSession::new(digest)))
        } else {
            self.write(&SessionLine::new(SessionObject::new(digest)))
        }
    }

    fn capture_end(&mut self, capture: usize, source: &CaptureSource, report: &CaptureReport) -> io::Result<()> {
        self.write(&CaptureEndLine::new(capture, CaptureObject::new(source, report)))?;
        self.out.flush()
    }

    fn input_end(&mut self, input: &InputReport) -> io::Result<()> {
        self.begin()?;
        self.write(&InputEndLine::new(input))
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        self.begin()?;
        for relay in run.totals.losing_relays() {
            self.write(&RelayLine::new(relay))?;
        }
        self.write(&SummaryLine::new(run.totals.summary()))?;
        self.out.flush()
    }
}
