//! What is read is never written over, and what was there stays until the new file is whole.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn sample(name: &str) -> String {
    format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program in `folder`, with `stdin` as standard input.
fn run(folder: &Path, arguments: &[&str], stdin: Option<&str>) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace"));
    command.current_dir(folder).args(arguments);
    command.stdin(stdin.map_or_else(Stdio::null, |name| File::open(folder.join(name)).unwrap().into()));
    command.output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
#[cfg(unix)]
fn nothing_that_is_read_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(sample("kb240832-lost.pcap"), at("a.pcap")).unwrap();
    fs::hard_link(at("a.pcap"), at("hard")).unwrap();
    std::os::unix::fs::symlink("a.pcap", at("soft")).unwrap();
    fs::write(at("list"), "a.pcap\n").unwrap();
    fs::write(at("key"), "sixteen bytes and more").unwrap();
    let before = fs::read(at("a.pcap")).unwrap();
    let kept = |arguments: &[&str], stdin| {
        let output = run(folder.path(), arguments, stdin);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("choose another"), "{arguments:?}: {error}");
        assert_eq!(fs::read(at("a.pcap")).unwrap(), before, "{arguments:?}");
    };
    for target in ["a.pcap", "hard", "soft", "./a.pcap"] {
        kept(&["scan", "a.pcap", "-o", target], None);
        kept(&["extract", "a.pcap", "-o", target], None);
        kept(&["scan", "-", "-o", target], Some("a.pcap"));
        kept(&["extract", "-", "-o", target], Some("a.pcap"));
    }
    kept(&["scan", "--files-from", "list", "-o", "list"], None);
    kept(&["scan", "a.pcap", "--files-from", "-", "-o", "list"], Some("list"));
    kept(&["extract", "a.pcap", "--redact", "--redact-key", "key", "-o", "key"], None);
    assert_eq!(fs::read(at("list")).unwrap(), b"a.pcap\n");
}

#[test]
fn a_report_takes_the_place_of_another_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    fs::write(&report, "old").unwrap();
    fs::write(folder.path().join("no.pcap"), "this is no capture").unwrap();
    let failed = run(folder.path(), &["scan", "no.pcap", "-o", "report"], None);
    assert_eq!((failed.status.code(), fs::read(&report).unwrap()), (Some(2), b"old".to_vec()));
    let lost = sample("kb240832-lost.pcap");
    let written = run(folder.path(), &["scan", &lost, "-o", "report"], None);
    assert_eq!(written.status.code(), Some(1), "{}", String::from_utf8_lossy(&written.stderr));
    assert!(written.stdout.is_empty() && fs::read_to_string(&report).unwrap().contains("ehlo-argument"));
    assert_eq!(names(folder.path()), ["no.pcap", "report"]);
}

/// A run that is killed, or may not write so much, leaves the old report and nothing else.
#[test]
#[cfg(target_os = "linux")]
fn a_run_that_is_cut_short_leaves_the_old_report_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report"), "old").unwrap();
    let program = assert_cmd::cargo::cargo_bin!("ehlotrace");
    let lost = sample("relay-stopped.pcapng");
    for limit in ["ulimit -f 1", "ulimit -f 0"] {
        let script = format!("{limit}; exec \"$0\" scan --format html \"$1\" -o report");
        let output = Command::new("sh")
            .current_dir(folder.path())
            .args(["-c", &script])
            .arg(program)
            .arg(&lost)
            .output()
            .unwrap();
        assert!(!matches!(output.status.code(), Some(0 | 1)), "{limit}: {output:?}");
        assert_eq!(fs::read(folder.path().join("report")).unwrap(), b"old", "{limit}");
        assert_eq!(names(folder.path()), ["report"], "{limit}");
    }
    // It waits for standard input when it is killed.
    let mut child = Command::new(program)
        .current_dir(folder.path())
        .args(["scan", "--format", "jsonl", "-", &lost, "-o", "report"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read(folder.path().join("report")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["report"]);
}

/// Whoever reads the report has seen enough: no format calls that an error.
#[test]
fn a_reader_that_goes_away_is_no_error_in_any_format() {
    for format in ["table", "json", "jsonl", "csv", "markdown", "html"] {
        let folder = tempfile::tempdir().unwrap();
        let samples = format!("{}/samples", env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace"))
            .current_dir(folder.path())
            .args(["scan", "--show", "all", "--format", format, &samples])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*error), (Some(0), ""), "{format}");
    }
}
