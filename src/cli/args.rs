//! The arguments of every subcommand.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use ehlotrace::batch::Input;
use ehlotrace::report;
use ehlotrace::scan::ScanOptions;
use ehlotrace::time::Zone;

use super::filter::FilterArgs;

/// Finds the SMTP sessions in a packet capture that were lost, and says why.
#[derive(Debug, Parser)]
#[command(bin_name = "ehlotrace", version, about, long_about = LONG_ABOUT, after_help = PROGRAM_HELP, arg_required_else_help = true, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

const LONG_ABOUT: &str = "\
Reads saved packet captures, reassembles the TCP streams to mail servers, decodes the SMTP dialogue and reports the \
sessions that were lost. Its main case is a malformed EHLO argument (Microsoft KB 240832).";

const PROGRAM_HELP: &str = "\
Examples:
  ehlotrace scan ticket.pcapng
  ehlotrace trace ticket.pcapng
  ehlotrace check sub2.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Scan(ScanArgs),
    Compare(super::compare::CompareArgs),
    Check(CheckArgs),
    Trace(super::trace::TraceArgs),
    Extract(super::extract::ExtractArgs),
    Explain(ExplainArgs),
    /// List every cause of a lost session, with whose fault it is and one line of explanation
    #[command(after_help = "Examples:\n  ehlotrace causes")]
    Causes,
    Schema(super::schema::SchemaArgs),
    Completions(super::completions::CompletionsArgs),
    Man(super::man::ManArgs),
}

/// Scan captures and report the sessions that were lost
#[derive(Debug, ClapArgs)]
#[command(after_help = SCAN_HELP)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct ScanArgs {
    /// Captures, archives or mails with captures in them, folders of these, or `-` for standard input
    #[arg(required_unless_present = "files_from", value_name = "CAPTURE")]
    pub(super) captures: Vec<PathBuf>,

    /// Also read the files that this file lists, one per line or separated by NUL; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) files_from: Option<PathBuf>,

    /// The name of standard input in reports, instead of `-`: for example the address of an object
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<PathBuf>,

    /// Read the captures as parts of one capture, in the order of their first packets: for rotated sets. They are one ticket
    #[arg(long)]
    pub(super) sequence: bool,

    /// Add up the sessions of all captures, as those of one site: otherwise each entry of a folder, and each file given, is a
    /// ticket of its own, whose clients and servers are no one else's
    #[arg(long)]
    pub(super) together: bool,

    /// Skip files that are not captures, as in a folder, unless they have the name of a capture: for lists of files
    #[arg(long)]
    pub(super) skip_others: bool,

    /// Give each capture a fingerprint made with this key (any text), in JSON and JSON Lines, and list the sessions of copies
    /// too: for jobs in which several runs share the captures. Captures with the same packets have the same fingerprint in
    /// all runs with this key
    #[arg(long, value_name = "KEY", conflicts_with = "sequence")]
    pub(super) fingerprint: Option<String>,

    /// How many captures to read at the same time [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,

    /// Format of the report [default: from the name of the output file, else a table]
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,

    /// Write each session without its commands and replies, in about a third of the bytes: for a database. JSON Lines only
    #[arg(long)]
    pub(super) brief: bool,

    /// What a row is: a session, or what sessions were lost to. CSV only
    #[arg(long, value_enum)]
    pub(super) rows: Option<CsvRows>,

    /// Write the CSV so that Excel opens it rightly: with a byte order mark, and separated as the region of its Windows has it
    #[arg(long, value_enum, value_name = "SEPARATOR", num_args = 0..=1, require_equals = true, default_missing_value = "comma")]
    pub(super) excel: Option<Separator>,

    /// Which sessions to list; the totals always count all [default: lost in a table and in
    /// Markdown, else all]
    #[arg(long, value_enum)]
    pub(super) show: Option<Show>,

    /// Write the report to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Width of the table in columns [default: the terminal's width]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..))]
    pub(super) width: Option<u16>,

    /// Whether to use colours [default: on a terminal, unless NO_COLOR is set]
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_default_value = true)]
    pub(super) color: Color,

    /// Also show Wireshark's number of each connection, `tcp.stream`. This is slower: ehlotrace must then read the TCP
    /// packets of all ports
    #[arg(long)]
    pub(super) tcp_stream: bool,

    #[command(flatten)]
    pub(super) reading: ReadingArgs,

    #[command(flatten)]
    pub(super) filter: FilterArgs,
}

