//! A file that gets its name when it is whole.
//!
//! Where the system can, it has none until then, so that a run that is killed leaves nothing behind. Elsewhere it stands beside
//! its place under another name, and is removed unless the run is killed.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

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
    #[cfg(target_os = "linux")]
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
        #[cfg(target_os = "linux")]
        if let Ok(file) = unnamed(folder) {
            return Ok(Self { file: Draft::Unnamed(file), path: path.to_owned() });
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Self { file: Draft::Named(builder.tempfile_in(folder)?), path: path.to_owned() })
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
            #[cfg(target_os = "linux")]
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
            #[cfg(target_os = "linux")]
            Draft::Unnamed(file) => name(&file, &self.path),
            Draft::Named(file) => file.persist(self.path).map(drop).map_err(|error| error.error),
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// A file without a name in `folder`; not every file system has such.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // It gets its name by this way.
    if !Path::new("/proc/self/fd").is_dir() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mode = Mode::from_raw_mode(0o666);
    Ok(File::from(rustix::fs::open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode)?))
}

/// Gives the name at `path` to a file that has none. A link cannot be put over a file, so it gets another name first.
#[cfg(target_os = "linux")]
fn name(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    if linkat(CWD, &open, CWD, path, AtFlags::SYMLINK_FOLLOW).is_ok() {
        return Ok(());
    }
    let link = |beside: &Path| linkat(CWD, &open, CWD, beside, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from);
    let mut builder = tempfile::Builder::new();
    let beside = builder.prefix(PREFIX).suffix(SUFFIX).make_in(folder(path), link)?;
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
