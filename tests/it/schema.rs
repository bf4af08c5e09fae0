//! Every report validates against the JSON Schema that the program prints, and what is no report does not.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::corpus;

/// The document that holds the printed schema.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");

fn ehlotrace(arguments: &[&str]) -> String {
    let output = Command::cargo_bin("ehlotrace").unwrap().args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn report(format: &str, capture: &Path) -> String {
    let arguments = ["scan", "--port", "25,465,587,2525", "--format", format, capture.to_str().unwrap()];
    ehlotrace(&arguments)
}

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn document_validator() -> Validator {
    validator(&ehlotrace(&["schema"]))
}

fn line_validator() -> Validator {
    validator(&ehlotrace(&["schema", "--jsonl"]))
}

fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

/// What is wrong with the reports of these captures.
fn invalid(captures: &[PathBuf]) -> Vec<String> {
    let (document, line) = (document_validator(), line_validator());
    let mut wrong = Vec::new();
    for capture in captures {
        let value: Value = serde_json::from_str(&report("json", capture)).unwrap();
        let mut found = complaints(&document, &value);
        for text in report("jsonl", capture).lines() {
            found.extend(complaints(&line, &serde_json::from_str(text).unwrap()));
        }
        wrong.extend(found.into_iter().map(|complaint| format!("{}: {complaint}", capture.display())));
    }
    wrong
}

#[test]
fn the_reports_of_all_samples_are_valid() {
    let mut captures = corpus::captures(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")));
    assert!(captures.len() > 30, "only {} samples", captures.len());
    // What is no capture has a report, too.
    captures.push(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")));
    let wrong = invalid(&captures);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reports_of_public_captures_are_valid() {
    for name in ["public", "formats"] {
        let Some(folder) = corpus::folder(name) else { return };
        let wrong = invalid(&corpus::captures(&folder));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

fn sample() -> Value {
    let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/kb240832-lost.pcap"));
    serde_json::from_str(&report("json", sample)).unwrap()
}

#[test]
fn what_is_no_report_is_invalid() {
    let validator = document_validator();
    for (pointer, value) in [
        ("/schema_version", json!(2)),
        ("/captures/0/frames", json!("12")),
        ("/captures/0/first_timestamp", json!("yesterday")),
        ("/captures/0/error", json!({})),
        ("/sessions/0/client/port", json!(65_536)),
        ("/sessions/0/client/ip", json!(null)),
        ("/sessions/0/outcome", json!("mislaid")),
        ("/sessions/0/outcome", json!(null)),
        ("/sessions/0/cause", json!("unheard-of")),
        ("/sessions/0/fault", json!("nobody")),
        ("/sessions/0/confidence", json!("rather")),
        ("/sessions/0/close/how", json!("gently")),
        ("/sessions/0/close/by", json!("the-cat")),
        ("/sessions/0/captured", json!("neither")),
        ("/sessions/0/hellos/0/problems/0/code", json!("ugly")),
        ("/sessions/0/hellos/0/notes", json!(["odd"])),
        ("/sessions/0/hellos/0/argument", json!("sub2.")),
        ("/sessions/0/hellos/0/argument", json!({ "text": "a", "base64": "YQ==" })),
        ("/sessions/0/hellos/0/argument", json!({})),
        ("/sessions/0/first_frame", json!(-1)),
        ("/relays/0/cause", json!("unheard-of")),
        ("/summary/by_cause", json!({ "unheard-of": 1 })),
    ] {
        let mut report = sample();
        *report.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
        assert!(!validator.is_valid(&report), "{pointer} = {value}");
    }
}

/// The objects of a report, by where they stand, and fields that may be missing from them.
const OBJECTS: &[&str] = &[
    "",
    "/tool",
    "/captures/0",
    "/sessions/0",
    "/sessions/0/client",
    "/sessions/0/server",
    "/sessions/0/handshake",
    "/sessions/0/greeting",
    "/sessions/0/hellos/0",
    "/sessions/0/hellos/0/problems/0",
    "/sessions/0/exchanges/1",
    "/sessions/0/exchanges/1/command",
    "/sessions/0/exchanges/1/reply",
    "/sessions/0/evidence/0",
    "/sessions/0/close",
    "/sessions/0/anomalies",
    "/relays/0",
    "/summary",
];

#[test]
fn a_field_missing_or_renamed_is_invalid_and_a_new_one_is_valid() {
    let validator = document_validator();
    for pointer in OBJECTS {
        let report = sample();
        let fields: Vec<String> = report
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{pointer}"))
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert!(!fields.is_empty(), "{pointer}");
        for field in fields {
            let mut missing = report.clone();
            let value = missing.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(&field).unwrap();
            assert!(!validator.is_valid(&missing), "{pointer} without {field}");
            let mut renamed = missing;
            renamed.pointer_mut(pointer).unwrap()[format!("{field}_")] = value;
            assert!(!validator.is_valid(&renamed), "{pointer} with {field} renamed");
        }
        let mut more = report;
        more.pointer_mut(pointer).unwrap()["news"] = json!(["of", 2]);
        assert!(validator.is_valid(&more), "{pointer} with a new field");
    }
}

#[test]
fn a_line_is_valid_as_its_own_type_only() {
    let validator = line_validator();
    let capture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/kb240832-lost.pcap"));
    let lines: Vec<Value> = report("jsonl", capture).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types = ["capture", "session", "capture_end", "summary"];
    assert_eq!(lines.iter().map(|line| line["type"].as_str().unwrap()).collect::<Vec<_>>(), types);
    for line in &lines {
        assert!(validator.is_valid(line));
        for wrong in types.iter().filter(|wrong| line["type"] != **wrong).map(|wrong| json!(wrong)).chain([json!(null)])
        {
            let mut line = line.clone();
            line["type"] = wrong;
            assert!(!validator.is_valid(&line), "{line}");
        }
    }
}

/// With `UPDATE_DOCS=1` in the environment the document is written instead.
#[test]
fn the_document_holds_the_printed_schema() {
    let printed = ehlotrace(&["schema"]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(DOCUMENT, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    assert!(
        committed == printed,
        "docs/report.schema.json is not what `ehlotrace schema` prints; UPDATE_DOCS=1 writes it"
    );
}
