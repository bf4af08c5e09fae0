//! tar, in the dialects POSIX.1-1988 (ustar), POSIX.1-2001 (pax), GNU and the one before all of them.
//!
//! The tar crate reads the fields of a header. The walk from header to header is done here, because the crate holds long
//! names and pax records in memory whatever length they claim.

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::archive::{ArchiveKind, ArchiveRefusal};
use super::pipe::{Outlet, Passed};
use super::signature::{TAR_BLOCK_OCTETS, is_tar_header};
use super::source::Source;
use super::{Input, NoteKind, signature};

pub(super) const TAR: ArchiveKind = ArchiveKind { signature: signature::TAR, read };

/// Octets read of a pax header or a long name; real ones have a few hundred.
const EXTENSION_OCTETS: u64 = 64 * 1024;

/// What extension headers say of the member after them.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    octets: Option<u64>,
    is_sparse: bool,
}

fn read(source: Source, out: &mut Outlet) -> Result<(), ArchiveRefusal> {
    let mut input = source.into_stream();
    let mut extension = Extension::default();
    while let Some(block) = next_block(&mut input)? {
        if block.iter().all(|&octet| octet == 0) {
            break;
        }
        if !is_tar_header(&block) {
            return Err(ArchiveRefusal::new(NoteKind::Unreadable, "it is damaged: a header has a wrong checksum"));
        }
        let header = Header::from_byte_slice(&block);
        let kind = header.entry_type();
        let stated = header.entry_size()?;
        let is_extension = matches!(
            kind,
            EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader
        );
        let octets = if is_extension { stated } else { extension.octets.unwrap_or(stated) };
        let mut content = Content { input: &mut input, left: octets };
        match kind {
            EntryType::GNULongName => extension.name = Some(lossy(&start_of(&mut content)?)),
            EntryType::XHeader => pax(&start_of(&mut content)?, &mut extension),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let name = extension.name.take().unwrap_or_else(|| lossy(&header.path_bytes()));
                if extension.is_sparse || kind == EntryType::GNUSparse {
                    out.note(Some(name), NoteKind::Unreadable, "a sparse file in a tar archive; unpack it first");
                } else if !name.ends_with('/') && out.member(name, &mut content) == Passed::Stop {
                    return Ok(());
                }
            }
            // Directories, links, devices, fifos, and what describes them.
            _ if !out.admit() => return Ok(()),
            _ => {}
        }
        let padded = octets.checked_next_multiple_of(TAR_BLOCK_OCTETS as u64).unwrap_or(u64::MAX);
        let content_octets = content.left;
        skip(&mut input, content_octets, padded.saturating_sub(octets), out)?;
        if !is_extension {
            extension = Extension::default();
        }
    }
    Ok(())
}

/// The next block; `None` at the end of the input.
fn next_block(input: &mut Input) -> io::Result<Option<[u8; TAR_BLOCK_OCTETS]>> {
    let mut block = [0; TAR_BLOCK_OCTETS];
    let mut len = 0;
    while let Some(room) = block.get_mut(len..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) if len == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => len += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Some(block))
}

/// The octets of one member: no more, and an error when there are fewer.
struct Content<'a> {
    input: &'a mut Input,
    left: u64,
}

impl Read for Content<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).map_or(buf.len(), |left| left.min(buf.len()));
        let n = self.input.read(buf.get_mut(..room).unwrap_or_default())?;
        if n == 0 && room > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(n as u64);
        Ok(n)
    }
}

fn start_of(content: &mut Content<'_>) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    content.take(EXTENSION_OCTETS).read_to_end(&mut start)?;
    Ok(start)
}

/// Passes over `octets` octets of a member and `padding` octets behind it.
fn skip(input: &mut Input, octets: u64, padding: u64, out: &Outlet) -> Result<(), ArchiveRefusal> {
    let mut left = octets.saturating_add(padding);
    let mut buffer = [0; 16 * 1024];
    while left > 0 && !out.is_over() {
        let room = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        match input.read(buffer.get_mut(..room).unwrap_or_default()) {
            // Padding at the very end is nothing to miss.
            Ok(0) if left <= padding => return Ok(()),
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(read) => left = left.saturating_sub(read as u64),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// The records of a pax header: `LENGTH KEY=VALUE\n`, the length counting all of it in decimal.
fn pax(mut records: &[u8], extension: &mut Extension) {
    while let Some((length, _)) = split_once(records, b' ') {
        let length = std::str::from_utf8(length).ok().and_then(|digits| digits.parse::<usize>().ok());
        let Some((record, rest)) = length.and_then(|length| records.split_at_checked(length)) else { return };
        let Some((_, record)) = split_once(record, b' ') else { return };
        if let Some((key, value)) = split_once(record, b'=') {
            let value = lossy(value.strip_suffix(b"\n").unwrap_or(value));
            match key {
                b"path" => extension.name = Some(value),
                b"size" => extension.octets = value.parse().ok().or(extension.octets),
                _ if key.starts_with(b"GNU.sparse.") => extension.is_sparse = true,
                _ => {}
            }
        }
        records = rest;
    }
}

fn split_once(octets: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let mut halves = octets.splitn(2, |&octet| octet == at);
    Some((halves.next()?, halves.next()?))
}

fn lossy(name: &[u8]) -> String {
    let end = name.iter().position(|&octet| octet == 0).unwrap_or(name.len());
    String::from_utf8_lossy(name.get(..end).unwrap_or(name)).into_owned()
}
