//! What is handed on of a lost session: the paragraph, word by word, and in which formats it stands.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use ehlotrace::diagnosis::RULES;
use ehlotrace::report::{Format, ReportOptions, Show, reporter};
use ehlotrace::scan::{CaptureSource, ScanOptions, scan};
use ehlotrace::time::Zone;
use serde_json::Value;

use crate::report_hostile::is_harmful;
use crate::support::samples::SAMPLES;
use crate::support::{CaptureBuilder, SessionScript, tls};

/// The paragraphs and commands of all samples and of the sessions made below.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/handover.txt");

/// Of the servers in the samples.
const PORTS: [u16; 5] = [25, 465, 587, 1080, 2525];

/// A report on one capture that is said to have this path.
pub(crate) fn report(capture: Vec<u8>, path: &str, format: Format, zone: &str) -> String {
    let mut out = Vec::new();
    let mut options = ReportOptions::new(Show::All);
    options.zone = Zone::parse(zone).unwrap();
    let mut reporter = reporter(format, &options, Box::new(&mut out));
    reporter.capture_begin(0, &CaptureSource::new(path, None)).unwrap();
    let report = scan(Box::new(Cursor::new(capture)), &ScanOptions::on_ports(PORTS), &mut |session, diagnosis| {
        reporter.session(0, &session, &diagnosis).unwrap();
    })
    .unwrap();
    reporter.capture_end(0, &report).unwrap();
    reporter.end().unwrap();
    drop(reporter);
    String::from_utf8(out).unwrap()
}

/// The sessions of a capture as the JSON report has them.
pub(crate) fn sessions(capture: Vec<u8>, path: &str) -> Vec<Value> {
    let report: Value = serde_json::from_str(&report(capture, path, Format::Json, "UTC")).unwrap();
    report["sessions"].as_array().unwrap().clone()
}

type Script = fn(&mut SessionScript);

/// Sessions that differ from those of the samples in what is said of them: name, server, what happened.
const MADE: &[(&str, &str, Script)] = &[
    ("no-greeting-465", "192.0.2.25:465", |s| {
        s.handshake().wait_s(60).client_fin().server_fin();
    }),
    ("plain-to-tls", "192.0.2.25:465", |s| {
        s.handshake().client(b"EHLO relay.example.com\r\n").server(&tls::fatal_alert(10)).server_fin().client_fin();
    }),
    ("tls-to-plain", "192.0.2.25:25", |s| {
        s.handshake().client(&tls::client_hello("mx.example.net")).server(b"220 mx.example.net ESMTP\r\n");
        s.server(b"500 5.5.1 Command unrecognized\r\n").client_fin().server_fin();
    }),
    ("starttls-refused", "[2001:db8::25]:587", |s| {
        s.handshake().server(b"220 mx.example.net ESMTP\r\n").client(b"EHLO relay.example.com\r\n");
        s.server(b"250 STARTTLS\r\n").client(b"STARTTLS\r\n").server(b"454 4.7.0 TLS not available\r\n");
        s.client(b"QUIT\r\n").server(b"221 bye\r\n").server_fin().client_fin();
    }),
    ("starttls-silent", "192.0.2.25:25", |s| {
        s.handshake().server(b"220 mx.example.net ESMTP\r\n").client(b"EHLO relay.example.com\r\n");
        s.server(b"250 STARTTLS\r\n").client(b"STARTTLS\r\n").server(b"220 go\r\n").server_fin().client_fin();
    }),
    ("tls-from-start-refused", "[2001:db8::25]:465", |s| {
        s.handshake().client(&tls::client_hello("mx.example.net")).server(&tls::fatal_alert(70));
        s.server_fin().client_fin();
    }),
    ("decrypted-hello", "192.0.2.25:587", |s| {
        s.handshake().server(b"220 mx.example.net ESMTP\r\n").client(b"EHLO relay.example.com\r\n");
        s.server(b"250 STARTTLS\r\n").client(b"STARTTLS\r\n").server(b"220 go\r\n");
        s.client(b"EHLO sub2.\r\n").server(b"501 no\r\n").client_fin().server_fin();
    }),
    ("empty", "192.0.2.25:25", |s| refused(s, b"EHLO\r\n")),
    ("zero", "192.0.2.25:25", |s| refused(s, b"EHLO 0\r\n")),
    ("option", "192.0.2.25:25", |s| refused(s, b"EHLO --pipe=id\r\n")),
    ("other-option", "192.0.2.25:25", |s| refused(s, b"EHLO +pipe=id\r\n")),
    ("hostile", "[2001:db8::25]:25", |s| refused(s, b"EHLO it's `id` $(id)!x %s\\n |<b>\x1b[31m\x00\xff\r\n")),
    ("line-feed", "192.0.2.25:25", |s| refused(s, b"EHLO sub2.\n")),
    ("tab", "192.0.2.25:25", |s| refused(s, b"ehlo\tsub2. \r\n")),
    ("lhlo", "192.0.2.25:2525", |s| refused(s, b"LHLO sub2.\r\n")),
    ("long", "192.0.2.25:25", |s| refused(s, &[b"EHLO ", &[b'a'; 600][..], b".\r\n"].concat())),
    ("mangled-mail", "192.0.2.25:25", |s| {
        s.handshake().server(b"220 ****************\r\n").client(b"XXXX FROM:<ann@example.com>\r\n");
        s.server(b"500 what\r\n").client_fin().server_fin();
    }),
    ("no-header", "192.0.2.25:25", |s| {
        s.handshake().client(b"EHLO relay.example.com\r\n").server(b"550 5.5.2 Expected PROXY protocol header\r\n");
        s.server_fin().client_fin();
    }),
    ("names-later", "192.0.2.25:25", |s| {
        s.handshake().server(b"220 mx.example.net ESMTP\r\n").client(b"EHLO relay.example.com\r\n");
        s.server(b"250 mx.example.net\r\n").client(b"MAIL FROM:<ann@example.com>\r\n").server(b"250 ok\r\n");
        s.client(b"RCPT TO:<bob@example.net>\r\n");
        s.server(b"450 4.7.1 <relay.example.com>: Helo command rejected: Host not found\r\n");
        s.client(b"QUIT\r\n").server(b"221 bye\r\n").server_fin().client_fin();
    }),
    ("resets-in-mail", "192.0.2.25:25", |s| {
        s.handshake().server(b"220 mx.example.net ESMTP\r\n").client(b"EHLO relay.example.com\r\n");
        s.server(b"250 mx.example.net\r\n").client(b"MAIL FROM:<ann@example.com>\r\n").server(b"250 ok\r\n");
        s.client_rst();
    }),
];

