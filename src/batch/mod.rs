//! Many captures in one run: found, unpacked, scanned in parallel, and reported in order. A bad one never stops the rest.
//!
//! ```
//! use std::path::Path;
//! use ehlotrace::batch::{self, BatchOptions, Given};
//! use ehlotrace::report::{Format, ReportOptions, Show, reporter};
//! use ehlotrace::scan::ScanOptions;
//!
//! let given = [Given::new(Path::new("samples/mixed.pcapng"), Path::new("-"))];
//! let mut json = Vec::new();
//! let mut reporter = reporter(Format::Json, &ReportOptions::new(Show::All), Box::new(&mut json));
//! let result = batch::run(&given, &BatchOptions::new(ScanOptions::default()), reporter.as_mut())?;
//! assert_eq!((result.captures, result.lost, result.failures.len()), (1, 1, 0));
//! # drop(reporter);
//! # assert!(json.starts_with(b"{"));
//! # Ok::<(), std::io::Error>(())
//! ```

mod captures;
mod ending;
mod follow;
mod inputs;
mod known;
mod progress;
mod sequence;
mod tally;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::diagnosis::Diagnosis;
use crate::filter::SessionFilter;
use crate::report::Reporter;
use crate::scan::{CaptureReport, CaptureSource, Fingerprint, ScanOptions};
use crate::session::Session;

pub use captures::reread;
pub use inputs::{Given, Input, expand};
pub use progress::Progress;

// For the command line.
#[doc(hidden)]
pub use inputs::looks_like_a_set;

use tally::RunTally;

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
    /// Whether the inputs are the parts of one capture, to be read in order of their first packet. They are one ticket then.
    pub is_sequence: bool,
    /// Whether all inputs are one ticket: captures of one site, whose sessions are added up.
    pub are_together: bool,
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
            are_together: false,
            progress: None,
        }
    }
}

/// An input that could not be read, or not to its end; or that is not what it was said to be.
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
    /// What is wrong with captures that were read as parts of one.
    pub warnings: Vec<Failure>,
    /// Sessions lost of those that pass the filter, those aside whose mail another session delivered right after, and those of
    /// copies.
    pub lost: u64,
}

/// What a worker has to tell of its input.
enum Event {
    /// A capture is opened; with its first packet, if it has one.
    Begin(CaptureSource, Option<Fingerprint>),
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
    let mut tally = RunTally::new(options, reporter);
    let inputs: Vec<&Input> = given.iter().flat_map(|given| &given.inputs).collect();
    if options.is_sequence {
        tally.one_ticket(given);
        let reports = sequence::scan(given, options, &mut |event| tally.take(None, event));
        tally.ticket_end();
        reports.iter().for_each(|report| tally.input_end(report));
    } else {
        if options.are_together {
            tally.one_ticket(given);
        }
        if options.jobs > 1 && inputs.len() > 1 {
            in_parallel(given, &inputs, options, &mut tally);
        } else {
            one_by_one(given, options, &mut tally);
        }
        tally.ticket_end();
    }
    tally.finish()
}

fn one_by_one<'i>(given: &'i [Given], options: &BatchOptions<'_>, tally: &mut RunTally<'_, 'i>) {
    for given in given {
        for input in &given.inputs {
            tally.begin(given, input);
            worker::scan(input, options, &mut |event| tally.take(Some(input), event));
        }
        tally.given_end(given);
    }
}

/// Workers take `inputs`, all that was given, in order; each input's events come through a channel of its own, and those
/// are read in order.
fn in_parallel<'i>(given: &'i [Given], inputs: &[&Input], options: &BatchOptions<'_>, tally: &mut RunTally<'_, 'i>) {
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
            for (input, events) in given.inputs.iter().zip(in_order.iter()) {
                tally.begin(given, input);
                for event in events {
                    if !tally.take(Some(input), event) {
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
