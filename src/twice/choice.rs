//! Which sessions of a capture are chosen.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::diagnosis::{Diagnosis, Outcome, Rule};
use crate::scan::Observer;
use crate::session::Session;

/// Which sessions to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The lost ones if there are any, else all.
    LostOrAll,
    /// The lost ones.
    Lost,
    /// All.
    All,
    /// Those with these numbers ([`Session::number`]).
    Numbers(Vec<RangeInclusive<u64>>),
    /// Those lost to one of these causes.
    Causes(Vec<&'static Rule>),
}

impl Choice {
    fn takes(&self, session: &Session, diagnosis: &Diagnosis) -> bool {
        match self {
            Self::Lost => diagnosis.outcome == Outcome::Lost,
            Self::LostOrAll | Self::All => true,
            Self::Numbers(ranges) => ranges.iter().any(|range| range.contains(&session.number)),
            Self::Causes(rules) => diagnosis.cause.is_some_and(|rule| rules.contains(&rule)),
        }
    }
}

/// The first reading: what is kept of the sessions chosen so far, bounded.
pub(super) struct Choosing<K> {
    pub(super) choice: Choice,
    pub(super) most: usize,
    pub(super) keep: fn(Session, &Diagnosis) -> K,
    pub(super) sessions: BTreeMap<u64, K>,
    pub(super) left_out: u64,
    pub(super) lost: u64,
}

impl<K> Observer for Choosing<K> {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        if diagnosis.outcome == Outcome::Lost {
            self.lost += 1;
            if self.choice == Choice::LostOrAll {
                (self.choice, self.left_out) = (Choice::Lost, 0);
                self.sessions.clear();
            }
        }
        if !self.choice.takes(&session, &diagnosis) {
            return;
        }
        if self.sessions.len() < self.most {
            self.sessions.insert(session.number, (self.keep)(session, &diagnosis));
        } else {
            self.left_out += 1;
        }
    }
}
