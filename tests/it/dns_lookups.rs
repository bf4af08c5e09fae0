//! DNS lookups in a capture: those that led to a session stand with it, those that led nowhere in the capture's report.

// Code of tests may panic, that is how it reports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use std::io::Cursor;

use ehlotrace::dns::FailedLookups;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;

use crate::corpus;
use crate::support::CaptureBuilder;
use crate::support::dns::{A, ANSWER, MX, NXDOMAIN, QUESTION, exchange, frame};

const CLIENT: &str = "192.0.2.10";
/// Two deliveries: one that reaches its server, and one whose domain does not exist.
fn capture() -> Vec<u8> {
    let mut capture = CaptureBuilder::new().start_at("2024-03-05T09:00:00Z");
    let millis = 1_000_000;
    capture
        .raw_frame(-60 * millis, frame(QUESTION, "example.net", MX, None))
        .raw_frame(-50 * millis, frame(ANSWER, "example.net", MX, Some(&exchange(10, "mx.example.net"))))
        .raw_frame(-40 * millis, frame(QUESTION, "mx.example.net", A, None))
        .raw_frame(-30 * millis, frame(ANSWER, "mx.example.net", A, Some(&[192, 0, 2, 25])))
        .raw_frame(-20 * millis, frame(QUESTION, "exmaple.net", MX, None))
        .raw_frame(-10 * millis, frame(NXDOMAIN, "exmaple.net", MX, None));
    let mut session = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    session.handshake().dialogue("S: 220 mx.example.net ESMTP\nC: EHLO sub2.\nS: 501 Invalid Address");
    session.client_fin().server_fin();
    capture.finish_pcap()
}

fn scanned(octets: Vec<u8>, dns: bool) -> (Vec<Session>, FailedLookups) {
    let mut options = ScanOptions::default();
    options.dns = dns;
    let mut sessions = Vec::new();
    let report = scan(Box::new(Cursor::new(octets)), &options, &mut |session, _| sessions.push(session)).unwrap();
    assert!(report.undecoded.is_empty(), "{:?}", report.undecoded);
    (sessions, report.failed_lookups)
}

#[test]
fn a_session_has_the_lookups_that_led_to_it_and_a_failure_stands_alone() {
    let (sessions, failed) = scanned(capture(), true);
    let [session] = &sessions[..] else { panic!("{} sessions", sessions.len()) };
    let steps = &session.lookup.as_ref().unwrap().steps;
    let shown: Vec<String> =
        steps.iter().map(|step| format!("{} {} {}", step.answered.frame, step.name, step.answer)).collect();
    assert_eq!(shown, ["2 example.net 10 mx.example.net", "4 mx.example.net 192.0.2.25"]);
    let [failed] = &failed.listed[..] else { panic!("{failed:?}") };
    assert_eq!((failed.moment.frame, failed.answered.unwrap().frame), (5, 6));
    assert_eq!((&*failed.name, failed.why.text()), ("exmaple.net", "the name does not exist (NXDOMAIN)".to_owned()));
    assert_eq!((failed.client.to_string().as_str(), failed.is_server_too), (CLIENT, false));
}

#[test]
fn lookups_are_not_followed_unless_asked_for() {
    let (sessions, failed) = scanned(capture(), false);
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].lookup.clone(), failed), (None, FailedLookups::default()));
}

#[test]
fn a_public_capture_shows_how_its_client_found_the_server() {
    let Some(folder) = corpus::folder("public") else { return };
    let (report, sessions) = corpus::sessions(&folder.join("bug-3616-smtp.pcap"), &[25]);
    let steps = &sessions[0].0.lookup.as_ref().unwrap().steps;
    assert_eq!((steps.len(), steps[0].answered.frame, &*steps[0].answer), (1, 2, "74.53.140.153"));
    assert_eq!(report.failed_lookups, FailedLookups::default());
}

fn run(arguments: &[&std::ffi::OsStr]) -> serde_json::Value {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace"));
    let output = command.args(["scan", "--format", "json", "--tcp-stream"]).args(arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Both numbers, the lookups and the failure of the first session and capture.
fn identity(report: &serde_json::Value) -> [String; 4] {
    let session = &report["sessions"][0];
    let failed = &report["captures"][0]["failed_lookups"];
    [&session["tcp_stream"], &session["community_id"], &session["lookups"], failed].map(ToString::to_string)
}

#[test]
fn a_sequence_and_an_archive_give_what_the_capture_gives() {
    let folder = tempfile::tempdir().unwrap();
    let octets = capture();
    let whole = folder.path().join("whole.pcap");
    std::fs::write(&whole, &octets).unwrap();
    // The second part begins with the third frame: header, then per frame 16 octets and what the first field counts.
    let frame_end = |at: usize| at + 16 + u32::from_le_bytes(octets[at + 8..at + 12].try_into().unwrap()) as usize;
    let cut = frame_end(frame_end(24));
    let parts = [&octets[..cut], &[&octets[..24], &octets[cut..]].concat()].map(<[u8]>::to_vec);
    let names = [folder.path().join("a.pcap"), folder.path().join("b.pcap")];
    names.iter().zip(parts).for_each(|(name, part)| std::fs::write(name, part).unwrap());
    let archive = folder.path().join("whole.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&archive).unwrap());
    tar.append_path_with_name(&whole, "trace.pcap").unwrap();
    tar.finish().unwrap();

    let expected = identity(&run(&[whole.as_os_str()]));
    assert_eq!(expected[..2], ["0", "\"1:6fEuI9gGn3YuToz/q4dPWX2EkJ8=\""]);
    assert!(expected[2].contains("10 mx.example.net") && expected[3].contains("nxdomain"), "{expected:?}");
    assert_eq!(identity(&run(&["--sequence".as_ref(), names[0].as_os_str(), names[1].as_os_str()])), expected);
    assert_eq!(identity(&run(&[archive.as_os_str()])), expected);
}
