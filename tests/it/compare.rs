//! Two scans compared as a user compares them.

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::report_hostile::is_harmful;
use crate::support::{CaptureBuilder, SessionScript};

const DAY_BEFORE: &str = "2024-03-05T09:00:00Z";
const DAY_AFTER: &str = "2024-03-12T09:00:00Z";

/// Client, server and what happened.
type Sessions<'s> = &'s [(&'s str, &'s str, fn(&mut SessionScript))];

/// Captures and reports in a folder.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    fn capture(&self, name: &str, day: &str, sessions: Sessions<'_>) -> &Self {
        self.write(name, capture(day, sessions))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::cargo_bin("ehlotrace").unwrap().current_dir(self.folder.path()).args(arguments).output().unwrap()
    }

    /// A report on a capture, in a file of this name.
    fn report(&self, name: &str, arguments: &[&str]) -> &Self {
        let output = self.run(&[&["scan"], arguments].concat());
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        self.write(name, output.stdout)
    }

    fn compare(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(&[&["compare"], arguments].concat());
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    fn document(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, document, said) = self.compare(&[&["--format", "json"], arguments].concat());
        (code, serde_json::from_str(&document).unwrap_or_else(|error| panic!("{error}: {document} {said}")))
    }
}

fn capture(day: &str, sessions: Sessions<'_>) -> Vec<u8> {
    let mut capture = CaptureBuilder::new().start_at(day);
    for (at, (client, server, script)) in sessions.iter().enumerate() {
        let mut session = capture.session(&format!("{client}:{}", 4000 + at), &format!("{server}:25"));
        session.wait_s(60 * i64::try_from(at).unwrap());
        script(&mut session);
    }
    capture.finish_pcap()
}

fn hello(script: &mut SessionScript, hello: &[u8], reply: &[u8]) {
    script.handshake().server(b"220 mx.example.net ESMTP\r\n").client(hello).server(reply);
    script.client(b"QUIT\r\n").server(b"221 bye\r\n").server_fin().client_fin();
}

fn dot(script: &mut SessionScript) {
    hello(script, b"EHLO sub2.\r\n", b"501 5.5.4 Invalid domain name at 09:00:01\r\n");
}

fn dot_at_another_time(script: &mut SessionScript) {
    hello(script, b"EHLO sub2.\r\n", b"501 5.5.4 Invalid domain name at 17:30:42\r\n");
}

fn other_dot(script: &mut SessionScript) {
    hello(script, b"EHLO sub3.\r\n", b"501 5.5.4 Invalid domain name at 09:00:01\r\n");
}

fn other_reply(script: &mut SessionScript) {
    hello(script, b"EHLO sub2.\r\n", b"550 5.7.1 Go away\r\n");
}

fn underscore(script: &mut SessionScript) {
    hello(script, b"EHLO sub_2\r\n", b"501 5.5.4 Invalid domain name\r\n");
}

fn no_mail(script: &mut SessionScript) {
    hello(script, b"EHLO sub2.example.com\r\n", b"250 mx.example.net\r\n");
}

fn refused_connection(script: &mut SessionScript) {
    script.syn().server_rst();
}

fn delivered(script: &mut SessionScript) {
    script.handshake().dialogue(
        "S: 220 mx.example.net ESMTP
         C: EHLO sub2.example.com
         S: 250 mx.example.net
         C: MAIL FROM:<ann@example.com>
         S: 250 ok
         C: RCPT TO:<bob@example.net>
         S: 250 ok
         C: DATA
         S: 354 go on
         C: Subject: x
         C:
         C: x
         C: .
         S: 250 ok
         C: QUIT
         S: 221 bye",
    );
    script.server_fin().client_fin();
}

const MX: &str = "192.0.2.250";

/// One relay for each state; the last octet of its client's address names it.
const BEFORE: Sessions<'_> = &[
    ("192.0.2.1", MX, dot),
    ("192.0.2.1", MX, dot),
    ("192.0.2.2", MX, dot),
    ("192.0.2.3", MX, dot),
    ("192.0.2.4", MX, dot),
    ("192.0.2.5", MX, dot),
    ("192.0.2.6", MX, dot),
    ("192.0.2.7", MX, delivered),
    ("192.0.2.8", MX, dot),
    ("192.0.2.9", MX, dot),
    ("192.0.2.10", MX, delivered),
];
const AFTER: Sessions<'_> = &[
    ("192.0.2.1", MX, dot_at_another_time),
    ("192.0.2.1", MX, delivered),
    ("192.0.2.2", MX, delivered),
    ("192.0.2.3", MX, other_dot),
    ("192.0.2.4", MX, other_reply),
    ("192.0.2.6", MX, no_mail),
    ("192.0.2.7", MX, dot),
    ("192.0.2.7", MX, dot),
    ("192.0.2.8", MX, underscore),
    ("192.0.2.8", MX, delivered),
    ("192.0.2.9", MX, refused_connection),
    ("192.0.2.10", MX, delivered),
];

