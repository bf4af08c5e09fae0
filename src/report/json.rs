//! One JSON document: `schema_version`, `tool`, `inputs`, `tickets`, `captures`, `sessions`, `findings`, `relays`, `summary`, in this order.
//!
//! Inputs and captures stand before sessions but are known only after them, and sessions are listed by number but come as they
//! close. So each session is written to a spool at once, of which the first megabytes are in memory and the rest in a
//! temporary file, and only its place is kept. In the document each object of a list has a line of its own.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::digest::Digest;
use super::model::{
    self, CaptureObject, FindingObject, InputObject, RelayObject, SCHEMA_VERSION, SessionObject, TOOL, TicketObject,
};
use super::run::{Form, Run};
use super::spool::Spool;
use super::{InputReport, ReportOptions, Summary};
use crate::scan::{CaptureReport, CaptureSource};

/// Gathers sessions and writes the document at the end.
pub(super) struct Json<'w> {
    out: Box<dyn Write + 'w>,
    inputs: Spool,
    tickets: Spool,
    captures: Spool,
    sessions: Spool,
    /// The object being written.
    object: Vec<u8>,
}

impl<'w> Json<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let memory_octets = options.limits.spool_octets;
        let [inputs, tickets, captures, sessions] = [(); 4].map(|()| Spool::new(memory_octets));
        Self { out, inputs, tickets, captures, sessions, object: Vec::new() }
    }
}

impl Form for Json<'_> {
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        add(&mut self.sessions, digest.key(), &mut self.object, &SessionObject::new(digest))
    }

    fn capture_end(&mut self, capture: usize, source: &CaptureSource, report: &CaptureReport) -> io::Result<()> {
        add(&mut self.captures, (capture, 0), &mut self.object, &CaptureObject::new(source, report))
    }

    fn forget(&mut self, capture: usize) -> io::Result<()> {
        self.sessions.forget(capture)
    }

    fn ticket_end(&mut self, number: usize, ticket: &InputReport, summary: &Summary) -> io::Result<()> {
        add(&mut self.tickets, (number, 0), &mut self.object, &TicketObject::new(number, ticket, summary))
    }

    fn input_end(&mut self, input: &InputReport) -> io::Result<()> {
        // The order of equal keys is that of adding.
        add(&mut self.inputs, (0, 0), &mut self.object, &InputObject::new(input))
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        let mut out = BufWriter::new(&mut self.out);
        let mut json = Vec::new();
        model::write_json(&mut json, &TOOL)?;
        write!(out, "{{\"schema_version\":{SCHEMA_VERSION},\"tool\":")?;
        out.write_all(&json)?;
        list(&mut self.inputs, "inputs", &mut out)?;
        list(&mut self.tickets, "tickets", &mut out)?;
        list(&mut self.captures, "captures", &mut out)?;
        list(&mut self.sessions, "sessions", &mut out)?;
        let mut findings = Spool::new(usize::MAX);
        for finding in run.totals.findings() {
            add(&mut findings, (0, 0), &mut json, &FindingObject::new(finding, &run.totals))?;
        }
        list(&mut findings, "findings", &mut out)?;
        let mut relays = Spool::new(usize::MAX);
        for relay in run.totals.losing_relays() {
            add(&mut relays, (0, 0), &mut json, &RelayObject::new(relay))?;
        }
        list(&mut relays, "relays", &mut out)?;
        json.clear();
        model::write_json(&mut json, run.totals.summary())?;
        out.write_all(b",\n\"summary\":")?;
        out.write_all(&json)?;
        out.write_all(b"}\n")?;
        out.flush()
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
