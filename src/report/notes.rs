//! What a reader has to know about the captures to trust a report, and what is worth a second look.

use super::{CaptureReport, CaptureSource, escape, words};
use crate::diagnosis::{Diagnosis, Outcome};
use crate::session::Session;
use crate::smtp::{Hello, Reply};

/// The capture being read.
#[derive(Default)]
pub(super) struct Current {
    label: String,
    gap_octets: u64,
    gap_sessions: u64,
    unread_octets: u64,
    unread_sessions: u64,
}

/// What is to say about a capture. All of it is safe on a terminal.
pub(super) struct CaptureNotes {
    /// Its path, and the member of the archive.
    pub(super) label: String,
    /// Sentences without a full stop.
    pub(super) notes: Vec<String>,
}

impl Current {
    /// A capture of which nothing was read yet.
    pub(super) fn new(source: &CaptureSource) -> Self {
        let path = escape::text(source.path.as_bytes());
        let label = match &source.member {
            Some(member) => format!("{path}: {}", escape::text(member.as_bytes())),
            None => path,
        };
        Self { label, ..Self::default() }
    }

    /// Counts what the capture lacks of a session.
    pub(super) fn session(&mut self, session: &Session) {
        let gap_octets = session.anomalies.gap_octets;
        self.gap_octets = self.gap_octets.saturating_add(gap_octets);
        self.gap_sessions += u64::from(gap_octets > 0);
        let unread_octets = session.transcript.unread_client_octets;
        self.unread_octets = self.unread_octets.saturating_add(unread_octets);
        self.unread_sessions += u64::from(unread_octets > 0);
    }

    /// What is to say about it, now that it was read.
    pub(super) fn end(self, report: &CaptureReport) -> CaptureNotes {
        let mut notes = Vec::new();
        if let Some(error) = &report.error {
            notes.push(error.to_string());
        }
        if let Some(info) = &report.info {
            notes.extend(info.notes.iter().cloned());
            if info.dropped > 0 {
                notes.push(format!("the capturing program lost {}", words::count(info.dropped, "packet")));
            }
        }
        for (reason, frames) in &report.undecoded {
            notes.push(format!("{} not decoded: {reason}", words::count(*frames, "frame")));
        }
        if self.gap_sessions > 0 {
            let (octets, sessions) =
                (words::count(self.gap_octets, "octet"), words::count(self.gap_sessions, "session"));
            notes.push(format!("the capture lacks {octets} in {sessions}"));
        }
        if self.unread_sessions > 0 {
            let (octets, sessions) =
                (words::count(self.unread_octets, "octet"), words::count(self.unread_sessions, "session"));
            notes.push(format!("{octets} in {sessions} not read: too many before the reply that tells what they are"));
        }
        let notes = notes.iter().map(|note| escape::text(note.as_bytes())).collect();
        CaptureNotes { label: self.label, notes }
    }
}

/// Delivered sessions that greeted with a malformed name.
#[derive(Default)]
pub(super) struct Warnings {
    tolerated: u64,
    recovered: u64,
    refused: u64,
}

impl Warnings {
    /// Counts a session.
    pub(super) fn session(&mut self, session: &Session, diagnosis: &Diagnosis) {
        let transcript = &session.transcript;
        let malformed: Vec<_> = transcript.hellos.iter().filter(|hello| !hello.check.is_well_formed()).collect();
        if diagnosis.outcome != Outcome::Delivered || malformed.is_empty() {
            return;
        }
        let is_refused = |hello: &&Hello| transcript.hello_reply(hello).is_some_and(Reply::is_refusal);
        let kind = if diagnosis.recovered {
            &mut self.recovered
        } else if malformed.iter().all(is_refused) {
            &mut self.refused
        } else {
            &mut self.tolerated
        };
        *kind += 1;
    }

    /// Sentences without a full stop; none where there is nothing to warn of.
    pub(super) fn sentences(&self) -> Vec<String> {
        let counted = [
            (self.tolerated, "greeted with a malformed name that this server accepts and others will not"),
            (self.recovered, "greeted with a malformed name first, and again after the refusal"),
            (self.refused, "sent a malformed hello, too, which this server refused"),
        ];
        let said = counted.iter().filter(|(sessions, _)| *sessions > 0);
        said.map(|(sessions, what)| format!("{} {what}", words::count(*sessions, "delivered session"))).collect()
    }
}
