//! The captures in an input, however it is packed, each to be read more than once.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ehlotrace::batch::Input;
use ehlotrace::capture::{self, FORMATS, ReadError};
use ehlotrace::container::{self, Member, Peeled, WalkOptions};
use ehlotrace::limits::Limits;

use super::args::ReadingArgs;

/// Gives a capture's octets from the start.
pub(super) type Reopen<'r> = dyn FnMut() -> Result<Box<dyn Read + Send>, ReadError> + 'r;

/// Is called for every capture: with its name, whether it is one of several or inside something, and its octets.
pub(super) type Visit<'v> = dyn FnMut(&str, bool, &mut Reopen<'_>) -> anyhow::Result<()> + 'v;

/// What came of looking for captures.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) captures: u64,
    /// What could not be read, in a sentence each.
    pub(super) failures: Vec<String>,
}

/// Hands every capture in `input` to `visit`, as `scan` finds them.
///
/// # Errors
///
/// What `visit` returns, which ends the search. What cannot be read is no error: it is told in the result.
pub(super) fn each(input: &Input, reading: &ReadingArgs, visit: &mut Visit<'_>) -> anyhow::Result<Looked> {
    let options = reading.scan_options();
    let path = input.path().unwrap_or_else(|| Path::new("-"));
    let mut looked = Looked::default();
    let origin = match input.open() {
        Ok(origin) => origin,
        Err(error) => {
            looked.failures.push(format!("{}: {}", path.display(), ReadError::Open { source: error }));
            return Ok(looked);
        }
    };
    let mut search = Search { input, path, reading, looked, visited: Ok(()) };
    let mut notes = Vec::new();
    let limits = &options.dialogue.limits;
    let walk = WalkOptions { limits, passwords: reading.passwords() };
    let walked =
        container::walk(origin, walk, &mut |member| search.member(member, limits, visit), &mut |note| notes.push(note));
    search.visited?;
    let mut looked = search.looked;
    let is_found = matches!(input, Input::Found(_));
    for note in notes {
        if !(is_found && walked.may_be_anything(&note)) {
            looked.failures.push(format!("{}: {}", name(path, note.path.as_deref()), note.message));
        }
    }
    let found_nothing = looked.captures == 0 && looked.failures.is_empty() && !is_found;
    if let (true, Some(archive)) = (found_nothing, walked.without_capture()) {
        looked.failures.push(format!("{}: {archive}", path.display()));
    }
    Ok(looked)
}

fn name(path: &Path, member: Option<&str>) -> String {
    let path = path.display();
    member.map_or_else(|| path.to_string(), |member| format!("{path} : {member}"))
}

struct Search<'s> {
    input: &'s Input,
    path: &'s Path,
    reading: &'s ReadingArgs,
    looked: Looked,
    visited: anyhow::Result<()>,
}

impl Search<'_> {
    fn member(&mut self, member: Member, limits: &Limits, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let name = name(self.path, member.path.as_deref());
        let is_found = matches!(self.input, Input::Found(_));
        let is_inside = is_found || member.path.is_some();
        let mut reread = match self.rereadable(member, limits) {
            Ok((reread, error)) => {
                self.looked.failures.extend(error.map(|error| format!("{name}: {error}")));
                reread
            }
            Err(ReadError::UnknownFormat { is_foreign_capture: false, .. }) if is_inside => {
                return ControlFlow::Continue(());
            }
            Err(error) => {
                self.looked.failures.push(format!("{name}: {error}"));
                return ControlFlow::Continue(());
            }
        };
        self.looked.captures += 1;
        self.visited = visit(&name, is_inside, &mut || reread.read());
        if self.visited.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// The member as something to read twice, and what is wrong behind the octets of it that can be read.
    fn rereadable(&self, member: Member, limits: &Limits) -> Result<(Rereadable, Option<io::Error>), ReadError> {
        const HEAD_OCTETS: u64 = 512;
        let options = self.reading.scan_options().open_options();
        if let (None, Some(path)) = (&member.path, self.input.path())
            && path.is_file()
        {
            let mut file = Rereadable::File(path.to_owned());
            drop(member);
            capture::open(file.read()?, &options)?;
            return Ok((file, None));
        }
        let Peeled { mut stream, layers } = member.content;
        let mut head = Vec::new();
        // An error is met again behind these octets.
        let _ = (&mut stream).take(HEAD_OCTETS).read_to_end(&mut head);
        let is_capture = FORMATS.iter().any(|format| (format.matches)(&head));
        let mut whole = io::Cursor::new(head).chain(stream);
        if !is_capture {
            let peeled = Peeled { stream: Box::new(whole), layers };
            return match capture::open_peeled(peeled, &options) {
                Err(error) => Err(error),
                Ok(_) => Err(ReadError::Io { offset: 0, source: io::Error::other("it cannot be read") }),
            };
        }
        let kept = |source| ReadError::Io { offset: 0, source };
        let (file, error) = keep(&mut whole, limits.archive_spool_octets).map_err(kept)?;
        let mut reread = Rereadable::Kept(file);
        capture::open(reread.read()?, &options)?;
        Ok((reread, error))
    }
}

/// Copies `input` to a temporary file without a name, as far as it can be read; also gives what is wrong there.
fn keep(input: &mut dyn Read, most_octets: u64) -> io::Result<(File, Option<io::Error>)> {
    let mut kept = tempfile::tempfile()?;
    let mut buffer = vec![0; 64 * 1024];
    let mut octets = 0_u64;
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => return Ok((kept, None)),
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok((kept, Some(error))),
        };
        octets = octets.saturating_add(read.len() as u64);
        if octets > most_octets {
            let gigabytes = most_octets >> 30;
            let what = format!("it needs a temporary file of more than {gigabytes} GiB; unpack it first");
            return Err(io::Error::other(what));
        }
        kept.write_all(read)?;
    }
}

/// A capture that can be read twice.
enum Rereadable {
    File(PathBuf),
    /// What came through a pipe or out of an archive, put by.
    Kept(File),
}

impl Rereadable {
    fn read(&mut self) -> Result<Box<dyn Read + Send>, ReadError> {
        let file = match self {
            Self::File(path) => File::open(path),
            Self::Kept(file) => file.rewind().and_then(|()| file.try_clone()),
        };
        match file {
            Ok(file) => Ok(Box::new(file)),
            Err(source) => Err(ReadError::Open { source }),
        }
    }
}
