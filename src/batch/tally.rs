//! What the workers tell, in order: tickets and copies are told apart, and the reporter hears of it.

use std::io;
use std::sync::Arc;

use super::known::KnownCaptures;
use super::{BatchOptions, BatchResult, Event, Failure, Given, Input};
use crate::report::{InputReport, Reporter};
use crate::scan::{CaptureReport, CaptureSource, Fingerprint, Ticket};

/// Hands events on to the reporter and adds them up.
pub(super) struct RunTally<'r, 'i> {
    result: BatchResult,
    reporter: &'r mut dyn Reporter,
    /// The number of the next capture.
    capture: usize,
    known: KnownCaptures<'i>,
    source: Option<CaptureSource>,
    /// Sessions lost of the capture that is being read.
    lost: u64,
    /// What came so far of the path that is being read.
    input: InputReport,
    ticket: OpenTicket,
    /// Why the report can no longer be written.
    is_gone: Option<io::Error>,
}

/// The ticket that is being read.
#[derive(Default)]
struct OpenTicket {
    id: Ticket,
    report: InputReport,
    /// Whether it is more than a file, so that something should be in it.
    is_folder: bool,
    /// Whether all inputs belong to it.
    is_only_one: bool,
}

impl<'r, 'i> RunTally<'r, 'i> {
    pub(super) fn new(options: &BatchOptions<'_>, reporter: &'r mut dyn Reporter) -> Self {
        Self {
            result: BatchResult::default(),
            reporter,
            capture: 0,
            known: KnownCaptures::new(options.scan.limits.known_captures),
            source: None,
            lost: 0,
            input: InputReport::default(),
            ticket: OpenTicket::default(),
            is_gone: None,
        }
    }

    /// All inputs are one ticket.
    pub(super) fn one_ticket(&mut self, given: &[Given]) {
        let path = |given: Option<&Given>| given.map(|given| given.path.clone()).unwrap_or_default();
        let source = match given {
            [] | [_] => CaptureSource::new(path(given.first()), None),
            [first, .., last] => {
                CaptureSource::new(format!("{} ... {}", first.path.display(), last.path.display()), None)
            }
        };
        self.open_ticket(source, true);
        self.ticket.is_only_one = true;
    }

    /// `input` comes next, of what was `given`.
    pub(super) fn begin(&mut self, given: &Given, input: &Input) {
        if self.ticket.is_only_one {
            return;
        }
        let path = given.ticket_of(input);
        let source = CaptureSource::new(&path, None);
        let open = &self.ticket.report.source;
        if (&source.path, &source.raw_path) != (&open.path, &open.raw_path) {
            self.ticket_end();
            self.open_ticket(source, input.path().is_some_and(|input| input != path));
        }
    }

    fn open_ticket(&mut self, source: CaptureSource, is_folder: bool) {
        let id = Ticket { path: Arc::from(&*source.path), ..self.ticket.id.clone() };
        self.ticket =
            OpenTicket { id, report: InputReport { source, ..InputReport::default() }, is_folder, is_only_one: false };
    }

    /// The ticket being read is over. A mere file that is no capture is none.
    pub(super) fn ticket_end(&mut self) {
        let OpenTicket { id, report, is_folder, .. } = std::mem::take(&mut self.ticket);
        self.ticket.id.number = id.number;
        if report.captures + report.unreadable > 0 || is_folder && report.passed_over > 0 {
            self.ticket.id.number += 1;
            if self.is_gone.is_none() {
                self.is_gone = self.reporter.ticket_end(&report).err();
            }
        }
    }

    /// Takes one event of `input`, which is none where several are read as one; false when nothing more is wanted.
    pub(super) fn take(&mut self, input: Option<&'i Input>, event: Event) -> bool {
        if self.is_gone.is_none()
            && let Err(error) = self.report(input, event)
        {
            self.is_gone = Some(error);
        }
        self.is_gone.is_none()
    }

    fn report(&mut self, input: Option<&'i Input>, event: Event) -> io::Result<()> {
        match event {
            Event::Begin(source, first_packet) => self.capture_begin(source, first_packet),
            Event::Session(pair) => {
                let (session, diagnosis) = *pair;
                self.lost += u64::from(diagnosis.is_mail_lost());
                self.reporter.session(self.capture, &session, &diagnosis)
            }
            Event::End(report) => self.capture_end(input, *report),
            Event::Skipped => {
                self.result.skipped_files += 1;
                self.input.passed_over += 1;
                self.ticket.report.passed_over += 1;
                Ok(())
            }
        }
    }

    fn capture_begin(&mut self, source: CaptureSource, first_packet: Option<Fingerprint>) -> io::Result<()> {
        let may_be_copy = self.known.begins_as_one(first_packet);
        let source = CaptureSource { ticket: self.ticket.id.clone(), may_be_copy, ..source };
        self.lost = 0;
        self.reporter.capture_begin(self.capture, &source)?;
        self.source = Some(source);
        Ok(())
    }

    fn capture_end(&mut self, input: Option<&'i Input>, mut report: CaptureReport) -> io::Result<()> {
        let source = self.source.take().unwrap_or_default();
        if let Some(input) = input {
            let copy_of = self.known.copy_of(report.fingerprint, self.capture, input, source.member.as_deref());
            // The sessions of one that was not expected to be a copy were shown as they came.
            report.copy_of = copy_of.filter(|_| source.may_be_copy);
        }
        self.reporter.capture_end(self.capture, &report)?;
        self.capture += 1;
        self.result.captures += usize::from(report.info.is_some());
        if report.copy_of.is_none() {
            self.result.lost += self.lost;
        }
        for counts in [&mut self.input, &mut self.ticket.report] {
            counts.captures += u64::from(report.info.is_some());
            counts.unreadable += u64::from(report.error.is_some());
            counts.copies += u64::from(report.copy_of.is_some());
        }
        self.result
            .warnings
            .extend(report.mixed_parts.into_iter().map(|message| Failure { source: source.clone(), message }));
        if let Some(error) = report.error {
            self.result.failures.push(Failure { source, message: error.to_string() });
        }
        Ok(())
    }

    /// All that a path stands for was read.
    pub(super) fn given_end(&mut self, given: &Given) {
        if !self.ticket.is_only_one {
            self.ticket_end();
        }
        let report = std::mem::take(&mut self.input);
        self.input_end(&InputReport { source: CaptureSource::new(&given.path, None), ..report });
    }

    pub(super) fn input_end(&mut self, report: &InputReport) {
        if self.is_gone.is_none() {
            self.is_gone = self.reporter.input_end(report).err();
        }
    }

    pub(super) fn finish(self) -> io::Result<BatchResult> {
        match self.is_gone {
            Some(error) => Err(error),
            None => {
                self.reporter.end()?;
                Ok(self.result)
            }
        }
    }
}
