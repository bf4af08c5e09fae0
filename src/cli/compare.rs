//! `ehlotrace compare`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args as ClapArgs, ValueEnum};
use ehlotrace::batch::{self, BatchOptions, Progress};
use ehlotrace::compare::{self, Comparison, Format, ReadOptions, Side};
use ehlotrace::filter::Network;

use super::args::ReadingArgs;
use super::output::Output;
use super::{Exit, bar, complain, processors};

/// Compare two scans: which losses are gone, which are still there, which are new
#[derive(Debug, ClapArgs)]
#[command(after_help = COMPARE_HELP)]
pub(super) struct CompareArgs {
    /// A capture, an archive, a folder, or the JSON or JSON Lines report of an earlier scan, from before the change
    #[arg(value_name = "BEFORE")]
    before: PathBuf,

    /// The same from after the change
    #[arg(value_name = "AFTER")]
    after: PathBuf,

    /// Format of the result [default: from the name of the output file, else text]
    #[arg(long, value_enum)]
    format: Option<CompareFormat>,

    /// Write the result to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// How many captures to read at the same time [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Only these clients, as reports name them: behind a proxy the client that it names
    #[arg(long, value_delimiter = ',', value_name = "IP|PREFIX,...")]
    client: Vec<Network>,

    /// Only these servers
    #[arg(long, value_delimiter = ',', value_name = "IP|PREFIX,...")]
    server: Vec<Network>,

    #[command(flatten)]
    reading: ReadingArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CompareFormat {
    /// Text for people
    Text,
    /// Markdown, to paste into a ticket
    Markdown,
    /// One JSON document
    Json,
}

const COMPARE_HELP: &str = "\
Clients and servers are compared by their addresses. `gone` needs a session that delivered mail; with no such session it is
`not seen any more`, which is no proof.

Exit codes: 0 nothing lost after, 1 sessions lost after, 2 wrong usage or one of the two could not be read, 3 some input
could not be read.

Examples:
  ehlotrace compare monday.pcap tuesday.pcap
  ehlotrace compare --port 25,587 before/ after/
  ehlotrace compare last-week.jsonl today.pcapng
  ehlotrace compare --client 192.0.2.10 --format markdown before.zip after.zip";

/// Compares the two and writes what became of each loss.
pub(super) fn run(args: &CompareArgs) -> anyhow::Result<Exit> {
    let inputs = batch::expand(&[args.before.clone(), args.after.clone()]);
    if inputs.iter().filter(|input| input.path().is_none()).count() > 1 {
        bail!("only one of the two can be standard input");
    }
    args.reading.tell_of_waiting(&inputs);
    let mut out = Output::new(args.output.as_deref(), "comparison", &inputs, None)?;
    let progress = Progress::default();
    let shows_progress = args.reading.shows_progress();
    let mut options = options(args);
    options.batch.progress = shows_progress.then_some(&progress);
    let read = || (compare::read(&args.before, &options), compare::read(&args.after, &options));
    let (before, after) = if shows_progress { bar::during(&inputs, &progress, read) } else { read() };
    let mut failures = before.failures.iter().chain(&after.failures).peekable();
    let has_failed = failures.peek().is_some();
    failures.for_each(|failure| complain(failure));
    let is_read = |side: &Side| side.captures > 0;
    if !is_read(&before) || !is_read(&after) {
        return Ok(Exit::Failure);
    }
    let comparison = Comparison::new(before, after);
    let format = format(args);
    compare::write(&comparison, format, &args.reading.zone(), &mut out).context("cannot write the comparison")?;
    out.finish().context("cannot write the comparison")?;
    Ok(match (has_failed, comparison.after.total.lost) {
        (true, _) => Exit::Partial,
        (false, 0) => Exit::Clean,
        (false, _) => Exit::Findings,
    })
}

fn options<'p>(args: &CompareArgs) -> ReadOptions<'p> {
    let mut batch = BatchOptions::new(args.reading.scan_options());
    batch.jobs = args.jobs.map_or_else(processors, usize::from);
    batch.passwords = args.reading.passwords().to_vec();
    ReadOptions { batch, clients: args.client.clone(), servers: args.server.clone() }
}

/// The format asked for, or the one that the name of the output file ends in.
fn format(args: &CompareArgs) -> Format {
    let extension = args.output.as_deref().and_then(Path::extension).and_then(OsStr::to_str);
    match (args.format, extension.map(str::to_ascii_lowercase).as_deref()) {
        (Some(CompareFormat::Text), _) => Format::Text,
        (Some(CompareFormat::Markdown), _) | (None, Some("md" | "markdown")) => Format::Markdown,
        (Some(CompareFormat::Json), _) | (None, Some("json")) => Format::Json,
        (None, _) => Format::Text,
    }
}
