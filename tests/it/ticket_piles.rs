//! A pile of tickets: none is mixed with another, copies count once, and every format says so.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::make::gz;
use crate::support::{CaptureBuilder, FileOptions, Frame, write_pcap, write_pcapng};

const FORMATS: [&str; 6] = ["table", "json", "jsonl", "csv", "markdown", "html"];

/// A client that loses its session at `at` to this refusal of its hello.
fn lost_in(year: &str, refusal: &str) -> Vec<Frame> {
    let mut capture = CaptureBuilder::new();
    for minute in ["10:00", "10:30"] {
        let mut session =
            capture.session("192.168.1.10:1145", "192.168.1.25:25").start_at(&format!("{year}-03-05T{minute}:00Z"));
        session.handshake();
        session.dialogue(&format!("S: 220 mx.example.net ESMTP\nC: EHLO sub2.\nS: {refusal}\nC: QUIT\nS: 221 bye"));
        session.server_fin();
        session.client_fin();
    }
    capture.frames()
}

fn pcap(frames: &[Frame]) -> Vec<u8> {
    write_pcap(frames, &FileOptions::default())
}

/// Two customers with the same private addresses, one of whom sent his capture three times; a folder without a capture, a
/// capture that is none, and a text.
struct Pile {
    folder: tempfile::TempDir,
}

impl Pile {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (lost_in("1999", "501 Invalid Address"), lost_in("2003", "550 5.7.1 Go away"));
        let pile = Self { folder };
        pile.put("4711/copies/good copy.pcap", &pcap(&old));
        pile.put("4711/good.pcap", &write_pcapng(&old, &FileOptions::default()));
        pile.put("4711/good.pcap.gz", &gz(&pcap(&old)));
        pile.put("4711/later.pcap", &pcap(&old[..old.len() - 1]));
        pile.put("4712/broken.PCAP1", b"<html>expired</html>");
        pile.put("4712/new.pcap", &pcap(&new));
        pile.put("4713/notes.txt", b"Dear support");
        pile.put("4714.pcap", &pcap(&new));
        pile.put("readme.txt", b"tickets of March");
        pile
    }

    fn put(&self, name: &str, octets: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, octets).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("tickets").join(name)
    }

    fn scan(&self, arguments: &[&str]) -> String {
        let output = scan(self.folder.path(), arguments);
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.scan(&[arguments, &["--format", "json"]].concat())).unwrap()
    }
}

fn scan(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(folder).arg("scan").args(arguments).output().unwrap()
}

