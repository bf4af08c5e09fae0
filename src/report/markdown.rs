//! Markdown, to paste into a ticket: totals, what sessions were lost to with a paragraph to hand on, each of several tickets,
//! the relays that lost sessions, the lost sessions, what could not be read.
//!
//! Everything of a capture stands in code spans, in which Markdown and HTML mean nothing.

use std::io::{self, Write};

use super::background::{self, NEVER_STARTED};
use super::digest::Digest;
use super::finding::Finding;
use super::findings::{self, MAX_FINDINGS};
use super::handover::ExampleParagraphs;
use super::relay::{Argument, Relay};
use super::relays::{self, MAX_RELAYS};
use super::run::{Form, Rows, Run};
use super::totals::{Summary, Totals};
use super::words::{count, date_and_time, number};
use super::{ReportOptions, escape, recovery};
use crate::time::Zone;

/// Gathers the rows of the list; the document is written at the end.
pub(super) struct Markdown<'w> {
    out: Box<dyn Write + 'w>,
    zone: Zone,
    rows: Rows<Row>,
    examples: ExampleParagraphs,
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
        Self { out, zone: options.zone.clone(), rows: Rows::new(most), examples: ExampleParagraphs::default() }
    }
}

impl Form for Markdown<'_> {
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.examples.keep(digest, &self.zone);
        self.rows.keep(digest.key(), || Row {
            number: digest.session.number,
            number_in_run: digest.number_in_run(),
            cells: cells(digest, &self.zone),
        });
        Ok(())
    }

    fn forget(&mut self, capture: usize) -> io::Result<()> {
        self.rows.forget(capture);
        self.examples.forget(capture);
        Ok(())
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        let lead = [totals(&run.totals), self.findings(run), tickets(run), losing(run)].concat();
        let text = [lead, never_started(run), self.sessions(run), notes(run)].concat();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

impl Markdown<'_> {
    /// What sessions were lost to, with what to do and what to hand on.
    fn findings(&self, run: &Run) -> String {
        let all = run.totals.findings();
        let title = if all.is_empty() { "" } else { "\n## What they were lost to\n" };
        let described =
            all.iter().take(MAX_FINDINGS).map(|one| format!("\n{}", finding(run, one, self.examples.of(one))));
        let rest = findings::rest(&run.totals, MAX_FINDINGS, ": `--format json`");
        let rest = rest.into_iter().map(|sentence| format!("\n{sentence}\n"));
        std::iter::once(title.to_owned()).chain(described).chain(rest).collect()
    }

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
    let mut text = "\n## Tickets\n\n| ticket | what became of it |\n|---|---|\n".to_owned();
    for ticket in &tickets.kept {
        text.push_str(&format!("| {} | {} |\n", code(&ticket.label), code(&ticket.text)));
    }
    text.extend(tickets.rest().map(|rest| format!("\n{rest}\n")));
    text
}

fn totals(totals: &Totals) -> String {
    let summary = totals.summary();
    let left_out = summary.left_out_by_filters().map(|sentence| format!(" {sentence}.")).unwrap_or_default();
    let outcomes = summary.outcomes(false).join(", ");
    let outcomes = if outcomes.is_empty() { outcomes } else { format!(": {outcomes}") };
    let doubts = summary.doubts().into_iter().map(|(why, sessions)| format!("- {} unknown: {why}\n", number(sessions)));
    let doubts: String = doubts.collect();
    format!(
        "## SMTP sessions lost: {} of {}\n\n{} in {}{outcomes}.{left_out}\n{}{doubts}",
        number(summary.mail_lost()),
        number(summary.sessions),
        count(summary.sessions, "session"),
        in_captures(summary),
        if doubts.is_empty() { "" } else { "\n" },
    )
}

