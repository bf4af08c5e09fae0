//! Running totals: outcomes, causes, and the pairs of client and server that lose sessions.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use foldhash::fast::RandomState;
use schemars::JsonSchema;
use serde::Serialize;

use super::model::{counts, schema};
use super::{advice, product_name};
use crate::diagnosis::{Diagnosis, Fault, Outcome, RULES, Reason, Rule};
use crate::limits::Limits;
use crate::scan::CaptureReport;
use crate::session::Session;
use crate::smtp::Hello;
use crate::smtp::ehlo::split_argument;
use crate::time::Timestamp;

/// How many captures and sessions there were, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Summary {
    /// Captures opened or tried.
    pub captures: u64,
    /// Of these, the ones an error kept from being read to their end, or at all.
    pub unreadable: u64,
    /// Sessions of all captures.
    pub sessions: u64,
    /// Sessions in which the server accepted a message.
    pub delivered: u64,
    /// Sessions that came to deliver and could not.
    pub lost: u64,
    /// Sessions that did not try to send.
    pub no_mail: u64,
    /// Sessions in which another protocol than SMTP was spoken, and nobody came to deliver.
    pub not_smtp: u64,
    /// Sessions of which the capture cannot tell.
    pub unknown: u64,
    /// Lost sessions by the code of their cause.
    #[serde(serialize_with = "counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::by_cause")]
    pub by_cause: BTreeMap<&'static str, u64>,
    /// Sessions between pairs of client and server over the bound of pairs kept apart.
    pub other_relays_sessions: u64,
    /// Of these, the lost ones.
    pub other_relays_lost: u64,
    /// Lookups of mail servers that failed, with no connection after them: deliveries that never started.
    pub never_started: u64,
    /// Of the lost sessions those whose mail another session delivered right after: no mail was lost with them.
    pub delivered_later: u64,
}

impl Summary {
    /// Lost sessions whose mail no other session is known to have delivered.
    pub const fn mail_lost(&self) -> u64 {
        self.lost.saturating_sub(self.delivered_later)
    }
}

/// The totals of a run.
#[derive(Debug)]
pub(super) struct Totals {
    max_relays: usize,
    arguments: ArgumentBounds,
    summary: Summary,
    relays: HashMap<(IpAddr, IpAddr), Relay, RandomState>,
}

/// How many different arguments of a relay are kept, and how many octets of each.
#[derive(Clone, Copy, Debug)]
struct ArgumentBounds {
    number: usize,
    octets: usize,
}

/// The sessions of one client to one server.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) client: IpAddr,
    pub(super) server: IpAddr,
    /// What connected in the client's name; the latest one.
    pub(super) proxy: Option<IpAddr>,
    /// The latest product recognised.
    pub(super) product: Option<Box<str>>,
    pub(super) sessions: u64,
    pub(super) lost: u64,
    /// When the earliest and the latest session were opened.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// When the earliest and the latest lost session were opened.
    pub(super) lost_span: Option<(Timestamp, Timestamp)>,
    /// Different hello arguments of lost sessions, in order of appearance.
    pub(super) arguments: Vec<Argument>,
    /// Hellos of lost sessions whose argument is none of the ones kept.
    pub(super) arguments_omitted: u64,
    /// The captures with a lost session, in order.
    pub(super) captures: Vec<usize>,
    /// More of them.
    pub(super) captures_omitted: u64,
    losses: Vec<Loss>,
}

/// A hello argument, and what to send instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) verb: String,
    pub(super) octets: Box<[u8]>,
    pub(super) is_malformed: bool,
    pub(super) suggestion: Option<Box<str>>,
}

/// One cause, with one reason, among the lost sessions of a relay.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) rule: &'static Rule,
    pub(super) reason: Option<&'static Reason>,
    pub(super) sessions: u64,
    pub(super) fault: Option<Fault>,
    /// What the first of them is told to do about it.
    pub(super) advice: &'static str,
    /// The malformed argument that the first of them was lost to, unless it is too long to keep.
    argument: Option<Box<[u8]>>,
}

