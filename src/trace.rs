//! A trace of chosen sessions of one capture, which is read twice.
//!
//! The first reading tells which octets of a session are mail text or secrets; the second turns its frames into text, which
//! goes to a temporary file and from there, session by session, to the output.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::capture::ReadError;
use crate::diagnosis::Diagnosis;
use crate::filter::SessionFilter;
use crate::limits::TRACE_SPANS;
use crate::plural::counted;
use crate::report::netmon::{self, Columns, TraceLayout, TracedSession};
use crate::scan::CaptureReport;
use crate::scan::ScanOptions;
use crate::session::{FrameContent, Session, SessionFrame};
use crate::time::{FrameNumber, NANOS_PER_SEC, Zone};
use crate::twice::{self, Choice, First, Reopen, SessionTexts};

/// What to trace, and how to show it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TraceOptions {
    /// What to look for, and within which bounds.
    pub scan: ScanOptions,
    /// Which of the sessions that pass the filter.
    pub choice: Choice,
    /// What sessions have to pass.
    pub filter: SessionFilter,
    /// Which frames of them; all unless given.
    pub frames: Option<RangeInclusive<FrameNumber>>,
    /// The zone of the time in a session's heading.
    pub zone: Zone,
    /// How it looks. The columns are worked out.
    pub layout: TraceLayout,
}

impl TraceOptions {
    /// All frames of the sessions chosen, times in UTC, in the ordinary layout.
    pub fn new(scan: ScanOptions, choice: Choice) -> Self {
        Self {
            scan,
            choice,
            filter: SessionFilter::default(),
            frames: None,
            zone: Zone::default(),
            layout: TraceLayout::default(),
        }
    }

    const fn shows_lost_only(&self) -> bool {
        matches!(self.choice, Choice::Lost | Choice::LostOrAll) && self.frames.is_none()
    }
}

/// What came of a trace.
#[derive(Debug)]
#[non_exhaustive]
pub struct Traced {
    /// What came of the capture.
    pub capture: CaptureReport,
    /// Sessions lost of those that pass the filter, shown or not.
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

/// Writes a trace to `out`. `reopen` is called twice, and once more where SMTP on other ports is followed.
///
/// ```
/// use std::fs::File;
/// use ehlotrace::capture::{OpenOptions, ReadError, open};
/// use ehlotrace::scan::ScanOptions;
/// use ehlotrace::trace::{TraceOptions, trace};
/// use ehlotrace::twice::Choice;
///
/// let mut reopen = |options: &OpenOptions| {
///     let file = File::open("samples/kb240832-lost.pcap").map_err(|source| ReadError::Open { source })?;
///     open(Box::new(file), options)
/// };
/// let mut text = Vec::new();
/// let traced = trace(&mut reopen, &TraceOptions::new(ScanOptions::default(), Choice::LostOrAll), &mut text)?;
/// assert_eq!((traced.lost, traced.shown), (1, 1));
/// # Ok::<(), ehlotrace::trace::TraceError>(())
/// ```
///
/// # Errors
///
/// If the capture cannot be opened, and if the trace cannot be written. Damage further on is no error here: it stands in
/// the report, and what lies before it is shown.
pub fn trace(reopen: &mut Reopen<'_>, options: &TraceOptions, out: &mut dyn Write) -> Result<Traced, TraceError> {
    let mut scan = options.scan.clone();
    scan.limits.spans = TRACE_SPANS;
    let first = twice::first(reopen, &mut scan, options.choice, &options.filter, Shown::new)?;
    // The second reading needs no spans: they are in what the first one kept.
    scan.limits.spans = options.scan.limits.spans;
    let First { capture, mut sessions, left_out, lost } = first;
    let layout = TraceLayout { columns: columns(&capture, &sessions), ..options.layout };
    let mut texts = SessionTexts::new(options.scan.limits.trace_octets);
    twice::second(twice::open(reopen, &scan)?.as_mut(), &scan, &mut sessions, |shown, frame| {
        shown.frame(frame, options, &layout).map_or(Ok(()), |text| texts.push(frame.session, &text))
    })?;
    let shown = print(sessions, options, &layout, texts, out)?;
    if left_out > 0 {
        let sessions = counted(left_out, "more session is", "more sessions are");
        let text = format!("{sessions} not shown; choose them with --session");
        out.write_all(netmon::note(&text, &layout).as_bytes())?;
    } else if 0 < shown && shown < capture.sessions - capture.filtered_out && options.shows_lost_only() {
        let passing = capture.sessions - capture.filtered_out;
        let text = format!("{shown} of {passing} sessions shown: only lost sessions; --all shows all");
        out.write_all(netmon::note(&text, &layout).as_bytes())?;
    }
    Ok(Traced { capture, lost, shown })
}

/// The widths that all frames fit into.
fn columns(capture: &CaptureReport, sessions: &BTreeMap<u64, Shown>) -> Columns {
    let info = capture.info.as_ref();
    let span_ns = info.and_then(|info| Some(info.last_time?.nanos_since(info.first_time?))).unwrap_or(0);
    let sessions = sessions.values().map(|shown| &shown.session);
    Columns::new(info.map_or(0, |info| info.frames), span_ns / NANOS_PER_SEC, sessions)
}

/// Writes the sessions in order; says how many.
fn print(
    sessions: BTreeMap<u64, Shown>,
    options: &TraceOptions,
    layout: &TraceLayout,
    mut texts: SessionTexts,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut printed = 0;
    // One dialogue needs no heading.
    let is_headed = layout.view != netmon::View::Dialogue || sessions.len() > 1;
    for (number, mut shown) in sessions {
        if shown.frames_shown == 0 && options.frames.is_some() {
            continue;
        }
        printed += 1;
        if is_headed {
            out.write_all(shown.session.heading(layout, &options.zone).as_bytes())?;
        }
        texts.copy(number, out)?;
        out.write_all(shown.left_out(layout).as_bytes())?;
        if is_headed && matches!(layout.view, netmon::View::Summary | netmon::View::Dialogue) {
            out.write_all(b"\n")?;
        }
    }
    Ok(printed)
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
    fn new(session: Session, diagnosis: &Diagnosis) -> Self {
        Self { session: TracedSession::new(session, diagnosis), segments: 0, frames_shown: 0, passed_over: 0 }
    }

    /// The lines of the next frame, if it is one to show, and before them what was left out.
    fn frame(&mut self, frame: &SessionFrame<'_>, options: &TraceOptions, layout: &TraceLayout) -> Option<String> {
        let is_in_range = options.frames.as_ref().is_none_or(|range| range.contains(&frame.packet.frame));
        let is_shown = is_in_range && self.wants(frame, options);
        if !is_shown {
            self.passed_over += u64::from(is_in_range);
            self.session.pass_over(frame);
            return None;
        }
        self.frames_shown += 1;
        Some(self.left_out(layout) + &self.session.frame(frame, layout))
    }

    /// Whether the next frame is one to show: of a long session the beginning and the end.
    fn wants(&mut self, frame: &SessionFrame<'_>, options: &TraceOptions) -> bool {
        let most = options.scan.limits.trace_frames;
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
    fn left_out(&mut self, layout: &TraceLayout) -> String {
        match std::mem::take(&mut self.passed_over) {
            0 => String::new(),
            frames => {
                let number = self.session.number;
                let frames = counted(frames, "frame is", "frames are");
                let text = format!("{frames} left out; choose them with --session {number} --frames A-B");
                netmon::note(&text, layout) + "\n"
            }
        }
    }
}
