//! What is made to fill memory, disks or days.

use std::io::{self, Cursor, Read, Write};
use std::time::{Duration, Instant};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::make::{self, noise};
use super::{Outcome, seen, walk_with};
use crate::container::{NoteKind, Origin};
use crate::limits::Limits;

const TOO_MUCH: &str = "the input unpacks to more than 500 times its size: no real capture does that";

/// The bounds, with less to unpack before they are reached: decoders are slow without optimisation.
fn limits() -> Limits {
    Limits { expansion_free_octets: 4 << 20, ..Limits::default() }
}

/// Walks `octets` to the end of every member, in bounded time.
fn defused(octets: Vec<u8>, limits: &Limits) -> Outcome {
    let start = Instant::now();
    let outcome = walk_with(Origin::Stream(Box::new(Cursor::new(octets))), limits, &[], 1000);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(240), "{took:?}");
    outcome
}

fn assert_stopped(outcome: &Outcome) {
    let notes: Vec<_> = outcome.notes.iter().map(|n| (n.kind, n.message.contains(TOO_MUCH))).collect();
    assert_eq!(notes, [(NoteKind::Bound, true)], "{:?}", outcome.notes);
}

fn zip_of_zeros(octets: u64) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("zeros", SimpleFileOptions::default().large_file(true)).unwrap();
    io::copy(&mut io::repeat(0).take(octets), &mut writer).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_flat_zip_of_zeros() {
    let outcome = defused(zip_of_zeros(16 << 20), &limits());
    assert_eq!(outcome.members[0].error, Some(io::ErrorKind::InvalidData));
    assert_stopped(&outcome);
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn a_flat_zip_of_a_gigabyte_of_zeros() {
    let bomb = zip_of_zeros(1 << 30);
    assert!(bomb.len() < 1_200_000, "{}", bomb.len());
    let start = Instant::now();
    assert_stopped(&defused(bomb.clone(), &Limits::default()));
    assert_stopped(&defused(make::zip(&[("a.zip", &bomb), ("b.pcap", b"1")]), &Limits::default()));
    println!("{:?}", start.elapsed());
}

/// Every entry of the directory points at the same member.
#[test]
fn a_zip_of_entries_that_overlap() {
    let single = zip_of_zeros(1 << 20);
    let directory = memchr::memmem::find(&single, b"PK\x01\x02").unwrap();
    let end = memchr::memmem::rfind(&single, b"PK\x05\x06").unwrap();
    let entry = single[directory..end].to_vec();
    let mut bomb = single[..directory].to_vec();
    for _ in 0..2000 {
        bomb.extend(&entry);
    }
    let mut tail = single[end..].to_vec();
    tail[8..12].copy_from_slice(&[0xd0, 0x07, 0xd0, 0x07]);
    let size = u32::try_from(entry.len() * 2000).unwrap();
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    bomb.extend(tail);
    assert_stopped(&defused(bomb, &limits()));
}

#[test]
fn archives_forty_deep() {
    type Wrap = fn(&[u8]) -> Vec<u8>;
    let wraps: [Wrap; 4] = [
        |inner| make::zip(&[("in.zip", inner)]),
        |inner| make::gz(&make::tar(&[("in.tar.gz", inner)])),
        |inner| make::eml(&[("in.eml", inner)]),
        |inner| make::sevenz(&[("in.7z", inner)], None, false),
    ];
    for wrap in wraps {
        let mut octets = b"deep".to_vec();
        for _ in 0..40 {
            // A mail inside a mail grows by a third each time.
            if octets.len() < 1 << 20 {
                octets = wrap(&octets);
            }
        }
        let outcome = defused(octets, &limits());
        assert_eq!(outcome.members, []);
        let [note] = outcome.notes.as_slice() else { panic!("{:?}", outcome.notes) };
        assert_eq!((note.kind, note.path.as_ref().unwrap().matches("in.").count()), (NoteKind::Bound, 6));
        assert!(note.message.ends_with("inside 6 other archives or mails; unpack it first"), "{}", note.message);
    }
}

#[test]
fn compressions_forty_deep() {
    let mut octets = noise(3, 100);
    for _ in 0..40 {
        octets = make::gz(&octets);
    }
    let direct = defused(octets.clone(), &limits());
    assert_eq!((direct.members[0].layers.len(), direct.notes()), (4, vec![]));
    let packed = defused(make::zip(&[("deep.gz", &octets)]), &limits());
    let message = "gzip data inside 4 other compressions; unpack it first";
    assert_eq!(packed.notes(), [("deep.gz", NoteKind::Bound, message)]);
}

/// Zips of zips that all blow up, as 42.zip does.
#[test]
fn a_tree_of_zips() {
    let mut octets = zip_of_zeros(8 << 20);
    for _ in 0..3 {
        let members: Vec<(String, Vec<u8>)> = (0..16).map(|n| (format!("{n}.zip"), octets.clone())).collect();
        let borrowed: Vec<_> = members.iter().map(|(name, octets)| (name.as_str(), octets.as_slice())).collect();
        octets = make::zip(&borrowed);
    }
    assert_stopped(&defused(octets, &limits()));
}

#[test]
fn a_tar_of_zeros_in_gzip_and_in_xz() {
    let mut tar = make::tar(&[("a", &vec![0; 20 << 20])]);
    tar.truncate((20 << 20) + 512);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&tar).unwrap();
    assert_stopped(&defused(encoder.finish().unwrap(), &limits()));
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(&tar).unwrap();
    assert_stopped(&defused(encoder.finish().unwrap(), &limits()));
}