fn fields(list: &Value, names: &[&str]) -> Value {
    let of = |object: &Value| names.iter().map(|name| object[name].clone()).collect::<Vec<_>>();
    list.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_relay_is_of_one_ticket_unless_the_tickets_are_one_site() {
    let pile = Pile::new();
    let report = pile.json(&["tickets"]);
    let relay = ["ticket", "client_ip", "sessions", "lost", "lost_in", "lost_every_ns"];
    let half_an_hour = 1_800_000_000_000_u64;
    // The capture that lacks a frame is another one, and of the same ticket.
    let between = report["relays"][0]["lost_every_ns"].clone();
    assert!(between.as_u64().unwrap() < half_an_hour, "{between}");
    assert_eq!(
        fields(&report["relays"], &relay),
        json!([[0, "192.168.1.10", 4, 4, [0, 3], between], [1, "192.168.1.10", 2, 2, [5], half_an_hour]])
    );
    assert_eq!(
        fields(&report["tickets"], &["ticket", "path", "captures", "copies", "unreadable", "passed_over", "lost"]),
        json!([
            [0, "tickets/4711", 4, 2, 0, 0, 4],
            [1, "tickets/4712", 1, 0, 1, 0, 2],
            [2, "tickets/4713", 0, 0, 0, 1, 0],
            [3, "tickets/4714.pcap", 1, 1, 0, 0, 0]
        ])
    );
    let summary = &report["summary"];
    assert_eq!(
        fields(&json!([summary]), &["sessions", "lost", "captures", "copies", "tickets"]),
        json!([[6, 6, 7, 3, 4]])
    );
    let tickets_of_sessions = fields(&report["sessions"], &["capture", "ticket"]);
    assert_eq!(tickets_of_sessions, json!([[0, 0], [0, 0], [3, 0], [3, 0], [5, 1], [5, 1]]));

    for arguments in
        [&["--together", "tickets"][..], &["--together", "tickets/4711", "tickets/4712", "tickets/4714.pcap"]]
    {
        let report = pile.json(arguments);
        assert_eq!(fields(&report["relays"], &relay[..4]), json!([[0, "192.168.1.10", 6, 6]]), "{arguments:?}");
        assert_eq!(report["tickets"].as_array().unwrap().len(), 1);
    }
    // A file given by name is a ticket, a folder given is none.
    let report = pile.json(&["tickets/4712/new.pcap", "tickets/4711"]);
    let paths = [
        "tickets/4712/new.pcap",
        "tickets/4711/copies",
        "tickets/4711/good.pcap",
        "tickets/4711/good.pcap.gz",
        "tickets/4711/later.pcap",
    ];
    assert_eq!(fields(&report["tickets"], &["path"]), paths.iter().map(|path| json!([path])).collect::<Value>());
    let report = pile.json(&["--sequence", "tickets/4712/new.pcap"]);
    assert_eq!(fields(&report["tickets"], &["path", "sessions"]), json!([["tickets/4712/new.pcap", 2]]));
}

#[test]
fn every_format_says_which_capture_is_a_copy_of_which_and_counts_it_once() {
    let pile = Pile::new();
    let original = |name: &str| format!("{name}: the same packets, so its sessions are counted there");
    let (of_first, of_new) =
        (original("capture 1, tickets/4711/copies/good copy.pcap"), original("capture 6, tickets/4712/new.pcap"));
    for format in ["table", "csv", "markdown", "html"] {
        let text = pile.scan(&["--width", "200", "--format", format, "tickets"]);
        assert_eq!(text.matches(&of_first).count(), 2, "{format}: {text}");
        assert_eq!(text.matches(&of_new).count(), 1, "{format}: {text}");
        let a_session = match format {
            "html" => "\"client\":\"192.168.1.10:1145\"",
            _ => "192.168.1.10:1145",
        };
        // A spreadsheet has address and port in two cells.
        let sessions = if format == "csv" { 0 } else { 6 };
        assert_eq!(text.matches(a_session).count(), sessions, "{format}: {text}");
    }
    let copies = json!([["tickets/4711/good.pcap", 0], ["tickets/4711/good.pcap.gz", 0], ["tickets/4714.pcap", 5]]);
    let report = pile.json(&["tickets"]);
    let lines: Vec<Value> =
        pile.scan(&["--format", "jsonl", "tickets"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_type = |kind: &str| lines.iter().filter(|line| line["type"] == kind).cloned().collect::<Value>();
    for captures in [report["captures"].clone(), of_type("capture_end")] {
        let copied = captures.as_array().unwrap().iter().filter(|capture| !capture["copy_of"].is_null());
        let copied = copied.map(|capture| json!([capture["path"], capture["copy_of"]["capture"]]));
        assert_eq!(copied.collect::<Value>(), copies);
    }
    assert_eq!(of_type("session").as_array().unwrap().len(), 6);
    assert_eq!(fields(&of_type("ticket"), &["ticket", "lost"]), fields(&report["tickets"], &["ticket", "lost"]));
    let rows = csv_rows(&pile.scan(&["--format", "csv", "tickets"]));
    assert_eq!(rows.iter().filter(|row| !row["session"].is_empty()).count(), 6);
    assert_eq!(rows.len(), 6 + 3 + 1, "three copies and one that cannot be read");
}

/// The rows of a spreadsheet, by the names of their columns.
fn csv_rows(text: &str) -> Vec<HashMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_summary_of_each_ticket_comes_first_and_the_number_of_jobs_changes_nothing() {
    let pile = Pile::new();
    let first = [
        "tickets/4711: 4 sessions: 4 lost (ehlo-argument); 2 copies, the first of tickets/4711/copies/good copy.pcap, not",
        "    counted again",
        "tickets/4712: 2 sessions: 2 lost (ehlo-argument); 1 file could not be read, or not to the end",
        "tickets/4713: no capture in it, 1 file passed over",
        "tickets/4714.pcap: 1 copy of tickets/4712/new.pcap, not counted again",
        "",
    ];
    assert_eq!(pile.scan(&["tickets"]).lines().take(6).collect::<Vec<_>>(), first);
    let markdown = pile.scan(&["--format", "markdown", "tickets"]);
    assert!(markdown.contains("\n\n## Tickets\n\n| ticket | what became of it |\n"), "{markdown}");
    let page = pile.scan(&["--format", "html", "tickets"]);
    let link =
        "<a href=\"#ticket=2\"><code>tickets/4712</code></a></th><td class=\"lost\">2 sessions: 2 lost (ehlo-argument)";
    assert!(page.contains(link), "{page}");
    assert!(page.find("id=\"findings\"").unwrap() < page.find("id=\"tickets\"").unwrap());
    assert!(page.find("id=\"tickets\"").unwrap() < page.find("id=\"sessions\"").unwrap());
    for format in FORMATS {
        let of = |jobs: &str| pile.scan(&["--format", format, "--jobs", jobs, "tickets"]);
        assert!(of("1") == of("2"), "{format} differs with the number of jobs");
    }
    // One ticket needs no line of its own.
    assert!(pile.scan(&["--together", "tickets"]).starts_with("Capture 1: "));
}

#[test]
fn what_is_named_like_a_capture_and_is_none_is_named_in_every_format() {
    let pile = Pile::new();
    for format in FORMATS {
        let output = scan(pile.folder.path(), &["--format", format, "tickets"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{format}");
        assert!(text.contains("tickets/4712/broken.PCAP1"), "{format}: {text}");
        assert!(!text.contains("readme.txt"), "{format}: {text}");
    }
    let report = pile.json(&["tickets"]);
    assert_eq!(fields(&report["inputs"], &["captures", "unreadable", "passed_over"]), json!([[6, 1, 2]]));
    assert_eq!(fields(&report["captures"], &["status"])[4], json!(["unreadable"]));
}

#[test]
fn a_session_has_the_number_by_which_it_is_traced_beside_the_name_of_its_capture() {
    let pile = Pile::new();
    let (alone, several) = (pile.scan(&["tickets/4712/new.pcap"]), pile.scan(&["tickets/4711", "tickets/4712"]));
    assert!(alone.contains("\n2               2003-03-05 "), "{alone}");
    assert!(several.contains("\nCapture 4: tickets/4711/later.pcap\n") && several.contains("\n4.2  "), "{several}");
    let trace = Command::cargo_bin("ehlotrace")
        .unwrap()
        .current_dir(pile.folder.path())
        .args(["trace", "--session", "2", "tickets/4711/later.pcap"])
        .output()
        .unwrap();
    assert!(String::from_utf8(trace.stdout).unwrap().contains("EHLO sub2."));
    let markdown = pile.scan(&["--format", "markdown", "tickets"]);
    assert!(markdown.contains("\n| 4.2 | `tickets/4711/later.pcap` | "), "{markdown}");
    let page = pile.scan(&["--format", "html", "tickets"]);
    assert!(page.contains("\"source\":\"tickets/4711/later.pcap\",\"ticket\":0,\"number\":2,"), "{page}");
    assert!(page.contains("4.2<br>tickets/4711/later.pcap<br>frames "), "{page}");
}

#[test]
fn a_relay_says_what_was_answered_and_all_there_is_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut capture = CaptureBuilder::new();
    let said = "S: 220 mx.example.net ESMTP\nC: EHLO";
    let (mail, rcpt) = ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.net>");
    for (number, dialogue) in [
        format!("{said} sub2.\nS: 501 Invalid Address\nC: QUIT\nS: 221 bye"),
        format!("{said} sub2.\nS: 501 Invalid Address\nC: QUIT\nS: 221 bye"),
        format!("{said} a.example.com\nS: 250 ok\nC: {mail}\nS: 530 5.7.0 Authentication required\nC: QUIT\nS: 221 bye"),
        format!("{said} a.example.com\nS: 250 ok\nC: {mail}\nS: 452 4.3.1 Disk full\nC: QUIT\nS: 221 bye"),
        format!("{said} a.example.com\nS: 250 ok\nC: {mail}\nS: 250 ok\nC: {rcpt}\nS: 550 5.1.1 No such user\nC: QUIT\nS: 221 bye"),
    ]
    .iter()
    .enumerate()
    {
        let client = format!("192.0.2.10:{}", 1145 + number);
        let mut session = capture.session(&client, "192.0.2.25:25").start_at(&format!("2024-03-05T1{number}:00:00Z"));
        session.handshake();
        session.dialogue(dialogue);
        session.server_fin();
        session.client_fin();
    }
    fs::write(folder.path().join("a.pcap"), pcap(&capture.frames())).unwrap();
    let of = |format: &str| {
        String::from_utf8(scan(folder.path(), &["--width", "200", "--format", format, "a.pcap"]).stdout).unwrap()
    };
    let report: Value = serde_json::from_str(&of("json")).unwrap();
    let relay = &report["relays"][0];
    let causes = json!([
        ["ehlo-argument", null, 2],
        ["sender-refused", "auth-required", 1],
        ["sender-refused", "server-full", 1],
        ["recipients-refused", "mailbox-unknown", 1]
    ]);
    assert_eq!(fields(&relay["causes"], &["cause", "reason", "sessions"]), causes);
    let refusals = json!([
        ["501 Invalid Address", 2],
        ["MAIL: 530 5.7.0 Authentication required", 1],
        ["MAIL: 452 4.3.1 Disk full", 1],
        ["RCPT: 550 5.1.1 No such user", 1]
    ]);
    assert_eq!(fields(&relay["refusals"], &["text", "sessions"]), refusals);
    for format in ["table", "markdown", "html"] {
        let text = of(format);
        for refusal in ["501 Invalid Address", "RCPT: 550 5.1.1 No such user"] {
            assert!(text.contains(refusal), "{format}: {text}");
        }
        for cause in relay["causes"].as_array().unwrap() {
            let reason = cause["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let name = format!("{}{reason}", cause["cause"].as_str().unwrap());
            let heading = match format {
                "table" => format!("  {name}: "),
                "markdown" => format!("### `{name}`: "),
                _ => format!("<code>{name}</code></a>: "),
            };
            assert_eq!(text.matches(&heading).count(), 1, "{heading} in {format}: {text}");
        }
    }
    let page = of("html");
    assert!(page.contains("<a href=\"#finding=1\"><code>ehlo-argument</code>"), "{page}");
    assert!(page.contains("<a href=\"#relay=1:192.0.2.10-192.0.2.25\">5 of 5</a>"), "{page}");
    assert_eq!(page.matches("\"relay\":\"1:192.0.2.10-192.0.2.25\"").count(), 5, "each session knows its relay");
}

#[test]
fn where_client_and_server_are_known_products_their_settings_are_named() {
    let mut capture = CaptureBuilder::new();
    let mut to_client = capture.session("192.0.2.77:2000", "192.168.1.10:25").start_at("2003-03-05T09:00:00Z");
    to_client.handshake();
    to_client.dialogue("S: 220 relay.example.com ESMTP Postfix\nC: EHLO a.example\nS: 250 ok\nC: QUIT\nS: 221 bye");
    to_client.server_fin();
    to_client.client_fin();
    let mut lost = capture.session("192.168.1.10:1145", "203.0.113.25:25").start_at("2003-03-05T10:00:00Z");
    lost.handshake();
    let refused = "S: 220 mx.example.net ESMTP Exim 4.96\nC: EHLO sub_2\nS: 501 Syntactically invalid EHLO argument(s)\nC: QUIT\nS: 221 bye";
    lost.dialogue(refused);
    lost.server_fin();
    lost.client_fin();
    let pile = Pile::new();
    pile.put("4720/known.pcap", &pcap(&capture.frames()));
    let settings = "The client runs Postfix: its name is set with `smtp_helo_name` in `main.cf`. Until the client is corrected, \
                    Exim lets the name pass with `helo_accept_junk_hosts` or `helo_allow_chars`.";
    let relay = &pile.json(&["tickets/4720"])["relays"][0];
    let remedy = relay["causes"][0]["remedy"].as_str().unwrap();
    assert!(remedy.contains("`sub-2.your-company.com`") && remedy.ends_with(settings), "{remedy}");
    let markdown = pile.scan(&["--format", "markdown", "tickets/4720"]);
    assert!(markdown.contains(settings), "{markdown}");
    // Another ticket's host of that address tells nothing.
    let other = &pile.json(&["tickets/4712"])["relays"][0]["causes"][0]["remedy"];
    assert!(!other.as_str().unwrap().contains("Postfix"), "{other}");
}
