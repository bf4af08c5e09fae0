//! Real captures, where they are at hand: nothing is skipped that decodes, nothing stays undecoded.

use std::path::{Path, PathBuf};

use super::super::{Defragmenter, Interest, Ports, decode_reassembled, may_matter};
use super::hostile::may_be_skipped;
use super::{Decoded, cut_packet, decode};
use crate::limits::Limits;
use crate::time::Timestamp;

/// The octets of a packet and its length on the wire.
type Record = (Vec<u8>, usize);

/// Link type and records of a little-endian pcap file.
fn records(path: &Path) -> Option<(u16, Vec<Record>)> {
    let file = std::fs::read(path).unwrap();
    let number = |at: usize| file.get(at..at + 4).map(|four| u32::from_le_bytes(four.try_into().unwrap()));
    if !matches!(number(0)?, 0xa1b2_c3d4 | 0xa1b2_3c4d) {
        return None;
    }
    let (mut at, mut records) = (24, Vec::new());
    while let (Some(captured), Some(wire)) = (number(at + 8), number(at + 12)) {
        let end = at + 16 + usize::try_from(captured).unwrap();
        let Some(data) = file.get(at + 16..end) else { break };
        records.push((data.to_vec(), usize::try_from(wire).unwrap()));
        at = end;
    }
    Some((u16::try_from(number(20)? & 0xffff).unwrap(), records))
}

/// Files of the corpus, none when it is absent.
fn corpus() -> Vec<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
    let folders = ["formats", "lab", "public"].map(|folder| std::fs::read_dir(Path::new(root).join(folder)));
    let files = folders.into_iter().flatten().flatten().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "pcap")).collect()
}

#[test]
fn the_fast_path_skips_nothing_of_ours() {
    let files = corpus();
    if files.is_empty() {
        println!("skipped: no corpus");
        return;
    }
    for path in files {
        let Some((link, records)) = records(&path) else { continue };
        for ports in [Ports::new([25, 465, 587, 2525]), Ports::new([9])] {
            for (data, wire_len) in &records {
                let packet = cut_packet(link, data, *wire_len);
                let decoded = decode(&packet);
                assert!(
                    may_matter(&packet, Interest::new(&ports)) || may_be_skipped(&decoded, &ports),
                    "{path:?} {decoded:?}"
                );
            }
        }
    }
}

#[test]
fn every_encapsulation_of_the_same_capture_gives_the_same_segments() {
    let files = corpus();
    let segments = |path: &Path| {
        let (link, records) = records(path).unwrap();
        let mut defragmenter = Defragmenter::new(&Limits::default());
        let mut seen = Vec::new();
        let mut keep = |decoded: Decoded<'_>| match decoded {
            Decoded::Tcp(s) => seen.push((s.src, s.dst, s.seq, s.ack, s.flags, s.window, s.payload.to_vec())),
            other => panic!("{path:?}: {other:?}"),
        };
        for (data, wire_len) in &records {
            match decode(&cut_packet(link, data, *wire_len)) {
                Decoded::Fragment(fragment) => {
                    if let Some(whole) = defragmenter.push(&fragment, Timestamp::from_nanos(0)) {
                        keep(decode_reassembled(&whole));
                    }
                }
                decoded => keep(decoded),
            }
        }
        seen
    };
    let Some(base) = files.iter().find(|path| path.ends_with("formats/base.pcap")) else {
        println!("skipped: no corpus");
        return;
    };
    let expected = segments(base);
    assert_eq!(expected.len(), 436);
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let encapsulated: Vec<_> = files.iter().filter(|path| name(path).starts_with("encap-")).collect();
    assert_eq!(encapsulated.len(), 15);
    for path in encapsulated {
        assert!(segments(path) == expected, "{path:?}");
    }
}
