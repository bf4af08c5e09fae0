//! Which sessions of a capture are chosen.

use std::collections::BTreeMap;

use crate::diagnosis::{Diagnosis, Outcome};
use crate::filter::SessionFilter;
use crate::scan::Observer;
use crate::session::Session;

/// Which sessions to choose of those that pass a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The lost ones if there are any, else all.
    LostOrAll,
    /// The lost ones.
    Lost,
    /// All.
    All,
}

/// The first reading: what is kept of the sessions chosen so far, bounded.
pub(super) struct Choosing<K> {
    pub(super) choice: Choice,
    pub(super) filter: SessionFilter,
    pub(super) most: usize,
    pub(super) keep: fn(Session, &Diagnosis) -> K,
    pub(super) sessions: BTreeMap<u64, K>,
    pub(super) left_out: u64,
    pub(super) lost: u64,
    pub(super) filtered_out: u64,
}

impl<K> Observer for Choosing<K> {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        if !self.filter.passes(&session, &diagnosis) {
            self.filtered_out += 1;
            return;
        }
        let is_lost = diagnosis.outcome == Outcome::Lost;
        if is_lost {
            self.lost += 1;
            if self.choice == Choice::LostOrAll {
                (self.choice, self.left_out) = (Choice::Lost, 0);
                self.sessions.clear();
            }
        }
        if self.choice == Choice::Lost && !is_lost {
            return;
        }
        if self.sessions.len() < self.most {
            self.sessions.insert(session.number, (self.keep)(session, &diagnosis));
        } else {
            self.left_out += 1;
        }
    }
}
