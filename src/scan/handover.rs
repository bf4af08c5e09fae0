//! A large capture on two threads: one follows connections, the other diagnoses and reports them.
//!
//! Judging a session and writing what is known of it costs about as much as following it, so the caller's thread, which
//! alone may call its observer, is left to do only that. Connections are handed over in batches, in the order in which
//! they closed: the observer is told the same as by one thread.

use std::mem;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::panic;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use super::{Observer, ScanOptions, Scanner, Sink};
use crate::capture::CaptureReader;
use crate::flow::ClosedFlow;
use crate::scan::CaptureReport;
use crate::session::{SessionBuilder, SessionFrame};
use crate::time::Timestamp;

/// Frames that one thread reads before a second is started: of a small capture all.
const FRAMES_ALONE: u32 = 16_384;
/// Sessions of one batch.
const BATCH_SESSIONS: usize = 128;
/// Batches that may wait for the observer before the scan does.
const WAITING_BATCHES: usize = 2;
/// How long a session may wait for its batch to fill, in nanoseconds of capture time: someone may follow the output.
const MAX_WAIT_NS: i64 = 100_000_000;

type Batch<'o> = Vec<ClosedFlow<SessionBuilder<'o>>>;

/// Scans all of `reader` and tells `observer`, on this thread, of each session.
pub(super) fn scan<O: Observer>(
    reader: &mut dyn CaptureReader,
    options: &ScanOptions,
    observer: &mut O,
) -> CaptureReport {
    let mut scanner = Scanner::new(options, &mut *observer);
    scanner.boundary = reader.boundary();
    let mut left = FRAMES_ALONE;
    let begun = reader.for_each_packet(&mut |packet| {
        scanner.packet(&packet);
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if begun.is_err() || left > 0 {
        return scanner.finish(reader, begun);
    }
    if thread::available_parallelism().is_ok_and(|threads| threads == NonZero::<usize>::MIN) {
        return scanner.scan(reader);
    }
    let (sender, batches) = mpsc::sync_channel(WAITING_BATCHES);
    let outbox = Outbox { sender, batch: Vec::with_capacity(BATCH_SESSIONS), since: None, is_unwanted: false };
    let mut waiting = Some(scanner.hand_over(outbox));
    let scanned = thread::scope(|scope| {
        // Taken out there, so that the outbox is closed however the thread ends.
        let work = || waiting.take().map(|scanner| scan_apart(scanner, reader));
        let scanning = thread::Builder::new().spawn_scoped(scope, work).ok()?;
        for flow in batches.into_iter().flatten() {
            observer.closed(flow);
        }
        scanning.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
    });
    match (scanned, waiting) {
        (Some(report), _) => report,
        // The system gave no thread.
        (None, Some(scanner)) => scanner.hand_over(observer).scan(reader),
        (None, None) => Scanner::new(options, observer).scan(reader),
    }
}

/// Scans the rest of the capture; ends early when nobody takes the sessions any more.
fn scan_apart<'o>(mut scanner: Scanner<'o, Outbox<'o>>, reader: &mut dyn CaptureReader) -> CaptureReport {
    let result = reader.for_each_packet(&mut |packet| {
        scanner.packet(&packet);
        scanner.sink.send_if_due(packet.time)
    });
    scanner.finish(reader, result)
}

/// Gathers sessions into batches and sends them to the observer's thread.
struct Outbox<'o> {
    sender: SyncSender<Batch<'o>>,
    batch: Batch<'o>,
    /// The capture's time when the batch was first seen to hold anything.
    since: Option<Timestamp>,
    /// The observer is gone.
    is_unwanted: bool,
}

impl Outbox<'_> {
    #[inline]
    fn send_if_due(&mut self, now: Timestamp) -> ControlFlow<()> {
        if !self.batch.is_empty() && now.nanos_since(*self.since.get_or_insert(now)) > MAX_WAIT_NS {
            self.send();
        }
        if self.is_unwanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn send(&mut self) {
        let batch = mem::replace(&mut self.batch, Vec::with_capacity(BATCH_SESSIONS));
        self.is_unwanted |= self.sender.send(batch).is_err();
        self.since = None;
    }
}

impl<'o> Sink<'o> for Outbox<'o> {
    const WANTS_FRAMES: bool = false;

    fn closed(&mut self, flow: ClosedFlow<SessionBuilder<'o>>) {
        self.batch.push(flow);
        if self.batch.len() >= BATCH_SESSIONS {
            self.send();
        }
    }

    fn frame(&mut self, _: &SessionFrame<'_>) {}
}

impl Drop for Outbox<'_> {
    fn drop(&mut self) {
        self.send();
    }
}
