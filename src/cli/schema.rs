//! `ehlotrace schema`.

use std::io::{self, Write};

use clap::Args as ClapArgs;
use ehlotrace::{compare, report};

use super::Exit;

/// Print the JSON Schema of the JSON report
#[derive(Debug, ClapArgs)]
#[command(after_help = SCHEMA_HELP)]
pub(super) struct SchemaArgs {
    /// Print the schema of a line of `--format jsonl` instead of the document of `--format json`
    #[arg(long)]
    jsonl: bool,

    /// Print the schema of the document of `ehlotrace compare --format json`
    #[arg(long, conflicts_with = "jsonl")]
    compare: bool,

    /// With --jsonl: print the schema of a line of `--format jsonl --brief`
    #[arg(long, requires = "jsonl")]
    brief: bool,
}

const SCHEMA_HELP: &str = "\
The schema uses draft 2020-12. It allows unknown fields, so new fields do not break it.

Examples:
  ehlotrace schema > report.schema.json
  ehlotrace schema --jsonl > line.schema.json
  ehlotrace schema --jsonl --brief > brief-line.schema.json
  ehlotrace schema --compare > compare.schema.json";

/// Prints the schema.
pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<Exit> {
    let schema = match args {
        SchemaArgs { compare: true, .. } => compare::json_schema(),
        SchemaArgs { brief: true, .. } => report::jsonl_brief_schema(),
        SchemaArgs { jsonl: true, .. } => report::jsonl_schema(),
        SchemaArgs { .. } => report::json_schema(),
    };
    let mut out = io::stdout().lock();
    out.write_all(schema.as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}
