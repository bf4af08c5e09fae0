//! `ehlotrace trace` as a user runs it.

use std::process::Output;

use assert_cmd::Command;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("trace").args(arguments);
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    parts(&command(arguments).output().unwrap())
}

fn parts(output: &Output) -> (i32, String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

const LOST: &str = "samples/kb240832-lost.pcap";

#[test]
fn a_pipe_gives_what_the_file_gives() {
    let capture = std::fs::read(format!("{}/{LOST}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let piped = parts(&command(&["-"]).write_stdin(capture).output().unwrap());
    assert_eq!(piped, run(&[LOST]));
    assert_eq!((piped.0, piped.2.as_str()), (1, ""));
    assert!(piped.1.contains("      SMTP: Data = EHLO sub2.\n") && !piped.1.contains('\u{1b}'), "{}", piped.1);
}

#[test]
fn the_exit_code_is_that_of_a_scan() {
    assert_eq!(run(&["samples/kb240832-works.pcap"]).0, 0);
    let (code, out, error) = run(&["missing.pcap"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.starts_with("ehlotrace: missing.pcap: cannot be opened: "), "{error}");
    let (code, _, error) = run(&["README.md"]);
    assert_eq!(code, 2);
    assert!(error.starts_with("ehlotrace: README.md: not a capture"), "{error}");
    assert_eq!(run(&["--frames", "9-3", LOST]).0, 2);
    assert_eq!(run(&["--summary", "--hex", LOST]).0, 2);
}

#[test]
fn a_damaged_capture_is_traced_up_to_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.pcap");
    let mut capture = std::fs::read(format!("{}/{LOST}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // A record that claims more octets than any packet has.
    capture.extend([0; 8].into_iter().chain([0xff; 8]));
    std::fs::write(&path, capture).unwrap();
    let (code, out, error) = run(&[path.to_str().unwrap()]);
    assert_eq!(code, 3, "{error}");
    assert!(out.contains("SMTP: Data = EHLO sub2.") && error.contains("damaged.pcap"), "{error}");
}

#[test]
fn a_choice_that_shows_nothing_says_why() {
    let (code, out, error) = run(&["--session", "7", LOST]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(error, format!("ehlotrace: {LOST}: no session has this number; the capture has 1\n"));
    let (code, out, error) = run(&["--lost", "samples/kb240832-works.pcap"]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(error, "ehlotrace: samples/kb240832-works.pcap: no session was lost\n");
    // Nobody speaks in it: with a word of SMTP on another port that would be followed.
    let silent = "samples/connect-unanswered.pcap";
    let (code, _, error) = run(&["--port", "2525", silent]);
    assert_eq!((code, error), (0, format!("ehlotrace: {silent}: no SMTP session on these ports\n")));
}
