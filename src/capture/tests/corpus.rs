//! Real captures, where they are at hand, against each other and against tshark.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Owned, read, read_from};
use crate::capture::LinkType;
use crate::capture::netmon::tests::unusual_captures;

fn corpus(folder: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")).join(folder);
    if !path.is_dir() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

/// The same 436 packets in every format and variant; with the resolution of its times in nanoseconds.
#[test]
fn every_format_gives_the_packets_of_its_pcap_twin() {
    let Some(folder) = corpus("formats") else { return };
    let read = |name: &str| read_from(File::open(folder.join(name)).unwrap());
    let base = read("base.pcap").packets();
    assert_eq!(base.len(), 436);
    for (name, format) in [
        ("aix.pcap", "pcap"),
        ("bigendian.pcap", "pcap"),
        ("bigendian-nsec.pcap", "pcap"),
        ("nsec.pcap", "pcap"),
        ("mod.pcap", "pcap"),
        ("nokia.pcap", "pcap"),
        ("redhat61.pcap", "pcap"),
        ("suse63.pcap", "pcap"),
        ("fcs-linktype.pcap", "pcap"),
        ("plain.pcapng", "pcapng"),
        ("bigendian.pcapng", "pcapng"),
        ("two-sections-mixed-endian.pcapng", "pcapng"),
        ("tsresol-base2.pcapng", "pcapng"),
        ("tsoffset-negative.pcapng", "pcapng"),
        ("obsolete-packet-block.pcapng", "pcapng"),
        ("comments-and-unknown-blocks.pcapng", "pcapng"),
        ("netmon1.cap", "netmon"),
        ("netmon20.cap", "netmon"),
        ("netmon21.cap", "netmon"),
        ("netmon22.cap", "netmon"),
        ("netmon23.cap", "netmon"),
        ("solaris.snoop", "snoop"),
        ("aix.iptrace", "iptrace"),
    ] {
        let outcome = read(name);
        assert_eq!((outcome.info.format, outcome.info.truncated), (format, false), "{name}");
        for (packet, expected) in outcome.packets().iter().zip(&base) {
            let resolution_ns = if name == "netmon1.cap" { 1_000_000 } else { 1_000 };
            assert!((packet.nanos - expected.nanos).abs() < resolution_ns, "{name}: {}", packet.nanos);
            let mut expected = Owned { nanos: packet.nanos, ..expected.clone() };
            if name.starts_with("comments") {
                expected.frame += 1; // it begins with a block Wireshark numbers
            }
            // Some packets are of an interface without Ethernet.
            if packet.link == LinkType::RAW {
                expected = Owned { link: packet.link, wire_len: expected.wire_len - 14, ..expected };
                expected.data.drain(..14);
            }
            assert_eq!(*packet, expected, "{name}");
        }
        assert_eq!(read(name).packets.len(), base.len(), "{name}");
    }
}

/// Compressions that tshark does not read, and frames without their check sequence, which tshark counts.
const DIFFERENT: [&str; 3] = ["fcs-linktype.pcap", "plain.pcapng.bz2", "plain.pcapng.xz"];

#[test]
fn frames_are_those_of_tshark() {
    if Command::new("tshark").arg("--version").output().is_err() {
        return println!("skipped: there is no tshark");
    }
    let mut compared = 0;
    // All variants, and of the ordinary files every eighth: each costs a start of tshark.
    for (folder, step) in [("formats", 1), ("public", 8), ("lab", 8)] {
        let Some(folder) = corpus(folder) else { return };
        for path in fs::read_dir(folder).unwrap().step_by(step).map(|entry| entry.unwrap().path()) {
            let outcome = read_from(File::open(&path).unwrap());
            let is_capture = outcome.error.as_ref().is_none_or(|e| e.kind() != "unknown-format");
            if is_capture && !DIFFERENT.iter().any(|name| path.ends_with(name)) {
                let (ours, mut theirs) = (lines(&outcome.packets), tshark(&path));
                assert_eq!(outcome.info.frames, theirs.len() as u64, "{}", path.display());
                theirs.retain(|line| !line.contains("\t\t")); // without a time: a block that holds no packet
                let first = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
                assert_eq!((ours.len(), first), (theirs.len(), None), "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "only {compared} captures were compared");
}

/// Without frame numbers: tshark leaves out some frames that hold no packet.
#[test]
fn unusual_network_monitor_captures_are_read_as_by_tshark() {
    if Command::new("tshark").arg("--version").output().is_err() {
        return println!("skipped: there is no tshark");
    }
    let unnumbered = |lines: Vec<String>| -> Vec<String> {
        lines.iter().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect()
    };
    for (number, octets) in unusual_captures().iter().enumerate() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), octets).unwrap();
        let ours = unnumbered(lines(&read(octets).packets()));
        assert_eq!(ours, unnumbered(tshark(file.path())), "capture {number}");
        assert!(ours.len() >= 2);
    }
}

fn lines(packets: &[Owned]) -> Vec<String> {
    let line = |p: &Owned| {
        let (secs, nanos) = (p.nanos.div_euclid(1_000_000_000), p.nanos.rem_euclid(1_000_000_000));
        format!("{}\t{secs}.{nanos:09}\t{}\t{}", p.frame, p.wire_len, p.data.len())
    };
    packets.iter().map(line).collect()
}

fn tshark(path: &Path) -> Vec<String> {
    let fields = ["frame.number", "frame.time_epoch", "frame.len", "frame.cap_len"];
    let mut command = Command::new("tshark");
    // It takes the local times of Network Monitor for those of this machine.
    command.env("TZ", "UTC").args(["-n", "-T", "fields", "-r"]).arg(path);
    command.args(fields.iter().flat_map(|field| ["-e", field]));
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
