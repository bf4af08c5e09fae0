//! One JSON document: `schema_version`, `tool`, `captures`, `sessions`, `relays`, `summary`, in this order.
//!
//! Captures stand before sessions but are known only after them, and sessions are listed by number but come as they
//! close. So each session is written to a spool at once, of which the first megabytes are in memory and the rest in a
//! temporary file, and only its place is kept. In the document each object of a list has a line of its own.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::model::{self, CaptureObject, RelayObject, SCHEMA_VERSION, SessionObject, SummaryObject, TOOL};
use super::spool::Spool;
use super::totals::{Summary, Totals};
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show};
use crate::diagnosis::Diagnosis;
use crate::session::Session;

/// Gathers sessions and writes the document at the end.
pub(super) struct Json<'w> {
    out: Box<dyn Write + 'w>,
    show: Show,
    totals: Totals,
    source: Option<CaptureSource>,
    captures: Spool,
    sessions: Spool,
    /// The object being written.
    object: Vec<u8>,
}

impl<'w> Json<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let memory_octets = options.limits.spool_octets;
        Self {
            out,
            show: options.show,
            totals: Totals::new(&options.limits),
            source: None,
            captures: Spool::new(memory_octets),
            sessions: Spool::new(memory_octets),
            object: Vec::new(),
        }
    }
}

impl Reporter for Json<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        self.source = Some(source.clone());
        Ok(())
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        if !self.show.lists(diagnosis.outcome) {
            return Ok(());
        }
        let object = SessionObject::new(capture, session, diagnosis);
        add(&mut self.sessions, (capture, session.number), &mut self.object, &object)
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.totals.capture_end(report);
        let Some(source) = self.source.take() else { return Ok(()) };
        add(&mut self.captures, (capture, 0), &mut self.object, &CaptureObject::new(&source, report))
    }

    fn end(&mut self) -> io::Result<()> {
        let mut out = BufWriter::new(&mut self.out);
        let mut json = Vec::new();
        model::write_json(&mut json, &TOOL)?;
        write!(out, "{{\"schema_version\":{SCHEMA_VERSION},\"tool\":")?;
        out.write_all(&json)?;
        list(&mut self.captures, "captures", &mut out)?;
        list(&mut self.sessions, "sessions", &mut out)?;
        let mut relays = Spool::new(usize::MAX);
        for relay in self.totals.losing_relays() {
            add(&mut relays, (0, 0), &mut json, &RelayObject::new(relay))?;
        }
        list(&mut relays, "relays", &mut out)?;
        json.clear();
        model::write_json(&mut json, &SummaryObject::new(self.totals.summary()))?;
        out.write_all(b",\n\"summary\":")?;
        out.write_all(&json)?;
        out.write_all(b"}\n")?;
        out.flush()
    }

    fn summary(&self) -> &Summary {
        self.totals.summary()
    }
}

/// Adds `object` to `spool`, written in `buffer`.
fn add(spool: &mut Spool, key: (usize, u64), buffer: &mut Vec<u8>, object: &impl Serialize) -> io::Result<()> {
    buffer.clear();
    model::write_json(buffer, object)?;
    spool.add(key, buffer)
}

/// Writes `,"name":[...]` with the objects in order of their keys.
fn list(spool: &mut Spool, name: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, ",\n\"{name}\":[")?;
    spool.copy("\n", ",\n", usize::MAX, out)?;
    out.write_all(b"]")
}
