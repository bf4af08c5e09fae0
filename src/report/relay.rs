//! One client and one server, and what was lost between them.

use std::net::IpAddr;
use std::sync::Arc;

use super::change::{Change, Fate, History, Step};
use super::refusals::Refusals;
use super::timeline::Timeline;
use super::{advice, escape, product_name};
use crate::diagnosis::{self, Diagnosis, Fault, Outcome, RULES, Reason, Rule};
use crate::limits::Limits;
use crate::scan::{CaptureSource, Ticket};
use crate::session::Session;
use crate::smtp::Hello;
use crate::smtp::ehlo::split_argument;
use crate::time::Timestamp;

/// How many different arguments, captures and refusals of a relay are kept, and how many octets of each argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelayBounds {
    pub(super) arguments: usize,
    pub(super) argument_octets: usize,
    pub(super) refusals: usize,
}

impl RelayBounds {
    pub(super) const fn new(limits: &Limits) -> Self {
        let (arguments, argument_octets) = (limits.relay_arguments, limits.relay_argument_octets);
        Self { arguments, argument_octets, refusals: limits.relay_refusals }
    }
}

/// The sessions of one client to one server, in one ticket.
#[derive(Clone, Debug)]
pub(super) struct Relay {
    pub(super) ticket: Ticket,
    pub(super) client: IpAddr,
    pub(super) server: IpAddr,
    /// What connected in the client's name; the latest one.
    pub(super) proxy: Option<IpAddr>,
    /// The latest product recognised.
    pub(super) product: Option<Box<str>>,
    /// The client's, where it is a server in another session of the ticket.
    pub(super) client_product: Option<Box<str>>,
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
    pub(super) refusals: Refusals,
    /// The captures with a lost session, in order: the number of each, and where it came from.
    pub(super) captures: Vec<(usize, Arc<str>)>,
    /// More of them.
    pub(super) captures_omitted: u64,
    /// The latest of them.
    last_lost_in: Option<usize>,
    losses: Vec<Loss>,
    history: History,
}

/// A hello argument, and what to send instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) verb: String,
    pub(super) octets: Box<[u8]>,
    pub(super) is_malformed: bool,
    pub(super) suggestion: Option<Box<str>>,
}

impl Argument {
    /// Of this hello, cut to so many octets and marked as cut; none where the session has no such command.
    pub(super) fn new(session: &Session, hello: &Hello, most_octets: usize) -> Option<Self> {
        let command = session.transcript.hello_command(hello)?;
        let argument = split_argument(command.after_verb()).octets;
        Some(Self {
            verb: command.verb_name(),
            octets: within(argument, most_octets),
            is_malformed: !hello.check.is_well_formed(),
            suggestion: hello.check.suggestion.as_deref().map(Into::into),
        })
    }

    /// Of the malformed argument that a session was lost to.
    pub(super) fn lost_to(argument: &diagnosis::Argument, diagnosis: &Diagnosis, most_octets: usize) -> Self {
        Self {
            verb: argument.verb.name().unwrap_or_default().to_owned(),
            octets: within(&argument.octets, most_octets),
            is_malformed: true,
            suggestion: diagnosis.suggestion.as_deref().map(Into::into),
        }
    }

    /// Whether it was longer.
    pub(super) fn is_cut(&self) -> bool {
        self.octets.ends_with(escape::ELLIPSIS.as_bytes())
    }
}

/// At most so many octets of `argument`, marked where they are not all.
fn within(argument: &[u8], most: usize) -> Box<[u8]> {
    match argument.get(..most) {
        Some(start) if start.len() < argument.len() => [start, escape::ELLIPSIS.as_bytes()].concat().into(),
        _ => argument.into(),
    }
}

/// One cause, with one reason, among the lost sessions of a relay.
#[derive(Clone, Debug)]
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

