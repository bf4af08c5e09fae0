//! The command as a user runs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;

fn ehlotrace(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_lost_session_is_exit_code_1_and_a_delivered_one_0() {
    let lost = ehlotrace(&["scan", "samples/kb240832-lost.pcap"]);
    assert_eq!((code(&lost), stderr(&lost)), (1, ""));
    assert!(stdout(&lost).contains("EHLO sub2.") && stdout(&lost).contains("ehlo-argument"));
    let works = ehlotrace(&["scan", "samples/kb240832-works.pcap"]);
    assert_eq!((code(&works), stderr(&works)), (0, ""));
    assert!(stdout(&works).contains("1 session"));
}

#[test]
fn bad_input_is_one_clear_line_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("empty"), b"").unwrap();
    std::fs::write(path("text.pcap"), b"Dear support,\nplease find attached\n").unwrap();
    std::fs::write(path("cut.pcap"), &std::fs::read("samples/kb240832-lost.pcap").unwrap()[..10]).unwrap();
    for (name, says) in
        [("empty", "empty"), ("text.pcap", "text"), ("cut.pcap", "inside its pcap header"), ("missing", "No such file")]
    {
        let output = ehlotrace(&["scan", &path(name)]);
        assert_eq!(code(&output), 2, "{name}");
        let lines: Vec<&str> = stderr(&output).lines().collect();
        let [line] = lines[..] else { panic!("{name}: {lines:?}") };
        assert!(line.starts_with("ehlotrace: ") && line.contains(&path(name)) && line.contains(says), "{line}");
    }
}

#[test]
fn a_folder_is_searched_and_what_is_no_capture_in_it_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let none = ehlotrace(&["scan", path]);
    assert_eq!(code(&none), 2);
    assert!(stderr(&none).contains("found no capture"), "{}", stderr(&none));

    std::fs::create_dir(folder.path().join("4711")).unwrap();
    std::fs::copy("samples/kb240832-lost.pcap", folder.path().join("4711/trace.bin")).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "call back on Monday").unwrap();
    let some = ehlotrace(&["scan", path]);
    assert_eq!((code(&some), stderr(&some)), (1, "ehlotrace: note: skipped 1 file that is not a capture\n"));
}

#[test]
fn one_bad_file_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.pcap");
    let mut octets = std::fs::read("samples/relay-stopped.pcapng").unwrap();
    let middle = octets.len() / 2;
    octets.truncate(middle);
    octets.extend([0xff; 64]);
    std::fs::write(&bad, octets).unwrap();
    let output = ehlotrace(&["scan", "--format", "json", bad.to_str().unwrap(), "samples/kb240832-works.pcap"]);
    assert_eq!(code(&output), 3);
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(report["captures"][0]["error"]["kind"], "corrupt");
    assert!(report["captures"][0]["sessions"].as_u64().unwrap() >= 3, "the sessions before the damage");
    assert_eq!(report["captures"][1]["error"], Value::Null);
    assert_eq!(report["summary"]["unreadable"], 1);
    assert!(stderr(&output).contains("bad.pcap"));
}

#[test]
fn standard_input_is_read_and_named_so() {
    let octets = std::fs::read("samples/relay-stopped.pcapng").unwrap();
    let output = command(&["scan", "--format", "jsonl", "-"]).write_stdin(octets).output().unwrap();
    assert_eq!(code(&output), 1);
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types[..2], ["fields", "capture"]);
    assert_eq!(types[types.len() - 6..], ["capture_end", "ticket", "input_end", "finding", "relay", "summary"]);
    assert_eq!(types.iter().filter(|kind| **kind == "session").count(), 8);
    assert_eq!(lines[1]["path"], "-");
}

#[test]
fn show_chooses_what_is_listed_and_not_what_is_counted() {
    let listed = |arguments: &[&str]| {
        let output = ehlotrace(&[&["scan", "--format", "json", "samples/relay-stopped.pcapng"], arguments].concat());
        let report: Value = serde_json::from_str(stdout(&output)).unwrap();
        (report["sessions"].as_array().unwrap().len(), report["summary"]["sessions"].as_u64().unwrap())
    };
    assert_eq!(listed(&[]), (8, 8));
    assert_eq!(listed(&["--show", "all"]), (8, 8));
    assert_eq!(listed(&["--show", "lost"]), (6, 8));
}

