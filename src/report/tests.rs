mod findings;

use serde_json::{Value, json};

use super::tickets::Tickets;
use super::*;
use crate::scan::{ScanOptions, scan};

fn samples() -> Vec<String> {
    let directory = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")).unwrap();
    let names = directory.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut samples: Vec<String> = names.filter(|name| name.contains(".pcap")).collect();
    samples.sort();
    samples
}

/// The report on these samples, and its totals.
fn report_on(samples: &[&str], format: Format, options: &ReportOptions) -> (String, Summary) {
    let mut out = Vec::new();
    let mut reporter = reporter(format, options, Box::new(&mut out));
    for (capture, sample) in samples.iter().enumerate() {
        let path = format!("{}/samples/{sample}", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::File::open(path).unwrap();
        reporter.capture_begin(capture, &CaptureSource::new(format!("samples/{sample}"), None)).unwrap();
        let report = scan(Box::new(file), &ScanOptions::new(), &mut |session, diagnosis| {
            reporter.session(capture, &session, &diagnosis).unwrap();
        })
        .unwrap_or_else(CaptureReport::unreadable);
        reporter.capture_end(capture, &report).unwrap();
    }
    reporter.end().unwrap();
    let summary = reporter.summary().clone();
    drop(reporter);
    (String::from_utf8(out).unwrap(), summary)
}

fn table(samples: &[&str], options: &ReportOptions) -> String {
    report_on(samples, Format::Table, options).0
}

fn document(samples: &[&str], options: &ReportOptions) -> Value {
    serde_json::from_str(&report_on(samples, Format::Json, options).0).unwrap()
}

fn show_all() -> ReportOptions {
    ReportOptions::new(Show::All)
}

fn wide(width: u16) -> ReportOptions {
    ReportOptions { width: Some(width), ..ReportOptions::new(Show::Lost) }
}

/// Frames, times and texts as tshark shows them for this capture.
#[test]
fn the_lost_session_of_the_article_field_by_field() {
    let greeting = json!([
        {"text": "mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 -0400 Version: 5.5.1774.114.11"},
        {"text": "ESMTP spoken here"}
    ]);
    let refusal = json!(
        {"frame": 6, "code": 501, "enhanced": null, "lines": [{"text": "Invalid Address"}], "delay_ns": 910_000});
    let mut session = json!({
        "capture": 0, "path": "samples/kb240832-lost.pcap", "member": null,
        "session": 1, "session_id": "de5a5006fe01c28b731237215eb9f57d",
        "connection_key": "192.0.2.10:1145/00349b41-192.0.2.25:25/7e5f9000", "tcp_stream": null,
        "client": {"ip": "192.0.2.10", "port": 1145},
        "server": {"ip": "192.0.2.25", "port": 25, "product": "Microsoft IIS 4.0 SMTP / MCIS 2.x", "build": "5.5.1774.114.11"},
        "first_frame": 1, "last_frame": 12,
        "opened": "1999-08-28T13:32:00.000000000Z", "closed": "1999-08-28T13:32:00.011380000Z",
        "handshake": {"complete": true, "syn_frame": 1, "syn_ack_frame": 2, "ack_frame": 3, "rtt_ns": 1_550_000,
                      "client_isn": 0x0034_9b41, "server_isn": 0x7e5f_9000},
        "greeting": {"frame": 4, "code": 220, "lines": greeting, "delay_ns": 3_910_000},
        "hellos": [{
            "frame": 5, "verb": "EHLO", "argument": {"text": "sub2."},
            "problems": [{"code": "trailing-dot", "byte": 5, "reference": "RFC 5321 4.1.2", "message": "ends in a dot"}],
            "notes": [], "suggestion": "sub2", "reply": refusal, "accepted": false
        }],
        "exchanges": [
            {"reply": {"frame": 4, "code": 220, "enhanced": null, "lines": greeting, "delay_ns": 3_910_000}},
            {"command": {"frame": 5, "verb": "EHLO", "line": {"text": "EHLO sub2."}}, "reply": refusal},
            {"command": {"frame": 7, "verb": "QUIT", "line": {"text": "QUIT"}},
             "reply": {"frame": 8, "code": 221, "enhanced": null, "delay_ns": 910_000,
                       "lines": [{"text": "mail.your-domain.com Service closing transmission channel"}]}}
        ],
        "tls": false, "messages_accepted": 0,
        "outcome": "lost", "cause": "ehlo-argument", "fault": "client", "confidence": "certain", "recovered": false, "reason": null, "delivered_later": null,
        "deciding": {"frame": 6, "command": "EHLO", "code": 501, "enhanced": null, "text": "Invalid Address"},
        "evidence": [
            {"frame": 5, "text": "EHLO argument \"sub2.\" ends in a dot"},
            {"frame": 6, "text": "server replied 501 Invalid Address"},
            {"frame": 7, "text": "client sent QUIT"}
        ],
        "remedy": "Remove the dot at the end of `sub2.`. Send the host name only, `sub2`, or its fully qualified name, \
                   `sub2.your-company.com` (Microsoft KB 240832). The full name is safer: 3 of 35 measured \
                   server configurations refuse a name without a dot.",
        "close": {"by": "server", "how": "fin"},
        "anomalies": {"retransmitted_segments": 0, "out_of_order_segments": 0, "overlapping_octets": 0, "gap_octets": 0,
                      "conflicting_octets": 0, "out_of_window_segments": 0, "duplicate_segments": 0},
        "display_filter": "tcp.port==1145 && tcp.port==25 && ip.addr==192.0.2.10 && ip.addr==192.0.2.25 && \
                           frame.number>=1 && frame.number<=12",
        "captured": "both", "tunnelled": false, "exchanges_omitted": 0, "hellos_omitted": 0,
        "community_id": "1:6fEuI9gGn3YuToz/q4dPWX2EkJ8=", "ticket": 0
    });
    session["lost_hello"] = json!({"verb": "EHLO", "argument": {"text": "sub2."}, "problems": ["trailing-dot"]});
    session["handover"] = json!({
        "paragraph": "On 1999-08-28 at 13:32:00 UTC, the client 192.0.2.10 connected to the mail server 192.0.2.25, \
                      port 25. The client introduced itself with the line \"EHLO sub2.\". This name ends in a dot. The \
                      server answered \"501 Invalid Address\". The client then ended the session. The server accepted \
                      no mail in this session. What to change, at the client 192.0.2.10: Remove the dot at the end of \
                      \"sub2.\". Send the host name only, \"sub2\", or its fully qualified name, \
                      \"sub2.your-company.com\" (Microsoft KB 240832). The full name is safer: 3 of 35 measured server \
                      configurations refuse a name without a dot. To verify, run this command on the client: \
                      `swaks --server 192.0.2.25 --port 25 --ehlo 'sub2.' --quit-after HELO`. It sends the same once \
                      more and should get the same answer. With the corrected name in the command, the server should \
                      answer with a line that begins with 250. Evidence: the packet capture \
                      \"samples/kb240832-lost.pcap\", frames 5, 6 and 7.",
        "retry_swaks": "swaks --server 192.0.2.25 --port 25 --ehlo 'sub2.' --quit-after HELO",
        "retry_command": "(sleep 8; printf 'EHLO sub2.\\r\\n'; sleep 5; printf 'QUIT\\r\\n') | nc -v 192.0.2.25 25"
    });
    let expected = json!({
        "schema_version": 2,
        "tool": {"name": "ehlotrace", "version": env!("CARGO_PKG_VERSION")},
        "inputs": [],
        "tickets": [],
        "captures": [{
            "path": "samples/kb240832-lost.pcap", "member": null, "status": "whole", "status_reason": null, "format": "pcap", "link_types": ["ETHERNET"],
            "frames": 12, "first_timestamp": "1999-08-28T13:32:00.000000000Z",
            "last_timestamp": "1999-08-28T13:32:00.011380000Z", "sessions": 1, "notes": [],
            "truncated": false, "dropped": 0, "compression": [], "ticket": 0
        }],
        "sessions": [session],
        "relays": [{
            "client_ip": "192.0.2.10", "server_ip": "192.0.2.25", "sessions": 1, "lost": 1, "main_cause": "ehlo-argument",
            "arguments": [{"text": "sub2."}],
            "first": "1999-08-28T13:32:00.000000000Z", "last": "1999-08-28T13:32:00.000000000Z",
            "product": "Microsoft IIS 4.0 SMTP / MCIS 2.x", "arguments_omitted": 0,
            "first_lost": "1999-08-28T13:32:00.000000000Z", "last_lost": "1999-08-28T13:32:00.000000000Z",
            "lost_every_ns": null, "proxy": null, "ticket": 0,
            "causes": [{"cause": "ehlo-argument", "reason": null, "fault": "client", "sessions": 1, "remedy": session["remedy"]}],
            "refusals": [{"text": "501 Invalid Address", "sessions": 1}],
            "lost_in": [0]
        }],
        "findings": [{
            "lost_to": {"cause": "ehlo-argument", "reason": null, "problems": ["trailing-dot"], "fault": "client",
                        "title": "the client greets with a malformed name: the argument ends in a dot"},
            "sessions": 1, "sessions_per_mille": 1000, "first": "1999-08-28T13:32:00.000000000Z", "last": "1999-08-28T13:32:00.000000000Z",
            "clients": 1, "servers": 1, "client_ips": [{"ip": "192.0.2.10", "sessions": 1}],
            "server_ips": [{"ip": "192.0.2.25", "sessions": 1}], "products": ["Microsoft IIS 4.0 SMTP / MCIS 2.x"],
            "sent": [{"verb": "EHLO", "argument": {"text": "sub2."}, "sessions": 1, "suggestion": "sub2"}],
            "refusals": [{"text": "501 Invalid Address", "sessions": 1}], "captures": 1, "tickets": 1,
            "example": {"capture": 0, "session": 1}, "remedy": format!("at the client: {}", session["remedy"].as_str().unwrap())
        }],
        "summary": {"captures": 1, "unreadable": 0, "sessions": 1, "delivered": 0, "lost": 1, "no_mail": 0, "not_smtp": 0, "unknown": 0,
                    "by_cause": [{"code": "ehlo-argument", "count": 1}], "other_relays_sessions": 0, "other_relays_lost": 0,
                    "other_findings_lost": 0,
                    "never_started": 0, "delivered_later": 0, "copies": 0, "tickets": 0, "filtered_out": 0}
    });
    let written = document(&["kb240832-lost.pcap"], &ReportOptions::new(Show::Lost));
    // Part by part, so that a difference is found.
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&written[key], value, "{key}");
    }
    for (key, value) in session.as_object().unwrap() {
        assert_eq!(&written["sessions"][0][key], value, "{key}");
    }
    assert_eq!(written, expected);
}

