//! `ehlotrace check`.

use std::ffi::OsStr;
use std::io::{self, Write};

use ehlotrace::report::escape;
use ehlotrace::smtp::ehlo::{self, ArgumentCheck, LineEnd};

use super::Exit;
use super::args::CheckArgs;

/// Explains one hello argument.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let given = args.argument.as_encoded_bytes();
    let check = ehlo::check(&[b" ", given].concat(), LineEnd::CrLf);
    let mut out = io::stdout().lock();
    write!(out, "{}", explanation(given, &check))?;
    if is_whole_line(&args.argument) {
        writeln!(out, "\nThis looks like a whole line: leave the verb out, only the argument is checked.")?;
    }
    out.flush()?;
    Ok(if check.is_well_formed() { Exit::Clean } else { Exit::Findings })
}

fn explanation(given: &[u8], check: &ArgumentCheck) -> String {
    let argument = ehlo::split_argument(given).octets;
    let mut text = format!("EHLO {}\n", escape::text(argument));
    let column = |offset: usize| escape::columns(&escape::text(argument.get(..offset).unwrap_or(argument)));
    if check.is_well_formed() {
        text.push_str("well-formed\n");
    }
    for problem in &check.problems {
        let (indent, code) = (" ".repeat(column(problem.offset)), problem.code);
        let message = escape::text(problem.message(argument).as_bytes());
        text.push_str(&format!("     {indent}^ {}: {message} ({})\n", code.code(), code.reference()));
    }
    for note in &check.notes {
        text.push_str(&format!("note: {}: {}\n", note.code(), note.message()));
    }
    if let Some(suggestion) = &check.suggestion {
        text.push_str(&format!("send instead: EHLO {suggestion}\n"));
    } else if !check.is_well_formed() {
        text.push_str("send instead: the host name (sub2), its fully qualified name (sub2.your-company.com), or an address literal ([192.0.2.7])\n");
    }
    text
}

fn is_whole_line(argument: &OsStr) -> bool {
    let line = argument.as_encoded_bytes();
    ehlotrace::smtp::Verb::parse(line).0.is_hello() && line.contains(&b' ')
}
