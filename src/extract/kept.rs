//! What is kept of a session until its frames are written.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::diagnosis::{Diagnosis, EvidenceKind};
use crate::report::evidence;
use crate::session::Session;
use crate::smtp::{Names, Spans};
use crate::time::FrameNumber;

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
    /// What its client named.
    pub(super) names: Names,
    pub(super) client_spans: Spans,
    pub(super) server_spans: Spans,
}

impl Kept {
    pub(super) fn new(session: Session, diagnosis: &Diagnosis) -> Self {
        let verdict = evidence::verdict(diagnosis);
        let mut findings: BTreeMap<FrameNumber, Vec<EvidenceKind>> = BTreeMap::new();
        for shown in &diagnosis.evidence {
            findings.entry(shown.frame).or_default().push(shown.kind.clone());
        }
        let transcript = session.transcript;
        Self {
            first: session.first.frame,
            last: session.last.frame,
            client: session.client,
            server: session.server,
            verdict,
            findings,
            names: transcript.names,
            client_spans: transcript.client_spans,
            server_spans: transcript.server_spans,
        }
    }
}
