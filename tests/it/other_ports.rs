//! SMTP on ports that nobody named is found, told, and followed where that can be done.

use std::path::Path;

use assert_cmd::Command;
use ehlotrace::limits::Limits;
use ehlotrace::scan::{OtherPorts, ScanOptions, scan};
use serde_json::{Value, json};

use crate::support::CaptureBuilder;
use crate::{corpus, make};

fn run(arguments: &[&str], stdin: &[u8]) -> String {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    let output = command.args(arguments).write_stdin(stdin).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn scanned(path: &Path, ports: &[&str]) -> Value {
    let arguments = [&["scan", "--format", "json"], ports, &[path.to_str().unwrap()]].concat();
    serde_json::from_str(&run(&arguments, b"")).unwrap()
}

/// A session lost on each of these ports.
fn capture(ports: &[u16]) -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    for (at, port) in ports.iter().enumerate() {
        let mut s = capture.session(&format!("192.0.2.10:{}", 41_000 + at), &format!("192.0.2.25:{port}"));
        s.handshake().dialogue("S: 220 mx.example.net\nC: EHLO sub2.\nS: 501 no\nC: QUIT\nS: 221 bye").server_fin();
        s.client_fin();
    }
    capture.finish_pcap()
}

/// A client and a server of another protocol on port 2525.
fn other_protocol(dialogue: &str) -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    capture.session("192.0.2.10:41000", "192.0.2.25:2525").handshake().dialogue(dialogue).client_fin().server_fin();
    capture.finish_pcap()
}

fn ports(report: &Value) -> Vec<u64> {
    let sessions = report["sessions"].as_array().unwrap();
    sessions.iter().map(|session| session["server"]["port"].as_u64().unwrap()).collect()
}

fn kept(octets: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), octets).unwrap();
    file
}

#[test]
fn beside_the_port_asked_for_others_are_named_and_with_any_followed() {
    let file = kept(&capture(&[25, 587, 587, 2525]));
    let named = scanned(file.path(), &[]);
    assert_eq!(ports(&named), [25]);
    let found = json!([{"port": 587, "connections": 2}, {"port": 2525, "connections": 1}]);
    assert_eq!(named["captures"][0]["other_ports"], found);
    assert_eq!(named["captures"][0]["other_ports_followed"], Value::Null);
    let any = scanned(file.path(), &["--port", "any,25"]);
    assert_eq!(ports(&any), [25, 587, 587, 2525]);
    assert_eq!(any["captures"][0]["other_ports"], found);
    assert_eq!(any["captures"][0]["other_ports_followed"], true);
    assert_eq!(any["summary"]["sessions"], 4);
}

#[test]
fn where_nothing_is_on_the_port_asked_for_the_others_are_followed_at_once() {
    let octets = capture(&[587, 2525]);
    let folder = tempfile::tempdir().unwrap();
    let tar = folder.path().join("ticket.tar");
    std::fs::write(&tar, make::tar(&[("empty.txt", b"x"), ("a.pcap", &capture(&[25])), ("b.pcap", &octets)])).unwrap();
    assert_eq!(ports(&scanned(kept(&octets).path(), &[])), [587, 2525]);
    assert_eq!(ports(&scanned(kept(&octets).path(), &["--sequence"])), [587, 2525]);
    assert_eq!(ports(&scanned(&tar, &[])), [25, 587, 2525]);
    let table = run(&["scan", kept(&octets).path().to_str().unwrap()], b"");
    assert!(table.contains("Note: SMTP also on port 587 (1 connection) and 2525 (1), followed, too"), "{table}");
    for command in ["trace", "extract"] {
        let out = folder.path().join("extract.pcapng");
        let options: &[&str] = if command == "trace" { &[] } else { &["-o", out.to_str().unwrap()] };
        let file = kept(&octets);
        let printed = run(&[&[command], options, &[file.path().to_str().unwrap()]].concat(), b"");
        let found =
            if command == "trace" { printed.matches("== Session").count() } else { ports(&scanned(&out, &[])).len() };
        assert_eq!(found, 2, "{command}: {printed}");
    }
}

#[test]
fn what_can_be_read_only_once_names_the_ports() {
    let table = run(&["scan", "-"], &capture(&[587, 2525]));
    let note = "Note: SMTP also on port 587 (1 connection) and 2525 (1), not followed: --port 25,587,2525";
    assert!(table.starts_with("No SMTP session found.\n") && table.contains(note), "{table}");
    let csv = run(&["scan", "--format", "csv", "-"], &capture(&[587]));
    assert!(csv.trim_end().ends_with("\"SMTP also on port 587 (1 connection), not followed: --port 25,587\""), "{csv}");
    for format in ["markdown", "html"] {
        let report = run(&["scan", "--format", format, "-"], &capture(&[587]));
        assert!(report.contains("SMTP also on port 587 (1 connection), not followed: --port 25,587"), "{report}");
    }
    assert_eq!(run(&["scan", "--format", "jsonl", "--port", "any", "-"], &capture(&[2525])).matches("2525").count(), 1);
}

#[test]
fn other_protocols_are_not_taken_for_smtp() {
    for dialogue in [
        "S: 220 FTP server ready\nC: USER ann\nS: 331 password\nC: CWD x\nS: 250 ok",
        "S: 200 news ready\nC: MODE READER\nS: 200 ok",
        "S: +OK POP3\nC: USER ann\nS: +OK",
        "S: * OK IMAP4rev1\nC: a LOGIN ann secret\nS: a OK",
        "C: GET / HTTP/1.1\nS: HTTP/1.1 200 OK",
        "C: EHLO x\nS: HTTP/1.1 400 Bad Request",
        "S: SSH-2.0-OpenSSH\nC: EHLO x\nS: Protocol mismatch.",
    ] {
        let report = scanned(kept(&other_protocol(dialogue)).path(), &["--port", "any"]);
        assert_eq!(report["captures"][0]["other_ports"], Value::Null, "{dialogue}");
    }
    let Some(wild) = corpus::folder("wild") else { return };
    for name in ["made--ftp-client-port-25", "made--ftp-client-port-2525", "the-minecrafters--mailent-ehlo-to-ssh"] {
        let report = scanned(&wild.join(format!("{name}.pcap")), &["--port", "26"]);
        assert_eq!(report["captures"][0]["other_ports"], Value::Null, "{name}");
    }
}

#[test]
fn past_the_bounds_ports_are_only_counted_and_connections_forgotten() {
    // Frames of the sessions alternate.
    let found = |limits: Limits| -> OtherPorts {
        let mut options = ScanOptions::new();
        options.limits = limits;
        let capture = Box::new(std::io::Cursor::new(capture(&[587, 2525, 2526])));
        scan(capture, &options, &mut |_, _| {}).unwrap().other_ports
    };
    let all = found(Limits::default());
    assert_eq!((all.found, all.omitted), (vec![(587, 1), (2525, 1), (2526, 1)], 0));
    let ports = found(Limits { other_ports: 1, ..Limits::default() });
    assert_eq!((ports.found.len(), ports.omitted), (1, 2));
    assert_eq!(found(Limits { other_connections: 1, ..Limits::default() }).found, []);
}
