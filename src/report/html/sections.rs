//! The parts of the page that need no script, beside its pictures, findings and relays: totals, the plain table, notes.
//!
//! `html!` escapes whatever is put into it; hidden characters of the capture were escaped before.

use maud::{Markup, html};

use super::session::PageSession;
use crate::report::background::NEVER_STARTED;
use crate::report::escape;
use crate::report::notes::CaptureNotes;
use crate::report::run::{Rows, Run};
use crate::report::totals::{Summary, Totals};
use crate::report::words::{count, date_and_time, number};

/// What it all comes to, in a few words.
pub(super) fn headline(summary: &Summary) -> String {
    match summary.lost {
        _ if summary.sessions == 0 && summary.filtered_out > 0 => "No session passes the filters".to_owned(),
        _ if summary.sessions == 0 => "No SMTP session found".to_owned(),
        0 => format!("No session was lost ({})", count(summary.sessions, "session")),
        lost => format!("{} of {} lost", number(lost), count(summary.sessions, "SMTP session")),
    }
}

/// Which captures these are.
pub(super) fn introduction(run: &Run) -> Markup {
    html! {
        @match (run.captures.number(), run.captures.kept.as_slice()) {
            (0, _) => {}
            (1, [capture]) => p { "In " code { (capture.label) } }
            (all, _) => p {
                    "In " (count(all, "capture"))
                    @match run.totals.summary().copies {
                        0 => {}
                        1 => { ", 1 of them a copy that is not counted again" }
                        copies => { ", " (number(copies)) " of them copies that are not counted again" }
                    }
                    ", " a href="#notes" { "named below" }
                }
        }
        @if let Some(left_out) = run.totals.summary().left_out_by_filters() {
            p { (left_out) "." }
        } @else if run.totals.summary().sessions == 0 {
            p { "If the mail servers use other ports, name them: for example " code { "--port 587" } "." }
        }
    }
}

/// A section that its heading names.
pub(super) fn section(id: &str, title: &str, content: &Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (title) } (content) } "\n" }
}

pub(super) fn table(class: &str, caption: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        table class=(class) {
            caption { (caption) }
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody { (rows) }
        }
    }
}

/// What each ticket came to, where there are several. The name of one leads to its sessions.
pub(super) fn tickets(run: &Run) -> Markup {
    let tickets = &run.totals.tickets;
    if !tickets.are_several() {
        return Markup::default();
    }
    let rows = html! {
        @for ticket in &tickets.kept {
            tr {
                td.number { (ticket.number + 1) }
                th scope="row" { a href=(format!("#ticket={}", ticket.number + 1)) { code { (ticket.label) } } }
                td.lost[ticket.lost > 0] { (ticket.text) }
            }
            "\n"
        }
    };
    let content = html! {
        (table("captures", "What each ticket came to", &["No.", "Ticket", "What became of it"], &rows))
        @if let Some(rest) = tickets.rest() { p { (rest) } }
    };
    section("tickets", "Tickets", &content)
}

/// Outcomes.
pub(super) fn totals(totals: &Totals) -> Markup {
    let summary = totals.summary();
    let mut outcomes = vec![
        (summary.mail_lost(), "lost", "Lost"),
        (summary.delivered_later, "later", "Lost, delivered later"),
        (summary.delivered, "delivered", "Delivered"),
        (summary.no_mail, "no-mail", "No mail sent"),
        (summary.not_smtp, "not-smtp", "Not SMTP"),
        (summary.unknown, "unknown", "Unknown"),
        (summary.sessions, "all", "All sessions"),
    ];
    outcomes.retain(|(sessions, outcome, _)| *sessions > 0 || *outcome != "later");
    let content = html! {
        dl.totals {
            @for (sessions, outcome, word) in outcomes { div { dt { (word) } dd class=(outcome) { (number(sessions)) } } }
        }
    };
    section("totals", "Totals", &content)
}

/// `text` with what stands between backticks as code.
pub(super) fn code_marked(text: &str) -> Markup {
    html! { @for (at, piece) in text.split('`').enumerate() { @if at % 2 == 1 { code { (piece) } } @else { (piece) } } }
}

