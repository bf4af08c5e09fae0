//! Rotated captures read as one: `dumpcap -b`, `tcpdump -C`, `nmcap` chains.

use std::path::Path;

use super::progress::{Counter, Progress};
use super::worker::unreadable;
use super::{BatchOptions, Event, Input};
use crate::capture::{self, CapturePart, CaptureReader, OpenOptions, Opening, Peeked, ReadError, Sequence};
use crate::container::{self, Origin};
use crate::scan::CaptureSource;
use crate::scan::scan_capture;
use crate::time::Timestamp;

/// Scans `inputs` as the parts of one capture, in order of their first packet. `tell` says whether it wants to hear more.
pub(super) fn scan(inputs: &[Input], options: &BatchOptions<'_>, tell: &mut dyn FnMut(Event) -> bool) {
    let open_options = options.scan.open_options();
    let counter = options.progress.map(Progress::counter);
    let mut parts = Vec::new();
    for input in inputs {
        match begin(input, &open_options, counter) {
            Ok((first, opening)) => parts.push((first, input.source(None).path, opening)),
            Err(ReadError::UnknownFormat { .. }) if input.is_found() => {
                tell(Event::Skipped);
            }
            Err(error) => {
                unreadable(input.source(None), error, tell);
            }
        }
    }
    // Those without a packet come first: there is nothing in them to stand in the wrong place.
    parts.sort_by_key(|(first, ..)| *first);
    let (Some((_, first, _)), Some((_, last, _))) = (parts.first(), parts.last()) else { return };
    let path = if parts.len() == 1 { first.clone() } else { format!("{first} ... {last}") };
    let mut wants_more = tell(Event::Begin(CaptureSource { path, member: None }));
    let parts = parts.into_iter().map(|(_, path, opening)| (CapturePart { path, first_frame: 0, frames: 0 }, opening));
    let sequence = Sequence::new(parts.collect());
    let report = scan_capture(Box::new(sequence), &options.scan, &mut |session, diagnosis| {
        wants_more = wants_more && tell(Event::Session(Box::new((session, diagnosis))));
    });
    if wants_more {
        tell(Event::End(Box::new(report)));
    }
}

/// When the first packet of an input was captured, and the way to all of its packets.
///
/// A file is opened again when its turn has come, so that any number can be parts. What can be read only once is kept open.
fn begin(
    input: &Input,
    options: &OpenOptions,
    counter: Option<&Counter>,
) -> Result<(Option<Timestamp>, Opening), ReadError> {
    let is_file = input.path().is_some_and(Path::is_file);
    let peeked = Peeked::new(open(input, options, counter.filter(|_| !is_file))?);
    let first = peeked.first_time();
    if !is_file {
        return Ok((first, Box::new(move || Ok(Box::new(peeked)))));
    }
    let (input, options, counter) = (input.clone(), options.clone(), counter.cloned());
    Ok((first, Box::new(move || open(&input, &options, counter.as_ref()))))
}

fn open(input: &Input, options: &OpenOptions, counter: Option<&Counter>) -> Result<Box<dyn CaptureReader>, ReadError> {
    let octets: container::Input = match input.open() {
        Ok(Origin::File(file)) => Box::new(file),
        Ok(Origin::Stream(stream)) => stream,
        Err(source) => return Err(ReadError::Open { source }),
    };
    let octets = match counter {
        Some(counter) => counter.of(octets),
        None => octets,
    };
    capture::open(octets, options)
}