impl Totals {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max_relays: limits.relays,
            arguments: ArgumentBounds { number: limits.relay_arguments, octets: limits.relay_argument_octets },
            summary: Summary::default(),
            relays: HashMap::default(),
        }
    }

    pub(super) const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Counts a session of the capture with this number.
    pub(super) fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) {
        let summary = &mut self.summary;
        summary.sessions += 1;
        match diagnosis.outcome {
            Outcome::Delivered => summary.delivered += 1,
            Outcome::Lost => summary.lost += 1,
            Outcome::NoMail => summary.no_mail += 1,
            Outcome::NotSmtp => summary.not_smtp += 1,
            Outcome::Unknown => summary.unknown += 1,
        }
        summary.delivered_later += u64::from(diagnosis.delivered_later.is_some());
        if let Some(rule) = diagnosis.cause {
            *summary.by_cause.entry(rule.code).or_default() += 1;
        }
        let is_full = self.relays.len() >= self.max_relays;
        let key = (client_of(session), session.server.ip());
        match self.relays.get_mut(&key) {
            Some(relay) => relay.add(capture, session, diagnosis, self.arguments),
            None if is_full => {
                summary.other_relays_sessions += 1;
                summary.other_relays_lost += u64::from(diagnosis.is_mail_lost());
            }
            None => {
                let mut relay = Relay::new(session);
                relay.add(capture, session, diagnosis, self.arguments);
                self.relays.insert(key, relay);
            }
        }
    }

    pub(super) fn capture_end(&mut self, report: &CaptureReport) {
        self.summary.captures += 1;
        self.summary.unreadable += u64::from(report.error.is_some());
        self.summary.never_started += report.failed_lookups.total();
    }

    /// The relays that lost a session, those that lost most first.
    pub(super) fn losing_relays(&self) -> Vec<&Relay> {
        let mut losing: Vec<&Relay> = self.relays.values().filter(|relay| relay.lost > 0).collect();
        losing.sort_by_key(|relay| (std::cmp::Reverse(relay.lost), relay.client, relay.server));
        losing
    }

    /// Causes with their number of lost sessions, the most frequent first.
    pub(super) fn causes(&self) -> Vec<(&'static Rule, u64)> {
        let count = |rule: &'static Rule| Some((rule, *self.summary.by_cause.get(rule.code)?));
        let mut causes: Vec<_> = RULES.iter().filter_map(count).collect();
        causes.sort_by_key(|(_, sessions)| std::cmp::Reverse(*sessions));
        causes
    }
}

/// The client's address, behind a proxy the one it names.
fn client_of(session: &Session) -> IpAddr {
    session.proxied_client().unwrap_or(session.client).ip()
}

impl Loss {
    /// What to do about it; `for_argument` where all of its sessions have the same one.
    pub(super) fn remedy(&self, for_argument: bool) -> String {
        advice::advice(self.advice, self.reason, self.argument.as_deref().filter(|_| for_argument))
    }

    /// `sender-refused`, or `sender-refused (auth-required)`.
    pub(super) fn name(&self) -> String {
        let reason = self.reason.map(|reason| format!(" ({})", reason.code)).unwrap_or_default();
        format!("{}{reason}", self.rule.code)
    }
}

impl Relay {
    fn new(session: &Session) -> Self {
        let opened = session.first.time;
        Self {
            client: client_of(session),
            server: session.server.ip(),
            proxy: None,
            product: None,
            sessions: 0,
            lost: 0,
            first: opened,
            last: opened,
            lost_span: None,
            arguments: Vec::new(),
            arguments_omitted: 0,
            captures: Vec::new(),
            captures_omitted: 0,
            losses: Vec::new(),
        }
    }

