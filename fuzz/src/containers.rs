//! Compressions: damaged ones end in an error, and what was compressed around a capture changes nothing of it.

use std::io::{Cursor, Read, Write};

use ehlotrace::container;

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
    let Ok(peeled) = container::peel(Box::new(Cursor::new(octets.to_vec()))) else { return };
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
    let peeled = container::peel(Box::new(Cursor::new(compressed.clone()))).unwrap();
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

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    zstd::encode_all(octets, 1).unwrap()
}
