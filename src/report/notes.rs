//! What a reader has to know about the captures to trust a report, and what is worth a second look.

use std::collections::BTreeMap;

use super::{escape, recovery, words};
use crate::diagnosis::{Diagnosis, Outcome, Remark, Stage};
use crate::scan::{CaptureReport, CaptureSource, CopyOf, OtherPorts};
use crate::session::Session;
use crate::smtp::{Hello, Reply, Verb};

/// The captures of a run: the one being read, and what is to say about those before it.
#[derive(Default)]
pub(super) struct Captures {
    most: usize,
    source: CaptureSource,
    missing: Missing,
    is_listed: bool,
    /// Whether a capture had SMTP on other ports that were not followed.
    pub(super) names_ports: bool,
    /// Sessions listed of all captures, and of those before the one being read.
    listed: usize,
    listed_before: usize,
    /// In order; of those with nothing to say about so many at most, and as many of the others.
    pub(super) kept: Vec<CaptureNotes>,
    kept_telling: usize,
    /// How many are not kept.
    pub(super) omitted: u64,
    /// Of these, those with something to say about.
    pub(super) omitted_telling: u64,
    /// Captures that were read, to their end or to damage.
    pub(super) readable: u64,
    /// Packets in them.
    pub(super) frames: u64,
}

/// What the capture being read lacks: octets, and the sessions that lack them.
#[derive(Default)]
struct Missing {
    gaps: Octets,
    unread: Octets,
    /// Sessions in another protocol than SMTP, by its name.
    other_protocols: BTreeMap<&'static str, u64>,
}

#[derive(Default)]
struct Octets(u64, u64);

impl Octets {
    fn add(&mut self, octets: u64) {
        *self = Self(self.0.saturating_add(octets), self.1 + u64::from(octets > 0));
    }

    /// `12 octets in 1 session`; none where there are none.
    fn text(&self) -> Option<String> {
        (self.1 > 0).then(|| format!("{} in {}", words::count(self.0, "byte"), words::count(self.1, "session")))
    }
}

/// What is to say about a capture. All of it is safe on a terminal.
pub(super) struct CaptureNotes {
    /// Its number, counted from 0.
    pub(super) number: usize,
    /// Its path, and the member of the archive.
    pub(super) label: String,
    /// Sentences without a full stop.
    pub(super) notes: Vec<String>,
    /// None where it could not be read.
    pub(super) format: Option<&'static str>,
    pub(super) frames: u64,
    /// None of a copy: they are counted where the original is.
    pub(super) sessions: u64,
    pub(super) time_zone: Option<String>,
}

impl CaptureNotes {
    /// `Capture 2: tickets/4711/a.pcap`.
    pub(super) fn title(&self) -> String {
        format!("Capture {}: {}", self.number + 1, self.label)
    }
}

impl Captures {
    /// None so far; this many are kept.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Another one is opened.
    pub(super) fn begin(&mut self, source: &CaptureSource) {
        (self.source, self.missing, self.is_listed) = (source.clone(), Missing::default(), false);
        self.listed_before = self.listed;
    }

    /// Where the one being read comes from.
    pub(super) const fn source(&self) -> &CaptureSource {
        &self.source
    }

    /// Counts what the capture lacks of a session.
    pub(super) fn session(&mut self, session: &Session, diagnosis: &Diagnosis, is_listed: bool) {
        if let Some(name) = diagnosis.other_protocol().filter(|_| diagnosis.outcome == Outcome::NotSmtp) {
            *self.missing.other_protocols.entry(name).or_default() += 1;
        }
        self.missing.gaps.add(session.anomalies.gap_octets);
        self.missing.unread.add(session.transcript.unread_client_octets);
        // Rows are bounded, and those of the first captures are kept.
        self.is_listed |= is_listed && self.listed < self.most;
        self.listed += usize::from(is_listed);
    }

