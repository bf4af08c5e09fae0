//! The JSON Schemas as they are published, below `docs`. A test makes them from the types that are written (`schema`), so that
//! the program needs no code for it.

/// The JSON Schema (draft 2020-12) of the document that [`Format::Json`](crate::report::Format::Json) writes.
pub const fn json_schema() -> &'static str {
    include_str!("../../../docs/report.schema.json")
}

/// The JSON Schema (draft 2020-12) of each line that [`Format::Jsonl`](crate::report::Format::Jsonl) writes.
pub const fn jsonl_schema() -> &'static str {
    include_str!("../../../docs/line.schema.json")
}

/// The JSON Schema (draft 2020-12) of each line that [`Format::Jsonl`](crate::report::Format::Jsonl) writes in brief.
pub const fn jsonl_brief_schema() -> &'static str {
    include_str!("../../../docs/brief-line.schema.json")
}
