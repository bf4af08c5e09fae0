//! Outlook messages (MS-OXMSG in an MS-CFB file): their attachments, and those of messages attached to them.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use cfb::CompoundFile;

use super::archive::{ArchiveKind, ArchiveRefusal};
use super::pipe::{Outlet, Passed};
use super::source::{Seekable, Source};
use super::{NoteKind, signature};

mod tables;

pub(super) const OUTLOOK: ArchiveKind = ArchiveKind { signature: signature::OUTLOOK, read };

const ATTACHMENT: &str = "__attach_version1.0_#";
/// PidTagAttachDataBinary: the content. Under the same tag with type 000D, a message as a storage.
const CONTENT: &str = "__substg1.0_37010102";
const MESSAGE: &str = "__substg1.0_3701000D";
/// PidTagAttachLongFilename, PidTagAttachFilename, PidTagDisplayName; UTF-16LE, or octets of an unstated code page.
const NAMES: [&str; 6] = [
    "__substg1.0_3707001F",
    "__substg1.0_3707001E",
    "__substg1.0_3704001F",
    "__substg1.0_3704001E",
    "__substg1.0_3001001F",
    "__substg1.0_3001001E",
];

/// Every refill of a stream walks its sectors, so few large ones are better.
const BUFFER_OCTETS: usize = 1024 * 1024;

type File = CompoundFile<Seekable>;

fn read(source: Source, out: &mut Outlet) -> Result<(), ArchiveRefusal> {
    let mut source = source.into_seekable(&out.shared)?;
    tables::check(&mut source, out.shared.limits.outlook_table_octets)?;
    let mut file = CompoundFile::open(source).map_err(|e| damaged(&e))?;
    let mut messages = vec![(PathBuf::from("/"), String::new(), 0)];
    while let Some((storage, name, depth)) = messages.pop() {
        for attachment in attachments(&file, &storage)? {
            let name = format!("{name}{}", name_of(&mut file, &attachment, out));
            if file.is_stream(attachment.join(CONTENT)) {
                let content = file.open_stream(attachment.join(CONTENT)).map_err(|e| damaged(&e))?;
                let mut content = BufReader::with_capacity(BUFFER_OCTETS, content);
                if out.member(name, &mut content) == Passed::Stop {
                    return Ok(());
                }
            } else if file.is_storage(attachment.join(MESSAGE)) {
                if depth < out.shared.limits.archive_depth {
                    messages.push((attachment.join(MESSAGE), format!("{name}/"), depth + 1));
                } else {
                    let message = format!("a message inside {} other messages; save the attachments", depth + 1);
                    out.note(Some(name), NoteKind::Bound, message);
                }
            } else if !out.admit() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The storages of the attachments in the message `storage`, in their order.
fn attachments(file: &File, storage: &Path) -> Result<Vec<PathBuf>, ArchiveRefusal> {
    let entries = file.read_storage(storage).map_err(|e| damaged(&e))?;
    let found = entries.filter(|entry| entry.is_storage() && entry.name().starts_with(ATTACHMENT));
    Ok(found.map(|entry| storage.join(entry.name())).collect())
}

fn name_of(file: &mut File, attachment: &Path, out: &Outlet) -> String {
    // One more than is kept shows that there are more.
    let max_units = u64::try_from(out.shared.limits.member_name_octets).unwrap_or(u64::MAX).saturating_add(1);
    let max = max_units.saturating_mul(2);
    for property in NAMES {
        let Ok(stream) = file.open_stream(attachment.join(property)) else { continue };
        let mut octets = Vec::new();
        if stream.take(max).read_to_end(&mut octets).is_err() || octets.is_empty() {
            continue;
        }
        if !property.ends_with("1F") {
            return octets.iter().take_while(|&&octet| octet != 0).map(|&octet| char::from(octet)).collect();
        }
        let units = octets.chunks_exact(2).filter_map(|pair| pair.first_chunk()).map(|pair| u16::from_le_bytes(*pair));
        return char::decode_utf16(units.take_while(|&unit| unit != 0))
            .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
    }
    let storage = attachment.file_name().unwrap_or_default().to_string_lossy();
    format!("attachment {}", storage.trim_start_matches(ATTACHMENT))
}

fn damaged(error: &std::io::Error) -> ArchiveRefusal {
    ArchiveRefusal::new(NoteKind::Unreadable, format!("it is damaged or cut off ({error})"))
}