/// What a row of CSV is
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CsvRows {
    /// Each session
    Sessions,
    /// What sessions were lost to: the same cause, the same problem of the hello argument
    Findings,
}

/// What stands between the cells of CSV for Excel
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Separator {
    /// As in English regions
    Comma,
    /// As in regions with a comma in numbers
    Semicolon,
}

/// When to use colours
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Also in files and pipes
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether output is coloured that goes to a terminal or not (no-color.org).
    pub(super) fn is_on(self, is_terminal: bool) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// How captures are read
#[derive(Debug, ClapArgs)]
pub(super) struct ReadingArgs {
    /// The ports of the mail servers; `any` adds every port on which the capture has SMTP, and reads the capture twice
    #[arg(long, value_delimiter = ',', default_value = "25", value_name = "PORT,...")]
    port: Vec<PortArg>,

    /// Try this password on encrypted archives; may be given more than once
    #[arg(long, value_name = "PASSWORD")]
    password: Vec<String>,

    /// Show the secrets of AUTH instead of `***`
    #[arg(long)]
    show_credentials: bool,

    /// Time zone of Network Monitor files, because they store local time: an offset (`+02:00`) or a name (`Europe/Berlin`)
    /// [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = Zone::parse)]
    netmon_tz: Option<Zone>,

    /// The time zone of --since and --until and of the times that are printed for people: a name (`Europe/Berlin`), an offset
    /// (`+02:00`), or `local` for that of this machine. JSON, JSON Lines and CSV stay in UTC [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = Zone::parse)]
    timezone: Option<Zone>,

    /// Print only results and errors, no notes and no progress
    #[arg(short, long)]
    quiet: bool,
}

/// One of `--port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PortArg {
    Number(u16),
    Any,
}

impl FromStr for PortArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            number => {
                number.parse().map(Self::Number).map_err(|_| "a port is a number from 0 to 65535, or `any`".to_owned())
            }
        }
    }
}

impl ReadingArgs {
    /// The zone of the user's times.
    pub(super) fn zone(&self) -> Zone {
        self.timezone.clone().unwrap_or_default()
    }

    /// Whether secrets may be shown.
    pub(super) const fn shows_credentials(&self) -> bool {
        self.show_credentials
    }

    /// Tells the user something that is no error.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            super::complain(&format!("note: {text}"));
        }
    }

    /// Says that a capture is awaited where a person may think that nothing happens.
    pub(super) fn tell_of_waiting(&self, inputs: &[Input]) {
        if inputs.iter().any(|input| input.path().is_none()) && io::stdin().is_terminal() {
            self.note("waiting for a capture on standard input (from a pipe); press Ctrl+C to stop");
        }
    }

    /// Whether there is nothing to say but results and errors.
    pub(super) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether to show on standard error how far the work is.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// What encrypted archives are tried with.
    pub(super) fn passwords(&self) -> &[String] {
        &self.password
    }

    /// What the library is told.
    pub(super) fn scan_options(&self) -> ScanOptions {
        let named = self.port.iter().filter_map(|port| match port {
            PortArg::Number(number) => Some(*number),
            PortArg::Any => None,
        });
        let mut options = ScanOptions::on_ports(named);
        options.any_port = self.port.contains(&PortArg::Any);
        options.keep_credentials = self.show_credentials;
        options.netmon_zone = self.netmon_tz.clone().unwrap_or_default();
        options
    }
}

