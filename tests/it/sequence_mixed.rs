//! Captures that are no parts of one and are read as such all the same: it is said, and no session is made of two.

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{CaptureBuilder, FileOptions, Frame, SessionScript, write_pcap};

const CLIENT: &str = "192.168.1.10:1145";
const SERVER: &str = "192.168.1.25:25";
const REFUSED: &str = "S: 220 mx.example.net ESMTP\nC: EHLO sub2.\nS: 501 Invalid Address\nC: QUIT\nS: 221 bye";

fn at(capture: &mut CaptureBuilder, time: &str, isns: [u32; 2]) -> SessionScript {
    let session = capture.session(CLIENT, SERVER).start_at(time);
    session.client_isn(isns[0]).server_isn(isns[1])
}

/// The frames of a session between the same two addresses and ports.
fn session(time: &str, isns: [u32; 2]) -> Vec<Frame> {
    let mut capture = CaptureBuilder::new();
    let mut session = at(&mut capture, time, isns);
    session.handshake();
    session.dialogue(REFUSED);
    session.server_fin();
    session.client_fin();
    capture.frames()
}

/// The report on these captures read as one, and what was said on standard error.
fn in_sequence(captures: &[&[Frame]], format: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..captures.len()).map(|number| format!("{number}.pcap")).collect();
    for (name, frames) in names.iter().zip(captures) {
        fs::write(folder.path().join(name), write_pcap(frames, &FileOptions::default())).unwrap();
    }
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(folder.path()).args(["scan", "--sequence", "--show", "all", "--format", format]).args(names);
    let output = command.output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn sessions(captures: &[&[Frame]]) -> (Value, String) {
    let (report, complaint) = in_sequence(captures, "json");
    let report: Value = serde_json::from_str(&report).unwrap();
    let sessions = report["sessions"].as_array().unwrap();
    let frames =
        sessions.iter().map(|session| json!([session["first_frame"], session["last_frame"], session["outcome"]]));
    (frames.collect(), complaint)
}

/// The hello is in one customer's capture, the refusal in another's: nothing is known of either session.
#[test]
fn no_session_is_made_of_two_connections_that_have_but_their_ports_in_common() {
    for (what, other_time) in [
        ("overlapping", "2024-03-05T10:00:01Z"),
        ("right behind it", "2024-03-05T10:00:08Z"),
        ("years later", "2031-03-05T10:00:00Z"),
    ] {
        let (one, other) =
            (session("2024-03-05T10:00:00Z", [1_000, 2_000]), session(other_time, [900_000, 77_000_000]));
        // Up to the hello, and from the reply to it on.
        let (begun, ended) = (&one[..5], &other[5..]);
        let (found, complaint) = sessions(&[begun, ended]);
        let ended_at = 5 + ended.len();
        assert_eq!(found, json!([[1, 5, "unknown"], [6, ended_at, "unknown"]]), "{what}");
        assert!(complaint.contains("1 connection of one file does not go on in the next one"), "{what}: {complaint}");
        for format in ["table", "json", "jsonl", "csv", "markdown", "html"] {
            let (report, _) = in_sequence(&[begun, ended], format);
            assert!(report.contains("read them without --sequence"), "{what}, {format}: {report}");
        }
        // Two parts of one connection are one session, and nothing is said.
        let (found, complaint) = sessions(&[begun, &one[5..]]);
        assert_eq!((found, complaint.as_str()), (json!([[1, one.len(), "lost"]]), ""), "{what}");
    }
}

#[test]
fn captures_that_overlap_are_named() {
    let (first, second) =
        (session("2024-03-05T10:00:00Z", [1_000, 2_000]), session("2024-03-05T10:00:40Z", [9_000, 2_000]));
    let long = [&first[..], &session("2024-03-05T10:01:00Z", [800_000, 900_000])].concat();
    let (found, complaint) = sessions(&[&long, &second]);
    assert_eq!(found.as_array().unwrap().len(), 3);
    assert!(
        complaint.starts_with("ehlotrace: warning: 0.pcap ... 1.pcap: 1.pcap begins 21 s before 0.pcap ends: "),
        "{complaint}"
    );
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    // Files of several queues overlap a little, and a night in which no one sends is no overlap.
    let (_, complaint) = sessions(&[&first, &session("2024-03-06T10:00:00Z", [9_000, 2_000])]);
    assert_eq!(complaint, "");
}

/// What comes of a connection that is over is late only where it is of the same capture.
#[test]
fn a_connection_that_is_over_hides_none_of_a_later_capture() {
    let (one, other) =
        (session("2024-03-05T10:00:00Z", [1_000, 2_000]), session("2031-03-05T10:00:00Z", [900_000, 77_000_000]));
    let (found, complaint) = sessions(&[&one, &other[3..]]);
    assert_eq!(
        found,
        json!([[1, one.len(), "lost"], [one.len() + 1, one.len() + other.len() - 3, "lost"]]),
        "{complaint}"
    );
}