/// Every key of the text, in order.
fn keys(json: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut rest = json;
    while let Some((_, after)) = rest.split_once('"') {
        let mut is_escaped = false;
        let end = after.find(|character| {
            let is_end = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            is_end
        });
        let (string, next) = after.split_at(end.unwrap());
        rest = &next[1..];
        if rest.starts_with(':') {
            keys.push(string);
        }
    }
    keys
}

#[test]
fn keys_stand_in_the_order_of_the_model() {
    let (json, _) =
        report_on(&["cut-short.pcap", "kb240832-closed.pcap"], Format::Json, &ReportOptions::new(Show::Lost));
    let model = "schema_version tool name version inputs tickets captures \
        path member status status_reason format link_types frames first_timestamp last_timestamp sessions notes truncated dropped compression ticket \
        path member status status_reason format link_types frames first_timestamp last_timestamp sessions notes truncated dropped compression ticket \
        sessions capture path member session session_id connection_key tcp_stream client ip port server ip port product build \
        first_frame last_frame opened closed captured tunnelled tls messages_accepted outcome cause fault confidence recovered reason delivered_later \
        deciding frame command code enhanced text ticket lost_hello verb argument text problems \
        handshake complete syn_frame syn_ack_frame ack_frame rtt_ns client_isn server_isn greeting frame code lines text text delay_ns \
        hellos frame verb argument text problems code byte reference message notes suggestion accepted \
        exchanges reply frame code enhanced lines text text delay_ns command frame verb line text \
        evidence frame text frame text remedy close by how \
        anomalies retransmitted_segments out_of_order_segments overlapping_octets gap_octets conflicting_octets out_of_window_segments duplicate_segments \
        display_filter exchanges_omitted hellos_omitted community_id handover paragraph retry_swaks retry_command \
        findings lost_to cause reason problems fault title sessions sessions_per_mille first last clients servers client_ips ip sessions \
        server_ips ip sessions products sent verb argument text sessions suggestion captures tickets example capture session remedy \
        relays client_ip server_ip sessions lost main_cause arguments text first last product arguments_omitted first_lost last_lost lost_every_ns proxy \
        ticket causes cause reason fault sessions remedy lost_in \
        summary captures unreadable sessions delivered lost no_mail not_smtp unknown by_cause code count other_relays_sessions other_relays_lost other_findings_lost never_started delivered_later copies tickets filtered_out unknown_because code count";
    assert_eq!(keys(&json), model.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_sample_in_every_format_is_the_same_twice() {
    let samples = samples();
    let all: Vec<&str> = samples.iter().map(String::as_str).collect();
    assert!(all.len() >= 33, "{all:?}");
    let runs = all.iter().map(std::slice::from_ref).chain([&all[..]]);
    for run in runs {
        for format in Format::ALL {
            let (first, summary) = report_on(run, format, &show_all());
            assert_eq!((first.as_str(), &summary), (report_on(run, format, &show_all()).0.as_str(), &summary));
            match format {
                Format::Table | Format::Html => {}
                #[cfg(feature = "arrow")]
                Format::Arrow => {}
                Format::Markdown => {
                    assert!(first.starts_with("## SMTP sessions lost: "), "{first}");
                    let handed_on = first.matches("\n\n> On ").count();
                    assert_eq!(handed_on > 0, summary.mail_lost() > 0, "{first}");
                }
                Format::Csv => {
                    let mut rows = ::csv::Reader::from_reader(first.as_bytes());
                    // The third column is the session's number; what is to say about a capture has rows without one.
                    let sessions = rows.records().map(Result::unwrap).filter(|row| !row[2].is_empty()).count();
                    assert_eq!(sessions as u64, summary.sessions);
                }
                Format::Json => assert!(serde_json::from_str::<Value>(&first).unwrap().is_object()),
                Format::Jsonl => {
                    for line in first.lines() {
                        assert!(serde_json::from_str::<Value>(line).unwrap()["type"].is_string());
                    }
                }
            }
        }
    }
}

#[test]
fn lines_hold_the_objects_of_the_document() {
    let samples = ["relay-stopped.pcapng", "mixed.pcapng"];
    let document = document(&samples, &show_all());
    let (lines, _) = report_on(&samples, Format::Jsonl, &show_all());
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_type = |name: &str, without: &[&str]| -> Vec<Value> {
        let mut found: Vec<Value> = lines.iter().filter(|line| line["type"] == name).cloned().collect();
        for object in &mut found {
            for key in without {
                object.as_object_mut().unwrap().remove(*key).unwrap();
            }
        }
        found
    };
    assert_eq!(
        lines[1],
        json!({"type": "capture", "schema_version": 2, "tool": document["tool"], "capture": 0,
        "path": "samples/relay-stopped.pcapng", "member": null, "ticket": 0})
    );
    let mut sessions = of_type("session", &["type"]);
    sessions.sort_by_key(|session| (session["capture"].as_u64(), session["session"].as_u64()));
    assert_eq!(json!(sessions), document["sessions"]);
    assert_eq!(json!(of_type("capture_end", &["type", "capture"])), document["captures"]);
    assert_eq!(json!(of_type("finding", &["type"])), document["findings"]);
    assert_eq!(json!(of_type("relay", &["type"])), document["relays"]);
    assert_eq!(json!(of_type("summary", &["type"])), json!([document["summary"]]));
    assert_eq!(
        lines.iter().map(|line| line["type"].as_str().unwrap()).collect::<Vec<_>>(),
        [
            "fields",
            "capture",
            "session",
            "session",
            "session",
            "session",
            "session",
            "session",
            "session",
            "session",
            "capture_end",
            "capture",
            "session",
            "session",
            "capture_end",
            "finding",
            "finding",
            "relay",
            "relay",
            "summary"
        ]
    );
}

#[test]
fn sessions_are_listed_by_number_and_only_the_lost_unless_all_are_asked_for() {
    let listed = |options: &ReportOptions| -> Vec<(u64, String)> {
        let document = document(&["relay-stopped.pcapng"], options);
        assert_eq!(document["summary"]["sessions"], 8);
        assert_eq!(document["captures"][0]["sessions"], 8);
        let sessions = document["sessions"].as_array().unwrap().iter();
        sessions
            .map(|session| (session["session"].as_u64().unwrap(), session["outcome"].as_str().unwrap().into()))
            .collect()
    };
    let all = listed(&show_all());
    assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    let lost: Vec<(u64, String)> = all.into_iter().filter(|(_, outcome)| outcome == "lost").collect();
    assert_eq!(lost.len(), 6);
    assert_eq!(listed(&ReportOptions::new(Show::Lost)), lost);
}

#[test]
fn the_spool_in_a_file_makes_no_difference() {
    let mut options = show_all();
    let samples = ["relay-stopped.pcapng", "recovered.pcap"];
    let in_memory = report_on(&samples, Format::Json, &options).0;
    options.limits.spool_octets = 100;
    assert_eq!(report_on(&samples, Format::Json, &options).0, in_memory);
}

#[test]
fn a_relay_is_added_up_with_its_rhythm() {
    let document = document(&["relay-stopped.pcapng"], &ReportOptions::new(Show::Lost));
    let relays = document["relays"].as_array().unwrap();
    assert_eq!(relays.len(), 1, "192.0.2.40 lost nothing");
    assert_eq!(relays[0]["sessions"], 6);
    assert_eq!(relays[0]["lost"], 6);
    assert_eq!(relays[0]["arguments"], json!([{"text": "sub2."}]));
    let every_s = relays[0]["lost_every_ns"].as_i64().unwrap() / 1_000_000_000;
    assert_eq!(every_s, 15 * 60);
}

#[test]
fn bounds_are_kept_and_told() {
    let mut options = wide(80);
    options.limits.table_rows = 2;
    let cut = table(&["relay-stopped.pcapng"], &options);
    assert!(cut.contains("\nAnd 4 more lost sessions: use --format jsonl.\n"), "{cut}");
    assert!(cut.contains("1-12 ") && cut.contains("26-37 ") && !cut.contains("45-56 "), "{cut}");
    options.limits.relays = 0;
    let summary = report_on(&["relay-stopped.pcapng"], Format::Jsonl, &options).1;
    assert_eq!((summary.other_relays_sessions, summary.other_relays_lost, summary.lost), (8, 6, 6));
    let none_apart = table(&["relay-stopped.pcapng"], &options);
    assert!(none_apart.contains("6 of 8 sessions between further pairs of client and server lost."), "{none_apart}");
    options.limits.relays = 1;
    options.limits.relay_arguments = 0;
    options.limits.relay_refusals = 0;
    let document = document(&["relay-stopped.pcapng"], &options);
    assert_eq!(document["relays"][0]["arguments_omitted"], 6);
    assert_eq!(
        (&document["relays"][0]["refusals"], &document["relays"][0]["refusals_omitted"]),
        (&Value::Null, &json!(6))
    );
    assert_eq!(document["summary"]["other_relays_sessions"], 2);
}

#[test]
fn what_is_unknown_is_told_with_the_reason() {
    let samples = ["cut-short.pcap", "one-sided.pcap", "one-sided.pcap"];
    let (text, _) = report_on(&samples, Format::Table, &wide(100));
    let reasons =
        "     2  unknown: only one side was captured\n     1  unknown: the capture ends before the session does\n";
    assert_eq!(text, format!("No session was lost. 3 sessions in 3 captures: 3 unknown.\n{reasons}"));
    let (text, _) = report_on(&samples, Format::Markdown, &wide(100));
    let reasons = "- 2 unknown: only one side was captured\n- 1 unknown: the capture ends before the session does\n";
    assert!(text.contains(&format!(": 3 unknown.\n\n{reasons}")), "{text}");
    let document = document(&samples, &ReportOptions::new(Show::Lost));
    let counts = json!([{ "code": "capture-ends", "count": 1 }, { "code": "one-side", "count": 2 }]);
    assert_eq!(document["summary"]["unknown_because"], counts);
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let samples = ["README.md", "kb240832-works.pcap"];
    let (text, summary) = report_on(&samples, Format::Table, &wide(100));
    assert_eq!((summary.captures, summary.unreadable, summary.sessions), (2, 1, 1));
    let expected = "No session was lost. 1 session in 1 capture (1 more could not be read): 1 delivered.\n\n\
                    Capture 1: samples/README.md:\n  Note: not a capture that ehlotrace can read: this is a text file\n";
    assert_eq!(text, expected);
    assert_eq!(report_on(&samples[..1], Format::Table, &wide(100)).0, "");
    assert!(report_on(&samples, Format::Markdown, &wide(100)).0.contains("README.md`: `not a capture"));
    let document = document(&samples, &ReportOptions::new(Show::Lost));
    let unread = &document["captures"][0];
    assert_eq!(unread["error"]["kind"], "unknown-format");
    assert_eq!(
        (&unread["format"], &unread["frames"], &unread["first_timestamp"]),
        (&Value::Null, &json!(0), &Value::Null)
    );
    assert_eq!(document["sessions"], json!([]));
}

#[test]
fn no_session_at_all_hints_at_the_port() {
    assert_eq!(
        table(&["auth-failed.pcap"], &ReportOptions::new(Show::Lost)),
        "No SMTP session found.\n\nNote: SMTP also on port 587 (1 connection), not followed: --port 25,587\n"
    );
}

#[test]
fn an_unfinished_line_of_text_never_leaves_the_width() {
    let samples = samples();
    let all: Vec<&str> = samples.iter().map(String::as_str).collect();
    for width in (40..200).step_by(3) {
        for show in [Show::Lost, Show::All] {
            for line in table(&all, &ReportOptions { show, ..wide(width) }).lines() {
                assert!(escape::columns(line) <= usize::from(width), "{width}: {line}");
            }
        }
    }
}

#[test]
fn colour_marks_who_is_at_fault() {
    let coloured = ReportOptions { colour: true, ..wide(100) };
    let text = table(&["kb240832-lost.pcap"], &coloured);
    assert!(text.contains("\x1b[38;5;9mehlo-argument"), "{text:?}");
    assert!(!table(&["kb240832-lost.pcap"], &wide(100)).contains('\x1b'));
}

#[test]
fn tables_for_people() {
    assert_eq!(table(&["kb240832-lost.pcap"], &wide(100)), include_str!("../../tests/golden/kb240832-lost.table.txt"));
    assert_eq!(
        table(&["relay-stopped.pcapng"], &wide(100)),
        include_str!("../../tests/golden/relay-stopped.table.txt")
    );
    assert_eq!(table(&["week.pcap"], &wide(100)), include_str!("../../tests/golden/week.table.txt"));
}

#[test]
fn tickets_past_the_bound_are_counted() {
    let limits = Limits { tickets: 1, ..Limits::default() };
    let mut tickets = Tickets::new(limits.tickets);
    let report = InputReport { source: CaptureSource::new("t/\u{202e}1", None), captures: 1, ..InputReport::default() };
    let lost = Summary { sessions: 2, lost: 1, delivered: 1, ..Summary::default() };
    let (two_lost, none) = (Summary { sessions: 2, lost: 2, ..Summary::default() }, Summary::default());
    for (number, summary) in [&none, &none, &lost, &two_lost].into_iter().enumerate() {
        tickets.end(number, &report, summary, None);
    }
    let kept: Vec<_> = tickets.kept.iter().map(|ticket| (ticket.number, &*ticket.label, ticket.lost)).collect();
    assert_eq!(kept, [(0, "t/\\u{202e}1", 0), (2, "t/\\u{202e}1", 1)]);
    assert_eq!((tickets.number(), tickets.rest()), (4, Some("And 2 more tickets: --format json.".to_owned())));
}