const SCAN_HELP: &str = "\
Exit codes: 0 nothing lost, 1 sessions lost, 2 wrong usage or nothing could be read, 3 some input could not be read.

Examples:
  ehlotrace scan ticket.pcapng
  ehlotrace scan --port 25,587 tickets/
  ehlotrace scan --port any submission.pcapng
  ehlotrace scan --format markdown tickets/4711.zip
  ehlotrace scan --client 192.0.2.0/24 --since 2h ticket.pcapng
  ehlotrace scan --together monday.pcap tuesday.pcap
  ehlotrace scan --sequence trace_0000*.pcapng
  find /srv/tickets -newer last-run -print0 | ehlotrace scan --files-from -
  tcpdump -r old.pcap -w - port 25 | ehlotrace scan -
  ehlotrace scan --format jsonl *.pcap | jq 'select(.cause == \"ehlo-argument\")'";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people
    Table,
    /// One JSON document
    Json,
    /// JSON Lines: one object per line, written when each session ends
    Jsonl,
    /// Comma-separated values, one row per session
    Csv,
    /// Markdown, to paste into a ticket
    Markdown,
    /// One HTML file for a browser: use with -o
    Html,
    /// Arrow IPC stream for databases and data frames: sessions in brief, and captures
    Arrow,
}

impl Format {
    /// # Errors
    ///
    /// If this build cannot write it.
    pub(super) fn of_library(self) -> anyhow::Result<report::Format> {
        Ok(match self {
            Self::Table => report::Format::Table,
            Self::Json => report::Format::Json,
            Self::Jsonl => report::Format::Jsonl,
            Self::Csv => report::Format::Csv,
            Self::Markdown => report::Format::Markdown,
            Self::Html => report::Format::Html,
            #[cfg(feature = "arrow")]
            Self::Arrow => report::Format::Arrow,
            #[cfg(not(feature = "arrow"))]
            Self::Arrow => anyhow::bail!(
                "this build of ehlotrace cannot write Arrow: use --format jsonl --brief, or build it with the feature: \
                 cargo install --path . --features arrow"
            ),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Show {
    /// Only sessions that were lost
    Lost,
    /// Every session
    All,
}

/// Explain an EHLO argument: what is wrong, which rule it breaks, and what to send instead
#[derive(Debug, ClapArgs)]
#[command(after_help = CHECK_HELP)]
pub(super) struct CheckArgs {
    /// The text after EHLO or HELO; `-` for a list on standard input, one argument per line
    #[arg(value_name = "ARGUMENT", allow_hyphen_values = true, required_unless_present = "list")]
    pub(super) argument: Option<OsString>,

    /// Check all arguments in this file, one per line
    #[arg(long, value_name = "FILE", conflicts_with = "argument")]
    pub(super) list: Option<PathBuf>,

    /// Format of the result
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(super) format: CheckFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// Text for people
    Text,
    /// One JSON object per argument, each on its own line
    Json,
}

const CHECK_HELP: &str = "\
Exit codes: 0 all well-formed, 1 at least one malformed, 2 the list cannot be read.

Examples:
  ehlotrace check sub2.
  ehlotrace check '[192.0.2.7]'
  printf 'sub2.\\nmail.example.com\\n' | ehlotrace check -";

/// Explain a code of the reports: a cause, an outcome, a problem of a hello argument, or a note
#[derive(Debug, ClapArgs)]
#[command(after_help = EXPLAIN_HELP)]
pub(super) struct ExplainArgs {
    /// The code, such as `ehlo-argument`
    #[arg(value_name = "CODE")]
    pub(super) code: String,
}

const EXPLAIN_HELP: &str = "\
Examples:
  ehlotrace explain ehlo-argument
  ehlotrace explain trailing-dot
  ehlotrace explain unknown";
