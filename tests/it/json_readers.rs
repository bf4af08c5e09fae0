//! DuckDB, Polars and pyarrow read whole JSON Lines, with no option.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::generate_load;
use crate::support::CaptureBuilder;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/json_readers.py");
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");

/// More lines than DuckDB looks at (20,480) before it settles the types of fields; Polars looks at 100, pyarrow at 1 MiB.
const LINES: usize = 20_500;

/// The Python to run: `PYTHON` in the environment, or the one in the path, if it has the three.
fn python() -> Option<String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import duckdb, polars, pyarrow"]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("skipped: {python} with duckdb, polars and pyarrow is missing");
    None
}

/// A session whose texts are no UTF-8, and look like dates and numbers.
fn odd_session() -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    let mut session = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    session.handshake().server(b"220 2024-03-05\r\n").client(b"EHLO b\xfccher.example\r\n");
    session.server(b"501-17\r\n501 \xff\r\n").client(b"QUIT\r\n").server_fin().client_fin();
    capture.finish_pcap()
}

/// As many lines as a full read has, the same sessions again and again, with what is rare at the end.
fn long_report(folder: &Path, arguments: &[&str]) -> String {
    let mut load = Vec::new();
    generate_load::smtp(&mut generate_load::Pcap::new(&mut load).unwrap(), 100).unwrap();
    fs::write(folder.join("load.pcap"), load).unwrap();
    fs::write(folder.join("odd.pcap"), odd_session()).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(folder).args(["scan", "--format", "jsonl"]).args(arguments).args([
        "load.pcap",
        SAMPLES,
        "odd.pcap",
    ]);
    let report = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let is_common = |line: &&str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["type"] == "session" && line["path"] == "load.pcap"
    };
    let common: Vec<&str> = report.lines().filter(is_common).collect();
    assert_eq!(common.len(), 100);
    let (first, rest) = report.split_once('\n').unwrap();
    let lines: Vec<&str> = [first].into_iter().chain(common.into_iter().cycle().take(LINES)).collect();
    format!("{}\n{rest}", lines.join("\n"))
}

#[test]
fn duckdb_polars_and_pyarrow_read_all_lines_with_no_option() {
    let Some(python) = python() else { return };
    for arguments in [&[][..], &["--brief"]] {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.jsonl");
        fs::write(&report, long_report(folder.path(), arguments)).unwrap();
        let output = Command::new(&python).arg(SCRIPT).arg(&report).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}
