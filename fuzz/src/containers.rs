//! Compressions and archives: damaged ones end in an error, what was compressed around a capture changes nothing of it,
//! and no archive gives more than the bounds allow.

use std::io::{Cursor, Read, Write};

use std::ops::ControlFlow;

use ehlotrace::container::{self, Origin, WalkOptions};
use ehlotrace::limits::Limits;

use super::captures;

/// Octets of a decompressed stream that are looked at. Streams of some kilobytes may hold gigabytes.
const LOOKED_AT: u64 = 1 << 20;

/// Octets that begin like compressed data are read as such. Of others the first says how to compress the rest, the
/// next two where to cut that.
pub fn container(octets: &[u8]) {
    if container::compression_of(octets).is_some() {
        damaged(octets);
    } else if let [how, high, low, capture @ ..] = octets {
        wrapped(capture, *how, usize::from(u16::from_be_bytes([*high, *low])));
    }
}

fn damaged(octets: &[u8]) {
    let Ok(peeled) = container::peel(Box::new(Cursor::new(octets.to_vec())), &Limits::default()) else { return };
    assert!((1..=container::MAX_DEPTH).contains(&peeled.layers.len()));
    let mut stream = peeled.stream.take(LOOKED_AT);
    let mut found = Vec::new();
    if let Err(error) = stream.read_to_end(&mut found) {
        let kind = error.kind();
        assert!(matches!(kind, std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData), "{error:?}");
    } else if (found.len() as u64) < LOOKED_AT {
        captures::read(Box::new(Cursor::new(octets.to_vec())));
    }
}

/// A capture compressed gives what it gives without, and cut what its beginning gives.
fn wrapped(capture: &[u8], how: u8, cut: usize) {
    if container::compression_of(capture).is_some() {
        return;
    }
    let mut compressed = capture.to_vec();
    for layer in how_wrapped(how).iter().rev() {
        compressed = if *layer == "gzip" { gzip(&compressed) } else { zstd(&compressed) };
    }
    let plain = captures::read(Box::new(Cursor::new(capture.to_vec())));
    let whole = captures::read(Box::new(Cursor::new(compressed.clone())));
    assert_eq!(plain.packets, whole.packets);
    assert_eq!((plain.is_truncated, &plain.notes), (whole.is_truncated, &whole.notes));
    compressed.truncate(cut);
    let mut left = Vec::new();
    let peeled = container::peel(Box::new(Cursor::new(compressed.clone())), &Limits::default()).unwrap();
    let _ = peeled.stream.take(capture.len() as u64).read_to_end(&mut left);
    // Where the inner compression is cut within its magic, it is not known for one.
    if peeled.layers == how_wrapped(how) {
        assert!(capture.starts_with(&left));
        let cut = captures::read(Box::new(Cursor::new(compressed)));
        let beginning = captures::read(Box::new(Cursor::new(left)));
        assert_eq!(cut.packets, beginning.packets);
    }
}

/// The layers `how` says, outermost first.
fn how_wrapped(how: u8) -> Vec<&'static str> {
    (0..how % 4).rev().map(|layer| if how >> (4 + layer) & 1 == 0 { "gzip" } else { "zstd" }).collect()
}

/// An archive or mail, walked within bounds so low that they are met, and within the ordinary ones.
pub fn archive(octets: &[u8]) {
    let ordinary = Limits { expansion_free_octets: LOOKED_AT, ..Limits::default() };
    let low = Limits {
        expansion: 4,
        expansion_free_octets: 10_000,
        archive_depth: 2,
        archive_members: 3,
        input_members: 4,
        member_name_octets: 20,
        archive_spool_octets: 2_000,
        mail_header_octets: 200,
        mail_depth: 2,
        ..Limits::default()
    };
    for limits in [ordinary, low] {
        walk(octets, &limits);
    }
}

fn walk(octets: &[u8], limits: &Limits) {
    let passwords = ["infected".to_owned()];
    let options = WalkOptions::new(limits, &passwords);
    let (mut members, mut unpacked) = (0, 0);
    let walked = container::walk(
        Origin::Stream(Box::new(Cursor::new(octets.to_vec()))),
        options,
        &mut |member| {
            members += 1;
            let mut found = Vec::new();
            // An error ends the member, not the walk.
            let _ = member.content.stream.take(4 * LOOKED_AT).read_to_end(&mut found);
            unpacked += found.len() as u64;
            ControlFlow::Continue(())
        },
        &mut |note| assert!(!note.message.is_empty()),
    );
    assert_eq!(walked.members, members);
    assert!(walked.archive.is_some() || members <= 1);
    assert!(members <= limits.input_members + 1, "{members} members");
    let most = (octets.len() as u64).saturating_mul(limits.expansion).saturating_add(limits.expansion_free_octets);
    assert!(unpacked <= most + octets.len() as u64 + 256 * 1024, "{unpacked} bytes of {}", octets.len());
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    zstd::encode_all(octets, 1).unwrap()
}
