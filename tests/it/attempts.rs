//! One delivery in several attempts: the lost ones before the one that delivered are marked, and lost no mail.

use std::io::Cursor;
use std::process::Command;

use ehlotrace::limits::Limits;
use ehlotrace::report::Format;
use ehlotrace::scan::{ScanOptions, scan};

use crate::corpus;
use crate::report_hostile::report_on;
use crate::support::CaptureBuilder;
use crate::support::dns::{A, ANSWER, MX, exchange, frame, frame_of};

const MS: i64 = 1_000_000;

/// The mail of `recipient` to a server, from the greeting to the reply to RCPT.
fn dialogue(recipient: &str, reply: &str) -> String {
    let rest = if reply.starts_with('2') {
        "C: DATA\nS: 354 go on\nC: Subject: x\nC: \nC: x\nC: .\nS: 250 queued\nC: QUIT\nS: 221 bye"
    } else {
        "C: QUIT\nS: 221 bye"
    };
    format!(
        "S: 220 mx\nC: EHLO a.example\nS: 250 mx\nC: MAIL FROM:<a@b.example>\nS: 250 ok\nC: RCPT TO:<{recipient}>\n\
         S: {reply}\n{rest}"
    )
}

/// A session at 192.0.2.25 that is lost, then one at `server`, `after_ms` later; both addresses are those of MX of
/// `domains`, in this order.
fn two_attempts(domains: [&str; 2], server: u8, after_ms: i64, recipients: [&str; 2]) -> CaptureBuilder {
    let mut capture = CaptureBuilder::new();
    let exchanges = [exchange(10, "mx1.example"), exchange(20, "mx2.example")];
    let [mx1, mx2] = exchanges.each_ref().map(Vec::as_slice);
    if domains[0] == domains[1] {
        capture.raw_frame(-40 * MS, frame_of(ANSWER, domains[0], MX, &[mx1, mx2]));
    } else {
        capture.raw_frame(-40 * MS, frame(ANSWER, domains[0], MX, Some(mx1)));
        capture.raw_frame(-40 * MS, frame(ANSWER, domains[1], MX, Some(mx2)));
    }
    capture.raw_frame(-30 * MS, frame(ANSWER, "mx1.example", A, Some(&[192, 0, 2, 25])));
    capture.raw_frame(-20 * MS, frame(ANSWER, "mx2.example", A, Some(&[192, 0, 2, 26])));
    let mut first = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    first.handshake().dialogue(&dialogue(recipients[0], "451 4.3.0 later")).server_fin().client_fin();
    let mut second = capture.session("192.0.2.10:1146", &format!("192.0.2.{server}:25"));
    second.wait_ms(after_ms);
    second.handshake().dialogue(&dialogue(recipients[1], "250 ok")).server_fin().client_fin();
    capture
}

/// Which session delivered the mail of the first one, within these bounds.
fn delivered_later(capture: &CaptureBuilder, limits: Limits) -> Option<u64> {
    let mut options = ScanOptions::new();
    options.limits = limits;
    let mut found = Vec::new();
    let input = Box::new(Cursor::new(capture.finish_pcap()));
    scan(input, &options, &mut |session, diagnosis| found.push((session.number, diagnosis))).unwrap();
    found.sort_by_key(|(number, _)| *number);
    let outcomes: Vec<_> = found.iter().map(|(_, diagnosis)| diagnosis.outcome.code()).collect();
    assert_eq!(outcomes, ["lost", "delivered"]);
    found[0].1.delivered_later
}

const BOB: [&str; 2] = ["bob@c.example"; 2];
const C: [&str; 2] = ["c.example"; 2];

#[test]
fn the_next_server_of_the_same_domain_is_the_next_attempt() {
    let limits = Limits::default;
    assert_eq!(delivered_later(&two_attempts(C, 26, 5_000, BOB), limits()), Some(2));
    assert_eq!(delivered_later(&two_attempts(C, 26, 110_000, BOB), limits()), Some(2));
}

