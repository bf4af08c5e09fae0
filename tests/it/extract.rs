//! Extracts, as they are and redacted.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;

use ehlotrace::capture::{OpenOptions, open};
use ehlotrace::extract::{ExtractOptions, Extracted, Extractor, RedactKey};
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::twice::Choice;

use crate::corpus;
use crate::support::Frame;
use crate::support::samples::SAMPLES;
use crate::trace::sample;
use crate::trace_hygiene::{DIALOGUES, SECRETS, capture, file, is_in};

const PORTS: [u16; 4] = [25, 465, 587, 2525];

pub(crate) fn scan_options() -> ScanOptions {
    ScanOptions::on_ports(PORTS)
}

pub(crate) fn extracted(captures: &[(&str, Vec<u8>)], choice: Choice, key: Option<&str>) -> (Vec<u8>, Vec<Extracted>) {
    extract(captures, choice, key, false)
}

/// Redacted, with names or without.
pub(crate) fn extracted_with(captures: &[(&str, Vec<u8>)], choice: Choice, names: bool) -> (Vec<u8>, Vec<Extracted>) {
    extract(captures, choice, Some("a key of sorts"), names)
}

fn extract(
    captures: &[(&str, Vec<u8>)],
    choice: Choice,
    key: Option<&str>,
    redact_names: bool,
) -> (Vec<u8>, Vec<Extracted>) {
    let mut options = ExtractOptions::new(scan_options(), choice);
    options.redact = key.map(RedactKey::new);
    options.redact_names = redact_names;
    let mut out = Vec::new();
    let mut extractor = Extractor::new(options, &mut out);
    let mut results = Vec::new();
    for (name, octets) in captures {
        let mut open = |options: &OpenOptions| open(Box::new(Cursor::new(octets.clone())), options);
        results.push(extractor.capture(name, &mut open).unwrap());
    }
    drop(extractor);
    (out, results)
}

/// All sessions of a file, and how many frames were left out.
pub(crate) fn all_of(file: &std::path::Path, key: Option<&str>) -> (Vec<u8>, u64) {
    let (out, results) = extracted(&[("x", std::fs::read(file).unwrap())], Choice::All, key);
    let left_out = results.iter().flat_map(|result| result.left_out_frames.values()).sum::<u64>();
    (out, left_out + results.iter().map(|result| result.left_out_sessions).sum::<u64>())
}

fn one(name: &str, choice: Choice, key: Option<&str>) -> Vec<u8> {
    extracted(&[(name, sample(name))], choice, key).0
}

pub(crate) type Record = (u16, i64, u32, Vec<u8>);

pub(crate) fn records(file: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut reader = open(Box::new(Cursor::new(file.to_vec())), &OpenOptions::default()).unwrap();
    let read = reader.for_each_packet(&mut |packet| {
        records.push((packet.link.0, packet.time.as_nanos(), packet.wire_len, packet.data.to_vec()));
        ControlFlow::Continue(())
    });
    read.unwrap();
    records
}

/// Outcome, cause and hello lines of each session.
pub(crate) fn verdicts(file: &[u8]) -> Vec<(String, String, Vec<String>)> {
    let mut found = Vec::new();
    let options = scan_options();
    scan(Box::new(Cursor::new(file.to_vec())), &options, &mut |session, diagnosis| {
        let hellos = session.transcript.hellos.iter().filter_map(|hello| session.transcript.hello_command(hello));
        let hellos = hellos.map(|command| command.line.escape_ascii().to_string()).collect();
        let cause = diagnosis.cause.map_or("", |rule| rule.code).to_owned();
        found.push((session.number, (diagnosis.outcome.code().to_owned(), cause, hellos)));
    })
    .unwrap();
    found.sort();
    found.into_iter().map(|(_, verdict)| verdict).collect()
}

pub(crate) fn has(file: &[u8], octets: &[u8]) -> bool {
    file.windows(octets.len()).any(|window| window == octets)
}

