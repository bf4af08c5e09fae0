//! Running totals: outcomes, causes, and the pairs of client and server that lose sessions.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use foldhash::fast::RandomState;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::evidence::unknown_sessions;
use super::finding::{Finding, Findings};
use super::model::counts;
#[cfg(test)]
use super::model::schema;
use super::relay::{Relay, RelayBounds, client_of};
use super::tickets::Tickets;
use super::timeline::Timeline;
use super::volume::Volume;
use super::words::{left_out_by_filters, number};
use super::{InputReport, escape};
use crate::diagnosis::{Diagnosis, Outcome, RULES, Rule, Unknown};
use crate::limits::Limits;
use crate::scan::{CaptureReport, CaptureSource};
use crate::session::Session;

/// How many captures and sessions there were, and what happened to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// The number of captures that ehlotrace opened or tried to open.
    pub captures: u64,
    /// The number of captures that ehlotrace could not read, or not to their end, because of an error.
    pub unreadable: u64,
    /// The number of sessions of all captures, without those of copies and without those that a filter left out.
    pub sessions: u64,
    /// The number of sessions in which the server accepted a message.
    pub delivered: u64,
    /// The number of sessions that tried to deliver and could not.
    pub lost: u64,
    /// The number of sessions that did not try to send.
    pub no_mail: u64,
    /// The number of sessions that had a protocol other than SMTP and did not try to deliver.
    pub not_smtp: u64,
    /// The number of sessions for which the capture does not show what happened.
    pub unknown: u64,
    /// The number of lost sessions by the code of their cause.
    #[serde(serialize_with = "counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(schema_with = "schema::by_cause"))]
    pub by_cause: BTreeMap<&'static str, u64>,
    /// The number of sessions between further pairs of client and server, which ehlotrace did not keep separately.
    pub other_relays_sessions: u64,
    /// The number of lost sessions among those in `other_relays_sessions`.
    pub other_relays_lost: u64,
    /// The number of lost sessions that ehlotrace did not add to a finding, because there were too many different ones.
    pub other_findings_lost: u64,
    /// Failed lookups of mail servers with no connection after them: deliveries that never started.
    pub never_started: u64,
    /// The number of lost sessions whose mail another session delivered right after. These sessions lost no mail.
    pub delivered_later: u64,
    /// The number of captures that have the same packets as another capture in the run. Their sessions count in that
    /// other capture.
    pub copies: u64,
    /// The number of tickets. A ticket is an entry of a given folder, or something given by name. A relay has sessions
    /// of one ticket only.
    pub tickets: u64,
    /// The number of sessions that a filter left out. They count nowhere else.
    pub filtered_out: u64,
    /// The number of `unknown` sessions by why the capture does not show what happened.
    #[serde(serialize_with = "counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(schema_with = "schema::unknown_because"))]
    pub unknown_because: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// That filters left out sessions, in words without a full stop; none where they did not.
    pub(super) fn left_out_by_filters(&self) -> Option<String> {
        left_out_by_filters(self.sessions, self.filtered_out)
    }

    /// Lost sessions whose mail no other session is known to have delivered.
    pub const fn mail_lost(&self) -> u64 {
        self.lost.saturating_sub(self.delivered_later)
    }

    /// `2 lost`, `1 delivered`; with `causes` of the lost ones: `2 lost (ehlo-argument 1, timed-out 1)`.
    pub(super) fn outcomes(&self, with_causes: bool) -> Vec<String> {
        let outcomes = [
            (self.mail_lost(), "lost"),
            (self.delivered_later, "lost and delivered later"),
            (self.delivered, "delivered"),
            (self.no_mail, "no-mail"),
            (self.not_smtp, "not-smtp"),
            (self.unknown, "unknown"),
        ];
        let said = outcomes.iter().filter(|(sessions, _)| *sessions > 0);
        let named = said.map(|(sessions, outcome)| {
            let causes = if with_causes && *outcome == "lost" { self.causes_in_words() } else { String::new() };
            format!("{} {outcome}{causes}", number(*sessions))
        });
        named.collect()
    }

    /// ` (ehlo-argument 1, timed-out 1)`.
    fn causes_in_words(&self) -> String {
        let causes = self.causes();
        let named = causes.iter().map(|(rule, sessions)| match causes.len() {
            1 => rule.code.to_owned(),
            _ => format!("{} {}", rule.code, number(*sessions)),
        });
        format!(" ({})", named.collect::<Vec<_>>().join(", "))
    }

    /// Causes with their number of lost sessions, the most frequent first.
    pub(super) fn causes(&self) -> Vec<(&'static Rule, u64)> {
        let count = |rule: &'static Rule| Some((rule, *self.by_cause.get(rule.code)?));
        let mut causes: Vec<_> = RULES.iter().filter_map(count).collect();
        causes.sort_by_key(|(_, sessions)| Reverse(*sessions));
        causes
    }

    /// Why captures do not show what became of sessions, with their number, the most frequent first.
    pub(super) fn doubts(&self) -> Vec<(Cow<'static, str>, u64)> {
        let count = |why: Unknown| Some((unknown_sessions(why), *self.unknown_because.get(why.code())?));
        let mut doubts: Vec<_> = Unknown::ALL.into_iter().filter_map(count).collect();
        doubts.sort_by_key(|(_, sessions)| Reverse(*sessions));
        doubts
    }

    /// Counts what became of a session.
    fn session(&mut self, diagnosis: &Diagnosis) {
        self.sessions += 1;
        match diagnosis.outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Lost => self.lost += 1,
            Outcome::NoMail => self.no_mail += 1,
            Outcome::NotSmtp => self.not_smtp += 1,
            Outcome::Unknown => self.unknown += 1,
        }
        if let Some(why) = diagnosis.unknown() {
            *self.unknown_because.entry(why.code()).or_default() += 1;
        }
        self.delivered_later += u64::from(diagnosis.delivered_later.is_some());
        if let Some(rule) = diagnosis.cause {
            *self.by_cause.entry(rule.code).or_default() += 1;
        }
    }

    fn other_relay(&mut self, sessions: u64, lost: u64) {
        self.other_relays_sessions += sessions;
        self.other_relays_lost += lost;
    }

    fn capture_end(&mut self, report: &CaptureReport) {
        self.captures += 1;
        self.unreadable += u64::from(report.error.is_some());
        if report.copy_of.is_some() {
            self.copies += 1;
        } else {
            self.filtered_out += report.filtered_out;
            self.never_started += report.failed_lookups.total();
        }
    }
}

