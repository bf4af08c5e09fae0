//! `ehlotrace completions`.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Command, CommandFactory, ValueEnum};
use clap_complete::Shell as Generator;
use ehlotrace::diagnosis::{Outcome, RULES};
use ehlotrace::pages::{self, Subject};

use super::Exit;
use super::args::Args;

/// Print the completion script for a shell
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

/// The command as shells are to know it: with the codes, which it takes as any text and answers for itself.
fn command() -> Command {
    let codes = |subcommand: Command, argument: &'static str, codes: Vec<&'static str>| {
        subcommand.mut_arg(argument, |argument| argument.value_parser(PossibleValuesParser::new(codes)))
    };
    let filtering = |subcommand: Command| {
        let subcommand = codes(subcommand, "cause", RULES.iter().map(|rule| rule.code).collect());
        codes(subcommand, "outcome", Outcome::ALL.map(Outcome::code).to_vec())
    };
    let command = Args::command()
        .mut_subcommand("explain", |explain| codes(explain, "code", pages::subjects().map(Subject::code).collect()));
    ["scan", "trace", "extract"].into_iter().fold(command, |command, name| command.mut_subcommand(name, filtering))
}

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
    clap_complete::generate(generator, &mut command(), env!("CARGO_PKG_NAME"), &mut script);
    if matches!(args.shell, Shell::Fish) {
        // The generator leaves out what may stand in place of an argument without a name.
        let codes: Vec<_> = pages::subjects().map(Subject::code).collect();
        let condition = "__fish_ehlotrace_using_subcommand explain";
        writeln!(script, "complete -c ehlotrace -n \"{condition}\" -f -a \"{}\"", codes.join(" "))?;
    }
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Clean)
}
