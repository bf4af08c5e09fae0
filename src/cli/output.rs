//! Where an extract goes.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use ehlotrace::batch::Input;
use tempfile::NamedTempFile;

/// Standard output, or a file that is there only when it is whole: nothing written, no file.
pub(super) enum Output {
    Stdout(BufWriter<StdoutLock<'static>>),
    /// To be made with the first octet.
    Later(PathBuf),
    /// What becomes the file, beside it under another name until then.
    File(BufWriter<NamedTempFile>, PathBuf),
    /// A device or pipe.
    Special(BufWriter<File>),
}

impl Output {
    /// Output to `path`; to standard output without one, and for `-`.
    ///
    /// # Errors
    ///
    /// If that is a terminal, or one of the inputs.
    pub(super) fn new(path: Option<&Path>, inputs: &[Input]) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            if io::stdout().is_terminal() {
                bail!("pcapng is not for a terminal: name a file with -o, or send standard output to one");
            }
            return Ok(Self::Stdout(BufWriter::new(io::stdout().lock())));
        };
        let target = path.canonicalize();
        let is_input = |input: &Path| match (&target, input.canonicalize()) {
            (Ok(target), Ok(input)) => *target == input || is_same_file(target, &input),
            _ => false,
        };
        if inputs.iter().filter_map(Input::path).any(is_input) {
            bail!("{}: this is one of the captures to read; choose another file for the extract", path.display());
        }
        // A link stays one, and what it leads to is replaced.
        Ok(Self::Later(target.unwrap_or_else(|_| path.to_owned())))
    }

    fn open(path: &Path) -> io::Result<Self> {
        let existing = path.metadata().ok();
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            return Ok(Self::Special(BufWriter::new(File::create(path)?)));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".ehlotrace-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        if let Some(existing) = existing {
            file.as_file().set_permissions(existing.permissions())?;
        }
        Ok(Self::File(BufWriter::new(file), path.to_owned()))
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
            Self::File(out, path) => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

/// Whether two names are links to one file.
#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> bool {
    false
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if let Self::Later(path) = self {
            *self = Self::open(path)?;
        }
        match self {
            Self::Stdout(out) => out.write(octets),
            Self::File(out, _) => out.write(octets),
            Self::Special(out) => out.write(octets),
            Self::Later(_) => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out, _) => out.flush(),
            Self::Special(out) => out.flush(),
            Self::Later(_) => Ok(()),
        }
    }
}
