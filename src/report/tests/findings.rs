//! What sessions were lost to, added up over the run.

use super::*;
use crate::scan::CopyOf;

fn findings(samples: &[&str], options: &ReportOptions) -> Vec<Value> {
    document(samples, options)["findings"].as_array().unwrap().clone()
}

fn lost() -> ReportOptions {
    ReportOptions::new(Show::Lost)
}

#[test]
fn one_trouble_of_several_clients_is_one_finding() {
    let findings = findings(&["week.pcap", "kb240832-lost.pcap", "connect-refused.pcap"], &lost());
    let told: Vec<_> = findings
        .iter()
        .map(|finding| {
            let sent = finding["sent"].as_array().map_or(0, Vec::len);
            (
                finding["lost_to"]["cause"].as_str().unwrap(),
                finding["sessions"].as_u64().unwrap(),
                sent,
                &finding["clients"],
            )
        })
        .collect();
    assert_eq!(told, [("ehlo-argument", 14, 2, &json!(2)), ("connect-refused", 1, 0, &json!(1))]);
    let finding = &findings[0];
    assert_eq!(finding["first"], "1999-08-28T13:32:00.000000000Z");
    assert_eq!(finding["example"], json!({"capture": 0, "session": 2}));
    assert_eq!(finding["captures"], 2);
    assert_eq!(
        finding["sent"][0],
        json!({"verb": "EHLO", "argument": {"text": "sub2."}, "sessions": 8, "suggestion": "sub2"})
    );
    // 14 of 29 sessions.
    assert_eq!(finding["sessions_per_mille"], 482);
}

#[test]
fn another_problem_of_the_argument_is_another_finding() {
    let findings = findings(&["kb240832-lost.pcap", "mixed.pcapng"], &lost());
    let problems: Vec<_> = findings.iter().map(|finding| finding["lost_to"]["problems"].clone()).collect();
    assert_eq!(problems, [json!(["trailing-dot"]), json!(["underscore"])]);
}

#[test]
fn mail_that_was_delivered_later_is_no_finding() {
    assert_eq!(findings(&["second-address.pcap"], &lost()), Vec::<Value>::new());
}

#[test]
fn findings_past_the_bound_are_counted() {
    let mut options = lost();
    options.limits.findings = 1;
    let document = document(&["kb240832-lost.pcap", "mixed.pcapng", "week.pcap"], &options);
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);
    assert_eq!(document["summary"]["other_findings_lost"], 1);
    let text =
        table(&["kb240832-lost.pcap", "mixed.pcapng", "week.pcap"], &ReportOptions { width: Some(100), ..options });
    assert!(text.contains("\n1 more lost to other findings, which are only counted.\n"), "{text}");
}

#[test]
fn arguments_and_replies_past_the_bounds_are_counted() {
    let mut options = lost();
    options.limits.relay_arguments = 1;
    options.limits.relay_refusals = 0;
    let finding = &findings(&["week.pcap"], &options)[0];
    assert_eq!((finding["sent"].as_array().unwrap().len(), &finding["sent_omitted"]), (1, &json!(7)));
    assert_eq!((&finding["refusals"], &finding["refusals_omitted"]), (&Value::Null, &json!(13)));
}

/// A copy is known at its end: what it added is taken back, from findings that were there before and from its own.
#[test]
fn a_copy_adds_nothing() {
    let samples = ["kb240832-lost.pcap", "week.pcap", "mixed.pcapng"];
    let once = document(&samples, &lost());
    let mut out = Vec::new();
    let mut reporter = reporter(Format::Json, &lost(), Box::new(&mut out));
    for (capture, (sample, is_copy)) in [
        (samples[0], false),
        ("relay-stopped.pcapng", true),
        ("week.pcap", false),
        ("mixed.pcapng", true),
        (samples[2], false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut source = CaptureSource::new(format!("samples/{sample}"), None);
        source.may_be_copy = is_copy;
        reporter.capture_begin(capture, &source).unwrap();
        let path = format!("{}/samples/{sample}", env!("CARGO_MANIFEST_DIR"));
        let mut report =
            scan(Box::new(std::fs::File::open(path).unwrap()), &ScanOptions::new(), &mut |session, diagnosis| {
                reporter.session(capture, &session, &diagnosis).unwrap();
            })
            .unwrap_or_else(CaptureReport::unreadable);
        report.copy_of = is_copy.then(|| CopyOf::new(0, source));
        reporter.capture_end(capture, &report).unwrap();
    }
    reporter.end().unwrap();
    drop(reporter);
    let with_copies: Value = serde_json::from_slice(&out).unwrap();
    let without_places = |document: &Value| -> Vec<Value> {
        let mut findings = document["findings"].as_array().unwrap().clone();
        findings.iter_mut().for_each(|finding| finding["example"] = Value::Null);
        findings
    };
    assert_eq!(without_places(&with_copies), without_places(&once));
}

#[test]
fn rows_of_comma_separated_values_may_be_findings() {
    let options = ReportOptions { rows: Rows::Findings, ..lost() };
    let (text, _) = report_on(&["week.pcap", "mixed.pcapng"], Format::Csv, &options);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let column = |name: &str, headers: &::csv::StringRecord| headers.iter().position(|head| head == name).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let of = |name: &str| -> Vec<&str> { rows.iter().map(|row| &row[column(name, &headers)]).collect() };
    assert_eq!(of("sessions"), ["13", "1"]);
    assert_eq!(of("problems"), ["trailing-dot", "underscore"]);
    assert_eq!(of("arguments"), ["EHLO sub2.; EHLO helpdesk.", "EHLO scan_1.example.com"]);
}

#[test]
fn a_line_of_blocks_shows_when_sessions_were_lost() {
    let drawn = |samples: &[&str], width| {
        let text = table(samples, &ReportOptions { has_blocks: true, width: Some(width), ..lost() });
        text.lines().find_map(|line| line.strip_prefix("Lost  ")).map(str::to_owned)
    };
    let line = drawn(&["week.pcap"], 100).unwrap();
    // Steps of six hours: one lost, none, one lost, one delivered, and so on.
    assert!(line.starts_with("\u{2588} \u{2588}\u{2581}"), "{line}");
    assert_eq!(drawn(&["week.pcap"], 60), None, "no room");
    assert_eq!(drawn(&["kb240832-lost.pcap"], 100), None, "one step says nothing");
    assert_eq!(drawn(&["no-mail.pcap", "kb240832-works.pcap"], 100), None, "nothing lost");
    assert!(!table(&["week.pcap"], &wide(100)).contains('\u{2581}'));
}
