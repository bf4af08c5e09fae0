//! Refusals from the capture to the verdict: the cause, the reason and the side that has to change something.

use std::io::Cursor;

use ehlotrace::diagnosis::{Diagnosis, REASONS};
use ehlotrace::report::advice::remedy;
use ehlotrace::scan::{ScanOptions, scan};

use crate::support::CaptureBuilder;

const HELLO: &str = "S: 220 mx.example.net ESMTP\nC: EHLO relay.example.com\nS: 250 mx.example.net";
const MAIL: &str = "C: MAIL FROM:<ann@example.com>";
const RCPT: &str = "S: 250 ok\nC: RCPT TO:<bob@example.net>";
const QUIT: &str = "C: QUIT\nS: 221 bye";

/// The verdict on a session with these lines, which the client closes.
fn verdict(lines: &[&str]) -> Diagnosis {
    let mut capture = CaptureBuilder::new();
    let mut session = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    session.handshake().dialogue(&lines.join("\n")).client_fin().server_fin();
    let mut found = Vec::new();
    let input = Box::new(Cursor::new(capture.finish_pcap()));
    scan(input, &ScanOptions::new(), &mut |_, diagnosis| found.push(diagnosis)).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn every_wording_reaches_the_verdict_with_its_fault_and_remedy() {
    for reason in REASONS {
        for wording in reason.wordings {
            // The last line of a longer reply has a blank behind its code.
            let refusal = format!("S: {} {}", &wording.reply[..3], &wording.reply[4..]);
            let lines = match reason.code {
                code if code.starts_with("hello-") => vec!["S: 220 mx\nC: EHLO relay7", &refusal, QUIT],
                "credentials-refused" | "auth-disabled" | "auth-mechanism" => {
                    vec![HELLO, "C: AUTH PLAIN AGEAYg==", &refusal, QUIT]
                }
                code if code.starts_with("sender-") => vec![HELLO, MAIL, &refusal, QUIT],
                _ => vec![HELLO, MAIL, RCPT, &refusal, QUIT],
            };
            let found = verdict(&lines);
            let (cause, fault) = (found.cause.unwrap(), found.fault.unwrap());
            assert_eq!(found.reason.map(|reason| reason.code), Some(reason.code), "{}", wording.reply);
            assert!(fault == reason.fault && cause.faults.contains(&fault), "{}: {fault:?}", wording.reply);
            let (remedy, given) = (remedy(&found).to_lowercase(), [reason.sending, reason.receiving]);
            assert!(given.iter().all(|part| remedy.contains(&part.to_lowercase())), "{}: {remedy}", wording.reply);
        }
    }
}

#[test]
fn the_first_refusal_decides_and_the_right_side_is_told() {
    let pipelined = "C: MAIL FROM:<ann@example.com>\nC: RCPT TO:<bob@example.net>\nC: DATA\n\
                     S: 552 5.3.4 Message size exceeds limit\nS: 550 5.7.1 No HELO or no MAIL before RCPT\nS: 503 no";
    let hello_passed_over = "S: 220 mx\nC: HELO\nC: MAIL FROM:<ann@example.com>\nC: RCPT TO:<bob@example.net>\nC: DATA\n\
                             S: 501 5.0.0 HELO requires domain address\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: Subject: x\nC: \nC: hi";
    let hello_at_rcpt = "S: 220 mx\nC: HELO\nS: 501 HELO requires domain address\nC: MAIL FROM:<ann@example.com>\nS: 250 ok\n\
                         C: RCPT TO:<bob@example.net>\nS: 550 send HELO first";
    let second_mail = "C: MAIL FROM:<ann@example.com>\nC: RCPT TO:<bob@example.net>\nS: 552 5.3.4 too big\nS: 503 no MAIL\n\
                       C: MAIL FROM:<ann@example.com>\nS: 250 ok\nC: RCPT TO:<bob@example.net>\nS: 250 ok\nC: DATA\n\
                       S: 554 5.7.1 Spam message rejected";
    let starttls_first = "C: AUTH LOGIN\nS: 530 5.7.0 Must issue a STARTTLS command first";
    let unicode = "S: 250 ok\nC: RCPT TO:<\u{7528}@\u{4f8b}.example>\nS: 550 5.6.7 SMTPUTF8 not supported";
    for (lines, cause, reason, fault) in [
        (vec![HELLO, pipelined, QUIT], "sender-refused", Some("too-large"), "client"),
        (vec![hello_passed_over], "connection-closed", None, "client"),
        (vec![hello_at_rcpt, QUIT], "ehlo-argument", None, "client"),
        (vec![HELLO, second_mail, QUIT], "message-refused", Some("content"), "client"),
        (vec![HELLO, starttls_first, QUIT], "auth-failed", Some("tls-required"), "client"),
        (vec![HELLO, MAIL, unicode, QUIT], "recipients-refused", Some("smtputf8"), "client"),
        (
            vec!["S: 421 4.7.0 mx.example.net Error: too many connections from 192.0.2.10"],
            "greeting-refused",
            Some("rate-limited"),
            "client",
        ),
        (vec!["S: 554 no"], "greeting-refused", None, "server"),
        (vec![HELLO, MAIL, "S: 550 no", QUIT], "sender-refused", None, "server"),
        (vec!["S: 220 mx\nC: EHLO relay7\nS: 550 no", QUIT], "ehlo-policy", None, "client"),
    ] {
        let found = verdict(&lines);
        let is = (found.cause.unwrap().code, found.reason.map(|reason| reason.code), found.fault.unwrap().code());
        assert_eq!(is, (cause, reason, fault), "{lines:?}: {:?}", found.evidence);
    }
}
