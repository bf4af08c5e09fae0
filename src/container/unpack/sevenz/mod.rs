//! 7z, with and without encryption.

mod header;

use std::io::{Read, Seek, SeekFrom};

use sevenz_rust2::{Archive, ArchiveEntry, Block, BlockDecoder, Error, Password};

use super::archive::{ArchiveKind, ArchiveRefusal};
use super::pipe::{Outlet, Passed};
use super::source::{Seekable, Source};
use super::{NoteKind, signature};
use crate::plural::counted;

pub(super) const SEVENZ: ArchiveKind = ArchiveKind { signature: signature::SEVENZ, read };

/// Octets of the directory: room for 10,000 ordinary names. Parsed, a hostile one takes a hundred times as much.
const DIRECTORY_OCTETS: u64 = 1024 * 1024;
/// What unpacking the directory may take, in KiB; some programs use the dictionary they use for everything.
const DIRECTORY_KIB: usize = 128 * 1024;
/// Octets decoded to see whether a password fits. A wrong one breaks the decoder within the first few, nearly always.
const TRIAL_OCTETS: u64 = 256 * 1024;

const ID_COPY: &[u8] = &[0];
const ID_AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];
const ID_LZMA: &[u8] = &[0x03, 0x01, 0x01];
const ID_LZMA2: &[u8] = &[0x21];
const ID_PPMD: &[u8] = &[0x03, 0x04, 0x01];
const ID_DELTA: &[u8] = &[0x03];
const ID_ZSTD: &[u8] = &[0x04, 0xf7, 0x11, 0x01];

fn read(source: Source, out: &mut Outlet) -> Result<(), ArchiveRefusal> {
    let mut source = source.into_seekable(&out.shared)?;
    let packed_octets = source.octets()?;
    if !header::check(&mut source, DIRECTORY_OCTETS)? {
        return Ok(());
    }
    let (archive, mut passwords) = directory(&mut source, out)?;
    let mut keys = Keys { rounds: 0, last: Vec::new() };
    for (index, block) in archive.blocks.iter().enumerate() {
        let members = members_of(&archive, index);
        let Some(first) = members.iter().find(|m| m.has_stream()) else { continue };
        let (name, more) = (first.name().to_owned(), members.len().saturating_sub(1));
        let checked = check(block, packed_octets, out)
            .and_then(|()| fitting(&archive, index, &mut source, &mut passwords, &mut keys, out));
        let result = match checked {
            Ok(password) => deliver(&archive, index, &mut source, &password, out),
            Err(refusal) => Err(refusal),
        };
        match result {
            Ok(Passed::Stop) => return Ok(()),
            Ok(_) => {}
            Err(ArchiveRefusal { kind, message }) if more == 0 => out.note(Some(name), kind, message),
            Err(ArchiveRefusal { kind, message }) => {
                out.note(Some(name), kind, format!("{message} (also {more} more that are packed together with it)"));
            }
        }
    }
    Ok(())
}

/// The members packed in one block; empty ones between them included.
fn members_of(archive: &Archive, block: usize) -> &[ArchiveEntry] {
    let map = &archive.stream_map;
    let start = map.block_first_file_index.get(block).copied().unwrap_or_default();
    let blocks = map.file_block_index.get(start..).unwrap_or_default();
    let len = blocks.iter().take_while(|of| of.is_none_or(|of| of == block)).count();
    let len = blocks.get(..len).and_then(|blocks| blocks.iter().rposition(Option::is_some)).map_or(0, |last| last + 1);
    archive.files.get(start..start.saturating_add(len)).unwrap_or_default()
}

/// The directory, and the passwords in the order worth trying.
fn directory(source: &mut Seekable, out: &Outlet) -> Result<(Archive, Vec<Password>), ArchiveRefusal> {
    let mut passwords: Vec<_> = out.shared.passwords.iter().map(|p| Password::from(p.as_str())).collect();
    let mut open = |password: &Password| {
        source.seek(SeekFrom::Start(0))?;
        Archive::read_with_memory_limit(source, password, DIRECTORY_KIB)
    };
    match open(&Password::empty()) {
        Ok(archive) => Ok((archive, passwords)),
        Err(Error::PasswordRequired) => {
            for at in 0..passwords.len() {
                if let Some(Ok(archive)) = passwords.get(at).map(&mut open) {
                    passwords.swap(0, at);
                    return Ok((archive, passwords));
                }
            }
            Err(encrypted(&passwords))
        }
        Err(e) => Err(refusal(&e)),
    }
}

