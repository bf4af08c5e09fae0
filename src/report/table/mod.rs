//! A table for people: who lost mail, why, and who has to change what.
//!
//! Rows stand in order of capture and session, so nothing is written before the end: until then a bounded number of
//! rows is kept, those of the lowest numbers. Below them stand the totals, then each client and server that lose mail
//! with the remedy, last what the captures lack.

mod cell;
pub(in crate::report) mod footer;
mod layout;
pub(in crate::report) mod row;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::footer::Lines;
use self::layout::Layout;
use self::row::Row;
use super::background::NeverStarted;
use super::notes::{CaptureNotes, Current, Warnings};
use super::totals::{Summary, Totals};
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show, escape, words};
use crate::diagnosis::Diagnosis;
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
    warnings: Warnings,
    never_started: NeverStarted,
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
            warnings: Warnings::default(),
            never_started: NeverStarted::new(options.limits.failed_lookups),
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
        self.current = Current::new(source);
        Ok(())
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        self.current.session(session);
        self.warnings.session(session, diagnosis);
        let show = self.options.show;
        if show.lists(diagnosis.outcome) {
            self.keep((capture, session.number), || Row::new(session, diagnosis, show));
        }
        Ok(())
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.totals.capture_end(report);
        let current = std::mem::take(&mut self.current);
        let capture_notes = current.end(report);
        self.never_started.capture_end(capture, report);
        let has_rows = self.has_rows_of(capture) || report.failed_lookups.total() > 0;
        if capture_notes.notes.is_empty() && !has_rows {
            return Ok(());
        }
        // A capture with rows needs its name, and the rows are bounded already.
        if !has_rows && self.captures.len() >= self.options.limits.table_rows {
            self.omitted_captures += 1;
            return Ok(());
        }
        self.captures.insert(capture, capture_notes);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let width = usize::from(self.options.width.unwrap_or(WIDTH_WITHOUT_TERMINAL).max(LEAST_WIDTH));
        let mut text = String::new();
        self.tables(width, &mut text);
        let mut lines = Lines::new(width);
        footer::totals(&mut lines, &self.totals);
        footer::relays(&mut lines, &self.totals);
        footer::never_started(&mut lines, &self.never_started, self.totals.summary(), &self.captures);
        let mut last = Lines::new(width);
        footer::warnings(&mut last, &self.warnings, self.options.show);
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
