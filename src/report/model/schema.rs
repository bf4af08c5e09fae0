//! The JSON Schema of the report (draft 2020-12), made from the types that are written.
//!
//! What schemars cannot see in a type stands here: the words of fields that are text from a fixed list, and the shape of
//! the whole document and of its lines. The schemas allow fields they do not know, since a new field is no break.

use std::borrow::Cow;
use std::net::IpAddr;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    CaptureEndLine, CaptureLine, CaptureObject, RelayObject, SCHEMA_VERSION, SessionObject, SummaryLine, Tool,
};
use crate::capture::{FORMATS, ReadError};
use crate::diagnosis::{Confidence, Fault, Outcome, REASONS, RULES, Remark};
use crate::dns::LookupFailure;
use crate::report::Summary;
use crate::smtp::ehlo::{Note, ProblemCode};

/// The JSON Schema (draft 2020-12) of the document that [`Format::Json`](crate::report::Format::Json) writes.
pub fn json_schema() -> String {
    schema_of::<Document<'_>>()
}

/// The JSON Schema (draft 2020-12) of each line that [`Format::Jsonl`](crate::report::Format::Jsonl) writes.
pub fn jsonl_schema() -> String {
    schema_of::<Line>()
}

fn schema_of<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    format!("{:#}\n", generator.into_root_schema_for::<T>().as_value())
}

/// The report of ehlotrace as one document. Times are in UTC, durations are integers whose names end in `_ns`, frame
/// numbers are Wireshark's. New fields may come; a field renamed or removed raises `schema_version`.
#[derive(JsonSchema)]
#[schemars(rename = "Report")]
// Only described: the document is written piece by piece.
#[allow(dead_code)]
struct Document<'a> {
    #[schemars(schema_with = "schema_version")]
    schema_version: u32,
    tool: Tool,
    /// In the order they were read.
    captures: Vec<CaptureObject<'a>>,
    /// By capture, and in it in order of their first frames.
    sessions: Vec<SessionObject<'a>>,
    /// Pairs of client and server that lost sessions, those that lost most first.
    relays: Vec<RelayObject<'a>>,
    summary: Summary,
}

/// One session, written when it is over.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct SessionLine<'a> {
    #[serde(rename = "type")]
    #[schemars(schema_with = "session_line")]
    line_type: &'static str,
    #[serde(flatten)]
    session: SessionObject<'a>,
}

/// Any line.
struct Line;

impl JsonSchema for Line {
    fn schema_name() -> Cow<'static, str> {
        "Line of a report".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One line of the report of ehlotrace as JSON Lines. `type` says what it is; a line with a \
                            `type` that is not listed here is one to pass over.",
            "oneOf": [
                generator.subschema_for::<CaptureLine<'_>>(),
                generator.subschema_for::<SessionLine<'_>>(),
                generator.subschema_for::<CaptureEndLine<'_>>(),
                generator.subschema_for::<SummaryLine<'_>>(),
            ],
        })
    }
}

/// The fields of text from a fixed list, as schemars calls for them.
macro_rules! words {
    ($($(#[$attribute:meta])* $name:ident: $kind:ident($list:expr);)*) => {
        $($(#[$attribute])* pub(super) fn $name(_: &mut SchemaGenerator) -> Schema { $kind(&$list) })*
    };
}

words! {
    outcome: word(Outcome::ALL.map(Outcome::code));
    cause: word_or_null(causes());
    reason: word_or_null(REASONS.iter().map(|reason| reason.code).collect::<Vec<_>>());
    fault: word_or_null([Fault::Client, Fault::Server, Fault::Network, Fault::Capture].map(Fault::code));
    confidence: word_or_null([Confidence::Certain, Confidence::Probable].map(Confidence::code));
    captured: word(["both", "client-only", "server-only"]);
    closed_by: word_or_null(["client", "server", "both"]);
    closed_how: word(["fin", "rst", "capture-ended", "port-reused", "idle", "evicted"]);
    problem: word(ProblemCode::ALL.map(ProblemCode::code));
    remark: word(Remark::ALL.map(Remark::code));
    notes: words(Note::ALL.map(Note::code));
    format: word_or_null(FORMATS.iter().map(|format| format.name).collect::<Vec<_>>());
    error_kind: word(ReadError::KINDS);
    side: word(["client", "server"]);
    record_type: word(["A", "AAAA", "MX"]);
    lookup_failure: word(LookupFailure::CODES);
    capture_line: word(["capture"]);
    session_line: word(["session"]);
    capture_end_line: word(["capture_end"]);
    summary_line: word(["summary"]);
}

fn causes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}

fn word(words: &[&str]) -> Schema {
    match words {
        [word] => json_schema!({ "type": "string", "const": word }),
        words => json_schema!({ "type": "string", "enum": words }),
    }
}

fn word_or_null(words: &[&str]) -> Schema {
    let words: Vec<Option<&str>> = words.iter().copied().map(Some).chain([None]).collect();
    json_schema!({ "type": ["string", "null"], "enum": words })
}

fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "array", "items": word(words) })
}

/// Sessions lost, by cause.
pub(in crate::report) fn by_cause(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": { "enum": causes() },
        "additionalProperties": generator.subschema_for::<u64>(),
    })
}

/// The version of this schema.
pub(super) fn schema_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "const": SCHEMA_VERSION })
}

/// An IPv4 or IPv6 address.
pub(super) fn ip(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<IpAddr>()
}
