//! The captures in an input, however it is packed.

use std::ops::ControlFlow;

use super::{Failure, Input};
use crate::capture::ReadError;
use crate::container::{self, Member, Origin, WalkOptions};
use crate::scan::CaptureSource;
use crate::scan::ScanOptions;
use crate::twice::{Reopen, Rereadable};

/// What an input has.
pub(super) enum Found<T> {
    /// A capture, as it was opened.
    Capture(CaptureSource, T),
    /// Something that is no capture, where anything may be.
    Other,
    /// Something that cannot be read.
    Unreadable(CaptureSource, ReadError),
    /// Nothing but an archive with no capture in it: what it is, in words.
    Empty(CaptureSource, String),
}

/// Looks for the captures in `input`, which was opened as `origin`; `open` opens each, `take` is told what was found.
pub(super) fn each<T>(
    input: &Input,
    origin: Origin,
    options: WalkOptions<'_>,
    open: &mut dyn FnMut(Member) -> Result<T, ReadError>,
    take: &mut dyn FnMut(Found<T>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut notes = Vec::new();
    let (mut flow, mut found_nothing) = (ControlFlow::Continue(()), !input.is_found());
    let mut visit = |member: Member| {
        let source = input.source(member.path.clone());
        let may_be_anything = input.may_be_anything(member.path.as_deref());
        let found = match open(member) {
            Ok(capture) => Found::Capture(source, capture),
            Err(ReadError::UnknownFormat { is_foreign_capture: false, .. }) if may_be_anything => Found::Other,
            Err(error) => Found::Unreadable(source, error),
        };
        found_nothing &= matches!(found, Found::Other);
        flow = take(found);
        flow
    };
    let walked = container::walk(origin, options, &mut visit, &mut |note| notes.push(note));
    flow?;
    if let (true, true, Some(archive)) = (found_nothing, notes.is_empty(), walked.without_capture()) {
        take(Found::Empty(input.source(None), archive))?;
    }
    for note in notes {
        take(if input.may_be_anything(None) && walked.may_be_anything(&note) {
            Found::Other
        } else {
            Found::Unreadable(input.source(note.path.clone()), ReadError::Packed { note })
        })?;
    }
    ControlFlow::Continue(())
}

/// Hands every capture in `input` to `visit`, to be read more than once; what cannot be read is told in the end.
///
/// # Errors
///
/// What `visit` returns, which ends the search.
pub fn reread<E>(
    input: &Input,
    scan: &ScanOptions,
    passwords: &[String],
    visit: &mut dyn FnMut(&CaptureSource, &mut Reopen<'_>) -> Result<(), E>,
) -> Result<Vec<Failure>, E> {
    let mut failures = Vec::new();
    let mut fail = |source, message: String| failures.push(Failure { source, message });
    let origin = match input.open() {
        Ok(origin) => origin,
        Err(source) => {
            fail(input.source(None), ReadError::Open { source }.to_string());
            return Ok(failures);
        }
    };
    let options = scan.open_options();
    let mut open = |member: Member| match (&member.path, input.path()) {
        (None, Some(path)) if path.is_file() => Ok((Rereadable::file(path, &options)?, None)),
        _ => Rereadable::keep(member.content, &options),
    };
    let mut visited = Ok(());
    let mut take = |found: Found<(Rereadable, Option<std::io::Error>)>| {
        match found {
            Found::Capture(source, (mut capture, error)) => {
                visited = visit(&source, &mut |options| capture.open(options));
                if let Some(error) = error {
                    fail(source, error.to_string());
                }
            }
            Found::Other => {}
            Found::Unreadable(source, error) => fail(source, error.to_string()),
            Found::Empty(source, archive) => fail(source, archive),
        }
        if visited.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let walk = WalkOptions { limits: &scan.limits, passwords };
    let _ = each(input, origin, walk, &mut open, &mut take);
    visited.map(|()| failures)
}
