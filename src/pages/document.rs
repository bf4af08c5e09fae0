//! All pages as one document.

use std::fmt::Write as _;

use super::{Subject, faults, subjects};
use crate::diagnosis::RULES;

/// `docs/causes.md`.
pub fn document() -> String {
    let mut text = "\
# Causes, reasons, outcomes and hello problems

Every code in ehlotrace's reports. `ehlotrace explain CODE` prints one of these pages. `ehlotrace causes` lists the causes.
This document is generated from the rules.

## Causes of a lost session

In order of precedence: a session has the first cause that applies.

| code | fault | what happened |
|---|---|---|
"
    .to_owned();
    for rule in RULES {
        let _ = writeln!(text, "| [`{0}`](#{0}) | {1} | {2} |", rule.code, faults(rule), rule.title);
    }
    let mut kind = "cause of loss";
    for subject in subjects() {
        if subject.kind() != kind {
            kind = subject.kind();
            let _ = write!(text, "\n{}\n", chapter(subject));
        }
        let _ = write!(text, "\n### {}\n\n*{}*", subject.code(), subject.title());
        if let (Subject::Cause(_) | Subject::Reason(_), Some(fault)) = (subject, subject.fault()) {
            let _ = write!(text, "  \nFault: {fault}");
        }
        if let Some(reference) = subject.reference() {
            let _ = write!(text, "  \nReference: {reference}");
        }
        let _ = write!(text, "\n\n{}\n", subject.page());
    }
    text
}

fn chapter(first: Subject) -> &'static str {
    match first {
        Subject::Cause(_) => "",
        Subject::Reason(_) => {
            "\
## Reasons of a refusal

What a server's reply says, beside the cause: by its status code (RFC 3463), else by words that known servers use. It decides
whose fault a loss is and what to do. A reply that says it in other ways has no reason."
        }
        Subject::Outcome(_) => "## Outcomes",
        Subject::Problem(_) => {
            "\
## Problems of a hello argument

What makes an argument malformed. Several can hold for one argument. `ehlotrace check ARGUMENT` points at them."
        }
        Subject::Note(_) => {
            "\
## Notes on a hello

What is odd about a hello without making its argument malformed."
        }
        Subject::Remark(_) => {
            "\
## Remarks on a session

What is worth a second look, mostly for safety, and is never why mail was lost."
        }
    }
}
