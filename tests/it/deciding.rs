//! The reply that decided, or what came in its place, is in every format.

use assert_cmd::Command;
use serde_json::{Value, json};

/// Of samples of one lost session: the deciding frame, the command, the code, the enhanced status code, the text.
const DECIDED: &[(&str, u64, &str, &str, &str, &str)] = &[
    ("kb240832-lost.pcap", 6, "EHLO", "501", "", "Invalid Address"),
    ("recipients-refused.pcap", 8, "RCPT", "550", "", "relay not permitted"),
    ("auth-required.pcap", 8, "MAIL", "530", "5.7.0", "5.7.0 Authentication required"),
    ("message-refused.pcap", 15, ".", "552", "5.2.2", "5.2.2 <bob@example.net>... Mailbox full"),
    ("greeting-refused.pcap", 4, "", "554", "", "mx.example.org No SMTP service here for 192.0.2.10"),
    ("connect-refused.pcap", 2, "", "", "", "server answered the SYN with RST"),
    ("connect-unanswered.pcap", 3, "", "", "", "client sent SYN 3 times and got no answer"),
    ("connect-unreachable.pcap", 2, "", "", "", "192.0.2.1 reports: host unreachable"),
    ("ehlo-unanswered.pcap", 7, "", "", "", "reset, no reply"),
    ("cut-short.pcap", 5, "", "", "", "the capture ends with this frame, before the session does"),
];

fn printed(sample: &str, arguments: &[&str]) -> String {
    let path = format!("samples/{sample}");
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    let output = command.args(["scan", "--show", "all"]).args(arguments).arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

#[test]
fn it_is_the_same_in_json_long_and_brief_and_csv() {
    for &(sample, frame, command, code, enhanced, text) in DECIDED {
        let expected = json!({
            "frame": frame, "command": or_null(command), "code": code.parse::<u16>().ok(),
            "enhanced": or_null(enhanced), "text": text,
        });
        let long: Value = serde_json::from_str(&printed(sample, &["--format", "json"])).unwrap();
        assert_eq!(long["sessions"][0]["deciding"], expected, "{sample}");
        let lines = printed(sample, &["--format", "jsonl", "--brief"]);
        let brief = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let brief: Vec<Value> = brief.filter(|line| line["type"] == "session").collect();
        assert_eq!(brief.iter().map(|line| &line["deciding"]).collect::<Vec<_>>(), [&expected], "{sample}");
        let csv = printed(sample, &["--format", "csv"]);
        let mut rows = csv::Reader::from_reader(csv.as_bytes());
        let first = rows.headers().unwrap().iter().position(|name| name == "deciding_frame").unwrap();
        let row = rows.records().next().unwrap().unwrap();
        let cells: Vec<&str> = row.iter().skip(first).take(5).collect();
        assert_eq!(cells, [&frame.to_string(), command, code, enhanced, text], "{sample}");
    }
}

#[test]
fn people_read_it_in_table_markdown_and_page() {
    for &(sample, _, command, code, _, text) in DECIDED {
        let command = match command {
            "" | "EHLO" => String::new(),
            "." => "end of data: ".to_owned(),
            command => format!("{command}: "),
        };
        let code = if code.is_empty() { String::new() } else { format!("{code} ") };
        let expected = format!("{command}{code}{text}");
        for format in ["markdown", "html"] {
            let shown = printed(sample, &["--format", format]).replace("\\u003c", "<").replace("\\u003e", ">");
            assert!(shown.contains(&expected), "{sample}, {format}: {expected}");
        }
        // A cell of the table is wrapped, and cut.
        let first = expected.split(' ').next().unwrap();
        assert!(printed(sample, &["--width", "200"]).contains(first), "{sample}: {first}");
    }
}

#[test]
fn where_mail_was_delivered_nothing_decided_against_it() {
    let delivered: Value = serde_json::from_str(&printed("kb240832-works.pcap", &["--format", "json"])).unwrap();
    assert_eq!(delivered["sessions"][0]["outcome"], "delivered");
    assert_eq!(delivered["sessions"][0].get("deciding"), None);
}