#[test]
fn an_extract_gives_the_same_frames_and_verdict() {
    let original = sample("kb240832-lost.pcap");
    let extract = one("kb240832-lost.pcap", Choice::Lost, None);
    assert_eq!(records(&extract), records(&original));
    assert_eq!(records(&extract).len(), 12);
    assert_eq!(verdicts(&extract), verdicts(&original));
    for text in [
        "ehlotrace: EHLO argument \"sub2.\" ends in a dot (RFC 5321 4.1.2); frame 5 of kb240832-lost.pcap, session 1",
        "frames 1-12 of kb240832-lost.pcap, session 1",
    ] {
        assert!(has(&extract, text.as_bytes()), "{text}");
    }
}

#[test]
fn only_the_sessions_chosen_are_written() {
    let all = verdicts(&sample("relay-stopped.pcapng"));
    let lost = all.iter().filter(|verdict| verdict.0 == "lost").count();
    let extract = verdicts(&one("relay-stopped.pcapng", Choice::Lost, None));
    assert!(lost < all.len() && extract.len() == lost && extract.iter().all(|verdict| verdict.0 == "lost"));
    assert_eq!(one("kb240832-works.pcap", Choice::Lost, None), b"");
}

#[test]
fn redacted_samples_keep_their_verdicts_and_lengths() {
    let mut wrong = Vec::new();
    for (name, _) in SAMPLES {
        let original = sample(name);
        let (redacted, results) = extracted(&[(name, original.clone())], Choice::All, Some("a key of sorts"));
        let lengths = |file: &[u8]| -> Vec<_> {
            records(file).iter().map(|(link, at, wire, data)| (*link, *at, *wire, data.len())).collect()
        };
        if !results[0].left_out_frames.is_empty() || verdicts(&redacted) != verdicts(&original) {
            wrong.push(format!(
                "{name}: {:?}\n {:?}\n {:?}",
                results[0].left_out_frames,
                verdicts(&original),
                verdicts(&redacted)
            ));
        }
        if verdicts(&original).len() == 1 && records(&redacted).len() == records(&original).len() {
            assert_eq!(lengths(&redacted), lengths(&original), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Row: hardware addresses.
#[test]
fn redacted_samples_give_nothing_away() {
    for (name, _) in SAMPLES {
        let original = sample(name);
        let redacted = one(name, Choice::All, Some("a key of sorts"));
        let mut secrets: Vec<Vec<u8>> = Vec::new();
        for (_, _, _, data) in records(&original).into_iter().filter(|record| record.0 == 1) {
            secrets.extend([data[0..6].to_vec(), data[6..12].to_vec()]);
            match data[12..14] {
                [0x08, 0x00] => secrets.extend([data[26..30].to_vec(), data[30..34].to_vec()]),
                _ => secrets.extend([data[22..38].to_vec(), data[38..54].to_vec()]),
            }
        }
        secrets.sort();
        secrets.dedup();
        for secret in secrets.iter().filter(|secret| secret.iter().any(|octet| *octet != 0xff)) {
            assert!(!has(&redacted, secret), "{name}: {secret:02x?}");
        }
        // Words of the samples' mail, and the local parts of their mailboxes.
        for word in ["Lunch at noon", "Subject: ", "Monday", "usual place", "ann@", "bob@", "Message-ID"] {
            assert!(!has(&redacted, word.as_bytes()), "{name}: {word}");
        }
    }
}

#[test]
fn secrets_of_auth_are_masked() {
    let original = sample("auth-failed.pcap");
    let mut options = scan_options();
    options.keep_credentials = true;
    let mut secrets = Vec::new();
    scan(Box::new(Cursor::new(original)), &options, &mut |session, _| {
        let commands = session.transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
        let lines =
            commands.filter(|command| command.verb == ehlotrace::smtp::Verb::Auth).map(|command| command.line.clone());
        secrets.extend(lines.filter(|line| !line.contains(&b' ')));
    })
    .unwrap();
    assert_eq!(secrets.len(), 2);
    let redacted = one("auth-failed.pcap", Choice::All, Some("a key of sorts"));
    for secret in secrets {
        assert!(!has(&redacted, &secret), "{}", secret.escape_ascii());
    }
}

#[test]
fn the_key_decides_and_nothing_else() {
    let both = [("a.pcap", sample("kb240832-lost.pcap")), ("b.pcapng", sample("relay-stopped.pcapng"))];
    let together = extracted(&both, Choice::All, Some("one key")).0;
    assert_eq!(together, extracted(&both, Choice::All, Some("one key")).0);
    assert_ne!(together, extracted(&both, Choice::All, Some("another")).0);
    let addresses = |file: &[u8]| records(file)[0].3[26..34].to_vec();
    let second = extracted(&both[1..], Choice::All, Some("one key")).0;
    assert_eq!(addresses(&together), addresses(&second), "both captures begin with the same two hosts");
}

#[test]
fn public_captures_are_redacted_without_their_secrets() {
    let Some(folder) = corpus::folder("public") else { return };
    let mut searched = 0;
    for file in corpus::captures(&folder) {
        let octets = std::fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let (redacted, _) = extracted(&[("x", octets.clone())], Choice::All, Some("a key of sorts"));
        if redacted.is_empty() {
            continue;
        }
        let mut options = scan_options();
        options.keep_credentials = true;
        scan(Box::new(Cursor::new(octets)), &options, &mut |session, _| {
            let commands = session.transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
            for line in
                commands.filter(|command| command.verb == ehlotrace::smtp::Verb::Auth).map(|command| &command.line)
            {
                let secret = line.rsplit(|octet| *octet == b' ').next().unwrap();
                if secret.len() >= 12 {
                    searched += 1;
                    assert!(!has(&redacted, secret), "{name}: {}", secret.escape_ascii());
                }
            }
        })
        .unwrap();
    }
    assert!(searched > 0, "no capture with AUTH was found");
}

/// An independent judge, when it is installed.
#[test]
fn tshark_reads_the_comments_and_finds_no_wrong_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("extract.pcapng");
    std::fs::write(&path, one("kb240832-lost.pcap", Choice::Lost, None)).unwrap();
    let run = |arguments: &[&str]| Command::new("tshark").arg("-n").arg("-r").arg(&path).args(arguments).output();
    let Ok(comments) = run(&["-T", "fields", "-e", "frame.comment", "-Y", "frame.number == 5"]) else {
        println!("skipped: tshark is not installed");
        return;
    };
    assert_eq!(
        String::from_utf8_lossy(&comments.stdout).trim(),
        "ehlotrace: EHLO argument \"sub2.\" ends in a dot (RFC 5321 4.1.2); frame 5 of kb240832-lost.pcap, session 1"
    );
    let all: Vec<_> = SAMPLES.iter().map(|(name, _)| (*name, sample(name))).collect();
    std::fs::write(&path, extracted(&all, Choice::All, Some("a key of sorts")).0).unwrap();
    let fault = "ip.checksum.status == 0 || tcp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0";
    let found = run(&["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-Y", fault]).unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

/// Row: mail text of DATA and BDAT.
#[test]
fn nothing_comes_through_where_frames_are_cut_small_missing_late_or_repeated() {
    let words: Vec<&str> = SECRETS.iter().copied().chain(["a@b", "c@d"]).collect();
    let check = |frames: &[Frame], what: &str| {
        let captures = [("x", file(frames))];
        let redacted = extracted(&captures, Choice::All, Some("a key of sorts")).0;
        for word in &words {
            assert!(!is_in(&redacted, word), "{what}: {word}");
        }
    };
    for (at, dialogue) in DIALOGUES.iter().enumerate() {
        for size in [3, 7, 1_000] {
            check(&capture(dialogue, size), &format!("dialogue {at} by {size}"));
        }
        let frames = capture(dialogue, 7);
        for index in (0..frames.len()).step_by(2) {
            let (mut missing, mut late, mut repeated) = (frames.clone(), frames.clone(), frames.clone());
            let frame = missing.remove(index);
            late.remove(index);
            late.insert((index + 12).min(late.len()), frame.clone());
            repeated.push(frame);
            for (how, frames) in [("missing", missing), ("late", late), ("repeated", repeated)] {
                check(&frames, &format!("dialogue {at}, frame {index} {how}"));
            }
            check(&frames[index..], &format!("dialogue {at} from frame {index}"));
        }
    }
}
