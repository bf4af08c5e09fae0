//! Rotated captures read as one: `dumpcap -b`, `tcpdump -C`, `nmcap` chains.

use std::path::Path;

use super::progress::{Counter, Progress};
use super::worker::unreadable;
use super::{BatchOptions, Event, Given, Input};
use crate::capture::{self, CapturePart, CaptureReader, OpenOptions, Opening, Peeked, ReadError, Sequence};
use crate::container::{self, Origin};
use crate::report::InputReport;
use crate::scan::{CaptureSource, scan_capture};
use crate::time::Timestamp;

type Part = (Option<Timestamp>, CaptureSource, Opening);

/// Scans what was `given` as the parts of one capture, in order of their first packet, and says what came of each.
/// `tell` says whether it wants to hear more.
pub(super) fn scan(
    given: &[Given],
    options: &BatchOptions<'_>,
    tell: &mut dyn FnMut(Event) -> bool,
) -> Vec<InputReport> {
    let (mut parts, mut reports) = (Vec::new(), Vec::new());
    for given in given {
        reports.push(begin_all(given, options, &mut parts, tell));
    }
    // Those without a packet come first: there is nothing in them to stand in the wrong place.
    parts.sort_by_key(|(first, ..)| *first);
    if let (Some((_, first, _)), Some((_, last, _))) = (parts.first(), parts.last()) {
        let path = format!("{} ... {}", first.path, last.path);
        let source = if parts.len() == 1 { first.clone() } else { CaptureSource { path, ..CaptureSource::default() } };
        scan_parts(source, parts, options, tell);
    }
    reports
}

/// Opens every capture in `given`, to be one of the parts.
fn begin_all(
    given: &Given,
    options: &BatchOptions<'_>,
    parts: &mut Vec<Part>,
    tell: &mut dyn FnMut(Event) -> bool,
) -> InputReport {
    let (open_options, counter) = (options.scan.open_options(), options.progress.map(Progress::counter));
    let mut report = InputReport { source: CaptureSource::new(&given.path, None), ..InputReport::default() };
    for input in &given.inputs {
        let source = input.source(None);
        match begin(input, &open_options, counter) {
            Ok((first, opening)) => {
                report.captures += 1;
                parts.push((first, source, opening));
            }
            Err(ReadError::UnknownFormat { .. }) if input.is_found() => {
                report.passed_over += 1;
                tell(Event::Skipped);
            }
            Err(error) => {
                report.unreadable += 1;
                unreadable(source, error, tell);
            }
        }
    }
    report
}

fn scan_parts(
    source: CaptureSource,
    parts: Vec<Part>,
    options: &BatchOptions<'_>,
    tell: &mut dyn FnMut(Event) -> bool,
) {
    let mut wants_more = tell(Event::Begin(source));
    let part = |path| CapturePart { path, first_frame: 0, frames: 0 };
    let parts = parts.into_iter().map(|(_, source, opening)| (part(source.path), opening));
    let sequence = Sequence::new(parts.collect());
    let begun = sequence.begun();
    let report = scan_capture(Box::new(sequence), &options.scan, &mut |mut session, diagnosis| {
        session.parts = begun.with_frame(session.first.frame).zip(begun.with_frame(session.last.frame));
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
