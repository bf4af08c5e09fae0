//! Every report validates against the JSON Schema that the program prints, and what is no report does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::corpus;

fn ehlotrace(arguments: &[&str]) -> String {
    let output = Command::cargo_bin("ehlotrace").unwrap().args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn report(format: &[&str], capture: &Path) -> String {
    let arguments = [&["scan", "--port", "25,465,587,2525", "--format"], format, &[capture.to_str().unwrap()]];
    ehlotrace(&arguments.concat())
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

fn brief_line_validator() -> Validator {
    validator(&ehlotrace(&["schema", "--jsonl", "--brief"]))
}

fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

/// What is wrong with the reports of these captures.
fn invalid(captures: &[PathBuf]) -> Vec<String> {
    let document = document_validator();
    let lines = [(&["jsonl"][..], line_validator()), (&["jsonl", "--brief"], brief_line_validator())];
    let mut wrong = Vec::new();
    for capture in captures {
        let value: Value = serde_json::from_str(&report(&["json"], capture)).unwrap();
        let mut found = complaints(&document, &value);
        for (format, line) in &lines {
            for text in report(format, capture).lines() {
                found.extend(complaints(line, &serde_json::from_str(text).unwrap()));
            }
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
    serde_json::from_str(&report(&["json"], sample)).unwrap()
}

#[test]
fn what_is_no_report_is_invalid() {
    let validator = document_validator();
    for (pointer, value) in [
        ("/schema_version", json!(1)),
        ("/captures/0/frames", json!("12")),
        ("/captures/0/first_timestamp", json!("yesterday")),
        ("/captures/0/status", json!("fine")),
        ("/captures/0/status_reason", json!("unheard-of")),
        ("/sessions/0/greeting", json!(null)),
        ("/sessions/0/path", json!(null)),
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
        ("/relays/0/main_cause", json!("unheard-of")),
        ("/summary/by_cause", json!([{ "code": "unheard-of", "count": 1 }])),
    ] {
        let mut report = sample();
        *report.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
        assert!(!validator.is_valid(&report), "{pointer} = {value}");
    }
}

/// Objects and lists of objects, with nothing in them they are left out; and commands, which some sessions have not.
const NESTED: &[&str] = &[
    "arguments",
    "by_cause",
    "command",
    "deciding",
    "evidence",
    "exchanges",
    "greeting",
    "handover",
    "hellos",
    "lines",
    "lost_hello",
    "problems",
    "refusals",
    "reply",
    "retry_command",
    "retry_swaks",
];

/// The objects of a report, by where they stand.
const OBJECTS: &[&str] = &[
    "",
    "/tool",
    "/tickets/0",
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
    "/sessions/0/deciding",
    "/sessions/0/handover",
    "/sessions/0/lost_hello",
    "/sessions/0/close",
    "/sessions/0/anomalies",
    "/relays/0",
    "/relays/0/causes/0",
    "/relays/0/refusals/0",
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
            // The command of `deciding` is a verb, no object, and the problems of `lost_hello` are codes.
            let has_words_only = ["/sessions/0/deciding", "/sessions/0/lost_hello"].contains(pointer);
            let is_nested = NESTED.contains(&&*field) && !has_words_only;
            assert_eq!(validator.is_valid(&missing), is_nested, "{pointer} without {field}");
            if is_nested {
                continue;
            }
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
    let lines: Vec<Value> =
        report(&["jsonl"], capture).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The first line has what all types have, and needs none of it.
    let (first, lines) = lines.split_first().unwrap();
    assert!(validator.is_valid(first) && first["type"] == "fields");
    let types = ["capture", "session", "capture_end", "ticket", "input_end", "finding", "relay", "summary"];
    assert_eq!(lines.iter().map(|line| line["type"].as_str().unwrap()).collect::<Vec<_>>(), types);
    for line in lines {
        assert!(validator.is_valid(line));
        for wrong in types.iter().filter(|wrong| line["type"] != **wrong).map(|wrong| json!(wrong)).chain([json!(null)])
        {
            let mut line = line.clone();
            line["type"] = wrong;
            assert!(!validator.is_valid(&line), "{line}");
        }
    }
}

/// Notes the types of all fields that `schema` has, by where they stand; complains of what is read differently from line to
/// line by programs that tell types from the lines they come to first.
fn types(schema: &Value, root: &Value, place: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(reference) = schema["$ref"].as_str() {
        return types(root.pointer(&reference[1..]).unwrap(), root, place, found);
    }
    let alternatives = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let is_null = |schema: &&Value| schema["type"] == "null";
    let [alternative] = &alternatives.iter().filter(|schema| !is_null(schema)).collect::<Vec<_>>()[..] else {
        panic!("{place} has several types: {schema}");
    };
    if alternatives.len() > 1 {
        let mut scalar = BTreeMap::new();
        types(alternative, root, place, &mut scalar);
        assert!(scalar.len() == 1 && scalar[place].len() == 1, "{place} is nested and null: {schema}");
        return types(alternative, root, place, found);
    }
    let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let [kind] =
        &kinds.iter().filter(|kind| **kind != "null").map(|kind| kind.as_str().unwrap()).collect::<Vec<_>>()[..]
    else {
        panic!("{place} has several types: {schema}");
    };
    let is_nested = ["object", "array"].contains(kind);
    assert!(!is_nested || kinds.len() == 1, "{place} is nested and null: {schema}");
    found.entry(place.to_owned()).or_default().insert((*kind).to_owned());
    match *kind {
        "object" => {
            assert_eq!(schema["additionalProperties"], Value::Null, "{place} has keys that come from data");
            for (name, property) in schema["properties"].as_object().unwrap() {
                types(property, root, &format!("{place}.{name}"), found);
            }
        }
        "array" => types(&schema["items"], root, &format!("{place}[]"), found),
        "integer" => {
            let is_bounded = matches!(schema["format"].as_str(), Some("int64" | "uint8" | "uint16" | "uint32"));
            assert!(is_bounded || schema["const"].is_i64(), "{place} may be over 2^63 - 1: {schema}");
        }
        _ => {}
    }
}

#[test]
fn a_field_has_one_type_in_all_lines_long_and_brief() {
    let mut found = BTreeMap::new();
    for arguments in [&["schema", "--jsonl"][..], &["schema", "--jsonl", "--brief"]] {
        let schema: Value = serde_json::from_str(&ehlotrace(arguments)).unwrap();
        for line in schema["oneOf"].as_array().unwrap() {
            types(line, &schema, "", &mut found);
        }
    }
    assert!(found.len() > 200, "{}", found.len());
    let varying: Vec<_> = found.iter().filter(|(_, types)| types.len() > 1).collect();
    assert!(varying.is_empty(), "{varying:?}");
}

/// The fields of `value` that `shown` does not have, or with another type.
fn not_shown(value: &Value, shown: &Value, place: &str) -> Vec<String> {
    match (value, shown) {
        (Value::Null, _) => Vec::new(),
        (Value::Object(fields), Value::Object(shown)) => {
            let missing = |name: &String| shown.get(name).unwrap_or(&Value::Null).clone();
            fields
                .iter()
                .flat_map(|(name, value)| not_shown(value, &missing(name), &format!("{place}.{name}")))
                .collect()
        }
        (Value::Array(items), Value::Array(shown)) => {
            items.iter().flat_map(|item| not_shown(item, &shown[0], &format!("{place}[]"))).collect()
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => Vec::new(),
        _ => vec![format!("{place}: {value} where there is {shown}")],
    }
}

#[test]
fn the_first_line_shows_every_field_of_all_others() {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
    for format in [&["jsonl"][..], &["jsonl", "--brief"]] {
        let report = report(format, samples);
        let mut lines = report.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let first = lines.next().unwrap();
        assert_eq!((&first["type"], &first["schema_version"]), (&json!("fields"), &json!(2)));
        assert!(!first.to_string().contains("null"), "{first}");
        let missing: Vec<String> = lines.flat_map(|line| not_shown(&line, &first, "")).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
