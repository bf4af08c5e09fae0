//! The measurement as a document.

use std::fmt::Write as _;

use super::refusals::{Refusals, Verdict, plain_rows, refuses_every_name};
use super::table::{Answer, Row, Sent, printable, rows};
use super::{MEASURED, SERVERS};
use crate::smtp::ehlo::ProblemCode;

/// `docs/ehlo-matrix.md`.
pub fn document() -> String {
    let mut text = introduction();
    servers(&mut text);
    text.push_str("\n## Well-formed arguments\n");
    lines(&mut text, |row| row.sent == Sent::Plainly && row.check.is_well_formed());
    for code in ProblemCode::ALL {
        let _ = writeln!(text, "\n## `{}`: {}", code.code(), code.title());
        lines(&mut text, |row| row.sent == Sent::Plainly && first_code(row) == Some(code));
    }
    text.push_str("\n## The same lines sent in another way\n\nOnly servers that did otherwise than on the plain line are named.\n");
    other_ways(&mut text);
    text
}

fn introduction() -> String {
    format!(
        "\
# Which mail servers refuse which hello

On {MEASURED}, {lines} hello lines were sent to {servers} configurations of real mail servers, and the first line of
each first reply was kept. This document is generated from that table (`src/matrix/ehlo-matrix.csv`); `ehlotrace
check` looks arguments up in it.

How to read it:

- Each section is one kind of malformed argument, as `ehlotrace explain` names it. An argument with several faults
  stands under its first.
- A server *accepts* a hello with a 2xx reply. All else is a refusal, silence and a closed connection included.
- Only the reply to the hello counts. A server may accept a hello and hold it against the client later, at MAIL or
  RCPT: Postfix, where it checks names, does so by default (`postfix-delayed` here), and ehlotrace then says
  `ehlo-argument`, deferred.
- {every} configurations refuse even `EHLO client.example.com`, a well-formed name: {names}. They say nothing about
  arguments and are not counted below.
- Where the numbers of refusals and acceptances do not add up to {counted}, the rest was not measured: the server did
  not let the client come to the hello.
- `aiosmtpd-hook` is no product as it comes: it was made to answer in the words of KB 240832.
- In replies, `NAME` stands for the argument. Bytes other than printable ASCII are written `\\xNN`.
",
        lines = rows().len(),
        servers = SERVERS.len(),
        every = every_name().count(),
        counted = SERVERS.len() - every_name().count(),
        names = join(every_name().map(|name| format!("`{name}`"))),
    )
}

fn every_name() -> impl Iterator<Item = &'static str> {
    SERVERS.iter().enumerate().filter(|(column, _)| refuses_every_name(*column)).map(|(_, server)| server.name)
}

/// What was measured, with how many of the plain EHLO lines each configuration refused.
fn servers(text: &mut String) {
    text.push_str(
        "
## The servers

Versions are given where they are known. The numbers are of EHLO lines with a malformed and a well-formed argument.

| name | server | malformed refused | well-formed refused |
|---|---|---|---|
",
    );
    for (column, server) in SERVERS.iter().enumerate() {
        let count = |is_well_formed: bool| {
            let answers = || {
                plain_rows()
                    .filter(|row| row.check.is_well_formed() == is_well_formed)
                    .filter_map(|row| row.answers.get(column)?.as_ref())
            };
            format!("{} of {}", answers().filter(|answer| !answer.is_accepted()).count(), answers().count())
        };
        let _ = writeln!(text, "| `{}` | {server} | {} | {} |", server.name, count(false), count(true));
    }
}

/// The fault under which a row stands.
fn first_code(row: &Row) -> Option<ProblemCode> {
    row.check.problems.iter().map(|problem| problem.code).min()
}

fn lines(text: &mut String, belongs: impl Fn(&Row) -> bool) {
    for row in rows().iter().filter(|row| belongs(row)) {
        let refusals = Refusals::of(row);
        let _ = write!(
            text,
            "\n### {}\n\nRefused by {}, accepted by {}",
            code(&line(row)),
            refusals.refusing(),
            refusals.accepting()
        );
        let others: Vec<_> = row.check.problems.iter().map(|problem| problem.code).collect();
        if others.len() > 1 {
            let _ = write!(text, ". Faults: {}", join(others.iter().map(|code| format!("`{}`", code.code()))));
        }
        text.push_str(".\n\n");
        for wording in refusals.wordings() {
            let names = join(wording.servers.iter().map(|server| server.name.to_owned()));
            let _ = writeln!(text, "- {}: {names}", code(&wording.words));
        }
        let accepting: Vec<_> = names_of(&refusals, &Verdict::Accepts).collect();
        if refusals.refusing() == 0 {
            text.push_str("- accepted by every one that was measured\n");
        } else if !accepting.is_empty() {
            let _ = writeln!(text, "- accepted: {}", join(accepting.into_iter().map(str::to_owned)));
        }
        let unmeasured: Vec<_> = names_of(&refusals, &Verdict::NotMeasured).map(str::to_owned).collect();
        if !unmeasured.is_empty() {
            let _ = writeln!(text, "- not measured: {}", join(unmeasured.into_iter()));
        }
    }
}

fn names_of(refusals: &Refusals, verdict: &Verdict) -> impl Iterator<Item = &'static str> {
    SERVERS.iter().zip(&refusals.verdicts).filter(move |(_, found)| *found == verdict).map(|(server, _)| server.name)
}

/// Rows that were not sent plainly, each against the plain row of the same argument where there is one.
fn other_ways(text: &mut String) {
    for row in rows().iter().filter(|row| row.sent != Sent::Plainly) {
        let Some(plain) = plain_rows().find(|plain| plain.argument == row.argument) else {
            let refusals = Refusals::of(row);
            let words = join(refusals.wordings().iter().map(|wording| {
                let names = join(wording.servers.iter().map(|server| server.name.to_owned()));
                format!("{} ({names})", code(&wording.words))
            }));
            let (refusing, accepting) = (refusals.refusing(), refusals.accepting());
            let _ = write!(
                text,
                "\n- {}, {}: refused by {refusing}, accepted by {accepting}",
                code(&line(row)),
                row.sent.words()
            );
            text.push_str(&if words.is_empty() { ".\n".to_owned() } else { format!(": {words}.\n") });
            continue;
        };
        let is_accepted = |answer: &Option<Answer>| answer.as_ref().map(Answer::is_accepted);
        let mut differing = Vec::new();
        for ((server, one), other) in SERVERS.iter().zip(&row.answers).zip(&plain.answers) {
            if let Some(answer) = one
                && is_accepted(other).is_some_and(|accepted| accepted != answer.is_accepted())
            {
                let words = if answer.is_accepted() { "accepts".to_owned() } else { code(&answer.words()) };
                differing.push(format!("{} ({words})", server.name));
            }
        }
        let differing = if differing.is_empty() { "no difference".to_owned() } else { join(differing.into_iter()) };
        let _ = writeln!(text, "\n- {}, {}: {differing}.", code(&line(row)), row.sent.words());
    }
}

/// The line of a row as far as it can be shown, long ones cut.
fn line(row: &Row) -> String {
    const SHOWN: usize = 66;
    let line = printable(&row.line);
    match line.split_at_checked(SHOWN) {
        Some((start, rest)) if !rest.is_empty() => format!("{start}... ({} bytes)", row.argument.len()),
        _ => line,
    }
}

/// Markdown code; a backtick in it needs a longer fence.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
