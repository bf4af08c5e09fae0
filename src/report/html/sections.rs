//! The parts of the page that need no script: totals, the relays that lose mail, the plain table, notes.

use std::fmt::Write as _;

use super::session::{PageSession, shown};
use crate::report::background::NEVER_STARTED;
use crate::report::escape::html;
use crate::report::notes::CaptureNotes;
use crate::report::relays::{self, MAX_RELAYS, causes};
use crate::report::run::{Rows, Run};
use crate::report::totals::{Argument, Relay, Summary, Totals};
use crate::report::words::{count, date_and_time, number};

/// What it all comes to, in a few words.
pub(super) fn headline(summary: &Summary) -> String {
    match summary.lost {
        _ if summary.sessions == 0 => "No SMTP session found".to_owned(),
        0 => format!("No session lost of {}", number(summary.sessions)),
        lost => format!("{} of {} lost", number(lost), count(summary.sessions, "SMTP session")),
    }
}

/// Which captures these are.
pub(super) fn introduction(run: &Run) -> String {
    let mut text = String::new();
    match (run.captures.number(), run.captures.kept.as_slice()) {
        (0, _) => {}
        (1, [capture]) => push(&mut text, "p", &format!("In <code>{}</code>", html(&capture.label))),
        (all, _) => {
            let all = count(all, "capture");
            push(&mut text, "p", &format!("In {all}, <a href=\"#notes\">named below</a>"));
        }
    }
    if run.totals.summary().sessions == 0 {
        push(&mut text, "p", "For servers on other ports name them: <code>--port 587</code>, say.");
    }
    text
}

/// Appends an element; `content` is markup.
fn push(text: &mut String, tag: &str, content: &str) {
    let pushed = writeln!(text, "<{tag}>{content}</{tag}>");
    debug_assert!(pushed.is_ok(), "writing into a string does not fail");
}

/// Outcomes and causes.
pub(super) fn totals(totals: &Totals) -> String {
    let summary = totals.summary();
    let mut text =
        "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\">Totals</h2>\n<dl class=\"totals\">\n".to_owned();
    for (sessions, outcome, word) in [
        (summary.lost, "lost", "Lost"),
        (summary.delivered, "delivered", "Delivered"),
        (summary.no_mail, "no-mail", "No mail tried"),
        (summary.unknown, "unknown", "Unknown"),
        (summary.sessions, "all", "All sessions"),
    ] {
        push(&mut text, "div", &format!("<dt>{word}</dt><dd class=\"{outcome}\">{}</dd>", number(sessions)));
    }
    text.push_str("</dl>\n");
    let causes = totals.causes();
    if !causes.is_empty() {
        text.push_str(
            "<table class=\"causes\">\n<caption>Why sessions were lost</caption>\n<thead><tr><th scope=\"col\">Sessions</th>\
             <th scope=\"col\">Cause</th><th scope=\"col\">What happened</th></tr></thead>\n<tbody>\n",
        );
        for (rule, sessions) in causes {
            let cells = format!(
                "<td class=\"number\">{}</td><th scope=\"row\"><code>{}</code></th><td>{}</td>",
                number(sessions),
                html(rule.code),
                html(rule.title)
            );
            push(&mut text, "tr", &cells);
        }
        text.push_str("</tbody>\n</table>\n");
    }
    text.push_str("</section>\n");
    text
}

/// Every pair of client and server that lost a session, those that lost most first.
pub(super) fn relays(totals: &Totals) -> String {
    let losing = totals.losing_relays();
    let summary = totals.summary();
    if losing.is_empty() && summary.other_relays_lost == 0 {
        return String::new();
    }
    let mut text =
        "<section aria-labelledby=\"relays\">\n<h2 id=\"relays\">Relays that stopped working</h2>\n".to_owned();
    for relay in losing.iter().take(MAX_RELAYS) {
        text.push_str(&describe(relay));
    }
    for sentence in relays::rest(totals, "") {
        push(&mut text, "p", &sentence);
    }
    text.push_str("</section>\n");
    text
}

