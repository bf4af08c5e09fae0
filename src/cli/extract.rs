//! `ehlotrace extract`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{ArgGroup, Args as ClapArgs};
use ehlotrace::batch;
use ehlotrace::extract::{ExtractOptions, Extracted, Extractor, NetworksElsewhere, RedactKey};
use ehlotrace::filter::SessionFilter;
use ehlotrace::twice::Choice;

use super::args::ReadingArgs;
use super::filter::{FilterArgs, nothing_left};
use super::output::Output;
use super::{Exit, complain};

/// Write the frames of sessions to a pcapng file, with comments that explain them
#[derive(Debug, ClapArgs)]
#[command(after_help = EXTRACT_HELP, group = ArgGroup::new("redacting").args(["redact", "redact_names"]).multiple(true))]
pub(super) struct ExtractArgs {
    /// Captures, archives or mails with captures in them, folders of these, or `-` for standard input
    #[arg(required = true, value_name = "CAPTURE")]
    captures: Vec<PathBuf>,

    /// Write to this file and replace an existing one; `-` is standard output [default: standard output, unless that is
    /// a terminal]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the lost sessions; this is the default without a filter
    #[arg(long, conflicts_with = "all")]
    lost: bool,

    /// Write every session; this is the default with a filter
    #[arg(long)]
    all: bool,

    /// Replace addresses, and mask mail text, secrets of AUTH and mailboxes
    #[arg(long)]
    redact: bool,

    /// Redact, and also replace host and domain names: each name always gets the same new name, of the same form and length
    #[arg(long)]
    redact_names: bool,

    /// Replace addresses and names the same way in every run with this key file and these captures [default: a different
    /// way in each run]
    #[arg(long, value_name = "FILE", requires = "redacting")]
    redact_key: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadingArgs,

    #[command(flatten)]
    filter: FilterArgs,
}

const EXTRACT_HELP: &str = "\
Exit codes: 0 written, 1 nothing to write, so no file, 2 wrong usage, nothing could be read, or the file cannot be \
written, 3 some input is damaged or could not be read: the rest is written.

Examples:
  ehlotrace extract --lost tickets/4711.pcap -o evidence.pcapng
  ehlotrace extract --session 3,7-9 ticket.pcapng -o evidence.pcapng
  ehlotrace extract --lost tickets/4711.zip -o - | tshark -r - -z expert
  ehlotrace extract --lost --redact ticket.pcapng -o for-the-vendor.pcapng
  ehlotrace extract --lost --redact-names ticket.pcapng -o for-everybody.pcapng
  ehlotrace extract --cause ehlo-argument captures/ -o evidence.pcapng
  ehlotrace extract --server 192.0.2.25 --hello sub2 captures/ -o evidence.pcapng";

/// Extracts from the captures named.
pub(super) fn run(args: &ExtractArgs) -> anyhow::Result<Exit> {
    let inputs = batch::expand(&args.captures);
    args.reading.tell_of_waiting(&inputs);
    if args.output.as_ref().is_none_or(|path| path.as_os_str() == "-") && io::stdout().is_terminal() {
        bail!("a terminal cannot show pcapng: name a file with -o, or redirect standard output to a file");
    }
    let mut out = Output::new(args.output.as_deref(), "extract", &inputs, args.redact_key.as_deref())?;
    let options = options(args)?;
    let mut extractor = Extractor::new(options.clone(), &mut out);
    let mut sum = Sum::default();
    for input in &inputs {
        let visited = batch::reread(input, &options.scan, args.reading.passwords(), &mut |source, reopen| {
            let name = source.to_string();
            sum.add(&name, &extractor.capture(&name, reopen).with_context(|| target(args))?);
            anyhow::Ok(())
        });
        for failure in visited? {
            complain(&failure.to_string());
            sum.failed = true;
        }
    }
    let elsewhere = extractor.networks_elsewhere();
    drop(extractor);
    out.finish().context("cannot write the extract").with_context(|| target(args))?;
    sum.tell(args, &options.filter);
    tell_elsewhere(elsewhere);
    Ok(match sum {
        Sum { captures: 0, .. } => Exit::Failure,
        Sum { failed: true, .. } => Exit::Partial,
        Sum { frames: 0, .. } => Exit::Findings,
        Sum { .. } => Exit::Clean,
    })
}

