//! Markdown, to paste into a ticket: totals, the relays that stopped working, the lost sessions, what could not be read.
//!
//! Everything of a capture stands in code spans, in which Markdown and HTML mean nothing.

use std::io::{self, Write};

use super::background::{self, NEVER_STARTED, NeverStarted};
use super::table::row::decisive_hello;
use super::totals::{Argument, Loss, Relay, Totals};
use super::words::{count, date_and_time, number, span};
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show, Summary, escape, product_name};
use crate::diagnosis::{Diagnosis, Outcome};
use crate::limits::Limits;
use crate::session::Session;
use crate::smtp::ehlo::split_argument;

/// Gathers what the document needs; it is written at the end.
pub(super) struct Markdown<'w> {
    out: Box<dyn Write + 'w>,
    show: Show,
    limits: Limits,
    totals: Totals,
    sources: Vec<String>,
    rows: Vec<((usize, u64), String)>,
    omitted_rows: u64,
    notes: Vec<String>,
    never_started: NeverStarted,
}

impl<'w> Markdown<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        Self {
            out,
            show: options.show,
            limits: options.limits.clone(),
            totals: Totals::new(&options.limits),
            sources: Vec::new(),
            rows: Vec::new(),
            omitted_rows: 0,
            notes: Vec::new(),
            never_started: NeverStarted::new(options.limits.failed_lookups),
        }
    }

    fn totals(&self) -> String {
        let summary = self.totals.summary();
        let mut text = format!(
            "## SMTP sessions lost: {} of {}\n\n{} in {}.\n\n| outcome | sessions |\n|---|---:|\n",
            number(summary.lost),
            number(summary.sessions),
            count(summary.sessions, "session"),
            count(summary.captures, "capture"),
        );
        for (outcome, sessions) in [
            (Outcome::Lost, summary.lost),
            (Outcome::Delivered, summary.delivered),
            (Outcome::NoMail, summary.no_mail),
            (Outcome::Unknown, summary.unknown),
        ] {
            text.push_str(&format!("| {} | {} |\n", outcome.code(), number(sessions)));
        }
        let causes = self.totals.causes();
        if !causes.is_empty() {
            text.push_str("\n| cause | sessions | what happened |\n|---|---:|---|\n");
        }
        for (rule, sessions) in causes {
            text.push_str(&format!("| `{}` | {} | {} |\n", rule.code, number(sessions), rule.title));
        }
        text
    }

    fn never_started(&self) -> String {
        let Some(title) = self.never_started.title(self.totals.summary()) else { return String::new() };
        let mut text = format!("\n## {title}\n\n{NEVER_STARTED}\n\n");
        text.push_str("| capture | frame | time | client | lookup | what came of it |\n|---|---|---|---|---|---|\n");
        for entry in self.never_started.listed.iter().take(SHOWN_RELAYS) {
            let source = self.sources.get(entry.capture).map(String::as_str).unwrap_or_default();
            text.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                code(source),
                entry.failed.moment.frame,
                date_and_time(entry.failed.moment.time),
                code(&entry.failed.client.to_string()),
                code(&entry.question()),
                entry.why(),
            ));
        }
        if let Some(more) = self.never_started.listed.len().checked_sub(SHOWN_RELAYS).filter(|more| *more > 0) {
            text.push_str(&format!("\nAnd {more} more: `--format json`.\n"));
        }
        for remark in self.never_started.remarks("only counted") {
            text.push_str(&format!("\n{remark}\n"));
        }
        text
    }

    fn relay(&self, relay: &Relay) -> String {
        let product = relay.product.as_deref().map(|product| format!(" ({})", code(product))).unwrap_or_default();
        let (client, server) = (code(&relay.client.to_string()), code(&relay.server.to_string()));
        let (lost, sessions) = (number(relay.lost), count(relay.sessions, "session"));
        let mut text = format!("### {client} to {server}{product}: {lost} of {sessions} lost\n\n");
        let losses = relay.losses();
        let causes: Vec<String> = losses.iter().map(|loss| format!("`{}` {}", loss.rule.code, loss.sessions)).collect();
        text.push_str(&format!("- cause: {}\n", causes.join(", ")));
        if !relay.arguments.is_empty() {
            let arguments: Vec<String> = relay.arguments.iter().map(argument).collect();
            text.push_str(&format!("- sends: {}\n", arguments.join(", ")));
        }
        if let Some((first, last)) = relay.lost_span {
            let every =
                relay.lost_every_ns().map(|nanos| format!(", on average every {}", span(nanos))).unwrap_or_default();
            text.push_str(&format!("- when: first {}, last {}{every}\n", date_and_time(first), date_and_time(last)));
        }
        let captures: Vec<String> =
            relay.captures.iter().filter_map(|capture| self.sources.get(*capture)).map(|path| code(path)).collect();
        let more = if relay.captures_omitted > 0 { " and more" } else { "" };
        text.push_str(&format!("- in: {}{more}\n", captures.join(", ")));
        for loss in losses.iter().take(SHOWN_REMEDIES) {
            text.push_str(&format!("- fix{}: {}\n", side(loss), loss.remedy()));
        }
        text
    }
}

