//! Records of JSON and JSON Lines that stand alone: which capture, connection and input they are about.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{CaptureBuilder, FileOptions, Frame, write_pcap};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");

fn scan(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    command.current_dir(folder).args(["scan", "--format", "jsonl"]).args(arguments);
    command.write_stdin(stdin).output().unwrap()
}

fn lines(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Vec<Value> {
    let output = String::from_utf8(scan(folder, arguments, stdin).stdout).unwrap();
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_type<'l>(lines: &'l [Value], kind: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

#[test]
fn a_session_names_its_capture_and_no_other_session_has_its_id() {
    let long = lines(Path::new(SAMPLES), &["."], b"");
    let brief = lines(Path::new(SAMPLES), &["--brief", "."], b"");
    let mut ids = HashSet::new();
    for session in of_type(&long, "session") {
        let is_its_own = |capture: &&&Value| capture["capture"] == session["capture"];
        let capture = *of_type(&long, "capture").iter().find(is_its_own).unwrap();
        assert_eq!((&session["path"], &session["member"]), (&capture["path"], &capture["member"]));
        assert!(ids.insert(session["session_id"].to_string()), "{session}");
    }
    assert!(ids.len() > 40);
    // What both have is the same.
    let (long, brief) = (of_type(&long, "session"), of_type(&brief, "session"));
    assert_eq!(long.len(), brief.len());
    for (long, brief) in long.into_iter().zip(&brief) {
        let fields = brief.as_object().unwrap().iter();
        let differing: Vec<_> =
            fields.filter(|(name, value)| long.get(*name).is_some_and(|long| long != *value)).collect();
        assert!(differing.is_empty(), "{differing:?}");
    }
    let lost = brief.iter().find(|session| session["path"] == "./relay-stopped.pcapng").unwrap();
    assert_eq!(lost["hello"]["argument"], json!({"text": "sub2."}));
    assert_eq!((&lost["hello"]["problems"], &lost["hello"]["reply_code"]), (&json!(["trailing-dot"]), &json!(501)));
    let deciding =
        json!({"frame": 6, "command": "EHLO", "code": 501, "enhanced": "5.5.4", "text": "5.5.4 Invalid Address"});
    assert_eq!((&lost["greeting_code"], &lost["deciding"]), (&json!(220), &deciding));
}

#[test]
fn a_brief_session_has_a_third_of_the_octets() {
    let octets = |arguments: &[&str]| -> usize {
        let lines = lines(Path::new(SAMPLES), arguments, b"");
        of_type(&lines, "session").into_iter().map(|session| session.to_string().len()).sum()
    };
    let (long, brief) = (octets(&["."]), octets(&["--brief", "."]));
    assert!(brief * 5 < long * 2, "{brief} of {long} bytes");
}

#[test]
fn brief_is_for_json_lines() {
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    let output = command.args(["scan", "--brief", "--format", "json", SAMPLES]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert!(error.contains("--format jsonl"), "{error}");
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(SAMPLES).join(name)).unwrap()
}

/// A folder with two captures, one of them damaged, and two files that are none; an empty one; a capture; and a text.
fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("ticket")).unwrap();
    fs::create_dir(at("empty")).unwrap();
    let damaged = [sample("kb240832-works.pcap"), vec![0xff; 16]].concat();
    for (name, octets) in [
        ("ticket/a.pcap", sample("kb240832-lost.pcap")),
        ("ticket/b.pcap", damaged),
        ("ticket/notes.txt", b"all is lost".to_vec()),
        ("ticket/zeros", vec![0; 99]),
        ("c.pcap", sample("kb240832-closed.pcap")),
        ("text", b"no capture".to_vec()),
    ] {
        fs::write(at(name), octets).unwrap();
    }
    folder
}

fn input_end(path: &str, [captures, unreadable, passed_over, copies]: [u64; 4]) -> Value {
    json!({"type": "input_end", "path": path, "member": null, "captures": captures, "unreadable": unreadable,
           "passed_over": passed_over, "copies": copies})
}

