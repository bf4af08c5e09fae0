//! What is kept of a session until its frames are written.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::ops::Range;

use crate::diagnosis::{Diagnosis, EvidenceKind};
use crate::flow::{Direction, Seen};
use crate::report::evidence;
use crate::session::{FrameContent, Session, SessionFrame};
use crate::smtp::{Names, Spans, Transcript};
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
    /// Command lines whose end is missing.
    pub(super) cut: HashSet<Box<[u8]>>,
    client_seen: Seen,
    server_seen: Seen,
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
            cut: cut_lines(&transcript),
            names: transcript.names,
            client_spans: transcript.client_spans,
            server_spans: transcript.server_spans,
            client_seen: Seen::default(),
            server_seen: Seen::default(),
        }
    }

    /// What of the next frame's payload was seen before: parts of it, ascending.
    pub(super) fn repeated(&mut self, frame: &SessionFrame<'_>) -> Vec<Range<u64>> {
        let FrameContent::Segment(segment, followed) = frame.content else { return Vec::new() };
        let Some(offset) = followed.offset else { return Vec::new() };
        let seen = match followed.direction {
            Direction::ClientToServer => &mut self.client_seen,
            Direction::ServerToClient => &mut self.server_seen,
        };
        seen.note(offset, u64::from(segment.payload_wire_len))
    }
}

fn cut_lines(transcript: &Transcript) -> HashSet<Box<[u8]>> {
    let commands = transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
    commands.filter(|command| command.is_cut).map(|command| command.line.clone()).collect()
}
