use std::net::IpAddr;

use super::*;
use crate::limits::Limits;
use crate::report::record::{ReportError, SessionRecord, is_json, read_report};

/// A session of a report: the last octet of its client, what became of it, and the text of the reply.
fn session(client: u8, cause: Option<&str>, text: &str) -> String {
    let outcome = if cause.is_some() { "lost" } else { "delivered" };
    let cause = cause.map_or_else(|| "null".to_owned(), |cause| format!("{cause:?}"));
    format!(
        r#"{{"type":"session","client":{{"ip":"192.0.2.{client}","port":1}},"server":{{"ip":"192.0.2.250","port":25}},
        "opened":"2024-03-05T09:00:00.000000001Z","outcome":"{outcome}","cause":{cause},"reason":null,"delivered_later":null,
        "deciding":{{"frame":1,"command":"RCPT","code":550,"enhanced":null,"text":{text:?}}},"more":[{{"x":1}}]}}"#
    )
}

/// A report in JSON Lines with these sessions.
fn report(sessions: &[String]) -> String {
    let listed = sessions.len();
    format!(
        "{{\"type\":\"fields\",\"schema_version\":2}}\n{}\n\
         {{\"type\":\"summary\",\"captures\":1,\"unreadable\":0,\"sessions\":{listed},\"filtered_out\":0}}\n",
        sessions.join("\n")
    )
}

fn records(text: &str) -> (Vec<SessionRecord>, Option<ReportError>) {
    let mut records = Vec::new();
    let read = read_report(text.as_bytes(), &mut |record| records.push(record));
    (records, read.error)
}

fn side(sessions: &[String], limits: &Limits) -> Side {
    let mut side = Side::new("a.jsonl".to_owned(), limits);
    let (records, error) = records(&report(sessions));
    assert!(error.is_none(), "{error:?}");
    records.iter().for_each(|record| side.add(record));
    side.captures = 1;
    side
}

fn states(comparison: &Comparison) -> Vec<(IpAddr, &str)> {
    comparison.rows.iter().map(|row| (row.client, row.state.code())).collect()
}

fn client(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

const CAUSE: Option<&str> = Some("recipients-refused");

#[test]
fn lines_may_be_joined_laid_out_and_marked_by_other_programs() {
    let plain = report(&[session(1, CAUSE, "no"), session(2, None, "")]);
    let (expected, _) = records(&plain);
    assert_eq!((expected.len(), expected[0].opened.as_nanos() % 1_000), (2, 1));
    for text in [format!("\u{feff}{plain}"), plain.replace(',', ",\n  "), plain.replace('\n', "\r\n")] {
        assert_eq!(records(&text).0, expected);
        assert!(records(&text).1.is_none());
    }
    let (joined, error) = records(&format!("{plain}{plain}"));
    assert!(joined.len() == 4 && error.is_none(), "{error:?}");
    let (cut, error) = records(&format!("{plain}{}", plain.lines().next().unwrap()));
    assert!(cut.len() == 2 && matches!(error, Some(ReportError::Cut)), "{error:?}");
}

#[test]
fn no_text_fills_the_memory_and_no_depth_the_stack() {
    let deep =
        format!("{{\"type\":\"fields\",\"schema_version\":2}}\n{{\"type\":\"x\",\"y\":{}", "[".repeat(1_000_000));
    assert!(matches!(records(&deep).1, Some(ReportError::Damaged(..) | ReportError::Cut)));
    assert!(is_json(b"\xef\xbb\xbf \n{ \"type\"") && is_json(b"{"));
    assert!(!is_json(b"{\\rtf1") && !is_json(b"[1]") && !is_json(b"") && !is_json(b"\x0a\x0d\x0d\x0a"));
}

#[test]
fn a_report_with_any_octet_wrong_or_missing_is_read_in_bounds() {
    let whole = report(&[session(1, CAUSE, "no"), session(2, None, "")]);
    let octets = whole.as_bytes();
    for at in 0..octets.len() {
        let (cut, wrong) = (octets.get(..at).unwrap(), [&octets[..at], b"\xff", &octets[at + 1..]].concat());
        for damaged in [cut, &wrong] {
            let mut sessions = 0;
            let read = read_report(damaged, &mut |_| sessions += 1);
            assert!(sessions == read.listed && sessions <= 2, "{at}");
            // All but the line feed at the end is needed.
            assert!(read.error.is_some() || sessions == 2, "{at}");
        }
    }
}

#[test]
fn what_is_not_told_apart_is_not_called_gone() {
    let limits = Limits { relays: 1, ..Limits::default() };
    let before = side(&[session(1, CAUSE, "no")], &Limits::default());
    let after = side(&[session(2, None, ""), session(1, None, "")], &limits);
    let comparison = Comparison::new(before, after);
    assert_eq!(states(&comparison), [(client(1), "unknown")]);
    let text = text::text(&comparison, &Zone::default());
    assert!(text.contains("AFTER has 1 session between further clients and servers"), "{text}");

    let causes: Vec<String> = (0..100).map(|number| session(1, Some(&format!("cause-{number}")), "no")).collect();
    let before = side(&[session(1, CAUSE, "no")], &Limits::default());
    let comparison = Comparison::new(before, side(&causes, &Limits::default()));
    assert_eq!(comparison.count("unknown"), 1);
    assert_eq!(comparison.rows.len(), 65);
}

#[test]
fn numbers_in_a_reply_make_it_no_other_one() {
    for (before, after, state) in [
        ("try again in 287 seconds (id a7f)", "try again in 3 seconds (id b9)", "still-there"),
        ("5.7.1 <ann@example.net> no", "5.7.1 <bob@example.net> no", "still-there"),
        ("5.7.1 no", "5.1.1 no", "changed"),
        ("no", "never", "changed"),
    ] {
        let limits = Limits::default();
        let comparison =
            Comparison::new(side(&[session(1, CAUSE, before)], &limits), side(&[session(1, CAUSE, after)], &limits));
        assert_eq!(states(&comparison), [(client(1), state)], "{before} {after}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let limits = Limits::default();
    let long = "x".repeat(100_000);
    let sessions: Vec<String> =
        (b'a'..=b'z').map(|letter| session(1, CAUSE, &format!("{}{long}", char::from(letter)))).collect();
    let side = side(&sessions, &limits);
    let relay = side.relays.values().next().unwrap();
    let losses = relay.troubles.values().next().unwrap();
    assert_eq!((losses.sessions, losses.answers.len(), losses.are_more), (26, limits.relay_refusals, true));
    assert!(losses.answers.iter().all(|answer| answer.text.len() < 1_200));
}
