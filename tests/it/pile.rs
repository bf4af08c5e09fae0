//! Many inputs in one run: order, rotated sets, formats for people, and what is said of the broken ones.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use crate::make;
use crate::support::{CaptureBuilder, FileOptions, samples::SAMPLES, write_pcap};

fn ehlotrace(arguments: &[&str]) -> Output {
    Command::cargo_bin("ehlotrace").unwrap().args(arguments).output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

/// `capture`, one like no other of this number: the source address of its first Ethernet frame says it, or when an event
/// trace began.
pub(crate) fn numbered(mut capture: Vec<u8>, number: usize) -> Vec<u8> {
    /// Where the start time of an event trace stands.
    const START: std::ops::Range<usize> = 368..376;
    if capture[74..76] == [2, 0xc0] && capture[0x36..0x38] == [4, 0] {
        let start = u64::from_le_bytes(capture[START].try_into().unwrap());
        capture[START].copy_from_slice(&(start + number as u64).to_le_bytes());
        return capture;
    }
    let mut at = 24 + 16;
    if capture.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        let word = |at: usize| u32::from_le_bytes(capture[at..at + 4].try_into().unwrap());
        let mut block = 0;
        // The first Enhanced Packet Block.
        while word(block) != 6 {
            block += word(block + 4) as usize;
        }
        at = block + 28;
    }
    capture[at + 8..at + 12].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    capture
}

/// `copies` of every sample, no two with the same packets, in folders, and `broken` files that begin as captures do.
fn pile(copies: usize, broken: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for copy in 0..copies {
        let ticket = folder.path().join(format!("{copy:04}"));
        std::fs::create_dir(&ticket).unwrap();
        for (name, build) in SAMPLES {
            std::fs::write(ticket.join(name), numbered(build(), copy)).unwrap();
        }
        std::fs::write(ticket.join("mail.txt"), "Dear support, ...").unwrap();
    }
    for number in 0..broken {
        let mut octets = SAMPLES[number % SAMPLES.len()].1();
        let is_pcapng = octets.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
        octets.truncate(if is_pcapng { 16 } else { 20 });
        std::fs::write(folder.path().join(format!("broken-{number:02}.pcap")), octets).unwrap();
    }
    folder
}

#[test]
fn any_number_of_jobs_gives_the_same_report_and_every_broken_file_is_named() {
    let folder = pile(6, 5);
    let path = folder.path().to_str().unwrap();
    for format in ["table", "json", "jsonl", "csv", "markdown"] {
        let one = ehlotrace(&["scan", "--jobs", "1", "--format", format, path]);
        let four = ehlotrace(&["scan", "--jobs", "4", "--format", format, path]);
        assert_eq!(one.status.code(), Some(3), "{format}");
        assert!(one.stdout == four.stdout, "{format} differs with the number of jobs");
        assert_eq!(text(&one.stderr), text(&four.stderr));
        for number in 0..5 {
            assert!(text(&one.stderr).contains(&format!("broken-{number:02}.pcap")), "{}", text(&one.stderr));
        }
        assert!(text(&one.stderr).contains("6 files that are not captures"), "{}", text(&one.stderr));
    }
    let json = ehlotrace(&["scan", "--format", "json", path]);
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    let single = ehlotrace(&["scan", "--format", "json", concat!(env!("CARGO_MANIFEST_DIR"), "/samples")]);
    let single: Value = serde_json::from_slice(&single.stdout).unwrap();
    for count in ["sessions", "lost", "delivered", "unknown", "no_mail"] {
        let expected = single["summary"][count].as_u64().unwrap() * 6;
        assert_eq!(report["summary"][count].as_u64().unwrap(), expected, "{count}");
    }
    assert_eq!(report["summary"]["unreadable"], 5);
}

/// The frames of a capture with two sessions, in files of a few frames each.
fn rotated(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let mut capture = CaptureBuilder::new();
    for (client, at) in [("192.0.2.10:1145", "2024-03-05T10:00:00Z"), ("192.0.2.10:1146", "2024-03-05T10:01:00Z")] {
        let mut session = capture.session(client, "192.0.2.25:25").start_at(at);
        session.handshake();
        session.dialogue("S: 220 mx.example.net ESMTP\nC: EHLO sub2.\nS: 501 Invalid Address\nC: QUIT\nS: 221 bye");
        session.server_fin();
        session.client_fin();
    }
    let frames = capture.frames();
    let part = frames.len().div_ceil(names.len());
    let mut files = Vec::new();
    for (name, frames) in names.iter().zip(frames.chunks(part)) {
        let file = folder.join(name);
        std::fs::write(&file, write_pcap(frames, &FileOptions::default())).unwrap();
        files.push(file);
    }
    files
}

