//! The JSON of `ehlotrace check`.

use serde::Serialize;

use super::session::{Problems, notes, problems};
use super::values::Octets;
use crate::smtp::ehlo::{ArgumentCheck, Note};

/// What was found about one hello argument.
#[derive(Serialize)]
pub(in crate::report) struct CheckObject<'a> {
    argument: Octets<'a>,
    well_formed: bool,
    #[serde(serialize_with = "problems")]
    problems: Problems<'a>,
    #[serde(serialize_with = "notes")]
    notes: &'a [Note],
    suggestion: Option<&'a str>,
}

impl<'a> CheckObject<'a> {
    /// Of `argument`, no blanks around it, and what `check` says of it.
    pub(in crate::report) fn new(argument: &'a [u8], check: &'a ArgumentCheck) -> Self {
        Self {
            argument: Octets(argument),
            well_formed: check.is_well_formed(),
            problems: Problems { problems: &check.problems, argument },
            notes: &check.notes,
            suggestion: check.suggestion.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::write_json;
    use super::*;
    use crate::smtp::ehlo::{self, LineEnd};

    #[test]
    fn an_argument_has_its_faults_in_order() {
        let json = |after_verb: &[u8]| {
            let (argument, check) = (ehlo::split_argument(after_verb).octets, ehlo::check(after_verb, LineEnd::CrLf));
            let mut out = Vec::new();
            write_json(&mut out, &CheckObject::new(argument, &check)).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            json(b" sub_2. "),
            concat!(
                r#"{"argument":{"text":"sub_2."},"well_formed":false,"problems":["#,
                r#"{"code":"underscore","offset":3,"reference":"RFC 5321 4.1.2","message":"has an underscore at octet 4"},"#,
                r#"{"code":"trailing-dot","offset":5,"reference":"RFC 5321 4.1.2","message":"ends in a dot"}],"#,
                r#""notes":["trailing-blanks"],"suggestion":null}"#
            )
        );
        assert_eq!(
            json(b" sub2"),
            r#"{"argument":{"text":"sub2"},"well_formed":true,"problems":[],"notes":["single-label"],"suggestion":null}"#
        );
        assert!(json(b" b\xfc").starts_with(r#"{"argument":{"base64":"Yvw="},"#));
        assert!(json(b" sub2.").ends_with(r#""suggestion":"sub2"}"#));
    }
}
