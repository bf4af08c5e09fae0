//! Traces of every sample and public capture, against an independent judge where it is installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ehlotrace::report::netmon::{TraceLayout, View};

use crate::corpus;
use crate::trace::{on_ports, text};
use crate::trace_hygiene::assert_hidden;

const PORTS: [u16; 5] = [25, 465, 587, 1080, 2525];

/// Octets of TCP payload, by frame number, of the frames a trace shows.
fn ours(file: &Path) -> BTreeMap<u64, u64> {
    let mut options = on_ports(&PORTS);
    options.layout = TraceLayout { view: View::Summary, plain: true, ..TraceLayout::default() };
    let text = text(&std::fs::read(file).unwrap(), &options);
    let mut frames = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains(" --> ") && !line.starts_with("==")) {
        let mut words = line.split_whitespace();
        let number = words.next().unwrap().parse().unwrap();
        let octets = match words.nth(4).unwrap() {
            "SMTP" => line.strip_suffix(" bytes").unwrap().rsplit(' ').next().unwrap().parse().unwrap(),
            "TCP" => 0,
            _ => continue,
        };
        assert_eq!(frames.insert(number, octets), None, "{}: frame {number} twice", file.display());
    }
    frames
}

/// The same by tshark, and what it takes for secrets and mail text.
fn theirs(file: &Path) -> Option<(BTreeMap<u64, u64>, Vec<String>)> {
    const SECRETS: [&str; 4] =
        ["imf.subject", "smtp.auth.username", "smtp.auth.password", "smtp.auth.username_password"];
    let fields = ["frame.number", "tcp.len", "tcp.srcport", "tcp.dstport"];
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "smtp.decryption:FALSE", "-T", "fields", "-E", "separator=/t", "-r"]).arg(file);
    for field in fields.iter().chain(&SECRETS) {
        command.args(["-e", field]);
    }
    let output = command.output().ok()?;
    let (mut frames, mut secrets) = (BTreeMap::new(), Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let values: Vec<&str> = line.split('\t').collect();
        let last = |at: usize| values[at].rsplit(',').next().unwrap().parse::<u64>().ok();
        let is_ours =
            [last(2), last(3)].iter().flatten().any(|port| PORTS.iter().any(|ours| u64::from(*ours) == *port));
        if let (true, Some(octets)) = (is_ours, last(1)) {
            frames.insert(values[0].parse().unwrap(), octets);
        }
        // Short ones stand in other places, too.
        secrets.extend(values[4..].iter().filter(|value| value.len() >= 12).map(|value| (*value).to_owned()));
    }
    Some((frames, secrets))
}

#[test]
fn frames_and_octets_are_those_of_tshark() {
    let (mut wrong, mut compared) = (Vec::new(), 0);
    let public = corpus::folder("public");
    let mut files = corpus::captures(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")));
    files.extend(public.iter().flat_map(corpus::captures));
    // An event trace is nothing that tshark can open.
    for file in files.iter().filter(|file| file.extension().is_none_or(|extension| extension != "etl")) {
        let ours = ours(file);
        let Some((theirs, secrets)) = theirs(file) else {
            println!("skipped: tshark is not installed");
            return;
        };
        let name = file.file_name().unwrap().to_string_lossy();
        // What Wireshark exported has no TCP header.
        if name == "exported.pcap" {
            continue;
        }
        compared += ours.len();
        for (number, octets) in &ours {
            if theirs.get(number) != Some(octets) {
                wrong.push(format!("{name} frame {number}: {octets} bytes, tshark {:?}", theirs.get(number)));
            }
        }
        let missing: Vec<_> = theirs.keys().filter(|number| !ours.contains_key(number)).collect();
        if !missing.is_empty() {
            wrong.push(format!("{name}: not shown: {missing:?}"));
        }
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        assert_hidden(&std::fs::read(file).unwrap(), &PORTS, &secrets, &name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The samples alone have 559.
    let least = if public.is_some() { 1_000 } else { 500 };
    assert!(compared > least, "only {compared} frames compared");
}
