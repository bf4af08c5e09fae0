//! A trace of chosen sessions of one capture, in two readings.
//!
//! What a session came to, and which of its octets are mail text or secrets, is known only when it is over, and sessions
//! overlap. So the first reading chooses sessions and keeps a little of each; the second turns their frames into text, which
//! goes to a temporary file and from there, session by session, to the output. A session has the same number in both.

mod choice;
mod spool;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::capture::{self, ReadError};
use crate::diagnosis::{Diagnosis, Outcome};
use crate::limits::TRACE_SPANS;
use crate::report::CaptureReport;
use crate::report::netmon::{self, Columns, Layout, TracedSession};
use crate::scan::{Observer, ScanOptions, scan_observed};
use crate::session::{FrameContent, Session, SessionFrame};
use crate::time::{FrameNumber, NANOS_PER_SEC};

pub use choice::Choice;

use choice::Chosen;
use spool::Spool;

/// What to trace, and how to show it.
#[derive(Clone, Debug)]
pub struct TraceOptions {
    /// What to look for, and within which bounds.
    pub scan: ScanOptions,
    /// Which sessions.
    pub choice: Choice,
    /// Which frames of them; all unless given.
    pub frames: Option<RangeInclusive<FrameNumber>>,
    /// How it looks. The columns are worked out.
    pub layout: Layout,
}

impl TraceOptions {
    const fn shows_lost_only(&self) -> bool {
        matches!(self.choice, Choice::Lost | Choice::LostOrAll) && self.frames.is_none()
    }
}

/// What came of a trace.
#[derive(Debug)]
pub struct Traced {
    /// What came of the capture.
    pub capture: CaptureReport,
    /// Sessions lost, shown or not.
    pub lost: u64,
    /// Sessions shown.
    pub shown: u64,
}

/// Why there is no trace, or not all of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The capture cannot be opened.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The trace, or the temporary file it waits in, cannot be written.
    #[error("cannot write the trace")]
    Write(#[from] io::Error),
}

/// Writes a trace to `out`. `open` gives the capture's octets from the start, and is called twice.
///
/// # Errors
///
/// If the capture cannot be opened, and if the trace cannot be written. Damage further on is no error here: it stands in
/// the report, and what lies before it is shown.
pub fn trace(
    open: &mut dyn FnMut() -> Result<Box<dyn Read + Send>, ReadError>,
    options: &TraceOptions,
    out: &mut dyn Write,
) -> Result<Traced, TraceError> {
    let mut scan = options.scan.clone();
    scan.dialogue.limits.spans = TRACE_SPANS;
    let limits = &options.scan.dialogue.limits;
    let mut first = First { chosen: Chosen::new(&options.choice, limits.trace_sessions), lost: 0 };
    let capture = scan_observed(capture::open(open()?, &options.scan.open_options())?.as_mut(), &scan, &mut first);
    let (sessions, left_out) = first.chosen.finish();
    let layout = Layout { columns: columns(&capture, &sessions), ..options.layout };
    let mut second = Second {
        options,
        layout: &layout,
        sessions: sessions.into_iter().map(|session| (session.number, Shown::new(session))).collect(),
        spool: Spool::new(limits.trace_octets),
        written: Ok(()),
    };
    scan_observed(capture::open(open()?, &options.scan.open_options())?.as_mut(), &options.scan, &mut second);
    let shown = second.print(out)?;
    if left_out > 0 {
        let text = format!("{left_out} more sessions are not shown: choose them with --session");
        out.write_all(netmon::note(&text, &layout).as_bytes())?;
    } else if 0 < shown && shown < capture.sessions && options.shows_lost_only() {
        let text = format!("{shown} of {} sessions shown, the lost ones: --all shows all", capture.sessions);
        out.write_all(netmon::note(&text, &layout).as_bytes())?;
    }
    Ok(Traced { capture, lost: first.lost, shown })
}

/// The widths that all frames fit into.
fn columns(capture: &CaptureReport, sessions: &[TracedSession]) -> Columns {
    let info = capture.info.as_ref();
    let span_ns = info.and_then(|info| Some(info.last_time?.nanos_since(info.first_time?))).unwrap_or(0);
    Columns::new(info.map_or(0, |info| info.frames), span_ns / NANOS_PER_SEC, sessions.iter())
}

/// The first reading.
struct First {
    chosen: Chosen,
    lost: u64,
}

impl Observer for First {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        self.lost += u64::from(diagnosis.outcome == Outcome::Lost);
        self.chosen.take(session, &diagnosis);
    }
}

/// The second reading.
struct Second<'o> {
    options: &'o TraceOptions,
    layout: &'o Layout,
    sessions: BTreeMap<u64, Shown>,
    spool: Spool,
    written: io::Result<()>,
}

/// A session whose frames are being shown.
struct Shown {
    session: TracedSession,
    /// Its segments so far.
    segments: u64,
    frames_shown: u64,
    /// Frames passed over since the last one shown.
    passed_over: u64,
}

impl Shown {
    const fn new(session: TracedSession) -> Self {
        Self { session, segments: 0, frames_shown: 0, passed_over: 0 }
    }

    /// Whether the next frame is one to show: of a long session the beginning and the end.
    fn wants(&mut self, frame: &SessionFrame<'_>, options: &TraceOptions) -> bool {
        let most = options.scan.dialogue.limits.trace_frames;
        if matches!(frame.content, FrameContent::Segment(..)) {
            self.segments += 1;
        }
        if options.frames.is_some() {
            return self.frames_shown < most;
        }
        let end = most / 4;
        self.segments <= most - end || self.segments.saturating_add(end) > self.session.segments
    }

    /// The line that says what was left out before, if anything was.
    fn left_out(&mut self, layout: &Layout) -> String {
        match std::mem::take(&mut self.passed_over) {
            0 => String::new(),
            frames => {
                let number = self.session.number;
                let text = format!("{frames} frames left out: choose them with --session {number} --frames A-B");
                netmon::note(&text, layout) + "\n"
            }
        }
    }
}

impl Observer for Second<'_> {
    const WANTS_FRAMES: bool = true;

    fn session(&mut self, _: Session, _: Diagnosis) {}

    fn frame(&mut self, frame: &SessionFrame<'_>) {
        let Some(shown) = self.sessions.get_mut(&frame.session) else { return };
        let is_in_range = self.options.frames.as_ref().is_none_or(|range| range.contains(&frame.packet.frame));
        if self.written.is_err() || !is_in_range {
            return shown.session.pass_over(frame);
        }
        if !shown.wants(frame, self.options) {
            shown.passed_over += 1;
            return shown.session.pass_over(frame);
        }
        shown.frames_shown += 1;
        let text = shown.left_out(self.layout) + &shown.session.frame(frame, self.layout);
        self.written = self.spool.push(frame.session, &text);
    }
}

impl Second<'_> {
    /// Writes the sessions in order; says how many.
    fn print(mut self, out: &mut dyn Write) -> io::Result<u64> {
        self.written?;
        let mut printed = 0;
        for (number, mut shown) in self.sessions {
            if shown.frames_shown == 0 && self.options.frames.is_some() {
                continue;
            }
            printed += 1;
            out.write_all(shown.session.heading(self.layout).as_bytes())?;
            self.spool.copy(number, out)?;
            out.write_all(shown.left_out(self.layout).as_bytes())?;
            if self.layout.view == netmon::View::Summary {
                out.write_all(b"\n")?;
            }
        }
        Ok(printed)
    }
}
