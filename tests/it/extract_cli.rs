//! `ehlotrace extract` as a user runs it.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

use crate::corpus;
use crate::extract::{records, verdicts};
use crate::support::{CaptureBuilder, Link};

const LOST: &str = "samples/kb240832-lost.pcap";
const NO_WORDS: &str = "samples/connect-unanswered.pcap";
const WORKS: &str = "samples/kb240832-works.pcap";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("extract").args(arguments);
    command
}

fn parts(output: &Output) -> (i32, Vec<u8>, String) {
    (output.status.code().unwrap(), output.stdout.clone(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn run(arguments: &[&str]) -> (i32, Vec<u8>, String) {
    parts(&command(arguments).output().unwrap())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn sessions_are_chosen_by_number_cause_and_outcome() {
    const FILES: [&str; 2] = ["samples/relay-stopped.pcapng", "samples/message-refused.pcap"];
    let [relay, refused] = FILES.map(|file| verdicts(&std::fs::read(file).unwrap()));
    let by_number = [&relay[..1], &relay[2..4], &refused[..1]].concat();
    let all = [relay, refused].concat();
    let lost: Vec<_> = all.iter().filter(|verdict| verdict.0 == "lost").cloned().collect();
    let by_cause: Vec<_> = all.iter().filter(|verdict| verdict.1 == "message-refused").cloned().collect();
    assert!(!by_cause.is_empty() && by_cause.len() < lost.len() && lost.len() < all.len());
    for (choice, expected) in [
        (&["--session", "1,3-4"][..], by_number),
        (&["--cause", "message-refused"], by_cause),
        (&["--lost"], lost.clone()),
        (&[], lost),
        (&["--all"], all.clone()),
    ] {
        let (code, file, error) = run(&[&FILES[..], choice].concat());
        assert_eq!(code, 0, "{error}");
        assert_eq!(verdicts(&file), expected, "{choice:?}");
        assert!(error.ends_with(" written to standard output\n"), "{error}");
    }
    assert_eq!(run(&["--cause", "no-such-cause", LOST]).0, 2);
    assert_eq!(run(&["--session", "0", LOST]).0, 2);
}

#[test]
fn where_nothing_is_chosen_there_is_no_file_and_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evidence.pcapng");
    let out = path.to_str().unwrap();
    for (arguments, why) in [
        (&["--lost", WORKS][..], "no matching session was lost"),
        (&["--cause", "tls-failed", LOST], "the filters left out the only session"),
        (&["--lost", "--outcome", "delivered", WORKS], "no matching session was lost"),
        (&["--session", "9", LOST], "no session has this number; the capture has 1"),
        (&["--all", "--port", "2525", NO_WORDS], "no SMTP session on these ports"),
    ] {
        let (code, stdout, error) = run(&[arguments, &["-o", out]].concat());
        assert_eq!((code, stdout.as_slice()), (1, &b""[..]), "{error}");
        assert_eq!(error, format!("ehlotrace: {why}: nothing was written\n"));
        assert!(names(folder.path()).is_empty());
    }
    std::fs::write(&path, "of last week").unwrap();
    assert_eq!(run(&["--lost", WORKS, "-o", out]).0, 1);
    assert_eq!(std::fs::read(&path).unwrap(), b"of last week");
}

#[test]
fn a_file_is_replaced_when_the_extract_is_whole_and_else_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evidence.pcapng");
    let out = path.to_str().unwrap();
    std::fs::write(&path, "of last week").unwrap();
    let (code, _, error) = run(&[LOST, "-o", out]);
    assert_eq!((code, error), (0, format!("ehlotrace: 12 frames of 1 session from 1 capture written to {out}\n")));
    let file = std::fs::read(&path).unwrap();
    assert_eq!(records(&file).len(), 12);
    assert_eq!(names(folder.path()), ["evidence.pcapng"]);
    assert_eq!(run(&[LOST, "-o", "-"]).1, file);

    let (code, _, error) = run(&["missing.pcap", "-o", out]);
    assert_eq!(code, 2);
    assert!(error.starts_with("ehlotrace: missing.pcap: cannot be opened: "), "{error}");
    assert!(error.ends_with("ehlotrace: no capture could be read: nothing was written\n"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), file);

    let nowhere = folder.path().join("nowhere/evidence.pcapng");
    let (code, _, error) = run(&[LOST, "-o", nowhere.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("evidence.pcapng: cannot write the extract: No such file"), "{error}");
    let full = Path::new("/dev/full");
    if full.exists() {
        let (code, _, error) = run(&[LOST, "-o", "/dev/full"]);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("/dev/full: cannot write the extract: No space left"), "{error}");
    }
    assert_eq!(names(folder.path()), ["evidence.pcapng"]);
}

#[test]
fn binary_is_not_written_to_a_terminal() {
    // Its standard output is a terminal for what it runs.
    let run = |arguments: &str| {
        let program = assert_cmd::cargo::cargo_bin("ehlotrace");
        let line = format!("'{}' extract {LOST} {arguments}", program.display());
        let mut command = std::process::Command::new("script");
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-q", "-e", "-c", &line, "/dev/null"]);
        command.stdin(std::process::Stdio::null()).output()
    };
    let Ok(Output { status, .. }) = std::process::Command::new("script").arg("--version").output() else {
        println!("skipped: script, which lends a terminal, is not installed");
        return;
    };
    if !status.success() {
        println!("skipped: this script does not take the options of util-linux");
        return;
    }
    for arguments in ["", "-o -"] {
        let output = run(arguments).unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        assert_eq!(output.status.code(), Some(2), "{shown}");
        let why = "a terminal cannot show pcapng: name a file with -o, or redirect standard output to a file";
        assert_eq!(shown, format!("ehlotrace: {why}\n"));
    }
}

#[test]
fn no_capture_that_is_read_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticket.pcap");
    std::fs::copy(LOST, &path).unwrap();
    let (code, _, error) = run(&[path.to_str().unwrap(), "-o", path.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("ehlotrace reads this file"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(LOST).unwrap());
}

#[test]
fn a_damaged_capture_is_extracted_up_to_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.pcap");
    let mut capture = std::fs::read(LOST).unwrap();
    capture.extend([0; 8].into_iter().chain([0xff; 8]));
    std::fs::write(&path, capture).unwrap();
    let (code, file, error) = run(&[path.to_str().unwrap()]);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("damaged.pcap: ") && records(&file).len() == 12, "{error}");
}

#[test]
fn folders_archives_and_pipes_are_read_as_scan_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, file) in
        [("a/lost.pcap", LOST), ("notes.txt", "README.md"), ("b/relay.pcapng", "samples/relay-stopped.pcapng")]
    {
        archive.append_path_with_name(file, name).unwrap();
    }
    let archive = archive.into_inner().unwrap();
    let path = folder.path().join("4711.tar");
    std::fs::write(&path, &archive).unwrap();
    std::fs::write(folder.path().join("note.txt"), "call back").unwrap();

    let (code, separate, error) = run(&[LOST, "samples/relay-stopped.pcapng"]);
    assert_eq!(code, 0, "{error}");
    let piped = parts(&command(&["-"]).write_stdin(archive).output().unwrap());
    for (code, file, error) in [run(&[path.to_str().unwrap()]), run(&[folder.path().to_str().unwrap()]), piped] {
        assert_eq!(code, 0, "{error}");
        assert!(error.contains(" from 2 captures written"), "{error}");
        assert_eq!(records(&file), records(&separate));
        let text = String::from_utf8_lossy(&file);
        assert!(text.contains(": a/lost.pcap, session 1, "), "the section names the member");
        assert!(text.contains("; frame 5 of lost.pcap, session 1"), "the frame does, too");
    }
    std::fs::write(&path, [0; 0]).unwrap();
    let (code, _, error) = run(&[path.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(error.contains("an empty file"), "{error}");
}

#[test]
fn a_trace_shows_every_capture_of_an_archive() {
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_path_with_name(LOST, "a/lost.pcap").unwrap();
    archive.append_path_with_name(WORKS, "works.pcap").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("4711.tar");
    std::fs::write(&path, archive.into_inner().unwrap()).unwrap();
    let path = path.to_str().unwrap();
    let trace = |arguments: &[&str]| {
        let output = Command::cargo_bin("ehlotrace").unwrap().arg("trace").args(arguments).output().unwrap();
        let (code, out, error) = parts(&output);
        (code, String::from_utf8(out).unwrap(), error)
    };
    let [lost, works] = [LOST, WORKS].map(|file| trace(&["--all", file]).1);
    let (code, out, error) = trace(&["--all", path]);
    assert_eq!((code, error.as_str()), (1, ""));
    assert_eq!(out, format!("== {path}: a/lost.pcap\n{lost}\n== {path}: works.pcap\n{works}"));
    assert_eq!(trace(&["--session", "7", path]).0, 2);
}

/// What tshark says of a file: one line a frame.
fn tshark(path: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let output = std::process::Command::new("tshark").arg("-n").arg("-r").arg(path).args(arguments).output();
    let Ok(output) = output else {
        println!("skipped: tshark is not installed");
        return None;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<_> = error.lines().filter(|line| !line.starts_with("Running as user \"root\"")).collect();
    assert!(output.status.success() && complaints.is_empty(), "{}: {error}", path.display());
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn captures_of_several_kinds_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, link, is_nano) in [("ether.pcap", Link::ETHERNET, false), ("raw.pcap", Link::RAW_IP, true)] {
        let mut capture = CaptureBuilder::new().link(link);
        if is_nano {
            capture = capture.nanoseconds();
        }
        let mut session = capture.session("[2001:db8::10]:1145", "[2001:db8::25]:25");
        session.handshake().dialogue("S: 220 mx.example.com ESMTP\nC: EHLO sub2.\nS: 501 Invalid Address\n");
        session.client_fin().server_fin();
        std::fs::write(path(name), capture.finish_pcap()).unwrap();
    }
    let out = path("evidence.pcapng");
    let (code, _, error) =
        run(&[&path("ether.pcap"), &path("raw.pcap"), LOST, "samples/relay-stopped.pcapng", "-o", &out]);
    assert_eq!(code, 0, "{error}");
    let file = std::fs::read(&out).unwrap();
    let mut expected = Vec::new();
    for name in ["ether.pcap", "raw.pcap"] {
        expected.extend(records(&std::fs::read(path(name)).unwrap()));
    }
    assert_eq!(records(&file)[..expected.len()], expected);
    let Some(lines) = tshark(
        Path::new(&out),
        &["-T", "fields", "-e", "frame.comment", "-Y", "frame.comment contains \"ends in a dot\""],
    ) else {
        return;
    };
    assert!(
        lines[0].starts_with("ehlotrace: EHLO argument \"sub2.\" ends in a dot (RFC 5321 4.1.2); frame "),
        "{lines:?}"
    );
    assert!(lines[1].contains(" of raw.pcap, session 1") && lines.len() >= 3, "{lines:?}");
}

/// The same sessions, frames and findings come out of an extract, redacted or not.
#[test]
fn extracts_of_the_corpus_have_the_same_sessions() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut not_whole = 0;
    for folder in ["formats", "lab", "public"] {
        let Some(folder) = corpus::folder(folder) else { return };
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| {
            ["pcap", "pcapng", "cap", "snoop"].iter().any(|kind| file.extension().is_some_and(|e| e == *kind))
        });
        files.sort();
        for file in files {
            let original = verdicts(&std::fs::read(&file).unwrap());
            if original.is_empty() {
                continue;
            }
            compared += 1;
            let (extract, left_out) = crate::extract::all_of(&file, None);
            if left_out > 0 || verdicts(&extract) != original {
                wrong.push(format!("{}", file.display()));
            }
            let (redacted, left_out) = crate::extract::all_of(&file, Some("a key of sorts"));
            let kinds = |verdicts: &[(String, String, Vec<String>)]| -> Vec<_> {
                verdicts.iter().map(|(outcome, cause, hellos)| (outcome.clone(), cause.clone(), hellos.len())).collect()
            };
            not_whole += usize::from(left_out > 0);
            if left_out == 0 && kinds(&verdicts(&redacted)) != kinds(&original) {
                wrong.push(format!("{} redacted", file.display()));
            }
        }
    }
    assert!(wrong.is_empty() && compared > 50, "of {compared}: {}", wrong.join("\n"));
    // One has TLS of which the beginnings of the records are not in the capture.
    assert!(not_whole <= 1, "{not_whole}");
}

