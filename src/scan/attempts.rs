//! One delivery, several attempts: a client that fails at one address of a domain tries the next (RFC 5321 5.1).
//!
//! Sessions are told as they close, and whether a lost one was followed by success is known only then. So a lost session
//! whose server was looked up in DNS is held back until that is known, or is too late; all others are told at once. That
//! two sessions are one delivery is never guessed from time alone: the lookups of both began with the same name, their
//! servers differ, and where both came as far as an envelope, that of the lost one is in the other.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::diagnosis::{Diagnosis, Outcome};
use crate::limits::Limits;
use crate::session::Session;
use crate::smtp::Verb;

/// Holds lost sessions back, and knows the latest deliveries.
pub(super) struct Attempts<'l> {
    limits: &'l Limits,
    held: VecDeque<(Session, Diagnosis)>,
    delivered: VecDeque<Delivered>,
    /// When the latest frame of any session was captured.
    now_ns: i64,
}

/// A session that delivered.
struct Delivered {
    number: u64,
    client: IpAddr,
    name: Box<str>,
    opened_ns: i64,
    envelope: Vec<Box<[u8]>>,
    /// Its server, and those of the attempts before it: a client tries each address once.
    servers: Vec<IpAddr>,
}

impl<'l> Attempts<'l> {
    pub(super) const fn new(limits: &'l Limits) -> Self {
        Self { limits, held: VecDeque::new(), delivered: VecDeque::new(), now_ns: 0 }
    }

    /// A session is over; it and those before it are told once all is known of them.
    pub(super) fn closed(
        &mut self,
        session: Session,
        mut diagnosis: Diagnosis,
        tell: &mut dyn FnMut(Session, Diagnosis),
    ) {
        self.now_ns = self.now_ns.max(session.last.elapsed_ns);
        match (diagnosis.outcome, looked_up(&session)) {
            (Outcome::Delivered, Some(name)) => {
                let delivered = Delivered::new(&session, name);
                self.succeeded(delivered, tell);
                tell(session, diagnosis);
            }
            (Outcome::Lost, Some(_)) => {
                let window_ns = self.limits.attempt_ns;
                diagnosis.delivered_later =
                    self.delivered.iter_mut().find_map(|later| later.has_attempt(&session, window_ns));
                if diagnosis.delivered_later.is_some() {
                    tell(session, diagnosis);
                } else {
                    self.held.push_back((session, diagnosis));
                }
            }
            _ => tell(session, diagnosis),
        }
        self.release(tell);
    }

    /// No session comes any more.
    pub(super) fn finish(self, tell: &mut dyn FnMut(Session, Diagnosis)) {
        self.held.into_iter().for_each(|(session, diagnosis)| tell(session, diagnosis));
    }

    /// Tells those held that were attempts of this delivery.
    fn succeeded(&mut self, mut delivered: Delivered, tell: &mut dyn FnMut(Session, Diagnosis)) {
        for (session, mut diagnosis) in std::mem::take(&mut self.held) {
            diagnosis.delivered_later = delivered.has_attempt(&session, self.limits.attempt_ns);
            if diagnosis.delivered_later.is_some() {
                tell(session, diagnosis);
            } else {
                self.held.push_back((session, diagnosis));
            }
        }
        if self.delivered.len() >= self.limits.attempts {
            self.delivered.pop_front();
        }
        self.delivered.push_back(delivered);
    }

    /// Tells those held for which it is too late: the next attempt begins within the window, and takes about as long.
    fn release(&mut self, tell: &mut dyn FnMut(Session, Diagnosis)) {
        let patience_ns = self.limits.attempt_ns.saturating_mul(2);
        let is_late = |session: &Session| self.now_ns.saturating_sub(session.last.elapsed_ns) > patience_ns;
        while self.held.len() > self.limits.attempts || self.held.front().is_some_and(|(session, _)| is_late(session)) {
            let Some((session, diagnosis)) = self.held.pop_front() else { break };
            tell(session, diagnosis);
        }
    }
}

impl Delivered {
    fn new(session: &Session, name: &str) -> Self {
        Self {
            number: session.number,
            client: session.client.ip(),
            name: name.into(),
            opened_ns: session.first.elapsed_ns,
            envelope: envelope(session),
            servers: vec![session.server.ip()],
        }
    }

    /// Its number, if the lost `session` was an attempt of the same delivery; then its server is none of another's.
    fn has_attempt(&mut self, session: &Session, window_ns: i64) -> Option<u64> {
        let (client, server) = (session.client.ip(), session.server.ip());
        let (begun, over) = (session.first.elapsed_ns, session.last.elapsed_ns);
        let is_next = (begun..=over.saturating_add(window_ns)).contains(&self.opened_ns);
        // A host with two addresses has one of each family.
        let is_same_client = client == self.client || client.is_ipv4() != self.client.is_ipv4();
        let is_same_name = looked_up(session) == Some(&*self.name);
        let is_new_server = !self.servers.contains(&server);
        let is_it = is_next && is_same_client && is_same_name && is_new_server;
        if !is_it || !envelope(session).iter().all(|line| self.envelope.contains(line)) {
            return None;
        }
        self.servers.push(server);
        Some(self.number)
    }
}

/// The name that the client looked up to send mail there: the recipient's domain, or a host.
fn looked_up(session: &Session) -> Option<&str> {
    session.lookup.as_ref()?.steps.first().map(|step| &*step.name)
}

/// The addresses of MAIL and RCPT, each after its verb. Parameters are left out: servers offer different ones.
fn envelope(session: &Session) -> Vec<Box<[u8]>> {
    let commands = session.transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
    let of_envelope = commands.filter(|command| matches!(command.verb, Verb::Mail | Verb::Rcpt));
    let address =
        |line: &[u8]| line.split(|octet| *octet == b'>').next().unwrap_or_default().to_ascii_lowercase().into();
    of_envelope.map(|command| address(&command.line)).collect()
}
