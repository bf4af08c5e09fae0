//! One session as the page has it. Every text is safe to show as it is.

use std::net::IpAddr;

use serde::Serialize;

use super::events::{Event, events};
use crate::report::command::Missing;
use crate::report::digest::{Digest, ShownHello};
use crate::report::handover::Handover;
use crate::report::model::{DisplayFilter, rfc3339};
use crate::report::relay::client_of;
use crate::report::{advice, background, community_id, escape, recovery, words};
use crate::time::Zone;

/// One session.
#[derive(Serialize)]
pub(super) struct PageSession {
    pub(super) capture: usize,
    /// Where that came from.
    pub(super) source: String,
    /// The number of its ticket.
    ticket: usize,
    pub(super) number: u64,
    /// The number of the finding that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<usize>,
    /// Client and server as relays are listed.
    relay: String,
    pub(super) client: String,
    pub(super) server: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<String>,
    /// RFC 3339, UTC.
    opened: String,
    /// The same on a clock of the reader's zone, `1999-08-28 13:32:00.120`; only where that is not UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<String>,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<&'static str>,
    /// Its code, and what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<(&'static str, &'static str)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_later: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    /// How it got past a refused hello, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hello: Option<PageHello>,
    pub(super) answer: String,
    evidence: Vec<(u64, String)>,
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
    filter: String,
    /// What to hand on, a label and a text each; nothing if it was not lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handover: Vec<(&'static str, String)>,
    /// Why a command is missing there.
    #[serde(skip_serializing_if = "Option::is_none")]
    handover_note: Option<&'static str>,
    /// What other tools know it by, its TLS and the lookups that led to it: each a label and a text.
    facts: Vec<(&'static str, String)>,
    events: Vec<Event>,
}

/// The hello the verdict is about, its fault apart.
#[derive(Default, Serialize)]
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
    escape::line(octets, LINE_COLUMNS)
}

impl PageSession {
    /// What the page says of this session, its time also in `zone`.
    pub(super) fn new(digest: &Digest<'_>, zone: &Zone) -> Self {
        let Digest { session, diagnosis, .. } = *digest;
        let opened = session.first.time;
        let (handover, handover_note) = handover(digest, zone);
        let local = || format!("{} {}", words::date(opened, zone), words::time_of_day(opened, zone));
        Self {
            capture: digest.capture,
            source: shown(digest.source.to_string().as_bytes()),
            ticket: digest.source.ticket.number,
            number: session.number,
            finding: digest.finding,
            relay: relay_key(digest.source.ticket.number, client_of(session), session.server.ip()),
            client: session.client.to_string(),
            server: session.server.to_string(),
            product: digest.product().map(|name| shown(name.as_bytes())),
            opened: rfc3339(opened).as_str().to_owned(),
            local: (!zone.is_utc()).then(local),
            first: session.first.frame,
            last: session.last.frame,
            outcome: diagnosis.outcome.code(),
            cause: diagnosis.cause.map(|rule| rule.code),
            reason: diagnosis.reason.map(|reason| (reason.code, reason.title)),
            delivered_later: diagnosis.delivered_later,
            fault: diagnosis.fault.map(|fault| fault.code()),
            confidence: diagnosis.confidence.map(|confidence| confidence.code()),
            recovered: recovery::text(session, diagnosis),
            hello: digest.hello.as_ref().map(PageHello::new),
            answer: digest.answer(),
            evidence: digest.evidence().collect(),
            remedy: advice::remedy(diagnosis),
            filter: DisplayFilter::new(session).to_string(),
            handover,
            handover_note,
            facts: facts(digest),
            events: events(session, diagnosis),
        }
    }
}

/// By what the sessions of a relay are known on the page: ticket, client and server.
pub(super) fn relay_key(ticket: usize, client: IpAddr, server: IpAddr) -> String {
    format!("{}:{client}-{server}", ticket + 1)
}

impl PageSession {
    /// When it was opened, to the second, on a clock of the reader's zone: `1999-08-28 13:32:00`.
    pub(super) fn opened_there(&self) -> String {
        let shown = self.local.as_ref().unwrap_or(&self.opened);
        shown.get(..19).unwrap_or_default().replace('T', " ")
    }
}

/// What to hand on, and why a command is missing.
fn handover(digest: &Digest<'_>, zone: &Zone) -> (Vec<(&'static str, String)>, Option<&'static str>) {
    let Some(Handover { paragraph, retry }) = Handover::new(digest, zone) else { return (Vec::new(), None) };
    let note = retry.missing.map(Missing::text).or(retry.no_swaks);
    let with_swaks = retry.swaks.map(|command| ("Command with swaks", command));
    let plain = retry.plain.map(|command| ("Command without swaks", command));
    let texts = [("Paragraph", paragraph.plain())].into_iter().chain(with_swaks).chain(plain);
    (texts.collect(), note)
}

fn facts(digest: &Digest<'_>) -> Vec<(&'static str, String)> {
    let session = digest.session;
    let proxied = session.transcript.proxy.as_deref();
    let proxied = proxied.map(|header| ("Proxy", background::proxy_header(header.version, header.content)));
    let request = session.transcript.proxy_request.as_deref();
    let request = request.map(|request| ("Proxy", background::proxy_request(request)));
    let mut facts: Vec<_> = proxied.into_iter().chain(request).collect();
    facts.extend(digest.lookups().map(|lookup| ("Looked up", lookup)));
    facts.extend(background::tls(session).map(|tls| ("TLS", tls)));
    facts.extend(session.tcp_stream.map(|number| ("Wireshark stream", format!("tcp.stream == {number}"))));
    let remarks = digest.diagnosis.remarks.iter();
    facts.extend(remarks.map(|(frame, remark)| ("Remark", format!("{} (frame {frame})", remark.title()))));
    facts.push(("Community ID", community_id(session.client, session.server)));
    facts
}

impl PageHello {
    fn new(hello: &ShownHello<'_>) -> Self {
        let argument = hello.argument;
        let verb = hello.command.verb_name();
        let Some(first) = hello.check.problems.first() else {
            let before = format!("{verb} {}", shown(argument)).trim_end().to_owned();
            return Self { before, ..Self::default() };
        };
        let (before, rest) = argument.split_at_checked(first.offset).unwrap_or((argument, &[]));
        let (mark, after) = rest.split_at_checked(character_octets(rest)).unwrap_or((rest, &[]));
        let skipped = before.len().saturating_sub(ARGUMENT_OCTETS);
        let lead = if skipped > 0 { escape::ELLIPSIS } else { "" };
        Self {
            before: format!("{verb} {lead}{}", escape::text(before.get(skipped..).unwrap_or_default())),
            mark: escape::text(mark),
            after: escape::cut(&escape::text(after), ARGUMENT_OCTETS),
            problem: shown(hello.problems().as_bytes()),
        }
    }
}

/// Octets of the first character, or 1 where there is none.
fn character_octets(octets: &[u8]) -> usize {
    let first = octets.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    first.map_or(1, char::len_utf8).min(octets.len())
}
