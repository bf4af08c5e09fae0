//! Bounds of one dialogue.

use ehlotrace::limits::Limits;
use serde_json::{Value, json};

use super::report_within;
use crate::support::{CaptureBuilder, tls};
use crate::trace::{options, text};

/// One session: the dialogue after the handshake, then a FIN of each.
fn session(dialogue: &str) -> CaptureBuilder {
    let mut capture = CaptureBuilder::new();
    capture.session("192.0.2.10:1145", "192.0.2.25:25").handshake().dialogue(dialogue).client_fin().server_fin();
    capture
}

/// What was sent and answered, exchange by exchange.
fn exchanges(session: &Value) -> Vec<(String, Option<u64>)> {
    let exchanges = session["exchanges"].as_array().unwrap().iter().skip(1);
    exchanges
        .map(|exchange| {
            let line = exchange["command"]["line"]["text"].as_str().unwrap_or("-").to_owned();
            (line, exchange["reply"]["code"].as_u64())
        })
        .collect()
}

#[test]
fn exchanges_and_hellos_past_the_bound_are_counted() {
    let dialogue = "S: 220 mx\n".to_owned() + &"C: EHLO a_b\nS: 501 no\n".repeat(5) + &"C: NOOP\nS: 250 ok\n".repeat(6);
    let report = report_within(&session(&dialogue), Limits { exchanges: 4, hellos: 3, ..Limits::default() });
    let session = &report["sessions"][0];
    assert_eq!(session["hellos"].as_array().unwrap().len(), 3);
    assert_eq!(session["hellos_omitted"], 2);
    // The greeting, the hellos kept, and no more.
    assert_eq!(session["exchanges"].as_array().unwrap().len(), 4);
    assert_eq!(session["exchanges_omitted"], 8);
}

#[test]
fn lines_of_a_reply_past_the_bound_are_counted() {
    let dialogue = "S: 220 mx\nC: EHLO a.example\n".to_owned() + &"S: 250-X\n".repeat(9) + "S: 250 END";
    let report = report_within(&session(&dialogue), Limits { reply_lines: 4, ..Limits::default() });
    let reply = &report["sessions"][0]["exchanges"][1]["reply"];
    assert_eq!(reply["lines"].as_array().unwrap().len(), 4);
    assert_eq!(reply["lines_omitted"], 6);
}

#[test]
fn a_line_past_the_bound_is_marked_as_incomplete() {
    let dialogue = format!("S: 220 mx\nC: EHLO {}\nS: 501 no", "x".repeat(200));
    let report = report_within(&session(&dialogue), Limits { line_octets: 50, ..Limits::default() });
    let command = &report["sessions"][0]["exchanges"][1]["command"];
    assert_eq!(command["complete"], false);
    assert_eq!(command["line"]["text"].as_str().unwrap().len(), 50);
}

/// Five commands at once, each with another answer. Two are remembered, the first and the latest.
#[test]
fn replies_to_commands_past_the_bound_answer_no_other_and_are_counted() {
    let dialogue = "S: 220 mx\nC: EHLO a_b\nC: NOOP\nC: NOOP 2\nC: NOOP 3\nC: RSET\n\
        S: 501 one\nS: 251 two\nS: 252 three\nS: 253 four\nS: 254 five\nC: QUIT\nS: 221 bye";
    let report = report_within(&session(dialogue), Limits { pending_commands: 2, ..Limits::default() });
    let session = &report["sessions"][0];
    let answered = |line: &str, code| (line.to_owned(), code);
    assert_eq!(
        exchanges(session),
        [
            answered("EHLO a_b", Some(501)),
            answered("NOOP", None),
            answered("NOOP 2", None),
            answered("NOOP 3", None),
            answered("RSET", Some(254)),
            answered("QUIT", Some(221)),
        ]
    );
    assert_eq!(session["replies_unpaired"], 3);
}

/// The client sends a message without waiting for leave, and more of it than is held.
#[test]
fn octets_past_the_bound_before_the_reply_that_tells_what_they_are_are_counted() {
    let text = "x".repeat(70);
    let dialogue = format!(
        "S: 220 mx\nC: HELO a\nS: 250 mx\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n\
        C: DATA\nC: {text}\nC: .\nS: 354 go\nS: 250 taken\nC: QUIT\nS: 221 bye"
    );
    let whole = report_within(&session(&dialogue), Limits::default());
    assert_eq!(whole["sessions"][0]["client_octets_unread"], Value::Null);
    let report = report_within(&session(&dialogue), Limits { undecided_octets: 50, ..Limits::default() });
    let session = &report["sessions"][0];
    assert_eq!(session["client_octets_unread"], 75);
    assert_eq!((&session["messages_accepted"], &session["outcome"]), (&json!(1), &json!("delivered")));

    // Refused, they may have been commands: nothing is sure any more.
    let refused = dialogue.replace("354 go", "451 wait").replace("S: 250 taken\n", "");
    let report = report_within(&self::session(&refused), Limits { undecided_octets: 50, ..Limits::default() });
    assert_eq!(report["sessions"][0]["client_octets_unread"], 75);
}

#[test]
fn a_tls_hello_past_the_bound_is_marked() {
    let mut capture = CaptureBuilder::new();
    let mut script = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    script.handshake().dialogue("S: 220 mx\nC: EHLO a.example\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go");
    script.client(&tls::client_hello("mx.example.net")).client_fin().server_fin();
    let handshake = |limits| report_within(&capture, limits)["sessions"][0]["tls_handshake"].clone();
    let whole = handshake(Limits::default());
    assert_eq!((&whole["server_name"]["text"], &whole["hello_too_long"]), (&json!("mx.example.net"), &Value::Null));
    let cut = handshake(Limits { tls_hello_octets: 40, ..Limits::default() });
    assert_eq!((&cut["server_name"], &cut["hello_too_long"]), (&Value::Null, &json!(true)));
}

/// [`Limits::spans`] is what a trace asks for, `TRACE_SPANS`.
#[test]
fn a_trace_says_where_it_no_longer_tells_commands_from_mail() {
    let mail = "C: DATA\nS: 354 go\nC: hidden text\nC: .\nS: 250 ok\n";
    let few = text(&session(&("S: 220 mx\n".to_owned() + &mail.repeat(20))).finish_pcap(), &options());
    let many = text(&session(&("S: 220 mx\n".to_owned() + &mail.repeat(3_000))).finish_pcap(), &options());
    let note = "Too many messages: the commands and replies of the later ones are not shown";
    assert!(!few.contains(note) && many.contains(note));
    assert!(!many.contains("hidden text"));
}
