//! The replies that sessions were lost to, a bounded number of them.

use super::digest::refusal;
use super::words::count;
use crate::diagnosis::Answer;

/// Different replies in order of appearance.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals {
    pub(super) kept: Vec<Refusal>,
    /// Sessions lost to replies that are none of these.
    pub(super) omitted: u64,
}

/// A reply that sessions were lost to.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The reply in words, with the command it is to. Safe on a terminal.
    pub(super) text: Box<str>,
    pub(super) sessions: u64,
}

/// Columns of a reply.
const COLUMNS: usize = 160;

impl Refusals {
    /// Adds a session lost to `answer`, which is kept unless there are so many others.
    pub(super) fn add(&mut self, answer: &Answer, most: usize) {
        let text = refusal(answer, COLUMNS);
        let is_full = self.kept.len() >= most;
        match self.kept.iter_mut().find(|known| *known.text == *text) {
            Some(known) => known.sessions += 1,
            None if is_full => self.omitted += 1,
            None => self.kept.push(Refusal { text: text.into(), sessions: 1 }),
        }
    }

    /// `MAIL: 530 5.7.0 Authentication required (5 sessions)`: all that are kept.
    pub(super) fn in_words(&self) -> Vec<String> {
        let all = self.kept.iter().map(|refusal| (refusal.text.to_string(), refusal.sessions)).collect();
        with_sessions(all, usize::MAX, self.omitted, OTHERS)
    }

    /// The `most` frequent ones, each by `describe`.
    pub(super) fn most_frequent(&self, most: usize, describe: impl Fn(&str) -> String) -> Vec<String> {
        let mut all: Vec<(String, u64)> =
            self.kept.iter().map(|refusal| (describe(&refusal.text), refusal.sessions)).collect();
        all.sort_by_key(|(_, sessions)| std::cmp::Reverse(*sessions));
        with_sessions(all, most, self.omitted, OTHERS)
    }
}

const OTHERS: &str = "and other replies";

/// The first `most` texts with the number of sessions of each, unless there is but one text; all further ones are added up, with
/// those `omitted`, as `others`.
pub(super) fn with_sessions(texts: Vec<(String, u64)>, most: usize, omitted: u64, others: &str) -> Vec<String> {
    if let ([(text, _)], 0) = (texts.as_slice(), omitted) {
        return vec![text.clone()];
    }
    let omitted = omitted + texts.iter().skip(most).map(|(_, sessions)| sessions).sum::<u64>();
    let named = texts.into_iter().take(most);
    let mut named: Vec<String> = named.map(|(text, times)| format!("{text} ({})", count(times, "session"))).collect();
    if omitted > 0 {
        named.push(format!("{others} ({})", count(omitted, "session")));
    }
    named
}
