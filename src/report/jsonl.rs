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

use super::model::{self, CaptureEndLine, CaptureLine, CaptureObject, SessionObject, SummaryLine};
use super::totals::{Summary, Totals};
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show};
use crate::diagnosis::Diagnosis;
use crate::session::Session;

/// Writes the lines.
pub(super) struct JsonLines<'w> {
    lines: Lines<'w>,
    show: Show,
    totals: Totals,
    source: Option<CaptureSource>,
}

impl<'w> JsonLines<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let lines = Lines { out, line: Vec::new() };
        Self { lines, show: options.show, totals: Totals::new(&options.limits), source: None }
    }
}

impl Reporter for JsonLines<'_> {
    fn capture_begin(&mut self, capture: usize, source: &CaptureSource) -> io::Result<()> {
        self.source = Some(source.clone());
        self.lines.write(&CaptureLine::new(capture, source))
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        if !self.show.lists(diagnosis.outcome) {
            return Ok(());
        }
        self.lines.write(&SessionObject::new(capture, session, diagnosis).line())
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.totals.capture_end(report);
        let Some(source) = self.source.take() else { return Ok(()) };
        self.lines.write(&CaptureEndLine::new(capture, CaptureObject::new(&source, report)))?;
        self.lines.out.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        self.lines.write(&SummaryLine::new(self.totals.summary(), &self.totals.losing_relays()))?;
        self.lines.out.flush()
    }

    fn summary(&self) -> &Summary {
        self.totals.summary()
    }
}

/// Writes whole lines, so that whoever follows the output never sees half an object.
struct Lines<'w> {
    out: Box<dyn Write + 'w>,
    line: Vec<u8>,
}

impl Lines<'_> {
    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        model::write_json(&mut self.line, object)?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }
}