fn encrypted(passwords: &[Password]) -> ArchiveRefusal {
    let message = match passwords {
        [] => "encrypted: give --password",
        _ => "encrypted, and none of the given passwords is right",
    };
    ArchiveRefusal::new(NoteKind::Encrypted, message)
}

/// Refuses what 7-Zip never makes and would cost more memory or time than it is worth.
fn check(block: &Block, packed_octets: u64, out: &Outlet) -> Result<(), ArchiveRefusal> {
    let limits = &out.shared.limits;
    let mut compressions = 0;
    for coder in &block.coders {
        let octets = dictionary_octets(coder.encoder_method_id(), coder.properties());
        let allowed = limits.dictionary_octets >> out.depth;
        if octets > allowed {
            let (octets, allowed) = (octets >> 20, allowed >> 20);
            let message = format!("it needs {octets} MiB of memory, more than {allowed}; unpack it first");
            return Err(ArchiveRefusal::new(NoteKind::Bound, message));
        }
        compressions += usize::from(compresses(coder.encoder_method_id()));
    }
    // Each could blow up the octets for the next, with nothing to be seen of it at the end of the chain.
    if compressions > 1 {
        return Err(ArchiveRefusal::new(
            NoteKind::Unreadable,
            "packed with more than one compression; unpack it first",
        ));
    }
    let allowed = packed_octets.saturating_mul(limits.expansion).saturating_add(limits.expansion_free_octets);
    if block.get_unpack_size() > allowed {
        let message = format!("it unpacks to more than {} times its size: no real capture does that", limits.expansion);
        return Err(ArchiveRefusal::new(NoteKind::Bound, message));
    }
    Ok(())
}

fn compresses(method: &[u8]) -> bool {
    let is_filter = method == ID_COPY || method == ID_AES || method == ID_DELTA || method.starts_with(&[0x03, 0x03]);
    // The branch filters have short identifiers too, 4 to 11.
    !is_filter && !matches!(method, [4..=11])
}

/// What a coder holds, in octets (the 7z format's method list; LZMA and LZMA2 properties as in the xz format).
fn dictionary_octets(method: &[u8], properties: &[u8]) -> u64 {
    match (method, properties) {
        (ID_LZMA | ID_PPMD, &[_, a, b, c, d, ..]) => u64::from(u32::from_le_bytes([a, b, c, d])),
        (ID_LZMA2, &[bits, ..]) if bits <= 40 => u64::from(2 | (bits & 1)) << (bits / 2 + 11),
        (ID_ZSTD, _) => 128 << 20,
        _ => 0,
    }
}

/// The work put into keys.
struct Keys {
    rounds: u64,
    /// The properties of the key made last, which the decoder remembers.
    last: Vec<u8>,
}

/// The password that opens a block: the empty one when it is not encrypted.
fn fitting(
    archive: &Archive,
    index: usize,
    source: &mut Seekable,
    passwords: &mut [Password],
    keys: &mut Keys,
    out: &Outlet,
) -> Result<Password, ArchiveRefusal> {
    let coders = archive.blocks.get(index).map(|block| block.coders.as_slice()).unwrap_or_default();
    let Some(aes) = coders.iter().find(|coder| coder.encoder_method_id() == ID_AES) else {
        return Ok(Password::empty());
    };
    for at in 0..passwords.len() {
        let Some(password) = passwords.get(at).cloned() else { break };
        if at > 0 || keys.last != aes.properties() {
            let power = aes.properties().first().map_or(0, |first| first & 0x3f);
            keys.rounds = keys.rounds.saturating_add(1_u64.checked_shl(u32::from(power)).unwrap_or(0));
            if keys.rounds > out.shared.limits.key_rounds {
                return Err(ArchiveRefusal::new(
                    NoteKind::Bound,
                    "its encryption takes too long to open; unpack it first",
                ));
            }
            keys.last = aes.properties().to_vec();
        }
        if opens(archive, index, source, &password, out) {
            passwords.swap(0, at);
            return Ok(password);
        }
    }
    Err(encrypted(passwords))
}

