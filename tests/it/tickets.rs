//! Two thousand tickets as customers send them, captures deep in mails and archives, fifty of them broken.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::make::{Lock, eml, gz, sevenz_solid, tar, zip, zip_locked};
use crate::pile::numbered;
use crate::support::samples::SAMPLES;

const TICKETS: usize = 2_000;
/// Every fortieth ticket.
const BROKEN_EVERY: usize = 40;

/// Captures of SMTP sessions are far below this; a run holds a few buffers for each of two jobs.
const MAX_RESIDENT_OCTETS: u64 = 128 << 20;

/// A ticket with the capture in it, its file's extension first.
fn ticket(number: usize, name: &str, capture: &[u8]) -> (&'static str, Vec<u8>) {
    let note: (&str, &[u8]) = ("note.txt", b"Dear support, mail to our customers stopped on Monday.");
    let folder = format!("traces/{name}");
    match number % 8 {
        0 => ("zip", zip(&[note, ("all.tar.gz", &gz(&tar(&[(&folder, capture)])))])),
        1 => ("eml", eml(&[note, ("trace.zip", &zip(&[(&folder, capture)]))])),
        2 => ("tgz", gz(&tar(&[note, (&folder, capture), ("empty", b"")]))),
        3 => ("zip", zip(&[("mail.eml", &eml(&[note, (name, capture)]))])),
        4 => ("tar", tar(&[("inner.tar", &tar(&[("inner.zip", &zip(&[note, (&folder, capture)]))]))])),
        5 => ("pcap.gz", gz(capture)),
        // The encoder of 7z is slow without optimisation.
        6 if number % 64 == 6 => ("7z", sevenz_solid(&[note, (&folder, capture)], None)),
        6 => ("eml", eml(&[("fwd.eml", &eml(&[("t.tgz", &gz(&tar(&[(name, capture)])))]))])),
        _ => ("cap", capture.to_vec()),
    }
}

/// A ticket of which nothing can be read, and what has to be said of it.
fn broken(number: usize, capture: &[u8]) -> (&'static str, Vec<u8>, &'static str) {
    let is_pcapng = capture.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
    let stub = &capture[..if is_pcapng { 16 } else { 20 }];
    match number % 5 {
        0 => ("zip", zip(&[("all.tar.gz", &gz(&tar(&[("traces/a.pcap", stub)])))]), "header"),
        1 => {
            let locked = zip_locked(&[("a.pcap", capture)], Lock::Aes("secret"), zip::CompressionMethod::Deflated);
            ("eml", eml(&[("trace.zip", &locked)]), "--password")
        }
        2 => {
            let mut archive = sevenz_solid(&[("a.pcap", capture)], None);
            archive.truncate(archive.len() / 2);
            ("7z", archive, "7z")
        }
        3 => {
            let mut octets = gz(capture);
            octets[10] = 0xff;
            ("pcap.gz", octets, "gzip")
        }
        _ => ("pcap", stub.to_vec(), "header"),
    }
}

/// Writes the pile; gives what has to be said of which ticket.
fn write_pile(folder: &Path) -> Vec<(String, &'static str)> {
    let captures: Vec<(&str, Vec<u8>)> = SAMPLES.iter().map(|(name, build)| (*name, build())).collect();
    let mut expected = Vec::new();
    for number in 0..TICKETS {
        let (name, capture) = &captures[number % captures.len()];
        let customer = folder.join(format!("customer-{:02}", number / 100));
        fs::create_dir_all(&customer).unwrap();
        let (extension, octets) = if number % BROKEN_EVERY == 0 {
            let (extension, octets, reason) = broken(number / BROKEN_EVERY, capture);
            expected.push((format!("{number:04}.{extension}"), reason));
            (extension, octets)
        } else {
            ticket(number, name, &numbered(capture.clone(), number))
        };
        fs::write(customer.join(format!("{number:04}.{extension}")), octets).unwrap();
    }
    expected
}

struct Run {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
    /// The most seen, where the system tells.
    resident_octets: u64,
}

fn scan(pile: &Path, folder: &Path, format: &str, jobs: &str) -> Run {
    let (out, err) = (folder.join("out"), folder.join("err"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlotrace"))
        .args(["scan", "--jobs", jobs, "--format", format])
        .arg(pile)
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let mut resident_octets = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        resident_octets = resident_octets.max(peak_of(child.id()));
        std::thread::sleep(Duration::from_millis(5));
    };
    let stderr = fs::read_to_string(err).unwrap();
    Run { code: status.code(), stdout: fs::read(out).unwrap(), stderr, resident_octets }
}

/// The most memory the process had resident so far, in octets; 0 where there is no `/proc`.
fn peak_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    kibibytes.map_or(0, |text| text.trim().parse::<u64>().unwrap() * 1024)
}

/// What the summary says of a set of captures.
fn counts(report: &Value) -> Vec<u64> {
    ["sessions", "lost", "delivered", "no_mail", "unknown"]
        .map(|count| report["summary"][count].as_u64().unwrap())
        .to_vec()
}

/// What the pile has to add up to: each sample by itself, as often as a whole ticket has it.
fn expected_counts(folder: &Path) -> Vec<u64> {
    let mut total = vec![0; 5];
    for (index, (name, build)) in SAMPLES.iter().enumerate() {
        let path = folder.join(name);
        fs::write(&path, build()).unwrap();
        let report: Value = serde_json::from_slice(&scan(&path, folder, "json", "1").stdout).unwrap();
        let times = (0..TICKETS).filter(|number| number % SAMPLES.len() == index && number % BROKEN_EVERY != 0).count();
        for (total, count) in total.iter_mut().zip(counts(&report)) {
            *total += count * times as u64;
        }
    }
    total
}

#[test]
fn two_thousand_nested_tickets_fifty_of_them_broken() {
    let folder = tempfile::tempdir().unwrap();
    let pile = folder.path().join("tickets");
    let broken = write_pile(&pile);
    assert_eq!(broken.len(), 50);

    let report = scan(&pile, folder.path(), "json", "2");
    assert_eq!(report.code, Some(3));
    let document: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(counts(&document), expected_counts(folder.path()));
    assert_eq!(document["summary"]["unreadable"], 50);
    for (name, reason) in &broken {
        let said: Vec<&str> = report.stderr.lines().filter(|line| line.contains(name.as_str())).collect();
        assert!(said.len() == 1 && said[0].contains(reason), "{name}: {said:?}");
    }

    for format in ["table", "json", "jsonl", "csv", "markdown"] {
        let one = scan(&pile, folder.path(), format, "1");
        let two = scan(&pile, folder.path(), format, "2");
        assert!(one.stdout == two.stdout && one.stderr == two.stderr, "{format} differs with the number of jobs");
        for run in [one, two] {
            assert!(run.resident_octets < MAX_RESIDENT_OCTETS, "{format}: {} bytes", run.resident_octets);
        }
    }
}
