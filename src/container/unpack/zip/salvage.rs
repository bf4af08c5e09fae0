//! What is left of a zip archive without its directory: its local headers (APPNOTE 4.3.7), from the first one on.

use std::io;

use super::{Entry, Passed, pass, u16_at, u32_at, u64_at};
use crate::container::NoteKind;
use crate::container::unpack::archive::ArchiveRefusal;
use crate::container::unpack::pipe::Outlet;
use crate::container::unpack::source::Seekable;

const HEADER_OCTETS: usize = 30;
/// Flag for sizes that follow the content instead of standing in front of it (APPNOTE 4.4.4, bit 3).
const SIZES_FOLLOW: u16 = 8;

pub(super) fn read(source: &mut Seekable, out: &mut Outlet) -> Result<(), ArchiveRefusal> {
    let Some(mut at) = start(source)? else { return Ok(()) };
    while let Some((entry, next)) = entry(source, at, out)? {
        if pass(&entry, source, out) == Passed::Stop {
            return Ok(());
        }
        at = next;
    }
    Ok(())
}

/// The first local header: at the start, or behind the mark of a split archive.
fn start(source: &mut Seekable) -> io::Result<Option<u64>> {
    let mut head = [0; 8];
    source.read_at(0, &mut head)?;
    Ok([0, 4].into_iter().find(|&at| head.get(at..).is_some_and(|head| head.starts_with(b"PK\x03\x04"))))
        .map(|at| at.map(|at| at as u64))
}

/// The member whose local header is at `at`, and where the next header should be.
fn entry(source: &mut Seekable, at: u64, out: &mut Outlet) -> Result<Option<(Entry, u64)>, ArchiveRefusal> {
    let mut header = [0; HEADER_OCTETS];
    if source.read_at(at, &mut header)? < HEADER_OCTETS || !header.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let (name_len, extra_len) = (usize::from(u16_at(&header, 26)), usize::from(u16_at(&header, 28)));
    let mut rest = vec![0; name_len + extra_len];
    if source.read_at(at.saturating_add(HEADER_OCTETS as u64), &mut rest)? < rest.len() {
        return Ok(None);
    }
    let (name, extra) = rest.split_at_checked(name_len).unwrap_or_default();
    let content_at = at.saturating_add((HEADER_OCTETS + rest.len()) as u64);
    let flags = u16_at(&header, 6);
    let mut packed_octets = u64::from(u32_at(&header, 18));
    let mut octets = u64::from(u32_at(&header, 22));
    // A local ZIP64 field holds both sizes, the unpacked one first (APPNOTE 4.5.3).
    if packed_octets == u64::from(u32::MAX) && u16_at(extra, 0) == 1 {
        (octets, packed_octets) = (u64_at(extra, 4), u64_at(extra, 12));
    }
    let (content, next) = if flags & SIZES_FOLLOW == 0 {
        (Some((octets, u32_at(&header, 14))), content_at.saturating_add(packed_octets))
    } else {
        let end = descriptor(source, content_at, out)?;
        packed_octets = end.packed_octets;
        (None, end.next)
    };
    let is_file = !name.ends_with(b"/");
    let entry =
        Entry { offset: at, name: name.to_vec(), packed_octets, content, is_file, is_encrypted: flags & 1 != 0 };
    Ok(Some((entry, next)))
}

struct End {
    packed_octets: u64,
    next: u64,
}

/// Looks for the descriptor that follows the content at `start` (APPNOTE 4.3.9): one that states the very size it is
/// found at. Without one the content goes to the end of what there is.
fn descriptor(source: &mut Seekable, start: u64, out: &mut Outlet) -> Result<End, ArchiveRefusal> {
    const STEP: usize = 64 * 1024;
    const OVERLAP: usize = 24;
    let mut window = vec![0; STEP + OVERLAP];
    let mut at = start;
    loop {
        let len = source.read_at(at, &mut window)?;
        let found = window.get(..len).unwrap_or_default();
        for mark in memchr::memmem::find_iter(found, b"PK\x07\x08").filter(|&mark| mark < STEP) {
            let packed_octets = (at - start).saturating_add(mark as u64);
            let next = start.saturating_add(packed_octets);
            let fields = found.get(mark..).unwrap_or_default();
            if fields.len() >= 16 && u64::from(u32_at(fields, 8)) == packed_octets {
                return Ok(End { packed_octets, next: next.saturating_add(16) });
            }
            if fields.len() >= 24 && u64_at(fields, 8) == packed_octets {
                return Ok(End { packed_octets, next: next.saturating_add(24) });
            }
        }
        if len < window.len() {
            let packed_octets = (at - start).saturating_add(len as u64);
            return Ok(End { packed_octets, next: u64::MAX });
        }
        if out.is_over() {
            return Err(ArchiveRefusal::new(NoteKind::Bound, ""));
        }
        at = at.saturating_add(STEP as u64);
    }
}
