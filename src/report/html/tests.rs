use serde_json::Value;

use super::page::hash_source;
use super::*;
use crate::report::{Format, Show, reporter};
use crate::scan::{CaptureReport, CaptureSource};
use crate::scan::{ScanOptions, scan};

fn page(samples: &[&str], options: &ReportOptions) -> String {
    let mut out = Vec::new();
    let mut reporter = reporter(Format::Html, options, Box::new(&mut out));
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
    drop(reporter);
    String::from_utf8(out).unwrap()
}

fn all() -> ReportOptions {
    ReportOptions::new(Show::All)
}

/// What stands between `start` and the next `end`.
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let from = page.find(start).unwrap() + start.len();
    let length = page[from..].find(end).unwrap();
    &page[from..from + length]
}

fn data(page: &str) -> Vec<Value> {
    serde_json::from_str(between(page, "id=\"session-data\">", "</script>")).unwrap()
}

#[test]
fn a_hash_is_what_the_standard_says() {
    // The example of Content Security Policy Level 2, section 4.2.5.
    assert_eq!(hash_source("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
}

#[test]
fn the_policy_names_the_blocks_that_are_in_the_page_and_nothing_else() {
    let page = page(&["kb240832-lost.pcap"], &all());
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let style = hash_source(between(&page, "<style>", "</style>"));
    let script = hash_source(between(&page, "<script>", "</script>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
        )
    );
    assert_eq!(page.matches("<script").count(), 3, "two of data, one that runs");
    assert_eq!(page.matches("<style").count(), 1);
    for outside in ["http://", "https://", "//www", "src=", "@import", "url(", "innerHTML", " style=", " onclick="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_lost_session_of_the_article() {
    let page = page(&["kb240832-lost.pcap"], &all());
    for part in [
        "<html lang=\"en\">",
        "<h1>1 of 1 SMTP session lost</h1>",
        "<dt>Lost</dt><dd class=\"lost\">1</dd>",
        "<h2 id=\"findings\">What they were lost to</h2>",
        "from 192.0.2.10 to 192.0.2.25 [Microsoft IIS 4.0 SMTP / MCIS 2.x]",
        "<h2 id=\"relays\">Relays that lost sessions</h2>",
        "<code class=\"bad\">EHLO sub2.</code>, should be <code class=\"good\">EHLO sub2</code>",
        "<dt>Fix</dt><dd>at the client: Remove the dot at the end of <code>sub2.</code>.",
        "<td><code>EHLO sub2.</code>: ends in a dot</td><td>501 Invalid Address</td><td>ehlo-argument</td>",
    ] {
        assert!(page.contains(part), "{part} not in {page}");
    }
    let sessions = data(&page);
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!(session["hello"]["before"], "EHLO sub2");
    assert_eq!((&session["hello"]["mark"], &session["hello"]["problem"]), (&".".into(), &"ends in a dot".into()));
    let events = session["events"].as_array().unwrap();
    let told: Vec<String> = events
        .iter()
        .map(|event| {
            let fault = if event["decisive"] == true { "!" } else { "" };
            let lines = event["lines"].as_array().unwrap();
            format!(
                "{}{fault} {} {}",
                event["frame"],
                event["from"].as_str().unwrap(),
                lines.last().unwrap().as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 client SYN",
            "2 server SYN, ACK",
            "3 client ACK",
            "4 server 220 ESMTP spoken here",
            "5! client EHLO sub2.",
            "6! server 501 Invalid Address",
            "7! client QUIT",
            "8 server 221 mail.your-domain.com Service closing transmission channel",
            "9 server FIN"
        ]
    );
    assert_eq!(events[4]["at_ns"], 8_100_000);
}

#[test]
fn every_sample_makes_a_page_whose_data_can_be_read() {
    let mut names: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pcap"))
        .collect();
    names.sort();
    for name in &names {
        let page = page(&[name], &all());
        assert!(page.ends_with("</html>\n"), "{name}");
        for session in data(&page) {
            assert!(!session["events"].as_array().unwrap().is_empty(), "{name}: {session}");
        }
    }
    let together: Vec<&str> = names.iter().map(String::as_str).collect();
    let outcomes: Vec<Value> =
        data(&page(&together, &all())).iter().map(|session| session["outcome"].clone()).collect();
    let lost = outcomes.iter().filter(|outcome| *outcome == "lost").count();
    assert_eq!((lost, outcomes.len()), (61, 91));
    assert!(outcomes[..lost].iter().all(|outcome| outcome == "lost"), "lost ones first");
}

#[test]
fn lookups_and_tls_stand_with_their_session() {
    let page = page(&["lookup-failed.pcap", "tls-failed.pcap"], &all());
    let sessions = data(&page);
    let [tls, lookup] = &sessions[..] else { panic!("{sessions:?}") };
    assert_eq!(lookup["facts"][0][1], "MX of example.net: 10 mx.example.net");
    assert_eq!(lookup["events"][1]["lines"][0], "Looked up the A of mx.example.net: 203.0.113.25");
    let alert = "TLS 1.3 offered for mx.example.net, server sent alert handshake_failure";
    assert_eq!(tls["facts"][0][1], alert);
    let said: Vec<&Value> = tls["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "tls").collect();
    assert_eq!(said[0]["lines"][0], "TLS ClientHello: up to TLS 1.3, for the server name mx.example.net");
    assert_eq!(said[1]["lines"][0], "TLS alert: handshake_failure (fatal)");
    assert!(page.contains("Deliveries that never started: 1</h2>") && page.contains("MX of exmaple.net"), "{page}");
}

#[test]
fn bounds_are_kept_and_told() {
    let mut options = all();
    options.limits.page_sessions = 7;
    let cut = page(&["relay-stopped.pcapng"], &options);
    assert!(cut.contains("The list holds 7, lost sessions first; 1 more session only counted"), "{cut}");
    let outcomes: Vec<Value> = data(&cut).iter().map(|session| session["outcome"].clone()).collect();
    assert_eq!(outcomes, ["lost", "lost", "lost", "lost", "lost", "lost", "delivered"]);

    options.limits.page_sessions = 100;
    let whole = data(&page(&["relay-stopped.pcapng"], &options)).len();
    let all = page(&["relay-stopped.pcapng"], &options);
    let listed = between(&all, "id=\"session-data\">", "</script>");
    options.limits.page_octets = listed.len() as u64 - 500;
    let fitting = data(&page(&["relay-stopped.pcapng"], &options)).len();
    assert_eq!((whole, fitting), (8, 7), "one of the two that were delivered has no room");
    options.limits.page_octets = 1;
    options.limits.table_rows = 1;
    let cut = page(&["relay-stopped.pcapng", "README.md"], &options);
    assert_eq!(data(&cut).len(), 1);
    assert!(cut.contains("And 5 more lost sessions.") && cut.contains("And 1 more capture."), "{cut}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let page = page(&["README.md", "kb240832-works.pcap"], &all());
    assert!(page.contains("<td>unreadable</td>") && page.contains("<li>not a capture"), "{page}");
    assert!(
        page.contains("<h1>No session was lost (1 session)</h1>") && !page.contains("Relays that stopped"),
        "{page}"
    );
}

#[test]
fn no_session_at_all_hints_at_the_port() {
    let page = page(&["auth-failed.pcap"], &all());
    assert!(page.contains("<h1>No SMTP session found</h1>") && page.contains("<code>--port 587</code>"), "{page}");
    assert_eq!(data(&page), Vec::<Value>::new());
}
