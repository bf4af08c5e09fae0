//! What the measurement of real servers says about a fault, in sentences.

use std::fmt::Write as _;

use crate::matrix::{MEASURED, Refusals, Row, SERVERS, Sent, rows};
use crate::report::escape;
use crate::smtp::ehlo::ProblemCode;

/// At most this many wordings stand on a page.
const WORDINGS: usize = 6;
/// And so many columns of the line that was sent.
const LINE_COLUMNS: usize = 61;

/// EHLO lines with this fault and no other.
fn lines(problem: ProblemCode) -> Vec<&'static Row> {
    let is_alone = |row: &&Row| matches!(&row.check.problems[..], [only] if only.code == problem);
    let plain =
        rows().iter().filter(|row| row.sent == Sent::Plainly && row.verb == "EHLO" && row.check.notes.is_empty());
    plain.filter(is_alone).collect()
}

/// Who refused hellos with this fault, and in which words.
pub(super) fn on_problem(problem: ProblemCode) -> String {
    let lines = lines(problem);
    let Some(first) = lines.first() else { return String::new() };
    let mut text = format!(
        "We tested {} server configurations on {MEASURED}. {}. Servers that refuse even well-formed names are not counted.",
        SERVERS.len(),
        range(&lines)
    );
    let mut wordings = Refusals::of(first).wordings();
    let more = wordings.len().saturating_sub(WORDINGS);
    wordings.truncate(WORDINGS);
    if !wordings.is_empty() {
        let _ = writeln!(text, " Their replies to `{}`:", escape::line(&first.line, LINE_COLUMNS));
    }
    for wording in wordings {
        let servers: Vec<_> = wording.servers.iter().map(ToString::to_string).collect();
        let _ = write!(text, "\n- `{}`: {}", wording.words, servers.join(", "));
    }
    if more > 0 {
        let _ = write!(text, "\n- and {more} more");
    }
    text
}

/// How many refuse and accept `lines`, as a range where they differ.
fn range(lines: &[&Row]) -> String {
    let of = |count: fn(&Refusals) -> usize| {
        let counts: Vec<_> = lines.iter().map(|row| count(&Refusals::of(row))).collect();
        match (counts.iter().min(), counts.iter().max()) {
            (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
            (Some(count), _) => count.to_string(),
            _ => String::new(),
        }
    };
    let which = match lines.len() {
        1 => "the one line that was tested".to_owned(),
        count => format!("the {count} lines that were tested"),
    };
    format!("{} refuse {which}, {} accept", of(Refusals::refusing), of(Refusals::accepting))
}

/// Which faults servers refuse, most refused first.
pub(super) fn on_all_problems() -> String {
    let mut counted: Vec<(usize, ProblemCode, String)> = Vec::new();
    for problem in ProblemCode::ALL {
        let lines = lines(problem);
        let most = lines.iter().map(|row| Refusals::of(row).refusing()).max();
        if let Some(most) = most {
            counted.push((most, problem, range(&lines)));
        }
    }
    counted.sort_by_key(|(most, problem, _)| (std::cmp::Reverse(*most), *problem));
    let mut text = format!(
        "**Who refuses it.** {} server configurations were tested on {MEASURED} (`docs/ehlo-matrix.md`). Servers that refuse\neven \
         well-formed names are left out here:\n",
        SERVERS.len()
    );
    for (_, problem, range) in counted {
        let _ = write!(text, "\n- `{}`: {range}", problem.code());
    }
    text
}
