//! Real archives of one capture, where they are at hand.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::Path;

use crate::capture;
use crate::container::{Origin, WalkOptions, walk};
use crate::limits::Limits;

type Packets = Vec<(i64, u32, Vec<u8>)>;

fn packets(content: crate::container::Peeled) -> Option<(Packets, Vec<&'static str>)> {
    let mut reader = capture::open_peeled(content, &capture::OpenOptions::default()).ok()?;
    let mut packets = Vec::new();
    reader
        .for_each_packet(&mut |p| {
            packets.push((p.time.as_nanos() / 1000, p.wire_len, p.data.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    let layers = reader.info().compression.clone();
    Some((packets, layers))
}

fn captures(origin: Origin) -> Vec<(Option<String>, Packets, Vec<&'static str>)> {
    let (limits, mut found) = (Limits::default(), Vec::new());
    walk(
        origin,
        WalkOptions { limits: &limits, passwords: &[] },
        &mut |member| {
            found.extend(packets(member.content).map(|(packets, layers)| (member.path, packets, layers)));
            ControlFlow::Continue(())
        },
        &mut |note| panic!("{note:?}"),
    );
    found
}

#[test]
fn every_wrapped_capture_is_found() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/formats"));
    if !folder.is_dir() {
        return println!("skipped: there is no {}", folder.display());
    }
    let base = captures(Origin::File(File::open(folder.join("base.pcap")).unwrap())).remove(0).1;
    assert_eq!(base.len(), 436);
    let cases: [(&str, Option<&str>, &[&str]); 11] = [
        ("plain.pcapng", None, &[]),
        ("plain.pcapng.bz2", None, &["bzip2"]),
        ("plain.pcapng.gz", None, &["gzip"]),
        ("plain.pcapng.lz4", None, &["lz4"]),
        ("plain.pcapng.xz", None, &["xz"]),
        ("plain.pcapng.zst", None, &["zstd"]),
        ("ticket.zip", Some("Ticket 4711/trace.pcapng"), &[]),
        ("ticket.eml", Some("ticket.zip/Ticket 4711/trace.pcapng"), &[]),
        ("ticket.7z", None, &[]),
        ("ticket.tar.gz", Some("logs/trace.cap"), &[]),
        ("nested.zip", Some("inner.tar.gz/logs/trace.cap"), &[]),
    ];
    for (name, path, layers) in cases {
        let from_file = captures(Origin::File(File::open(folder.join(name)).unwrap()));
        let octets = fs::read(folder.join(name)).unwrap();
        let from_stream = captures(Origin::Stream(Box::new(std::io::Cursor::new(octets))));
        assert!(from_file == from_stream, "{name}");
        if path.is_some_and(|path| path.ends_with(".cap")) && from_file.is_empty() {
            let wanted = fs::read(folder.join("netmon20.cap")).unwrap();
            let outcome = super::seen(&fs::read(folder.join(name)).unwrap(), &[]);
            assert!(outcome.read() == [(path.unwrap(), wanted.as_slice())], "{name}");
            continue; // a Network Monitor capture, in a build that does not read them
        }
        let [(found, packets, found_layers)] = from_file.as_slice() else { panic!("{name}: not one capture") };
        assert!(name == "ticket.7z" || found.as_deref() == path, "{name}: {found:?}");
        assert_eq!(found_layers, layers, "{name}");
        assert!(*packets == base, "{name}: packets differ");
    }
}
