//! `ehlotrace man`.

use std::io::{self, Write};

use anyhow::Context;
use clap::{Args as ClapArgs, CommandFactory};
use clap_mangen::Man;

use super::Exit;
use super::args::Args;

/// Print the manual page of the program or of a subcommand
#[derive(Debug, ClapArgs)]
#[command(after_help = MAN_HELP)]
pub(super) struct ManArgs {
    /// The subcommand; the program itself unless given
    #[arg(value_name = "SUBCOMMAND")]
    subcommand: Option<String>,
}

const MAN_HELP: &str = "\
Examples:
  ehlotrace man scan | man -l -
  ehlotrace man > ~/.local/share/man/man1/ehlotrace.1";

/// Prints the page.
pub(super) fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut program = Args::command();
    program.build();
    let command = match &args.subcommand {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().with_context(|| format!("no subcommand `{name}`"))?,
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    let mut out = io::stdout().lock();
    out.write_all(&page)?;
    out.flush()?;
    Ok(Exit::Clean)
}
