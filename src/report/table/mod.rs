//! A table for people: who lost mail, why, and who has to change what.
//!
//! Rows stand in order of capture and session, so nothing is written before the end: until then a bounded number of
//! rows is kept, those of the lowest numbers. Below them stand the totals, then each client and server that lose mail
//! with the remedy, last what the captures lack.

mod cell;
mod footer;
mod layout;
mod row;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::footer::Lines;
use self::layout::Layout;
use self::row::Row;
use super::totals::{Summary, Totals};
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show, escape};
use crate::diagnosis::{Diagnosis, Outcome};
use crate::report::words;
use crate::session::Session;

/// Columns where there is no terminal to ask: a table in a ticket or a mail is still readable.
const WIDTH_WITHOUT_TERMINAL: u16 = 120;
/// On a narrower terminal than this a table is unreadable, whatever one does.
const LEAST_WIDTH: u16 = 40;

/// Gathers rows and writes the table at the end.
pub(super) struct Table<'w> {
    out: Box<dyn Write + 'w>,
    options: ReportOptions,
    totals: Totals,
    rows: BTreeMap<(usize, u64), Row>,
    omitted_rows: u64,
    captures: BTreeMap<usize, CaptureNotes>,
    omitted_captures: u64,
    current: Current,
    tolerated: u64,
    recovered: u64,
}

/// The capture being read.
#[derive(Default)]
struct Current {
    label: String,
    gap_octets: u64,
    gap_sessions: u64,
}

/// What is to say about a capture.
struct CaptureNotes {
    label: String,
    notes: Vec<String>,
}

impl<'w> Table<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        Self {
            out,
            options: options.clone(),
            totals: Totals::new(&options.limits),
            rows: BTreeMap::new(),
            omitted_rows: 0,
            captures: BTreeMap::new(),
            omitted_captures: 0,
            current: Current::default(),
            tolerated: 0,
            recovered: 0,
        }
    }

    /// Keeps the row if it is one of the first ones.
    fn keep(&mut self, key: (usize, u64), row: impl FnOnce() -> Row) {
        let max_rows = self.options.limits.table_rows;
        if self.rows.len() < max_rows {
            self.rows.insert(key, row());
            return;
        }
        self.omitted_rows += 1;
        if self.rows.last_key_value().is_some_and(|(last, _)| key < *last) {
            self.rows.insert(key, row());
            self.rows.pop_last();
        }
    }

    fn has_rows_of(&self, capture: usize) -> bool {
        self.rows.range((capture, 0)..=(capture, u64::MAX)).next().is_some()
    }

    fn tables(&self, width: usize, text: &mut String) {
        let layout = Layout::new(self.rows.values(), self.options.show, width, self.options.colour);
        for (capture, notes) in &self.captures {
            if !self.has_rows_of(*capture) {
                continue;
            }
            if self.totals.summary().captures > 1 {
                text.push_str(&escape::cut(&notes.label, width));
                text.push('\n');
            }
            let rows = self.rows.range((*capture, 0)..=(*capture, u64::MAX)).map(|(_, row)| row);
            text.push_str(&layout.table(rows));
            text.push_str("\n\n");
        }
        if self.omitted_rows > 0 {
            let of = if self.options.show == Show::All { "" } else { "lost " };
            let rest = words::count(self.omitted_rows, &format!("more {of}session"));
            text.push_str(&escape::cut(&format!("And {rest}: use --format jsonl."), width));
            text.push_str("\n\n");
        }
    }
}

impl Reporter for Table<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        let path = escape::text(source.path.as_bytes());
        let label = match &source.member {
            Some(member) => format!("{path}: {}", escape::text(member.as_bytes())),
            None => path,
        };
        self.current = Current { label, ..Current::default() };
        Ok(())
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        let gap_octets = session.anomalies.gap_octets;
        self.current.gap_octets = self.current.gap_octets.saturating_add(gap_octets);
        self.current.gap_sessions += u64::from(gap_octets > 0);
        let is_malformed = session.transcript.hellos.iter().any(|hello| !hello.check.is_well_formed());
        let is_tolerated = diagnosis.outcome == Outcome::Delivered && is_malformed;
        self.recovered += u64::from(is_tolerated && diagnosis.recovered);
        self.tolerated += u64::from(is_tolerated && !diagnosis.recovered);
        let show = self.options.show;
        if show.lists(diagnosis.outcome) {
            self.keep((capture, session.number), || Row::new(session, diagnosis, show));
        }
        Ok(())
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.totals.capture_end(report);
        let current = std::mem::take(&mut self.current);
        let notes = capture_notes(&current, report);
        let has_rows = self.has_rows_of(capture);
        if notes.is_empty() && !has_rows {
            return Ok(());
        }
        // A capture with rows needs its name, and the rows are bounded already.
        if !has_rows && self.captures.len() >= self.options.limits.table_rows {
            self.omitted_captures += 1;
            return Ok(());
        }
        self.captures.insert(capture, CaptureNotes { label: current.label, notes });
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let width = usize::from(self.options.width.unwrap_or(WIDTH_WITHOUT_TERMINAL).max(LEAST_WIDTH));
        let mut text = String::new();
        self.tables(width, &mut text);
        let mut lines = Lines::new(width);
        footer::totals(&mut lines, &self.totals);
        footer::relays(&mut lines, &self.totals);
        let mut last = Lines::new(width);
        footer::warnings(&mut last, self.tolerated, self.recovered, self.options.show);
        footer::notes(&mut last, self.captures.values(), self.totals.summary().captures > 1, self.omitted_captures);
        let last = last.into_text();
        text.push_str(&lines.into_text());
        if !last.is_empty() {
            text.push('\n');
            text.push_str(&last);
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn summary(&self) -> &Summary {
        self.totals.summary()
    }
}

/// What a reader has to know about a capture to trust the table.
fn capture_notes(current: &Current, report: &CaptureReport) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(error) = &report.error {
        notes.push(error.to_string());
    }
    if let Some(info) = &report.info {
        notes.extend(info.notes.iter().cloned());
        if info.dropped > 0 {
            notes.push(format!("the capturing program lost {}", words::count(info.dropped, "packet")));
        }
    }
    for (reason, frames) in &report.undecoded {
        notes.push(format!("{} not decoded: {reason}", words::count(*frames, "frame")));
    }
    if current.gap_sessions > 0 {
        let (octets, sessions) =
            (words::count(current.gap_octets, "octet"), words::count(current.gap_sessions, "session"));
        notes.push(format!("the capture lacks {octets} in {sessions}"));
    }
    notes.iter().map(|note| escape::text(note.as_bytes())).collect()
}
