//! How many sessions there were over time, and what became of them.

use super::timeline::Bin;
use crate::diagnosis::{Diagnosis, Outcome, RULES, Rule};

/// The sessions of one step of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Volume {
    /// Lost sessions of each cause, by its index in [`RULES`]. Those whose mail was delivered right after are among the others.
    lost: Vec<(usize, u64)>,
    pub(super) delivered: u64,
    pub(super) others: u64,
}

impl Volume {
    /// Counts a session.
    pub(super) fn add(&mut self, diagnosis: &Diagnosis) {
        match diagnosis.cause.filter(|_| diagnosis.is_mail_lost()) {
            Some(cause) => self.add_lost(RULES.iter().position(|rule| rule == cause).unwrap_or(0), 1),
            None if diagnosis.outcome == Outcome::Delivered => self.delivered += 1,
            None => self.others += 1,
        }
    }

    fn add_lost(&mut self, rule: usize, sessions: u64) {
        match self.lost.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, known)) => *known += sessions,
            None => self.lost.push((rule, sessions)),
        }
    }

    /// Lost sessions, of whatever cause.
    pub(super) fn lost(&self) -> u64 {
        self.lost.iter().map(|(_, sessions)| sessions).sum()
    }

    /// Sessions lost to `cause`.
    pub(super) fn lost_to(&self, cause: &Rule) -> u64 {
        let known = self.lost.iter().find(|(rule, _)| RULES.get(*rule).is_some_and(|rule| rule == cause));
        known.map_or(0, |(_, sessions)| *sessions)
    }
}

impl Bin for Volume {
    fn add_later(&mut self, later: &Self) {
        for (rule, sessions) in &later.lost {
            self.add_lost(*rule, *sessions);
        }
        self.delivered += later.delivered;
        self.others += later.others;
    }
}
