//! What other tools know a session by, and the TLS in it, as tshark has them.

use ehlotrace::session::Session;
use ehlotrace::smtp::Alert;

use crate::{corpus, oracle};

const FIELDS: [&str; 8] = [
    "frame.number",
    "communityid",
    "tls.handshake.type",
    "tls.handshake.extensions_server_name",
    "tls.handshake.version",
    "tls.handshake.extensions.supported_version",
    "tls.alert_message.level",
    "tls.alert_message.desc",
];

const OPTIONS: [&str; 2] = ["--enable-protocol", "communityid"];

#[test]
fn sessions_are_known_by_what_tshark_knows_them_by() {
    let (mut sessions_seen, mut hellos_seen) = (0, 0);
    for file in oracle::captures(&["public", "lab", "formats"]) {
        let Some(rows) = oracle::fields(&file, &OPTIONS, &FIELDS) else { return };
        let (_, sessions) = corpus::sessions(&file, &[25, 465, 587, 2525]);
        for (session, _) in &sessions {
            let row = &rows[usize::try_from(session.first.frame).unwrap() - 1];
            assert_eq!(row[..2], [session.first.frame.to_string(), session.community_id()], "{}", file.display());
        }
        let theirs: Vec<String> = rows.iter().filter_map(|row| as_ours(row)).collect();
        let mut ours: Vec<(u64, String)> = sessions.iter().flat_map(|(session, _)| told(session)).collect();
        ours.sort();
        let ours: Vec<String> = ours.into_iter().map(|(_, text)| text).collect();
        assert_eq!(ours, theirs, "{}", file.display());
        sessions_seen += sessions.len();
        hellos_seen += ours.len();
    }
    assert!(sessions_seen > 30 && hellos_seen > 3, "only {sessions_seen} sessions and {hellos_seen} hellos compared");
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

/// A row of tshark's as [`told`] has it, if there is a hello or an alert in it.
fn as_ours(row: &[String]) -> Option<String> {
    let [frame, _, kind, name, version, supported, level, description] = row else { panic!("{row:?}") };
    if !description.is_empty() {
        return Some(format!("{frame} alert {level} {description}"));
    }
    let kind = kind.split(',').next().filter(|kind| matches!(*kind, "1" | "2"))?;
    let number = |text: &str| u16::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let listed = supported.split(',').filter(|text| text.starts_with("0x03")).map(number).max();
    let version = listed.unwrap_or_else(|| number(version.split(',').next().unwrap()));
    Some(format!("{frame} {kind} {name} {version:04x}"))
}
