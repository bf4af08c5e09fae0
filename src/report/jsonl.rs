//! One JSON object a line, written as things happen; memory does not grow with the number of sessions.
//!
//! | `type` | written | fields |
//! |---|---|---|
//! | `fields` | first | every field that any line can have, with a value that only shows its type |
//! | `capture` | when a capture is opened | `schema_version`, `tool`, `capture`, `path`, `member` |
//! | `session` | as each session closes; of a capture that may be a copy once it is known to be none | those of a session in the document, or fewer in brief |
//! | `capture_end` | when the capture was read | `capture`, then those of a capture in the document |
//! | `ticket` | when all captures of a ticket were read | those of a ticket in the document |
//! | `input_end` | when all captures of an input were read | those of an input in the document |
//! | `finding` | when all inputs were read | those of a finding in the document |
//! | `relay` | when all inputs were read | those of a relay in the document |
//! | `summary` | last: without it the run is not whole | those of the summary in the document |
//!
//! `capture` is the number of a capture. Sessions come in the order they close, not of their numbers. With
//! `capture_end` all lines up to it go out, so that whoever reads them through a pipe need not wait for the next capture.

use std::io::{self, Write};

use serde::Serialize;

use super::digest::Digest;
use super::model::{
    self, BriefSession, CaptureEndLine, CaptureLine, CaptureObject, FindingLine, InputEndLine, RelayLine, SessionLine,
    SessionObject, SummaryLine, TicketLine,
};
use super::run::{Form, Run};
use super::spool::Spool;
use super::{InputReport, ReportOptions, Summary};
use crate::scan::{CaptureReport, CaptureSource};

/// Writes whole lines, so that whoever follows the output never sees half an object.
pub(super) struct JsonLines<'w> {
    out: Box<dyn Write + 'w>,
    line: Vec<u8>,
    is_brief: bool,
    has_begun: bool,
    spool_octets: usize,
    /// The sessions of a capture that may be a copy.
    held: Option<Spool>,
}

impl<'w> JsonLines<'w> {
    pub(super) const fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let (is_brief, spool_octets) = (options.is_brief, options.limits.spool_octets);
        Self { out, line: Vec::new(), is_brief, has_begun: false, spool_octets, held: None }
    }

    /// Writes the first line, once.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.has_begun, true) { Ok(()) } else { self.write(&model::fields(self.is_brief)) }
    }

    fn write(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.format(object)?;
        self.out.write_all(&self.line)
    }

    fn format(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        model::write_json(&mut self.line, object)?;
        self.line.push(b'\n');
        Ok(())
    }
}

impl Form for JsonLines<'_> {
    fn capture_begin(&mut self, capture: usize, source: &CaptureSource) -> io::Result<()> {
        self.begin()?;
        self.held = source.may_be_copy.then(|| Spool::new(self.spool_octets));
        self.write(&CaptureLine::new(capture, source))
    }

    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        if self.is_brief {
            self.format(&SessionLine::new(BriefSession::new(digest)))?;
        } else {
            self.format(&SessionLine::new(SessionObject::new(digest)))?;
        }
        match &mut self.held {
            Some(held) => held.add(digest.key(), &self.line),
            None => self.out.write_all(&self.line),
        }
    }

    fn forget(&mut self, _: usize) -> io::Result<()> {
        self.held = None;
        Ok(())
    }

    fn capture_end(&mut self, capture: usize, source: &CaptureSource, report: &CaptureReport) -> io::Result<()> {
        if let Some(mut held) = self.held.take() {
            held.copy("", "", usize::MAX, &mut self.out)?;
        }
        self.write(&CaptureEndLine::new(capture, CaptureObject::new(source, report)))?;
        self.out.flush()
    }

    fn ticket_end(&mut self, number: usize, ticket: &InputReport, summary: &Summary) -> io::Result<()> {
        self.begin()?;
        self.write(&TicketLine::new(number, ticket, summary))
    }

    fn input_end(&mut self, input: &InputReport) -> io::Result<()> {
        self.begin()?;
        self.write(&InputEndLine::new(input))
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        self.begin()?;
        for finding in run.totals.findings() {
            self.write(&FindingLine::new(finding, &run.totals))?;
        }
        for relay in run.totals.losing_relays() {
            self.write(&RelayLine::new(relay))?;
        }
        self.write(&SummaryLine::new(run.totals.summary()))?;
        self.out.flush()
    }
}
