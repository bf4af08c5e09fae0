//! What became of each trouble between a client and a server.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::side::{Counts, Incomplete, Losses, Relay, Side, Trouble};
use crate::time::NANOS_PER_SEC;

/// Two scans side by side.
#[derive(Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// The first scan.
    pub before: Side,
    /// The second.
    pub after: Side,
    /// Every trouble of every client and server: what is lost now first, with the most sessions first.
    pub rows: Vec<Row>,
}

/// One trouble between a client and a server.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row {
    /// The client's address, behind a proxy the one that it names.
    pub client: IpAddr,
    /// The mail server's address.
    pub server: IpAddr,
    /// What sessions were lost to.
    pub trouble: Trouble,
    /// What became of it.
    pub state: State,
    /// Sessions lost to it before and after.
    pub before: Option<Losses>,
    /// Sessions lost to it after.
    pub after: Option<Losses>,
    /// All sessions of the two hosts before.
    pub all_before: Counts,
    /// All of them after.
    pub all_after: Counts,
}

/// What became of a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Sessions are lost to it, before and after.
    StillThere,
    /// The same, with another name in the hello or another answer.
    Changed,
    /// Sessions are lost to it after, and were not before.
    New,
    /// The second scan does not say.
    Unknown(Doubt),
    /// After, there is no session that could show it. That is no proof that it is gone.
    NotSeen,
    /// After, sessions were delivered and none was lost to it.
    Gone,
}

/// Why the second scan does not say what became of a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// Sessions are missing from its list.
    Incomplete(Incomplete),
    /// There are more clients and servers in it, or more troubles between these two, than are told apart.
    TooMany,
}

impl State {
    /// The stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::StillThere => "still-there",
            Self::Changed => "changed",
            Self::New => "new",
            Self::Unknown(_) => "unknown",
            Self::NotSeen => "not-seen",
            Self::Gone => "gone",
        }
    }

    /// The words of all states, in the order in which they are counted.
    pub(super) const CODES: [&'static str; 6] = ["still-there", "changed", "new", "unknown", "not-seen", "gone"];
}

impl Comparison {
    /// Compares two scans.
    pub fn new(before: Side, after: Side) -> Self {
        let ends: BTreeSet<_> = before.relays.keys().chain(after.relays.keys()).copied().collect();
        let nothing = Relay::default();
        let mut rows = Vec::new();
        for (client, server) in ends {
            let (earlier, later) = (before.relays.get(&(client, server)), after.relays.get(&(client, server)));
            let is_after = later.is_some();
            let (earlier, later) = (earlier.unwrap_or(&nothing), later.unwrap_or(&nothing));
            let troubles: BTreeSet<_> = earlier.troubles.keys().chain(later.troubles.keys()).collect();
            rows.extend(troubles.into_iter().map(|trouble| Row {
                client,
                server,
                trouble: trouble.clone(),
                state: state(trouble, earlier, later, &after, is_after),
                before: earlier.troubles.get(trouble).cloned(),
                after: later.troubles.get(trouble).cloned(),
                all_before: earlier.counts,
                all_after: later.counts,
            }));
        }
        rows.sort_by_cached_key(|row| {
            (row.rank(), Reverse(row.sessions()), row.client, row.server, row.trouble.clone())
        });
        Self { before, after, rows }
    }

    /// Rows with this state.
    pub(super) fn count(&self, code: &str) -> u64 {
        self.rows.iter().filter(|row| row.state.code() == code).count() as u64
    }

    /// Whether the second scan ended before the first one began, where both have times.
    pub fn is_turned_round(&self) -> bool {
        match (self.before.total.span, self.after.total.span) {
            // A capture without times counts from 1970.
            (Some((first, _)), Some((_, last))) => last < first && last.as_nanos() > YEAR_NS,
            _ => false,
        }
    }
}

const YEAR_NS: i64 = 365 * 86_400 * NANOS_PER_SEC;

impl Row {
    /// What is lost now comes first, what is surely gone last.
    const fn rank(&self) -> u8 {
        match self.state {
            State::StillThere | State::Changed | State::New => 0,
            State::Unknown(_) => 1,
            State::NotSeen => 2,
            State::Gone => 3,
        }
    }

    /// Sessions lost to it: after, or else before.
    fn sessions(&self) -> u64 {
        self.after.as_ref().or(self.before.as_ref()).map_or(0, |losses| losses.sessions)
    }
}

fn state(trouble: &Trouble, earlier: &Relay, later: &Relay, after: &Side, is_after: bool) -> State {
    match (earlier.troubles.get(trouble), later.troubles.get(trouble)) {
        (Some(before), Some(now)) if before.is_like(now) => return State::StillThere,
        (Some(_), Some(_)) => return State::Changed,
        (None, Some(_)) => return State::New,
        (_, None) => {}
    }
    if !is_after && after.other_sessions > 0 || later.other_lost > 0 {
        return State::Unknown(Doubt::TooMany);
    }
    match after.incomplete {
        Some(why) => State::Unknown(Doubt::Incomplete(why)),
        None if later.counts.delivered > 0 => State::Gone,
        None => State::NotSeen,
    }
}