#[test]
fn a_rotated_set_is_one_capture_if_asked_for_and_the_order_of_the_files_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let names =
        ["trace_00001_20240305100000.pcap", "trace_00002_20240305100100.pcap", "trace_00003_20240305100200.pcap"];
    let files = rotated(folder.path(), &names);
    let mut arguments: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();

    let apart = ehlotrace(&[&["scan", "--format", "json"], &arguments[..]].concat());
    let report: Value = serde_json::from_slice(&apart.stdout).unwrap();
    assert!(report["summary"]["unknown"].as_u64().unwrap() > 0);
    assert!(text(&apart.stderr).contains("--sequence"), "{}", text(&apart.stderr));

    arguments.reverse();
    let together = ehlotrace(&[&["scan", "--format", "json", "--sequence"], &arguments[..]].concat());
    assert_eq!((together.status.code(), text(&together.stderr)), (Some(1), ""));
    let report: Value = serde_json::from_slice(&together.stdout).unwrap();
    assert_eq!(report["summary"]["lost"], 2);
    assert_eq!(report["summary"]["sessions"], 2);
    let parts = report["captures"][0]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 3);
    assert!(parts[0]["path"].as_str().unwrap().ends_with(names[0]), "in order of time");
    assert_eq!(parts[0]["first_frame"], 1);
    let first = parts[1]["first_frame"].as_u64().unwrap();
    assert_eq!(first, 1 + parts[0]["frames"].as_u64().unwrap());
    let table = ehlotrace(&[&["scan", "--sequence"], &arguments[..]].concat());
    let says = format!("frames {first} to ");
    assert!(text(&table.stdout).contains(&says), "{}", text(&table.stdout));
}

#[test]
fn a_list_of_files_is_read() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/kb240832-lost.pcap");
    let works = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/kb240832-works.pcap");
    for list in [format!("{sample}\n{works}\n"), format!("{sample}\0{works}\0")] {
        let output = Command::cargo_bin("ehlotrace")
            .unwrap()
            .args(["scan", "--format", "json", "--files-from", "-"])
            .write_stdin(list)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["summary"]["captures"], 2);
    }
}

#[test]
fn a_capture_of_another_kind_is_named_even_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.enc"), b"TRSNIFF data    \x1a and more of it, which nobody reads").unwrap();
    std::fs::copy("samples/kb240832-works.pcap", folder.path().join("a.pcap")).unwrap();
    let output = ehlotrace(&["scan", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("editcap -F pcapng"), "{}", text(&output.stderr));
}

#[test]
fn the_markdown_says_who_stopped_working_and_where() {
    let output = ehlotrace(&["scan", "--format", "markdown", "samples/relay-stopped.pcapng"]);
    let report = text(&output.stdout);
    assert!(report.starts_with("## SMTP sessions lost: 6 of 8\n"), "{report}");
    assert!(report.contains("| `192.0.2.10` | `192.0.2.25` `Microsoft IIS 5.0 SMTP / Exchange 2000` | 6 of 6 | "));
    assert!(report.contains("- sends: `EHLO sub2.` (should be `sub2`)"));
    assert!(report.contains("| 2003-04-14 07:15:00 | `samples/relay-stopped.pcapng` |"));
}

#[test]
fn the_csv_for_excel_has_a_mark_and_the_separator_asked_for() {
    let of =
        |more: &[&str]| ehlotrace(&[&["scan", "--format", "csv", "samples/kb240832-lost.pcap"], more].concat()).stdout;
    let plain = of(&[]);
    assert!(plain.starts_with(b"\"capture\",\"member\","));
    assert_eq!(of(&["--excel"]), [b"\xef\xbb\xbf", &plain[..]].concat());
    assert!(of(&["--excel=semicolon"]).starts_with(b"\xef\xbb\xbf\"capture\";\"member\";"));
    assert!(of(&["--excel=semicolon", "--rows", "findings"]).starts_with(b"\xef\xbb\xbf\"sessions\";\"cause\";"));
    assert_eq!(ehlotrace(&["scan", "--excel", "samples/kb240832-lost.pcap"]).status.code(), Some(2));
}

#[test]
fn the_csv_has_a_row_a_session() {
    let output = ehlotrace(&["scan", "--format", "csv", "samples/relay-stopped.pcapng"]);
    let mut rows = csv::Reader::from_reader(&output.stdout[..]);
    let column = rows.headers().unwrap().iter().position(|name| name == "hello_argument").unwrap();
    let arguments: Vec<String> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(arguments.len(), 8);
    assert_eq!(arguments.iter().filter(|argument| *argument == "sub2.").count(), 6);
}

#[test]
fn an_archive_cut_within_a_capture_gives_what_came_before_and_says_where_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let capture = std::fs::read("samples/kb240832-lost.pcap").unwrap();
    let mut archive = make::gz(&make::tar(&[("a.pcap", &capture)]));
    archive.truncate(archive.len() * 3 / 4);
    let path = folder.path().join("ticket.tgz");
    std::fs::write(&path, archive).unwrap();
    let output = ehlotrace(&["scan", "--format", "json", path.to_str().unwrap()]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["captures"][0]["sessions"]), (Some(3), &Value::from(1)));
    let notes = report["captures"][0]["notes"].to_string();
    assert!(notes.contains("the packed data is cut off after byte "), "{notes}");
    assert_eq!(report["captures"][1]["error"]["kind"], "corrupt");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_in_a_circle_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("samples/kb240832-works.pcap", folder.path().join("a.pcap")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
    std::os::unix::fs::symlink("itself", folder.path().join("itself")).unwrap();
    let output = ehlotrace(&["scan", "--format", "json", folder.path().to_str().unwrap()]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["summary"]["captures"]), (Some(0), &Value::from(1)));

    // Named by itself it cannot be opened, and that is said.
    let output = ehlotrace(&["scan", folder.path().join("itself").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("itself: cannot be opened: "), "{}", text(&output.stderr));
}
