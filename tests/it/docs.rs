//! Documents written by the code are those the code writes, and what they say of the samples is so.

use std::path::PathBuf;

use assert_cmd::Command;
use ehlotrace::diagnosis::RULES;
use ehlotrace::{matrix, pages};

use crate::corpus;

/// `name` in docs/ is `text`; with UPDATE_DOCS=1 it is made so.
fn is_up_to_date(name: &str, text: &str) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{} is out of date: UPDATE_DOCS=1 cargo test --test it docs", path.display());
}

#[test]
fn documents_are_up_to_date() {
    is_up_to_date("causes.md", &pages::document());
    is_up_to_date("ehlo-matrix.md", &matrix::document());
}

#[test]
fn samples_named_on_a_page_show_its_cause() {
    for rule in RULES {
        let samples = rule.page.split('`').filter_map(|word| word.strip_prefix("samples/"));
        for sample in samples {
            let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")).join(sample);
            let (_, sessions) = corpus::sessions(&path, &[25, 587]);
            let [(_, diagnosis)] = &sessions[..] else { panic!("{sample}: {} sessions", sessions.len()) };
            assert_eq!(diagnosis.cause.map(|cause| cause.code), Some(rule.code), "{sample}");
            assert!(
                diagnosis.fault.is_some_and(|fault| rule.faults.contains(&fault)),
                "{sample}: {:?}",
                diagnosis.fault
            );
        }
    }
}

fn ehlotrace(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("ehlotrace").unwrap().args(arguments).output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_code_is_explained() {
    for subject in pages::subjects() {
        let (code, out, err) = ehlotrace(&["explain", subject.code()]);
        assert_eq!((code, &err[..]), (0, ""), "{}", subject.code());
        let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.starts_with(&format!("{}: {}", subject.code(), subject.title())), "{out}");
        assert!(subject.reference().is_none_or(|reference| words.contains(reference)), "{out}");
        assert!(out.lines().count() > 5, "{out}");
    }
}

#[test]
fn an_unknown_code_is_one_clear_error() {
    for (given, says) in [
        ("trailing-dots", "ehlotrace: trailing-dots: unknown code; did you mean trailing-dot?\n"),
        ("xyzzy", "ehlotrace: xyzzy: unknown code; `ehlotrace causes` lists all codes\n"),
        ("\u{1b}[31m", "ehlotrace: \\x1b[31m: unknown code; `ehlotrace causes` lists all codes\n"),
    ] {
        assert_eq!(ehlotrace(&["explain", given]), (2, String::new(), says.to_owned()));
    }
}

#[test]
fn causes_are_listed() {
    let (code, out, _) = ehlotrace(&["causes"]);
    assert_eq!(code, 0);
    assert!(out.contains("\nehlo-argument (client): the client greets with a malformed name\n"));
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(RULES.iter().all(|rule| words.contains(rule.title)), "{out}");
}

#[test]
fn check_says_which_servers_refuse() {
    let (code, out, _) = ehlotrace(&["check", "sub2."]);
    assert_eq!(code, 1);
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Of 35 server configurations tested on 2026-11-24, 7 refuse this argument"), "{out}");
    assert!(words.contains("`501 5.5.4 Invalid command arguments: Invalid domain name`: OpenSMTPD 6.8"), "{out}");
    assert!(out.matches("\n- ").count() <= 7, "{out}");
}

#[test]
fn check_writes_json() {
    let (code, out, _) = ehlotrace(&["check", "--format", "json", "192.0.2.7"]);
    assert_eq!(code, 1);
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["argument"]["text"], "192.0.2.7");
    assert_eq!(found["well_formed"], false);
    assert_eq!(found["problems"][0]["code"], "dotted-decimal");
    assert_eq!(found["suggestion"], "[192.0.2.7]");
    assert_eq!(ehlotrace(&["check", "--format", "json", "sub2"]).0, 0);
}
