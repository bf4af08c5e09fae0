//! Reading a capture twice: what a session came to is known only when it is over, and sessions overlap.
//!
//! The first reading chooses sessions and keeps a little of each; the second hands over their frames, in the order of the
//! capture. A session has the same number in both. What is done with a frame is up to whoever reads.

mod choice;
mod rereadable;
mod texts;

use std::collections::BTreeMap;
use std::io;

use crate::capture::{self, CaptureReader, OpenOptions, ReadError};
use crate::diagnosis::Diagnosis;
use crate::filter::SessionFilter;
use crate::scan::CaptureReport;
use crate::scan::{Observer, ScanOptions, scan_observed};
use crate::session::{Session, SessionFrame};

pub use choice::Choice;
pub(crate) use rereadable::Rereadable;
pub(crate) use texts::SessionTexts;

use choice::Choosing;

/// Opens a capture at its start, each time it is called.
pub type Reopen<'r> = dyn FnMut(&OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> + 'r;

/// What the first reading found.
pub(crate) struct First<K> {
    /// What came of the capture.
    pub(crate) capture: CaptureReport,
    /// What is kept of the sessions chosen, by their numbers.
    pub(crate) sessions: BTreeMap<u64, K>,
    /// Sessions that were chosen and are over the bound.
    pub(crate) left_out: u64,
    /// Sessions lost of those that pass the filter, chosen or not.
    pub(crate) lost: u64,
}

/// Opens a capture for one of the readings.
pub(crate) fn open(reopen: &mut Reopen<'_>, scan: &ScanOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    reopen(&scan.open_options())
}

/// Reads a capture and keeps of each session chosen what `keep` makes of it. Ports on which the capture has SMTP are added to
/// those of `scan` where that is asked for, or there is nothing on these. Where the filter has to know the end of the capture,
/// it is read once more for that.
///
/// # Errors
///
/// If the capture cannot be opened.
pub(crate) fn first<K>(
    reopen: &mut Reopen<'_>,
    scan: &mut ScanOptions,
    choice: Choice,
    filter: &SessionFilter,
    keep: fn(Session, &Diagnosis) -> K,
) -> Result<First<K>, ReadError> {
    let filter = &match filter.needs_end() {
        true => filter.ending_at(capture::last_time(open(reopen, scan)?.as_mut())),
        false => filter.clone(),
    };
    let first = read_first(open(reopen, scan)?.as_mut(), scan, choice, filter, keep);
    let is_asked = scan.any_port || first.capture.sessions == 0;
    if !is_asked || first.capture.other_ports.found.is_empty() {
        return Ok(first);
    }
    scan.ports = first.capture.other_ports.all();
    Ok(read_first(open(reopen, scan)?.as_mut(), scan, choice, filter, keep))
}

fn read_first<K>(
    reader: &mut dyn CaptureReader,
    scan: &ScanOptions,
    choice: Choice,
    filter: &SessionFilter,
    keep: fn(Session, &Diagnosis) -> K,
) -> First<K> {
    let (filter, most, sessions) = (filter.clone(), scan.limits.trace_sessions, BTreeMap::new());
    let mut choosing = Choosing { choice, filter, most, keep, sessions, left_out: 0, lost: 0, filtered_out: 0 };
    let capture = scan_observed(reader, scan, &mut choosing);
    let Choosing { sessions, left_out, lost, filtered_out, .. } = choosing;
    let capture = CaptureReport { filtered_out, ..capture };
    First { capture, sessions, left_out, lost }
}

/// Reads it again and hands every frame of `sessions` to `take`, until that fails.
pub(crate) fn second<K>(
    reader: &mut dyn CaptureReader,
    scan: &ScanOptions,
    sessions: &mut BTreeMap<u64, K>,
    take: impl FnMut(&mut K, &SessionFrame<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut taking = Taking { sessions, take, taken: Ok(()) };
    scan_observed(reader, scan, &mut taking);
    taking.taken
}

/// The second reading.
struct Taking<'s, K, T> {
    sessions: &'s mut BTreeMap<u64, K>,
    take: T,
    taken: io::Result<()>,
}

impl<K, T: FnMut(&mut K, &SessionFrame<'_>) -> io::Result<()>> Observer for Taking<'_, K, T> {
    const WANTS_FRAMES: bool = true;

    fn session(&mut self, _: Session, _: Diagnosis) {}

    fn frame(&mut self, frame: &SessionFrame<'_>) {
        if self.taken.is_ok()
            && let Some(session) = self.sessions.get_mut(&frame.session)
        {
            self.taken = (self.take)(session, frame);
        }
    }
}