fn describe(relay: &Relay) -> String {
    let losses = relay.losses();
    let mut text = format!(
        "<article class=\"relay\">\n<h3><span class=\"address\">{}</span> to <span class=\"address\">{}</span></h3>\n<dl>\n",
        relay.client, relay.server
    );
    let mut item = |term: &str, content: &str| push(&mut text, "div", &format!("<dt>{term}</dt><dd>{content}</dd>"));
    let lost = format!(
        "<strong>{} of {}</strong>: {}",
        number(relay.lost),
        count(relay.sessions, "session"),
        html(&causes(&losses))
    );
    item("Lost", &lost);
    if let Some(product) = &relay.product {
        item("Server", &html(product));
    }
    if !relay.arguments.is_empty() {
        let mut sent: String = relay.arguments.iter().map(argument).collect();
        if relay.arguments_omitted > 0 {
            push(&mut sent, "li", &format!("and others, {}", count(relay.arguments_omitted, "time")));
        }
        item("Sends", &format!("<ul>{sent}</ul>"));
    }
    if let Some(when) = relays::when(relay) {
        item("When", &when);
    }
    for remedy in relays::remedies(relay) {
        item("Fix", &code_marked(&remedy));
    }
    text.push_str("</dl>\n</article>\n");
    text
}

fn argument(argument: &Argument) -> String {
    let sent = html(&format!("{} {}", argument.verb, shown(&argument.octets)));
    let correction = match &argument.suggestion {
        Some(name) => format!(", should be <code class=\"good\">{}</code>", html(&format!("{} {name}", argument.verb))),
        None if argument.is_malformed => ", malformed".to_owned(),
        None => String::new(),
    };
    let class = if argument.is_malformed { " class=\"bad\"" } else { "" };
    format!("<li><code{class}>{}</code>{correction}</li>", sent.trim_end())
}

/// Markup of `text` with what stands between backticks as code.
fn code_marked(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces.map(|(at, piece)| if at % 2 == 1 { format!("<code>{}</code>", html(piece)) } else { html(piece) }).collect()
}

/// The deliveries that never started.
pub(super) fn never_started(run: &Run) -> String {
    let Some(title) = run.never_started.title(run.totals.summary()) else { return String::new() };
    let mut text = format!("<section aria-labelledby=\"never-started\">\n<h2 id=\"never-started\">{title}</h2>\n");
    push(&mut text, "p", NEVER_STARTED);
    text.push_str(
        "<table class=\"captures\">\n<caption>Lookups that led nowhere</caption>\n<thead><tr><th scope=\"col\">Capture</th>\
         <th scope=\"col\">Frames</th><th scope=\"col\">Time (UTC)</th><th scope=\"col\">Client</th>\
         <th scope=\"col\">Lookup</th><th scope=\"col\">What came of it</th></tr></thead>\n<tbody>\n",
    );
    for entry in &run.never_started.listed {
        let cells = format!(
            "<td class=\"number\">{}</td><td>{}</td><td>{}</td><td>{}</td><th scope=\"row\"><code>{}</code></th><td>{}</td>",
            entry.capture + 1,
            entry.frames(),
            date_and_time(entry.failed.moment.time),
            entry.failed.client,
            html(&entry.question()),
            html(&entry.why()),
        );
        push(&mut text, "tr", &cells);
    }
    text.push_str("</tbody>\n</table>\n");
    for remark in run.never_started.remarks("only counted") {
        push(&mut text, "p", &html(&remark));
    }
    text.push_str("</section>\n");
    text
}

