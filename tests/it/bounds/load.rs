//! Captures made to fill memory, small enough for every run: what they take does not grow with them.
//!
//! docs/testing.md says how the full sizes are measured.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::generate_load;

/// What a scan may have resident, whatever it reads.
const MAX_RESIDENT_OCTETS: u64 = 256 << 20;

/// How a kind of load is written: so many of its units.
type Write = fn(&mut generate_load::Pcap<'_>, u64) -> std::io::Result<()>;

fn write(folder: &Path, name: &str, amount: u64, write: Write) -> PathBuf {
    let path = folder.join(format!("{name}-{amount}.pcap"));
    let mut out = std::io::BufWriter::new(File::create(&path).unwrap());
    write(&mut generate_load::Pcap::new(&mut out).unwrap(), amount).unwrap();
    std::io::Write::flush(&mut out).unwrap();
    path
}

/// The most memory the program had resident, where the system tells, and how long it ran.
fn scan(path: &Path) -> (u64, Duration) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlotrace"))
        .args(["scan", "--format", "jsonl"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut resident_octets = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        resident_octets = resident_octets.max(kibibytes.map_or(0, |text| text.trim().parse::<u64>().unwrap() * 1024));
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    (resident_octets, start.elapsed())
}

/// Four times as much takes no more memory, and no more than about four times as long.
fn assert_bounded(name: &str, amount: u64, generate: Write) {
    let folder = tempfile::tempdir().unwrap();
    let [quarter, whole] = [amount / 4, amount].map(|amount| write(folder.path(), name, amount, generate));
    let mut took = Vec::new();
    // A machine with other work to do may hold one of them up.
    for _ in 0..4 {
        let [(_, short), (resident_octets, long)] = [&quarter, &whole].map(|path| scan(path));
        assert!(resident_octets < MAX_RESIDENT_OCTETS, "{name}: {resident_octets} bytes");
        took.push((short, long));
        // What is quadratic takes sixteen times as long.
        if long < short * 8 + Duration::from_millis(500) {
            return;
        }
    }
    panic!("{name}: not linear: {took:?}");
}

#[test]
fn syns_from_many_addresses() {
    assert_bounded("syns", 200_000, |pcap, amount| generate_load::syns(pcap, amount, false));
}

#[test]
fn many_connections_half_open() {
    assert_bounded("half-open", 50_000, |pcap, amount| generate_load::syns(pcap, amount, true));
}

#[test]
fn very_many_commands_at_once() {
    assert_bounded("commands", 300_000, |pcap, amount| generate_load::one_sided(pcap, b"NOOP\r\n", amount));
}

#[test]
fn a_very_long_line() {
    assert_bounded("line", 32, |pcap, megabytes| generate_load::one_sided(pcap, &[b'x'; 1000], megabytes * 1000));
}
