//! Rotated captures read as one: `dumpcap -b`, `tcpdump -C`, `nmcap` chains.

use std::io;

use super::follow::{self, Again, Observe};
use super::progress::{Counter, Progress};
use super::worker::unreadable;
use super::{BatchOptions, Event, Given, Input};
use crate::capture::{self, CapturePart, CaptureReader, OpenOptions, Opening, Peeked, ReadError, Sequence};
use crate::container::{self, Origin};
use crate::filter::SessionFilter;
use crate::report::InputReport;
use crate::scan::{CaptureReport, CaptureSource, ScanOptions, scan_capture};
use crate::time::Timestamp;

type Part<'i> = (Option<Timestamp>, &'i Input, Opening);

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
        let (first, last) = (first.source(None), last.source(None));
        let path = format!("{} ... {}", first.path, last.path);
        let source = if parts.len() == 1 { first } else { CaptureSource { path, ..CaptureSource::default() } };
        scan_parts(source, parts, options, tell);
    }
    reports
}

/// Opens every capture in `given`, to be one of the parts.
fn begin_all<'i>(
    given: &'i Given,
    options: &BatchOptions<'_>,
    parts: &mut Vec<Part<'i>>,
    tell: &mut dyn FnMut(Event) -> bool,
) -> InputReport {
    let (open_options, counter) = (options.scan.open_options(), options.progress.map(Progress::counter));
    let mut report = InputReport { source: CaptureSource::new(&given.path, None), ..InputReport::default() };
    for input in &given.inputs {
        match begin(input, &open_options, counter) {
            Ok((first, opening)) => {
                report.captures += 1;
                parts.push((first, input, opening));
            }
            Err(ReadError::UnknownFormat { .. }) if input.may_be_anything(None) => {
                report.passed_over += 1;
                tell(Event::Skipped);
            }
            Err(error) => {
                report.unreadable += 1;
                unreadable(input.source(None), error, tell);
            }
        }
    }
    report
}

fn scan_parts(
    source: CaptureSource,
    parts: Vec<Part<'_>>,
    options: &BatchOptions<'_>,
    tell: &mut dyn FnMut(Event) -> bool,
) {
    let filter = match filter(&parts, options) {
        Ok(filter) => filter,
        Err(error) => {
            unreadable(source, error, tell);
            return;
        }
    };
    let mut wants_more = tell(Event::Begin(source, None));
    let part = |input: &Input| CapturePart::new(input.source(None).path);
    let order: Vec<&Input> = parts.iter().map(|(_, input, _)| *input).collect();
    let sequence = Sequence::new(parts.into_iter().map(|(_, input, opening)| (part(input), opening)).collect());
    let mut again = |scan: &ScanOptions, observe: &mut Observe<'_>| {
        let open_options = scan.open_options();
        let parts = order.iter().map(|input| (part(input), open_later(input, &open_options, None)));
        Ok(scan_sequence(Sequence::new(parts.collect()), scan, observe))
    };
    let again: Option<&mut Again<'_>> = if order.iter().all(|input| input.is_file()) { Some(&mut again) } else { None };
    let first = |observe: &mut Observe<'_>| scan_sequence(sequence, &options.scan, observe);
    let report = follow::scan(first, &options.scan, &filter, again, &mut |session, diagnosis| {
        wants_more = wants_more && tell(Event::Session(Box::new((session, diagnosis))));
    });
    if wants_more {
        tell(Event::End(Box::new(report)));
    }
}

/// What sessions have to pass: where that speaks of the end of the capture, every part is read to its own.
fn filter(parts: &[Part<'_>], options: &BatchOptions<'_>) -> Result<SessionFilter, ReadError> {
    if !options.filter.needs_end() {
        return Ok(options.filter.clone());
    }
    let mut end = None;
    for (_, input, _) in parts {
        if !input.is_file() {
            let what =
                "its end is not known before it was read: give --since and --until a date and time, or name a file";
            return Err(ReadError::Open { source: io::Error::other(what) });
        }
        // What cannot be opened is told when its turn comes.
        let reader = open(input, &options.scan.open_options(), None).ok();
        end = end.max(reader.and_then(|mut reader| capture::last_time(reader.as_mut())));
    }
    Ok(options.filter.ending_at(end))
}

/// Scans the parts, and says of each session which of them hold it.
fn scan_sequence(sequence: Sequence, scan: &ScanOptions, observe: &mut Observe<'_>) -> CaptureReport {
    let begun = sequence.begun();
    scan_capture(Box::new(sequence), scan, &mut |mut session, diagnosis| {
        session.parts = begun.with_frame(session.first.frame).zip(begun.with_frame(session.last.frame));
        observe(session, diagnosis);
    })
}

/// When the first packet of an input was captured, and the way to all of its packets.
///
/// A file is opened again when its turn has come, so that any number can be parts. What can be read only once is kept open.
fn begin(
    input: &Input,
    options: &OpenOptions,
    counter: Option<&Counter>,
) -> Result<(Option<Timestamp>, Opening), ReadError> {
    let is_file = input.is_file();
    let peeked = Peeked::new(open(input, options, counter.filter(|_| !is_file))?);
    let first = peeked.first_time();
    if !is_file {
        return Ok((first, Box::new(move || Ok(Box::new(peeked)))));
    }
    Ok((first, open_later(input, options, counter)))
}

fn open_later(input: &Input, options: &OpenOptions, counter: Option<&Counter>) -> Opening {
    let (input, options, counter) = (input.clone(), options.clone(), counter.cloned());
    Box::new(move || open(&input, &options, counter.as_ref()))
}

fn open(input: &Input, options: &OpenOptions, counter: Option<&Counter>) -> Result<Box<dyn CaptureReader>, ReadError> {
    let octets: container::Input = match input.open() {
        // Progress goes by octets that are read one after the other.
        Ok(Origin::File(file)) if counter.is_none() => return capture::open_file(file, u64::MAX, options),
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
