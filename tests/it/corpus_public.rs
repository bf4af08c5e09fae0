//! Public captures: frames, sessions, hello lines and reply codes as tshark has them.

use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::session::Session;
use serde_json::{Value, json};

use crate::corpus;

/// Where tshark, or the script around it, is wrong: file, and why. Nothing of these is compared but the frame count.
const TSHARK_IS_WRONG: &[(&str, &str)] =
    &[("protocol-change-failed-event.pcap", "takes what follows 220 to STARTTLS for TLS, though it is plain text")];

/// Captures that end in damage, for tshark too: what comes before it is compared.
const DAMAGED: &[&str] = &["smtp-to-comma--10.7.29.101_49898-178.63.41.150_25.pcap"];

const PORTS: [u16; 4] = [25, 465, 587, 2525];

#[test]
fn public_captures_give_what_tshark_gives() {
    let Some(folder) = corpus::folder("public") else { return };
    let expected = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for line in expected.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let name = expected["file"].as_str().unwrap();
        let (report, sessions) = corpus::sessions(&folder.join(name), &PORTS);
        let frames = report.info.as_ref().map_or(0, |info| info.frames);
        assert_eq!(json!(frames), expected["frames"], "frames of {name}");
        assert_eq!(report.error.is_some(), DAMAGED.contains(&name), "{name}: {:?}", report.error);
        if TSHARK_IS_WRONG.iter().any(|(file, _)| *file == name) {
            continue;
        }
        compared += 1;
        let found: Vec<Value> = sessions.iter().map(as_oracle).collect();
        let mut theirs = expected["sessions"].as_array().unwrap().clone();
        for session in &mut theirs {
            let session = session.as_object_mut().unwrap();
            session.retain(|key, _| !matches!(key.as_str(), "bytes_c" | "bytes_s"));
        }
        if found != theirs {
            wrong.push(format!("{name}\n   ours {}\n theirs {}", json!(found), json!(theirs)));
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 50, "only {compared} captures compared");
}

/// A session as the oracle lists it.
fn as_oracle((session, _): &(Session, Diagnosis)) -> Value {
    let transcript = &session.transcript;
    let latin1 = |octets: &[u8]| octets.iter().map(|octet| char::from(*octet)).collect::<String>();
    let hello: Vec<String> =
        transcript.hellos.iter().map(|hello| latin1(&transcript.hello_command(hello).unwrap().line)).collect();
    // Replies in order of time: a pipelined reply may stand beside a command of its own.
    let mut replies: Vec<_> = transcript.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref()).collect();
    replies.sort_by_key(|reply| reply.moment.frame);
    let codes: Vec<u16> = replies.iter().map(|reply| reply.code).collect();
    json!({
        "stream": session.tcp_stream,
        "client": endpoint(session.client),
        "server": endpoint(session.server),
        "first_frame": session.first.frame,
        "last_frame": session.last.frame,
        "syn": session.handshake.syn.is_some(),
        "hello": hello,
        "codes": codes,
        "starttls": transcript.starttls.accepted > 0,
    })
}

fn endpoint(address: std::net::SocketAddr) -> String {
    format!("{}:{}", address.ip(), address.port())
}
