//! The command where the names of files, the names of members and the text of the capture all attack every output.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

use crate::report_hostile::is_harmful;
use crate::support::CaptureBuilder;

/// What a file may be called: controls, a change of direction, the start of a formula, a table's pipes, markup, a line
/// of its own, and no UTF-8.
const NAMES: &[&[u8]] = &[
    b"=cmd|' -C calc'!A0.pcap",
    b"\x1b[2J\x1b]0;title\x07.pcap",
    "\u{202e}pacp.x\u{2066}\u{feff}.pcap".as_bytes(),
    b"a|b`c`<script>alert(1)<!script>\n## lost.pcap",
    b"\xff\xc3(.pcap",
];

const TEXT: &str = "=1+2|\u{1b}[31m\u{202e}`<script>alert(1)</script>\u{9b}";

fn hostile_capture() -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    let mut session = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    session
        .handshake()
        .server(format!("220-{TEXT}\r\n220 {TEXT}\r\n").as_bytes())
        .client(format!("EHLO {TEXT}\r\n").as_bytes())
        .server(format!("501 {TEXT}\r\n").as_bytes())
        .client(format!("{TEXT}\r\n").as_bytes())
        .server(format!("500 {TEXT}\r\n").as_bytes())
        .client(b"QUIT\r\n")
        .client_fin()
        .server_fin();
    capture.finish_pcap()
}

/// A folder with a capture under every name, one cut short under every name, and an archive with them all as members.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let capture = hostile_capture();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(folder.path().join("ticket.zip")).unwrap());
    for name in NAMES {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(&path, &capture).unwrap();
        let broken = [&b"broken"[..], name].concat();
        std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(&broken)), &capture[..20]).unwrap();
        for (prefix, octets) in [("", &capture[..]), ("broken", &capture[..20])] {
            let member = format!("{prefix}{}", String::from_utf8_lossy(name));
            zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(octets).unwrap();
        }
    }
    zip.finish().unwrap();
    folder
}

fn run(arguments: &[&str], path: &Path) -> Output {
    Command::cargo_bin("ehlotrace").unwrap().args(arguments).arg(path).output().unwrap()
}

fn assert_harmless(octets: &[u8], what: &str) {
    let text = std::str::from_utf8(octets).unwrap_or_else(|error| panic!("{what}: {error}"));
    let harmful: Vec<char> = text.chars().filter(|character| is_harmful(*character)).collect();
    assert_eq!(harmful, [], "{what}: {text}");
    assert!(!text.contains("<script>alert"), "{what}: {text}");
}

const OUTPUTS: &[&[&str]] = &[
    &["scan", "--show", "all", "--format", "json"],
    &["scan", "--show", "all", "--format", "jsonl"],
    &["scan", "--show", "all", "--format", "csv"],
    &["scan", "--show", "all", "--format", "markdown"],
    &["scan", "--show", "all", "--format", "html"],
];

#[test]
fn no_name_and_no_text_gets_out_unescaped() {
    let folder = folder();
    for arguments in OUTPUTS {
        let output = run(arguments, folder.path());
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        if arguments.contains(&"html") {
            assert_harmless(&output.stdout, &format!("{arguments:?}"));
        } else {
            // Markup is plain text there: what shows these has to escape it.
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(text.chars().find(|character| is_harmful(*character)), None, "{arguments:?}: {text}");
        }
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors.chars().find(|character| is_harmful(*character)), None, "{errors}");
        assert!(errors.lines().all(|line| line.starts_with("ehlotrace: ")), "a name made a line of its own: {errors}");
    }
}

#[test]
fn tables_and_traces_of_every_file_are_harmless() {
    let folder = folder();
    let views: [&[&str]; 5] = [
        &["scan", "--show", "all"],
        &["trace", "--all"],
        &["trace", "--all", "--summary"],
        &["trace", "--all", "--detail", "--hex"],
        &["extract", "--all", "-o", "/dev/null"],
    ];
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        for arguments in views {
            let output = run(arguments, &path);
            let is_broken = path.file_name().unwrap().as_bytes().starts_with(b"broken");
            assert_eq!(output.status.code() == Some(2), is_broken, "{arguments:?} {path:?}: {output:?}");
            for text in [output.stdout, output.stderr] {
                let text = String::from_utf8(text).unwrap();
                assert_eq!(text.chars().find(|character| is_harmful(*character)), None, "{arguments:?}: {text}");
            }
        }
    }
}

#[test]
fn no_cell_of_the_csv_is_a_formula() {
    let output = run(OUTPUTS[2], folder().path());
    let mut rows = csv::ReaderBuilder::new().from_reader(&output.stdout[..]);
    let mut cells = 0;
    for row in rows.records() {
        for cell in &row.unwrap() {
            cells += 1;
            let is_number = cell.parse::<f64>().is_ok();
            assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
    assert!(cells > 100, "only {cells} cells");
}

#[test]
fn a_hostile_argument_is_explained_without_harm() {
    for arguments in [&["check"][..], &["check", "--format", "json"]] {
        let output = Command::cargo_bin("ehlotrace").unwrap().args(arguments).arg(TEXT).output().unwrap();
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.chars().find(|character| is_harmful(*character)), None, "{text}");
        }
    }
}
