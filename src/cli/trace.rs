//! `ehlotrace trace`.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args as ClapArgs;
use ehlotrace::batch::{self, Input};
use ehlotrace::report::escape;
use ehlotrace::report::netmon::{TraceLayout, View};
use ehlotrace::scan::CaptureReport;
use ehlotrace::trace::{TraceOptions, Traced, trace};
use ehlotrace::twice::Choice;

use super::args::{Color, ReadingArgs};
use super::filter::{FilterArgs, nothing_left, range};
use super::{Exit, complain};

/// Show sessions frame by frame, like Microsoft Network Monitor
#[derive(Debug, ClapArgs)]
#[command(after_help = TRACE_HELP)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct TraceArgs {
    /// A capture, an archive or mail with captures in it, a folder of these, or `-` for standard input
    #[arg(value_name = "CAPTURE")]
    capture: PathBuf,

    /// One line per frame
    #[arg(long, conflicts_with_all = ["detail", "hex"])]
    summary: bool,

    /// Only the lines of the dialogue, with frame, time and sender
    #[arg(long, conflicts_with_all = ["summary", "detail", "hex"])]
    dialogue: bool,

    /// Show IP and TCP in full
    #[arg(long)]
    detail: bool,

    /// Add a hex dump of each frame
    #[arg(long)]
    hex: bool,

    /// Show the sessions that were lost [default if any was and no filter is given, else all]
    #[arg(long, conflicts_with = "all")]
    lost: bool,

    /// Show every session
    #[arg(long)]
    all: bool,

    /// Show only these frames, of the chosen sessions or else of every session
    #[arg(long, value_name = "N|A-B", value_parser = range)]
    frames: Option<RangeInclusive<u64>>,

    /// Leave out the remarks that ehlotrace adds to Network Monitor's form
    #[arg(long)]
    plain: bool,

    /// Show the text of mail
    #[arg(long)]
    mail_text: bool,

    /// Whether to use colours [default: on a terminal, unless NO_COLOR is set]
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_default_value = true)]
    color: Color,

    #[command(flatten)]
    reading: ReadingArgs,

    #[command(flatten)]
    filter: FilterArgs,
}

const TRACE_HELP: &str = "\
Lines that start with `==` or `<==` are remarks of ehlotrace. All other lines have Network Monitor's form.
Exit codes: 0 nothing lost, 1 sessions lost, 2 wrong usage or nothing could be read, 3 the capture is damaged: shown up to
the damage.

Examples:
  ehlotrace trace ticket.pcap
  ehlotrace trace --session 3 --detail --hex ticket.pcap
  ehlotrace trace --all --summary ticket.pcap
  ehlotrace trace --client 192.0.2.7 --since '2024-03-05 14:30' ticket.pcap
  ehlotrace trace --dialogue ticket.pcap
  ehlotrace trace tickets/4711.zip
  zcat old.pcap.gz | ehlotrace trace -";

/// Traces the captures named, one after the other.
pub(super) fn run(args: &TraceArgs) -> anyhow::Result<Exit> {
    let options = options(args);
    let mut out = BufWriter::new(io::stdout().lock());
    let inputs = batch::expand(std::slice::from_ref(&args.capture));
    args.reading.tell_of_waiting(&inputs);
    let mut failures = Vec::new();
    let (mut captures, mut shown, mut lost) = (0, 0, 0);
    for input in &inputs {
        let visited = batch::reread(input, &options.scan, args.reading.passwords(), &mut |source, reopen| {
            let name = source.to_string();
            let is_one_of_many = source.member.is_some() || matches!(input, Input::Found(_));
            if is_one_of_many && !args.plain {
                let gap = if captures > 0 { "\n" } else { "" };
                writeln!(out, "{gap}== {}", escape::text(name.as_bytes()))?;
            }
            let traced = trace(reopen, &options, &mut out).with_context(|| name.clone())?;
            out.flush()?;
            (captures, shown, lost) = (captures + 1, shown + traced.shown, lost + traced.lost);
            if traced.shown == 0 {
                nothing_shown(&name, &options, &traced);
            }
            failures.extend(traced.capture.error.map(|error| format!("{name}: {error}")));
            anyhow::Ok(())
        });
        failures.extend(visited?.iter().map(ToString::to_string));
    }
    out.flush()?;
    for failure in &failures {
        complain(failure);
    }
    if captures == 0 && failures.is_empty() {
        complain(&format!("{}: found no capture", args.capture.display()));
    }
    let is_none_chosen = shown == 0 && args.filter.names_sessions() && args.frames.is_none();
    Ok(match (captures, failures.is_empty()) {
        (0, _) => Exit::Failure,
        (_, false) => Exit::Partial,
        _ if is_none_chosen => Exit::Failure,
        _ if lost > 0 => Exit::Findings,
        _ => Exit::Clean,
    })
}

fn nothing_shown(name: &str, options: &TraceOptions, traced: &Traced) {
    let CaptureReport { sessions, filtered_out, .. } = traced.capture;
    let why = match (nothing_left(&options.filter, 1, sessions, filtered_out), &options.frames) {
        (Some(filters), _) => filters,
        (None, _) if sessions == 0 => "no SMTP session on these ports".to_owned(),
        (None, Some(_)) => "none of these frames belongs to a chosen session".to_owned(),
        (None, None) => "no session was lost".to_owned(),
    };
    complain(&format!("{name}: {why}"));
}

fn options(args: &TraceArgs) -> TraceOptions {
    let filter = args.filter.filter(&args.reading.zone());
    let choice = if args.lost {
        Choice::Lost
    } else if args.all || args.frames.is_some() || !filter.is_empty() {
        Choice::All
    } else {
        Choice::LostOrAll
    };
    let mut options = TraceOptions::new(args.reading.scan_options(), choice);
    (options.filter, options.zone) = (filter, args.reading.zone());
    options.frames = args.frames.clone();
    options.layout = TraceLayout {
        view: match (args.dialogue, args.summary, args.detail) {
            (true, ..) => View::Dialogue,
            (_, true, _) => View::Summary,
            (.., true) => View::Detail,
            _ => View::Collapsed,
        },
        hex: args.hex,
        plain: args.plain,
        mail_text: args.mail_text,
        show_credentials: args.reading.shows_credentials(),
        colour: args.color.is_on(io::stdout().is_terminal()),
        ..TraceLayout::default()
    };
    options
}
