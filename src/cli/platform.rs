//! What differs from one operating system to another.

use std::fs::File;
use std::io;
use std::path::Path;

/// Whether the terminal is told to expect UTF-8; a console of Windows is written to in Unicode.
pub(super) fn speaks_utf_8() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8")
}

/// A file without a name in `folder`; not every system and file system has such.
#[cfg(target_os = "linux")]
pub(super) fn unnamed(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // It gets its name by this way.
    if !Path::new("/proc/self/fd").is_dir() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mode = Mode::from_raw_mode(0o666);
    Ok(File::from(rustix::fs::open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode)?))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn unnamed(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives the name at `path` to a file that has none.
#[cfg(target_os = "linux")]
pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, &open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A temporary file is for its owner alone unless it is told to be as other files are.
#[cfg(unix)]
pub(super) fn let_others_read(file: &mut tempfile::Builder<'_, '_>) {
    file.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
}

#[cfg(not(unix))]
pub(super) fn let_others_read(_: &mut tempfile::Builder<'_, '_>) {}

/// Lets Ctrl+C remove the file at `path` before the run ends. One of Unix that is interrupted so is killed.
#[cfg(windows)]
pub(super) fn remove_if_interrupted(path: &Path) {
    let path = path.to_owned();
    // A second handler is refused: a run makes one file at a time.
    let _ = ctrlc::set_handler(move || {
        let _ = std::fs::remove_file(&path);
        #[expect(clippy::exit, reason = "there is nobody to return to")]
        std::process::exit(INTERRUPTED);
    });
}

/// What a shell of Unix says of a program ended by Ctrl+C.
#[cfg(windows)]
const INTERRUPTED: i32 = 130;

#[cfg(not(windows))]
pub(super) fn remove_if_interrupted(_: &Path) {}
