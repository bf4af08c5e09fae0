//! One JSON object a line, written as things happen; memory does not grow with the number of sessions.
//!
//! | `type` | written | fields |
//! |---|---|---|
//! | `capture` | when a capture is opened | `schema_version`, `tool`, `index`, `path`, `member` |
//! | `session` | as each session closes | those of a session in the document |
//! | `capture_end` | when the capture was read | `index`, then those of a capture in the document |
//! | `summary` | last | those of the summary in the document, then `relays` |
//!
//! `session.capture` is the `index` of a capture. Sessions come in the order they close, not of their numbers. With
//! `capture_end` all lines up to it go out, so that whoever reads them through a pipe need not wait for the next capture.

use std::io::{self, Write};

use serde::Serialize;

use super::digest::Digest;
use super::model::{self, CaptureEndLine, CaptureLine, CaptureObject, SessionObject, SummaryLine};
use super::run::{Form, Run};
use crate::scan::{CaptureReport, CaptureSource};

/// Writes whole lines, so that whoever follows the output never sees half an object.
pub(super) struct JsonLines<'w> {
    out: Box<dyn Write + 'w>,
    line: Vec<u8>,
}

impl<'w> JsonLines<'w> {
    pub(super) const fn new(out: Box<dyn Write + 'w>) -> Self {
        Self { out, line: Vec::new() }
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
        self.write(&CaptureLine::new(capture, source))
    }

    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.write(&SessionObject::new(digest).line())
    }

    fn capture_end(&mut self, capture: usize, source: &CaptureSource, report: &CaptureReport) -> io::Result<()> {
        self.write(&CaptureEndLine::new(capture, CaptureObject::new(source, report)))?;
        self.out.flush()
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        self.write(&SummaryLine::new(run.totals.summary(), &run.totals.losing_relays()))?;
        self.out.flush()
    }
}
