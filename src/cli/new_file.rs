//! A file that gets its name when it is whole.
//!
//! Where the system can, it has none until then, so that a run that is killed leaves nothing behind. Elsewhere it stands beside
//! its place under another name, and is removed unless the run is killed; Ctrl+C is no kill on Windows.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::platform;

const PREFIX: &str = ".ehlotrace-";
const SUFFIX: &str = ".part";

/// A file under construction.
#[derive(Debug)]
pub(super) struct NewFile {
    file: Draft,
    path: PathBuf,
}

#[derive(Debug)]
enum Draft {
    Unnamed(File),
    Named(NamedTempFile),
}

impl NewFile {
    /// What is to become the file at `path`.
    ///
    /// # Errors
    ///
    /// If nothing can be written in its folder.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let folder = folder(path);
        if let Ok(file) = platform::unnamed(folder) {
            return Ok(Self { file: Draft::Unnamed(file), path: path.to_owned() });
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        platform::let_others_read(&mut builder);
        let file = builder.tempfile_in(folder)?;
        platform::remove_if_interrupted(file.path());
        Ok(Self { file: Draft::Named(file), path: path.to_owned() })
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file().set_permissions(permissions)
    }

    fn file(&self) -> &File {
        match &self.file {
            Draft::Unnamed(file) => file,
            Draft::Named(file) => file.as_file(),
        }
    }

    /// Puts it in its place, and in that of what is there.
    ///
    /// # Errors
    ///
    /// If that cannot be done; then nothing is left of it.
    pub(super) fn persist(self) -> io::Result<()> {
        match self.file {
            Draft::Unnamed(file) => name(&file, &self.path),
            Draft::Named(file) => file.persist(self.path).map(drop).map_err(|error| error.error),
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Gives the name at `path` to a file that has none. A name cannot be put over a file, so it gets another one first.
fn name(file: &File, path: &Path) -> io::Result<()> {
    if platform::link(file, path).is_ok() {
        return Ok(());
    }
    let mut builder = tempfile::Builder::new();
    let beside = builder.prefix(PREFIX).suffix(SUFFIX).make_in(folder(path), |beside| platform::link(file, beside))?;
    beside.into_temp_path().persist(path).map_err(|error| error.error)
}

impl Write for NewFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}