#[test]
fn every_input_is_told_as_it_was_given_with_what_was_passed_over() {
    let folder = inputs();
    let ends = [
        input_end("ticket", [2, 1, 2, 0]),
        input_end("empty", [0, 0, 0, 0]),
        input_end("text", [0, 1, 0, 0]),
        input_end("./c.pcap", [1, 0, 0, 0]),
        input_end("ticket", [2, 1, 2, 2]),
    ];
    let given = ["ticket", "empty", "text", "./c.pcap", "ticket"];
    for jobs in ["1", "2", "8"] {
        let lines = lines(folder.path(), &[&["--jobs", jobs], &given[..]].concat(), b"");
        assert_eq!(of_type(&lines, "input_end"), ends.iter().collect::<Vec<_>>(), "{jobs} jobs");
        // Behind all captures in it, and before those of the next one.
        let order: String = lines.iter().filter_map(|line| line["type"].as_str()).fold(String::new(), |order, kind| {
            order
                + match kind {
                    "capture_end" => "c",
                    "input_end" => "i",
                    _ => "",
                }
        });
        assert_eq!(order, "cciicicicci");
        assert_eq!(lines.last().unwrap()["type"], "summary");
    }
    let sequence = lines(folder.path(), &["--sequence", "ticket", "empty", "text", "./c.pcap"], b"");
    let ends = [
        input_end("ticket", [2, 0, 2, 0]),
        input_end("empty", [0, 0, 0, 0]),
        input_end("text", [0, 1, 0, 0]),
        input_end("./c.pcap", [1, 0, 0, 0]),
    ];
    assert_eq!(of_type(&sequence, "input_end"), ends.iter().collect::<Vec<_>>());
}

#[test]
fn standard_input_has_the_name_it_is_given() {
    let folder = inputs();
    let name = "s3://captures/2024/a.pcap";
    let found = lines(folder.path(), &["--name", name, "c.pcap", "-"], &sample("kb240832-lost.pcap"));
    let paths = |kind| of_type(&found, kind).iter().map(|line| line["path"].clone()).collect::<Vec<_>>();
    for kind in ["capture", "session", "capture_end", "input_end"] {
        assert_eq!(paths(kind), ["c.pcap", name], "{kind}");
    }
    // Another name is another session, of the same connection.
    let other = lines(folder.path(), &["-"], &sample("kb240832-lost.pcap"));
    let (named, unnamed) = (of_type(&found, "session")[1], of_type(&other, "session")[0]);
    assert_ne!(named["session_id"], unnamed["session_id"]);
    assert_eq!(named["connection_key"], unnamed["connection_key"]);

    let refused = scan(folder.path(), &["--name", name, "c.pcap"], b"");
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), error.lines().count(), refused.stdout.as_slice()), (Some(2), 1, &b""[..]));
    assert!(error.contains("--name needs standard input"), "{error}");
}

#[test]
fn runs_with_one_fingerprint_key_know_each_others_copies() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (sample("kb240832-lost.pcap"), sample("kb240832-works.pcap"));
    for (name, octets) in [("a.pcap", &one), ("copy.pcap", &one), ("other.pcap", &other)] {
        fs::write(folder.path().join(name), octets).unwrap();
    }
    let fingerprint = |key, name| {
        let found = lines(folder.path(), &["--fingerprint", key, name], b"");
        of_type(&found, "capture_end")[0]["fingerprint"].clone()
    };
    assert!(fingerprint("k", "a.pcap").is_string());
    assert_eq!(fingerprint("k", "a.pcap"), fingerprint("k", "copy.pcap"));
    assert_ne!(fingerprint("k", "a.pcap"), fingerprint("k", "other.pcap"));
    assert_ne!(fingerprint("k", "a.pcap"), fingerprint("another", "a.pcap"));
    // The sessions of both are there, and nothing is a copy of anything.
    let found = lines(folder.path(), &["--fingerprint", "k", "a.pcap", "copy.pcap"], b"");
    let paths: Vec<_> = of_type(&found, "session").iter().map(|session| session["path"].clone()).collect();
    assert_eq!(
        (paths, &of_type(&found, "summary")[0]["copies"]),
        (vec![json!("a.pcap"), json!("copy.pcap")], &json!(0))
    );
    let ordinary = lines(folder.path(), &["a.pcap", "copy.pcap"], b"");
    assert_eq!(of_type(&ordinary, "session").len(), 1);
    assert!(of_type(&ordinary, "capture_end").iter().all(|end| end.get("fingerprint").is_none()));
}

