//! A comparison in words. Text of a capture or a report comes out safe on a terminal.

use super::side::{Counts, Incomplete, Losses, Side, Trouble};
use super::state::{Comparison, Doubt, Row, State};
use crate::diagnosis::rule;
use crate::report::escape;
use crate::report::words::{count, date_and_time, number};
use crate::time::{Timestamp, Zone};

/// Rows that a document for people has.
pub(super) const MOST_ROWS: usize = 200;

/// Columns of one thing said.
const SAID_COLUMNS: usize = 160;

/// `still there`.
pub(super) const fn title(code: &str) -> &str {
    match code.as_bytes() {
        b"still-there" => "still there",
        b"not-seen" => "not seen any more",
        _ => code,
    }
}

/// `1 still there, 2 gone`; what is not there is left out.
pub(super) fn states(comparison: &Comparison) -> String {
    let counted = State::CODES.iter().map(|code| (comparison.count(code), title(code)));
    let counted: Vec<String> =
        counted.filter(|(rows, _)| *rows > 0).map(|(rows, title)| format!("{} {title}", number(rows))).collect();
    if counted.is_empty() { "nothing was lost, before or after".to_owned() } else { counted.join(", ") }
}

/// `8 sessions: 6 lost, 2 delivered; opened 2003-04-14 06:00:00 to 2003-04-14 07:15:00 UTC`.
pub(super) fn side(side: &Side, zone: &Zone) -> String {
    let Counts { sessions, lost, delivered, span } = side.total;
    let other = sessions - lost - delivered;
    let parts = [(lost, "lost"), (delivered, "delivered"), (other, "other")];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", number(*n))).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let when = span.map(|span| format!("; opened {}", self::span(span, zone))).unwrap_or_default();
    format!("{}{parts}{when}", count(sessions, "session"))
}

fn span((first, last): (Timestamp, Timestamp), zone: &Zone) -> String {
    let (first, last) = (date_and_time(first, zone), date_and_time(last, zone));
    if first == last { format!("{first} {}", zone.name()) } else { format!("{first} to {last} {}", zone.name()) }
}

/// `ehlo-argument (trailing-dot)`.
pub(super) fn trouble(trouble: &Trouble) -> String {
    let details: Vec<&str> =
        trouble.reason.iter().map(String::as_str).chain(trouble.problems.iter().map(String::as_str)).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    line(&format!("{}{details}", trouble.cause))
}

/// What the cause is; none of one that this program does not know.
pub(super) fn meaning(trouble: &Trouble) -> Option<&'static str> {
    rule(&trouble.cause).map(|rule| rule.title)
}

/// `6 of 8 sessions lost to it`, with when.
pub(super) fn losses(losses: Option<&Losses>, all: Counts, zone: &Zone) -> String {
    let sessions = count(all.sessions, "session");
    match (losses, all.sessions) {
        (None, 0) => "no session".to_owned(),
        (None, _) => format!("{sessions}, {} delivered, none lost to it", number(all.delivered)),
        (Some(losses), _) => {
            let when = losses.span.map(|span| format!(", {}", self::span(span, zone))).unwrap_or_default();
            format!("{} of {sessions} lost to it{when}", number(losses.sessions))
        }
    }
}

/// Why the state is what it is, where that does not go without saying.
pub(super) fn why(row: &Row) -> Option<String> {
    Some(match row.state {
        State::StillThere | State::New | State::Gone => return None,
        State::Changed => "the name or the answer is another one".to_owned(),
        State::NotSeen if row.all_after.sessions == 0 => {
            "there is no session between these two after; this is no proof that it is solved".to_owned()
        }
        State::NotSeen => "no session after delivered mail; this is no proof that it is solved".to_owned(),
        State::Unknown(Doubt::TooMany) => {
            "there are more clients and servers, or causes, than ehlotrace tells apart".to_owned()
        }
        State::Unknown(Doubt::Incomplete(why)) => format!("AFTER {}", incomplete(why)),
    })
}

fn incomplete(why: Incomplete) -> String {
    match why {
        Incomplete::OnlyLost(listed, sessions) => {
            format!(
                "lists only {} of its {} (made with --show lost), so it does not say whether mail was delivered",
                number(listed),
                count(sessions, "session")
            )
        }
        Incomplete::Filtered(left_out) => {
            format!("was made with filters, which left out {}", count(left_out, "session"))
        }
        Incomplete::Cut => "is not whole, so sessions may be missing".to_owned(),
    }
}

/// Sentences on what the comparison rests on.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let Comparison { before, after, .. } = comparison;
    let mut notes = Vec::new();
    if comparison.is_turned_round() {
        notes.push("AFTER is older than BEFORE: are they in the right order?".to_owned());
    }
    for (name, side) in [("BEFORE", before), ("AFTER", after)] {
        notes.extend(side.incomplete.map(|why| format!("{name} {}.", incomplete(why))));
        notes.extend(side.failures.iter().map(|failure| format!("Not all of {name} was read: {}.", line(failure))));
        if side.other_sessions > 0 {
            let sessions = count(side.other_sessions, "session");
            notes.push(format!("{name} has {sessions} between further clients and servers, which are not compared."));
        }
    }
    let is_before_doubtful = before.incomplete.is_some_and(|why| !matches!(why, Incomplete::OnlyLost(..)));
    if (is_before_doubtful || !before.failures.is_empty() || before.other_sessions > 0) && comparison.count("new") > 0 {
        notes.push("What is called new may have been there in the part of BEFORE that is missing.".to_owned());
    }
    if !after.failures.is_empty() && comparison.count("gone") > 0 {
        notes.push("What is called gone is so in the part of AFTER that was read.".to_owned());
    }
    notes
}

/// The hellos of some losses, `EHLO sub2.`.
pub(super) fn hellos(losses: &Losses) -> Vec<String> {
    let said = losses.hellos.iter().map(|(verb, argument)| [verb.as_bytes(), b" ", argument].concat());
    said.map(|said| escape::line(&said, SAID_COLUMNS).trim_end().to_owned()).collect()
}

/// The answers that sessions were lost to.
pub(super) fn answers(losses: &Losses) -> Vec<String> {
    losses.answers.iter().map(|answer| line(&answer.text)).collect()
}

/// Text as one line for a terminal.
pub(super) fn line(text: &str) -> String {
    escape::line(text.as_bytes(), 2 * SAID_COLUMNS)
}
