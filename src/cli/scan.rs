//! `ehlotrace scan`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ehlotrace::batch::{self, BatchResult, Input};
use ehlotrace::limits::Limits;
use ehlotrace::report::{self, ReportOptions};

use super::args::{Format, ScanArgs, Show};
use super::{Exit, complain};

/// Scans the captures named and writes the report.
pub(super) fn run(args: &ScanArgs) -> anyhow::Result<Exit> {
    let options = args.reading.scan_options();
    let limits = options.dialogue.limits.clone();
    let (inputs, failures) = batch::expand(&args.captures);
    let out = output(args.output.as_deref(), &inputs)?;
    let mut reporter = report::reporter(format(args.format), &report_options(args, limits), out);
    let mut result = batch::run(&inputs, &options, reporter.as_mut()).context("cannot write the report")?;
    result.failures.splice(0..0, failures);
    for failure in &result.failures {
        complain(&format!("{}: {}", failure.source.path, failure.message));
    }
    if result.captures == 0 && result.failures.is_empty() {
        let files = match result.skipped_files {
            0 => "it holds no files".to_owned(),
            files => format!("none of its {files} files is one"),
        };
        complain(&format!("{}: no captures in this folder: {files}", named(&args.captures)));
    }
    Ok(exit(&result))
}

fn exit(result: &BatchResult) -> Exit {
    if result.captures == 0 {
        Exit::Failure
    } else if !result.failures.is_empty() {
        Exit::Partial
    } else if result.lost > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

fn named(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

fn report_options(args: &ScanArgs, limits: Limits) -> ReportOptions {
    let is_terminal = args.output.is_none() && io::stdout().is_terminal();
    let show = args.show.unwrap_or(if args.format == Format::Table { Show::Lost } else { Show::All });
    ReportOptions {
        show: match show {
            Show::Lost => report::Show::Lost,
            Show::All => report::Show::All,
        },
        width: if is_terminal { terminal_size::terminal_size().map(|(width, _)| width.0) } else { None },
        colour: is_terminal && wants_colour(),
        limits,
    }
}

/// Whether the user's environment allows colour (no-color.org).
pub(super) fn wants_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

const fn format(format: Format) -> report::Format {
    match format {
        Format::Table => report::Format::Table,
        Format::Json => report::Format::Json,
        Format::Jsonl => report::Format::Jsonl,
    }
}

fn output(path: Option<&Path>, inputs: &[Input]) -> anyhow::Result<Box<dyn Write>> {
    let Some(path) = path else { return Ok(Box::new(BufWriter::new(io::stdout().lock()))) };
    if let Ok(target) = path.canonicalize()
        && inputs.iter().filter_map(Input::path).any(|input| input.canonicalize().is_ok_and(|input| input == target))
    {
        bail!("{}: this is one of the captures to read; choose another file for the report", path.display());
    }
    let file = File::create(path).with_context(|| format!("{}: cannot write the report here", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}