#[test]
fn a_list_is_read_as_a_folder_is_with_skip_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pcap"), sample("kb240832-lost.pcap")).unwrap();
    fs::write(folder.path().join("note.txt"), "Dear support").unwrap();
    fs::write(folder.path().join("note.pcap"), "Dear support").unwrap();
    let list = b"a.pcap\nnote.txt\nnote.pcap\n";
    let unreadable = |arguments: &[&str]| {
        let found = lines(folder.path(), &[&["--files-from", "-"], arguments].concat(), list);
        assert_eq!((of_type(&found, "session").len(), of_type(&found, "input_end").len()), (1, 3));
        let ends = of_type(&found, "capture_end");
        ends.iter().filter(|end| end["status"] == "unreadable").map(|end| end["path"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(unreadable(&[]), ["note.txt", "note.pcap"]);
    assert_eq!(unreadable(&["--skip-others"]), ["note.pcap"]);
}

/// Whoever kills a run that hangs knows by the last line which capture it was.
#[cfg(unix)]
#[test]
fn the_end_of_an_input_goes_out_before_the_next_one_is_read() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pcap"), sample("kb240832-lost.pcap")).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("ehlotrace"));
    command.current_dir(folder.path()).args(["scan", "--format", "jsonl", "--jobs", "1", "a.pcap", "-"]);
    // Nothing comes on standard input until all lines before it were read.
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let is_end = |line: &String| line.starts_with(r#"{"type":"input_end","path":"a.pcap""#);
    assert!(stdout.lines().map(Result::unwrap).any(|line| is_end(&line)));
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_unicode_keeps_its_octets() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"b\xfccher.pcap");
    if fs::write(folder.path().join(name), sample("kb240832-lost.pcap")).is_err() {
        println!("skipped: this file system has no such name");
        return;
    }
    let mut command = Command::cargo_bin("ehlotrace").unwrap();
    let output = command.current_dir(folder.path()).args(["scan", "--format", "jsonl"]).arg(name).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut named = 0;
    for line in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if ["capture", "session", "capture_end", "input_end"].contains(&line["type"].as_str().unwrap()) {
            assert_eq!(
                (&line["path"], &line["path_base64"]),
                (&json!("b\u{fffd}cher.pcap"), &json!("YvxjaGVyLnBjYXA="))
            );
            named += 1;
        }
    }
    assert_eq!(named, 4);
}

/// The document's sessions of these frames.
fn sessions_of(frames: &[Frame]) -> Vec<Value> {
    let octets = write_pcap(frames, &FileOptions::default());
    let lines = lines(Path::new(SAMPLES), &["-"], &octets);
    of_type(&lines, "session").into_iter().cloned().collect()
}

#[test]
fn a_connection_has_the_same_key_in_every_capture_that_has_both_numbers() {
    let mut capture = CaptureBuilder::new();
    for (time, isn) in [("2024-03-05T10:00:00Z", 7), ("2024-03-05T10:01:00Z", 8)] {
        // The second one is on the ports of the first.
        let session = capture.session("192.0.2.10:1145", "192.0.2.25:25").start_at(time);
        let mut session = session.client_isn(isn).server_isn(0xfedc_0000);
        session.handshake().dialogue("S: 220 mx\nC: EHLO sub2.\nS: 501 Invalid Address\nC: QUIT\nS: 221 bye");
        session.client_fin().server_fin();
    }
    let frames = capture.frames();
    let both = sessions_of(&frames);
    let keys: Vec<&Value> = both.iter().map(|session| &session["connection_key"]).collect();
    let (first, second) =
        ("192.0.2.10:1145/00000007-192.0.2.25:25/fedc0000", "192.0.2.10:1145/00000008-192.0.2.25:25/fedc0000");
    assert_eq!(keys, [first, second]);
    assert_eq!(both[0]["handshake"]["client_isn"], 7);

    let one = &frames[..frames.len() / 2];
    let without = |left_out: &[usize]| {
        let kept = one.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
        let sessions = sessions_of(&kept.map(|(_, frame)| frame.clone()).collect::<Vec<_>>());
        let [session] = &sessions[..] else { panic!("{} sessions", sessions.len()) };
        let handshake = &session["handshake"];
        (session["connection_key"].clone(), handshake["client_isn"].clone(), handshake["server_isn"].clone())
    };
    let (client_isn, server_isn) = (json!(7), json!(0xfedc_0000_u32));
    // The SYN-ACK says also what the SYN was.
    assert_eq!(without(&[0]), (json!(first), client_isn.clone(), server_isn.clone()));
    assert_eq!(without(&[2, 5, 7]), (json!(first), client_isn.clone(), server_isn));
    assert_eq!(without(&[1]), (Value::Null, client_isn, Value::Null));
    assert_eq!(without(&[0, 1]), (Value::Null, Value::Null, Value::Null));
}

