//! Many captures in one run: found, unpacked, scanned in parallel, and reported in order. A bad one never stops the rest.

mod captures;
mod ending;
mod follow;
mod inputs;
mod progress;
mod sequence;
mod worker;

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::diagnosis::Diagnosis;
use crate::filter::SessionFilter;
use crate::report::{InputReport, Reporter};
use crate::scan::ScanOptions;
use crate::scan::{CaptureReport, CaptureSource};
use crate::session::Session;

pub use captures::reread;
pub use inputs::{Given, Input, expand, looks_like_a_set, read_list};
pub use progress::Progress;

/// How a run goes about its inputs.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchOptions<'p> {
    /// How each capture is scanned.
    pub scan: ScanOptions,
    /// What sessions have to pass to be told of.
    pub filter: SessionFilter,
    /// Inputs that are worked on at the same time; at least one.
    pub jobs: usize,
    /// What encrypted archives are tried with.
    pub passwords: Vec<String>,
    /// Whether the inputs are the parts of one capture, to be read in order of their first packet.
    pub is_sequence: bool,
    /// What is told how far the run is.
    pub progress: Option<&'p Progress>,
}

impl BatchOptions<'_> {
    /// Scans with `scan`, every session passes, one input at a time, no passwords, every input a capture of its own.
    pub fn new(scan: ScanOptions) -> Self {
        Self {
            scan,
            filter: SessionFilter::default(),
            jobs: 1,
            passwords: Vec::new(),
            is_sequence: false,
            progress: None,
        }
    }
}

/// An input that could not be read, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// Where it came from.
    pub source: CaptureSource,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.message)
    }
}

/// What came of a run.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BatchResult {
    /// Captures that were read, to their end or to damage.
    pub captures: usize,
    /// Files in folders and members of archives that are no captures.
    pub skipped_files: u64,
    /// What could not be read, or not to its end.
    pub failures: Vec<Failure>,
    /// Sessions lost of those that pass the filter, those aside whose mail another session delivered right after.
    pub lost: u64,
}

/// What a worker has to tell of its input.
enum Event {
    Begin(CaptureSource),
    Session(Box<(Session, Diagnosis)>),
    End(Box<CaptureReport>),
    /// A file or member that is no capture.
    Skipped,
}

/// Events of one input that may wait for their turn. Each holds one session at most.
const WAITING_EVENTS: usize = 256;

/// Scans what was `given` and tells `reporter` all of it, in its order whatever the number of jobs.
///
/// # Errors
///
/// Only when the report cannot be written. What is wrong with an input stands in the result.
pub fn run(given: &[Given], options: &BatchOptions<'_>, reporter: &mut dyn Reporter) -> io::Result<BatchResult> {
    let (result, input) = (BatchResult::default(), InputReport::default());
    let mut tally = RunTally { result, reporter, capture: 0, source: None, input, is_gone: None };
    let inputs: Vec<&Input> = given.iter().flat_map(|given| &given.inputs).collect();
    if options.is_sequence {
        let reports = sequence::scan(given, options, &mut |event| tally.take(event));
        reports.iter().for_each(|report| tally.input_end(report));
    } else if options.jobs > 1 && inputs.len() > 1 {
        in_parallel(given, &inputs, options, &mut tally);
    } else {
        for given in given {
            for input in &given.inputs {
                worker::scan(input, options, &mut |event| tally.take(event));
            }
            tally.given_end(given);
        }
    }
    tally.finish()
}

/// Workers take `inputs`, all that was given, in order; each input's events come through a channel of its own, and those
/// are read in order.
fn in_parallel(given: &[Given], inputs: &[&Input], options: &BatchOptions<'_>, tally: &mut RunTally<'_>) {
    // Bounded, so that workers do not run far ahead of an input that takes long.
    let (order, in_order) = sync_channel::<Receiver<Event>>(options.jobs.saturating_mul(4));
    let queue = Mutex::new((inputs.iter(), Some(order)));
    thread::scope(|scope| {
        // Dropped when nobody wants to know more, so that no worker waits for its turn.
        let in_order = in_order;
        for _ in 0..options.jobs.min(inputs.len()) {
            scope.spawn(|| {
                while let Some((input, events)) = next(&queue) {
                    worker::scan(input, options, &mut |event| events.send(event).is_ok());
                }
            });
        }
        for given in given {
            for events in in_order.iter().take(given.inputs.len()) {
                for event in events {
                    if !tally.take(event) {
                        return;
                    }
                }
            }
            tally.given_end(given);
        }
    });
}

type Queue<'i> = Mutex<(std::slice::Iter<'i, &'i Input>, Option<SyncSender<Receiver<Event>>>)>;

/// The next input, and where to send its events; none if there is no more, or nobody who wants to know.
fn next<'i>(queue: &Queue<'i>) -> Option<(&'i Input, SyncSender<Event>)> {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let (inputs, order) = &mut *queue;
    let (sender, receiver) = sync_channel(WAITING_EVENTS);
    match (inputs.next(), &order) {
        (Some(input), Some(known)) if known.send(receiver).is_ok() => Some((input, sender)),
        _ => {
            // The reader of the queue ends when the last sender is gone.
            *order = None;
            None
        }
    }
}

/// Hands events on to the reporter and adds them up.
struct RunTally<'r> {
    result: BatchResult,
    reporter: &'r mut dyn Reporter,
    capture: usize,
    source: Option<CaptureSource>,
    /// What came so far of the path that is being read.
    input: InputReport,
    /// Why the report can no longer be written.
    is_gone: Option<io::Error>,
}

impl RunTally<'_> {
    /// Takes one event; false when nothing more is wanted.
    fn take(&mut self, event: Event) -> bool {
        if self.is_gone.is_none()
            && let Err(error) = self.report(event)
        {
            self.is_gone = Some(error);
        }
        self.is_gone.is_none()
    }

    fn report(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Begin(source) => {
                self.reporter.capture_begin(self.capture, &source)?;
                self.source = Some(source);
            }
            Event::Session(pair) => {
                let (session, diagnosis) = *pair;
                self.result.lost += u64::from(diagnosis.is_mail_lost());
                self.reporter.session(self.capture, &session, &diagnosis)?;
            }
            Event::End(report) => {
                self.reporter.capture_end(self.capture, &report)?;
                self.capture += 1;
                self.result.captures += usize::from(report.info.is_some());
                self.input.captures += u64::from(report.info.is_some());
                self.input.unreadable += u64::from(report.error.is_some());
                if let (Some(error), Some(source)) = (report.error, self.source.take()) {
                    self.result.failures.push(Failure { source, message: error.to_string() });
                }
            }
            Event::Skipped => {
                self.result.skipped_files += 1;
                self.input.passed_over += 1;
            }
        }
        Ok(())
    }

    /// All that a path stands for was read.
    fn given_end(&mut self, given: &Given) {
        let report = std::mem::take(&mut self.input);
        self.input_end(&InputReport { source: CaptureSource::new(&given.path, None), ..report });
    }

    fn input_end(&mut self, report: &InputReport) {
        if self.is_gone.is_none() {
            self.is_gone = self.reporter.input_end(report).err();
        }
    }

    fn finish(self) -> io::Result<BatchResult> {
        match self.is_gone {
            Some(error) => Err(error),
            None => {
                self.reporter.end()?;
                Ok(self.result)
            }
        }
    }
}
