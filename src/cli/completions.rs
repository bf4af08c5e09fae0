//! `ehlotrace completions`.

use std::io::{self, Write};

use clap::{Args as ClapArgs, CommandFactory, ValueEnum};
use clap_complete::Shell as Generator;

use super::Exit;
use super::args::Args;

/// Print the completions of a shell
#[derive(Debug, ClapArgs)]
#[command(after_help = COMPLETIONS_HELP)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  source <(ehlotrace completions bash)
  ehlotrace completions fish > ~/.config/fish/completions/ehlotrace.fish";

/// Prints the completions.
pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let generator = match args.shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
        Shell::Powershell => Generator::PowerShell,
    };
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut Args::command(), env!("CARGO_PKG_NAME"), &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Clean)
}
