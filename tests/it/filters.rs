//! The filters of `scan`, `trace` and `extract`, over a capture and over a pile, and times in a zone.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use crate::make;
use crate::support::{CaptureBuilder, samples::SAMPLES};

/// A pile of captures: their names in it, and the samples that they are.
const PILE: [(&str, &str); 4] =
    [("a", "relay-stopped.pcapng"), ("b", "proxied.pcap"), ("c", "mixed.pcapng"), ("d", "xclient.pcap")];
/// Its sessions by capture and number.
const ALL: &str = "a1 a2 a3 a4 a5 a6 a7 a8 b1 c1 c2 d1";

/// Filters, and which sessions of the pile pass them.
const FILTERS: [(&[&str], &str); 22] = [
    (&["--client", "192.0.2.40"], "a2 a6"),
    (&["--client", "192.0.2.32/27,2001:db8::/32"], "a2 a6 c1 c2"),
    (&["--client", "203.0.113.9"], "b1 d1"),
    (&["--client", "192.0.2.7"], "b1 d1"),
    (&["--server", "2001:db8:25::/48"], "c2"),
    (&["--server", "203.0.113.25", "--server", "2001:db8:25::25"], "c1 c2"),
    (&["--since", "2003-04-14T07:00:00.1Z"], "a7 a8 b1 c1 c2 d1"),
    (&["--since", "2003-04-14 09:00", "--timezone", "+02:00"], "a6 a7 a8 b1 c1 c2 d1"),
    (&["--until", "2003-04-14 06:15"], "a1 a2 a3"),
    (&["--since", "2003-04-14", "--until", "2003-04-14"], "a1 a2 a3 a4 a5 a6 a7 a8"),
    (&["--since", "35m"], "a5 a6 a7 a8 b1 c1 c2 d1"),
    (&["--until", "35m"], "a1 a2 a3 a4"),
    (&["--since", "35m", "--until", "20m"], "a5"),
    (&["--cause", "ehlo-argument"], "a1 a3 a4 a5 a7 a8 b1 c2 d1"),
    (&["--cause", "timed-out,tls-failed"], ""),
    (&["--outcome", "delivered,unknown"], "a2 a6 c1"),
    (&["--hello", "BUILD"], "a2 a6 c1"),
    (&["--hello", "_"], "c2"),
    (&["--session", "2-3,8"], "a2 a3 a8 c2"),
    (&["--session", "2-3", "--outcome", "lost", "--client", "192.0.2.10"], "a3"),
    (&["--outcome", "lost", "--hello", "sub2.", "--since", "20m", "--server", "192.0.2.25"], "a7 a8 b1 d1"),
    (&["--outcome", "lost", "--hello", "build"], ""),
];

fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::cargo_bin("ehlotrace").unwrap().current_dir(folder).args(arguments).output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

fn pile() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pile")).unwrap();
    for (name, sample) in PILE {
        let build = SAMPLES.iter().find(|(name, _)| *name == sample).unwrap().1;
        std::fs::write(folder.path().join("pile").join(name), build()).unwrap();
    }
    folder
}

/// Those of `sessions` that are of capture `a`.
fn of_first(sessions: &str) -> String {
    sessions.split(' ').filter(|session| session.starts_with('a')).collect::<Vec<_>>().join(" ")
}

fn joined(mut sessions: Vec<String>) -> String {
    sessions.sort();
    sessions.dedup();
    sessions.join(" ")
}

/// The name of a capture by its path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// Which sessions a scan reports as CSV, and whether one of them was lost.
fn scanned(csv: &[u8]) -> (String, bool) {
    let mut reader = csv::Reader::from_reader(csv);
    let headers = reader.headers().unwrap().clone();
    let at = |column: &str| headers.iter().position(|header| header == column).unwrap();
    let mut rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    // A row without a session is a note on a capture.
    rows.retain(|row| !row[at("session")].is_empty());
    let sessions = rows.iter().map(|row| format!("{}{}", name(&row[at("capture")]), &row[at("session")])).collect();
    (joined(sessions), rows.iter().any(|row| row[at("outcome")] == *"lost"))
}

/// Which sessions a trace shows; `capture` is the one where it names none.
fn traced(trace: &str, capture: &str) -> String {
    let (mut capture, mut sessions) = (capture, Vec::new());
    for line in trace.lines().filter_map(|line| line.strip_prefix("== ")) {
        if let Some(session) = line.strip_prefix("Session ") {
            sessions.push(format!("{capture}{}", session.split(':').next().unwrap()));
        } else if !line.contains(": ") {
            capture = name(line);
        }
    }
    joined(sessions)
}