#[test]
fn networks_that_find_no_room_in_the_documentation_ranges_are_counted() {
    let mut capture = CaptureBuilder::new();
    for client in ["172.16.1.9:1145", "172.16.2.9:1145", "172.16.3.9:1145", "172.16.4.9:1145"] {
        let mut s = capture.session(client, "172.16.5.25:25");
        s.handshake().dialogue("S: 220 mx.example.com ESMTP\nC: EHLO sub2.\nS: 501 Invalid Address\n");
        s.client_fin().server_fin();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    std::fs::write(&path, capture.finish_pcap()).unwrap();
    let (code, file, error) = run(&["--redact", path.to_str().unwrap()]);
    assert_eq!(code, 0, "{error}");
    let told =
        "ehlotrace: 2 more IPv4 networks than the documentation ranges can hold: these were moved to 198.18.0.0/15\n";
    assert!(error.ends_with(told), "{error}");
    let mut networks: Vec<[u8; 3]> = records(&file).iter().map(|(.., data)| data[26..29].try_into().unwrap()).collect();
    networks.sort_unstable();
    networks.dedup();
    let in_range = |network: &[u8; 3]| matches!(network, [198, 18 | 19, _]);
    assert_eq!(networks.len(), 5);
    assert_eq!(networks.iter().filter(|network| in_range(network)).count(), 2, "{networks:?}");
}

/// Row: IPv4 addresses.
/// Row: IPv6 addresses.
#[test]
fn addresses_are_nowhere_in_a_redacted_extract() {
    const MAIL: &[u8] = b"Received: from relay (relay [198.51.100.77]) by mx\r\nSubject: Quarterly figures\r\n\r\n\
        Remote-MTA: dns; mx.other.example (203.0.113.99)\r\n.\r\n";
    let mut capture = CaptureBuilder::new();
    for (client, server, hello) in [
        ("192.0.2.10:1145", "192.0.2.25:25", &b"EHLO [192.0.2.10]\r\n"[..]),
        ("192.0.2.10:1146", "192.0.2.25:25", b"EHLO 192.0.2.10\r\n"),
        ("[2001:db8::10]:1145", "[2001:db8::25]:25", b"EHLO [IPv6:2001:db8::10]\r\n"),
        ("[2001:db8::10]:1146", "[2001:db8::25]:25", b"EHLO ip-192-0-2-10.isp.example\r\n"),
    ] {
        let mut s = capture.session(client, server);
        s.handshake().server(b"220 mx.example.com [192.0.2.25] ESMTP\r\n").client(hello);
        s.server(b"250-mx Hello [192.0.2.10] ([2001:db8::10])\r\n250 AUTH PLAIN\r\n");
        s.client(b"AUTH PLAIN AGFubmEAaHVudGVyMg==\r\n").server(b"235 ok\r\n");
        s.client(b"MAIL FROM:<anna.smith@[192.0.2.10]>\r\n").server(b"250 ok\r\n");
        s.client(b"RCPT TO:<robert@example.com>\r\n").server(b"250 robert@example.com ok\r\n");
        s.client(b"DATA\r\n").server(b"354 go\r\n").client(MAIL).server(b"250 queued\r\n");
        s.client(b"QUIT\r\n").server(b"221 bye 192.0.2.10\r\n").client_fin().server_fin();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    std::fs::write(&path, capture.finish_pcap()).unwrap();
    let out = folder.path().join("redacted.pcapng");
    let key = folder.path().join("key");
    std::fs::write(&key, "a key of 16 bytes, or more").unwrap();
    let (path, key_path, out_path) = (path.to_str().unwrap(), key.to_str().unwrap(), out.to_str().unwrap());
    let arguments = ["--all", "--redact", "--redact-key", key_path, path, "-o", out_path];
    let (code, _, error) = run(&arguments);
    assert_eq!(code, 0, "{error}");
    let redacted = std::fs::read(&out).unwrap();
    let texts = [
        "192.0.2.10",
        "192.0.2.25",
        "192-0-2-10",
        "198.51.100.77",
        "203.0.113.99",
        "2001:db8::10]",
        "AGFubmEAaHVudGVyMg",
        "anna",
        "smith",
        "robert",
        "Quarterly",
        "figures",
        "Received",
    ];
    let octets: Vec<Vec<u8>> = ["192.0.2.10", "192.0.2.25", "2001:db8::10", "2001:db8::25"]
        .iter()
        .map(|address| match address.parse().unwrap() {
            std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
            std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
        })
        .collect();
    for secret in texts.iter().map(|text| text.as_bytes().to_vec()).chain(octets) {
        let is_in = redacted.windows(secret.len()).any(|window| window == secret);
        assert!(!is_in, "{}", secret.escape_ascii());
    }
    let hellos: Vec<_> = verdicts(&redacted).into_iter().flat_map(|verdict| verdict.2).collect();
    assert_eq!(
        hellos,
        ["EHLO [111.0.1.11]", "EHLO 111.0.1.11", "EHLO [IPv6:1111:aa1::11]", "EHLO ip-111-0-1-11.isp.example"]
    );
    let fault = "ip.checksum.status == 0 || tcp.checksum.status == 0";
    let checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-Y", fault];
    assert!(tshark(&out, &checks).is_none_or(|lines| lines.is_empty()));
    assert_eq!(run(&["--all", "--redact", "--redact-key", key_path, path]).1, redacted, "the same key, the same file");
    std::fs::write(&key, "another key of 16 bytes").unwrap();
    assert_ne!(run(&["--all", "--redact", "--redact-key", key_path, path]).1, redacted);
    std::fs::write(&key, "short").unwrap();
    assert_eq!(run(&arguments).0, 2);
}
