//! Several captures read as one, frame numbers counting on.

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

/// Captures one after the other, as if they had been appended to each other.
pub struct Sequence {
    parts: std::vec::IntoIter<(CapturePart, Opening)>,
    info: CaptureInfo,
}

impl Sequence {
    /// A sequence of `parts` in this order; where they begin is found out while they are read.
    pub fn new(parts: Vec<(CapturePart, Opening)>) -> Self {
        Self { parts: parts.into_iter(), info: CaptureInfo::default() }
    }

    /// Adds to what is known of the whole what the part just read says of itself.
    fn add(&mut self, mut part: CapturePart, info: &CaptureInfo) {
        part.first_frame = self.info.frames + 1;
        part.frames = info.frames;
        let whole = &mut self.info;
        let notes = info.notes.iter().map(|note| format!("{}: {note}", part.path));
        whole.notes.extend(notes);
        if let Some(last) = part.frames.checked_sub(1) {
            let last = part.first_frame + last;
            let name = &part.path;
            whole
                .notes
                .push(format!("frames {} to {last} are frames 1 to {} of {name}", part.first_frame, part.frames));
        }
        whole.format = info.format;
        whole.compression.clone_from(&info.compression);
        whole.link_types.extend(&info.link_types);
        whole.frames += info.frames;
        whole.first_time = earliest(whole.first_time, info.first_time);
        whole.last_time = whole.last_time.max(info.last_time);
        whole.dropped += info.dropped;
        whole.truncated |= info.truncated;
        whole.time_zone.clone_from(&info.time_zone);
        whole.parts.push(part);
    }
}

fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl CaptureReader for Sequence {
    /// Reads all parts. One that is damaged ends there and the next begins; the first error is returned at the end.
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        let mut result = Ok(());
        while let Some((part, open)) = self.parts.next() {
            let before = self.info.frames;
            let mut is_broken_off = false;
            let read = open().and_then(|mut reader| {
                let read = reader.for_each_packet(&mut |packet| {
                    let flow = sink(Packet { frame: before + packet.frame, ..packet });
                    is_broken_off |= flow.is_break();
                    flow
                });
                self.add(part, reader.info());
                read
            });
            result = result.and(read);
            if is_broken_off {
                break;
            }
        }
        result
    }

    fn info(&self) -> &CaptureInfo {
        &self.info
    }
}
