//! Several captures read as one, frame numbers counting on.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use super::{CaptureInfo, CaptureReader, Packet, ReadError, Sink};
use crate::time::FrameNumber;

/// One file of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturePart {
    /// Its path.
    pub path: String,
    /// The number of its first frame in the sequence.
    pub first_frame: FrameNumber,
    /// How many frames it has.
    pub frames: u64,
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

/// Captures one after the other, as if they had been appended to each other.
///
/// A part that is damaged ends there, and the next one begins. When all parts were read, the first such damage is the error;
/// that of further parts stands in the notes.
pub struct Sequence {
    /// Those not begun.
    parts: std::vec::IntoIter<(CapturePart, Opening)>,
    /// The one being read.
    current: Option<(CapturePart, Box<dyn CaptureReader>)>,
    /// What is known of those read before it.
    before: CaptureInfo,
    /// What is known of those and of the current one.
    info: CaptureInfo,
    /// What is wrong with the first damaged one.
    error: Option<ReadError>,
    begun: BegunParts,
}

impl Sequence {
    /// A sequence of `parts` in this order; where they begin is found out while they are read.
    pub fn new(parts: Vec<(CapturePart, Opening)>) -> Self {
        let (before, info) = (CaptureInfo::default(), CaptureInfo::default());
        Self { parts: parts.into_iter(), current: None, before, info, error: None, begun: BegunParts::default() }
    }

    /// The parts that were begun, now and later.
    pub fn begun(&self) -> BegunParts {
        self.begun.clone()
    }

    /// Reads on until all parts are over or `sink` breaks off.
    fn read(&mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        while let Some((part, mut reader)) = self.current.take().or_else(|| self.open_next()) {
            let before = self.before.frames;
            let mut flow = ControlFlow::Continue(());
            let read = reader.for_each_packet(&mut |packet| {
                flow = sink(Packet { frame: before + packet.frame, ..packet });
                flow
            });
            if flow.is_break() {
                self.current = Some((part, reader));
                return flow;
            }
            if let Err(error) = read {
                self.damaged(&part, error);
            }
            add(&mut self.before, part, reader.info());
        }
        ControlFlow::Continue(())
    }

    /// The next part that can be opened.
    fn open_next(&mut self) -> Option<(CapturePart, Box<dyn CaptureReader>)> {
        while let Some((part, open)) = self.parts.next() {
            match open() {
                Ok(reader) => {
                    self.begun.add(self.before.frames + 1, &part.path);
                    return Some((part, reader));
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
        if let Some((part, reader)) = &self.current {
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
}
