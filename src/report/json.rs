//! One JSON document: `schema_version`, `tool`, `captures`, `sessions`, `relays`, `summary`, in this order.
//!
//! Captures stand before sessions but are known only after them, and sessions are listed by number but come as they
//! close. So each session is written to a spool at once, of which the first megabytes are in memory and the rest in a
//! temporary file, and only its place is kept. In the document each object of a list has a line of its own.

use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use serde::Serialize;
use tempfile::SpooledTempFile;

use super::model::{self, CaptureObject, RelayObject, SCHEMA_VERSION, SessionObject, SummaryObject, TOOL};
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
        self.sessions.add((capture, session.number), &SessionObject::new(capture, session, diagnosis))
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.totals.capture_end(report);
        let Some(source) = self.source.take() else { return Ok(()) };
        self.captures.add((capture, 0), &CaptureObject::new(&source, report))
    }

    fn end(&mut self) -> io::Result<()> {
        let mut out = BufWriter::new(&mut self.out);
        let mut json = Vec::new();
        model::write_json(&mut json, &TOOL)?;
        write!(out, "{{\"schema_version\":{SCHEMA_VERSION},\"tool\":")?;
        out.write_all(&json)?;
        self.captures.list("captures", &mut out)?;
        self.sessions.list("sessions", &mut out)?;
        let mut relays = Spool::new(usize::MAX);
        for relay in self.totals.losing_relays() {
            relays.add((0, 0), &RelayObject::new(relay))?;
        }
        relays.list("relays", &mut out)?;
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

/// Objects already written, and where each is.
struct Spool {
    file: BufWriter<SpooledTempFile>,
    places: Vec<Place>,
    end: u64,
    object: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Place {
    /// Capture, and number in it.
    key: (usize, u64),
    offset: u64,
    octets: u64,
}

impl Spool {
    fn new(memory_octets: usize) -> Self {
        let file = BufWriter::with_capacity(BUFFER_OCTETS, SpooledTempFile::new(memory_octets));
        Self { file, places: Vec::new(), end: 0, object: Vec::new() }
    }

    fn add(&mut self, key: (usize, u64), object: &impl Serialize) -> io::Result<()> {
        self.object.clear();
        model::write_json(&mut self.object, object)?;
        self.file.write_all(&self.object)?;
        let octets = u64::try_from(self.object.len()).map_err(io::Error::other)?;
        self.places.push(Place { key, offset: self.end, octets });
        self.end += octets;
        Ok(())
    }

    /// Writes `,"name":[...]` with the objects in order of their keys.
    fn list(&mut self, name: &str, out: &mut impl Write) -> io::Result<()> {
        write!(out, ",\n\"{name}\":[")?;
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::with_capacity(BUFFER_OCTETS, file);
        self.places.sort_by_key(|place| place.key);
        let mut at = 0;
        let mut separator = "\n";
        for place in &self.places {
            // Sessions close nearly in order, so most of the next one is in the buffer already.
            let distance = i128::from(place.offset) - i128::from(at);
            file.seek_relative(i64::try_from(distance).map_err(io::Error::other)?)?;
            out.write_all(separator.as_bytes())?;
            let copied = io::copy(&mut file.by_ref().take(place.octets), out)?;
            if copied != place.octets {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            at = place.offset + place.octets;
            separator = ",\n";
        }
        out.write_all(b"]")
    }
}

const BUFFER_OCTETS: usize = 64 * 1024;
