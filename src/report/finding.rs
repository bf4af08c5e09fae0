//! What sessions were lost to: one trouble, however many clients, servers and captures have it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::refusals::Refusals;
use super::relay::{Argument, RelayBounds, client_of};
use super::{advice, product_name};
use crate::diagnosis::{Diagnosis, Fault, RULES, Reason, Rule, Stage};
use crate::limits::Limits;
use crate::scan::CaptureSource;
use crate::session::Session;
use crate::smtp::ehlo::ProblemCode;
use crate::time::Timestamp;

/// The sessions that were lost for the same reason.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// Its number in order of appearance, counted from 0.
    pub(super) number: usize,
    pub(super) trouble: Trouble,
    pub(super) sessions: u64,
    /// When the earliest and the latest of them were opened.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) clients: Peers,
    pub(super) servers: Peers,
    /// What the servers say they are, in order of appearance.
    pub(super) products: Vec<Box<str>>,
    /// Hello arguments that the verdicts are about, in order of appearance, and the sessions of each.
    pub(super) arguments: Vec<(Argument, u64)>,
    /// Sessions whose argument is none of these.
    pub(super) arguments_omitted: u64,
    pub(super) refusals: Refusals,
    /// How many captures and tickets have such a session.
    pub(super) captures: u64,
    pub(super) tickets: u64,
    /// The latest ones that have.
    latest: (usize, usize),
    pub(super) example: Example,
}

/// What makes two lost sessions the same finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) rule: &'static Rule,
    pub(super) reason: Option<&'static Reason>,
    /// Who has to change something.
    pub(super) fault: Option<Fault>,
    /// What to do about it where no argument is known.
    pub(super) advice: &'static str,
    /// What is wrong with the malformed argument, each once and in order; not the argument itself.
    pub(super) problems: Vec<ProblemCode>,
}

/// Addresses, and the sessions of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    kept: BTreeMap<IpAddr, u64>,
    /// Whether there are more of them than are told apart.
    pub(super) are_more: bool,
}

/// One session of a finding: the earliest in the order of captures.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// The number of its capture, counted from 0, and that of the session in it.
    pub(super) key: (usize, u64),
    /// Where the capture came from; raw text.
    pub(super) source: String,
    pub(super) frames: (u64, u64),
}

/// Addresses told apart in one finding, on either side.
const PEERS: usize = 1_000;
/// Different products kept of one finding.
const PRODUCTS: usize = 8;

impl Trouble {
    /// What `diagnosis` says a session was lost to; none of a session that lost no mail.
    pub(super) fn of(diagnosis: &Diagnosis) -> Option<Self> {
        let rule = diagnosis.cause.filter(|_| diagnosis.is_mail_lost())?;
        let problems =
            diagnosis.malformed_argument().map(|argument| argument.problems.iter().map(|problem| problem.code));
        let mut problems: Vec<ProblemCode> = problems.into_iter().flatten().collect();
        problems.sort_unstable();
        problems.dedup();
        Some(Self { rule, reason: diagnosis.reason, fault: diagnosis.fault, advice: diagnosis.remedy, problems })
    }

    fn precedence(&self) -> usize {
        RULES.iter().position(|rule| rule == self.rule).unwrap_or(usize::MAX)
    }
}

impl Peers {
    fn add(&mut self, address: IpAddr) {
        if let Some(sessions) = self.kept.get_mut(&address) {
            *sessions += 1;
        } else if self.kept.len() < PEERS {
            self.kept.insert(address, 1);
        } else {
            self.are_more = true;
        }
    }

    /// How many are told apart.
    pub(super) fn number(&self) -> u64 {
        self.kept.len() as u64
    }

    /// Those with the most sessions first, and how many each has.
    pub(super) fn most_first(&self) -> Vec<(IpAddr, u64)> {
        let mut peers: Vec<_> = self.kept.iter().map(|(address, sessions)| (*address, *sessions)).collect();
        peers.sort_by_key(|(address, sessions)| (std::cmp::Reverse(*sessions), *address));
        peers
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.kept.contains_key(&address)
    }
}

impl Finding {
    fn new(number: usize, trouble: Trouble, (capture, source): (usize, &CaptureSource), session: &Session) -> Self {
        let opened = session.first.time;
        Self {
            number,
            trouble,
            sessions: 0,
            first: opened,
            last: opened,
            clients: Peers::default(),
            servers: Peers::default(),
            products: Vec::new(),
            arguments: Vec::new(),
            arguments_omitted: 0,
            refusals: Refusals::default(),
            captures: 0,
            tickets: 0,
            latest: (usize::MAX, usize::MAX),
            example: Example::new((capture, source), session),
        }
    }

