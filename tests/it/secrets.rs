//! What AUTH carries is in no output, in no mechanism, however the capture has it: not as base64, not decoded.
//!
//! `EHLOTRACE_THOROUGH=1` damages every frame of every dialogue; without it one in twenty-five.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::process::Command;

use base64::Engine as _;
use ehlotrace::report::Format;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::twice::Choice;

use crate::extract::extracted;
use crate::report_hostile::report_on;
use crate::support::{Frame, Side};
use crate::trace_hygiene::{assert_hidden, capture, file, is_in};

/// What no output may hold eleven octets of in a row, plain or in base64.
const SECRETS: &[&str] = &[
    "\0quokka.user\0hunterZebra91",
    "quokka.user",
    "hunterZebra91",
    "<1896.697170952@wombatChallenge>",
    "quokka.user b913a602c7eda7a495b4e6e7334d3890",
    "user=quokka.user\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3\x01\x01",
    "n,a=quokka.user,\x01host=mx\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3\x01\x01",
    "n,,n=quokka.user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqOhvYDpWUa2RaTCAfuxFIlj,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqOhvYDpWUa2RaTCAfuxFIlj,p=dHzbZapWIk4jUhN",
];

/// Each line begins with who sends it; `{n}` is the secret of that number in base64. Lines of one side that follow each
/// other are sent at once.
const DIALOGUES: &[&str] = &[
    "C AUTH PLAIN {0}\nS 235 2.7.0 yes",
    "C AUTH PLAIN {0}\nS 535 5.7.8 no\nC AUTH PLAIN {0}\nS 535 5.7.8 no",
    "C AUTH PLAIN\nS 334 \nC {0}\nS 235 2.7.0 yes",
    "C auth plain {0}\nS 535 no",
    "C Auth Plain\nS 334 \nC {0}\nS 535 no",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 334 UGFzc3dvcmQ6\nC {2}\nS 235 yes",
    "C AUTH LOGIN {1}\nS 334 UGFzc3dvcmQ6\nC {2}\nS 535 no",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 535 no\nC {2}\nS 500 what\nC {2}\nS 500 what",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 334 UGFzc3dvcmQ6\nC {2}\nS 235 yes\nC {2}\nS 500 what",
    "C AUTH CRAM-MD5\nS 334 {3}\nC {4}\nS 235 yes",
    "C AUTH CRAM-MD5\nS 334 {3}\nC {4}\nS 535 no",
    "C AUTH XOAUTH2 {5}\nS 235 yes",
    "C AUTH XOAUTH2 {5}\nS 334 eyJzdGF0dXMiOiI0MDAifQ==\nC \nS 535 no",
    "C AUTH XOAUTH2\nS 334 \nC {5}\nS 334 eyJzdGF0dXMiOiI0MDAifQ==\nC \nS 535 no",
    "C AUTH OAUTHBEARER {6}\nS 334 eyJzdGF0dXMiOiJpbnZhbGlkIn0=\nC AQ==\nS 535 no",
    "C AUTH SCRAM-SHA-256 {7}\nS 334 {8}\nC {9}\nS 235 yes",
    "C AUTH SCRAM-SHA-256\nS 334 \nC {7}\nS 334 {8}\nC {9}\nS 535 no",
    "C AUTH X-OF-NO-STANDARD {0}\nS 504 5.5.4 unknown\nC {2}\nS 500 what",
    "C AUTH  PLAIN   {0}\nS 501 5.5.4 no",
    "C AUTH PLAIN {0} {2}\nS 501 5.5.4 no",
    "C X-EXPS LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 334 UGFzc3dvcmQ6\nC {2}\nS 235 yes",
    "C AUTH LOGIN\nC {1}\nC {2}\nS 334 VXNlcm5hbWU6\nS 334 UGFzc3dvcmQ6\nS 235 yes",
    "C AUTH LOGIN\nC {1}\nC {2}\nC MAIL FROM:<a@b.example>\nS 503 not here\nS 500 what\nS 500 what\nS 250 ok",
    "C AUTH PLAIN {0}\nC MAIL FROM:<a@b.example>\nS 535 no\nS 530 first AUTH",
    // A verb that a middlebox overwrote, a mistyped one, and octets before it that terminals and telnet leave behind.
    "C XXXX PLAIN {0}\nS 500 what",
    "C XXXX PLAIN {0}\nS 500 5.5.1 unrecognized command 'XXXX PLAIN {0}'",
    "C XXXX OF-NO-STANDARD {0}\nS 500 what",
    "C XXXX LOGIN\nS 500 what\nC {1}\nS 500 what\nC {2}\nS 500 what",
    "C AUHT PLAIN {0}\nS 500 what",
    "C AUTH=PLAIN {0}\nS 500 what",
    "C \u{0}AUTH PLAIN {0}\nS 500 what",
    "C AUTI\u{8}H PLAIN {0}\nS 500 what",
    // No reply at all, and none before the client gives up.
    "C AUTH PLAIN {0}",
    "C AUTH LOGIN\nC {1}\nC {2}",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}",
    "C AUTH CRAM-MD5\nS 334-{3}\nS 334 {3}\nC {4}\nS 421 too late",
];

