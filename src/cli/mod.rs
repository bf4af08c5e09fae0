//! The command line: arguments in, a report out, an exit code. The only place that prints.

mod args;
mod bar;
mod causes;
mod check;
mod compare;
mod completions;
mod explain;
mod extract;
mod filter;
mod list;
mod man;
mod markdown;
mod new_file;
mod output;
mod platform;
mod scan;
mod schema;
mod trace;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// What a run came to, as the exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Nothing was lost; the argument is well-formed; the extract is written.
    Clean = 0,
    /// Sessions were lost; the argument is malformed; there is nothing to extract.
    Findings = 1,
    /// Wrong usage, or nothing could be read.
    Failure = 2,
    /// Some input could not be read; the rest was.
    Partial = 3,
}

/// Runs the command and says how it went.
pub(crate) fn main() -> ExitCode {
    // A console of Windows has to be told once that it gets colours.
    anstyle_query::windows::enable_ansi_colors();
    let result = match Args::parse_from(wild::args_os()).command {
        Command::Scan(args) => scan::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Extract(args) => extract::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Causes => causes::run(),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    let exit = result.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return Exit::Clean;
        }
        complain(&format!("{error:#}"));
        Exit::Failure
    });
    ExitCode::from(exit as u8)
}

/// Whoever reads the output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_it = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    // The writer of CSV wraps what went wrong below it.
    let is_within = |error: &io::Error| {
        let wrapped = error.get_ref().and_then(|inner| inner.downcast_ref::<csv::Error>());
        wrapped.is_some_and(|error| matches!(error.kind(), csv::ErrorKind::Io(error) if is_it(error)))
    };
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| is_it(cause) || is_within(cause))
}

/// How many captures are read at the same time unless the user says so.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// One line to standard error. If even that fails there is nobody left to tell.
fn complain(message: &str) {
    let line = ehlotrace::report::escape::text(message.as_bytes());
    let _ = writeln!(io::stderr().lock(), "ehlotrace: {line}");
}
