//! Captures of real mail servers under every kind of hello argument: each session gets the verdict that its making says.

use std::collections::BTreeMap;

use ehlotrace::diagnosis::{Diagnosis, Outcome};
use ehlotrace::session::Session;
use serde_json::Value;

use crate::corpus;

/// Sessions whose verdict is argued otherwise: capture, first frame, why.
const ARGUED: &[(&str, u64, &str)] = &[];

#[test]
fn lab_captures_give_the_verdict_of_their_making() {
    let Some(folder) = corpus::folder("lab") else { return };
    let mut wrong = Vec::new();
    let mut strict = 0;
    for file in corpus::captures(&folder) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let truth = std::fs::read_to_string(file.with_extension("truth.json")).unwrap();
        let truth: Vec<Value> = serde_json::from_str(&truth).unwrap();
        let (report, sessions) = corpus::sessions(&file, &[25, 587]);
        assert!(report.error.is_none(), "{name}: {:?}", report.error);
        let by_first: BTreeMap<u64, &(Session, Diagnosis)> =
            sessions.iter().map(|pair| (pair.0.first.frame, pair)).collect();
        for expected in &truth {
            let first = expected["first_frame"].as_u64().unwrap();
            let is_strict = expected["strict"] == true;
            let is_damaged = expected["damaged"] == true;
            if (!is_strict && !is_damaged) || ARGUED.iter().any(|(file, frame, _)| *file == name && *frame == first) {
                continue;
            }
            strict += u32::from(is_strict);
            let Some((session, diagnosis)) = by_first.get(&first) else {
                wrong.push(format!("{name} frame {first}: no such session"));
                continue;
            };
            let verdict = verdict(diagnosis);
            let is_right = verdict == expected["verdict"] || (is_damaged && diagnosis.outcome == Outcome::Unknown);
            if !is_right {
                wrong.push(format!(
                    "{name} frame {first}: {verdict} ({:?} {:?}), not {} ({}) {:?}",
                    diagnosis.outcome,
                    diagnosis.cause.map(|rule| rule.code),
                    expected["verdict"],
                    expected["why"],
                    diagnosis.evidence,
                ));
            }
            if is_strict {
                wrong.extend(dialogue_differs(session, expected).map(|what| format!("{name} frame {first}: {what}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(strict > 3000, "only {strict} strict sessions compared");
}

fn verdict(diagnosis: &Diagnosis) -> &'static str {
    match diagnosis.cause {
        Some(rule) if rule.code == "ehlo-argument" => "ehlo-argument",
        _ if diagnosis.recovered => "recovered",
        _ => "other",
    }
}

/// Whether hello lines, their replies or the fate of the mail are not those on the wire.
fn dialogue_differs(session: &Session, expected: &Value) -> Option<String> {
    let transcript = &session.transcript;
    let mut hellos = Vec::new();
    let mut replies = Vec::new();
    for hello in &transcript.hellos {
        let line = &transcript.hello_command(hello).unwrap().line;
        hellos.push(line.iter().map(|octet| format!("{octet:02x}")).collect::<String>());
        replies.push(transcript.hello_reply(hello).map(|reply| u64::from(reply.code)));
    }
    let theirs = |field: &str| expected[field].as_array().unwrap().clone();
    let their_hellos: Vec<String> = theirs("hello_hex").iter().map(|hex| hex.as_str().unwrap().to_owned()).collect();
    let their_replies: Vec<Option<u64>> = theirs("hello_replies").iter().map(|reply| reply[0].as_u64()).collect();
    if hellos != their_hellos || replies != their_replies {
        return Some(format!("hellos {hellos:?} {replies:?}, not {their_hellos:?} {their_replies:?}"));
    }
    let delivered = expected["mail_delivered"] == true;
    let is_hidden = expected["starttls"] == true;
    if !is_hidden && delivered != (transcript.messages_accepted > 0) {
        return Some(format!("{} messages accepted, delivered is {delivered}", transcript.messages_accepted));
    }
    None
}