/// Which sessions the comments of an extract name.
fn extracted(file: &[u8]) -> String {
    let file = String::from_utf8_lossy(file);
    let named = file.match_indices(", session ").map(|(at, found)| {
        let capture = file[..at].rsplit([' ', '/']).next().unwrap();
        let number: String = file[at + found.len()..].chars().take_while(char::is_ascii_digit).collect();
        format!("{capture}{number}")
    });
    joined(named.collect())
}

#[test]
fn every_filter_chooses_the_same_sessions_in_every_command() {
    let folder = pile();
    for (filter, expected) in FILTERS {
        for (target, expected) in [("pile", expected.to_owned()), ("pile/a", of_first(expected))] {
            let what = format!("{filter:?} {target}");
            let output = run(&[&["scan", "--format", "csv", target], filter].concat(), folder.path());
            let (sessions, is_lost) = scanned(&output.stdout);
            assert_eq!(sessions, expected, "scan {what}");
            assert_eq!(output.status.code(), Some(i32::from(is_lost)), "scan {what}");
            let output = run(&[&["trace", "--summary", target], filter].concat(), folder.path());
            assert_eq!(traced(text(&output.stdout), "a"), expected, "trace {what}");
            let is_none_chosen = expected.is_empty() && filter.contains(&"--session");
            let code = if is_none_chosen { 2 } else { i32::from(is_lost) };
            assert_eq!(output.status.code(), Some(code), "trace {what}");
            let output = run(&[&["extract", target], filter].concat(), folder.path());
            assert_eq!(extracted(&output.stdout), expected, "extract {what}");
            assert_eq!(output.status.code(), Some(i32::from(expected.is_empty())), "extract {what}");
        }
    }
}

#[test]
fn what_was_lost_can_be_asked_of_what_passes() {
    let folder = pile();
    for (choice, expected) in [("--lost", "a3 a5"), ("--all", "a2 a3 a5 a6")] {
        let arguments = [choice, "--session", "2-3,5-6", "pile/a"];
        let trace = run(&[&["trace", "--summary"], &arguments[..]].concat(), folder.path());
        assert_eq!(traced(text(&trace.stdout), "a"), expected);
        let extract = run(&[&["extract"], &arguments[..]].concat(), folder.path());
        assert_eq!(extracted(&extract.stdout), expected);
    }
    let shown = run(&["trace", "--summary", "--lost", "--session", "2-3,5-6", "pile/a"], folder.path());
    assert!(text(&shown.stdout).ends_with("== 2 of 4 sessions shown: only lost sessions; --all shows all\n"));
}

