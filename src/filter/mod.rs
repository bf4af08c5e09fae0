//! Which sessions a user wants: those that pass every condition given.

mod network;
mod period;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use crate::diagnosis::{Diagnosis, Outcome, Rule};
use crate::dns::FailedLookups;
use crate::session::Session;
use crate::smtp::ehlo::split_argument;
use crate::time::Timestamp;

pub use network::{Network, NetworkError};
pub use period::{TimeError, TimeLimit, TimeText};

/// Conditions on sessions: a session passes if it meets all of them, and of a list one. What is empty is no condition.
///
/// ```
/// # use std::fs::File;
/// use ehlotrace::diagnosis::Outcome;
/// use ehlotrace::filter::SessionFilter;
/// use ehlotrace::scan::{ScanOptions, scan};
///
/// let mut filter = SessionFilter::default();
/// filter.clients = vec!["192.0.2.0/24".parse()?];
/// filter.outcomes = vec![Outcome::Lost];
/// let mut passing = Vec::new();
/// # let capture = Box::new(File::open("samples/relay-stopped.pcapng")?);
/// scan(capture, &ScanOptions::default(), &mut |session, diagnosis| {
///     if filter.passes(&session, &diagnosis) {
///         passing.push(session.number);
///     }
/// })?;
/// # passing.sort_unstable();
/// # assert_eq!(passing, [1, 3, 4, 5, 7, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionFilter {
    /// Where the client is; behind a proxy the client that the proxy names, or the proxy.
    pub clients: Vec<Network>,
    /// Where the server is; behind a proxy the address that the client connected to, or the server behind it.
    pub servers: Vec<Network>,
    /// The session was opened at this time or later.
    pub since: Option<TimeLimit>,
    /// The session was opened at this time or earlier.
    pub until: Option<TimeLimit>,
    /// What it was lost to.
    pub causes: Vec<&'static Rule>,
    /// What became of it.
    pub outcomes: Vec<Outcome>,
    /// Part of the argument of one of its hellos, or of the name in `HELO=` of XCLIENT or XFORWARD, whatever the case of its
    /// letters.
    pub hello: Option<String>,
    /// Its number in its capture ([`Session::number`]).
    pub numbers: Vec<RangeInclusive<u64>>,
}

impl SessionFilter {
    /// Whether every session passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is known only at the end of a capture which sessions pass: see [`ending_at`](Self::ending_at).
    pub fn needs_end(&self) -> bool {
        [self.since, self.until].iter().any(|limit| matches!(limit, Some(TimeLimit::BeforeEnd(_))))
    }

    /// The filter for a capture whose latest packet is of the time `end`; none of one without packets.
    #[must_use]
    pub fn ending_at(&self, end: Option<Timestamp>) -> Self {
        let known = |limit: Option<TimeLimit>| match limit? {
            TimeLimit::BeforeEnd(nanos) => {
                Some(TimeLimit::At(Timestamp::from_nanos(end?.as_nanos().saturating_sub(nanos))))
            }
            at @ TimeLimit::At(_) => Some(at),
        };
        Self { since: known(self.since), until: known(self.until), ..self.clone() }
    }

    /// Whether a session passes.
    pub fn passes(&self, session: &Session, diagnosis: &Diagnosis) -> bool {
        let behind = session.behind_proxy();
        let client = [Some(session.client), session.proxied_client(), behind.map(|(client, _)| client)];
        let server = [Some(session.server), behind.map(|(_, server)| server)];
        let is_in = |networks: &[Network], ends: &[Option<SocketAddr>]| {
            networks.is_empty() || ends.iter().flatten().any(|end| contains(networks, end.ip()))
        };
        is_in(&self.clients, &client)
            && is_in(&self.servers, &server)
            && self.is_in_time(session.first.time)
            && (self.causes.is_empty() || diagnosis.cause.is_some_and(|rule| self.causes.contains(&rule)))
            && (self.outcomes.is_empty() || self.outcomes.contains(&diagnosis.outcome))
            && (self.numbers.is_empty() || self.numbers.iter().any(|range| range.contains(&session.number)))
            && self.hello.as_ref().is_none_or(|text| says_hello(session, text))
    }

    /// Leaves of the lookups that led nowhere those that pass. They have a client and a time; where something else is asked
    /// of a session, none passes.
    pub(crate) fn keep_lookups(&self, lookups: &mut FailedLookups) {
        let of_lookups =
            Self { clients: self.clients.clone(), since: self.since, until: self.until, ..Self::default() };
        if *self != of_lookups {
            *lookups = FailedLookups::default();
            return;
        }
        lookups.listed.retain(|lookup| {
            (self.clients.is_empty() || contains(&self.clients, lookup.client)) && self.is_in_time(lookup.moment.time)
        });
    }

    fn is_in_time(&self, time: Timestamp) -> bool {
        let since = self.since.is_none_or(|limit| !matches!(limit, TimeLimit::At(since) if time < since));
        let until = self.until.is_none_or(|limit| !matches!(limit, TimeLimit::At(until) if time > until));
        since && until
    }
}

fn contains(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// Whether the argument of one of the session's hellos holds `text`, or a name that a proxy says its client greeted with.
fn says_hello(session: &Session, text: &str) -> bool {
    let (transcript, text) = (&session.transcript, text.to_lowercase());
    let commands = transcript.hellos.iter().filter_map(|hello| transcript.hello_command(hello));
    let arguments = commands.map(|command| split_argument(command.after_verb()).octets);
    let told = transcript.xclients.iter().chain(&transcript.xforwards).filter_map(|told| Some(&*told.helo.as_ref()?.0));
    arguments.chain(told).any(|argument| String::from_utf8_lossy(argument).to_lowercase().contains(&text))
}

#[cfg(test)]
mod tests;
