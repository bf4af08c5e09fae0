//! zip (PKWARE APPNOTE 6.3), with and without encryption.
//!
//! The directory is walked here, one entry at a time, and the zip crate unpacks single entries: its own directories are
//! held in memory whole and forget members of the same name.

mod directory;
mod salvage;

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use zip::read::read_zipfile_from_stream_with_options;
use zip::result::ZipError;
use zip::{SUPPORTED_COMPRESSION_METHODS, ZipReadOptions};

use super::archive::{ArchiveKind, ArchiveRefusal};
use super::pipe::{Outlet, Passed};
use super::source::{Seekable, Source};
use super::{NoteKind, signature};

pub(super) const ZIP: ArchiveKind = ArchiveKind { signature: signature::ZIP, read };

/// Octets unpacked to tell which of several passwords is right.
const TRIAL_OCTETS: u64 = 64 * 1024 * 1024;

const UNKNOWN_METHOD: &str = "packed with a compression that ehlotrace cannot read";

/// One member as the directory, or what is left of the archive, has it.
struct Entry {
    /// Where its local header lies.
    offset: u64,
    /// Its name as stored.
    name: Vec<u8>,
    /// Its octets as packed.
    packed_octets: u64,
    /// Its octets unpacked and their CRC-32; `None` where only what follows it says them.
    content: Option<(u64, u32)>,
    /// Whether it is a file, and no directory, link or device.
    is_file: bool,
    is_encrypted: bool,
}

fn read(source: Source, out: &mut Outlet) -> Result<(), ArchiveRefusal> {
    let mut source = source.into_seekable(&out.shared)?;
    let Some(directory) = directory::find(&mut source)? else {
        out.note(
            None,
            NoteKind::Unreadable,
            "it is cut off (its directory is missing); ehlotrace read as much as possible",
        );
        return salvage::read(&mut source, out);
    };
    let mut at = directory.start;
    while let Some((entry, next)) = directory.entry(&mut source, at)? {
        at = next;
        if pass(&entry, &mut source, out) == Passed::Stop {
            return Ok(());
        }
    }
    if at < directory.end {
        out.note(None, NoteKind::Unreadable, "its directory is damaged; some of its members may be missing");
    }
    Ok(())
}

/// Hands on one member.
fn pass(entry: &Entry, source: &mut Seekable, out: &mut Outlet) -> Passed {
    if !entry.is_file {
        return if out.admit() { Passed::Whole } else { Passed::Stop };
    }
    let passed = match password(entry, source, out) {
        Ok(password) => {
            let deliver = |name: String, content: &mut dyn Read| out.member(name, content);
            open(entry, source, password.as_deref(), deliver).map_err(refusal)
        }
        Err(refusal) => Err(refusal),
    };
    match passed {
        Ok(passed) => passed,
        Err(_) if !out.admit() => Passed::Stop,
        Err(ArchiveRefusal { kind, message }) => {
            out.note(Some(String::from_utf8_lossy(&entry.name).into_owned()), kind, message);
            Passed::Broken
        }
    }
}

/// The password for a member, `None` when it needs none.
///
/// What can be checked before unpacking fits one wrong password in 256 of the old kind of encryption. So when several
/// fit, they are tried for good.
fn password(entry: &Entry, source: &mut Seekable, out: &Outlet) -> Result<Option<String>, ArchiveRefusal> {
    if !entry.is_encrypted {
        return Ok(None);
    }
    let mut fitting = Vec::new();
    for password in &out.shared.passwords {
        match open(entry, source, Some(password), |_, _| ()) {
            Ok(()) => fitting.push(password),
            Err(ZipError::InvalidPassword) => {}
            Err(e) => return Err(refusal(e)),
        }
    }
    let unpacks = |password: &&&String| {
        let unpack = |_, content: &mut dyn Read| io::copy(&mut content.take(TRIAL_OCTETS), &mut io::sink()).is_ok();
        open(entry, source, Some(password), unpack).unwrap_or(false)
    };
    let found = match fitting.as_slice() {
        [one] => Some(*one),
        several => several.iter().find(unpacks).copied(),
    };
    let message = match out.shared.passwords.as_slice() {
        [] => "encrypted: give --password",
        _ => "encrypted, and none of the given passwords is right",
    };
    found.cloned().map(Some).ok_or_else(|| ArchiveRefusal::new(NoteKind::Encrypted, message))
}

/// Opens a member for `with`, which gets its name too.
fn open<T>(
    entry: &Entry,
    source: &mut Seekable,
    password: Option<&str>,
    with: impl FnOnce(String, &mut dyn Read) -> T,
) -> Result<T, ZipError> {
    let mut options =
        ZipReadOptions::new().override_compressed_size(entry.packed_octets).password(password.map(str::as_bytes));
    options = match entry.content {
        Some((octets, crc)) => options.override_uncompressed_size(octets).override_crc(crc),
        None => options.ignore_crc32(true),
    };
    source.seek(SeekFrom::Start(entry.offset))?;
    let is_shut = Cell::new(false);
    let mut door = Door { source, is_shut: &is_shut };
    let Some(mut file) = read_zipfile_from_stream_with_options(&mut door, options)? else {
        return Err(ZipError::InvalidArchive("the directory points to a member that is not there".into()));
    };
    // Known of the header, but only met at the first read otherwise.
    if !SUPPORTED_COMPRESSION_METHODS.contains(&file.compression()) {
        is_shut.set(true);
        return Err(ZipError::UnsupportedArchive(UNKNOWN_METHOD));
    }
    let name = file.name().map_or_else(|_| String::from_utf8_lossy(&entry.name).into_owned(), |name| name.into_owned());
    let result = with(name, &mut file);
    // Or it would read the rest of the member when it is dropped.
    is_shut.set(true);
    Ok(result)
}

/// The archive, until it is shut.
struct Door<'a> {
    source: &'a mut Seekable,
    is_shut: &'a Cell<bool>,
}

impl Read for Door<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.is_shut.get() { Ok(0) } else { self.source.read(buf) }
    }
}

fn refusal(error: ZipError) -> ArchiveRefusal {
    let message = match error {
        ZipError::Io(e) => return e.into(),
        ZipError::UnsupportedArchive(UNKNOWN_METHOD) => format!("{UNKNOWN_METHOD}; unpack it first"),
        ZipError::UnsupportedArchive(what) => {
            format!("packed in a way that ehlotrace cannot read ({what}); unpack it first")
        }
        ZipError::InvalidArchive(what) => format!("it is damaged ({what})"),
        other => format!("it is damaged ({other})"),
    };
    ArchiveRefusal::new(NoteKind::Unreadable, message)
}

/// The little-endian field of 2 octets at `at`; 0 where there is none.
fn u16_at(octets: &[u8], at: usize) -> u16 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |field| u16::from_le_bytes(*field))
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |field| u32::from_le_bytes(*field))
}

fn u64_at(octets: &[u8], at: usize) -> u64 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |field| u64::from_le_bytes(*field))
}
