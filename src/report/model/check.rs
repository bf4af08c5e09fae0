//! The JSON of `ehlotrace check`.

use serde::Serialize;

use super::session::{Problems, notes, problems};
use super::values::Octets;
use crate::matrix::{Basis, MEASURED, Refusals, Verdict, Wording, who_refuses};
use crate::report::advice::instead_of;
use crate::smtp::ehlo::{ArgumentCheck, Note};

/// What ehlotrace found about one hello argument.
#[derive(Serialize)]
pub(in crate::report) struct CheckObject<'a> {
    /// Its line in the list, counted from 1. Present only if there is a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    argument: Octets<'a>,
    well_formed: bool,
    #[serde(serialize_with = "problems")]
    problems: Problems<'a>,
    #[serde(serialize_with = "notes")]
    notes: &'a [Note],
    suggestion: Option<&'a str>,
    /// What to change and what to send, in words. Null if the argument is well-formed.
    advice: Option<String>,
    measured: MeasuredObject,
}

/// What measured servers do with the argument.
#[derive(Serialize)]
struct MeasuredObject {
    date: &'static str,
    /// Whether the measurement sent this argument, other arguments with the same problems, or nothing like it.
    basis: &'static str,
    configurations: usize,
    refuse: usize,
    /// The number of configurations that refuse some arguments like this one.
    refuse_some: usize,
    accept: usize,
    /// The number of configurations that refuse even a well-formed, fully qualified name.
    refuse_every_name: usize,
    not_measured: usize,
    refusals: Vec<RefusalObject>,
}

#[derive(Serialize)]
struct RefusalObject {
    text: String,
    servers: Vec<String>,
}

impl<'a> CheckObject<'a> {
    /// Of `argument`, no blanks around it, and what `check` says of it; `line` is its place in a list.
    pub(in crate::report) fn new(line: Option<u64>, argument: &'a [u8], check: &'a ArgumentCheck) -> Self {
        let codes: Vec<_> = check.problems.iter().map(|problem| problem.code).collect();
        Self {
            line,
            argument: Octets(argument),
            well_formed: check.is_well_formed(),
            problems: Problems { problems: &check.problems, argument },
            notes: &check.notes,
            suggestion: check.suggestion.as_deref(),
            advice: (!check.is_well_formed()).then(|| instead_of(argument)),
            measured: MeasuredObject::new(&who_refuses(&codes, argument)),
        }
    }
}

impl MeasuredObject {
    fn new(measured: &Refusals) -> Self {
        let refusal = |wording: Wording| RefusalObject {
            servers: wording.servers.iter().map(ToString::to_string).collect(),
            text: wording.words,
        };
        Self {
            date: MEASURED,
            basis: match measured.basis {
                Basis::Argument => "argument",
                Basis::Kind => "kind",
                Basis::Nothing => "nothing",
            },
            configurations: measured.verdicts.len(),
            refuse: measured.refusing(),
            refuse_some: measured.count(|verdict| matches!(verdict, Verdict::RefusesSome(_))),
            accept: measured.accepting(),
            refuse_every_name: measured.count(|verdict| *verdict == Verdict::RefusesEveryName),
            not_measured: measured.count(|verdict| *verdict == Verdict::NotMeasured),
            refusals: measured.wordings().into_iter().map(refusal).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::write_json;
    use super::*;
    use crate::smtp::ehlo::{self, LineEnd};

    fn found(after_verb: &[u8]) -> Value {
        let (argument, check) = (ehlo::split_argument(after_verb).octets, ehlo::check(after_verb, LineEnd::CrLf));
        let mut out = Vec::new();
        write_json(&mut out, &CheckObject::new(None, argument, &check)).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn an_argument_has_its_faults_in_order_and_bytes_count_from_1_as_in_words() {
        let underscore = found(b" sub_2. ");
        assert_eq!((&underscore["argument"]["text"], &underscore["well_formed"]), (&json!("sub_2."), &json!(false)));
        assert_eq!(
            underscore["problems"],
            json!([
                {"code": "underscore", "byte": 4, "reference": "RFC 5321 4.1.2", "message": "has an underscore at byte 4"},
                {"code": "trailing-dot", "byte": 6, "reference": "RFC 5321 4.1.2", "message": "ends in a dot"}
            ])
        );
        assert_eq!((&underscore["notes"], &underscore["suggestion"]), (&json!(["trailing-blanks"]), &Value::Null));
        assert!(underscore["advice"].as_str().unwrap().contains("`sub-2.your-company.com`"), "{underscore}");
    }

    #[test]
    fn a_sound_argument_needs_no_advice() {
        let sound = found(b" sub2");
        assert_eq!((&sound["well_formed"], &sound["problems"]), (&json!(true), &json!([])));
        assert_eq!((&sound["notes"], &sound["advice"]), (&json!(["single-label"]), &Value::Null));
        assert_eq!(found(b" b\xfc")["argument"], json!({"base64": "Yvw="}));
    }

    #[test]
    fn what_was_measured_adds_up() {
        let measured = &found(b" sub2.")["measured"];
        assert_eq!((&measured["basis"], &measured["refuse"]), (&json!("argument"), &json!(7)));
        let counts = ["refuse", "refuse_some", "accept", "refuse_every_name", "not_measured"];
        let counted: u64 = counts.iter().map(|name| measured[*name].as_u64().unwrap()).sum();
        assert_eq!(json!(counted), measured["configurations"]);
        let servers =
            measured["refusals"].as_array().unwrap().iter().map(|one| one["servers"].as_array().unwrap().len());
        assert_eq!(servers.sum::<usize>(), 7);
        assert_eq!(found(b" sub_3")["measured"]["basis"], "kind");
    }
}
