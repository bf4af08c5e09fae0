//! A page for a browser: one file that needs no network and no other file, with every session drawn out.
//!
//! Sessions are written to spools as they close, lost ones apart, and stand in the page as JSON; its script builds the
//! rows a hundred at a time and a ladder when its session is opened. A policy in the page allows its own script
//! and style by their hashes and nothing else, so text of a capture could run nothing even if it broke out of its place.

mod events;
mod page;
mod sections;
mod session;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use serde::Serialize as _;

use self::session::PageSession;
use super::background::NeverStarted;
use super::escape::ScriptSafe;
use super::notes::{CaptureNotes, Current, Warnings};
use super::spool::Spool;
use super::totals::{Summary, Totals};
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show};
use crate::diagnosis::{Diagnosis, Outcome};
use crate::limits::Limits;
use crate::session::Session;

/// Gathers sessions and writes the page at the end.
pub(super) struct Html<'w> {
    out: Box<dyn Write + 'w>,
    show: Show,
    limits: Limits,
    totals: Totals,
    warnings: Warnings,
    lost: Spool,
    others: Spool,
    /// Rows of lost sessions for a browser without scripts.
    plain_rows: BTreeMap<(usize, u64), String>,
    current: Current,
    captures: Vec<PageCapture>,
    omitted_captures: u64,
    never_started: NeverStarted,
    object: Vec<u8>,
}

/// What the page says of a capture.
struct PageCapture {
    about: CaptureNotes,
    format: Option<&'static str>,
    frames: u64,
    sessions: u64,
    time_zone: Option<String>,
}

impl<'w> Html<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let memory_octets = options.limits.spool_octets;
        Self {
            out,
            show: options.show,
            limits: options.limits.clone(),
            totals: Totals::new(&options.limits),
            warnings: Warnings::default(),
            lost: Spool::new(memory_octets),
            others: Spool::new(memory_octets),
            plain_rows: BTreeMap::new(),
            current: Current::default(),
            captures: Vec::new(),
            omitted_captures: 0,
            never_started: NeverStarted::new(options.limits.failed_lookups),
            object: Vec::new(),
        }
    }

    /// Keeps a session for the page as long as there is room.
    fn keep(&mut self, page_session: &PageSession, is_lost: bool) -> io::Result<()> {
        let spool = if is_lost { &mut self.lost } else { &mut self.others };
        if spool.len() >= self.limits.page_sessions || spool.octets() >= self.limits.page_octets {
            return Ok(());
        }
        self.object.clear();
        page_session.serialize(&mut serde_json::Serializer::with_formatter(&mut self.object, ScriptSafe))?;
        let key = (page_session.capture, page_session.number);
        spool.add(key, &self.object)?;
        if is_lost && self.plain_rows.len() < self.limits.table_rows {
            self.plain_rows.insert(key, sections::plain_row(page_session));
        }
        Ok(())
    }

    /// How many of the sessions that are not lost still have a place beside the lost ones.
    fn others_listed(&mut self) -> usize {
        let room = self.limits.page_sessions.saturating_sub(self.lost.len());
        self.others.number_within(self.limits.page_octets.saturating_sub(self.lost.octets())).min(room)
    }

    /// The sessions as a JSON array, one a line.
    fn write_sessions(&mut self, out: &mut impl Write) -> io::Result<()> {
        let others = self.others_listed();
        out.write_all(b"[")?;
        self.lost.copy("\n", ",\n", usize::MAX, out)?;
        let before = if self.lost.len() == 0 { "\n" } else { ",\n" };
        self.others.copy(before, ",\n", others, out)?;
        out.write_all(b"\n]")
    }
}

impl Reporter for Html<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        self.current = Current::new(source);
        Ok(())
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        self.warnings.session(session, diagnosis);
        self.current.session(session);
        if !self.show.lists(diagnosis.outcome) {
            return Ok(());
        }
        self.keep(&PageSession::new(capture, session, diagnosis), diagnosis.outcome == Outcome::Lost)
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.never_started.capture_end(capture, report);
        self.totals.capture_end(report);
        let info = report.info.as_ref();
        if self.captures.len() >= self.limits.table_rows {
            self.omitted_captures += 1;
            return Ok(());
        }
        self.captures.push(PageCapture {
            about: std::mem::take(&mut self.current).end(report),
            format: info.map(|info| info.format),
            frames: info.map_or(0, |info| info.frames),
            sessions: report.sessions,
            time_zone: info.and_then(|info| info.time_zone.clone()),
        });
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let mut out = std::mem::replace(&mut self.out, Box::new(io::sink()));
        let mut buffered = BufWriter::new(&mut out);
        page::write(self, &mut buffered)?;
        buffered.flush()
    }

    fn summary(&self) -> &Summary {
        self.totals.summary()
    }
}