#[test]
fn totals_count_what_passes_and_say_how_many_did_not() {
    let folder = pile();
    let report = |format: &str, filter: &[&str]| {
        let output = run(&[&["scan", "--format", format, "pile"], filter].concat(), folder.path());
        (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    let all = ALL.split(' ').count() as u64;
    for (filter, expected) in FILTERS {
        let passing = expected.split(' ').filter(|session| !session.is_empty()).count() as u64;
        let document: Value = serde_json::from_str(&report("json", filter).0).unwrap();
        let summary = &document["summary"];
        assert_eq!(
            (summary["sessions"].as_u64(), summary["filtered_out"].as_u64()),
            (Some(passing), Some(all - passing))
        );
        let captures = document["captures"].as_array().unwrap();
        let left_out = captures.iter().filter_map(|capture| capture["filtered_out"].as_u64()).sum::<u64>();
        assert_eq!(left_out, all - passing);
        assert_eq!(captures.iter().filter_map(|capture| capture["sessions"].as_u64()).sum::<u64>(), all);
        let of_relays = document["relays"].as_array().unwrap().iter().filter_map(|relay| relay["lost"].as_u64());
        assert_eq!(Some(of_relays.sum::<u64>()), summary["lost"].as_u64());
        let lines = report("jsonl", filter).0;
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!((&last["type"], &last["filtered_out"]), (&"summary".into(), &summary["filtered_out"]));
    }
    let (some, none) = (&["--client", "192.0.2.40"][..], &["--client", "198.51.100.1"][..]);
    for format in ["table", "markdown", "html"] {
        let (some, none) = (report(format, some).0, report(format, none).0);
        assert!(some.contains("The filters left out 10 more sessions."), "{format}: {some}");
        assert!(none.contains("The filters left out all 12 sessions"), "{format}: {none}");
        assert!(!none.to_lowercase().contains("no smtp session found") && !none.contains("--port"), "{format}: {none}");
        assert!(!report(format, &[]).0.contains("The filters"), "{format}");
    }
    let table = report("table", none).0;
    assert!(table.ends_with("\nThe filters left out all 12 sessions in 4 captures of 4 tickets.\n"), "{table}");
    assert!(table.starts_with("pile/a: the filters left out all 8 sessions\n"), "{table}");
    assert_eq!(report("csv", some).1, "ehlotrace: note: sessions left out by the filters: 10\n");
    assert_eq!(report("csv", &[]).1, "");
}

#[test]
fn where_nothing_passes_that_is_said() {
    let folder = pile();
    for (arguments, code, says) in [
        (&["trace", "pile/b", "--client", "198.51.100.1"][..], 0, "pile/b: the filters left out the only session"),
        (&["trace", "pile/a", "--hello", "nobody"], 0, "pile/a: the filters left out all 8 sessions"),
        (&["trace", "pile/a", "--session", "9"], 2, "pile/a: no session has this number; the capture has 8"),
        (&["trace", "pile/a", "--lost", "--client", "192.0.2.40"], 0, "pile/a: no session was lost"),
        (&["extract", "pile", "--since", "2025-01-01"], 1, "the filters left out all 12 sessions: nothing was written"),
        (
            &["extract", "pile", "--lost", "--client", "192.0.2.40"],
            1,
            "no matching session was lost: nothing was written",
        ),
    ] {
        let output = run(arguments, folder.path());
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{arguments:?}");
        assert_eq!(text(&output.stderr), format!("ehlotrace: {says}\n"));
    }
}

#[test]
fn wrong_usage_is_answered_with_what_to_write() {
    let folder = pile();
    for command in ["scan", "trace", "extract"] {
        for (filter, says) in [
            (&["--client", "mail.example.com"][..], "give an IP address or a prefix"),
            (&["--server", "192.0.2.0/33"], "give an IP address or a prefix"),
            (&["--since", "yesterday"], "give a time such as 2024-03-05"),
            (&["--until", "2024-02-30"], "give a time such as 2024-03-05"),
            (&["--cause", "ehlo-argumnet"], "no cause has this code; did you mean ehlo-argument?"),
            (&["--cause", "ehlo-argument,delivered"], "no cause has this code; `ehlotrace causes` lists them"),
            (&["--outcome", "delivred"], "no outcome has this code; did you mean delivered?"),
            (&["--hello", ""], "a value is required for '--hello <TEXT>'"),
            (&["--session", "0"], "give a number from 1"),
            (&["--timezone", "Mars/Olympus"], "is not a time zone of this system"),
        ] {
            let output = run(&[&[command, "pile/a"], filter].concat(), folder.path());
            let error = text(&output.stderr);
            assert_eq!(
                (output.status.code(), output.stdout.as_slice()),
                (Some(2), &b""[..]),
                "{command} {filter:?}: {error}"
            );
            assert!(error.contains(says) || error.contains("database") && filter[0] == "--timezone", "{error}");
        }
    }
}

/// Whatever it is read from: the end of a capture has to be known before its sessions are told.
#[test]
fn a_span_is_counted_from_the_end_of_archives_pipes_and_sequences() {
    let folder = pile();
    let capture = std::fs::read(folder.path().join("pile/a")).unwrap();
    let other = std::fs::read(folder.path().join("pile/c")).unwrap();
    let zip = make::zip(&[("a", &capture), ("c", &other)]);
    std::fs::write(folder.path().join("z.zip"), zip).unwrap();
    let of = |arguments: &[&str]| {
        let output = run(&[&["scan", "--format", "jsonl"], arguments].concat(), folder.path());
        let lines = text(&output.stdout).lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines: Vec<Value> = lines.collect();
        let count = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
        assert_eq!(count("summary"), 1, "{arguments:?}: {}", text(&output.stderr));
        (count("session"), lines.last().unwrap()["filtered_out"].as_u64().unwrap())
    };
    assert_eq!(of(&["--since", "35m", "z.zip"]), (6, 4));
    // As one capture it ends with the later of both.
    assert_eq!(of(&["--since", "35m", "--sequence", "pile/a", "pile/c"]), (2, 8));
    let mut piped = Command::cargo_bin("ehlotrace").unwrap();
    let piped = piped.args(["scan", "--format", "csv", "--since", "35m", "-q", "-"]).write_stdin(capture.clone());
    assert_eq!(scanned(&piped.output().unwrap().stdout), ("'-5 '-6 '-7 '-8".to_owned(), true));
    let mut sequence = Command::cargo_bin("ehlotrace").unwrap();
    let output = sequence.args(["scan", "--sequence", "--since", "35m", "-"]).write_stdin(capture).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("its end is not known before it was read"), "{}", text(&output.stderr));
    // What is cut is told as ever.
    std::fs::write(folder.path().join("cut.gz"), &make::gz(&other)[..200]).unwrap();
    let [plain, filtered] = [&["scan", "cut.gz"][..], &["scan", "cut.gz", "--since", "1h"]].map(|arguments| {
        let output = run(arguments, folder.path());
        (output.status.code(), text(&output.stderr).to_owned())
    });
    assert_eq!(plain, filtered);
}

#[test]
fn behind_a_proxy_the_address_that_the_client_connected_to_is_a_server() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture.session("192.0.2.7:41120", "192.0.2.25:25");
    s.handshake().client(b"PROXY TCP4 203.0.113.9 198.51.100.25 40000 25\r\n");
    s.server(b"220 mx.example.net ESMTP\r\n").client(b"QUIT\r\n").server(b"221 bye\r\n").client_fin().server_fin();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), capture.finish_pcap()).unwrap();
    for (server, sessions) in [("198.51.100.25", "a1"), ("192.0.2.25", "a1"), ("203.0.113.9", "")] {
        let output = run(&["scan", "--format", "csv", "-q", "--server", server, "a"], folder.path());
        assert_eq!(scanned(&output.stdout).0, sessions, "{server}");
    }
}

