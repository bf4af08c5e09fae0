//! The JSON Schemas of the report (draft 2020-12), made from the types that are written. Only tests make them; `published` has
//! them as files.
//!
//! What schemars cannot see in a type stands here: the words of fields that are text from a fixed list, and the shape of
//! the whole document and of its lines. The schemas allow fields they do not know, since a new field is no break.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use serde_json::{Value, json};

use super::capture::{STATUSES, TRUNCATED};
use super::{
    BriefSession, CaptureEndLine, CaptureLine, CaptureObject, FindingLine, FindingObject, InputEndLine, InputObject,
    RelayLine, RelayObject, SCHEMA_VERSION, SessionLine, SessionObject, SummaryLine, TicketLine, TicketObject, Tool,
};
use crate::capture::{FORMATS, ReadError};
use crate::diagnosis::{Confidence, Fault, Outcome, REASONS, RULES, Remark, Unknown};
use crate::dns::LookupFailure;
use crate::report::Summary;
use crate::report::change::Turn;
use crate::smtp::ehlo::{Note, ProblemCode};
use crate::smtp::{ProxyContent, ProxyKind};

/// Complains if the file below `docs` is not the schema of `T`; UPDATE_DOCS writes it.
pub(crate) fn assert_published<T: JsonSchema>(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    let made = format!("{:#}\n", schema_of::<T>().as_value());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == made, "docs/{file} is not the schema of what is written; UPDATE_DOCS=1 writes it");
}

fn schema_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(as_written));
    settings.into_generator().into_root_schema_for::<T>()
}

/// Says what the types do not: how large numbers are written, and that a field which may be left out is never null.
fn as_written(schema: &mut Schema) {
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| ["uint64", "uint"].contains(&format)) {
        schema.insert("format".to_owned(), json!("int64"));
        schema.insert("maximum".to_owned(), json!(i64::MAX));
    }
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let null = json!({ "type": "null" });
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        if let Some([kind, _]) = property["type"].as_array().map(Vec::as_slice) {
            property["type"] = kind.clone();
        } else if let Some(any_of) = property["anyOf"].as_array().filter(|any_of| any_of.contains(&null)) {
            let Some(reference) = any_of.iter().find_map(|one| one.get("$ref")).cloned() else { continue };
            if let Some(property) = property.as_object_mut() {
                property.remove("anyOf");
                property.insert("$ref".to_owned(), reference);
            }
        }
    }
}

/// The report of ehlotrace as one document. Times are in UTC. Durations are integers, and their names end in `_ns`.
/// Frame numbers are the same as in Wireshark, except for Windows event traces. Later versions may add fields. If a field is renamed or removed,
/// `schema_version` goes up.
#[derive(JsonSchema)]
#[schemars(rename = "Report")]
// Only described: the document is written piece by piece.
#[allow(dead_code)]
struct Document<'a> {
    #[schemars(schema_with = "schema_version")]
    schema_version: u32,
    tool: Tool,
    /// The paths on the command line, in their order.
    inputs: Vec<InputObject<'a>>,
    /// The tickets in their order.
    tickets: Vec<TicketObject<'a>>,
    /// The captures in the order in which ehlotrace read them.
    captures: Vec<CaptureObject<'a>>,
    /// The sessions by capture, and in each capture in the order of their first frames.
    sessions: Vec<SessionObject<'a>>,
    /// What sessions were lost to. The most frequent come first.
    findings: Vec<FindingObject<'a>>,
    /// Pairs of client and server that lost sessions, each of one ticket. Those that lost the most come first.
    relays: Vec<RelayObject<'a>>,
    summary: Summary,
}

/// The first line. It has every field that any line can have, with a value that only shows its type. It is not a
/// record. Some programs find out the types from the first lines, and here they find all of them.
#[derive(JsonSchema)]
#[allow(dead_code)]
struct FieldsLine {
    #[serde(rename = "type")]
    #[schemars(schema_with = "fields_line")]
    line_type: &'static str,
}

/// Any line, sessions being written as `S`.
struct Line<S>(std::marker::PhantomData<S>);

impl<S: JsonSchema> JsonSchema for Line<S> {
    fn schema_name() -> Cow<'static, str> {
        "Line of a report".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One line of the report of ehlotrace as JSON Lines. `type` says what it is; a line with a \
                            `type` that is not listed here is one to pass over.",
            "oneOf": [
                generator.subschema_for::<FieldsLine>(),
                generator.subschema_for::<CaptureLine<'_>>(),
                generator.subschema_for::<SessionLine<S>>(),
                generator.subschema_for::<CaptureEndLine<'_>>(),
                generator.subschema_for::<TicketLine<'_>>(),
                generator.subschema_for::<InputEndLine<'_>>(),
                generator.subschema_for::<FindingLine<'_>>(),
                generator.subschema_for::<RelayLine<'_>>(),
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
    problems: words(ProblemCode::ALL.map(ProblemCode::code));
    capture_status: word(STATUSES);
    capture_reason: word_or_null(ReadError::KINDS.into_iter().chain([TRUNCATED]).collect::<Vec<_>>());
    turn: word(Turn::CODES);
    fields_line: word(["fields"]);
    proxy_content: word(ProxyContent::CODES);
    proxy_kind: word(ProxyKind::ALL.map(ProxyKind::code));
    capture_line: word(["capture"]);
    session_line: word(["session"]);
    capture_end_line: word(["capture_end"]);
    input_end_line: word(["input_end"]);
    ticket_line: word(["ticket"]);
    finding_line: word(["finding"]);
    relay_line: word(["relay"]);
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
    counts_of(&causes(), generator)
}

/// Unknown sessions, by why.
pub(in crate::report) fn unknown_because(generator: &mut SchemaGenerator) -> Schema {
    counts_of(&Unknown::ALL.map(Unknown::code), generator)
}

fn counts_of(codes: &[&str], generator: &mut SchemaGenerator) -> Schema {
    let properties = json!({ "code": word(codes), "count": generator.subschema_for::<u64>() });
    json_schema!({
        "type": "array",
        "items": { "type": "object", "properties": properties, "required": ["code", "count"] },
    })
}

/// Bytes in Base64.
pub(super) fn base64(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "contentEncoding": "base64" })
}

/// The version of this schema.
pub(super) fn schema_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "const": SCHEMA_VERSION })
}

/// An IPv4 or IPv6 address.
pub(super) fn ip(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<IpAddr>()
}

#[test]
fn what_is_published_is_what_is_written() {
    assert_published::<Document<'_>>("report.schema.json");
    assert_published::<Line<SessionObject<'_>>>("line.schema.json");
    assert_published::<Line<BriefSession<'_>>>("brief-line.schema.json");
}