/// Where the script puts its list, and the plain table for a browser without scripts.
pub(super) fn sessions(plain_rows: &Rows<String>, run: &Run, listed: usize) -> String {
    let summary = run.totals.summary();
    if summary.sessions == 0 {
        return String::new();
    }
    let mut text = "<section aria-labelledby=\"sessions\">\n<h2 id=\"sessions\">Sessions</h2>\n".to_owned();
    let all = if run.shows_all() { summary.sessions } else { summary.lost };
    let omitted = all.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
    if omitted > 0 {
        let more = count(omitted, "more session");
        push(
            &mut text,
            "p",
            &format!(
                "The list holds {}, lost ones first; {more} only counted: use --format jsonl for all.",
                number(all - omitted)
            ),
        );
    }
    if !run.shows_all() {
        push(&mut text, "p", "Only lost sessions are listed.");
    }
    text.push_str("<div id=\"list\"></div>\n<noscript>\n");
    if plain_rows.all().len() == 0 {
        text.push_str("<p>No lost session. The list of the others needs the page's script.</p>\n");
    } else {
        let shown = u64::try_from(plain_rows.all().len()).unwrap_or(u64::MAX);
        let rest = summary.lost.saturating_sub(shown);
        text.push_str(
            "<p>Without the page's script only this table can be shown.</p>\n<table class=\"sessions\">\n\
             <caption>Lost sessions</caption>\n<thead><tr><th scope=\"col\">Session</th><th scope=\"col\">Opened (UTC)</th>\
             <th scope=\"col\">Client</th><th scope=\"col\">Server</th><th scope=\"col\">Hello</th>\
             <th scope=\"col\">Answer</th><th scope=\"col\">Cause</th></tr></thead>\n<tbody>\n",
        );
        text.extend(plain_rows.all().map(String::as_str));
        text.push_str("</tbody>\n</table>\n");
        if rest > 0 {
            push(&mut text, "p", &format!("And {}.", count(rest, "more lost session")));
        }
    }
    text.push_str("</noscript>\n</section>\n");
    text
}

/// A lost session's row in the plain table.
pub(super) fn plain_row(session: &PageSession) -> String {
    let hello = session.hello.as_ref().map_or_else(String::new, |hello| {
        let sent = html(&format!("{}{}{}", hello.before, hello.mark, hello.after));
        let problem = if hello.problem.is_empty() { String::new() } else { format!(": {}", html(&hello.problem)) };
        format!("<code>{sent}</code>{problem}")
    });
    let opened = session.opened.get(..19).unwrap_or_default().replace('T', " ");
    let product = session.product.as_ref().map(|name| format!("<br>{}", html(name))).unwrap_or_default();
    format!(
        "<tr><th scope=\"row\">{}.{}<br>frames {}-{}</th><td>{opened}</td><td>{}</td><td>{}{product}</td><td>{hello}</td>\
         <td>{}</td><td>{}</td></tr>\n",
        session.capture + 1,
        session.number,
        session.first,
        session.last,
        session.client,
        session.server,
        html(&session.answer),
        html(session.cause.unwrap_or_default()),
    )
}

/// The captures, with what could not be read or decoded, and warnings.
pub(super) fn notes(run: &Run) -> String {
    let mut text = "<section aria-labelledby=\"notes\">\n<h2 id=\"notes\">Captures and notes</h2>\n".to_owned();
    for warning in run.warnings.sentences() {
        push(&mut text, "p", &format!("<strong>Warning:</strong> {}.", html(&warning)));
    }
    text.push_str(
        "<table class=\"captures\">\n<caption>What was read, and what could not be</caption>\n<thead><tr><th scope=\"col\">No.</th>\
         <th scope=\"col\">Capture</th><th scope=\"col\">Format</th><th scope=\"col\">Frames</th>\
         <th scope=\"col\">Sessions</th><th scope=\"col\">Notes</th></tr></thead>\n<tbody>\n",
    );
    for capture in &run.captures.kept {
        push(&mut text, "tr", &capture_cells(capture));
    }
    text.push_str("</tbody>\n</table>\n");
    if run.captures.omitted > 0 {
        push(&mut text, "p", &format!("And {}.", count(run.captures.omitted, "more capture")));
    }
    text.push_str("</section>\n");
    text
}

fn capture_cells(capture: &CaptureNotes) -> String {
    let zone = capture.time_zone.as_ref().map(|zone| format!("times read as local time of {zone}"));
    let notes: String = capture.notes.iter().chain(&zone).map(|note| format!("<li>{}</li>", html(note))).collect();
    let notes = if notes.is_empty() { "none".to_owned() } else { format!("<ul>{notes}</ul>") };
    format!(
        "<td class=\"number\">{}</td><th scope=\"row\"><code>{}</code></th><td>{}</td>\
         <td class=\"number\">{}</td><td class=\"number\">{}</td><td>{notes}</td>",
        capture.number + 1,
        html(&capture.label),
        capture.format.unwrap_or("unreadable"),
        number(capture.frames),
        number(capture.sessions),
    )
}
