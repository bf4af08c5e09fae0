//! The course of a report, the same for every format: what is counted, what is listed, what is said of the captures.

use std::collections::BTreeMap;
use std::io;

use super::background::NeverStarted;
use super::digest::Digest;
use super::notes::{Captures, Warnings};
use super::totals::{Summary, Totals};
use super::{InputReport, ReportOptions, Reporter, Show};
use crate::diagnosis::{Diagnosis, Outcome};
use crate::scan::{CaptureReport, CaptureSource};
use crate::session::Session;

/// One output format. It is told only of what it is to show.
pub(super) trait Form {
    /// A capture is opened.
    fn capture_begin(&mut self, _: usize, _: &CaptureSource) -> io::Result<()> {
        Ok(())
    }

    /// A session to be listed.
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()>;

    /// That capture was read.
    fn capture_end(&mut self, _: usize, _: &CaptureSource, _: &CaptureReport) -> io::Result<()> {
        Ok(())
    }

    /// What is to say about that capture, for a form that says it at once.
    fn capture_notes(&mut self, _: &CaptureSource, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    /// That capture is a copy, which is known behind its sessions: they are not shown.
    fn forget(&mut self, _: usize) -> io::Result<()> {
        Ok(())
    }

    /// All of a ticket was read: its number, and what it came to.
    fn ticket_end(&mut self, _: usize, _: &InputReport, _: &Summary) -> io::Result<()> {
        Ok(())
    }

    /// All of an input was read.
    fn input_end(&mut self, _: &InputReport) -> io::Result<()> {
        Ok(())
    }

    /// Nothing more comes: writes the rest and flushes.
    fn end(&mut self, run: &Run) -> io::Result<()>;
}

/// What a run came to, listed or not.
pub(super) struct Run {
    pub(super) options: ReportOptions,
    pub(super) totals: Totals,
    pub(super) captures: Captures,
    pub(super) warnings: Warnings,
    pub(super) never_started: NeverStarted,
}

impl Run {
    /// Whether every session is listed.
    pub(super) fn shows_all(&self) -> bool {
        self.options.show == Show::All
    }
}

/// Drives a format.
pub(super) struct Driver<F> {
    run: Run,
    form: F,
    /// The warnings before the capture being read, if it may be a copy.
    warnings_before: Option<Warnings>,
}

impl<F> Driver<F> {
    pub(super) fn new(options: &ReportOptions, form: F) -> Self {
        let limits = &options.limits;
        let run = Run {
            totals: Totals::new(limits),
            captures: Captures::new(limits.table_rows),
            warnings: Warnings::default(),
            never_started: NeverStarted::new(limits.failed_lookups),
            options: options.clone(),
        };
        Self { run, form, warnings_before: None }
    }
}

impl<F: Form> Reporter for Driver<F> {
    fn capture_begin(&mut self, capture: usize, source: &CaptureSource) -> io::Result<()> {
        self.run.captures.begin(source);
        self.run.totals.capture_begin(source);
        self.warnings_before = source.may_be_copy.then(|| self.run.warnings.clone());
        self.form.capture_begin(capture, source)
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        let is_listed = self.run.shows_all() || diagnosis.outcome == Outcome::Lost;
        let finding = self.run.totals.session((capture, self.run.captures.source()), session, diagnosis);
        self.run.warnings.session(session, diagnosis);
        self.run.captures.session(session, diagnosis, is_listed);
        if is_listed {
            self.form.session(&Digest::new(capture, self.run.captures.source(), session, diagnosis, finding))?;
        }
        Ok(())
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.run.totals.capture_end(report);
        let warnings_before = self.warnings_before.take();
        if report.copy_of.is_some() {
            self.run.warnings = warnings_before.unwrap_or_default();
            self.form.forget(capture)?;
        } else {
            self.run.never_started.capture_end(capture, report);
        }
        self.form.capture_end(capture, self.run.captures.source(), report)?;
        let notes = self.run.captures.end(capture, report);
        self.form.capture_notes(self.run.captures.source(), &notes)
    }

    fn ticket_end(&mut self, ticket: &InputReport) -> io::Result<()> {
        let (number, summary) = self.run.totals.ticket_end(ticket);
        self.form.ticket_end(number, ticket, &summary)
    }

    fn input_end(&mut self, input: &InputReport) -> io::Result<()> {
        self.form.input_end(input)
    }

    fn end(&mut self) -> io::Result<()> {
        self.form.end(&self.run)
    }

    fn summary(&self) -> &Summary {
        self.run.totals.summary()
    }
}

/// Rows in order of capture and session: a bounded number, those of the lowest numbers.
pub(super) struct Rows<R> {
    most: usize,
    kept: BTreeMap<(usize, u64), R>,
    pub(super) omitted: u64,
    /// How many rows of the latest capture are omitted, and its number.
    latest: (usize, u64),
}

impl<R> Rows<R> {
    pub(super) const fn new(most: usize) -> Self {
        Self { most, kept: BTreeMap::new(), omitted: 0, latest: (0, 0) }
    }

    /// Keeps the row if it is one of the first ones.
    pub(super) fn keep(&mut self, key: (usize, u64), row: impl FnOnce() -> R) {
        let is_full = self.kept.len() >= self.most;
        self.omitted += u64::from(is_full);
        let of_latest = if self.latest.0 == key.0 { self.latest.1 } else { 0 };
        self.latest = (key.0, of_latest + u64::from(is_full));
        if !is_full || self.kept.last_key_value().is_some_and(|(last, _)| key < *last) {
            self.kept.insert(key, row());
        }
        if is_full && self.kept.len() > self.most {
            self.kept.pop_last();
        }
    }

    /// Takes back the rows of the latest capture, if it has this number: they have displaced none of the others.
    pub(super) fn forget(&mut self, capture: usize) {
        self.kept.retain(|(of, _), _| *of != capture);
        if self.latest.0 == capture {
            self.omitted -= std::mem::take(&mut self.latest.1);
        }
    }

    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = &R> + Clone {
        self.kept.values()
    }

    pub(super) fn of_capture(&self, capture: usize) -> impl Iterator<Item = &R> {
        self.kept.range((capture, 0)..=(capture, u64::MAX)).map(|(_, row)| row)
    }
}
