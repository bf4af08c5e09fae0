//! Several captures read as one, frame numbers counting on.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{CaptureInfo, CaptureReader, Packet, ReadError, Sink};
use crate::time::{FrameNumber, NANOS_PER_SEC, Timestamp};

/// One file of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapturePart {
    /// Its path.
    pub path: String,
    /// The number of its first frame in the sequence.
    pub first_frame: FrameNumber,
    /// How many frames it has.
    pub frames: u64,
}

impl CapturePart {
    /// The file at `path`, nothing read of it.
    #[doc(hidden)]
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), first_frame: 0, frames: 0 }
    }
}

/// Opens one part, when its turn has come.
pub type Opening = Box<dyn FnOnce() -> Result<Box<dyn CaptureReader>, ReadError> + Send>;

/// The parts of a sequence that were begun, to be asked while others read it.
#[derive(Clone, Debug, Default)]
pub struct BegunParts(Arc<Mutex<Vec<Begun>>>);

/// The number of a part's first frame in the sequence, and its path.
type Begun = (FrameNumber, Arc<str>);

impl BegunParts {
    /// The path of the part with the frame of this number in the sequence.
    pub fn with_frame(&self, frame: FrameNumber) -> Option<Arc<str>> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = begun.partition_point(|(first, _)| *first <= frame);
        begun.get(after.checked_sub(1)?).map(|(_, path)| Arc::clone(path))
    }

    fn add(&self, first: FrameNumber, path: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((first, path.into()));
    }
}

/// The part being read.
struct Current {
    part: CapturePart,
    reader: Box<dyn CaptureReader>,
    /// Whether a packet of it was delivered.
    is_begun: bool,
}

/// Where the part being read begins, to be asked by whoever follows its packets.
#[derive(Clone, Debug, Default)]
pub struct PartBoundary(Arc<AtomicU64>);

impl PartBoundary {
    /// Changes with the first packet of every part.
    pub(crate) fn part(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether the part that has this number begins long after the one before it ended, or before that: no packet of a
    /// connection is recorded so late.
    pub(crate) const fn is_break(part: u64) -> bool {
        part & 1 == 1
    }

    fn next(&self, is_break: bool) {
        let number = (self.part() >> 1) + 1;
        self.0.store(number << 1 | u64::from(is_break), Ordering::Relaxed);
    }
}

/// How far a part may begin before the end of the one before it: packets of several queues are written out of order.
const OVERLAP_NS: i64 = NANOS_PER_SEC;
/// No connection is silent for longer: that is past every timeout of SMTP (RFC 5321 4.5.3.2).
const PAUSE_NS: i64 = 15 * 60 * NANOS_PER_SEC;
/// Overlaps that are named; the rest are counted.
const OVERLAPS: usize = 8;

/// Captures one after the other, as if they had been appended to each other.
///
/// A part that is damaged ends there, and the next one begins. When all parts were read, the first such damage is the error;
/// that of further parts stands in the notes.
pub struct Sequence {
    /// Those not begun.
    parts: std::vec::IntoIter<(CapturePart, Opening)>,
    /// The one being read.
    current: Option<Current>,
    /// What is known of those read before it.
    before: CaptureInfo,
    /// What is known of those and of the current one.
    info: CaptureInfo,
    /// What is wrong with the first damaged one.
    error: Option<ReadError>,
    begun: BegunParts,
    boundary: PartBoundary,
    /// When the latest packet was captured, and the part with it.
    latest: Option<(Timestamp, String)>,
}

impl Sequence {
    /// A sequence of `parts` in this order; where they begin is found out while they are read.
    pub fn new(parts: Vec<(CapturePart, Opening)>) -> Self {
        let (before, info) = (CaptureInfo::default(), CaptureInfo::default());
        Self {
            parts: parts.into_iter(),
            current: None,
            before,
            info,
            error: None,
            begun: BegunParts::default(),
            boundary: PartBoundary::default(),
            latest: None,
        }
    }

