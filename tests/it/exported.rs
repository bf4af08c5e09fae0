//! PDUs that Wireshark exports, by the program itself where it is installed.

use std::path::PathBuf;
use std::process::Command;

use ehlotrace::session::Exported;

use crate::corpus;

const PORTS: [u16; 2] = [25, 587];

fn sample(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")).join(name)
}

/// Outcome and cause of the only session.
fn verdict(file: &PathBuf) -> (&'static str, Option<&'static str>) {
    let (report, sessions) = corpus::sessions(file, &PORTS);
    assert!(report.error.is_none() && report.undecoded.is_empty(), "{}: {report:?}", file.display());
    let [(_, found)] = &sessions[..] else { panic!("{}: {} sessions", file.display(), sessions.len()) };
    (found.outcome.code(), found.cause.map(|rule| rule.code))
}

#[test]
fn what_tshark_exports_of_layer_4_gets_the_verdict_of_its_capture() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["kb240832-lost", "kb240832-works", "recovered", "relaying-denied", "message-refused", "auth-failed"] {
        let (from, to) = (sample(&format!("{name}.pcap")), folder.path().join(format!("{name}.pcapng")));
        let tshark = Command::new("tshark").args(["-U", "OSI layer 4", "-r"]).arg(&from).arg("-w").arg(&to).output();
        if !tshark.is_ok_and(|output| output.status.success()) {
            println!("skipped: no tshark that exports PDUs");
            return;
        }
        assert_eq!(verdict(&to), verdict(&from), "{name}");
    }
}

#[test]
fn what_tls_hid_is_one_session_from_its_first_command_on() {
    let (_, sessions) = corpus::sessions(&sample("exported.pcap"), &PORTS);
    let (session, _) = &sessions[0];
    assert_eq!(session.exported, Some(Exported::Decrypted));
    let lines: Vec<_> =
        session.transcript.exchanges.iter().map(|exchange| exchange.reply.as_ref().unwrap().code).collect();
    assert_eq!((lines, session.anomalies.gap_octets, session.segments), (vec![501, 221], 0, 4));
}
