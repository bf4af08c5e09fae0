//! The central directory of a zip archive (APPNOTE 4.3.12 to 4.3.16), one entry at a time.

use std::io;

use super::{Entry, u16_at, u32_at, u64_at};
use crate::container::unpack::source::Seekable;

/// Octets of the record at the end without its comment, and the longest comment.
const END_OCTETS: usize = 22;
const COMMENT_OCTETS: u64 = 65_535;
const LOCATOR_OCTETS: usize = 20;
const END_64_OCTETS: usize = 56;
const ENTRY_OCTETS: usize = 46;

/// Where the central directory lies.
pub(super) struct Directory {
    pub(super) start: u64,
    pub(super) end: u64,
    /// What every stated offset lacks, where something was put in front of the archive.
    base: u64,
}

/// Finds the directory by the record at the end; `None` when there is none.
pub(super) fn find(source: &mut Seekable) -> io::Result<Option<Directory>> {
    let octets = source.octets()?;
    let tail_start = octets.saturating_sub(COMMENT_OCTETS + END_OCTETS as u64);
    let mut tail = vec![0; usize::try_from(octets - tail_start).unwrap_or(0)];
    let len = source.read_at(tail_start, &mut tail)?;
    tail.truncate(len);
    for at in memchr::memmem::rfind_iter(&tail, b"PK\x05\x06") {
        let Some(end) = tail.get(at..at + END_OCTETS) else { continue };
        let end_at = tail_start + at as u64;
        let (size, offset) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
        let (directory_end, size, offset) = zip64(source, end_at)?.unwrap_or((end_at, size, offset));
        for start in [offset, directory_end.saturating_sub(size)] {
            if start <= directory_end && (is_entry(source, start)? || (size == 0 && start == directory_end)) {
                return Ok(Some(Directory { start, end: directory_end, base: start.saturating_sub(offset) }));
            }
        }
    }
    Ok(None)
}

fn is_entry(source: &mut Seekable, at: u64) -> io::Result<bool> {
    let mut mark = [0; 4];
    Ok(source.read_at(at, &mut mark)? == mark.len() && &mark == b"PK\x01\x02")
}

/// Where the directory ends, its size and its offset from the ZIP64 record, when one is in front of the record at
/// `end_at`.
fn zip64(source: &mut Seekable, end_at: u64) -> io::Result<Option<(u64, u64, u64)>> {
    let Some(locator_at) = end_at.checked_sub(LOCATOR_OCTETS as u64) else { return Ok(None) };
    let mut locator = [0; LOCATOR_OCTETS];
    source.read_at(locator_at, &mut locator)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    for at in [u64_at(&locator, 8), locator_at.saturating_sub(END_64_OCTETS as u64)] {
        let mut end = [0; END_64_OCTETS];
        source.read_at(at, &mut end)?;
        if end.starts_with(b"PK\x06\x06") && at <= end_at {
            return Ok(Some((at, u64_at(&end, 40), u64_at(&end, 48))));
        }
    }
    Ok(None)
}

impl Directory {
    /// The entry at `at` and where the next one is; `None` where there is none.
    pub(super) fn entry(&self, source: &mut Seekable, at: u64) -> io::Result<Option<(Entry, u64)>> {
        let mut fixed = [0; ENTRY_OCTETS];
        if at >= self.end || source.read_at(at, &mut fixed)? < ENTRY_OCTETS || !fixed.starts_with(b"PK\x01\x02") {
            return Ok(None);
        }
        let (name_len, extra_len) = (usize::from(u16_at(&fixed, 28)), usize::from(u16_at(&fixed, 30)));
        let comment_len = usize::from(u16_at(&fixed, 32));
        let mut rest = vec![0; name_len + extra_len];
        if source.read_at(at.saturating_add(ENTRY_OCTETS as u64), &mut rest)? < rest.len() {
            return Ok(None);
        }
        let (name, extra) = rest.split_at_checked(name_len).unwrap_or_default();
        let mut long = LongFields(zip64_field(extra));
        let octets = long.field(u32_at(&fixed, 24));
        let packed_octets = long.field(u32_at(&fixed, 20));
        let offset = long.field(u32_at(&fixed, 42)).saturating_add(self.base);
        // The upper half of the attributes is the mode where a Unix program packed it: 0 or a regular file.
        let is_unix = fixed.get(5) == Some(&3) || fixed.get(5) == Some(&19);
        let mode = if is_unix { (u32_at(&fixed, 38) >> 16) & 0xf000 } else { 0 };
        let entry = Entry {
            offset,
            is_file: matches!(mode, 0 | 0x8000) && !name.ends_with(b"/") && !name.ends_with(b"\\"),
            name: name.to_vec(),
            packed_octets,
            content: Some((octets, u32_at(&fixed, 16))),
            is_encrypted: u16_at(&fixed, 8) & 1 != 0,
        };
        let len = (ENTRY_OCTETS + name_len + extra_len + comment_len) as u64;
        Ok(Some((entry, at.saturating_add(len))))
    }
}

/// The ZIP64 extra field (APPNOTE 4.5.3), of what `extra` holds.
fn zip64_field(mut extra: &[u8]) -> &[u8] {
    while let Some((header, rest)) = extra.split_at_checked(4) {
        let Some((field, rest)) = rest.split_at_checked(usize::from(u16_at(header, 2))) else { break };
        if u16_at(header, 0) == 1 {
            return field;
        }
        extra = rest;
    }
    &[]
}

/// Holds the fields that were too large, in their order.
struct LongFields<'a>(&'a [u8]);

impl LongFields<'_> {
    fn field(&mut self, short: u32) -> u64 {
        match self.0.split_at_checked(8) {
            Some((long, rest)) if short == u32::MAX => {
                self.0 = rest;
                u64_at(long, 0)
            }
            _ => u64::from(short),
        }
    }
}
