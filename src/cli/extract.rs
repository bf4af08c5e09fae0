//! `ehlotrace extract`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use ehlotrace::batch::{self, Input};
use ehlotrace::capture::ReadError;
use ehlotrace::diagnosis::rule;
use ehlotrace::extract::{Choice, ExtractError, ExtractOptions, Extracted, Extractor, RedactKey};

use super::args::ReadingArgs;
use super::trace::{Input as Rereadable, range};
use super::{Exit, complain};

/// Write the frames of sessions to a pcapng file, with comments that say what they show
#[derive(Debug, ClapArgs)]
#[command(after_help = EXTRACT_HELP)]
pub(super) struct ExtractArgs {
    /// Capture files (pcap, pcapng; gzip or zstd compressed too), folders of them, or `-` for standard input
    #[arg(required = true, value_name = "CAPTURE")]
    captures: Vec<PathBuf>,

    /// Write to this file [default: standard output, unless that is a terminal]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The sessions that were lost; this is the default
    #[arg(long, conflicts_with_all = ["all", "session", "cause"])]
    lost: bool,

    /// Every session
    #[arg(long, conflicts_with_all = ["session", "cause"])]
    all: bool,

    /// These sessions, by the numbers `scan` gives them
    #[arg(long, value_delimiter = ',', value_name = "N|A-B,...", value_parser = range, conflicts_with = "cause")]
    session: Vec<RangeInclusive<u64>>,

    /// The sessions lost to these causes, by the codes `scan` gives them
    #[arg(long, value_delimiter = ',', value_name = "CODE,...", value_parser = cause)]
    cause: Vec<String>,

    /// Replace addresses, and mask mail text, secrets of AUTH and mailboxes
    #[arg(long)]
    redact: bool,

    /// Replace addresses the same way wherever this file is used [default: another way in every run]
    #[arg(long, value_name = "FILE", requires = "redact")]
    redact_key: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadingArgs,
}

const EXTRACT_HELP: &str = "\
Exit codes: 0 written, or nothing chosen and nothing written, 2 wrong usage or nothing readable, 3 some input damaged or \
unreadable: written up to there.

Examples:
  ehlotrace extract --lost tickets/4711.pcap -o evidence.pcapng
  ehlotrace extract --session 3 ticket.pcapng -o evidence.pcapng
  ehlotrace extract --lost --redact ticket.pcapng -o for-the-vendor.pcapng
  ehlotrace extract --cause ehlo-argument captures/ -o evidence.pcapng";

/// Extracts from the captures named.
pub(super) fn run(args: &ExtractArgs) -> anyhow::Result<Exit> {
    let (inputs, failures) = batch::expand(&args.captures);
    for failure in &failures {
        complain(&format!("{}: {}", failure.source.path, failure.message));
    }
    let out = Output::new(args.output.as_deref(), &inputs)?;
    let mut extractor = Extractor::new(options(args)?, out);
    let mut sum = Sum { failed: !failures.is_empty(), ..Sum::default() };
    for input in &inputs {
        let path = input.path().unwrap_or_else(|| Path::new("-"));
        let shown = path.display().to_string();
        let opened = Rereadable::open(path).map_err(|source| ExtractError::Read(ReadError::Io { offset: 0, source }));
        match opened.and_then(|mut opened| extractor.capture(&shown, &mut || opened.read())) {
            Ok(extracted) => sum.add(&shown, &extracted),
            Err(ExtractError::Read(ReadError::UnknownFormat { .. })) if matches!(input, Input::Found(_)) => {}
            Err(ExtractError::Read(error)) => {
                complain(&format!("{shown}: {error}"));
                sum.failed = true;
            }
            Err(error) => return Err(error).context(target(args)),
        }
    }
    sum.tell(args);
    Ok(match (sum.captures, sum.failed) {
        (0, _) => Exit::Failure,
        (_, true) => Exit::Partial,
        (_, false) => Exit::Clean,
    })
}