#[test]
fn a_port_asked_for_in_vain_hides_nothing() {
    for ports in ["25", "25,587", "any"] {
        assert_eq!(code(&ehlotrace(&["scan", "--port", ports, "samples/auth-failed.pcap"])), 1, "it is on port 587");
    }
}

#[test]
fn the_report_goes_to_a_file_but_never_over_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.txt");
    let capture = folder.path().join("trace.pcap");
    std::fs::copy("samples/kb240832-lost.pcap", &capture).unwrap();
    let capture_name = capture.to_str().unwrap();
    let output = ehlotrace(&["scan", capture_name, "-o", report.to_str().unwrap()]);
    assert_eq!((code(&output), stdout(&output)), (1, ""));
    assert!(std::fs::read_to_string(&report).unwrap().contains("ehlo-argument"));

    let before = std::fs::read(&capture).unwrap();
    let output = ehlotrace(&["scan", capture_name, "-o", capture_name]);
    assert_eq!(code(&output), 2);
    assert_eq!(std::fs::read(&capture).unwrap(), before);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [&["scan"][..], &["scan", "--port", "x", "samples"], &["scan", "--no-such-flag", "samples"], &[]] {
        assert_eq!(code(&ehlotrace(arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace"))
        .args(["scan", "--format", "jsonl", "samples"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn the_same_input_gives_the_same_octets() {
    for format in ["table", "json", "jsonl"] {
        let run = || ehlotrace(&["scan", "--format", format, "samples"]).stdout;
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn check_explains_an_argument() {
    let malformed = ehlotrace(&["check", "sub2."]);
    assert_eq!(code(&malformed), 1);
    assert!(stdout(&malformed).starts_with("EHLO sub2.\n         ^ trailing-dot: ends in a dot (RFC 5321 4.1.2)\n"));
    assert!(stdout(&malformed).contains("Send the host name only, `sub2`, or its\nfully qualified name"));
    let well_formed = ehlotrace(&["check", "sub2.your-domain.com"]);
    assert_eq!(code(&well_formed), 0);
    assert!(stdout(&well_formed).contains("well-formed"));
    for (argument, expected) in [("[192.0.2.7]", 0), ("192.0.2.7", 1), ("", 1), ("-x.example.com", 1), ("a b", 1)] {
        assert_eq!(code(&ehlotrace(&["check", argument])), expected, "{argument:?}");
    }
}

#[test]
fn check_reads_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("names");
    let run = |arguments: &[&str], names: &[u8]| {
        std::fs::write(&list, names).unwrap();
        let mut command = Command::cargo_bin("ehlotrace").unwrap();
        command.arg("check").args(arguments).write_stdin(names).output().unwrap()
    };
    let names = b"sub2.\nmail.example.com\r\n\nb\x1b[31m";
    let expected = "malformed    sub2.  ends in a dot (send sub2)\nwell-formed  mail.example.com\n\
                    malformed    (nothing)  is empty\n\
                    malformed    b\\x1b[31m  has a control character at byte 2 (\\x1b), has the character [ at byte 3, \
                    which a host name cannot have\n\n4 arguments: 3 malformed.\n";
    for arguments in [&["-"][..], &["--list", list.to_str().unwrap()]] {
        let output = run(arguments, names);
        assert_eq!((code(&output), stdout(&output)), (1, expected), "{arguments:?}");
    }
    assert_eq!(code(&run(&["-"], b"mail.example.com\n")), 0);
    let json = run(&["-", "--format", "json"], names);
    let lines: Vec<serde_json::Value> = stdout(&json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["line"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let missing = ehlotrace(&["check", "--list", "no/such/list"]);
    assert_eq!((code(&missing), stdout(&missing)), (2, ""));
}

#[test]
fn secrets_are_shown_only_when_asked_for() {
    let shown = |arguments: &[&str]| {
        let arguments =
            [&["scan", "--port", "587", "--format", "json", "samples/auth-failed.pcap"], arguments].concat();
        stdout(&ehlotrace(&arguments)).contains("AUTH LOGIN")
    };
    assert!(!shown(&[]));
    assert!(shown(&["--show-credentials"]));
}

#[test]
fn the_samples_readme_names_the_command_rightly() {
    let readme = std::fs::read_to_string(Path::new("samples/README.md")).unwrap();
    assert!(readme.contains("cargo run -- scan samples/kb240832-lost.pcap"));
}

#[test]
fn a_capture_that_was_read_is_told_while_the_next_one_is_still_coming() {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.args(["scan", "--format", "jsonl", "samples/kb240832-lost.pcap", "-"]);
    let mut child = command.spawn().unwrap();
    let (stdin, lines) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    let (sender, told) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let mut types = Vec::new();
    while types.last().is_none_or(|last| last != "capture_end") {
        let Ok(line) = told.recv_timeout(Duration::from_secs(20)) else { break };
        let line: Value = serde_json::from_str(&line).unwrap();
        types.push(line["type"].as_str().unwrap().to_owned());
    }
    drop(stdin);
    child.wait().unwrap();
    assert_eq!(types, ["fields", "capture", "session", "capture_end"]);
}

#[test]
fn the_name_of_the_output_file_says_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, start) in [
        ("a.html", "<!DOCTYPE html>"),
        ("a.HTM", "<!DOCTYPE html>"),
        ("a.json", "{"),
        ("a.jsonl", "{\"type\""),
        ("a.csv", "\"capture\""),
        ("a.md", "## "),
        ("a.txt", "samples/"),
    ] {
        let path = folder.path().join(name);
        let path = path.to_str().unwrap();
        let output = ehlotrace(&["scan", "-o", path, "samples/kb240832-lost.pcap"]);
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(code(&output), 1);
        assert_eq!(stderr(&output).contains("note: writing "), !name.ends_with("txt"), "{name}");
        assert!(name.ends_with("txt") || written.trim_start().starts_with(start), "{name}: {}", &written[..80]);
        assert!(!name.ends_with("txt") || written.contains("ehlo-argument"), "{written}");
        assert_eq!(stderr(&ehlotrace(&["scan", "-q", "-o", path, "samples/kb240832-lost.pcap"])), "");
    }
    let path = folder.path().join("table.json");
    ehlotrace(&["scan", "--format", "table", "-o", path.to_str().unwrap(), "samples/kb240832-lost.pcap"]);
    assert!(!std::fs::read_to_string(path).unwrap().starts_with('{'));
}

#[test]
fn arrow_is_a_stream_or_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.arrows");
    let output = ehlotrace(&["scan", "-o", path.to_str().unwrap(), "samples/kb240832-lost.pcap"]);
    if cfg!(feature = "arrow") {
        let written = std::fs::read(path).unwrap();
        assert_eq!(code(&output), 1);
        assert!(written.starts_with(b"\xff\xff\xff\xff") && written.ends_with(b"\xff\xff\xff\xff\0\0\0\0"));
    } else {
        assert_eq!((code(&output), path.exists()), (2, false));
        assert!(
            stderr(&output).contains("cannot write Arrow: use --format jsonl --brief, or build it with the feature")
        );
    }
    let brief = ehlotrace(&["scan", "--format", "arrow", "--brief", "samples/kb240832-lost.pcap"]);
    assert_eq!((code(&brief), stdout(&brief)), (2, ""));
}

#[test]
fn colour_and_width_are_as_asked() {
    for command in ["scan", "trace"] {
        let run = |when: &str| stdout(&ehlotrace(&[command, "--color", when, "samples/kb240832-lost.pcap"])).to_owned();
        assert!(run("always").contains("\x1b["), "{command}");
        assert!(!run("never").contains('\x1b') && !run("auto").contains('\x1b'), "{command}");
    }
    let widest = |width: &str| {
        let output = ehlotrace(&["scan", "--width", width, "samples/kb240832-lost.pcap"]);
        stdout(&output).lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert!(widest("80") <= 80 && widest("200") > 80);
    for width in ["80", "100", "150"] {
        let output = ehlotrace(&["scan", "--width", width, "samples/kb240832-lost.pcap"]);
        assert!(stdout(&output).contains("1999-08-28") && stdout(&output).contains("13:32:00.000"), "{width}");
    }
    assert_eq!(code(&ehlotrace(&["scan", "--width", "7", "samples/kb240832-lost.pcap"])), 2);
}