#[test]
fn what_may_be_another_delivery_is_none() {
    let limits = Limits::default;
    for (what, capture) in [
        ("another domain", two_attempts(["c.example", "d.example"], 26, 5_000, BOB)),
        ("the same server", two_attempts(C, 25, 5_000, BOB)),
        ("another recipient", two_attempts(C, 26, 5_000, ["eve@c.example", "bob@c.example"])),
        ("much later", two_attempts(C, 26, 150_000, BOB)),
    ] {
        assert_eq!(delivered_later(&capture, limits()), None, "{what}");
    }
}

#[test]
fn no_more_sessions_are_held_back_than_the_bound_allows() {
    let capture = two_attempts(C, 26, 5_000, BOB);
    assert_eq!(delivered_later(&capture, Limits { attempts: 0, ..Limits::default() }), None);
    assert_eq!(delivered_later(&capture, Limits { attempts: 1, ..Limits::default() }), Some(2));
    assert_eq!(delivered_later(&capture, Limits { attempt_ns: 1_000_000_000, ..Limits::default() }), None);
}

fn sample(name: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")).join(name)
}

#[test]
fn samples_of_two_attempts_are_one_delivery() {
    for (name, cause) in [("second-address.pcap", "connect-refused"), ("second-mx.pcap", "recipients-refused")] {
        let (_, sessions) = corpus::sessions(&sample(name), &[25]);
        let found: Vec<_> = sessions
            .iter()
            .map(|(session, diagnosis)| {
                (session.number, diagnosis.cause.map(|rule| rule.code), diagnosis.delivered_later)
            })
            .collect();
        assert_eq!(found, [(1, Some(cause), Some(2)), (2, None, None)], "{name}");
        assert!(!sessions[0].1.is_mail_lost() && !sessions[1].1.is_mail_lost(), "{name}");
    }
}

#[test]
fn every_format_says_that_no_mail_was_lost() {
    let octets = std::fs::read(sample("second-mx.pcap")).unwrap();
    let report = |format| report_on(octets.clone(), "a.pcap", format, 150);
    let table = report(Format::Table);
    assert!(
        table.contains("No mail was lost. 4 sessions in 2 captures: 2 lost and delivered later, 2 delivered."),
        "{table}"
    );
    assert!(table.contains("later: session 2") && !table.contains("\n  fix "), "{table}");
    assert!(
        table.contains("Warning: 2 lost sessions failed, but the next attempt to deliver the same mail succeeded."),
        "{table}"
    );
    let markdown = report(Format::Markdown);
    assert!(markdown.contains("lost: 0 of 4") && markdown.contains("2 lost and delivered later"), "{markdown}");
    assert!(markdown.contains("`recipients-refused`, `try-later`, delivered later: session 2 |"), "{markdown}");
    let json: serde_json::Value = serde_json::from_str(&report(Format::Json)).unwrap();
    assert_eq!(json["sessions"][0]["delivered_later"], 2);
    assert_eq!((&json["summary"]["lost"], &json["summary"]["delivered_later"]), (&2.into(), &2.into()));
    assert_eq!(json["relays"], serde_json::json!([]));
    let csv = report(Format::Csv);
    assert!(csv.lines().nth(1).unwrap().contains("\"try-later\",\"2\""), "{csv}");
    let page = report(Format::Html);
    assert!(page.contains("Lost, delivered later") && page.contains("\"delivered_later\":2"), "{page}");
}

#[test]
fn a_mail_that_arrived_is_no_finding_for_a_script() {
    let scan =
        |name: &str| Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace")).arg("scan").arg(sample(name)).output();
    assert_eq!(scan("second-address.pcap").unwrap().status.code(), Some(0));
    assert_eq!(scan("connect-refused.pcap").unwrap().status.code(), Some(1));
}
