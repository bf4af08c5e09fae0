//! What stands below the rows, beside findings and relays: totals, deliveries that never started, and what the captures lack.

use super::cell::wrap;
use crate::report::background::NEVER_STARTED;
use crate::report::escape;
use crate::report::notes::{CaptureNotes, Captures};
use crate::report::relays::MAX_RELAYS;
use crate::report::run::Run;
use crate::report::words::{count, date_and_time, number};

/// Lines that fit a width.
pub(super) struct FooterLines {
    width: usize,
    text: String,
}

impl FooterLines {
    pub(super) const fn new(width: usize) -> Self {
        Self { width, text: String::new() }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A paragraph after `label`; lines after the first are indented as far. A label too long for that has its own line.
    pub(super) fn paragraph(&mut self, label: &str, text: &str) {
        let (mut lead, mut indent) = (label, escape::columns(label));
        if indent > self.width / 2 {
            self.line(escape::prefix(label, self.width), "");
            (lead, indent) = ("        ", 8);
        }
        let blanks = " ".repeat(indent);
        for line in wrap(text, self.width.saturating_sub(indent), MAX_LINES) {
            self.line(lead, &line);
            lead = &blanks;
        }
    }

    /// `text` behind its name, in lines of which those after the first are indented a little.
    pub(super) fn entry(&mut self, name: &str, text: &str) {
        let indent = "    ";
        let lines = wrap(&format!("{name}: {text}"), self.width.saturating_sub(indent.len()), MAX_LINES);
        for (at, line) in lines.iter().enumerate() {
            self.line(if at > 0 { indent } else { "" }, line);
        }
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Lines that fit already.
    pub(super) fn block(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn line(&mut self, lead: &str, text: &str) {
        let line = format!("{lead}{text}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// Lines of one paragraph.
const MAX_LINES: usize = 40;

/// How many sessions there were and what became of them.
pub(super) fn totals(lines: &mut FooterLines, run: &Run) {
    let totals = &run.totals;
    let summary = totals.summary();
    if summary.sessions == 0 {
        no_session(lines, run);
        return;
    }
    let among = among(run);
    let left_out = summary.left_out_by_filters().map(|sentence| format!(" {sentence}.")).unwrap_or_default();
    let named = summary.outcomes(false).join(", ");
    let all = format!("{}{among}: {named}.{left_out}", count(summary.sessions, "session"));
    let none = match (summary.lost, summary.mail_lost()) {
        (0, _) => "No session was lost. ",
        (_, 0) => "No mail was lost. ",
        _ => "",
    };
    lines.paragraph("", &format!("{none}{all}"));
    if summary.mail_lost() == 0 {
        for (rule, sessions) in summary.causes() {
            lines.paragraph(&format!("{:>6}  {}: ", number(sessions), rule.code), rule.title);
        }
    }
    for (why, sessions) in summary.doubts() {
        lines.paragraph(&format!("{:>6}  unknown: ", number(sessions)), &why);
    }
}

fn no_session(lines: &mut FooterLines, run: &Run) {
    let Captures { readable, frames, .. } = run.captures;
    // Why nothing could be read is told as an error.
    if readable == 0 {
        return;
    }
    if let Some(left_out) = run.totals.summary().left_out_by_filters() {
        return lines.paragraph("", &format!("{left_out}{}.", among(run)));
    }
    if frames == 0 {
        let subject = if readable == 1 { "The capture has" } else { "The captures have" };
        return lines.paragraph("", &format!("{subject} no packets."));
    }
    // A note names the ports, or there is but the advice to try some.
    let hint = if run.captures.names_ports {
        ""
    } else {
        " If the mail servers use other ports, name them: for example --port 587."
    };
    lines.paragraph("", &format!("No SMTP session found{}.{hint}", among(run)));
}

/// ` in 3 captures (1 more could not be read)`; nothing of a single capture.
fn among(run: &Run) -> String {
    let (summary, readable) = (run.totals.summary(), run.captures.readable);
    let unread = summary.captures.saturating_sub(readable + summary.copies);
    let tickets = if run.totals.tickets.are_several() {
        format!(" of {}", count(summary.tickets, "ticket"))
    } else {
        String::new()
    };
    let copies = match summary.copies {
        0 => None,
        1 => Some("1 more is a copy".to_owned()),
        copies => Some(format!("{} more are copies", number(copies))),
    };
    let unread = (unread > 0).then(|| format!("{} more could not be read", number(unread)));
    let aside: Vec<String> = unread.into_iter().chain(copies).collect();
    match aside.join(", ") {
        aside if aside.is_empty() && readable <= 1 => String::new(),
        aside if aside.is_empty() => format!(" in {}{tickets}", count(readable, "capture")),
        aside => format!(" in {}{tickets} ({aside})", count(readable, "capture")),
    }
}

/// What each ticket came to, where there are several.
pub(super) fn tickets(lines: &mut FooterLines, run: &Run) {
    let tickets = &run.totals.tickets;
    if !tickets.are_several() {
        return;
    }
    for ticket in &tickets.kept {
        lines.entry(&ticket.label, &ticket.text);
    }
    if let Some(rest) = tickets.rest() {
        lines.paragraph("", &rest);
    }
    lines.blank();
}

/// The deliveries that never started.
pub(super) fn never_started(lines: &mut FooterLines, run: &Run) {
    let (never_started, summary, zone) = (&run.never_started, run.totals.summary(), &run.options.zone);
    if let Some(title) = never_started.title(summary) {
        lines.blank();
        lines.paragraph("", &format!("{title}. {NEVER_STARTED}"));
    }
    for entry in never_started.listed.iter().take(MAX_RELAYS) {
        let label = run.captures.label(entry.capture).filter(|_| summary.captures > 1);
        let place = label.map(|label| format!("{label}, ")).unwrap_or_default();
        let (client, opened) = (entry.failed.client, date_and_time(entry.failed.moment.time, zone));
        let (question, why) = (entry.question(), entry.why());
        let text =
            format!("{place}{}, {opened} {}: {client} asked for the {question}: {why}", entry.frames(), zone.name());
        lines.paragraph("  lookup   ", &text);
    }
    if let Some(more) = never_started.listed.len().checked_sub(MAX_RELAYS).filter(|more| *more > 0) {
        lines.paragraph("  ", &format!("And {}: --format json.", count(more as u64, "more lookup")));
    }
    for remark in never_started.remarks("only counted") {
        lines.paragraph("  ", &remark);
    }
}

/// What is worth a second look though no mail was lost.
pub(super) fn warnings(lines: &mut FooterLines, run: &Run) {
    for (warning, is_listed) in run.warnings.sentences() {
        let hint = if run.shows_all() || is_listed { "" } else { ": --show all" };
        lines.paragraph("Warning: ", &format!("{warning}{hint}."));
    }
}

/// What could not be read or decoded, capture by capture.
pub(super) fn notes(lines: &mut FooterLines, run: &Run) {
    let name_captures = run.totals.summary().captures > 1;
    // Why the only capture could not be read at all is told as an error, and there is nothing else to it.
    let has_notes = |capture: &&CaptureNotes| !capture.notes.is_empty() && (name_captures || capture.format.is_some());
    for capture in run.captures.kept.iter().filter(has_notes) {
        if name_captures {
            lines.paragraph("", &format!("{}:", capture.title()));
        }
        let lead = if name_captures { "  " } else { "" };
        for note in &capture.notes {
            lines.paragraph(&format!("{lead}Note: "), note);
        }
    }
    let omitted = run.captures.omitted_telling;
    if omitted > 0 {
        lines.paragraph("", &format!("Notes on {} more: --format json.", count(omitted, "capture")));
    }
}
