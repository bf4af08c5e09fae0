//! `ehlotrace check`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use anyhow::Context;
use ehlotrace::matrix::{self, Basis, Refusals, SERVERS, Verdict, Wording};
use ehlotrace::report::{self, advice, escape};
use ehlotrace::smtp::ehlo::{self, ArgumentCheck, LineEnd};

use super::args::{CheckArgs, CheckFormat};
use super::{Exit, markdown};

/// Explains one hello argument, or a list of them.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let list: Option<Box<dyn BufRead>> = match (&args.list, &args.argument) {
        (Some(path), _) => {
            let file = File::open(path).with_context(|| format!("the list {} cannot be opened", path.display()))?;
            Some(Box::new(BufReader::new(file)))
        }
        (None, Some(argument)) if argument == "-" => Some(Box::new(io::stdin().lock())),
        _ => None,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let malformed = match (list, &args.argument) {
        (Some(list), _) => check_list(list, args.format, &mut out)?,
        (None, argument) => {
            let given = argument.as_deref().unwrap_or_default().as_encoded_bytes();
            check_one(given, args.format, &mut out)?
        }
    };
    out.flush()?;
    Ok(if malformed { Exit::Findings } else { Exit::Clean })
}

/// Whether `given` is malformed, having explained it.
fn check_one(given: &[u8], format: CheckFormat, out: &mut impl Write) -> anyhow::Result<bool> {
    let (argument, check) = checked(given);
    match format {
        CheckFormat::Json => out.write_all(&report::check_json(None, argument, &check)?)?,
        CheckFormat::Text => {
            let codes: Vec<_> = check.problems.iter().map(|problem| problem.code).collect();
            let refusals = matrix::who_refuses(&codes, argument);
            let width = markdown::width();
            write!(out, "{}\n{}", explanation(argument, &check, width), measured(&refusals, width))?;
            if is_whole_line(given) {
                writeln!(out, "\nThis looks like a whole line. Leave out the verb: give only the argument.")?;
            }
        }
    }
    Ok(!check.is_well_formed())
}

/// Whether an argument of `list` is malformed, each in a line of its own.
fn check_list(list: impl BufRead, format: CheckFormat, out: &mut impl Write) -> anyhow::Result<bool> {
    let (mut number, mut malformed) = (0_u64, 0_u64);
    for line in list.split(b'\n') {
        let line = line.context("the list cannot be read")?;
        let given = line.strip_suffix(b"\r").unwrap_or(&line);
        let (argument, check) = checked(given);
        number += 1;
        malformed += u64::from(!check.is_well_formed());
        match format {
            CheckFormat::Json => out.write_all(&report::check_json(Some(number), argument, &check)?)?,
            CheckFormat::Text => writeln!(out, "{}", in_a_line(argument, &check))?,
        }
    }
    if format == CheckFormat::Text {
        let arguments = if number == 1 { "argument" } else { "arguments" };
        writeln!(out, "\n{number} {arguments}: {malformed} malformed.")?;
    }
    Ok(malformed > 0)
}

/// The argument in `given` and what is to say of it.
fn checked(given: &[u8]) -> (&[u8], ArgumentCheck) {
    (ehlo::split_argument(given).octets, ehlo::check(&[b" ", given].concat(), LineEnd::CrLf))
}

/// `malformed    sub2.  ends in a dot (send sub2)`.
fn in_a_line(argument: &[u8], check: &ArgumentCheck) -> String {
    let shown = if argument.is_empty() { "(nothing)".to_owned() } else { escape::text(argument) };
    if check.is_well_formed() {
        let notes: Vec<&str> = check.notes.iter().map(|note| note.code()).collect();
        return format!("well-formed  {shown}  {}", notes.join(", ")).trim_end().to_owned();
    }
    let problems: Vec<String> = check.problems.iter().map(|problem| problem.message(argument)).collect();
    let send = check.suggestion.as_deref().map(|name| format!(" (send {name})")).unwrap_or_default();
    format!("malformed    {shown}  {}{send}", escape::text(problems.join(", ").as_bytes()))
}

/// Who refuses the argument, in a few lines.
fn measured(refusals: &Refusals, width: usize) -> String {
    const WORDINGS: usize = 6;
    let what = match refusals.basis {
        Basis::Argument => "this argument",
        Basis::Kind => "arguments like this one",
        Basis::Nothing => return "No server was tested with an argument like this one.\n".to_owned(),
    };
    let count = |verdict: fn(&Verdict) -> bool| refusals.count(verdict);
    let some = match count(|verdict| matches!(verdict, Verdict::RefusesSome(_))) {
        0 => String::new(),
        some => format!(", {some} refuse some of them"),
    };
    let unmeasured = match count(|verdict| *verdict == Verdict::NotMeasured) {
        0 => String::new(),
        1 => "; 1 was not tested".to_owned(),
        unmeasured => format!("; {unmeasured} were not tested"),
    };
    let wordings = refusals.wordings();
    let head = format!(
        "Of {} server configurations tested on {}, {} refuse {what}{some}, {} accept {}, and {} refuse even \
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

fn explanation(argument: &[u8], check: &ArgumentCheck, width: usize) -> String {
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
    if !check.is_well_formed() {
        text.push_str(&format!("\n{}", markdown::wrap(&advice::instead_of(argument), width, "")));
    }
    text
}

fn is_whole_line(line: &[u8]) -> bool {
    ehlotrace::smtp::Verb::parse(line).0.is_hello() && line.contains(&b' ')
}