/// The deliveries that never started.
pub(super) fn never_started(run: &Run) -> Markup {
    let Some(title) = run.never_started.title(run.totals.summary()) else { return Markup::default() };
    let zone = &run.options.zone;
    let time = format!("Time ({})", zone.name());
    let heads = ["Capture", "Frames", &time, "Client", "Lookup", "Result"];
    let rows = html! {
        @for entry in &run.never_started.listed {
            tr {
                td.number { (entry.capture + 1) } td { (entry.frames()) }
                td { (date_and_time(entry.failed.moment.time, zone)) } td { (entry.failed.client) }
                th scope="row" { code { (entry.question()) } } td { (entry.why()) }
            }
            "\n"
        }
    };
    let content = html! {
        p { (NEVER_STARTED) }
        (table("captures", "Lookups that failed", &heads, &rows))
        @for remark in run.never_started.remarks("only counted") { p { (remark) } }
    };
    section("never-started", &title, &content)
}

/// Where the script puts its list, and the plain table for a browser without scripts.
pub(super) fn sessions(plain_rows: &Rows<Markup>, run: &Run, listed: usize) -> Markup {
    let summary = run.totals.summary();
    if summary.sessions == 0 {
        return Markup::default();
    }
    let all = if run.shows_all() { summary.sessions } else { summary.lost };
    let omitted = all.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
    let rest = summary.lost.saturating_sub(u64::try_from(plain_rows.all().len()).unwrap_or(u64::MAX));
    let opened = format!("Opened ({})", run.options.zone.name());
    let heads = ["Session", &opened, "Client", "Server", "Hello", "Answer", "Cause"];
    let rows = html! { @for row in plain_rows.all() { (row) "\n" } };
    let content = html! {
        @if omitted > 0 {
            p {
                "The list holds " (number(all - omitted)) ", lost sessions first; " (count(omitted, "more session"))
                " only counted. Use --format jsonl to get all."
            }
        }
        @if !run.shows_all() { p { "This list has only lost sessions." } }
        div #list {}
        noscript {
            @if plain_rows.all().len() == 0 {
                p { "No session was lost. The list of the other sessions needs JavaScript." }
            } @else {
                p { "Without JavaScript, this page can show only this table." }
                (table("sessions", "Lost sessions", &heads, &rows))
                @if rest > 0 { p { "And " (count(rest, "more lost session")) "." } }
            }
        }
    };
    section("sessions", "Sessions", &content)
}

/// A lost session's row in the plain table.
pub(super) fn plain_row(session: &PageSession) -> Markup {
    html! {
        tr {
            th scope="row" {
                (session.capture + 1) "." (session.number) br; (session.source) br;
                "frames " (session.first) "-" (session.last)
            }
            td { (session.opened_there()) } td { (session.client) }
            td { (session.server) @if let Some(product) = &session.product { br; (product) } }
            td {
                @if let Some(hello) = &session.hello {
                    code { (hello.before) (hello.mark) (hello.after) }
                    @if !hello.problem.is_empty() { ": " (hello.problem) }
                }
            }
            td { (session.answer) } td {
                (session.cause.unwrap_or_default())
                @if let Some((reason, _)) = session.reason { br; (reason) }
            }
        }
    }
}

/// The captures, with what could not be read or decoded, and warnings.
pub(super) fn notes(run: &Run) -> Markup {
    let heads = ["No.", "Capture", "Format", "Frames", "Sessions", "Notes"];
    let rows = html! { @for capture in &run.captures.kept { (capture_row(capture)) "\n" } };
    let content = html! {
        @for (warning, _) in run.warnings.sentences() { p { strong { "Warning:" } " " (warning) "." } }
        (table("captures", "Captures that were read, and captures that could not be read", &heads, &rows))
        @if run.captures.omitted > 0 { p { "And " (count(run.captures.omitted, "more capture")) "." } }
    };
    section("notes", "Captures and notes", &content)
}

fn capture_row(capture: &CaptureNotes) -> Markup {
    let zone = capture.time_zone.as_ref().map(|zone| escape::text(zone.as_bytes()));
    html! {
        tr {
            td.number { (capture.number + 1) } th scope="row" { code { (capture.label) } }
            td { (capture.format.unwrap_or("unreadable")) }
            td.number { (number(capture.frames)) } td.number { (number(capture.sessions)) }
            td {
                @if capture.notes.is_empty() && zone.is_none() { "none" } @else {
                    ul {
                        @for note in &capture.notes { li { (note) } }
                        @if let Some(zone) = zone { li { "times are read as local time of " (zone) } }
                    }
                }
            }
        }
    }
}