fn options(args: &ExtractArgs) -> anyhow::Result<ExtractOptions> {
    let filter = args.filter.filter(&args.reading.zone());
    let choice = if args.all || !args.lost && !filter.is_empty() { Choice::All } else { Choice::Lost };
    let mut options = ExtractOptions::new(args.reading.scan_options(), choice);
    options.filter = filter;
    let is_redacted = args.redact || args.redact_names;
    options.redact = is_redacted.then(|| key(args.redact_key.as_deref())).transpose()?;
    options.redact_names = args.redact_names;
    Ok(options)
}

fn key(file: Option<&Path>) -> anyhow::Result<RedactKey> {
    const LEAST_OCTETS: usize = 16;
    let Some(file) = file else { return RedactKey::random().context("cannot get random numbers for a key") };
    let octets = std::fs::read(file).with_context(|| format!("{}: cannot read the key", file.display()))?;
    if octets.len() < LEAST_OCTETS {
        bail!("{}: a key needs at least {LEAST_OCTETS} bytes, this file has {}", file.display(), octets.len());
    }
    Ok(RedactKey::new(octets))
}

fn target(args: &ExtractArgs) -> String {
    let path = args.output.as_ref().filter(|path| path.as_os_str() != "-");
    path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}

/// What all captures came to.
#[derive(Default)]
struct Sum {
    captures: u64,
    with_sessions: u64,
    /// Sessions found, and of these those that the filters left out.
    found: u64,
    filtered_out: u64,
    /// Sessions written.
    sessions: u64,
    frames: u64,
    failed: bool,
}

impl Sum {
    fn add(&mut self, name: &str, extracted: &Extracted) {
        self.captures += 1;
        self.with_sessions += u64::from(extracted.sessions > 0);
        self.found += extracted.capture.sessions;
        self.filtered_out += extracted.capture.filtered_out;
        self.sessions += extracted.sessions;
        self.frames += extracted.frames;
        if extracted.left_out_sessions > 0 {
            let sessions = counted(extracted.left_out_sessions, "more session");
            complain(&format!("{name}: {sessions} not written; choose them with --session"));
        }
        for (reason, count) in &extracted.left_out_frames {
            complain(&format!("{name}: not written because they cannot be redacted: {count} {reason}"));
        }
        if let Some(error) = &extracted.capture.error {
            complain(&format!("{name}: {error}"));
            self.failed = true;
        }
    }

    fn tell(&self, args: &ExtractArgs, filter: &SessionFilter) {
        let Self { captures, with_sessions, sessions, frames, .. } = *self;
        if captures == 0 {
            return complain("no capture could be read: nothing was written");
        }
        if frames == 0 {
            let why = match (nothing_left(filter, self.captures, self.found, self.filtered_out), sessions, self.found) {
                (_, 1.., _) => "none of the chosen frames can be redacted".to_owned(),
                (Some(filters), ..) => filters,
                (None, 0, 0) => "no SMTP session on these ports".to_owned(),
                (None, 0, _) => "no matching session was lost".to_owned(),
            };
            return complain(&format!("{why}: nothing was written"));
        }
        if args.reading.is_quiet() {
            return;
        }
        complain(&format!(
            "{} of {} from {} written to {}",
            counted(frames, "frame"),
            counted(sessions, "session"),
            counted(with_sessions, "capture"),
            target(args)
        ));
    }
}

/// That addresses are in other ranges than those for documentation is told, and how many.
fn tell_elsewhere(elsewhere: NetworksElsewhere) {
    let NetworksElsewhere { benchmarking, private } = elsewhere;
    for (count, range) in [(benchmarking, "198.18.0.0/15"), (private, "10.0.0.0/8")] {
        if count > 0 {
            let networks = counted(count, "more IPv4 network");
            complain(&format!("{networks} than the documentation ranges can hold: these were moved to {range}"));
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
