//! `ehlotrace check`.

use std::ffi::OsStr;
use std::io::{self, Write};

use ehlotrace::matrix::{self, Basis, Refusals, SERVERS, Verdict, Wording};
use ehlotrace::report::{self, escape};
use ehlotrace::smtp::ehlo::{self, ArgumentCheck, LineEnd};

use super::args::{CheckArgs, CheckFormat};
use super::{Exit, markdown};

/// Explains one hello argument.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let given = args.argument.as_encoded_bytes();
    let check = ehlo::check(&[b" ", given].concat(), LineEnd::CrLf);
    let argument = ehlo::split_argument(given).octets;
    let mut out = io::stdout().lock();
    match args.format {
        CheckFormat::Json => out.write_all(&report::check_json(argument, &check)?)?,
        CheckFormat::Text => {
            let codes: Vec<_> = check.problems.iter().map(|problem| problem.code).collect();
            let refusals = matrix::who_refuses(&codes, argument);
            write!(out, "{}\n{}", explanation(given, &check), measured(&refusals, markdown::width()))?;
            if is_whole_line(&args.argument) {
                writeln!(out, "\nThis looks like a whole line: leave the verb out, only the argument is checked.")?;
            }
        }
    }
    out.flush()?;
    Ok(if check.is_well_formed() { Exit::Clean } else { Exit::Findings })
}

/// Who refuses the argument, in a few lines.
fn measured(refusals: &Refusals, width: usize) -> String {
    const WORDINGS: usize = 6;
    let what = match refusals.basis {
        Basis::Argument => "this argument",
        Basis::Kind => "arguments like this one",
        Basis::Nothing => return "No server was measured with an argument like this one.\n".to_owned(),
    };
    let count = |verdict: fn(&Verdict) -> bool| refusals.count(verdict);
    let some = match count(|verdict| matches!(verdict, Verdict::RefusesSome(_))) {
        0 => String::new(),
        some => format!(", {some} refuse some of them"),
    };
    let unmeasured = match count(|verdict| *verdict == Verdict::NotMeasured) {
        0 => String::new(),
        1 => "; one was not measured".to_owned(),
        unmeasured => format!("; {unmeasured} were not measured"),
    };
    let wordings = refusals.wordings();
    let head = format!(
        "In a measurement of {} server configurations ({}), {} refuse {what}{some}, {} accept {}, and {} refuse even \
         well-formed names{unmeasured}{}",
        SERVERS.len(),
        matrix::MEASURED,
        refusals.refusing(),
        refusals.accepting(),
        if refusals.basis == Basis::Argument { "it" } else { "them" },
        count(|verdict| *verdict == Verdict::RefusesEveryName),
        if wordings.is_empty() { "." } else { ". The refusals:" },
    );
    let mut text = markdown::wrap(&head, width, "");
    for wording in wordings.iter().take(WORDINGS) {
        text.push_str(&markdown::wrap(&format!("- `{}`: {}", wording.words, servers(wording)), width, "  "));
    }
    match wordings.len().saturating_sub(WORDINGS) {
        0 => {}
        1 => text.push_str("- and one more wording (docs/ehlo-matrix.md)\n"),
        more => text.push_str(&format!("- and {more} more wordings (docs/ehlo-matrix.md)\n")),
    }
    text
}

/// The servers of one wording, a few by name.
fn servers(wording: &Wording) -> String {
    const NAMED: usize = 3;
    let mut names: Vec<_> = wording.servers.iter().take(NAMED).map(ToString::to_string).collect();
    if let Some(more) = wording.servers.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
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
