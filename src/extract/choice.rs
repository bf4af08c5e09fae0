//! Which sessions are extracted, and what is kept of each until its frames are written.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use crate::diagnosis::{Diagnosis, EvidenceKind, Outcome, Rule};
use crate::report::evidence;
use crate::session::Session;
use crate::smtp::{Spans, Verb};
use crate::time::FrameNumber;

/// Which sessions to extract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The lost ones.
    Lost,
    /// All.
    All,
    /// Those with these numbers ([`Session::number`]).
    Numbers(Vec<RangeInclusive<u64>>),
    /// Those lost to one of these causes.
    Causes(Vec<&'static Rule>),
}

impl Choice {
    fn takes(&self, session: &Session, diagnosis: &Diagnosis) -> bool {
        match self {
            Self::Lost => diagnosis.outcome == Outcome::Lost,
            Self::All => true,
            Self::Numbers(ranges) => ranges.iter().any(|range| range.contains(&session.number)),
            Self::Causes(rules) => diagnosis.cause.is_some_and(|rule| rules.contains(&rule)),
        }
    }
}

/// The sessions chosen so far, bounded.
#[derive(Debug)]
pub(super) struct Chosen {
    choice: Choice,
    most: usize,
    pub(super) sessions: BTreeMap<u64, Kept>,
    pub(super) left_out: u64,
}

impl Chosen {
    pub(super) fn new(choice: &Choice, most: usize) -> Self {
        Self { choice: choice.clone(), most, sessions: BTreeMap::new(), left_out: 0 }
    }

    pub(super) fn take(&mut self, session: Session, diagnosis: Diagnosis) {
        if !self.choice.takes(&session, &diagnosis) {
            return;
        }
        if self.sessions.len() < self.most {
            self.sessions.insert(session.number, Kept::new(session, diagnosis));
        } else {
            self.left_out += 1;
        }
    }
}

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
    /// What its frames show.
    pub(super) findings: BTreeMap<FrameNumber, Vec<EvidenceKind>>,
    /// Command lines that name mailboxes.
    pub(super) mailboxes: Vec<Box<[u8]>>,
    pub(super) client_spans: Spans,
    pub(super) server_spans: Spans,
}

impl Kept {
    fn new(session: Session, diagnosis: Diagnosis) -> Self {
        let verdict = evidence::verdict(&diagnosis);
        let mut findings: BTreeMap<FrameNumber, Vec<EvidenceKind>> = BTreeMap::new();
        for shown in diagnosis.evidence {
            findings.entry(shown.frame).or_default().push(shown.kind);
        }
        let transcript = session.transcript;
        let commands = transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
        let naming = commands.filter(|command| matches!(command.verb, Verb::Mail | Verb::Rcpt));
        Self {
            first: session.first.frame,
            last: session.last.frame,
            client: session.client,
            server: session.server,
            verdict,
            findings,
            mailboxes: naming
                .map(|command| command.line.get(..NAMING_OCTETS).unwrap_or(&command.line).into())
                .collect(),
            client_spans: transcript.client_spans,
            server_spans: transcript.server_spans,
        }
    }
}
