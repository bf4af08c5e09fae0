//! One session as the page has it. Every text is safe to show as it is.

use serde::Serialize;

use super::events::{Event, events};
use crate::diagnosis::Diagnosis;
use crate::report::model::{DisplayFilter, rfc3339};
use crate::report::table::row;
use crate::report::{background, escape, product_name};
use crate::session::Session;
use crate::smtp::Hello;
use crate::smtp::ehlo::split_argument;

/// One session.
#[derive(Serialize)]
pub(super) struct PageSession {
    pub(super) capture: usize,
    pub(super) number: u64,
    pub(super) client: String,
    pub(super) server: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<String>,
    /// RFC 3339, UTC.
    pub(super) opened: String,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    recovered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hello: Option<PageHello>,
    pub(super) answer: String,
    evidence: Vec<(u64, String)>,
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
    filter: String,
    /// What other tools know it by, its TLS and the lookups that led to it: each a label and a text.
    facts: Vec<(&'static str, String)>,
    events: Vec<Event>,
}

/// The hello the verdict is about, its fault apart.
#[derive(Serialize)]
pub(super) struct PageHello {
    /// The verb, and the argument up to its fault.
    pub(super) before: String,
    /// The character at fault; empty where something is missing, or nothing is wrong.
    pub(super) mark: String,
    pub(super) after: String,
    /// What is wrong; empty where nothing is.
    pub(super) problem: String,
}

/// Columns a line of the capture may have on the page.
const LINE_COLUMNS: usize = 512;
/// Octets shown of an argument on either side of its fault.
const ARGUMENT_OCTETS: usize = 120;

/// `octets` as a line of the page.
pub(super) fn shown(octets: &[u8]) -> String {
    // One character has at most four octets, so no more than these can fit.
    let kept = octets.get(..4 * LINE_COLUMNS).unwrap_or(octets);
    escape::cut(&escape::text(kept), LINE_COLUMNS)
}

impl PageSession {
    /// What the page says of `session` of the capture with this number.
    pub(super) fn new(capture: usize, session: &Session, diagnosis: &Diagnosis) -> Self {
        let hello = row::decisive_hello(session, diagnosis);
        let evidence = diagnosis.evidence.iter();
        Self {
            capture,
            number: session.number,
            client: session.client.to_string(),
            server: session.server.to_string(),
            product: product_name(&session.product).map(|name| shown(name.as_bytes())),
            opened: rfc3339(session.first.time).as_str().to_owned(),
            first: session.first.frame,
            last: session.last.frame,
            outcome: diagnosis.outcome.code(),
            cause: diagnosis.cause.map(|rule| rule.code),
            fault: diagnosis.fault.map(|fault| fault.code()),
            confidence: diagnosis.confidence.map(|confidence| confidence.code()),
            recovered: diagnosis.recovered,
            hello: hello.and_then(|hello| PageHello::new(session, hello)),
            answer: row::answer(session, diagnosis, hello),
            evidence: evidence.map(|evidence| (evidence.frame, shown(evidence.text.as_bytes()))).collect(),
            remedy: escape::text(diagnosis.remedy.as_bytes()),
            filter: DisplayFilter::new(session).to_string(),
            facts: facts(session),
            events: events(session, diagnosis),
        }
    }
}

fn facts(session: &Session) -> Vec<(&'static str, String)> {
    let lookups = session.lookup.iter().flat_map(|lookup| &lookup.steps);
    let mut facts: Vec<_> = lookups.map(|step| ("Looked up", background::lookup(step))).collect();
    facts.extend(background::tls(session).map(|tls| ("TLS", tls)));
    facts.extend(session.tcp_stream.map(|number| ("Wireshark stream", format!("tcp.stream == {number}"))));
    facts.push(("Community ID", session.community_id()));
    facts
}

impl PageHello {
    fn new(session: &Session, hello: &Hello) -> Option<Self> {
        let command = session.transcript.hello_command(hello)?;
        let argument = split_argument(command.after_verb()).octets;
        let verb = escape::text(command.verb_name().as_bytes());
        let Some(first) = hello.check.problems.first() else {
            let before = format!("{verb} {}", shown(argument)).trim_end().to_owned();
            return Some(Self { before, mark: String::new(), after: String::new(), problem: String::new() });
        };
        let (before, rest) = argument.split_at_checked(first.offset).unwrap_or((argument, &[]));
        let (mark, after) = rest.split_at_checked(character_octets(rest)).unwrap_or((rest, &[]));
        let skipped = before.len().saturating_sub(ARGUMENT_OCTETS);
        let lead = if skipped > 0 { escape::ELLIPSIS } else { "" };
        let problems: Vec<String> = hello.check.problems.iter().map(|problem| problem.message(argument)).collect();
        Some(Self {
            before: format!("{verb} {lead}{}", escape::text(before.get(skipped..).unwrap_or_default())),
            mark: escape::text(mark),
            after: escape::cut(&escape::text(after), ARGUMENT_OCTETS),
            problem: shown(problems.join(", ").as_bytes()),
        })
    }
}

/// Octets of the first character, or 1 where there is none.
fn character_octets(octets: &[u8]) -> usize {
    let first = octets.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    first.map_or(1, char::len_utf8).min(octets.len())
}
