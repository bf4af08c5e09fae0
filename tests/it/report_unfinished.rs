//! A reply the session ends in the middle of stands in the report, marked, where the whole one would.

// Code of tests may panic: that is how it reports.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use ehlotrace::report::{Format, ReportOptions, Show, reporter};
use ehlotrace::scan::CaptureSource;
use ehlotrace::scan::{ScanOptions, scan};
use serde_json::{Value, json};

use crate::support::CaptureBuilder;

/// The JSON object of a session in which client and server write these in turn, the server first, and then close.
fn session_of(turns: &[&[u8]]) -> Value {
    let mut capture = CaptureBuilder::new();
    let mut script = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    script.handshake();
    for (turn, octets) in turns.iter().enumerate() {
        if turn % 2 == 0 {
            script.server(octets)
        } else {
            script.client(octets)
        };
    }
    script.server_fin().client_fin();
    let mut out = Vec::new();
    let options = ReportOptions::new(Show::All);
    let mut reporter = reporter(Format::Json, &options, Box::new(&mut out));
    reporter.capture_begin(0, &CaptureSource::new("-", None)).unwrap();
    let input = Box::new(Cursor::new(capture.finish_pcap()));
    let report = scan(input, &ScanOptions::new(), &mut |session, diagnosis| {
        reporter.session(0, &session, &diagnosis).unwrap();
    })
    .unwrap();
    reporter.capture_end(0, &report).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    let document: Value = serde_json::from_slice(&out).unwrap();
    document.pointer("/sessions/0").cloned().unwrap()
}

#[test]
fn a_reply_that_lacks_its_last_line_answers_nothing_and_is_not_lost() {
    let session = session_of(&[b"220 mail.example.com ESMTP\r\n", b"EHLO sub2\r\n", b"250-mail.example.com\r\n250-SI"]);
    assert_eq!(session["hellos"][0]["reply"], Value::Null);
    assert_eq!(session["exchanges"].as_array().unwrap().len(), 2);
    assert_eq!(session["exchanges"][1]["reply"], Value::Null);
    let reply = &session["unfinished_reply"];
    assert_eq!((&reply["code"], &reply["complete"]), (&json!(250), &json!(false)));
    assert_eq!(reply["lines"], json!([{"text": "mail.example.com"}, {"text": "SI"}]));
}

#[test]
fn a_reply_without_the_end_of_its_only_line_has_its_code() {
    let session = session_of(&[b"220 mail.example.com ESMTP\r\n", b"EHLO sub2.\r\n", b"501 Inv"]);
    let reply = &session["unfinished_reply"];
    assert_eq!((&reply["code"], &reply["lines"]), (&json!(501), &json!([{"text": "Inv"}])));
    assert!(reply["frame"].as_u64().unwrap() > 0);
}

#[test]
fn a_greeting_without_end_is_none() {
    let session = session_of(&[b"220-mail.example.com\r\n"]);
    assert_eq!(session["greeting"], Value::Null);
    assert_eq!(session["exchanges"], Value::Null);
    assert_eq!(session["unfinished_reply"]["code"], 220);
}
