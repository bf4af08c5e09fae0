//! One input: its captures, however it is packed.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;

use super::captures::{self, Found};
use super::follow::{self, Again, Observe};
use super::{BatchOptions, Event, Input, ending};
use crate::capture::{self, CaptureReader, Peeked, ReadError};
use crate::container::{Member, Origin, WalkOptions};
use crate::filter::SessionFilter;
use crate::scan::{CaptureReport, CaptureSource, Fingerprint, ScanOptions, scan_capture};

/// Scans all captures in `input`. `tell` says whether it wants to hear more.
pub(super) fn scan(input: &Input, options: &BatchOptions<'_>, tell: &mut dyn FnMut(Event) -> bool) {
    let origin = match input.open() {
        Ok(origin) => counted(origin, options),
        Err(source) => {
            unreadable(input.source(None), ReadError::Open { source }, tell);
            return;
        }
    };
    let walk_options = WalkOptions { limits: &options.scan.limits, passwords: &options.passwords };
    let mut captures = 0;
    let mut take = |found| {
        let wants_more = match found {
            Found::Capture(source, (reader, filter)) => {
                captures += 1;
                let mut again = |scan: &ScanOptions, observe: &mut Observe<'_>| {
                    scan_again(input, captures, scan, &options.passwords, observe)
                };
                scan_reader(source, reader, (options, &filter), input.is_file().then_some(&mut again), tell)
            }
            Found::Other => tell(Event::Skipped),
            Found::Unreadable(source, error) => unreadable(source, error, tell),
            Found::Empty(source, archive) => {
                let looks_like = Some(archive);
                let error = ReadError::UnknownFormat { magic: Vec::new(), looks_like, is_foreign_capture: false };
                unreadable(source, error, tell)
            }
        };
        if wants_more { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let mut open = |member: Member| ending::open(input, member, options);
    let _ = captures::each(input, origin, walk_options, &mut open, &mut take);
    if let Some(progress) = options.progress {
        progress.input_done();
    }
}

fn scan_reader(
    source: CaptureSource,
    reader: Box<dyn CaptureReader>,
    (options, filter): (&BatchOptions<'_>, &SessionFilter),
    again: Option<&mut Again<'_>>,
    tell: &mut dyn FnMut(Event) -> bool,
) -> bool {
    let reader = Peeked::new(reader);
    let mut wants_more = tell(Event::Begin(source, reader.first().as_ref().map(Fingerprint::of_packet)));
    let first = |observe: &mut Observe<'_>| scan_capture(Box::new(reader), &options.scan, observe);
    let report = follow::scan(first, &options.scan, filter, again, &mut |session, diagnosis| {
        wants_more = wants_more && tell(Event::Session(Box::new((session, diagnosis))));
    });
    wants_more && tell(Event::End(Box::new(report)))
}

/// Scans the capture of this place among those of `input`, which was read before.
fn scan_again(
    input: &Input,
    place: usize,
    scan: &ScanOptions,
    passwords: &[String],
    observe: &mut Observe<'_>,
) -> Result<CaptureReport, ReadError> {
    let origin = input.open().map_err(|source| ReadError::Open { source })?;
    let open_options = scan.open_options();
    let mut open = |member: Member| capture::open_peeled(member.content, &open_options);
    let (mut captures, mut report) = (0, None);
    let mut take = |found| {
        let Found::Capture(_, reader) = found else { return ControlFlow::Continue(()) };
        captures += 1;
        if captures < place {
            return ControlFlow::Continue(());
        }
        report = Some(scan_capture(reader, scan, observe));
        ControlFlow::Break(())
    };
    let _ = captures::each(input, origin, WalkOptions { limits: &scan.limits, passwords }, &mut open, &mut take);
    report.ok_or_else(|| ReadError::Open { source: io::Error::other("it changed while it was read; run this again") })
}

/// Reports something that gave no packet; says whether anybody wants to hear more.
pub(super) fn unreadable(source: CaptureSource, error: ReadError, tell: &mut dyn FnMut(Event) -> bool) -> bool {
    tell(Event::Begin(source, None)) && tell(Event::End(Box::new(CaptureReport::unreadable(error))))
}

/// Counts the octets as they are read; those of an archive that is read out of order all at once.
fn counted(origin: Origin, options: &BatchOptions<'_>) -> Origin {
    let Some(progress) = options.progress else { return origin };
    match origin {
        Origin::File(file) if is_read_out_of_order(&file) => {
            progress.add_octets(file.metadata().map_or(0, |metadata| metadata.len()));
            Origin::File(file)
        }
        Origin::File(file) => Origin::Stream(progress.counter().of(Box::new(file))),
        Origin::Stream(stream) => Origin::Stream(progress.counter().of(stream)),
    }
}

/// Whether a file begins as a zip, 7z or Outlook file does, or as a capture that is not read from front to back.
fn is_read_out_of_order(mut file: &File) -> bool {
    // What is read of a pipe cannot be put back.
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    let is_read = file.take(capture::HEAD_OCTETS as u64).read_to_end(&mut head).is_ok() && file.rewind().is_ok();
    let _ = file.rewind();
    let is_archive =
        matches!(head.as_slice(), [b'P', b'K', ..] | [b'7', b'z', 0xbc, 0xaf, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..]);
    is_read && (is_archive || capture::is_read_out_of_order(&head))
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write as _;
    use std::os::fd::OwnedFd;

    use super::*;
    use crate::batch::Progress;

    #[test]
    fn a_pipe_is_read_from_its_first_octet_where_progress_is_counted() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"PK and more").unwrap();
        drop(writer);
        let progress = Progress::default();
        let options = BatchOptions { progress: Some(&progress), ..BatchOptions::new(ScanOptions::new()) };
        let origin = counted(Origin::File(File::from(OwnedFd::from(reader))), &options);
        let Origin::Stream(mut stream) = origin else { panic!("a pipe cannot be read out of order") };
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).unwrap();
        assert_eq!((octets.as_slice(), progress.octets()), (&b"PK and more"[..], 11));
    }
}