/// Remedies described for one relay.
const SHOWN_REMEDIES: usize = 3;
/// Relays described; the rest are counted.
const SHOWN_RELAYS: usize = 50;

impl Reporter for Markdown<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        let member = source.member.as_ref().map(|member| format!(" : {member}")).unwrap_or_default();
        self.sources.push(format!("{}{member}", source.path));
        Ok(())
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        if !self.show.lists(diagnosis.outcome) {
            return Ok(());
        }
        if self.rows.len() >= self.limits.table_rows {
            self.omitted_rows += 1;
        } else {
            let source = self.sources.last().map(String::as_str).unwrap_or_default();
            self.rows.push(((capture, session.number), row(source, session, diagnosis)));
        }
        Ok(())
    }

    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()> {
        self.never_started.capture_end(capture, report);
        self.totals.capture_end(report);
        let source = self.sources.last().map(String::as_str).unwrap_or_default();
        let mut notes: Vec<String> = report.error.iter().map(ToString::to_string).collect();
        notes.extend(report.info.iter().flat_map(|info| info.notes.iter().cloned()));
        notes.extend(report.undecoded.iter().map(|(reason, frames)| format!("{frames} frames not decoded: {reason}")));
        self.notes.extend(notes.iter().map(|note| format!("- {}: {}\n", code(source), code(note))));
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let mut text = self.totals();
        let relays = self.totals.losing_relays();
        if !relays.is_empty() {
            text.push_str("\n## Relays that stopped working\n");
        }
        for relay in relays.iter().take(SHOWN_RELAYS) {
            text.push('\n');
            text.push_str(&self.relay(relay));
        }
        if let Some(more) = relays.len().checked_sub(SHOWN_RELAYS).filter(|more| *more > 0) {
            text.push_str(&format!("\nAnd {more} more: `--format json`.\n"));
        }
        text.push_str(&self.never_started());
        self.rows.sort_by_key(|(place, _)| *place);
        if !self.rows.is_empty() {
            let title = if self.show == Show::All { "Sessions" } else { "Lost sessions" };
            text.push_str(&format!(
                "\n## {title}\n\n| capture | frames | opened | client | server | hello | reply | verdict |\n"
            ));
            text.push_str("|---|---|---|---|---|---|---|---|\n");
        }
        for (_, row) in &self.rows {
            text.push_str(row);
        }
        if self.omitted_rows > 0 {
            text.push_str(&format!("\nAnd {} more: `--format jsonl`.\n", number(self.omitted_rows)));
        }
        if !self.notes.is_empty() {
            text.push_str("\n## What could not be read, and notes\n\n");
        }
        for note in &self.notes {
            text.push_str(note);
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn summary(&self) -> &Summary {
        self.totals.summary()
    }
}

fn row(source: &str, session: &Session, diagnosis: &Diagnosis) -> String {
    let transcript = &session.transcript;
    let hello = decisive_hello(session, diagnosis);
    let shown_hello = hello.and_then(|hello| transcript.hello_command(hello)).map(|command| {
        let argument = escape::text(split_argument(command.after_verb()).octets);
        code(&format!("{} {}", command.verb_name(), escape::cut(&argument, SHOWN_COLUMNS)))
    });
    let reply = hello.and_then(|hello| transcript.hello_reply(hello)).map(|reply| {
        code(&format!("{:03} {}", reply.code, escape::cut(&escape::text(reply.first_line()), SHOWN_COLUMNS)))
    });
    let product = product_name(&session.product).map(|product| format!(" {}", code(product))).unwrap_or_default();
    let found_by = background::found_by(session).map(|lookup| format!(", by {}", code(&lookup))).unwrap_or_default();
    let tls = background::tls(session).map(|tls| format!(", {}", code(&tls))).unwrap_or_default();
    let verdict = diagnosis.cause.map_or_else(|| diagnosis.outcome.code(), |rule| rule.code);
    format!(
        "| {} | {}-{} | {} | {} | {}{product}{found_by}{tls} | {} | {} | `{verdict}` |\n",
        code(source),
        session.first.frame,
        session.last.frame,
        date_and_time(session.first.time),
        code(&session.client.to_string()),
        code(&session.server.to_string()),
        shown_hello.unwrap_or_default(),
        reply.unwrap_or_default(),
    )
}

const SHOWN_COLUMNS: usize = 120;

fn argument(argument: &Argument) -> String {
    let sent = code(&format!("{} {}", argument.verb, escape::text(&argument.octets)));
    let instead = argument.suggestion.as_deref().map(|name| format!(" (should be {})", code(name))).unwrap_or_default();
    format!("{sent}{instead}")
}

fn side(loss: &Loss) -> String {
    loss.fault.map(|fault| format!(" ({})", fault.code())).unwrap_or_default()
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