/// What each server said it is; where several clients were told, the one of the lowest address counts.
fn products(relays: &Relays) -> HashMap<IpAddr, Box<str>> {
    let mut told: Vec<_> = relays.values().filter_map(|relay| Some((relay, relay.product.clone()?))).collect();
    told.sort_by_key(|(relay, _)| Reverse(relay.client));
    told.into_iter().map(|(relay, product)| (relay.server, product)).collect()
}

/// Steps of time in which something happened that are told apart.
const STEPS: usize = 1_000;

/// Client and server.
type Ends = (IpAddr, IpAddr);
type Relays = HashMap<Ends, Relay, RandomState>;

/// The totals of a run, and those of the ticket being read.
pub(super) struct Totals {
    max_relays: usize,
    bounds: RelayBounds,
    summary: Summary,
    ticket: Summary,
    /// Those of the ticket being read.
    relays: Relays,
    /// Those of the tickets before it that lost sessions.
    losing: Vec<Relay>,
    pub(super) tickets: Tickets,
    findings: Findings,
    timeline: Timeline<Volume>,
    /// What a capture of the ticket being read is a copy of, where one is.
    copied: Option<String>,
    /// What everything was before the capture being read, which may turn out to be a copy.
    before: Option<Before>,
}

/// What the sessions of one capture have changed, as it was.
struct Before {
    summary: Summary,
    ticket: Summary,
    timeline: Timeline<Volume>,
    /// None where there was none.
    relays: HashMap<Ends, Option<Relay>, RandomState>,
}

