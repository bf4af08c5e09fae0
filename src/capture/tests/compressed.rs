//! Captures that are compressed.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use super::hostile::{Dribble, captures, other_captures, pcap};
use super::{Order, START, read, read_from};
use crate::capture::{OpenOptions, open};

fn compressed(whole: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(whole).unwrap();
    [("gzip", gz.finish().unwrap()), ("zstd", zstd::encode_all(whole, 1).unwrap())]
}

#[test]
fn one_octet_at_a_time_gives_the_same() {
    for whole in captures().into_iter().chain(other_captures()) {
        let expected = read(&whole).packets();
        for (name, octets) in compressed(&whole) {
            assert_eq!(read_from(Dribble(Cursor::new(octets))).packets(), expected, "{name}");
        }
    }
}

#[test]
fn cut_compressed_data_is_a_note_and_damage_an_error() {
    let record = pcap(Order::Little)[24..].to_vec();
    let noise = |n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes().repeat(11);
    let records = (0..4000).flat_map(|n| [record.clone(), Order::Little.record([START, n, 44, 44], 0, &noise(n))]);
    let whole = [Order::Little.pcap(0xa1b2_c3d4, (2, 4), 1), records.flatten().collect()].concat();
    let packets = read(&whole).packets();
    for (name, octets) in compressed(&whole) {
        let cut = read(&octets[..octets.len() * 3 / 4]);
        assert!(cut.error.is_none() && cut.info.truncated);
        assert_eq!(cut.info.compression, [name]);
        assert!(cut.packets.len() > packets.len() / 3 && packets.starts_with(&cut.packets), "{}", cut.packets.len());
        let note = format!("the {name} data is cut off");
        assert!(cut.info.notes.iter().any(|n| n.starts_with(&note)), "{:?}", cut.info.notes);
        let half = Cursor::new(octets[..octets.len() * 3 / 4].to_vec());
        let mut reader = open(Box::new(half), &OpenOptions::default()).unwrap();
        for _ in 0..2 {
            reader.for_each_packet(&mut |_| ControlFlow::Continue(())).unwrap();
        }
        assert_eq!(reader.info().notes, cut.info.notes, "said once, however often it is asked for more");

        let mut damaged = octets.clone();
        let end = damaged.len() - 3; // in the checksum or the length that ends gzip
        damaged[end] ^= 0xff;
        if name == "gzip" {
            let damaged = read(&damaged);
            let error = damaged.error.unwrap();
            assert_eq!((error.kind(), error.offset()), ("corrupt", Some(whole.len() as u64)));
            assert_eq!(damaged.packets.len(), packets.len());
        }
    }
}
