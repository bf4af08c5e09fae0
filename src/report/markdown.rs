//! Markdown, to paste into a ticket: each of several tickets, a paragraph to hand on for each relay that lost mail, totals, the relays that stopped working, the lost sessions, what could not be read.
//!
//! Everything of a capture stands in code spans, in which Markdown and HTML mean nothing.

use std::io::{self, Write};

use super::background::{self, NEVER_STARTED};
use super::digest::Digest;
use super::handover::FirstParagraphs;
use super::relay::{Argument, Relay};
use super::relays::{self, MAX_RELAYS};
use super::run::{Form, Rows, Run};
use super::totals::{Summary, Totals};
use super::words::{count, date_and_time, number};
use super::{ReportOptions, escape, recovery};
use crate::diagnosis::Outcome;
use crate::time::Zone;

/// Gathers the rows of the list; the document is written at the end.
pub(super) struct Markdown<'w> {
    out: Box<dyn Write + 'w>,
    zone: Zone,
    rows: Rows<Row>,
    first_lost: FirstParagraphs,
}

/// A row of the list: its session's number, alone and behind that of its capture, and the cells after it.
struct Row {
    number: u64,
    number_in_run: String,
    cells: String,
}

impl<'w> Markdown<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let most = options.limits.table_rows;
        Self { out, zone: options.zone.clone(), rows: Rows::new(most), first_lost: FirstParagraphs::new(most) }
    }
}

impl Form for Markdown<'_> {
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.first_lost.keep(digest, &self.zone);
        self.rows.keep(digest.key(), || Row {
            number: digest.session.number,
            number_in_run: digest.number_in_run(),
            cells: cells(digest, &self.zone),
        });
        Ok(())
    }

    fn forget(&mut self, capture: usize) -> io::Result<()> {
        self.rows.forget(capture);
        self.first_lost.forget(capture);
        Ok(())
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        let text = [
            tickets(run),
            self.first_lost.section(run),
            totals(&run.totals),
            losing(run),
            never_started(run),
            self.sessions(run),
            notes(run),
        ]
        .concat();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

impl Markdown<'_> {
    fn sessions(&self, run: &Run) -> String {
        if self.rows.all().len() == 0 && self.rows.omitted == 0 {
            return String::new();
        }
        let title = if run.shows_all() { "Sessions" } else { "Lost sessions" };
        let mut text = format!(
            "\n## {title}\n\n| session | capture | frames | opened ({}) | client | server | hello | reply | verdict |\n",
            run.options.zone.name()
        );
        text.push_str("|---|---|---|---|---|---|---|---|---|\n");
        let are_several = run.totals.summary().captures > 1;
        for Row { number, number_in_run, cells } in self.rows.all() {
            let number = if are_several { number_in_run.clone() } else { number.to_string() };
            text.push_str(&format!("| {number} {cells}"));
        }
        if self.rows.omitted > 0 {
            text.push_str(&format!("\nAnd {} more: `--format jsonl`.\n", number(self.rows.omitted)));
        }
        text
    }
}

/// What each ticket came to, where there are several.
fn tickets(run: &Run) -> String {
    let tickets = &run.totals.tickets;
    if !tickets.are_several() {
        return String::new();
    }
    let mut text = "## Tickets\n\n| ticket | what became of it |\n|---|---|\n".to_owned();
    for ticket in &tickets.kept {
        text.push_str(&format!("| {} | {} |\n", code(&ticket.label), code(&ticket.text)));
    }
    text.extend(tickets.rest().map(|rest| format!("\n{rest}\n")));
    text.push('\n');
    text
}

const DELIVERED_LATER: &str = "lost and delivered later";