impl Totals {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max_relays: limits.relays,
            bounds: RelayBounds::new(limits),
            summary: Summary::default(),
            ticket: Summary::default(),
            relays: Relays::default(),
            losing: Vec::new(),
            tickets: Tickets::new(limits.tickets),
            findings: Findings::new(limits),
            timeline: Timeline::new(STEPS),
            copied: None,
            before: None,
        }
    }

    pub(super) const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// A capture is opened.
    pub(super) fn capture_begin(&mut self, source: &CaptureSource) {
        self.findings.capture_begin(source);
        self.before = source.may_be_copy.then(|| Before {
            summary: self.summary.clone(),
            ticket: self.ticket.clone(),
            timeline: self.timeline.clone(),
            relays: HashMap::default(),
        });
    }

    /// Counts a session of the capture with this number; gives the number of the finding that it belongs to.
    pub(super) fn session(
        &mut self,
        capture: (usize, &CaptureSource),
        session: &Session,
        diagnosis: &Diagnosis,
    ) -> Option<usize> {
        self.summary.session(diagnosis);
        self.ticket.session(diagnosis);
        self.timeline.at(session.first.time).add(diagnosis);
        let finding = self.findings.session(capture, session, diagnosis);
        self.summary.other_findings_lost += u64::from(finding.is_none() && diagnosis.is_mail_lost());
        let is_full = self.relays.len() + self.losing.len() >= self.max_relays;
        let ends = (client_of(session), session.server.ip());
        if let Some(before) = &mut self.before {
            before.relays.entry(ends).or_insert_with(|| self.relays.get(&ends).cloned());
        }
        match self.relays.get_mut(&ends) {
            Some(relay) => relay.add(capture, session, diagnosis, self.bounds),
            None if is_full => {
                let lost = u64::from(diagnosis.is_mail_lost());
                self.summary.other_relay(1, lost);
                self.ticket.other_relay(1, lost);
            }
            None => {
                let mut relay = Relay::new(capture.1.ticket.clone(), session);
                relay.add(capture, session, diagnosis, self.bounds);
                self.relays.insert(ends, relay);
            }
        }
        finding
    }

    /// That capture was read. What was counted of a copy is taken back.
    pub(super) fn capture_end(&mut self, report: &CaptureReport) {
        let before = self.before.take();
        self.findings.capture_end(report.copy_of.is_some());
        if let (Some(original), Some(before)) = (&report.copy_of, before) {
            (self.summary, self.ticket, self.timeline) = (before.summary, before.ticket, before.timeline);
            for (ends, relay) in before.relays {
                match relay {
                    Some(relay) => self.relays.insert(ends, relay),
                    None => self.relays.remove(&ends),
                };
            }
            self.copied.get_or_insert_with(|| escape::text(original.source.to_string().as_bytes()));
        }
        self.summary.capture_end(report);
        self.ticket.capture_end(report);
    }

    /// The ticket being read is over, what comes next is another; gives its number and what it came to.
    pub(super) fn ticket_end(&mut self, report: &InputReport) -> (usize, Summary) {
        let number = usize::try_from(self.summary.tickets).unwrap_or(usize::MAX);
        self.summary.tickets += 1;
        let ticket = std::mem::take(&mut self.ticket);
        let relays = std::mem::take(&mut self.relays);
        let products = products(&relays);
        for mut relay in relays.into_values().filter(|relay| relay.lost > 0) {
            relay.client_product = products.get(&relay.client).cloned();
            self.losing.push(relay);
        }
        self.tickets.end(number, report, &ticket, self.copied.take().as_deref());
        (number, Summary { tickets: 1, ..ticket })
    }

    /// The sessions over time.
    pub(super) const fn timeline(&self) -> &Timeline<Volume> {
        &self.timeline
    }

    /// What sessions were lost to, the most frequent first.
    pub(super) fn findings(&self) -> Vec<&Finding> {
        self.findings.most_first()
    }

    /// The relays that lost a session, those that lost most first.
    pub(super) fn losing_relays(&self) -> Vec<&Relay> {
        self.losing_relays_with(|_| true)
    }

    /// Those of them of which this holds.
    pub(super) fn losing_relays_with(&self, holds: impl Fn(&Relay) -> bool) -> Vec<&Relay> {
        let all = self.losing.iter().chain(self.relays.values());
        let mut losing: Vec<&Relay> = all.filter(|relay| relay.lost > 0 && holds(relay)).collect();
        losing.sort_by_key(|relay| (Reverse(relay.lost), relay.ticket.number, relay.client, relay.server));
        losing
    }
}
