//! The frame of the page: its head with the policy, its sections in order, its script.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{PreEscaped, html};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Html, chart, findings, relays, sections};
use crate::report::escape::SafeJson;
use crate::report::model::TOOL;
use crate::report::run::Run;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = concat!(include_str!("session.js"), include_str!("list.js"), include_str!("relays.js"));

/// A hash as a Content Security Policy names it.
pub(super) fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What the script has to know beside the sessions.
#[derive(Serialize)]
struct About<'a> {
    /// How many captures there are: of several, the number of a session begins with that of its capture.
    captures: u64,
    causes: Vec<(&'static str, &'static str)>,
    /// The number of each finding that is described, and what it is.
    findings: Vec<(usize, String)>,
    /// When each bar of the picture begins, and when the last one ends: `2003-04-15 12:00:00`.
    bars: Vec<String>,
    /// The zone of the times.
    zone: &'a str,
}

/// Writes the whole page.
pub(super) fn write(page: &mut Html<'_>, run: &Run, out: &mut impl Write) -> io::Result<()> {
    // A browser reads a line end as LF, and so hashes it.
    let (style, script) = (STYLE.replace("\r\n", "\n"), SCRIPT.replace("\r\n", "\n"));
    let listed = page.lost.len() + page.others_listed();
    let title = sections::headline(run.totals.summary());
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash_source(&style),
        hash_source(&script),
    );
    let head = html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            link rel="icon" href="data:,";
            title { (title) " - ehlotrace" }
            style { (PreEscaped(style)) }
        }
    };
    let body = html! {
        header { h1 { (title) } (sections::introduction(run)) }
        main {
            (sections::totals(&run.totals))
            (chart::section(run))
            (findings::section(run))
            (relays::section(run))
            (sections::tickets(run))
            (sections::never_started(run))
            (sections::sessions(&page.plain_rows, run, listed))
            (sections::notes(run))
        }
        footer { p { "Written by " (TOOL) "." } }
    };
    let head = head.into_string();
    write!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n{head}\n<body>\n{}\n", body.into_string())?;
    out.write_all(b"<script type=\"application/json\" id=\"about-data\">")?;
    out.write_all(&about(run)?)?;
    out.write_all(b"</script>\n<script type=\"application/json\" id=\"session-data\">")?;
    page.write_sessions(out)?;
    write!(out, "</script>\n<script>{script}</script>\n</body>\n</html>\n")
}

fn about(run: &Run) -> io::Result<Vec<u8>> {
    let about = About {
        captures: run.totals.summary().captures,
        causes: run.totals.summary().causes().iter().map(|(rule, _)| (rule.code, rule.title)).collect(),
        findings: findings::names(run),
        bars: chart::times(run),
        zone: run.options.zone.name(),
    };
    let mut json = Vec::new();
    about.serialize(&mut serde_json::Serializer::with_formatter(&mut json, SafeJson { in_script: true }))?;
    Ok(json)
}
