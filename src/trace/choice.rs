//! Which sessions of a capture are shown.

use std::ops::RangeInclusive;

use crate::diagnosis::{Diagnosis, Outcome};
use crate::report::netmon::TracedSession;
use crate::session::Session;

/// Which sessions to show.
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
}

/// The sessions chosen so far, bounded.
pub(super) struct Chosen {
    choice: Choice,
    most: usize,
    sessions: Vec<TracedSession>,
    left_out: u64,
    /// Whether only lost ones are taken from now on.
    only_lost: bool,
}

impl Chosen {
    pub(super) fn new(choice: &Choice, most: usize) -> Self {
        let only_lost = *choice == Choice::Lost;
        Self { choice: choice.clone(), most, sessions: Vec::new(), left_out: 0, only_lost }
    }

    pub(super) fn take(&mut self, session: Session, diagnosis: &Diagnosis) {
        let is_lost = diagnosis.outcome == Outcome::Lost;
        if is_lost && self.choice == Choice::LostOrAll && !self.only_lost {
            self.only_lost = true;
            self.sessions.clear();
            self.left_out = 0;
        }
        let is_chosen = match &self.choice {
            Choice::Numbers(ranges) => ranges.iter().any(|range| range.contains(&session.number)),
            Choice::All => true,
            Choice::Lost | Choice::LostOrAll => is_lost || !self.only_lost,
        };
        if !is_chosen {
            return;
        }
        if self.sessions.len() < self.most {
            self.sessions.push(TracedSession::new(session, diagnosis));
        } else {
            self.left_out += 1;
        }
    }

    /// The sessions, and how many more were chosen than are kept.
    pub(super) fn finish(self) -> (Vec<TracedSession>, u64) {
        (self.sessions, self.left_out)
    }
}
