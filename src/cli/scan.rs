//! `ehlotrace scan`.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ehlotrace::batch::{self, BatchOptions, BatchResult, Progress};
use ehlotrace::limits::Limits;
use ehlotrace::report::{self, ReportOptions};

use super::args::{Format, ScanArgs, Show};
use super::output::Output;
use super::{Exit, bar, complain};

/// Scans the captures named and writes the report.
pub(super) fn run(args: &ScanArgs) -> anyhow::Result<Exit> {
    if args.format == Format::Html && args.output.is_none() && io::stdout().is_terminal() {
        bail!("a page is not for a terminal: write it to a file with -o report.html");
    }
    let mut paths = args.captures.clone();
    if let Some(list) = &args.files_from {
        paths.extend(listed(list)?);
    }
    let inputs = batch::expand(&paths);
    let progress = Progress::default();
    let shows_progress = io::stderr().is_terminal();
    let mut options = BatchOptions::new(args.reading.scan_options());
    options.scan.tcp_stream = args.tcp_stream;
    options.jobs = args.jobs.map_or_else(processors, usize::from);
    options.passwords = args.reading.passwords().to_vec();
    options.is_sequence = args.sequence;
    options.progress = shows_progress.then_some(&progress);
    let mut out = Output::new(args.output.as_deref(), "report", &inputs, args.files_from.as_deref())?;
    let limits = options.scan.limits.clone();
    let mut reporter = report::reporter(format(args.format), &report_options(args, limits), Box::new(&mut out));
    let mut run = || batch::run(&inputs, &options, reporter.as_mut()).context("cannot write the report");
    let result = if shows_progress { bar::during(&inputs, &progress, run)? } else { run()? };
    let unknown = reporter.summary().unknown;
    drop(reporter);
    // A report of nothing is not put in the place of one that is there.
    if result.captures > 0 || !out.replaces_a_file() {
        out.finish().context("cannot write the report").with_context(|| target(args))?;
    }
    for failure in &result.failures {
        complain(&failure.to_string());
    }
    if result.captures == 0 && result.failures.is_empty() {
        let files = match result.skipped_files {
            0 => "nothing to read".to_owned(),
            files => format!("none of {files} files is one"),
        };
        complain(&format!("{}: no captures here: {files}", named(&paths)));
    } else if result.skipped_files > 0 {
        let files = match result.skipped_files {
            1 => "1 file that is no capture was".to_owned(),
            files => format!("{files} files that are no captures were"),
        };
        complain(&format!("note: {files} passed over"));
    }
    if !args.sequence && batch::looks_like_a_set(&inputs) && unknown > 0 {
        complain("note: some of these captures look like parts of one; --sequence reads them as one");
    }
    Ok(exit(&result))
}

/// The paths in the file `--files-from` names.
fn listed(list: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("{}: cannot read this list of files", list.display());
    if list.as_os_str() == "-" {
        batch::read_list(&mut io::stdin().lock()).with_context(cannot)
    } else {
        let mut file = File::open(list).with_context(cannot)?;
        batch::read_list(&mut file).with_context(cannot)
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
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
    let show = args.show.unwrap_or(match args.format {
        Format::Table | Format::Markdown => Show::Lost,
        Format::Json | Format::Jsonl | Format::Csv | Format::Html => Show::All,
    });
    let mut options = ReportOptions::new(match show {
        Show::Lost => report::Show::Lost,
        Show::All => report::Show::All,
    });
    options.width = if is_terminal { terminal_size::terminal_size().map(|(width, _)| width.0) } else { None };
    options.colour = is_terminal && wants_colour();
    options.limits = limits;
    options
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
        Format::Csv => report::Format::Csv,
        Format::Markdown => report::Format::Markdown,
        Format::Html => report::Format::Html,
    }
}

fn target(args: &ScanArgs) -> String {
    args.output.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}