/// Whether the start of a block can be decoded with a password. The checksum decides when the first member is short.
fn opens(archive: &Archive, index: usize, source: &mut Seekable, password: &Password, out: &Outlet) -> bool {
    let mut opens = false;
    let memory = memory_kib(out);
    let decoder = BlockDecoder::new_with_memory_limit(1, memory, index, archive, password, source);
    let tried = decoder.for_each_entries(&mut |entry, content| {
        if entry.has_stream() {
            let read = std::io::copy(&mut content.take(TRIAL_OCTETS), &mut std::io::sink());
            opens = read.is_ok();
        }
        Ok(!entry.has_stream())
    });
    opens && tried.is_ok()
}

/// What a decoder may hold, in KiB: the dictionary, and its tables besides.
fn memory_kib(out: &Outlet) -> usize {
    usize::try_from(out.shared.limits.dictionary_octets >> 10).unwrap_or(usize::MAX).saturating_add(64 * 1024)
}

/// Hands on the members of one block. They are packed one after the other, so those before a wanted one are unpacked too.
fn deliver(
    archive: &Archive,
    index: usize,
    source: &mut Seekable,
    password: &Password,
    out: &mut Outlet,
) -> Result<Passed, ArchiveRefusal> {
    let last = members_of(archive, index).iter().rev().find(|m| m.has_stream()).map(|m| m.name().to_owned());
    let mut left = members_of(archive, index).iter().filter(|m| m.has_stream()).count();
    let mut passed = Passed::Whole;
    let memory = memory_kib(out);
    let decoder = BlockDecoder::new_with_memory_limit(1, memory, index, archive, password, source);
    let result = decoder.for_each_entries(&mut |entry, content| {
        if !entry.has_stream() || entry.is_directory() {
            return Ok(true);
        }
        left = left.saturating_sub(1);
        passed = out.member(entry.name().to_owned(), content);
        if passed == Passed::Dropped && left > 0 {
            passed = out.drain(content);
        }
        Ok(passed == Passed::Whole && left > 0)
    });
    match (result, passed) {
        (_, Passed::Stop) => Ok(Passed::Stop),
        (_, Passed::Broken) if left > 0 => {
            let members = counted(left as u64, "more member", "more members");
            let last = last.unwrap_or_default();
            let message = format!("damaged; {members} packed together with it, up to {last}, cannot be read");
            Err(ArchiveRefusal::new(NoteKind::Unreadable, message))
        }
        (Err(e), Passed::Whole | Passed::Dropped) => Err(refusal(&e)),
        _ => Ok(passed),
    }
}

fn refusal(error: &Error) -> ArchiveRefusal {
    let unreadable = |message: String| ArchiveRefusal::new(NoteKind::Unreadable, message);
    match error {
        Error::Io(e, _) | Error::MaybeBadPassword(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            unreadable("it is cut off; copy the file again".to_owned())
        }
        Error::Io(e, _) | Error::MaybeBadPassword(e) => unreadable(format!("it is damaged ({e})")),
        Error::UnsupportedCompressionMethod(method) => {
            unreadable(format!("packed in a way that ehlotrace cannot read ({method}); unpack it first"))
        }
        Error::Unsupported(what) => {
            unreadable(format!("packed in a way that ehlotrace cannot read ({what}); unpack it first"))
        }
        Error::MaxMemLimited { .. } => {
            ArchiveRefusal::new(NoteKind::Bound, "it needs too much memory; unpack it first")
        }
        Error::PasswordRequired => ArchiveRefusal::new(NoteKind::Encrypted, "encrypted: give --password"),
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => {
            unreadable("it is damaged or cut off: a checksum is wrong".to_owned())
        }
        Error::Other(what) => unreadable(format!("it is damaged or cut off ({what})")),
        other => unreadable(format!("it is damaged or cut off ({other})")),
    }
}
