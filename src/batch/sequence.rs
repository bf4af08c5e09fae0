//! Rotated captures read as one: `dumpcap -b`, `tcpdump -C`, `nmcap` chains.

use super::worker::unreadable;
use super::{BatchOptions, Event, Input};
use crate::capture::{self, CapturePart, ReadError, Sequence};
use crate::container::{self, Origin};
use crate::report::CaptureSource;
use crate::scan::scan_capture;
use crate::time::Timestamp;

/// Scans `inputs` as the parts of one capture, in order of their first packet. `tell` says whether it wants to hear more.
pub(super) fn scan(inputs: &[Input], options: &BatchOptions<'_>, tell: &mut dyn FnMut(Event) -> bool) {
    let mut parts = Vec::new();
    for input in inputs {
        match first_time(input, options) {
            Ok(first) => parts.push((first, input)),
            Err(ReadError::UnknownFormat { .. }) if input.is_found() => {
                tell(Event::Skipped);
            }
            Err(error) => {
                unreadable(input.source(None), error, tell);
            }
        }
    }
    // Parts without a packet stay where they were named.
    parts.sort_by_key(|(first, _)| *first);
    let names: Vec<String> = parts.iter().map(|(_, input)| input.source(None).path).collect();
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return };
    let path = if names.len() == 1 { first.clone() } else { format!("{first} ... {last}") };
    let mut wants_more = tell(Event::Begin(CaptureSource { path, member: None }));
    let open_options = options.scan.open_options();
    let openers = parts.iter().map(|(_, input)| {
        let (input, open_options) = ((*input).clone(), open_options.clone());
        let part = CapturePart { path: input.source(None).path, first_frame: 0, frames: 0 };
        let open = move || open(&input).and_then(|octets| capture::open(octets, &open_options));
        (part, Box::new(open) as capture::Opening)
    });
    let sequence = Sequence::new(openers.collect());
    let report = scan_capture(Box::new(sequence), &options.scan, &mut |session, diagnosis| {
        wants_more = wants_more && tell(Event::Session(Box::new((session, diagnosis))));
    });
    if wants_more {
        tell(Event::End(Box::new(report)));
    }
}

fn open(input: &Input) -> Result<container::Input, ReadError> {
    match input.open() {
        Ok(Origin::File(file)) => Ok(Box::new(file)),
        Ok(Origin::Stream(stream)) => Ok(stream),
        Err(source) => Err(ReadError::Open { source }),
    }
}

/// When the first packet of an input was captured.
fn first_time(input: &Input, options: &BatchOptions<'_>) -> Result<Option<Timestamp>, ReadError> {
    let mut reader = capture::open(open(input)?, &options.scan.open_options())?;
    let mut first = None;
    // Damage after the first packet is met again, and told, when the part is read.
    let _ = reader.for_each_packet(&mut |packet| {
        first = Some(packet.time);
        std::ops::ControlFlow::Break(())
    });
    Ok(first)
}