fn refused(script: &mut SessionScript, hello: &[u8]) {
    script.handshake().server(b"220 mx.example.net ESMTP\r\n").client(hello).server(b"501 5.5.4 no\r\n");
    script.client(b"QUIT\r\n").server(b"221 bye\r\n").server_fin().client_fin();
}

pub(crate) fn made(server: &str, script: impl FnOnce(&mut SessionScript)) -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    let client = if server.starts_with('[') { "[2001:db8::10]:1145" } else { "192.0.2.10:1145" };
    script(&mut capture.session(client, server));
    capture.finish_pcap()
}

/// Every capture that is told of in the golden file.
pub(crate) fn captures() -> Vec<(String, Vec<u8>)> {
    let samples = SAMPLES.iter().map(|(name, build)| (format!("samples/{name}"), build()));
    let made = MADE.iter().map(|(name, server, script)| (format!("made/{name}"), made(server, script)));
    samples.chain(made).collect()
}

/// With `UPDATE_SAMPLES=1` in the environment the file is written instead; then read what it says.
#[test]
fn every_lost_session_has_its_paragraph() {
    let mut text = String::new();
    let mut causes = BTreeSet::new();
    let mut faults = BTreeSet::new();
    for (path, capture) in captures() {
        let sessions = sessions(capture, &path);
        assert!(!path.starts_with("made/") || sessions.iter().all(|session| session["outcome"] == "lost"), "{path}");
        for session in sessions {
            let handover = &session["handover"];
            assert_eq!(handover.is_null(), session["outcome"] != "lost", "{path}");
            if handover.is_null() {
                continue;
            }
            let field = |name: &str| session[name].as_str().unwrap_or("none").to_owned();
            causes.insert(field("cause"));
            faults.insert(field("fault"));
            let (cause, reason, fault) = (field("cause"), field("reason"), field("fault"));
            text.push_str(&format!("== {path}, session {}: {cause}, {reason}, {fault}\n", session["session"]));
            for (label, name) in
                [("", "paragraph"), ("$ ", "retry_swaks"), ("$ ", "retry_command"), ("# ", "retry_note")]
            {
                let said = handover[name].as_str().map(|said| format!("{label}{said}\n"));
                text.push_str(&said.unwrap_or_default());
            }
            text.push('\n');
        }
    }
    let every: BTreeSet<String> = RULES.iter().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(causes, every);
    assert_eq!(faults, ["client", "network", "server"].map(str::to_owned).into());
    if std::env::var_os("UPDATE_SAMPLES").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    for (found, expected) in text.lines().zip(golden.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(text.lines().count(), golden.lines().count());
}

#[test]
fn a_paragraph_is_one_line_that_is_harmless_and_ends_with_its_evidence() {
    for (path, capture) in captures() {
        for session in sessions(capture, &path) {
            let Some(paragraph) = session["handover"]["paragraph"].as_str() else { continue };
            assert!(!paragraph.contains('\n') && !paragraph.chars().any(is_harmful), "{paragraph}");
            let (told, evidence) = paragraph.rsplit_once(" Evidence: the packet capture \"").unwrap();
            assert!(evidence.starts_with(&path), "{evidence}");
            for jargon in ["frame", "frames", "SYN", "FIN", "stream", "octet"] {
                let mut words = told.split(|character: char| !character.is_alphanumeric());
                assert!(words.all(|word| word != jargon), "{jargon}: {told}");
            }
            let server = session["server"]["ip"].as_str().unwrap();
            let opened = &session["opened"].as_str().unwrap()[..10];
            assert!(told.contains(server) && told.starts_with(&format!("On {opened} at ")), "{told}");
        }
    }
}

#[test]
fn no_command_names_a_secret_a_mailbox_or_mail() {
    for (path, capture) in captures() {
        for session in sessions(capture, &path) {
            for name in ["retry_swaks", "retry_command"] {
                let Some(command) = session["handover"][name].as_str() else { continue };
                for word in ["MAIL", "RCPT", "DATA", "AUTH", "ann@", "bob@"] {
                    assert!(!command.contains(word), "{path}: {command}");
                }
                assert!(command.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{path}: {command}");
            }
        }
    }
}

#[test]
fn times_for_people_are_in_their_zone_and_those_of_json_in_utc() {
    let capture = || std::fs::read(Path::new("samples/kb240832-lost.pcap")).unwrap();
    let markdown = report(capture(), "a.pcap", Format::Markdown, "+02:00");
    assert!(markdown.contains("\n> On 1999-08-28 at 15:32:00 UTC+02:00, the client 192.0.2.10 "), "{markdown}");
    let json = report(capture(), "a.pcap", Format::Json, "+02:00");
    assert!(json.contains("On 1999-08-28 at 13:32:00 UTC, the client 192.0.2.10 "), "{json}");
}

#[test]
fn markdown_has_the_paragraph_of_each_findings_first_session() {
    let mut capture = CaptureBuilder::new();
    for (at, hello) in ["EHLO sub2.", "EHLO sub_2", "EHLO sub2.", "EHLO sub3.", "EHLO sub_3"].iter().enumerate() {
        let mut session = capture.session(&format!("192.0.2.{}:4000", at + 1), "192.0.2.250:25");
        session.wait_s(i64::try_from(at).unwrap() * 100);
        refused(&mut session, format!("{hello}\r\n").as_bytes());
    }
    let markdown = report(capture.finish_pcap(), "a.pcap", Format::Markdown, "UTC");
    let findings: Vec<&str> = markdown.split("\n### ").skip(1).collect();
    assert_eq!(findings.len(), 2, "{markdown}");
    for (finding, time, client, line) in [(0, "09:00:00", 1, "EHLO sub2."), (1, "09:01:40", 2, "EHLO sub_2")] {
        let lead = "To hand on, from the first of them:\n\n> On 2024-03-05 at ";
        let start = format!("{lead}{time} UTC, the client 192.0.2.{client} connected ");
        assert!(findings[finding].contains(&start), "{markdown}");
        assert!(findings[finding].contains(&format!("with the line `{line}`.")), "{markdown}");
    }
    assert_eq!(markdown.matches("To hand on").count(), 2, "{markdown}");
}

#[test]
fn text_of_the_capture_means_nothing_to_markdown() {
    let hostile = made("192.0.2.25:25", |script| {
        script.handshake().server(b"220 x\r\n").client(b"EHLO ``` <img> | x`\r\n");
        script.server(b"501 `<script>` ``\r\n").client_fin().server_fin();
    });
    let markdown = report(hostile, "`a|b`.pcap", Format::Markdown, "UTC");
    let paragraph = markdown.lines().find(|line| line.starts_with("> On 2024")).unwrap();
    assert!(paragraph.contains("with the line ```` EHLO ``` <img> | x` ````. This name "), "{paragraph}");
    assert!(paragraph.contains("answered ``` 501 `<script>` `` ```."), "{paragraph}");
    assert!(paragraph.contains("capture `` `a|b`.pcap ``, frames "), "{paragraph}");
}

#[test]
fn a_copy_of_a_capture_hands_on_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["1.pcap", "2.pcap"] {
        std::fs::copy("samples/kb240832-lost.pcap", folder.path().join(name)).unwrap();
    }
    let mut command = assert_cmd::Command::cargo_bin("ehlotrace").unwrap();
    let output = command.args(["scan", "--format", "markdown"]).arg(folder.path()).output().unwrap();
    let markdown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(markdown.matches("\n> On 1999-08-28 at ").count(), 1, "{markdown}");
}
