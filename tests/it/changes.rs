//! Since when a relay does not work: told where it is clear, and only there.

use serde_json::Value;

use crate::support::{CaptureBuilder, SessionScript};

/// One session every ten minutes: `G` delivers, `B` is refused for `EHLO sub2.`, `R` for its recipient, `.` is none.
fn capture(sessions: &str) -> Vec<u8> {
    let mut capture = CaptureBuilder::new().start_at("2003-04-14T06:00:00Z");
    for (number, kind) in sessions.chars().enumerate().filter(|(_, kind)| *kind != '.') {
        let mut s = capture.session(&format!("192.0.2.10:{}", 3_000 + number), "192.0.2.25:25");
        s.wait_s(600 * number as i64).handshake().dialogue("S: 220 mail.example.net ESMTP Postfix");
        let name = if kind == 'B' { "sub2." } else { "sub2.example.com" };
        s.dialogue(&format!("C: EHLO {name}"));
        match kind {
            'B' => _ = s.dialogue("S: 501 5.5.4 Invalid Address"),
            _ => transaction(&mut s, kind == 'G'),
        }
        s.dialogue(
            "C: QUIT
             S: 221 2.0.0 Bye",
        );
        s.server_fin().client_fin();
    }
    capture.finish_pcap()
}

fn transaction(s: &mut SessionScript, is_delivered: bool) {
    s.dialogue(
        "S: 250 mail.example.net
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>",
    );
    if is_delivered {
        s.dialogue(
            "S: 250 2.1.5 Ok
             C: DATA
             S: 354 End data with <CR><LF>.<CR><LF>
             C: Subject: minutes
             C: .
             S: 250 2.0.0 Ok: queued",
        );
    } else {
        s.dialogue("S: 550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown");
    }
}

/// The relays of a report on these captures, read as those of one site.
fn relays(captures: &[&[u8]]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = assert_cmd::Command::cargo_bin("ehlotrace").unwrap();
    command.args(["scan", "--together", "--format", "json"]);
    for (number, capture) in captures.iter().enumerate() {
        let path = folder.path().join(format!("{number}.pcap"));
        std::fs::write(&path, capture).unwrap();
        command.arg(path);
    }
    let document: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    document["relays"].as_array().unwrap().clone()
}

/// The turns of the only relay, each with the numbers of sessions on both sides: `stopped 3 4`.
fn turns(captures: &[&[u8]]) -> Vec<String> {
    let relays = relays(captures);
    let changes = relays.first().and_then(|relay| relay["changes"].as_array().cloned()).unwrap_or_default();
    let told = changes.iter().map(|change| {
        format!("{} {} {}", change["turn"].as_str().unwrap(), change["sessions_before"], change["sessions_after"])
    });
    told.collect()
}

#[test]
fn a_change_is_told_where_both_sides_are_clear() {
    for (sessions, told) in [
        ("GGGBBBBBBB", &["stopped 3 7"][..]),
        ("BBBBBBBGGG", &["resumed 7 3"]),
        ("GGGGGBBBBBBGGGGG", &["stopped 5 6", "resumed 6 5"]),
        // One that was lost long before does not hide it.
        ("GGGBGGGGGGGGBBBBBBBBBBB", &["stopped 8 11"]),
        // What is lost for another reason stands beside it.
        ("GRGRGGRGBBBRBB", &["stopped 5 5"]),
        ("GG......GG....BBBBBB", &["stopped 4 6"]),
    ] {
        assert_eq!(turns(&[&capture(sessions)]), told, "{sessions}");
    }
}

#[test]
fn nothing_is_told_where_they_are_not() {
    for sessions in [
        "GGBBBBBBBB",
        "GGGGGGGGBB",
        "GGGBBB",
        "GBGBGBGBGBGB",
        "BBBBB",
        "GGGGG",
        "GRRGRGRRG",
        "GGGBBGBBBBGG",
        "GGGBBBGGGBBBGGGBBBGGGBBBGGGBBB",
    ] {
        assert_eq!(turns(&[&capture(sessions)]), [""; 0], "{sessions}");
    }
}

#[test]
fn the_order_of_captures_and_sessions_between_sessions_change_nothing() {
    let (early, late) = (capture("GGGG......"), capture("....GGBBBBBB"));
    assert_eq!(turns(&[&early, &late]), ["stopped 6 6"]);
    assert_eq!(turns(&[&late, &early]), ["stopped 6 6"]);
    // A second capture shows the relay to have delivered meanwhile: all of it is mixed.
    let meanwhile = capture("......G.G.G.");
    let mixed = relays(&[&early, &late, &meanwhile]);
    assert_eq!(mixed[0]["changes"], Value::Null);
}

#[test]
fn what_was_different_is_told() {
    let change = relays(&[&capture("GGGGGBBBBB")])[0]["changes"][0].clone();
    assert_eq!(change["cause"], "ehlo-argument");
    assert_eq!(change["last_before"], "2003-04-14T06:40:00.000000000Z");
    assert_eq!(change["first_after"], "2003-04-14T06:50:00.000000000Z");
    assert_eq!(change["differences_known"], true);
    assert_eq!(change["differences"], serde_json::json!(["hello `EHLO sub2.`, before `EHLO sub2.example.com`"]));
    // The recipients changed, of which nothing is compared.
    let change = relays(&[&capture("GGGGGRRRRR")])[0]["changes"][0].clone();
    assert_eq!((&change["cause"], &change["differences"]), (&"recipients-refused".into(), &serde_json::json!([])));
}

/// The captures of real servers: every hello of a kind goes to each server in turn, so nothing stops or resumes.
#[test]
fn captures_of_real_servers_have_no_change() {
    let lab = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/lab");
    if !std::path::Path::new(lab).is_dir() {
        println!("skipped: there is no {lab}/");
        return;
    }
    let mut command = assert_cmd::Command::cargo_bin("ehlotrace").unwrap();
    let output = command.args(["scan", "--port", "any", "--format", "json", lab]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let relays = document["relays"].as_array().unwrap();
    assert!(relays.len() > 20);
    for relay in relays {
        assert_eq!(relay["changes"], Value::Null, "{relay}");
    }
}