fn finding(run: &Run, finding: &Finding, to_hand_on: Option<&str>) -> String {
    let totals = &run.totals;
    let products: Vec<String> = finding.products.iter().map(|product| code(product)).collect();
    let products = if products.is_empty() { String::new() } else { format!(" ({})", products.join(", ")) };
    let places = findings::places(finding, totals).map(|places| format!(", in {places}")).unwrap_or_default();
    let mut items = vec![format!(
        "who: from {} to {}{products}{places}",
        findings::peers(&finding.clients, "client"),
        findings::peers(&finding.servers, "server")
    )];
    let sent = findings::arguments(finding, argument);
    items.extend((!sent.is_empty()).then(|| format!("sends: {}", sent.join(", "))));
    let answers = findings::refusals(finding, code);
    items.extend((!answers.is_empty()).then(|| format!("answers: {}", answers.join(", "))));
    items.push(format!("when: {}", findings::when(finding, &run.options.zone)));
    items.push(format!("see: {}", code(&findings::example(finding, totals))));
    items.push(format!("fix: {}", findings::fix(finding, totals)));
    let items: String = items.iter().map(|item| format!("- {item}\n")).collect();
    let lost = count(finding.sessions, "session");
    let share = findings::share(finding, totals);
    let first = if finding.sessions > 1 { ", from the first of them" } else { "" };
    let to_hand_on = to_hand_on.map(|paragraph| format!("To hand on{first}:\n\n> {paragraph}\n\n")).unwrap_or_default();
    format!("### `{}`: {lost}, {share}\n\n{}.\n\n{to_hand_on}{items}", finding.name(), findings::title(finding))
}

/// The relays that lost sessions, a row each.
fn losing(run: &Run) -> String {
    let relays = run.totals.losing_relays();
    if relays.is_empty() {
        return String::new();
    }
    let zone = run.options.zone.name();
    let mut text = format!(
        "\n## Relays that lost sessions\n\n| client | server | lost | cause | first lost ({zone}) | last lost ({zone}) | in |\n\
         |---|---|---:|---|---|---|---|\n"
    );
    text.extend(relays.iter().take(MAX_RELAYS).map(|loser| relay(run, loser)));
    for loser in relays.iter().take(MAX_RELAYS) {
        let ends = format!("{} to {}", code(&loser.client.to_string()), code(&loser.server.to_string()));
        let changes = relays::changes(loser, &run.options.zone);
        text.extend(changes.into_iter().map(|change| format!("\n{ends}: {change}.\n")));
    }
    let rest = relays::rest(&run.totals, MAX_RELAYS, ": `--format json`");
    text.extend(rest.into_iter().map(|sentence| format!("\n{sentence}\n")));
    text
}

fn relay(run: &Run, relay: &Relay) -> String {
    let product = relay.product.as_deref().map(|product| format!(" {}", code(product))).unwrap_or_default();
    let by_proxy = relay.proxy.map(|proxy| format!(" (by proxy {})", code(&proxy.to_string()))).unwrap_or_default();
    let causes: Vec<String> =
        relay.losses().iter().map(|loss| format!("`{}` {}", loss.name(), number(loss.sessions))).collect();
    let captures: Vec<String> =
        relays::captures(relay, run.totals.summary().captures > 1).iter().map(|capture| code(capture)).collect();
    let ticket = run.totals.tickets.are_several().then(|| format!("ticket {}: ", code(&relay.ticket.path)));
    let (first, last) = relay.lost_span.unwrap_or((relay.first, relay.last));
    format!(
        "| {}{by_proxy} | {}{product} | {} of {} | {} | {} | {} | {}{} |\n",
        code(&relay.client.to_string()),
        code(&relay.server.to_string()),
        number(relay.lost),
        number(relay.sessions),
        causes.join(", "),
        date_and_time(first, &run.options.zone),
        date_and_time(last, &run.options.zone),
        ticket.unwrap_or_default(),
        captures.join(", "),
    )
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
pub(crate) fn code(text: &str) -> String {
    let text = escape::text(text.as_bytes()).replace('|', "\\|");
    if text.is_empty() { text } else { escape::code_span(&text) }
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