/// Client, cause, problems and state.
fn states(document: &Value) -> Vec<(String, String, String, String)> {
    let field = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = document["troubles"].as_array().unwrap().iter();
    rows.map(|row| {
        let problems: Vec<&str> =
            row["problems"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        (field(row, "client_ip"), field(row, "cause"), problems.join(","), field(row, "state"))
    })
    .collect()
}

fn expected() -> Vec<(String, String, String, String)> {
    let rows = [
        // What is lost now comes first, most sessions first.
        ("192.0.2.7", "ehlo-argument", "trailing-dot", "new"),
        ("192.0.2.1", "ehlo-argument", "trailing-dot", "still-there"),
        ("192.0.2.3", "ehlo-argument", "trailing-dot", "changed"),
        ("192.0.2.4", "ehlo-argument", "trailing-dot", "changed"),
        ("192.0.2.8", "ehlo-argument", "underscore", "new"),
        ("192.0.2.9", "connect-refused", "", "new"),
        ("192.0.2.5", "ehlo-argument", "trailing-dot", "not-seen"),
        ("192.0.2.6", "ehlo-argument", "trailing-dot", "not-seen"),
        ("192.0.2.9", "ehlo-argument", "trailing-dot", "not-seen"),
        ("192.0.2.2", "ehlo-argument", "trailing-dot", "gone"),
        ("192.0.2.8", "ehlo-argument", "trailing-dot", "gone"),
    ];
    let owned = |(client, cause, problems, state): (&str, &str, &str, &str)| {
        (client.to_owned(), cause.to_owned(), problems.to_owned(), state.to_owned())
    };
    rows.map(owned).into()
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.capture("before.pcap", DAY_BEFORE, BEFORE).capture("after.pcap", DAY_AFTER, AFTER);
    bench
}

#[test]
fn each_trouble_of_each_relay_has_its_state() {
    let (code, document) = bench().document(&["before.pcap", "after.pcap"]);
    assert_eq!((code, states(&document)), (1, expected()));
    let counted: Vec<u64> =
        document["states"].as_array().unwrap().iter().map(|state| state["troubles"].as_u64().unwrap()).collect();
    assert_eq!(counted, [1, 2, 3, 0, 3, 2]);
    assert_eq!(document["notes"], json!([]));
    assert_eq!((&document["before"]["lost"], &document["after"]["delivered"]), (&json!(9), &json!(4)));
}

#[test]
fn a_report_of_any_form_compares_as_its_capture_does() {
    let bench = bench();
    for side in ["before", "after"] {
        let capture = format!("{side}.pcap");
        bench.report(&format!("{side}.json"), &["--format", "json", &capture]);
        bench.report(&format!("{side}.jsonl"), &["--format", "jsonl", &capture]);
        bench.report(&format!("{side}.brief"), &["--format", "jsonl", "--brief", &capture]);
    }
    let without_paths = |mut document: Value| {
        for side in ["before", "after"] {
            document[side]["path"] = json!("");
        }
        document
    };
    let of_captures = without_paths(bench.document(&["before.pcap", "after.pcap"]).1);
    for before in ["before.pcap", "before.json", "before.jsonl", "before.brief"] {
        for after in ["after.json", "after.jsonl", "after.brief", "after.pcap"] {
            let (code, document) = bench.document(&[before, after]);
            assert_eq!((code, without_paths(document)), (1, of_captures.clone()), "{before} {after}");
        }
    }
}

#[test]
fn a_client_behind_a_proxy_is_the_same_in_every_form() {
    let bench = Bench::new();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/proxied.pcap");
    bench.report("long.json", &["--format", "json", sample]);
    bench.report("brief.jsonl", &["--format", "jsonl", "--brief", sample]);
    for before in [sample, "long.json", "brief.jsonl"] {
        let (_, document) = bench.document(&[before, sample]);
        let row = &document["troubles"][0];
        assert_eq!((&row["client_ip"], &row["state"]), (&json!("203.0.113.9"), &json!("still-there")), "{before}");
        assert_eq!(document["troubles"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn every_sample_is_still_there_against_itself() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let bench = Bench::new();
    let ports = ["--port", "25,465,587,1080"];
    bench.report("samples.jsonl", &[&ports[..], &["--format", "jsonl", samples]].concat());
    for before in [samples, "samples.jsonl"] {
        let (code, document) = bench.document(&[&ports[..], &[before, samples]].concat());
        let states = states(&document);
        assert!(code == 1 && states.len() > 30, "{code}: {states:?}");
        let other: Vec<_> = states.iter().filter(|row| row.3 != "still-there").collect();
        assert!(other.is_empty(), "{other:?}");
    }
}

#[test]
fn the_exit_code_says_whether_mail_is_lost_now() {
    let bench = bench();
    bench.capture("good.pcap", DAY_AFTER, &[("192.0.2.1", MX, delivered)]);
    bench.capture("none.pcap", DAY_AFTER, &[]);
    // The length of the second record is more than any packet has.
    let mut damaged = std::fs::read(bench.path("after.pcap")).unwrap();
    let first = u32::from_le_bytes(damaged[32..36].try_into().unwrap()) as usize;
    damaged[40 + first + 8..][..4].fill(0xff);
    bench.write("damaged.pcap", damaged).write("text.txt", "no capture").write("other.json", "{\"a\":1}");
    for (before, after, code) in [
        ("before.pcap", "good.pcap", 0),
        ("good.pcap", "before.pcap", 1),
        ("before.pcap", "none.pcap", 0),
        ("before.pcap", "damaged.pcap", 3),
        ("damaged.pcap", "good.pcap", 3),
        ("before.pcap", "text.txt", 2),
        ("before.pcap", "missing.pcap", 2),
        ("other.json", "good.pcap", 2),
    ] {
        let (found, text, said) = bench.compare(&[before, after]);
        assert_eq!(found, code, "{before} {after}: {text} {said}");
        assert_eq!(text.is_empty(), code == 2, "{before} {after}: {text}");
        assert_eq!(said.is_empty(), code < 2, "{before} {after}: {said}");
    }
    assert_eq!(bench.compare(&["before.pcap"]).0, 2);
    assert_eq!(bench.compare(&["-", "-"]).0, 2);
}

#[test]
fn a_report_of_lost_sessions_does_not_say_what_is_gone() {
    let bench = bench();
    bench.report("lost.json", &["--format", "json", "--show", "lost", "after.pcap"]);
    bench.report("lost.jsonl", &["--format", "jsonl", "--show", "lost", "after.pcap"]);
    for after in ["lost.json", "lost.jsonl"] {
        let (code, document) = bench.document(&["before.pcap", after]);
        assert_eq!(code, 1);
        for (client, _, _, state) in states(&document) {
            let is_lost_now = document["troubles"].as_array().unwrap().iter().any(|row| {
                row["client_ip"] == json!(client) && row["state"] == json!(state) && !row["after"].is_null()
            });
            assert!(is_lost_now || state == "unknown", "{client}: {state}");
        }
        let (_, text, _) = bench.compare(&["before.pcap", after]);
        assert!(text.contains("UNKNOWN: 192.0.2.2 to 192.0.2.250: ehlo-argument (trailing-dot)\n"), "{text}");
        assert!(text.contains("AFTER lists only 7 of its 12 sessions (made with --show lost)"), "{text}");
    }
    // What was lost before is all there.
    bench.report("lost.json", &["--format", "json", "--show", "lost", "before.pcap"]);
    assert_eq!(states(&bench.document(&["lost.json", "after.pcap"]).1), expected());
}

#[test]
fn a_report_made_with_filters_does_not_say_what_is_gone() {
    let bench = bench();
    bench.report("filtered.json", &["--format", "json", "--outcome", "delivered", "after.pcap"]);
    let (_, document) = bench.document(&["before.pcap", "filtered.json"]);
    assert!(states(&document).iter().all(|row| row.3 == "unknown"), "{document:#}");
    let (_, text, _) = bench.compare(&["before.pcap", "filtered.json"]);
    assert!(text.contains("AFTER was made with filters, which left out 8 sessions"), "{text}");
}

#[test]
fn a_report_that_cannot_be_read_is_told_in_one_sentence() {
    let bench = bench();
    bench.report("after.jsonl", &["--format", "jsonl", "after.pcap"]);
    bench.report("after.json", &["--format", "json", "after.pcap"]);
    let text = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
    let (lines, document) = (text("after.jsonl"), text("after.json"));
    let without_end: Vec<&str> = lines.lines().filter(|line| !line.contains("\"type\":\"summary\"")).collect();
    let newer = |text: &str| text.replacen("\"schema_version\":2", "\"schema_version\":3", 1);
    for (name, content, code, says) in [
        ("no-end.jsonl", without_end.join("\n"), 3, "this report is cut off: it has no summary at its end"),
        ("cut.jsonl", lines[..lines.len() - 20].to_owned(), 3, "this report is cut off"),
        ("cut-early.jsonl", lines[..100].to_owned(), 2, "this report is cut off"),
        ("cut.json", document[..document.len() * 3 / 4].to_owned(), 3, "this report is cut off"),
        ("newer.jsonl", newer(&lines), 2, "has the schema_version 3, and this ehlotrace reads only 2"),
        ("newer.json", newer(&document), 2, "has the schema_version 3, and this ehlotrace reads only 2"),
        ("other.json", "{\"name\": [1, 2]}".to_owned(), 2, "this is JSON, but not a report of ehlotrace scan"),
        ("other.jsonl", "{\"type\":\"x\"}\n{\"type\":\"session\"}\n".to_owned(), 2, "not a report of ehlotrace scan"),
        ("damaged.json", document.replacen("\"outcome\":\"lost\"", "\"outcome\":\"found\"", 2), 2, "damaged at line "),
    ] {
        bench.write(name, content);
        let (found, _, said) = bench.compare(&["before.pcap", name]);
        assert!(found == code && said.contains(says), "{name}: {found}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with(&format!("ehlotrace: {name}: ")), "{said}");
    }
    let (_, document) = bench.document(&["before.pcap", "no-end.jsonl"]);
    assert!(states(&document).iter().all(|row| row.3 != "gone" && row.3 != "not-seen"), "{document:#}");
    assert_eq!(document["after"]["complete"], json!(false));
}

#[test]
fn filters_hold_for_captures_and_reports() {
    let bench = bench();
    bench.report("after.json", &["--format", "json", "after.pcap"]);
    for after in ["after.pcap", "after.json"] {
        let (code, document) = bench.document(&["--client", "192.0.2.2/31", "before.pcap", after]);
        let rows: Vec<_> = expected().into_iter().filter(|row| matches!(&*row.0, "192.0.2.2" | "192.0.2.3")).collect();
        assert_eq!((code, states(&document)), (1, rows));
        let (code, document) = bench.document(&["--server", "198.51.100.0/24", "before.pcap", after]);
        assert_eq!((code, states(&document)), (0, Vec::new()));
    }
}

#[test]
fn copies_count_once_and_folders_are_one_side() {
    let bench = bench();
    for folder in ["old", "new"] {
        std::fs::create_dir(bench.path(folder)).unwrap();
    }
    for name in ["old/1.pcap", "old/2.pcap"] {
        std::fs::copy(bench.path("before.pcap"), bench.path(name)).unwrap();
    }
    std::fs::copy(bench.path("after.pcap"), bench.path("new/1.pcap")).unwrap();
    let (code, document) = bench.document(&["old", "new"]);
    assert_eq!((code, states(&document)), (1, expected()));
    assert_eq!(document["before"]["sessions"], json!(11));
}

#[test]
fn text_and_markdown_say_the_same_and_times_are_in_the_zone() {
    let bench = bench();
    let arguments = ["--timezone", "+01:00", "before.pcap", "after.pcap"];
    let (_, text, _) = bench.compare(&arguments);
    assert!(
        text.starts_with("Before: before.pcap: 11 sessions: 9 lost, 2 delivered; opened 2024-03-05 10:00:00 to "),
        "{text}"
    );
    assert!(text.contains("\n1 still there, 2 changed, 3 new, 3 not seen any more, 2 gone.\n"), "{text}");
    assert!(text.contains("\nCHANGED: 192.0.2.3 to 192.0.2.250: ehlo-argument (trailing-dot)\n"), "{text}");
    assert!(text.contains("\n  sends    before: EHLO sub2.\n           after: EHLO sub3.\n"), "{text}");
    assert!(
        text.contains("\n  note     no session after delivered mail; this is no proof that it is solved\n"),
        "{text}"
    );
    let (_, markdown, _) = bench.compare(&[&["--format", "markdown"], &arguments[..]].concat());
    assert!(markdown.starts_with("## Compared: 1 still there, 2 changed, 3 new, 3 not seen any more, 2 gone\n"));
    assert_eq!(markdown.lines().filter(|line| line.contains("| `192.0.2.250` |")).count(), expected().len());
    assert!(markdown.contains("2024-03-12 10:00:00 UTC+01:00"), "{markdown}");
}

#[test]
fn the_order_of_time_is_looked_at() {
    let (_, text, _) = bench().compare(&["after.pcap", "before.pcap"]);
    assert!(text.contains("Note: AFTER is older than BEFORE: are they in the right order?\n"), "{text}");
}

/// What could attack a terminal, Markdown or JSON.
const HOSTILE: &str = "\u{1b}[31m|`<img src=x>\u{202e}\u{7}";

#[test]
fn nothing_hostile_gets_out_of_a_capture_or_a_report() {
    let bench = Bench::new();
    let line = |before: &str| format!("{before}{HOSTILE}\r\n");
    let mut capture = CaptureBuilder::new();
    let mut session = capture.session("192.0.2.1:4000", "192.0.2.250:25");
    session.handshake().server(b"220 x\r\n").client(line("EHLO ").as_bytes()).server(line("501 ").as_bytes());
    session.client_fin().server_fin();
    bench.write("hostile.pcap", capture.finish_pcap());
    let report = bench.report("hostile.jsonl", &["--format", "jsonl", "hostile.pcap"]);
    // A report that no program of ours wrote.
    let text = std::fs::read_to_string(report.path("hostile.jsonl")).unwrap();
    let code = serde_json::to_string(HOSTILE).unwrap();
    let forged = text.replace("\"ehlo-argument\"", &code).replace("\"EHLO\"", &code);
    bench.write("forged\u{1b}[31m.jsonl", forged);
    for before in ["hostile.pcap", "hostile.jsonl", "forged\u{1b}[31m.jsonl"] {
        for format in ["text", "markdown", "json"] {
            let (code, text, said) = bench.compare(&["--format", format, before, "hostile.pcap"]);
            assert_eq!(code, 1, "{said}");
            let harmful: Vec<char> = text.chars().chain(said.chars()).filter(|c| is_harmful(*c)).collect();
            assert_eq!(harmful, [], "{format} {before}: {text}");
            if format == "markdown" {
                let rows = text.lines().filter(|line| line.starts_with("| still") || line.starts_with("| new"));
                for row in rows {
                    assert_eq!(row.replace("\\|", "").matches('|').count(), 9, "{row}");
                }
            }
        }
    }
}

#[test]
fn the_document_is_valid() {
    let bench = bench();
    let printed = String::from_utf8(bench.run(&["schema", "--compare"]).stdout).unwrap();
    let schema: Value = serde_json::from_str(&printed).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    bench.report("lost.json", &["--format", "json", "--show", "lost", "after.pcap"]);
    for after in ["after.pcap", "lost.json"] {
        let (_, mut document) = bench.document(&["before.pcap", after]);
        let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        document["troubles"][0]["state"] = json!("perhaps");
        assert!(!validator.is_valid(&document));
    }
}

#[test]
fn it_goes_to_a_file_whose_name_sets_the_form_and_never_over_an_input() {
    let bench = bench();
    for (name, start) in [("c.json", "{\"schema_version\":1,"), ("c.md", "## Compared: "), ("c.txt", "Before: ")] {
        let (code, text, said) = bench.compare(&["-o", name, "before.pcap", "after.pcap"]);
        assert_eq!((code, &*text, &*said), (1, "", ""));
        assert!(std::fs::read_to_string(bench.path(name)).unwrap().starts_with(start), "{name}");
    }
    let (code, _, said) = bench.compare(&["-o", "after.pcap", "before.pcap", "after.pcap"]);
    assert!(code == 2 && said.contains("choose another file for the comparison"), "{said}");
}

#[test]
fn one_side_may_be_standard_input() {
    let bench = bench();
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    let after = std::fs::read(bench.path("after.pcap")).unwrap();
    let output = command
        .current_dir(bench.folder.path())
        .args(["compare", "--format", "json", "before.pcap", "-"])
        .write_stdin(after);
    let document: Value = serde_json::from_slice(&output.output().unwrap().stdout).unwrap();
    assert_eq!(states(&document), expected());
}
