//! Whole streams that are compressed.

use std::io::Write;

use std::io::{self, Read};

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};

use crate::container::{compression_of, peel};
use crate::limits::Limits;

fn gz(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zst(octets: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(octets, 1).unwrap()
}

fn lz4(octets: &[u8]) -> Vec<u8> {
    let mut encoder = FrameEncoder::new(Vec::new());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// With blocks of 4 MiB and a checksum, as the `lz4` command writes.
fn lz4_command(octets: &[u8]) -> Vec<u8> {
    lz4_with(BlockSize::Max4MB, octets)
}

fn lz4_with(size: BlockSize, octets: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new()
        .block_size(size)
        .block_checksums(size == BlockSize::Max64KB)
        .content_checksum(true)
        .block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn xz(octets: &[u8]) -> Vec<u8> {
    liblzma::encode_all(octets, 1).unwrap()
}

fn bz2(octets: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn read_all(octets: Vec<u8>) -> (Vec<u8>, Vec<&'static str>, Option<io::Error>) {
    let peeled = peel(Box::new(io::Cursor::new(octets)), &Limits::default()).unwrap();
    let (mut stream, mut got) = (peeled.stream, Vec::new());
    let error = stream.read_to_end(&mut got).err();
    (got, peeled.layers, error)
}

#[test]
fn peels_layer_by_layer() {
    let text = b"smtp ".repeat(2000);
    let cases: [(Vec<u8>, &[&str]); 15] = [
        (text.clone(), &[]),
        (gz(&text), &["gzip"]),
        (zst(&text), &["zstd"]),
        (gz(&zst(&text)), &["gzip", "zstd"]),
        (zst(&gz(&gz(&text))), &["zstd", "gzip", "gzip"]),
        ([gz(&text[..7]), gz(&text[7..])].concat(), &["gzip"]),
        ([zst(&text[..7]), zst(&text[7..])].concat(), &["zstd"]),
        (lz4(&text), &["lz4"]),
        ([lz4_command(&text[..700]), lz4(&text[700..710]), lz4_command(&text[710..])].concat(), &["lz4"]),
        (xz(&text), &["xz"]),
        ([xz(&text[..7]), vec![0; 8], xz(&text[7..])].concat(), &["xz"]),
        (bz2(&text), &["bzip2"]),
        ([bz2(&text[..7]), bz2(&text[7..])].concat(), &["bzip2"]),
        (bz2(&xz(&lz4(&gz(&text)))), &["bzip2", "xz", "lz4", "gzip"]),
        (bz2(&[]), &["bzip2"]),
    ];
    for (octets, layers) in cases {
        let (got, found, error) = read_all(octets);
        assert_eq!(found, layers);
        assert!(error.is_none(), "{error:?}");
        assert!(got == text || (got.is_empty() && layers == ["bzip2"]), "{layers:?}");
    }
}

#[test]
fn the_fifth_layer_stays_on() {
    let mut octets = b"deep".to_vec();
    for _ in 0..5 {
        octets = gz(&octets);
    }
    let (got, layers, _) = read_all(octets);
    assert_eq!(layers.len(), 4);
    assert_eq!(compression_of(&got), Some("gzip"));
}

#[test]
fn a_cut_stream_gives_what_it_has_and_says_so() {
    let text: Vec<u8> = (0..60_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let packed = |text: &[u8]| [gz(text), zst(text), lz4(text), lz4_command(text), xz(text), bz2(text)];
    // bzip2 gives blocks of 100,000 octets, xz begins late.
    for whole in packed(&text) {
        let (got, layers, error) = read_all(whole[..whole.len() / 2].to_vec());
        assert_eq!(error.unwrap().kind(), io::ErrorKind::UnexpectedEof, "{layers:?}");
        assert!(got.len() > text.len() / 5 || layers == ["lz4"], "{layers:?}: {} bytes", got.len());
        assert!(text.starts_with(&got));
    }
    for whole in packed(&text[..20]) {
        for cut in 10..whole.len() {
            let (got, layers, error) = read_all(whole[..cut].to_vec());
            assert!(text.starts_with(&got), "{layers:?} cut at {cut}");
            assert_eq!(error.map(|e| e.kind()), Some(io::ErrorKind::UnexpectedEof), "{layers:?} cut at {cut}");
        }
    }
}

/// All but the last few kilobytes before the damage are delivered.
#[test]
fn damage_in_the_middle_leaves_what_was_before_it() {
    let text: Vec<u8> = (0..250_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let mut zst = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    zst.include_checksum(true).unwrap();
    zst.write_all(&text).unwrap();
    let zst = zst.finish().unwrap();
    for mut octets in [gz(&text), zst, lz4_with(BlockSize::Max64KB, &text), xz(&text), bz2(&text)] {
        let middle = octets.len() / 2;
        octets[middle..middle + 40].fill(0xff);
        let (got, layers, error) = read_all(octets);
        assert_eq!(error.map(|e| e.kind()), Some(io::ErrorKind::InvalidData), "{layers:?}");
        println!("{layers:?}: {} of {middle} bytes", got.len());
        assert!(got.len() > text.len() / 2 - 200_000 && text.starts_with(&got[..text.len() / 2 - 200_000]));
    }
}

#[test]
fn damage_is_invalid_data() {
    let text = b"HELO relay ".repeat(5000);
    for mut octets in [gz(&text), zst(&text), xz(&text), bz2(&text), lz4_command(&text)] {
        let last = octets.len() - 2;
        octets[last] ^= 0x55; // in the checksum or length at the end
        octets[20] ^= 0xff;
        let (_, layers, error) = read_all(octets);
        let error = error.unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{layers:?}");
        assert!(error.to_string().starts_with(&format!("the {} data is damaged", layers[0])), "{error}");
    }
}

#[test]
fn zeros_after_gzip_are_padding_anything_else_is_damage() {
    let (got, _, error) = read_all([gz(b"data"), vec![0; 700]].concat());
    assert_eq!((got.as_slice(), error.is_none()), (&b"data"[..], true));
    let (got, _, error) = read_all([gz(b"data"), b"\0more".to_vec()].concat());
    assert_eq!((got.as_slice(), error.unwrap().kind()), (&b"data"[..], io::ErrorKind::InvalidData));
}

#[test]
fn an_error_of_the_input_comes_through_unchanged() {
    struct Failing(io::Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buf)? {
                0 => Err(io::Error::other("the disk is gone")),
                n => Ok(n),
            }
        }
    }
    for octets in [gz(b"data"), zst(b"data"), lz4(b"data"), xz(b"data"), bz2(b"data"), b"da".to_vec()] {
        let cut = octets.len() - 1;
        let failing = Failing(io::Cursor::new(octets[..cut].to_vec()));
        let peeled = peel(Box::new(failing), &Limits::default()).unwrap();
        let (mut stream, mut got) = (peeled.stream, Vec::new());
        let error = stream.read_to_end(&mut got).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::Other, "the disk is gone"));
    }
}

#[test]
fn a_bomb_is_stopped() {
    let zeros = gz(&vec![0; 4 << 20]);
    let bomb = gz(&zeros.repeat(200)); // 800 MiB out of a few kilobytes
    let peeled = peel(Box::new(io::Cursor::new(bomb)), &Limits::default()).unwrap();
    let mut stream = peeled.stream;
    let error = io::copy(&mut stream, &mut io::sink()).unwrap_err();
    assert!(error.to_string().contains("more than 500 times"), "{error}");
}