#[test]
fn a_capture_says_whether_all_of_it_was_read_and_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let whole = sample("kb240832-lost.pcap");
    let zipped = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, &whole).unwrap();
        encoder.finish().unwrap()
    };
    for (name, octets, status, reason) in [
        ("whole.pcap", whole.clone(), "whole", Value::Null),
        ("cut.pcap", whole[..whole.len() - 5].to_vec(), "cut", json!("truncated")),
        ("damaged.pcap", [&whole[..], &[0xff; 16]].concat(), "damaged", json!("corrupt")),
        ("cut.pcap.gz", zipped[..zipped.len() - 40].to_vec(), "cut", json!("truncated")),
        ("text", b"all is lost".to_vec(), "unreadable", json!("unknown-format")),
    ] {
        fs::write(folder.path().join(name), octets).unwrap();
        let lines = lines(folder.path(), &[name], b"");
        let end = of_type(&lines, "capture_end")[0];
        assert_eq!((&end["status"], &end["status_reason"]), (&json!(status), &reason), "{name}: {end}");
    }
    let missing = lines(folder.path(), &["missing.pcap"], b"");
    let end = of_type(&missing, "capture_end")[0];
    assert_eq!((&end["status"], &end["status_reason"]), (&json!("unreadable"), &json!("io")));
}

/// Whether all numbers in `value` are below 2^63, and how many there are.
fn numbers(value: &Value) -> usize {
    match value {
        Value::Number(number) => {
            assert!(number.is_i64(), "{number}");
            1
        }
        Value::Array(items) => items.iter().map(numbers).sum(),
        Value::Object(fields) => fields.values().map(numbers).sum(),
        _ => 0,
    }
}

/// A pcapng file whose interface lost as many packets as 64 bits can say, with one packet of the latest time.
fn lossy() -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = u32::try_from(body.len() + 12).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body, &length.to_le_bytes()].concat()
    };
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    let interface = [1, 0, 0, 0, 0, 0, 0, 0];
    let packet = [&[0; 4][..], &[0xff; 8], &[0; 8]].concat();
    let statistics = [&[0; 12][..], &[5, 0, 8, 0], &[0xff; 8], &[0; 4]].concat();
    [block(0x0a0d_0d0a, &section), block(1, &interface), block(6, &packet), block(5, &statistics)].concat()
}

#[test]
fn no_number_is_over_what_63_bits_hold() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pcapng"), lossy()).unwrap();
    fs::write(folder.path().join("b.pcapng"), lossy()).unwrap();
    for arguments in [&["a.pcapng"][..], &["--sequence", "a.pcapng", "b.pcapng"]] {
        let lines = lines(folder.path(), arguments, b"");
        assert!(lines.iter().map(numbers).sum::<usize>() > 20);
        assert_eq!(of_type(&lines, "capture_end")[0]["dropped"], i64::MAX);
    }
    let mut folders = vec![PathBuf::from(SAMPLES)];
    folders.extend(crate::corpus::folder("public"));
    for folder in folders {
        assert!(lines(&folder, &["."], b"").iter().map(numbers).sum::<usize>() > 1_000);
    }
}
