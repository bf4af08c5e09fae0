//! Hellos and alerts of TLS, frame by frame, as tshark has them.

use ehlotrace::session::Session;
use ehlotrace::smtp::Alert;

use crate::{corpus, oracle};

const FIELDS: [&str; 7] = [
    "frame.number",
    "tls.handshake.type",
    "tls.handshake.extensions_server_name",
    "tls.handshake.version",
    "tls.handshake.extensions.supported_version",
    "tls.alert_message.level",
    "tls.alert_message.desc",
];

#[test]
fn tls_is_what_tshark_sees() {
    let mut compared = 0;
    for file in oracle::captures(&["public", "lab"]) {
        let filter = "tls.handshake.type in {1, 2} or tls.alert_message.desc";
        let Some(rows) = oracle::fields(&file, &["-o", "tcp.desegment_tcp_streams:TRUE"], filter, &FIELDS) else {
            return;
        };
        let theirs: Vec<String> = rows.iter().map(|row| as_ours(row)).collect();
        let (_, sessions) = corpus::sessions(&file, &[25, 465, 587, 2525]);
        let mut ours: Vec<(u64, String)> = sessions.iter().flat_map(|(session, _)| told(session)).collect();
        ours.sort();
        let ours: Vec<String> = ours.into_iter().map(|(_, text)| text).collect();
        compared += ours.len();
        assert_eq!(ours, theirs, "{}", file.display());
    }
    assert!(compared > 5, "only {compared} compared");
}

fn told(session: &Session) -> Vec<(u64, String)> {
    let tls = &session.transcript.tls;
    let client = tls.client_hello.as_ref().map(|hello| {
        let name = hello.server_name.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        (hello.moment.frame, format!("{} 1 {name} {:04x}", hello.moment.frame, hello.version.0))
    });
    let server = tls
        .server_hello
        .map(|hello| (hello.moment.frame, format!("{} 2  {:04x}", hello.moment.frame, hello.version.0)));
    let alert = |alert: Alert| {
        (alert.moment.frame, format!("{} alert {} {}", alert.moment.frame, alert.level, alert.description))
    };
    let alerts = [tls.client.alert, tls.server.alert].into_iter().flatten().map(alert);
    client.into_iter().chain(server).chain(alerts).collect()
}

/// A row of tshark's as [`told`] has it.
fn as_ours(row: &[String]) -> String {
    let [frame, kind, name, version, supported, level, description] = row else { panic!("{row:?}") };
    if kind.is_empty() {
        return format!("{frame} alert {level} {description}");
    }
    let kind = kind.split(',').next().unwrap();
    let number = |text: &str| u16::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let listed = supported.split(',').filter(|text| text.starts_with("0x03")).map(number).max();
    let version = listed.unwrap_or_else(|| number(version.split(',').next().unwrap()));
    format!("{frame} {kind} {name} {version:04x}")
}