fn totals(totals: &Totals) -> String {
    let summary = totals.summary();
    let left_out = summary.left_out_by_filters().map(|sentence| format!(" {sentence}.")).unwrap_or_default();
    let mut text = format!(
        "## SMTP sessions lost: {} of {}\n\n{} in {}.{left_out}\n\n| outcome | sessions |\n|---|---:|\n",
        number(summary.mail_lost()),
        number(summary.sessions),
        count(summary.sessions, "session"),
        in_captures(summary),
    );
    for (outcome, sessions) in [
        (Outcome::Lost.code(), summary.mail_lost()),
        (DELIVERED_LATER, summary.delivered_later),
        (Outcome::Delivered.code(), summary.delivered),
        (Outcome::NoMail.code(), summary.no_mail),
        (Outcome::NotSmtp.code(), summary.not_smtp),
        (Outcome::Unknown.code(), summary.unknown),
    ] {
        if sessions > 0 || outcome != DELIVERED_LATER {
            text.push_str(&format!("| {outcome} | {} |\n", number(sessions)));
        }
    }
    let causes = totals.summary().causes();
    if !causes.is_empty() {
        text.push_str("\n| cause | sessions | what happened |\n|---|---:|---|\n");
    }
    for (rule, sessions) in causes {
        text.push_str(&format!("| `{}` | {} | {} |\n", rule.code, number(sessions), rule.title));
    }
    text
}

fn losing(run: &Run) -> String {
    let relays = run.totals.losing_relays();
    let title = if relays.is_empty() { "" } else { "\n## Relays that stopped working\n" };
    let described = relays.iter().take(MAX_RELAYS).map(|loser| format!("\n{}", relay(run, loser)));
    let rest = relays::rest(&run.totals, ": `--format json`").into_iter().map(|sentence| format!("\n{sentence}\n"));
    std::iter::once(title.to_owned()).chain(described).chain(rest).collect()
}

fn relay(run: &Run, relay: &Relay) -> String {
    let product = relay.product.as_deref().map(|product| format!(" ({})", code(product))).unwrap_or_default();
    let (client, server) = (code(&relay.client.to_string()), code(&relay.server.to_string()));
    let by_proxy = relay.proxy.map(|proxy| format!(" (by proxy {})", code(&proxy.to_string()))).unwrap_or_default();
    let (lost, sessions) = (number(relay.lost), count(relay.sessions, "session"));
    let losses = relay.losses();
    let causes: Vec<String> = losses.iter().map(|loss| format!("`{}` {}", loss.name(), loss.sessions)).collect();
    let arguments: Vec<String> = relay.arguments.iter().map(argument).collect();
    let captures: Vec<String> =
        relays::captures(relay, run.totals.summary().captures > 1).iter().map(|capture| code(capture)).collect();
    let mut items = vec![format!("cause: {}", causes.join(", "))];
    if run.totals.tickets.are_several() {
        items.push(format!("ticket: {}", code(&relay.ticket.path)));
    }
    items.extend((!arguments.is_empty()).then(|| format!("sends: {}", arguments.join(", "))));
    items.extend(relays::when(relay, &run.options.zone).map(|when| format!("when: {when}")));
    items.push(format!("in: {}", captures.join(", ")));
    let refusals: Vec<String> = relays::refusals(relay).iter().map(|refusal| code(refusal)).collect();
    items.extend((!refusals.is_empty()).then(|| format!("answers: {}", refusals.join(", "))));
    items.extend(relays::remedies(relay).iter().map(|remedy| format!("fix: {remedy}")));
    let items: String = items.iter().map(|item| format!("- {item}\n")).collect();
    format!("### {client}{by_proxy} to {server}{product}: {lost} of {sessions} lost\n\n{items}")
}

fn never_started(run: &Run) -> String {
    let Some(title) = run.never_started.title(run.totals.summary()) else { return String::new() };
    let mut text = format!("\n## {title}\n\n{NEVER_STARTED}\n\n");
    let zone = &run.options.zone;
    text.push_str(&format!("| capture | frame | time ({}) | client | lookup | result |\n", zone.name()));
    text.push_str("|---|---|---|---|---|---|\n");
    for entry in run.never_started.listed.iter().take(MAX_RELAYS) {
        let source = run.captures.label(entry.capture).unwrap_or_default();
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            code(source),
            entry.failed.moment.frame,
            date_and_time(entry.failed.moment.time, zone),
            code(&entry.failed.client.to_string()),
            code(&entry.question()),
            entry.why(),
        ));
    }
    if let Some(more) = run.never_started.listed.len().checked_sub(MAX_RELAYS).filter(|more| *more > 0) {
        text.push_str(&format!("\nAnd {more} more: `--format json`.\n"));
    }
    for remark in run.never_started.remarks("only counted") {
        text.push_str(&format!("\n{remark}\n"));
    }
    text
}

