//! Archives and mails to walk.

use std::io::{Cursor, Write};

use base64::Engine as _;
use sevenz_rust2::encoder_options::{AesEncoderOptions, EncoderOptions};
use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderConfiguration, EncoderMethod};
use zip::unstable::write::FileOptionsExt as _;
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

/// Octets that no compression makes much shorter, the same for the same seed.
pub(super) fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..len).map(|_| next()).collect()
}

#[derive(Clone, Copy)]
pub(super) enum Lock<'a> {
    Open,
    ZipCrypto(&'a str),
    Aes(&'a str),
}

pub(super) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_locked(members, Lock::Open, CompressionMethod::Deflated)
}

pub(super) fn zip_locked(members: &[(&str, &[u8])], lock: Lock<'_>, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let plain = SimpleFileOptions::default().compression_method(method);
        let options = match lock {
            Lock::Open => plain,
            Lock::ZipCrypto(password) => plain.with_deprecated_encryption(password.as_bytes()).unwrap(),
            Lock::Aes(password) => plain.with_aes_encryption(AesMode::Aes256, password),
        };
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// As a program writes that cannot go back: sizes behind the contents.
pub(super) fn zip_streamed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn gz(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Each member in a block of its own.
pub(super) fn sevenz(members: &[(&str, &[u8])], password: Option<&str>, hide_names: bool) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    lock(&mut writer, password, hide_names);
    for (name, content) in members {
        writer.push_archive_entry(ArchiveEntry::new_file(name), Some(*content)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// All members in one block.
pub(super) fn sevenz_solid(members: &[(&str, &[u8])], password: Option<&str>) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    lock(&mut writer, password, false);
    let entries = members.iter().map(|(name, _)| ArchiveEntry::new_file(name)).collect();
    let readers = members.iter().map(|(_, content)| (*content).into()).collect();
    writer.push_archive_entries(entries, readers).unwrap();
    writer.finish().unwrap().into_inner()
}

fn lock(writer: &mut ArchiveWriter<Cursor<Vec<u8>>>, password: Option<&str>, hide_names: bool) {
    if let Some(password) = password {
        let aes = EncoderOptions::Aes(AesEncoderOptions::new(password.into()));
        let aes = EncoderConfiguration::new(EncoderMethod::AES256_SHA256).with_options(aes);
        writer.set_content_methods(vec![aes, EncoderConfiguration::new(EncoderMethod::LZMA2)]);
        writer.set_encrypt_header(hide_names);
    }
}

pub(super) fn eml(attachments: &[(&str, &[u8])]) -> Vec<u8> {
    let mut mail = b"Received: from a.example by b.example;\r\n\tTue, 24 Nov 2026 10:00:00 +0000\r\n\
        From: customer@example.com\r\nSubject: lost mail\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed;\r\n boundary=\"=_cut here\"\r\n\r\nNo reader of yours knows this.\r\n\
        --=_cut here\r\nContent-Type: text/plain\r\n\r\nsee attached\r\n"
        .to_vec();
    for (name, content) in attachments {
        mail.extend(format!("--=_cut here\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment;\r\n\tfilename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").bytes());
        let text = base64::engine::general_purpose::STANDARD.encode(content);
        for line in text.as_bytes().chunks(76) {
            mail.extend(line);
            mail.extend(b"\r\n");
        }
    }
    mail.extend(b"--=_cut here--\r\n");
    mail
}

/// A file's name and content.
type Named<'a> = (&'a str, &'a [u8]);

/// An Outlook message; each attachment is a file, or the message in `inner` under the name given with it.
pub(super) fn msg(attachments: &[Named<'_>], inner: Option<(&str, &[Named<'_>])>) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/__properties_version1.0").unwrap().write_all(&[0; 32]).unwrap();
    let utf_16 = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut attach = |root: &str, index: usize, name: &str, content: Option<&[u8]>| {
        let storage = format!("{root}__attach_version1.0_#{index:08X}");
        file.create_storage(&storage).unwrap();
        let mut put = |name: &str, octets: &[u8]| {
            file.create_stream(format!("{storage}/{name}")).unwrap().write_all(octets).unwrap();
        };
        put("__substg1.0_3707001F", &utf_16(name));
        match content {
            Some(content) => put("__substg1.0_37010102", content),
            None => file.create_storage(format!("{storage}/__substg1.0_3701000D")).unwrap(),
        }
        storage
    };
    for (index, (name, content)) in attachments.iter().enumerate() {
        attach("/", index, name, Some(content));
    }
    if let Some((name, members)) = inner {
        let storage = attach("/", attachments.len(), name, None);
        for (index, (name, content)) in members.iter().enumerate() {
            attach(&format!("{storage}/__substg1.0_3701000D/"), index, name, Some(content));
        }
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}