    /// The capture was read. Gives what is to say about it, in sentences without a full stop.
    pub(super) fn end(&mut self, number: usize, report: &CaptureReport) -> Vec<String> {
        let notes: Vec<String> = if let Some(original) = &report.copy_of {
            (self.listed, self.is_listed) = (self.listed_before, false);
            let error = report.error.as_ref().map(ToString::to_string);
            let notes = [copy_of(original)].into_iter().chain(error);
            notes.map(|note| escape::text(note.as_bytes())).collect()
        } else {
            self.names_ports |= !report.other_ports.found.is_empty() && !report.other_ports.are_followed;
            self.readable += u64::from(report.info.is_some());
            self.frames = self.frames.saturating_add(report.info.as_ref().map_or(0, |info| info.frames));
            self.missing.notes(report)
        };
        // A capture with rows needs its name.
        let is_named = self.is_listed || report.failed_lookups.total() > 0 && report.copy_of.is_none();
        let is_telling = is_named || !notes.is_empty();
        let others = if is_telling { self.kept_telling } else { self.kept.len() - self.kept_telling };
        if others >= self.most && !is_named {
            self.omitted += 1;
            self.omitted_telling += u64::from(is_telling);
            return notes;
        }
        self.kept_telling += usize::from(is_telling);
        let info = report.info.as_ref();
        self.kept.push(CaptureNotes {
            number,
            label: escape::text(self.source.to_string().as_bytes()),
            notes: notes.clone(),
            format: info.map(|info| info.format),
            frames: info.map_or(0, |info| info.frames),
            sessions: if report.copy_of.is_some() { 0 } else { report.sessions },
            time_zone: info.and_then(|info| info.time_zone.clone()),
        });
        notes
    }

    /// The name of a capture that is kept.
    pub(super) fn label(&self, number: usize) -> Option<&str> {
        let at = self.kept.binary_search_by_key(&number, |capture| capture.number).ok()?;
        self.kept.get(at).map(|capture| capture.label.as_str())
    }

    /// How many there were.
    pub(super) fn number(&self) -> u64 {
        u64::try_from(self.kept.len()).unwrap_or(u64::MAX).saturating_add(self.omitted)
    }
}

impl Missing {
    /// What is to say about the capture, now that it was read.
    fn notes(&self, report: &CaptureReport) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(error) = &report.error {
            notes.push(error.to_string());
        }
        notes.extend(report.mixed_parts.iter().cloned());
        if let Some(info) = &report.info {
            notes.extend(info.notes.iter().cloned());
            if info.dropped > 0 {
                notes.push(format!("the program that took the capture lost {}", words::count(info.dropped, "packet")));
            }
        }
        notes.extend(other_ports(&report.other_ports));
        for (reason, frames) in &report.undecoded {
            notes.push(format!("{} could not be decoded: {reason}", words::count(*frames, "frame")));
        }
        notes.extend(self.gaps.text().map(|octets| format!("the capture lacks {octets}")));
        let unread = self.unread.text();
        notes.extend(
            unread.map(|octets| {
                format!("{octets} were not read: too many came before the reply that says what they are")
            }),
        );
        let others = self.other_protocols.iter().map(|(name, sessions)| format!("{} {name}", words::number(*sessions)));
        let others: Vec<String> = others.collect();
        if !others.is_empty() {
            let all = self.other_protocols.values().sum();
            notes.push(format!(
                "{} in another protocol than SMTP: {}",
                words::count(all, "session"),
                others.join(", ")
            ));
        }
        notes.iter().map(|note| escape::text(note.as_bytes())).collect()
    }
}

/// `a copy of capture 1, tickets/good.pcap: the same packets, so its sessions are counted there`
fn copy_of(original: &CopyOf) -> String {
    let (number, source) = (original.capture + 1, &original.source);
    format!("a copy of capture {number}, {source}: the same packets, so its sessions are counted there")
}