fn is_thorough() -> bool {
    std::env::var_os("EHLOTRACE_THOROUGH").is_some()
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A server that repeats what it was sent, in base64 or decoded; `{=n}` is the secret of that number as it is.
const ECHOES: &[&str] = &[
    "C AUTH PLAIN {0}\nS 535 5.7.8 not accepted: {0}",
    "C AUTH PLAIN {0}\nS 501 5.5.2 cannot decode '{0}'\nC QUIT\nS 221 bye",
    "C AUTH PLAIN {0}\nS 535-5.7.8 user {=1}\nS 535 5.7.8 has another password than \"{=2}\"",
    "C AUTH PLAIN {0}\nS 535-no\nS  {0}\nS 535 no",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 501 bad base64 {1}\nC {2}\nS 500 5.5.1 unrecognized command '{2}'",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 334 UGFzc3dvcmQ6\nC {2}\nS 535 5.7.8 <{=1}>: no such user, or not {=2}",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 535 no\nC {2}\nS 500 5.5.1 unrecognized command '{2}'\nC {=2}\nS 502 {=2}?",
    "C AUTH LOGIN\nS 504 no LOGIN\nC {1}\nC {2}\nS 500 unrecognized command '{1}'\nS 500 unrecognized command '{2}'",
    "C AUTH LOGIN\nC {1}\nC {2}\nS 503 not now: {1}\nS 500 what is {1}\nS 500 what is {2}\nC QUIT\nS 221 bye",
    "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {1}\nS 334 UGFzc3dvcmQ6\nC {2}\nS 535 no\nC RSET\nS 250 ok\nC {2}\nS 500 what is {2}",
    "C AUTH XOAUTH2 {5}\nS 535 5.7.3 token {5} of {=5}",
    "C AUTH CRAM-MD5\nS 334 {3}\nC {4}\nS 535 {4} is not {=4}",
];

/// Eight octets are too many to stand anywhere by chance. Of every eleven in a row of a secret eight are among these.
fn telling_parts() -> Vec<String> {
    let encoded = SECRETS.iter().map(|secret| base64(secret));
    let texts: Vec<String> = SECRETS.iter().map(|secret| (*secret).to_owned()).chain(encoded).collect();
    let windows = texts.iter().flat_map(|text| text.as_bytes().windows(8).step_by(4));
    let parts: BTreeSet<String> = windows.map(|part| String::from_utf8(part.to_vec()).unwrap()).collect();
    parts.into_iter().collect()
}

fn frames(dialogue: &str, size: usize) -> Vec<Frame> {
    let mut messages: Vec<(Side, Vec<u8>)> = vec![
        (Side::Client, b"EHLO a.example.com\r\n".to_vec()),
        (Side::Server, b"250-mx.example.net\r\n250 AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2\r\n".to_vec()),
    ];
    for line in dialogue.lines() {
        let (who, text) = line.split_at(2);
        let mut text = text.to_owned() + "\r\n";
        for (number, secret) in SECRETS.iter().enumerate() {
            text = text.replace(&format!("{{{number}}}"), &base64(secret));
            text = text.replace(&format!("{{={number}}}"), &secret.replace(char::is_control, " "));
        }
        let side = if who == "C " { Side::Client } else { Side::Server };
        match messages.last_mut() {
            Some((last, before)) if *last == side => before.extend(text.bytes()),
            _ => messages.push((side, text.into_bytes())),
        }
    }
    let messages: Vec<(Side, &[u8])> = messages.iter().map(|(side, octets)| (*side, &octets[..])).collect();
    capture(&messages, size)
}

/// Neither a report, a trace nor a redacted extract of `frames` gives any part of a secret away.
fn assert_secret(frames: &[Frame], parts: &[String], what: &str) {
    let capture = file(frames);
    for format in Format::ALL {
        let report = report_on(capture.clone(), "a.pcap", format, 150);
        let shown: Vec<&String> = parts.iter().filter(|part| report.contains(*part)).collect();
        assert!(shown.is_empty(), "{what}: {format:?} shows {shown:?}\n{report}");
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    assert_hidden(&capture, &[25], &parts, what);
    let (redacted, _) = extracted(&[("a.pcap", capture)], Choice::All, Some("a key of sorts"));
    let shown: Vec<_> = parts.iter().filter(|part| is_in(&redacted, part)).collect();
    assert!(shown.is_empty(), "{what}: redacted shows {shown:?}");
}

/// Row: secrets of AUTH, with the mechanism, and the challenges.
#[test]
fn no_mechanism_gives_a_secret_away_however_it_is_cut() {
    let parts = telling_parts();
    for dialogue in DIALOGUES.iter().chain(ECHOES) {
        for size in [7, 1_000] {
            assert_secret(&frames(dialogue, size), &parts, &format!("{dialogue:?} by {size}"));
        }
    }
}

#[test]
fn a_capture_that_lacks_repeats_or_ends_within_a_secret_gives_none_of_it_away() {
    let parts = telling_parts();
    let step = if is_thorough() { 1 } else { 25 };
    for (at, dialogue) in DIALOGUES.iter().chain(ECHOES).enumerate() {
        let frames = frames(dialogue, 48);
        for index in (3 + at % step..frames.len()).step_by(step) {
            let (mut missing, mut late, mut repeated, mut cut) =
                (frames.clone(), frames.clone(), frames.clone(), frames.clone());
            let frame = missing.remove(index);
            late.remove(index);
            late.insert((index + 3).min(late.len()), frame.clone());
            repeated.push(frame);
            let length = cut[index].octets.len();
            cut[index].cut(length - 5);
            let ends = frames[..=index].to_vec();
            let begins = frames[index..].to_vec();
            for (how, frames) in [
                ("missing", missing),
                ("late", late),
                ("repeated", repeated),
                ("cut", cut),
                ("last", ends),
                ("first", begins),
            ] {
                assert_secret(&frames, &parts, &format!("{dialogue:?}, frame {index} {how}"));
            }
        }
    }
}

/// Fewer octets than other words could share by chance, and such as are missing from the capture.
#[test]
fn short_secrets_and_those_of_a_lost_command_are_not_given_away_by_a_reply() {
    let (plain, user, answer) = (base64("\0bee\0x7q!"), base64("bee"), base64("n,,n=bee,r=x7q!"));
    for (dialogue, lost) in [
        (format!("C AUTH PLAIN {plain}\nS 535 5.7.8 <bee> has not the password x7q!"), None),
        (format!("C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC {user}\nS 501 what is {user} or bee"), None),
        ("C AUTH LOGIN\nS 504 no\nC bee\nS 500 what is bee\nC x7q!\nS 500 what is x7q!".to_owned(), None),
        (format!("C AUTH SCRAM-SHA-1 {answer}\nS 535 no bee with x7q!"), None),
        (format!("C AUTH PLAIN {plain}\nS 535 no bee with x7q!"), Some("AUTH")),
        (format!("C AUTH PLAIN {plain}\nS 501 5.5.2 login of bee with x7q! failed"), Some("AUTH")),
        (format!("C AUTH PLAIN {plain}\nS 500 5.7.8 bee with x7q!"), Some("AUTH")),
    ] {
        let mut frames = frames(&dialogue, 1_000);
        if let Some(lost) = lost {
            frames.retain(|frame| !is_in(&frame.octets, &format!("{lost} PLAIN A")));
        }
        let capture = file(&frames);
        let report = report_on(capture.clone(), "a.pcap", Format::Json, 150);
        let (redacted, _) = extracted(&[("a.pcap", capture.clone())], Choice::All, Some("a key of sorts"));
        for word in ["bee", "x7q!", &user] {
            assert!(!report.contains(word), "{dialogue}: {word}: {report}");
            assert!(!is_in(&redacted, word), "{dialogue}: redacted shows {word}");
        }
        assert_hidden(&capture, &[25], &["bee", "x7q!", &user], &dialogue);
    }
}

/// Masked are the words that tell, not the reply.
#[test]
fn what_a_reply_says_besides_a_secret_stays() {
    let dialogue = "C AUTH PLAIN {0}\nS 535 5.7.8 <{=1}>: authentication failed\nC EHLO b_c\nS 501 5.5.4 <b_c>: bad name\n\
        C AUTH CRAM-MD5\nS 504 5.5.4 unknown type CRAM-MD5, mx.example.net";
    let report = report_on(file(&frames(dialogue, 1_000)), "a.pcap", Format::Json, 150);
    for text in
        ["5.7.8 *** authentication failed", "5.5.4 <b_c>: bad name", "5.5.4 unknown type CRAM-MD5, mx.example.net"]
    {
        assert!(report.contains(text), "{text}: {report}");
    }
}

#[test]
fn past_the_bound_on_what_is_remembered_all_text_of_replies_is_masked() {
    let capture = file(&frames("C AUTH PLAIN {0}\nS 535 5.7.8 not {=2}\nC QUIT\nS 221 goodbye", 1_000));
    let mut options = ScanOptions::default();
    options.limits.secret_parts = 4;
    let mut replies = Vec::new();
    scan(Box::new(Cursor::new(capture)), &options, &mut |session, _| {
        let found = session.transcript.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref());
        replies.extend(found.map(|reply| String::from_utf8_lossy(reply.first_line()).into_owned()));
    })
    .unwrap();
    assert_eq!(replies[2..], ["5.7.8 ***", "***"]);
}

/// The program itself, as it reports, traces and extracts.
#[test]
fn no_command_gives_a_repeated_secret_away() {
    let parts = telling_parts();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcap");
    for dialogue in ECHOES {
        std::fs::write(&path, file(&frames(dialogue, 1_000))).unwrap();
        for arguments in [
            &["scan", "--format", "json"][..],
            &["scan", "--show", "all"],
            &["trace", "--all"],
            &["extract", "--all", "--redact", "-o", "-"],
        ] {
            let run = Command::new(env!("CARGO_BIN_EXE_ehlotrace")).args(arguments).arg(&path).output().unwrap();
            let said = [&run.stdout[..], b"\n", &run.stderr].concat();
            assert!(matches!(run.status.code(), Some(0 | 1)), "{arguments:?}: {}", String::from_utf8_lossy(&said));
            let shown: Vec<&String> = parts.iter().filter(|part| is_in(&said, part)).collect();
            assert!(shown.is_empty(), "{dialogue:?}: {arguments:?} gives {shown:?} away");
        }
    }
}

#[test]
fn the_search_finds_a_secret_that_is_shown() {
    let report = report_on(file(&frames("C NOOP {0}\nS 250 ok", 1_000)), "a.pcap", Format::Json, 150);
    assert!(telling_parts().iter().any(|part| report.contains(part)), "{report}");
}