    fn add(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis, bounds: ArgumentBounds) {
        let opened = session.first.time;
        self.sessions += 1;
        self.proxy = session.proxied_client().map(|_| session.client.ip()).or(self.proxy);
        (self.first, self.last) = (self.first.min(opened), self.last.max(opened));
        if let Some(name) = product_name(&session.product)
            && self.product.as_deref() != Some(name)
        {
            self.product = Some(name.into());
        }
        if diagnosis.is_mail_lost() && self.captures.last() != Some(&capture) {
            if self.captures.len() < bounds.number {
                self.captures.push(capture);
            } else {
                self.captures_omitted += 1;
            }
        }
        if let Some(rule) = diagnosis.cause.filter(|_| diagnosis.is_mail_lost()) {
            self.add_lost(rule, session, diagnosis, bounds);
        }
    }

    fn add_lost(&mut self, rule: &'static Rule, session: &Session, diagnosis: &Diagnosis, bounds: ArgumentBounds) {
        let opened = session.first.time;
        self.lost += 1;
        let (first, last) = self.lost_span.unwrap_or((opened, opened));
        self.lost_span = Some((first.min(opened), last.max(opened)));
        let (reason, advice) = (diagnosis.reason, diagnosis.remedy);
        let is_it = |loss: &&mut Loss| loss.rule == rule && loss.reason == reason && loss.advice == advice;
        match self.losses.iter_mut().find(is_it) {
            Some(loss) => loss.sessions += 1,
            None => {
                let argument = advice::lost_to(diagnosis).filter(|octets| octets.len() <= bounds.octets);
                let argument = argument.map(Into::into);
                self.losses.push(Loss { rule, reason, sessions: 1, fault: diagnosis.fault, advice, argument });
            }
        }
        for hello in &session.transcript.hellos {
            self.add_argument(session, hello, bounds);
        }
    }

    fn add_argument(&mut self, session: &Session, hello: &Hello, bounds: ArgumentBounds) {
        let Some(command) = session.transcript.hello_command(hello) else { return };
        let argument = split_argument(command.after_verb()).octets;
        // The mark says that it is longer.
        let octets = match argument.get(..bounds.octets) {
            Some(start) if start.len() < argument.len() => Cow::Owned([start, "…".as_bytes()].concat()),
            _ => Cow::Borrowed(argument),
        };
        if self.arguments.iter().any(|known| *known.octets == *octets) {
            return;
        }
        if self.arguments.len() >= bounds.number {
            self.arguments_omitted += 1;
            return;
        }
        self.arguments.push(Argument {
            verb: command.verb_name(),
            octets: octets.as_ref().into(),
            is_malformed: !hello.check.is_well_formed(),
            suggestion: hello.check.suggestion.as_deref().map(Into::into),
        });
    }

    /// The most frequent cause, whatever the reasons.
    pub(super) fn cause(&self) -> Option<&'static Rule> {
        let sessions = |rule: &Rule| -> u64 {
            self.losses.iter().filter(|loss| loss.rule == rule).map(|loss| loss.sessions).sum()
        };
        RULES.iter().rev().filter(|rule| sessions(rule) > 0).max_by_key(|rule| sessions(rule))
    }

    /// The causes with their reasons, the most frequent first; equally frequent ones in order of precedence.
    pub(super) fn losses(&self) -> Vec<&Loss> {
        let precedence = |loss: &Loss| RULES.iter().position(|rule| rule == loss.rule);
        let mut losses: Vec<&Loss> = self.losses.iter().collect();
        losses.sort_by_key(|loss| (std::cmp::Reverse(loss.sessions), precedence(loss)));
        losses
    }

    /// Nanoseconds from one lost session to the next, on average; none for fewer than two.
    pub(super) fn lost_every_ns(&self) -> Option<i64> {
        let (first, last) = self.lost_span?;
        let intervals = i64::try_from(self.lost).ok()?.checked_sub(1).filter(|intervals| *intervals > 0)?;
        Some(last.nanos_since(first) / intervals)
    }
}