    /// The parts that were begun, now and later.
    pub fn begun(&self) -> BegunParts {
        self.begun.clone()
    }

    /// Reads on until all parts are over or `sink` breaks off.
    fn read(&mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        while let Some(Current { part, mut reader, mut is_begun }) = self.current.take().or_else(|| self.open_next()) {
            let before = self.before.frames;
            let mut flow = ControlFlow::Continue(());
            let mut time = None;
            let read = reader.for_each_packet(&mut |packet| {
                if !std::mem::replace(&mut is_begun, true) {
                    self.begin(&part, packet.time);
                }
                time = Some(packet.time);
                flow = sink(Packet { frame: before + packet.frame, ..packet });
                flow
            });
            if let Some(time) = time {
                self.latest = Some((time, part.path.clone()));
            }
            if flow.is_break() {
                self.current = Some(Current { part, reader, is_begun });
                return flow;
            }
            if let Err(error) = read {
                self.damaged(&part, error);
            }
            add(&mut self.before, part, reader.info());
        }
        ControlFlow::Continue(())
    }

    /// The first packet of a part comes.
    fn begin(&mut self, part: &CapturePart, first: Timestamp) {
        let Some((latest, path)) = &self.latest else { return self.boundary.next(false) };
        let pause_ns = first.nanos_since(*latest);
        self.boundary.next(!(-OVERLAP_NS..=PAUSE_NS).contains(&pause_ns));
        if pause_ns < -OVERLAP_NS {
            let early = pause_ns.unsigned_abs().div_ceil(NANOS_PER_SEC.unsigned_abs());
            if self.before.overlaps.len() < OVERLAPS {
                self.before.overlaps.push(format!("{} begins {early} s before {path} ends", part.path));
            } else {
                self.before.overlaps_omitted += 1;
            }
        }
    }

    /// The next part that can be opened.
    fn open_next(&mut self) -> Option<Current> {
        while let Some((part, open)) = self.parts.next() {
            match open() {
                Ok(reader) => {
                    self.begun.add(self.before.frames + 1, &part.path);
                    return Some(Current { part, reader, is_begun: false });
                }
                Err(error) => self.damaged(&part, error),
            }
        }
        None
    }

    fn damaged(&mut self, part: &CapturePart, error: ReadError) {
        let error = ReadError::Part { path: part.path.clone(), source: Box::new(error) };
        match self.error {
            None => self.error = Some(error),
            Some(_) => self.before.notes.push(error.to_string()),
        }
    }
}

/// Adds to what is known of the whole what its next part says of itself.
fn add(whole: &mut CaptureInfo, mut part: CapturePart, info: &CaptureInfo) {
    part.first_frame = whole.frames + 1;
    part.frames = info.frames;
    let notes = info.notes.iter().map(|note| format!("{}: {note}", part.path));
    whole.notes.extend(notes);
    if let Some(last) = part.frames.checked_sub(1) {
        let last = part.first_frame + last;
        let name = &part.path;
        whole.notes.push(format!("frames {} to {last} are frames 1 to {} of {name}", part.first_frame, part.frames));
    }
    whole.format = info.format;
    whole.compression.clone_from(&info.compression);
    whole.link_types.extend(&info.link_types);
    whole.frames += info.frames;
    whole.first_time = earliest(whole.first_time, info.first_time);
    whole.last_time = whole.last_time.max(info.last_time);
    whole.dropped = whole.dropped.saturating_add(info.dropped);
    whole.truncated |= info.truncated;
    whole.time_zone.clone_from(&info.time_zone);
    whole.parts.push(part);
}

fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl CaptureReader for Sequence {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        let flow = self.read(sink);
        self.info = self.before.clone();
        if let Some(Current { part, reader, .. }) = &self.current {
            add(&mut self.info, part.clone(), reader.info());
        }
        match self.error.take_if(|_| flow.is_continue()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn info(&self) -> &CaptureInfo {
        &self.info
    }

    fn boundary(&self) -> Option<PartBoundary> {
        Some(self.boundary.clone())
    }
}
