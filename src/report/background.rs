//! What stands behind a session, in words: its TLS handshake and the lookups that led to it; and the deliveries that never
//! started, because a name was looked up in vain.

use std::net::SocketAddr;

use super::Summary;
use super::escape;
use super::words::{count, span};
use crate::dns::{FailedLookup, LookupStep};
use crate::scan::CaptureReport;
use crate::session::Session;
use crate::smtp::{ProxyContent, ProxyRequest};

/// Columns of a name.
const NAME_COLUMNS: usize = 100;
/// Columns of an answer.
const ANSWER_COLUMNS: usize = 240;

/// `TLS 1.3 for mx.example.net`, with what went wrong; none without a hello or an alert. Safe on a terminal.
pub(super) fn tls(session: &Session) -> Option<String> {
    let tls = &session.transcript.tls;
    let version = match (&tls.server_hello, &tls.client_hello) {
        (Some(hello), _) => hello.version.to_string(),
        (None, Some(hello)) => format!("{} offered", hello.version),
        (None, None) => "TLS".to_owned(),
    };
    let name = server_name(session).map(|name| format!(" for {name}")).unwrap_or_default();
    let alert = alert(session).map(|alert| format!(", {alert}")).unwrap_or_default();
    let is_known = tls.server_hello.is_some() || tls.client_hello.is_some() || !alert.is_empty();
    is_known.then(|| format!("{version}{name}{alert}"))
}

/// An end of a connection; of one whose port is not known the address.
pub(super) fn end(end: SocketAddr) -> String {
    if end.port() == 0 { end.ip().to_string() } else { end.to_string() }
}

/// `a PROXY header, version 1: for 203.0.113.9:40000, which connected to 192.0.2.25:25`.
pub(super) fn proxy_header(version: u8, content: ProxyContent) -> String {
    let says = match content {
        ProxyContent::Ends { client, server } => format!("for {client}, which connected to {server}"),
        ProxyContent::Local => "for the proxy itself".to_owned(),
        ProxyContent::Unknown => "without addresses".to_owned(),
        ProxyContent::Malformed => "malformed".to_owned(),
        ProxyContent::Cut => "cut".to_owned(),
    };
    format!("a PROXY header, version {version}: {says}")
}

/// `a request to a SOCKS 5 proxy for mx.example.net:25, which it granted`. Safe on a terminal.
pub(super) fn proxy_request(request: &ProxyRequest) -> String {
    let port = request.port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = request.host.as_deref().map(|host| format!(" for {}{port}", escape::line(host, NAME_COLUMNS)));
    let answer = match request.answer {
        Some((_, true)) => ", which it granted",
        Some((_, false)) => ", which it refused",
        None => ", which it did not answer",
    };
    format!("a request to a {} proxy{}{answer}", request.kind.name(), host.unwrap_or_default())
}

/// `client did not wait for the greeting: it came 120 ms after the client's first command`.
pub(super) fn early_talk(not_waited_ns: Option<i64>) -> String {
    let later = not_waited_ns.map(|waited| format!(" {}", span(waited))).unwrap_or_default();
    format!("client did not wait for the greeting: it came{later} after the client's first command")
}

/// The host name in the ClientHello.
pub(super) fn server_name(session: &Session) -> Option<String> {
    let hello = session.transcript.tls.client_hello.as_ref()?;
    hello.server_name.as_deref().map(|name| escape::line(name, NAME_COLUMNS))
}

/// `server sent alert handshake_failure`; none if the alerts only say goodbye.
pub(super) fn alert(session: &Session) -> Option<String> {
    let alerts = session.transcript.tls.alerts().filter(|(_, alert)| !alert.is_close_notify());
    let said: Vec<String> = alerts.map(|(sender, alert)| format!("{sender} sent alert {}", alert.name())).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// `MX of example.net`: what the client looked up first to come to the server.
pub(super) fn found_by(session: &Session) -> Option<String> {
    let step = session.lookup.as_ref()?.steps.first()?;
    Some(question(step))
}

fn question(step: &LookupStep) -> String {
    format!("{} of {}", step.record_type, escape::line(step.name.as_bytes(), NAME_COLUMNS))
}

/// `MX of example.net: 10 mx.example.net`.
pub(super) fn lookup(step: &LookupStep) -> String {
    let answer = escape::line(step.answer.as_bytes(), ANSWER_COLUMNS);
    format!("{}: {answer}", question(step))
}

/// The deliveries that never started, of all captures.
#[derive(Debug)]
pub(super) struct NeverStarted {
    most: usize,
    pub(super) listed: Vec<NotStarted>,
    omitted: u64,
    forgotten: u64,
}

/// One of them.
#[derive(Debug)]
pub(super) struct NotStarted {
    /// The number of its capture, counted from 0.
    pub(super) capture: usize,
    pub(super) failed: FailedLookup,
}

impl NeverStarted {
    /// At most `most` are listed.
    pub(super) const fn new(most: usize) -> Self {
        Self { most, listed: Vec::new(), omitted: 0, forgotten: 0 }
    }

    /// Takes over those of the capture with this number.
    pub(super) fn capture_end(&mut self, capture: usize, report: &CaptureReport) {
        let lookups = &report.failed_lookups;
        self.forgotten = self.forgotten.saturating_add(lookups.forgotten);
        self.omitted = self.omitted.saturating_add(lookups.omitted);
        for failed in &lookups.listed {
            if self.listed.len() < self.most {
                self.listed.push(NotStarted { capture, failed: failed.clone() });
            } else {
                self.omitted += 1;
            }
        }
    }

    /// `Deliveries that never started: 3`; none without one.
    pub(super) fn title(&self, summary: &Summary) -> Option<String> {
        (summary.never_started > 0).then(|| format!("Deliveries that never started: {}", summary.never_started))
    }

    /// Sentences on what is not listed.
    pub(super) fn remarks(&self, all: &str) -> Vec<String> {
        let omitted = (self.omitted > 0).then(|| format!("And {}: {all}.", count(self.omitted, "more lookup")));
        let forgotten = (self.forgotten > 0).then(|| {
            format!("{} no longer followed, because there were too many.", count(self.forgotten, "unanswered lookup"))
        });
        omitted.into_iter().chain(forgotten).collect()
    }
}

/// What the section is about.
pub(super) const NEVER_STARTED: &str =
    "The client looked up the name of a mail server, did not find it, and opened no connection.";

impl NotStarted {
    /// `frames 5 and 6`.
    pub(super) fn frames(&self) -> String {
        let (asked, answered) = (self.failed.moment.frame, self.failed.answered.map(|moment| moment.frame));
        match answered.filter(|answered| *answered != asked) {
            Some(answered) => format!("frames {asked} and {answered}"),
            None => format!("frame {asked}"),
        }
    }

    /// `MX of exmaple.net`.
    pub(super) fn question(&self) -> String {
        let name = escape::line(self.failed.name.as_bytes(), NAME_COLUMNS);
        format!("{} of {name}", self.failed.record_type)
    }

    /// What came of it.
    pub(super) fn why(&self) -> String {
        let checks =
            if self.failed.is_server_too { "; this host receives mail, so it may have checked a sender" } else { "" };
        format!("{}{checks}", self.failed.why.text())
    }
}