    fn add(&mut self, capture: (usize, &CaptureSource), session: &Session, diagnosis: &Diagnosis, bounds: RelayBounds) {
        let opened = session.first.time;
        (self.first, self.last) = (self.first.min(opened), self.last.max(opened));
        self.sessions += 1;
        self.clients.add(client_of(session));
        self.servers.add(session.server.ip());
        let place = (capture.0, capture.1.ticket.number);
        self.captures += u64::from(self.latest.0 != place.0);
        self.tickets += u64::from(self.latest.1 != place.1);
        self.latest = place;
        // Sessions close in another order than they open.
        if (capture.0, session.number) < self.example.key {
            self.example = Example::new(capture, session);
        }
        if let Some(product) = product_name(&session.product)
            && self.products.len() < PRODUCTS
            && self.products.iter().all(|known| **known != *product)
        {
            self.products.push(product.into());
        }
        self.add_argument(session, diagnosis, bounds);
        if let Some((_, answer)) = diagnosis.reply() {
            self.refusals.add(answer, bounds.refusals);
        }
    }

    fn add_argument(&mut self, session: &Session, diagnosis: &Diagnosis, bounds: RelayBounds) {
        let hello = || diagnosis.hello.and_then(|index| session.transcript.hellos.get(index));
        let argument = match diagnosis.malformed_argument() {
            Some(argument) => Some(Argument::lost_to(argument, diagnosis, bounds.argument_octets)),
            None => hello().and_then(|hello| Argument::new(session, hello, bounds.argument_octets)),
        };
        let Some(argument) = argument else { return };
        let is_full = self.arguments.len() >= bounds.arguments;
        match self.arguments.iter_mut().find(|(known, _)| *known == argument) {
            Some((_, sessions)) => *sessions += 1,
            None if is_full => self.arguments_omitted += 1,
            None => self.arguments.push((argument, 1)),
        }
    }

    /// The arguments, those of most sessions first.
    pub(super) fn arguments_most_first(&self) -> Vec<&(Argument, u64)> {
        let mut arguments: Vec<_> = self.arguments.iter().collect();
        arguments.sort_by_key(|(_, sessions)| std::cmp::Reverse(*sessions));
        arguments
    }

    /// `sender-refused`, or `sender-refused (auth-required)`.
    pub(super) fn name(&self) -> String {
        let reason = self.trouble.reason.map(|reason| format!(" ({})", reason.code)).unwrap_or_default();
        format!("{}{reason}", self.trouble.rule.code)
    }

    /// What to do about it; about the one argument, where all of its sessions have the same one.
    pub(super) fn remedy(&self) -> String {
        let argument = match self.arguments.as_slice() {
            [(argument, _)] if self.arguments_omitted == 0 && !argument.is_cut() => Some(&*argument.octets),
            _ => None,
        };
        let of_argument = argument.filter(|_| self.trouble.rule.stage == Stage::Argument);
        advice::advice(self.trouble.advice, self.trouble.reason, of_argument)
    }
}

impl Example {
    fn new((capture, source): (usize, &CaptureSource), session: &Session) -> Self {
        let frames = (session.first.frame, session.last.frame);
        Self { key: (capture, session.number), source: source.to_string(), frames }
    }
}

/// The findings of a run, a bounded number of them.
pub(super) struct Findings {
    most: usize,
    bounds: RelayBounds,
    all: Vec<Finding>,
    /// What those that the capture being read changed were before it, if it may be a copy, and how many there were.
    before: Option<(usize, BTreeMap<usize, Finding>)>,
}

impl Findings {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { most: limits.findings, bounds: RelayBounds::new(limits), all: Vec::new(), before: None }
    }

    /// A capture is opened.
    pub(super) fn capture_begin(&mut self, source: &CaptureSource) {
        self.before = source.may_be_copy.then(|| (self.all.len(), BTreeMap::new()));
    }

    /// Counts a session; gives the number of its finding, none where it lost no mail or there is no room for another one.
    pub(super) fn session(
        &mut self,
        capture: (usize, &CaptureSource),
        session: &Session,
        diagnosis: &Diagnosis,
    ) -> Option<usize> {
        let trouble = Trouble::of(diagnosis)?;
        let known = self.all.iter_mut().enumerate().find(|(_, finding)| finding.trouble == trouble);
        if let Some((index, finding)) = known {
            if let Some((number, before)) = &mut self.before
                && index < *number
            {
                before.entry(index).or_insert_with(|| finding.clone());
            }
            finding.add(capture, session, diagnosis, self.bounds);
            return Some(index);
        }
        let number = self.all.len();
        (number < self.most).then(|| {
            let mut finding = Finding::new(number, trouble, capture, session);
            finding.add(capture, session, diagnosis, self.bounds);
            self.all.push(finding);
            number
        })
    }

    /// The capture was read; what was counted of a copy is taken back.
    pub(super) fn capture_end(&mut self, is_copy: bool) {
        let Some((number, before)) = self.before.take().filter(|_| is_copy) else { return };
        self.all.truncate(number);
        for (index, finding) in before {
            if let Some(changed) = self.all.get_mut(index) {
                *changed = finding;
            }
        }
    }

    /// Those that most sessions were lost to first; equally frequent ones in order of precedence.
    pub(super) fn most_first(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.all.iter().collect();
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.sessions), finding.trouble.precedence()));
        findings
    }
}