/// `SMTP also on port 587 (12 connections) and 2525 (3), not followed: --port 25,587,2525`; none where there is none.
fn other_ports(other: &OtherPorts) -> Option<String> {
    let mut named: Vec<String> = Vec::new();
    for (port, connections) in &other.found {
        named.push(match named.len() {
            0 => format!("{port} ({})", words::count(*connections, "connection")),
            _ => format!("{port} ({})", words::number(*connections)),
        });
    }
    let last = named.pop()?;
    let ports = if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) };
    let numbers = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let further = match other.omitted {
        0 => String::new(),
        connections => format!(", and {} to further ports", words::count(connections, "connection")),
    };
    let what = if other.are_followed {
        "followed, too".to_owned()
    } else {
        format!("not followed: --port {}", numbers(&other.all().iter().collect::<Vec<_>>()))
    };
    Some(format!("SMTP also on port {ports}{further}, {what}"))
}

/// What is worth a second look though no mail was lost by it: malformed names in hellos, failed attempts, remarks.
#[derive(Clone, Default)]
pub(super) struct Warnings {
    passed: u64,
    delivered_later: u64,
    tolerated: u64,
    recovered: u64,
    /// As `recovered`, and the refused hello was EHLO, the accepted one HELO.
    fell_back: u64,
    refused: u64,
    /// Sessions with each remark.
    remarks: BTreeMap<Remark, u64>,
}

impl Warnings {
    /// Counts a session.
    pub(super) fn session(&mut self, session: &Session, diagnosis: &Diagnosis) {
        for (_, remark) in &diagnosis.remarks {
            *self.remarks.entry(*remark).or_default() += 1;
        }
        let transcript = &session.transcript;
        let malformed: Vec<_> = transcript.hellos.iter().filter(|hello| !hello.check.is_well_formed()).collect();
        self.delivered_later += u64::from(diagnosis.delivered_later.is_some());
        let is_refused = |hello: &&Hello| transcript.hello_reply(hello).is_some_and(Reply::is_refusal);
        if diagnosis.cause.is_some_and(|rule| rule.stage > Stage::Hello) && malformed.iter().any(is_refused) {
            self.passed += 1;
        }
        if diagnosis.outcome != Outcome::Delivered || malformed.is_empty() {
            return;
        }
        let kind = if diagnosis.recovered {
            match recovery::verbs(session) {
                Some((Verb::Ehlo, Verb::Helo)) => &mut self.fell_back,
                _ => &mut self.recovered,
            }
        } else if malformed.iter().all(is_refused) {
            &mut self.refused
        } else {
            &mut self.tolerated
        };
        *kind += 1;
    }

    /// Sentences without a full stop, each with whether it is about lost sessions, which are always listed; none where
    /// there is nothing to warn of.
    pub(super) fn sentences(&self) -> Vec<(String, bool)> {
        let counted = [
            (self.delivered_later, "lost session", "failed, but the next attempt to deliver the same mail succeeded"),
            (
                self.passed,
                "lost session",
                "sent a malformed hello that the server refused, but were lost for another reason",
            ),
            (
                self.tolerated,
                "delivered session",
                "sent a malformed hello that the server accepted: another server may refuse it",
            ),
            (
                self.fell_back,
                "delivered session",
                "sent a malformed EHLO, which the server refused, and then a HELO, which it accepted",
            ),
            (
                self.recovered,
                "delivered session",
                "sent a malformed hello, which the server refused, and then another hello, which it accepted",
            ),
            (self.refused, "delivered session", "also sent a malformed hello that the server refused"),
        ];
        let said = counted.iter().filter(|(sessions, ..)| *sessions > 0);
        let sentence = |(sessions, which, what): &(u64, &str, &str)| {
            (format!("{} {what}", words::count(*sessions, which)), *which == "lost session")
        };
        let remark = |(remark, sessions): (&Remark, &u64)| {
            (format!("{}: {}", words::count(*sessions, "session"), remark.title()), false)
        };
        said.map(sentence).chain(self.remarks.iter().map(remark)).collect()
    }
}