fn options(args: &ExtractArgs) -> anyhow::Result<ExtractOptions> {
    Ok(ExtractOptions {
        scan: args.reading.scan_options(),
        choice: if !args.session.is_empty() {
            Choice::Numbers(args.session.clone())
        } else if !args.cause.is_empty() {
            Choice::Causes(args.cause.clone())
        } else if args.all {
            Choice::All
        } else {
            Choice::Lost
        },
        redact: if args.redact { Some(key(args.redact_key.as_deref())?) } else { None },
    })
}

fn key(file: Option<&Path>) -> anyhow::Result<RedactKey> {
    const LEAST_OCTETS: usize = 16;
    let Some(file) = file else { return RedactKey::random().context("no random numbers for a key") };
    let octets = std::fs::read(file).with_context(|| format!("{}: cannot read the key", file.display()))?;
    if octets.len() < LEAST_OCTETS {
        bail!("{}: a key needs {LEAST_OCTETS} octets at least, it has {}", file.display(), octets.len());
    }
    Ok(RedactKey::new(octets))
}

fn cause(code: &str) -> Result<String, String> {
    rule(code).map(|rule| rule.code.to_owned()).ok_or_else(|| "no cause has this code; `scan` shows them".to_owned())
}

fn target(args: &ExtractArgs) -> String {
    args.output.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}

/// What all captures came to.
#[derive(Default)]
struct Sum {
    captures: u64,
    with_sessions: u64,
    sessions: u64,
    frames: u64,
    failed: bool,
}

impl Sum {
    fn add(&mut self, name: &str, extracted: &Extracted) {
        self.captures += 1;
        self.with_sessions += u64::from(extracted.sessions > 0);
        self.sessions += extracted.sessions;
        self.frames += extracted.frames;
        if extracted.left_out_sessions > 0 {
            let count = extracted.left_out_sessions;
            complain(&format!("{name}: {count} more sessions are not written: choose them with --session"));
        }
        for (reason, count) in &extracted.left_out_frames {
            complain(&format!("{name}: not written, for they cannot be redacted: {count} {reason}"));
        }
        if let Some(error) = &extracted.capture.error {
            complain(&format!("{name}: {error}"));
            self.failed = true;
        }
    }

    fn tell(&self, args: &ExtractArgs) {
        let Self { captures, with_sessions, sessions, frames, .. } = self;
        if *captures == 0 {
            return complain("no capture could be read: nothing is written");
        }
        if *frames == 0 {
            let why = if args.all || !args.session.is_empty() { "no such session" } else { "no such session was lost" };
            return complain(&format!("{why}: nothing is written"));
        }
        complain(&format!(
            "{frames} frames of {sessions} sessions from {with_sessions} captures written to {}",
            target(args)
        ));
    }
}

/// Where the extract goes: a file that is made with the first octet, so that there is none where nothing is chosen.
enum Output {
    Stdout(BufWriter<io::StdoutLock<'static>>),
    Later(PathBuf),
    File(BufWriter<File>),
}

impl Output {
    fn new(path: Option<&Path>, inputs: &[Input]) -> anyhow::Result<Self> {
        let Some(path) = path else {
            if io::stdout().is_terminal() {
                bail!("pcapng is not for a terminal: name a file with -o, or send standard output to one");
            }
            return Ok(Self::Stdout(BufWriter::new(io::stdout().lock())));
        };
        let target = path.canonicalize();
        let is_input = |input: &Path| match (&target, input.canonicalize()) {
            (Ok(target), Ok(input)) => *target == input || is_same_file(target, &input),
            _ => false,
        };
        if inputs.iter().filter_map(Input::path).any(is_input) {
            bail!("{}: this is one of the captures to read; choose another file for the extract", path.display());
        }
        Ok(Self::Later(path.to_owned()))
    }
}

/// Whether two names are links to one file.
#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> bool {
    false
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if let Self::Later(path) = self {
            *self = Self::File(BufWriter::new(File::create(path)?));
        }
        match self {
            Self::Stdout(out) => out.write(octets),
            Self::File(out) => out.write(octets),
            Self::Later(_) => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out) => out.flush(),
            Self::Later(_) => Ok(()),
        }
    }
}