#[test]
fn a_7z_of_zeros() {
    let zeros = vec![0; 16 << 20];
    let bomb = make::sevenz(&[("zeros", &zeros), ("b.pcap", b"after it")], None, false);
    assert!(bomb.len() < 10_000, "{}", bomb.len());
    let outcome = defused(bomb, &limits());
    assert_eq!(outcome.read(), [("b.pcap", &b"after it"[..])]);
    let message = "it unpacks to more than 500 times its size: no real capture does that";
    assert_eq!(outcome.notes(), [("zeros", NoteKind::Bound, message)]);
}

/// A dictionary of 4 GiB is asked for, and none is made.
#[test]
fn a_7z_with_a_huge_dictionary() {
    let mut octets = make::sevenz(&[("a", &noise(1, 1000))], None, false);
    // The directory is not packed in an archive this small: coder 0x21 with 1 octet of properties.
    let Some(at) = memchr::memmem::rfind(&octets, &[0x21, 0x21, 0x01]) else { panic!("the coder has moved") };
    octets[at + 3] = 40;
    let directory = usize::from(octets[12]) | usize::from(octets[13]) << 8;
    let crc = crc_32(&octets[32 + directory..]);
    octets[28..32].copy_from_slice(&crc.to_le_bytes());
    let crc = crc_32(&octets[12..32]);
    octets[8..12].copy_from_slice(&crc.to_le_bytes());
    let outcome = seen(&octets, &[]);
    let message = "it needs 4096 MiB of memory, more than 256; unpack it first";
    assert_eq!(outcome.notes(), [("a", NoteKind::Bound, message)]);
}

/// What is parsed of a directory takes far more room than its octets.
#[test]
fn a_7z_with_a_large_directory() {
    let names: Vec<String> = (0..3000).map(|n| format!("{n:0200}")).collect();
    let members: Vec<_> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let message = "a 7z archive: its directory has more than 1024 KiB; unpack it first";
    assert_eq!(seen(&make::sevenz_solid(&members, None), &[]).notes(), [("-", NoteKind::Bound, message)]);
    assert_eq!(seen(&make::sevenz_solid(&members[..100], None), &[]).members.len(), 100);
}

/// Nothing mailparse does with the largest headers takes long.
#[test]
fn mails_with_headers_made_to_take_long() {
    let headers = [
        (0..3000).map(|n| format!("filename*{n}*=a;")).collect::<String>(),
        (0..3000).rev().map(|n| format!("filename*{n}=\"a\";")).collect(),
        "=?utf-8?Q?=41?= ".repeat(3000),
        "=?utf-8?".repeat(6000),
        "\"\\".repeat(25_000),
        "(".repeat(50_000),
        "\n ".repeat(20_000),
        "a=;".repeat(16_000),
    ];
    for header in headers {
        let mail = format!(
            "From: a\nTo: b\nContent-Disposition: attachment; {header}\nContent-Transfer-Encoding: base64\n\nYWJj\n"
        );
        let outcome = defused(
            mail.replace("base64\n", &format!("base64\nContent-Type: x; {}\n", &header[..9000])).into(),
            &limits(),
        );
        assert!(outcome.notes.is_empty(), "{:?}", outcome.notes);
    }
}

fn crc_32(octets: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(octets);
    crc.sum()
}

#[test]
fn bounds_on_members_and_temporary_files() {
    let members: Vec<(String, &[u8])> = (0..50).map(|n| (n.to_string(), &b"x"[..])).collect();
    let members: Vec<_> = members.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let limits = Limits { archive_members: 10, input_members: 25, ..Limits::default() };
    let walk = |octets: &[u8], limits: &Limits| {
        walk_with(Origin::Stream(Box::new(Cursor::new(octets.to_vec()))), limits, &[], 100)
    };
    let message = "only its first 10 members were read; unpack it first";
    for octets in [make::zip(&members), make::tar(&members), make::eml(&members), make::sevenz_solid(&members, None)] {
        let outcome = walk(&octets, &limits);
        assert_eq!(outcome.members.len(), 10);
        assert_eq!(outcome.notes(), [("-", NoteKind::Bound, message)]);
    }
    let inner = make::zip(&members[..9]);
    let outcome = walk(&make::zip(&[("a", &inner), ("b", &inner), ("c", &inner)]), &limits);
    assert_eq!(outcome.members.len(), 22);
    let message = "only the first 25 members of the input were read; unpack it first";
    assert_eq!(outcome.notes()[0], ("c", NoteKind::Bound, message));

    let limits = Limits { archive_spool_octets: 1 << 30, ..Limits::default() };
    let archive = make::zip(&[("a", &noise(1, 5000))]);
    assert_eq!(walk(&archive, &limits).notes(), []);
    let limits = Limits { archive_spool_octets: 4000, ..limits };
    let message = "a zip archive: it needs a temporary file of more than 0 GiB; unpack it first";
    assert_eq!(walk(&archive, &limits).notes(), [("-", NoteKind::Bound, message)]);
}

#[test]
fn long_names_are_cut() {
    let name = "ä".repeat(2000);
    let outcome = seen(&make::zip(&[(&name, b"1")]), &[]);
    assert_eq!(outcome.members[0].path.as_deref(), Some(format!("{}…", "ä".repeat(512)).as_str()));
}
