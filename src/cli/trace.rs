//! `ehlotrace trace`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Seek, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use ehlotrace::capture::ReadError;
use ehlotrace::report::netmon::{Layout, View};
use ehlotrace::trace::{Choice, TraceOptions, Traced, trace};

use super::args::ReadingArgs;
use super::scan::wants_colour;
use super::{Exit, complain};

/// Show sessions frame by frame, as Microsoft Network Monitor did
#[derive(Debug, ClapArgs)]
#[command(after_help = TRACE_HELP)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct TraceArgs {
    /// A capture file (pcap, pcapng; gzip or zstd compressed too), or `-` for standard input
    #[arg(value_name = "CAPTURE")]
    capture: PathBuf,

    /// One line a frame
    #[arg(long, conflicts_with_all = ["detail", "hex"])]
    summary: bool,

    /// IP and TCP in full
    #[arg(long)]
    detail: bool,

    /// Add each frame's hex dump
    #[arg(long)]
    hex: bool,

    /// Show these sessions, by the numbers `scan` gives them
    #[arg(long, value_delimiter = ',', value_name = "N|A-B,...", value_parser = range)]
    session: Vec<RangeInclusive<u64>>,

    /// Show the sessions that were lost [default if any was, else all]
    #[arg(long, conflicts_with_all = ["all", "session"])]
    lost: bool,

    /// Show every session
    #[arg(long, conflicts_with = "session")]
    all: bool,

    /// Show these frames only, of every session unless sessions are chosen
    #[arg(long, value_name = "N|A-B", value_parser = range)]
    frames: Option<RangeInclusive<u64>>,

    /// Leave out the remarks that Network Monitor would not have printed
    #[arg(long)]
    plain: bool,

    /// Show the text of mail
    #[arg(long)]
    mail_text: bool,

    #[command(flatten)]
    reading: ReadingArgs,
}

const TRACE_HELP: &str = "\
Lines that start with `==` or `<==` are remarks of ehlotrace; all others are in Network Monitor's form.
Exit codes: 0 nothing lost, 1 sessions lost, 2 wrong usage or nothing readable, 3 the capture is damaged: shown up to there.

Examples:
  ehlotrace trace ticket.pcap
  ehlotrace trace --session 3 --detail --hex ticket.pcap
  ehlotrace trace --all --summary ticket.pcap
  zcat old.pcap.gz | ehlotrace trace -";

/// Traces the capture.
pub(super) fn run(args: &TraceArgs) -> anyhow::Result<Exit> {
    let shown_name = args.capture.display();
    let options = options(args);
    let mut input = Input::open(&args.capture).with_context(|| format!("{shown_name}: cannot be read"))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let traced = trace(&mut || input.read(), &options, &mut out).with_context(|| shown_name.to_string())?;
    out.flush()?;
    if traced.shown == 0 {
        nothing_shown(args, &traced)?;
    }
    if let Some(error) = &traced.capture.error {
        complain(&format!("{shown_name}: {error}"));
        return Ok(Exit::Partial);
    }
    Ok(if traced.lost > 0 { Exit::Findings } else { Exit::Clean })
}

fn nothing_shown(args: &TraceArgs, traced: &Traced) -> anyhow::Result<()> {
    let sessions = traced.capture.sessions;
    if !args.session.is_empty() && args.frames.is_none() {
        bail!("{}: no session has this number; there are {sessions}", args.capture.display());
    }
    let why = match (sessions, &args.frames) {
        (0, _) => "no SMTP session on these ports",
        (_, Some(_)) => "none of these frames is of a session chosen",
        (_, None) => "no session was lost",
    };
    complain(&format!("{}: {why}", args.capture.display()));
    Ok(())
}

fn options(args: &TraceArgs) -> TraceOptions {
    TraceOptions {
        scan: args.reading.scan_options(),
        choice: if !args.session.is_empty() {
            Choice::Numbers(args.session.clone())
        } else if args.lost {
            Choice::Lost
        } else if args.all || args.frames.is_some() {
            Choice::All
        } else {
            Choice::LostOrAll
        },
        frames: args.frames.clone(),
        layout: Layout {
            view: match (args.summary, args.detail) {
                (true, _) => View::Summary,
                (_, true) => View::Detail,
                _ => View::Collapsed,
            },
            hex: args.hex,
            plain: args.plain,
            mail_text: args.mail_text,
            show_credentials: args.reading.shows_credentials(),
            colour: io::stdout().is_terminal() && wants_colour(),
            ..Layout::default()
        },
    }
}

/// `7` or `3-9`.
fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(first..=last),
        _ => Err("give a number from 1, or a range such as 3-9".to_owned()),
    }
}

/// A capture that can be read twice.
enum Input {
    File(PathBuf),
    /// What came through a pipe, put by.
    Kept(File),
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Self::keep(&mut io::stdin().lock());
        }
        let mut file = File::open(path)?;
        if file.metadata()?.is_file() { Ok(Self::File(path.to_owned())) } else { Self::keep(&mut file) }
    }

    fn keep(input: &mut dyn Read) -> io::Result<Self> {
        let mut kept = tempfile::tempfile()?;
        io::copy(input, &mut kept)?;
        Ok(Self::Kept(kept))
    }

    fn read(&mut self) -> Result<Box<dyn Read + Send>, ReadError> {
        let file = match self {
            Self::File(path) => File::open(path),
            Self::Kept(file) => file.rewind().and_then(|()| file.try_clone()),
        };
        match file {
            Ok(file) => Ok(Box::new(file)),
            Err(source) => Err(ReadError::Io { offset: 0, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_read() {
        for (text, range_read) in
            [("7", Some(7..=7)), ("3-9", Some(3..=9)), ("0", None), ("9-3", None), ("-3", None), ("x", None)]
        {
            assert_eq!(range(text).ok(), range_read, "{text}");
        }
    }
}
