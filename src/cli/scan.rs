//! `ehlotrace scan`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ehlotrace::batch::{self, BatchOptions, BatchResult, Given, Input, Progress};
use ehlotrace::limits::Limits;
use ehlotrace::report::{self, ReportOptions};
use ehlotrace::scan::FingerprintKey;

use super::args::{CsvRows, Format, ScanArgs, Separator, Show};
use super::output::Output;
use super::{Exit, bar, complain, list, platform, processors};

/// Scans the captures named and writes the report.
pub(super) fn run(args: &ScanArgs) -> anyhow::Result<Exit> {
    let format = format(args);
    let library_format = format.of_library()?;
    if args.output.is_none() && io::stdout().is_terminal() {
        match format {
            Format::Html => bail!("a terminal cannot show an HTML page: write it to a file with -o report.html"),
            Format::Arrow => bail!("a terminal cannot show Arrow: write it to a file with -o report.arrows"),
            _ => (),
        }
    }
    let mut paths = args.captures.clone();
    if let Some(list) = &args.files_from {
        paths.extend(listed(list)?);
    }
    if args.brief && format != Format::Jsonl {
        bail!("--brief works only with JSON Lines: add --format jsonl");
    }
    if args.rows.is_some() && format != Format::Csv {
        bail!("--rows works only with CSV: add --format csv");
    }
    if args.excel.is_some() && format != Format::Csv {
        bail!("--excel works only with CSV: add --format csv");
    }
    let stdin = args.name.as_deref().unwrap_or_else(|| Path::new("-"));
    let given = |path: &PathBuf| Given::new(path, stdin);
    let given: Vec<Given> =
        paths.iter().map(|path| if args.skip_others { given(path).found() } else { given(path) }).collect();
    let inputs: Vec<Input> = given.iter().flat_map(|given| given.inputs.clone()).collect();
    if args.name.is_some() && inputs.iter().all(|input| input.path().is_some()) {
        bail!("--name needs standard input: give `-` as the capture");
    }
    args.reading.tell_of_waiting(&inputs);
    let progress = Progress::default();
    let shows_progress = args.reading.shows_progress();
    let mut options = BatchOptions::new(args.reading.scan_options());
    options.scan.tcp_stream = args.tcp_stream;
    options.scan.fingerprint_key = args.fingerprint.as_deref().map(FingerprintKey::new);
    if args.fingerprint.is_some() {
        // No copies are looked for: whoever compares fingerprints finds those of all runs.
        options.scan.limits.known_captures = 0;
    }
    options.filter = args.filter.filter(&args.reading.zone());
    options.jobs = args.jobs.map_or_else(processors, usize::from);
    options.passwords = args.reading.passwords().to_vec();
    options.is_sequence = args.sequence;
    options.are_together = args.together;
    options.progress = shows_progress.then_some(&progress);
    let mut out = Output::new(args.output.as_deref(), "report", &inputs, args.files_from.as_deref())?;
    let limits = options.scan.limits.clone();
    let mut reporter = report::reporter(library_format, &report_options(args, format, limits), Box::new(&mut out));
    let mut run = || batch::run(&given, &options, reporter.as_mut()).context("cannot write the report");
    let result = if shows_progress { bar::during(&inputs, &progress, run)? } else { run()? };
    let (unknown, filtered_out) = (reporter.summary().unknown, reporter.summary().filtered_out);
    drop(reporter);
    // A report of nothing is not put in the place of one that is there.
    if result.captures > 0 || !out.replaces_a_file() {
        out.finish().context("cannot write the report").with_context(|| target(args))?;
    }
    for failure in &result.failures {
        complain(&failure.to_string());
    }
    for warning in &result.warnings {
        complain(&format!("warning: {warning}"));
    }
    if result.captures == 0 && result.failures.is_empty() {
        let files = match result.skipped_files {
            0 => "nothing to read".to_owned(),
            files => format!("none of the {files} files is a capture"),
        };
        complain(&format!("{}: found no capture: {files}", named(&paths)));
    } else if result.skipped_files > 0 {
        let files = match result.skipped_files {
            1 => "1 file that is not a capture".to_owned(),
            files => format!("{files} files that are not captures"),
        };
        args.reading.note(&format!("skipped {files}"));
    }
    if format == Format::Csv && filtered_out > 0 {
        // It has no totals that could say so.
        args.reading.note(&format!("sessions left out by the filters: {filtered_out}"));
    }
    if !args.sequence && batch::looks_like_a_set(&inputs) && unknown > 0 {
        args.reading.note("some of these captures look like parts of one capture; use --sequence to read them as one");
    }
    Ok(exit(&result))
}

/// The paths in the file `--files-from` names.
fn listed(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("{}: cannot read this list of files", path.display());
    if path.as_os_str() == "-" {
        list::read(&mut io::stdin().lock()).with_context(cannot)
    } else {
        let mut file = File::open(path).with_context(cannot)?;
        list::read(&mut file).with_context(cannot)
    }
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

fn report_options(args: &ScanArgs, format: Format, limits: Limits) -> ReportOptions {
    let is_terminal = args.output.is_none() && io::stdout().is_terminal();
    let show = args.show.unwrap_or(match format {
        Format::Table | Format::Markdown => Show::Lost,
        Format::Json | Format::Jsonl | Format::Csv | Format::Html | Format::Arrow => Show::All,
    });
    let mut options = ReportOptions::new(match show {
        Show::Lost => report::Show::Lost,
        Show::All => report::Show::All,
    });
    let of_terminal = || terminal_size::terminal_size().filter(|_| is_terminal).map(|(width, _)| width.0);
    options.width = args.width.or_else(of_terminal);
    options.colour = args.color.is_on(is_terminal);
    options.has_blocks = is_terminal && platform::speaks_utf_8();
    options.is_brief = args.brief;
    options.excel = args.excel.map(|separator| match separator {
        Separator::Comma => report::Excel::Comma,
        Separator::Semicolon => report::Excel::Semicolon,
    });
    options.rows = match args.rows {
        Some(CsvRows::Findings) => report::Rows::Findings,
        Some(CsvRows::Sessions) | None => report::Rows::Sessions,
    };
    options.zone = args.reading.zone();
    options.limits = limits;
    options
}

/// The format asked for, or the one that the name of the output file ends in.
fn format(args: &ScanArgs) -> Format {
    let extension = args.output.as_deref().and_then(Path::extension).and_then(OsStr::to_str);
    let by_name = || match extension?.to_ascii_lowercase().as_str() {
        "json" => Some((Format::Json, "JSON")),
        "jsonl" | "ndjson" => Some((Format::Jsonl, "JSON Lines")),
        "csv" => Some((Format::Csv, "CSV")),
        "md" | "markdown" => Some((Format::Markdown, "Markdown")),
        "html" | "htm" => Some((Format::Html, "HTML")),
        "arrows" => Some((Format::Arrow, "Arrow")),
        _ => None,
    };
    match (args.format, by_name()) {
        (Some(format), _) => format,
        (None, Some((format, name))) => {
            args.reading.note(&format!("writing {name}, because of the file's name"));
            format
        }
        (None, None) => Format::Table,
    }
}

fn target(args: &ScanArgs) -> String {
    args.output.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}
