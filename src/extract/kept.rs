//! What is kept of a session until its frames are written.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::diagnosis::Diagnosis;
use crate::report::escape;
use crate::session::Session;
use crate::smtp::{Spans, Transcript, Verb};
use crate::time::FrameNumber;

/// Octets kept of a command line that names a mailbox: all that RFC 5321 4.5.3.1.4 allows.
const NAMING_OCTETS: usize = 512;

/// What is kept of a session.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) first: FrameNumber,
    pub(super) last: FrameNumber,
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    /// What became of it, in words.
    pub(super) verdict: String,
    /// What its frames show; octets of the capture among it.
    pub(super) findings: BTreeMap<FrameNumber, Vec<String>>,
    /// Command lines that name mailboxes.
    pub(super) mailboxes: Vec<Box<[u8]>>,
    pub(super) client_spans: Spans,
    pub(super) server_spans: Spans,
}

impl Kept {
    pub(super) fn new(session: Session, diagnosis: &Diagnosis) -> Self {
        let findings = findings(&session, diagnosis);
        let transcript = session.transcript;
        let commands = transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
        let naming = commands.filter(|command| matches!(command.verb, Verb::Mail | Verb::Rcpt));
        Self {
            first: session.first.frame,
            last: session.last.frame,
            client: session.client,
            server: session.server,
            verdict: verdict(diagnosis),
            findings,
            mailboxes: naming
                .map(|command| command.line.get(..NAMING_OCTETS).unwrap_or(&command.line).into())
                .collect(),
            client_spans: transcript.client_spans,
            server_spans: transcript.server_spans,
        }
    }
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let confidence = diagnosis.confidence.map(|confidence| format!(" ({})", confidence.code())).unwrap_or_default();
    let outcome = diagnosis.outcome.code();
    match diagnosis.cause {
        Some(rule) => format!("{outcome}{confidence}: {}: {}", rule.code, rule.title),
        None => format!("{outcome}{confidence}"),
    }
}

/// What a diagnosis rests on, frame by frame; at a malformed hello with the rules it breaks.
fn findings(session: &Session, diagnosis: &Diagnosis) -> BTreeMap<FrameNumber, Vec<String>> {
    let mut findings: BTreeMap<FrameNumber, Vec<String>> = BTreeMap::new();
    for evidence in &diagnosis.evidence {
        let is_hello = evidence.text.contains(" argument");
        let rules = rules_broken(&session.transcript, evidence.frame).filter(|_| is_hello);
        let text = match rules {
            Some(rules) => format!("{} ({rules})", evidence.text),
            None => evidence.text.clone(),
        };
        findings.entry(evidence.frame).or_default().push(escape::text(text.as_bytes()));
    }
    findings
}

/// The sections that the malformed hello in this frame breaks.
fn rules_broken(transcript: &Transcript, frame: FrameNumber) -> Option<String> {
    let hello = transcript.hellos.iter().find(|hello| {
        let command = transcript.hello_command(hello);
        !hello.check.is_well_formed() && command.is_some_and(|command| command.moment.frame == frame)
    })?;
    let mut rules: Vec<&str> = hello.check.problems.iter().map(|problem| problem.code.reference()).collect();
    rules.sort_unstable();
    rules.dedup();
    Some(rules.join(", "))
}