/// `3 captures`, with how many of them are copies.
fn in_captures(summary: &Summary) -> String {
    let copies = match summary.copies {
        0 => String::new(),
        1 => ", 1 of them a copy that is not counted again".to_owned(),
        copies => format!(", {} of them copies that are not counted again", number(copies)),
    };
    format!("{}{copies}", count(summary.captures, "capture"))
}

/// What could not be read, and what is to say about the captures.
fn notes(run: &Run) -> String {
    let notes = run.captures.kept.iter().flat_map(|capture| capture.notes.iter().map(move |note| (capture, note)));
    let notes: String = notes.map(|(capture, note)| format!("- {}: {}\n", code(&capture.label), code(note))).collect();
    if notes.is_empty() { notes } else { format!("\n## Notes, and what could not be read\n\n{notes}") }
}

fn cells(digest: &Digest<'_>, zone: &Zone) -> String {
    let Digest { session, hello, .. } = digest;
    let line =
        |before: &str, octets: &[u8]| code(format!("{before} {}", escape::line(octets, SHOWN_COLUMNS)).trim_end());
    let hello = hello.as_ref();
    let shown_hello = hello.map(|hello| line(&hello.command.verb_name(), hello.argument));
    let product = digest.product().map(|product| format!(" {}", code(product))).unwrap_or_default();
    let found_by = background::found_by(session).map(|lookup| format!(", by {}", code(&lookup))).unwrap_or_default();
    let reason = digest.diagnosis.reason.map(|reason| format!(", `{}`", reason.code)).unwrap_or_default();
    let recovered = recovery::text(session, digest.diagnosis).map(|text| format!(", {text}")).unwrap_or_default();
    let later = digest.diagnosis.delivered_later.map(|number| format!(", delivered later: session {number}"));
    let later = later.unwrap_or_default();
    let tls = background::tls(session).map(|tls| format!(", {}", code(&tls))).unwrap_or_default();
    let proxied = session.proxied_client().map(|client| format!(" for {}", code(&background::end(client))));
    let proxied = proxied.unwrap_or_default();
    format!(
        "| {} | {}-{} | {} | {}{proxied} | {}{product}{found_by}{tls} | {} | {} | `{}`{reason}{later}{recovered} |\n",
        code(&escape::text(digest.source.to_string().as_bytes())),
        session.first.frame,
        session.last.frame,
        date_and_time(session.first.time, zone),
        code(&session.client.to_string()),
        code(&session.server.to_string()),
        shown_hello.unwrap_or_default(),
        code(&escape::cut(&digest.answer(), SHOWN_COLUMNS)),
        digest.verdict(),
    )
}

const SHOWN_COLUMNS: usize = 120;

fn argument(argument: &Argument) -> String {
    let sent = code(&format!("{} {}", argument.verb, escape::text(&argument.octets)));
    let instead = argument.suggestion.as_deref().map(|name| format!(" (should be {})", code(name))).unwrap_or_default();
    format!("{sent}{instead}")
}

/// Text in a code span that it cannot end, and in a table cell that it cannot end either.
fn code(text: &str) -> String {
    let text = escape::text(text.as_bytes()).replace('|', "\\|");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.is_empty() { String::new() } else { format!("{fence}{pad}{text}{pad}{fence}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_code_span_or_cell() {
        assert_eq!(code("sub2."), "`sub2.`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a\nb"), "`a\\x0ab`");
        assert_eq!(code("<img src=x>"), "`<img src=x>`");
    }
}
