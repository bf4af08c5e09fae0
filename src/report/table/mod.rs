//! A table for people: who lost mail, why, and who has to change what.
//!
//! Rows stand in order of capture and session, so nothing is written before the end: until then a bounded number of
//! rows is kept, those of the lowest numbers. Of several tickets each has a line above them. Below them stand the totals, then what mail was lost to
//! with the remedy, then each client and server that lose mail, last what the captures lack.

mod cell;
mod findings;
mod footer;
mod layout;
mod relays;
mod row;
mod sparkline;

use std::io::{self, Write};

use self::footer::FooterLines;
use self::layout::Layout;
use self::row::TableRow;
use super::digest::Digest;
use super::run::{Form, Rows, Run};
use super::{ReportOptions, Show, escape, words};
use crate::time::Zone;

/// Columns where there is no terminal to ask: a table in a ticket or a mail is still readable.
const WIDTH_WITHOUT_TERMINAL: u16 = 120;
/// On a narrower terminal than this a table is unreadable, whatever one does.
const LEAST_WIDTH: u16 = 40;

/// Gathers rows and writes the table at the end.
pub(super) struct Table<'w> {
    out: Box<dyn Write + 'w>,
    names_outcome: bool,
    zone: Zone,
    rows: Rows<TableRow>,
}

impl<'w> Table<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let (names_outcome, zone) = (options.show == Show::All, options.zone.clone());
        Self { out, names_outcome, zone, rows: Rows::new(options.limits.table_rows) }
    }

    fn tables(&self, run: &Run, width: usize) -> String {
        let mut text = String::new();
        let are_several = run.totals.summary().captures > 1;
        let layout = Layout::new(self.rows.all(), &run.options, are_several, width);
        for capture in &run.captures.kept {
            let rows: Vec<&TableRow> = self.rows.of_capture(capture.number).collect();
            if rows.is_empty() {
                continue;
            }
            if are_several {
                text.push_str(&escape::cut(&capture.title(), width));
                text.push('\n');
            }
            text.push_str(&layout.table(rows.into_iter()));
            text.push_str("\n\n");
        }
        if self.rows.omitted > 0 {
            let of = if run.shows_all() { "" } else { "lost " };
            let rest = words::count(self.rows.omitted, &format!("more {of}session"));
            text.push_str(&escape::cut(&format!("And {rest}: use --format jsonl."), width));
            text.push_str("\n\n");
        }
        text
    }
}

impl Form for Table<'_> {
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.rows.keep(digest.key(), || TableRow::new(digest, self.names_outcome, &self.zone));
        Ok(())
    }

    fn forget(&mut self, capture: usize) -> io::Result<()> {
        self.rows.forget(capture);
        Ok(())
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        let width = usize::from(run.options.width.unwrap_or(WIDTH_WITHOUT_TERMINAL).max(LEAST_WIDTH));
        let mut tickets = FooterLines::new(width);
        footer::tickets(&mut tickets, run);
        let mut lines = FooterLines::new(width);
        footer::totals(&mut lines, run);
        sparkline::line(&mut lines, run);
        findings::describe_all(&mut lines, run);
        relays::list(&mut lines, run);
        footer::never_started(&mut lines, run);
        let mut last = FooterLines::new(width);
        footer::warnings(&mut last, run);
        footer::notes(&mut last, run);
        let (lines, last) = (lines.into_text(), last.into_text());
        let blank = if last.is_empty() { "" } else { "\n" };
        let tickets = tickets.into_text();
        write!(self.out, "{tickets}{}{lines}{blank}{last}", self.tables(run, width))?;
        self.out.flush()
    }
}
