//! Where a report or an extract goes: never over anything that is read, and never half a file.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use ehlotrace::batch::Input;
use same_file::Handle;

use super::new_file::NewFile;

/// Standard output, or a file that is there only when it is whole: nothing written, no file.
pub(super) enum Output {
    Stdout(BufWriter<StdoutLock<'static>>),
    /// To be made with the first byte.
    Later(PathBuf),
    /// What becomes the file.
    File(BufWriter<NewFile>),
    /// A device or pipe.
    Special(BufWriter<File>),
}

impl Output {
    /// Output to `path`; to standard output without one, and for `-`. `what` it is goes into the error; `list` is read, too.
    ///
    /// # Errors
    ///
    /// If that is anything that is read: an input, whatever its name, standard input, or `list`.
    pub(super) fn new(path: Option<&Path>, what: &str, inputs: &[Input], list: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(Self::Stdout(BufWriter::new(io::stdout().lock())));
        };
        let existing = path.metadata().ok().filter(Metadata::is_file);
        if existing.is_some() {
            let is_target = |file: &Path| same_file::is_same_file(path, file).unwrap_or(false);
            let reads_stdin = inputs.iter().any(|input| input.path().is_none()) || list.is_some_and(|list| list == "-");
            if inputs.iter().filter_map(Input::path).any(is_target) || reads_stdin && is_stdin(path) {
                bail!("{}: ehlotrace reads this file; choose another file for the {what}", path.display());
            }
            if list.is_some_and(is_target) {
                bail!("{}: ehlotrace also reads this file; choose another file for the {what}", path.display());
            }
        }
        // A link stays one, and what it leads to is replaced.
        Ok(Self::Later(path.canonicalize().unwrap_or_else(|_| path.to_owned())))
    }

    fn open(path: &Path) -> io::Result<Self> {
        let existing = path.metadata().ok();
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            return Ok(Self::Special(BufWriter::new(File::create(path)?)));
        }
        let file = NewFile::create(path)?;
        if let Some(existing) = existing {
            file.set_permissions(existing.permissions())?;
        }
        Ok(Self::File(BufWriter::new(file)))
    }

    /// Whether it takes the place of a file that is there.
    pub(super) fn replaces_a_file(&self) -> bool {
        match self {
            Self::File(out) => out.get_ref().path().is_file(),
            Self::Later(path) => path.is_file(),
            Self::Stdout(_) | Self::Special(_) => false,
        }
    }

    /// Ends the output: from here on the file is there.
    ///
    /// # Errors
    ///
    /// If the rest cannot be written, or the file not be put in its place.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Later(_) => Ok(()),
            Self::Stdout(mut out) => out.flush(),
            Self::Special(mut out) => out.flush(),
            Self::File(out) => out.into_inner().map_err(io::IntoInnerError::into_error)?.persist(),
        }
    }
}

/// Whether standard input is the file at `path`.
fn is_stdin(path: &Path) -> bool {
    matches!((Handle::stdin(), Handle::from_path(path)), (Ok(stdin), Ok(file)) if stdin == file)
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if let Self::Later(path) = self {
            *self = Self::open(path)?;
        }
        match self {
            Self::Stdout(out) => out.write(octets),
            Self::File(out) => out.write(octets),
            Self::Special(out) => out.write(octets),
            Self::Later(_) => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out) => out.flush(),
            Self::Special(out) => out.flush(),
            Self::Later(_) => Ok(()),
        }
    }
}
