//! The JSON report, version 2: its objects, field by field. Nothing else in the crate knows serde, but what reads
//! reports back (`record`) and what compares them.
//!
//! Every object borrows what it shows, and lists are written straight from the session, so that writing a session
//! allocates next to nothing. Octets of a capture are `{"text": ...}`, or `{"base64": ...}` where they are no UTF-8.
//! Programs that tell the types of fields from the lines they read first have to come to the same types everywhere: a field
//! has one type in all lines, a value that is unknown is null, an object or list of objects with nothing in it is left out
//! (one that is null here and there is of no type to `pyarrow`), and no integer is over 2^63 - 1. The line `fields`, the
//! first one, has every field.
//! Times are RFC 3339 in UTC with nanoseconds, durations are integers whose names end in `_ns`. Fields are written in
//! the order they are declared in; new ones go to the end of their object. `published` has the JSON Schemas of them all,
//! with the comments of the fields as their descriptions.

#[cfg(feature = "arrow")]
mod arrow;
mod background;
mod brief;
mod capture;
mod check;
mod connection;
mod fields;
mod finding;
mod handover;
mod head;
mod proxied;
mod published;
mod relay;
#[cfg(test)]
pub(crate) mod schema;
mod session;
mod source;
mod ticket;
mod values;

#[cfg(feature = "arrow")]
pub(super) use arrow::arrow_schema;
pub(super) use brief::BriefSession;
pub(super) use capture::{CaptureEndLine, CaptureLine, CaptureObject};
pub(super) use check::CheckObject;
pub(super) use connection::DisplayFilter;
pub(super) use fields::fields;
pub(super) use finding::{FindingLine, FindingObject};
pub(super) use relay::{RelayLine, RelayObject, SummaryLine};
pub(super) use session::{SessionLine, SessionObject};
pub(super) use source::{InputEndLine, InputObject};
pub(super) use ticket::{TicketLine, TicketObject};
pub(crate) use values::{Octets, Time};
pub(super) use values::{counts, rfc3339};

pub use published::{json_schema, jsonl_brief_schema, jsonl_schema};

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::escape::SafeJson;

/// Raised when a field is renamed, removed or changes its meaning; a new field is no reason.
pub(crate) const SCHEMA_VERSION: u32 = 2;

/// What wrote the report.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// This program.
pub(crate) const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

/// Appends `value` as compact JSON that is safe on a terminal.
pub(crate) fn write_json(out: &mut Vec<u8>, value: &impl Serialize) -> std::io::Result<()> {
    value
        .serialize(&mut serde_json::Serializer::with_formatter(out, SafeJson { in_script: false }))
        .map_err(std::io::Error::other)
}
