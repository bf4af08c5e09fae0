//! `ehlotrace man`.

use std::io::{self, Write};

use anyhow::Context;
use clap::{Args as ClapArgs, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::Exit;
use super::args::Args;

/// Print the manual page of the program or of a subcommand
#[derive(Debug, ClapArgs)]
#[command(after_help = MAN_HELP)]
pub(super) struct ManArgs {
    /// The subcommand [default: the program itself]
    #[arg(value_name = "SUBCOMMAND")]
    subcommand: Option<String>,
}

const MAN_HELP: &str = "\
Examples:
  ehlotrace man scan | man -l -
  ehlotrace man > ~/.local/share/man/man1/ehlotrace.1";

/// What the foot of a page names.
const SOURCE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Prints the page.
pub(super) fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut program = Args::command();
    program.build();
    let command = match &args.subcommand {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().with_context(|| format!("no subcommand `{name}`"))?,
    };
    let page = page(command)?;
    let mut out = io::stdout().lock();
    out.write_all(&page)?;
    out.flush()?;
    Ok(Exit::Clean)
}

/// The page. What the help says last gets sections of its own: the lines of the examples are not to be filled.
fn page(command: Command) -> io::Result<Vec<u8>> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, examples) = after.split_once("Examples:\n").unwrap_or((&after, ""));
    let mut page = Vec::new();
    Man::new(command.after_help(None)).source(SOURCE).render(&mut page)?;
    let mut roff = Roff::new();
    if !notes.is_empty() {
        roff.control("SH", ["NOTES"]);
        for note in notes.trim_end().lines() {
            roff.text([roman(note)]).control("PP", []);
        }
    }
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        for example in examples.lines() {
            roff.text([roman(example.trim_start())]);
        }
        roff.control("fi", []);
    }
    roff.to_writer(&mut page)?;
    Ok(page)
}
