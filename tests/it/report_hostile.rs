//! Text of a capture that attacks the reader's terminal comes out harmless in every format.

// Code of tests may panic: that is how it reports.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use ehlotrace::report::{Format, ReportOptions, Show, reporter};
use ehlotrace::scan::CaptureSource;
use ehlotrace::scan::{ScanOptions, scan};

use crate::support::{CaptureBuilder, dns, tls};

/// Controls of ISO 646 and ISO 6429, direction overrides, invisible and combining characters, and what is no UTF-8.
const HOSTILE: &[&[u8]] = &[
    b"\x1b[2J\x1b]0;title\x07\x08\x7f\0",
    "\u{9b}31m\u{85}\u{90}".as_bytes(),
    "\u{202e}moc.elpmaxe\u{2066}\u{2069}\u{200e}\u{200f}".as_bytes(),
    "\u{200b}\u{feff}\u{2028}\u{2029}\u{ad}\u{e0041}e\u{301}\u{301}".as_bytes(),
    b"\xff\xfe\xc3(\xe2\x80",
    b"\xc2\x9b31m \xf0\x9f\x98\x80 \xe6\x97\xa5\xe6\x9c\xac",
    b"\"}],\"outcome\":\"delivered\",\\",
];

/// A session whose greeting, hello, replies and unknown command all hold `text`.
fn capture_of(text: &[u8], accepts: bool) -> Vec<u8> {
    let line = |before: &[u8]| [before, text, b"\r\n"].concat();
    let mut capture = CaptureBuilder::new();
    let mut session = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    session.handshake().server(&[line(b"220-"), line(b"220 ")].concat()).client(&line(b"EHLO "));
    if accepts {
        session.server(&line(b"250 ")).client(&line(b"MAIL FROM:")).server(&line(b"553 5.1.8 "));
    } else {
        session.server(&line(b"501 "));
    }
    session.client(&line(b"")).server(&line(b"500 ")).client(b"QUIT\r\n").client_fin().server_fin();
    capture.finish_pcap()
}

/// A lookup of `text`, in vain, and a TLS handshake that asks for it as server name and fails.
fn background_of(text: &[u8]) -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    capture.raw_frame(0, dns::frame(dns::NXDOMAIN, &String::from_utf8_lossy(text), dns::MX, None));
    let mut session = capture.session("192.0.2.44:1145", "192.0.2.25:25");
    session.handshake().server(b"220 x\r\n").client(b"EHLO a.example.com\r\n").server(b"250 STARTTLS\r\n");
    session.client(b"STARTTLS\r\n").server(b"220 go\r\n");
    session.client(&tls::client_hello(text)).server(&tls::fatal_alert(112)).server_fin().client_fin();
    capture.finish_pcap()
}

pub(crate) fn report_on(capture: Vec<u8>, path: &str, format: Format, width: u16) -> String {
    let mut out = Vec::new();
    let mut options = ReportOptions::new(Show::All);
    options.width = Some(width);
    let mut reporter = reporter(format, &options, Box::new(&mut out));
    let source = CaptureSource::new(path, Some(path.to_owned()));
    // Twice: only the second makes a table name its captures.
    for number in 0..2 {
        reporter.capture_begin(number, &source).unwrap();
        let input = Box::new(Cursor::new(capture.clone()));
        let report = scan(input, &ScanOptions::new(), &mut |session, diagnosis| {
            reporter.session(number, &session, &diagnosis).unwrap();
        })
        .unwrap();
        reporter.capture_end(number, &report).unwrap();
    }
    reporter.end().unwrap();
    drop(reporter);
    String::from_utf8(out).unwrap()
}

pub(crate) fn is_harmful(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(u32::from(character),
            0xad | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff)
}

#[test]
fn no_control_and_no_direction_mark_gets_out() {
    for text in HOSTILE {
        for capture in [capture_of(text, false), capture_of(text, true), background_of(text)] {
            let path = String::from_utf8_lossy(text);
            for format in Format::ALL {
                for width in [40, 80, 150] {
                    let report = report_on(capture.clone(), &path, format, width);
                    let harmful: Vec<char> = report.chars().filter(|character| is_harmful(*character)).collect();
                    assert_eq!(harmful, [], "{format:?} {}: {report}", text.escape_ascii());
                }
            }
        }
    }
}

#[test]
fn json_keeps_every_octet() {
    for (text, argument) in [
        (&b"\x1b[31m"[..], serde_json::json!({"text": "\u{1b}[31m"})),
        ("\u{202e}x\u{9b}".as_bytes(), serde_json::json!({"text": "\u{202e}x\u{9b}"})),
        (b"b\xfccher", serde_json::json!({"base64": "YvxjaGVy"})),
    ] {
        let report = report_on(capture_of(text, false), "hostile.pcap", Format::Json, 80);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["sessions"][0]["hellos"][0]["argument"], argument);
    }
}

#[test]
fn a_hostile_server_name_and_lookup_are_told_escaped() {
    let name = b"mx\x1b[31m.example";
    for format in [Format::Table, Format::Markdown, Format::Csv] {
        let report = report_on(background_of(name), "hostile.pcap", format, 150);
        assert!(report.contains("mx\\x1b[31m.example"), "{report}");
    }
    for format in [Format::Table, Format::Markdown, Format::Html] {
        let report = report_on(background_of(name), "hostile.pcap", format, 150);
        assert!(report.contains("MX of mx\\027\\09131m.example"), "{report}");
    }
}

#[test]
fn a_hostile_name_is_still_pointed_at() {
    let report = report_on(capture_of(b"mail\x1b[31m", false), "hostile.pcap", Format::Table, 150);
    let lines: Vec<&str> = report.lines().collect();
    let line = lines.iter().position(|line| line.contains("EHLO mail\\x1b[31m")).expect("the argument, escaped");
    let column = lines[line].find("\\x1b").unwrap();
    assert_eq!(lines[line + 1].find('^'), Some(column), "{report}");
}