/// The client's address, behind a proxy the one it names.
pub(super) fn client_of(session: &Session) -> IpAddr {
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
    pub(super) fn new(ticket: Ticket, session: &Session) -> Self {
        let opened = session.first.time;
        Self {
            ticket,
            client: client_of(session),
            server: session.server.ip(),
            proxy: None,
            product: None,
            client_product: None,
            sessions: 0,
            lost: 0,
            first: opened,
            last: opened,
            lost_span: None,
            arguments: Vec::new(),
            arguments_omitted: 0,
            refusals: Refusals::default(),
            captures: Vec::new(),
            captures_omitted: 0,
            last_lost_in: None,
            losses: Vec::new(),
            history: History::new(),
        }
    }

    /// Counts a session of the capture with this number.
    pub(super) fn add(
        &mut self,
        (capture, source): (usize, &CaptureSource),
        session: &Session,
        diagnosis: &Diagnosis,
        bounds: RelayBounds,
    ) {
        let opened = session.first.time;
        self.sessions += 1;
        self.proxy = session.proxied_client().map(|_| session.client.ip()).or(self.proxy);
        (self.first, self.last) = (self.first.min(opened), self.last.max(opened));
        if let Some(name) = product_name(&session.product)
            && self.product.as_deref() != Some(name)
        {
            self.product = Some(name.into());
        }
        if diagnosis.is_mail_lost() && self.last_lost_in != Some(capture) {
            self.last_lost_in = Some(capture);
            if self.captures.len() < bounds.arguments {
                self.captures.push((capture, source.to_string().into()));
            } else {
                self.captures_omitted += 1;
            }
        }
        let fate = match diagnosis.cause.filter(|_| diagnosis.is_mail_lost()) {
            Some(rule) => Fate::Lost(self.add_lost(rule, session, diagnosis, bounds)),
            None if diagnosis.outcome == Outcome::Delivered => Fate::Delivered,
            None => Fate::Other,
        };
        self.history.add(session, fate);
    }

    /// Counts a lost session; gives the index of its loss.
    fn add_lost(
        &mut self,
        rule: &'static Rule,
        session: &Session,
        diagnosis: &Diagnosis,
        bounds: RelayBounds,
    ) -> usize {
        let opened = session.first.time;
        self.lost += 1;
        let (first, last) = self.lost_span.unwrap_or((opened, opened));
        self.lost_span = Some((first.min(opened), last.max(opened)));
        let (reason, advice) = (diagnosis.reason, diagnosis.remedy);
        let is_it = |loss: &Loss| loss.rule == rule && loss.reason == reason && loss.advice == advice;
        let index = match self.losses.iter_mut().enumerate().find(|(_, loss)| is_it(loss)) {
            Some((index, loss)) => {
                loss.sessions += 1;
                index
            }
            None => {
                let argument = advice::lost_to(diagnosis).filter(|octets| octets.len() <= bounds.argument_octets);
                let argument = argument.map(Into::into);
                self.losses.push(Loss { rule, reason, sessions: 1, fault: diagnosis.fault, advice, argument });
                self.losses.len() - 1
            }
        };
        for hello in &session.transcript.hellos {
            self.add_argument(session, hello, bounds);
        }
        if let Some((_, answer)) = diagnosis.reply() {
            self.refusals.add(answer, bounds.refusals);
        }
        index
    }

    fn add_argument(&mut self, session: &Session, hello: &Hello, bounds: RelayBounds) {
        let Some(argument) = Argument::new(session, hello, bounds.argument_octets) else { return };
        if self.arguments.iter().any(|known| known.octets == argument.octets) {
            return;
        }
        if self.arguments.len() >= bounds.arguments {
            self.arguments_omitted += 1;
            return;
        }
        self.arguments.push(argument);
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

    /// When it stopped or started to work, in order of time.
    pub(super) fn changes(&self) -> Vec<Change<'_>> {
        self.history.changes(&self.losses)
    }

    /// Its sessions over time.
    pub(super) const fn timeline(&self) -> &Timeline<Step> {
        self.history.timeline()
    }

    /// Nanoseconds from one lost session to the next, on average; none for fewer than two.
    pub(super) fn lost_every_ns(&self) -> Option<i64> {
        let (first, last) = self.lost_span?;
        let intervals = i64::try_from(self.lost).ok()?.checked_sub(1).filter(|intervals| *intervals > 0)?;
        Some(last.nanos_since(first) / intervals)
    }
}