#[test]
fn times_for_people_are_in_the_zone_and_those_for_programs_in_utc() {
    let folder = pile();
    let printed = |arguments: &[&str], zone: &[&str]| {
        let output = run(&[arguments, &["pile/a"], zone].concat(), folder.path());
        text(&output.stdout).to_owned()
    };
    let zone = &["--timezone", "+05:30"][..];
    for (format, in_utc, in_zone) in [
        ("table", "2003-04-14\n", "Time (UTC+05:30)"),
        ("table", "12-", "12:45:00.206"),
        ("table", "last 2003-04-14 07:15:00 UTC", "last 2003-04-14 12:45:00 UTC+05:30"),
        ("markdown", "| opened (UTC) |", "| opened (UTC+05:30) |"),
        ("markdown", "2003-04-14 07:15:00", "| 2003-04-14 12:45:00 |"),
        ("html", "Opened (UTC)</th>", "Opened (UTC+05:30)</th>"),
        ("html", "<td>2003-04-14 07:15:00</td>", "<td>2003-04-14 12:45:00</td>"),
        ("html", r#""zone":"UTC""#, r#""zone":"UTC+05:30""#),
        ("html", "first 2003-04-14 06:00:00 UTC,", "first 2003-04-14 11:30:00 UTC+05:30,"),
        ("html", r#""opened":"2003-04-14T07:15"#, r#""local":"2003-04-14 12:45:00.206""#),
    ] {
        let arguments = ["scan", "--format", format];
        let (plain, zoned) = (printed(&arguments, &[]), printed(&arguments, zone));
        assert!(plain.contains(in_utc) || in_utc.len() < 12, "{format}: {in_utc}\n{plain}");
        assert!(zoned.contains(in_zone) && !plain.contains(in_zone), "{format}: {in_zone}\n{zoned}");
    }
    for format in ["json", "jsonl", "csv"] {
        let arguments = ["scan", "--format", format];
        assert_eq!(printed(&arguments, &[]), printed(&arguments, zone), "{format}");
    }
    let trace = printed(&["trace", "--session", "8"], zone);
    assert!(trace.contains("\n== Opened: 2003-04-14 12:45:00.206 UTC+05:30\n"), "{trace}");
    assert!(printed(&["trace", "--session", "8"], &[]).contains("\n== Opened: 2003-04-14 07:15:00.206 UTC\n"));
}

#[test]
fn a_named_zone_stands_in_the_headings_of_a_narrow_table_too() {
    let folder = pile();
    let output = |width: &str, zone: &str| {
        let arguments = ["scan", "--width", width, "--timezone", zone, "pile/a"];
        let output = Command::cargo_bin("ehlotrace")
            .unwrap()
            .current_dir(folder.path())
            .env("TZ", "Europe/Berlin")
            .args(arguments)
            .output();
        text(&output.unwrap().stdout).to_owned()
    };
    if ehlotrace::time::Zone::parse("Europe/Berlin").is_err() {
        return println!("skipped: no time zone database");
    }
    for zone in ["Europe/Berlin", "local"] {
        assert!(output("120", zone).starts_with("Session"), "{zone}");
        for width in ["80", "120", "160"] {
            let table = output(width, zone);
            let head: Vec<&str> = table.lines().take(2).collect();
            assert!(head.iter().any(|line| line.contains("Europe/Berlin")), "{table}");
            // Summer time.
            assert!(table.contains("09:15:00.206"), "{table}");
            assert!(table.lines().all(|line| line.chars().count() <= width.parse().unwrap()), "{table}");
        }
    }
}
