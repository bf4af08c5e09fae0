//! A comparison as one JSON document. Times are in UTC.

use std::io;
use std::net::IpAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::side::{Counts, Losses, Side};
use super::state::{Comparison, Row, State};
use super::words;
use crate::report::model::{Octets, TOOL, Time, Tool, write_json};

/// Raised when a field is renamed, removed or changes its meaning; a new field is no reason.
const SCHEMA_VERSION: u32 = 1;

/// Two scans of ehlotrace compared. Times are in UTC. Later versions may add fields. If a field is renamed or removed,
/// `schema_version` goes up.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Comparison"))]
struct Document<'a> {
    #[cfg_attr(test, schemars(schema_with = "schema_version"))]
    schema_version: u32,
    /// Always `comparison`.
    #[cfg_attr(test, schemars(schema_with = "kind"))]
    kind: &'static str,
    tool: Tool,
    before: SideObject<'a>,
    after: SideObject<'a>,
    /// The number of `troubles` in each state.
    states: Vec<StateCount>,
    /// What to know about the comparison, in words.
    notes: Vec<String>,
    /// What sessions were lost to, for each client and server. What is lost after comes first.
    troubles: Vec<TroubleObject<'a>>,
}

#[cfg(test)]
fn schema_version(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "integer", "const": SCHEMA_VERSION })
}

#[cfg(test)]
fn kind(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "const": "comparison" })
}

#[cfg(test)]
fn state(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": State::CODES })
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct StateCount {
    #[cfg_attr(test, schemars(schema_with = "state"))]
    state: &'static str,
    troubles: u64,
}

/// One of the two scans.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Side"))]
struct SideObject<'a> {
    /// The path on the command line.
    path: &'a str,
    captures: u64,
    #[serde(flatten)]
    counts: CountsObject,
    /// Whether ehlotrace knows all sessions: false for a report that lists only some of them, or is cut off.
    complete: bool,
    /// What could not be read, in words.
    failures: &'a [String],
    /// The number of sessions between further clients and servers, which are not compared.
    other_sessions: u64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Counts"))]
struct CountsObject {
    sessions: u64,
    /// Lost sessions whose mail no other session delivered right after.
    lost: u64,
    delivered: u64,
    /// When the first session opened.
    first: Option<Time>,
    /// When the last session opened.
    last: Option<Time>,
}

impl CountsObject {
    fn new(counts: Counts) -> Self {
        let Counts { sessions, lost, delivered, span } = counts;
        let (first, last) = (span.map(|span| Time(span.0)), span.map(|span| Time(span.1)));
        Self { sessions, lost, delivered, first, last }
    }
}

/// What sessions between a client and a server were lost to.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Trouble"))]
struct TroubleObject<'a> {
    /// `still-there`: sessions are lost to it before and after. `changed`: the same, with another name in the hello or
    /// another answer. `new`: only after. `gone`: after, sessions were delivered and none was lost to it. `not-seen`:
    /// after, no session could show it, which is no proof that it is gone. `unknown`: the second scan does not say.
    #[cfg_attr(test, schemars(schema_with = "state"))]
    state: &'static str,
    /// Why the state is so, in words. Null if that goes without saying.
    why: Option<String>,
    client_ip: IpAddr,
    server_ip: IpAddr,
    /// The code of the cause.
    cause: &'a str,
    /// The code of the reason. Null if the reply gives none.
    reason: Option<&'a str>,
    /// The codes of what is wrong with the hello argument, if the cause is about the argument.
    problems: &'a [String],
    /// The sessions lost to it before. Left out if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<LossesObject<'a>>,
    /// The sessions lost to it after. Left out if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<LossesObject<'a>>,
    /// All sessions between the two before.
    all_before: CountsObject,
    /// All sessions between the two after.
    all_after: CountsObject,
}

/// Sessions that were lost to the same.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Losses"))]
struct LossesObject<'a> {
    sessions: u64,
    /// When the first of them opened.
    first: Option<Time>,
    /// When the last of them opened.
    last: Option<Time>,
    /// The different hellos that they are about.
    hellos: Vec<HelloObject<'a>>,
    /// The different answers that they were lost to.
    answers: Vec<&'a str>,
    /// Whether there are more hellos or answers than are listed.
    are_more: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Hello"))]
struct HelloObject<'a> {
    verb: &'a str,
    argument: Octets<'a>,
}

impl<'a> SideObject<'a> {
    fn new(side: &'a Side) -> Self {
        Self {
            path: &side.name,
            captures: side.captures,
            counts: CountsObject::new(side.total),
            complete: side.incomplete.is_none() && side.failures.is_empty(),
            failures: &side.failures,
            other_sessions: side.other_sessions,
        }
    }
}

impl<'a> TroubleObject<'a> {
    fn new(row: &'a Row) -> Self {
        Self {
            state: row.state.code(),
            why: words::why(row),
            client_ip: row.client,
            server_ip: row.server,
            cause: &row.trouble.cause,
            reason: row.trouble.reason.as_deref(),
            problems: &row.trouble.problems,
            before: row.before.as_ref().map(LossesObject::new),
            after: row.after.as_ref().map(LossesObject::new),
            all_before: CountsObject::new(row.all_before),
            all_after: CountsObject::new(row.all_after),
        }
    }
}

impl<'a> LossesObject<'a> {
    fn new(losses: &'a Losses) -> Self {
        let hellos = losses.hellos.iter().map(|(verb, argument)| HelloObject { verb, argument: Octets(argument) });
        Self {
            sessions: losses.sessions,
            first: losses.span.map(|span| Time(span.0)),
            last: losses.span.map(|span| Time(span.1)),
            hellos: hellos.collect(),
            answers: losses.answers.iter().map(|answer| &*answer.text).collect(),
            are_more: losses.are_more,
        }
    }
}

/// The document, ending in a line feed.
///
/// # Errors
/// Those of the writer inside serde; none with text in memory.
pub(super) fn json(comparison: &Comparison) -> io::Result<String> {
    let states = State::CODES.into_iter().map(|state| StateCount { state, troubles: comparison.count(state) });
    let document = Document {
        schema_version: SCHEMA_VERSION,
        kind: "comparison",
        tool: TOOL,
        before: SideObject::new(&comparison.before),
        after: SideObject::new(&comparison.after),
        states: states.collect(),
        notes: words::notes(comparison),
        troubles: comparison.rows.iter().map(TroubleObject::new).collect(),
    };
    let mut json = Vec::new();
    write_json(&mut json, &document)?;
    json.push(b'\n');
    String::from_utf8(json).map_err(io::Error::other)
}

/// The JSON Schema (draft 2020-12) of the document that [`Format::Json`](super::Format::Json) writes.
pub const fn json_schema() -> &'static str {
    include_str!("../../docs/compare.schema.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::schema::assert_published;

    #[test]
    fn what_is_published_is_what_is_written() {
        assert_published::<Document<'_>>("compare.schema.json");
    }
}
