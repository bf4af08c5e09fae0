//! One of the two scans, added up: a bounded number of pairs of client and server, and in each of troubles.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diagnosis::{Outcome, Stage, rule};
use crate::limits::Limits;
use crate::report::record::{AnswerRecord, HelloRecord, LossRecord, SessionRecord};
use crate::smtp::EnhancedStatusCode;
use crate::time::Timestamp;

/// Client and server.
pub(super) type Ends = (IpAddr, IpAddr);

/// The first scan or the second.
#[derive(Debug)]
pub struct Side {
    /// The path, as the user gave it.
    pub name: String,
    /// Captures that were read, to their end or to damage.
    pub captures: u64,
    /// All its sessions.
    pub total: Counts,
    /// What could not be read, in sentences.
    pub failures: Vec<String>,
    /// Why sessions may be missing; none where they are all there.
    pub incomplete: Option<Incomplete>,
    pub(super) relays: BTreeMap<Ends, Relay>,
    /// Sessions of further relays, which are not told apart.
    pub(super) other_sessions: u64,
    bounds: Bounds,
}

/// Why a report does not list all sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incomplete {
    /// It was made with `--show lost`: it lists so many of so many.
    OnlyLost(u64, u64),
    /// It was made with filters, which left out so many sessions.
    Filtered(u64),
    /// Its end is missing.
    Cut,
}

/// How many sessions there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub sessions: u64,
    /// Those whose mail was lost.
    pub lost: u64,
    /// Those in which the server accepted a message.
    pub delivered: u64,
    /// When the earliest and the latest was opened.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// The sessions between one client and one server.
#[derive(Debug, Default)]
pub(super) struct Relay {
    pub(super) counts: Counts,
    pub(super) troubles: BTreeMap<Trouble, Losses>,
    /// Lost sessions of further troubles.
    pub(super) other_lost: u64,
}

/// What makes two losses the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The code of the cause.
    pub cause: String,
    /// The code of the reason.
    pub reason: Option<String>,
    /// The codes of what is wrong with the argument that it was lost to, each once and in order; empty where the cause is not
    /// about the argument.
    pub problems: Vec<String>,
}

/// The sessions lost to one trouble.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    /// How many.
    pub sessions: u64,
    /// When the earliest and the latest was opened.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Different hellos that they are about: verb and argument, in order of appearance.
    pub hellos: Vec<(String, Vec<u8>)>,
    /// Different answers, in order of appearance.
    pub answers: Vec<Answer>,
    /// Whether there were more hellos or answers than are kept.
    pub are_more: bool,
}

/// An answer that sessions were lost to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// As it was, with the command before it where that is no hello. Raw text.
    pub text: String,
    /// The same without words that have a digit or an address in them, an enhanced status code aside: numbers, names and times
    /// differ from session to session. Nothing but the command where no reply decided.
    gist: String,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    relays: usize,
    hellos: usize,
    hello_octets: usize,
    answers: usize,
}

/// Troubles told apart between one client and one server.
const TROUBLES: usize = 64;
/// Problems of one argument; an honest one has at most one of each code.
const PROBLEMS: usize = 32;
/// Octets of a code, and of a verb.
const CODE_OCTETS: usize = 64;
/// Octets of an answer: what a report shows of one.
const ANSWER_OCTETS: usize = 1_024;

impl Side {
    /// Nothing yet of the scan that the user calls `name`.
    pub fn new(name: String, limits: &Limits) -> Self {
        let bounds = Bounds {
            relays: limits.relays,
            hellos: limits.relay_arguments,
            hello_octets: limits.relay_argument_octets,
            answers: limits.relay_refusals,
        };
        Self::within(name, bounds)
    }

    /// One with the same bounds, for a capture that may turn out to be a copy.
    pub(super) fn empty(&self) -> Self {
        Self::within(String::new(), self.bounds)
    }

    fn within(name: String, bounds: Bounds) -> Self {
        Self {
            name,
            captures: 0,
            total: Counts::default(),
            failures: Vec::new(),
            incomplete: None,
            relays: BTreeMap::new(),
            other_sessions: 0,
            bounds,
        }
    }

    /// Adds a session.
    pub(crate) fn add(&mut self, session: &SessionRecord) {
        self.total.add(session);
        let ends = (session.client, session.server);
        if self.relays.len() >= self.bounds.relays && !self.relays.contains_key(&ends) {
            self.other_sessions += 1;
            return;
        }
        let relay = self.relays.entry(ends).or_default();
        relay.counts.add(session);
        let Some(loss) = session.loss.as_ref().filter(|_| session.is_mail_lost()) else { return };
        let trouble = Trouble::of(loss);
        if relay.troubles.len() >= TROUBLES && !relay.troubles.contains_key(&trouble) {
            relay.other_lost += 1;
            return;
        }
        let mut losses = Losses { sessions: 1, span: Some((session.opened, session.opened)), ..Losses::default() };
        losses.hellos.extend(loss.hello.as_ref().map(|hello| said(hello, self.bounds.hello_octets)));
        losses.answers.extend(loss.answer.as_ref().map(Answer::new));
        relay.troubles.entry(trouble).or_default().merge(losses, self.bounds);
    }

    /// Adds what was added up of one more capture.
    pub(super) fn merge(&mut self, other: Self) {
        self.total.merge(other.total);
        self.other_sessions += other.other_sessions;
        for (ends, theirs) in other.relays {
            if self.relays.len() >= self.bounds.relays && !self.relays.contains_key(&ends) {
                self.other_sessions += theirs.counts.sessions;
                continue;
            }
            let relay = self.relays.entry(ends).or_default();
            relay.counts.merge(theirs.counts);
            relay.other_lost += theirs.other_lost;
            for (trouble, losses) in theirs.troubles {
                if relay.troubles.len() >= TROUBLES && !relay.troubles.contains_key(&trouble) {
                    relay.other_lost += losses.sessions;
                } else {
                    relay.troubles.entry(trouble).or_default().merge(losses, self.bounds);
                }
            }
        }
    }
}

impl Counts {
    fn add(&mut self, session: &SessionRecord) {
        self.merge(Self {
            sessions: 1,
            lost: u64::from(session.is_mail_lost()),
            delivered: u64::from(session.outcome == Outcome::Delivered),
            span: Some((session.opened, session.opened)),
        });
    }

    const fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.lost += other.lost;
        self.delivered += other.delivered;
        self.span = both(self.span, other.span);
    }
}

/// The span that holds both.
const fn both(
    one: Option<(Timestamp, Timestamp)>,
    other: Option<(Timestamp, Timestamp)>,
) -> Option<(Timestamp, Timestamp)> {
    match (one, other) {
        (Some((first, last)), Some((earliest, latest))) => {
            let first = if earliest.as_nanos() < first.as_nanos() { earliest } else { first };
            let last = if latest.as_nanos() > last.as_nanos() { latest } else { last };
            Some((first, last))
        }
        (Some(span), None) | (None, Some(span)) => Some(span),
        (None, None) => None,
    }
}

impl Trouble {
    fn of(loss: &LossRecord) -> Self {
        let is_about_argument = rule(&loss.cause).is_some_and(|rule| rule.stage == Stage::Argument);
        let hello = loss.hello.as_ref().filter(|_| is_about_argument);
        let problems = hello.into_iter().flat_map(|hello| &hello.problems).take(PROBLEMS);
        let mut problems: Vec<String> = problems.map(|code| cut(code, CODE_OCTETS)).collect();
        problems.sort_unstable();
        problems.dedup();
        let reason = loss.reason.as_deref().map(|code| cut(code, CODE_OCTETS));
        Self { cause: cut(&loss.cause, CODE_OCTETS), reason, problems }
    }
}

impl Losses {
    fn merge(&mut self, other: Self, bounds: Bounds) {
        self.sessions += other.sessions;
        self.span = both(self.span, other.span);
        self.are_more |= other.are_more;
        for hello in other.hellos {
            if self.hellos.contains(&hello) {
                continue;
            }
            if self.hellos.len() < bounds.hellos { self.hellos.push(hello) } else { self.are_more = true }
        }
        for answer in other.answers {
            if self.answers.iter().any(|known| known.is_like(&answer)) {
                continue;
            }
            if self.answers.len() < bounds.answers { self.answers.push(answer) } else { self.are_more = true }
        }
    }

    /// Whether something was said in both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let arguments = |losses: &Self| losses.hellos.iter().map(|(_, argument)| argument.clone()).collect::<Vec<_>>();
        let (own, theirs) = (arguments(self), arguments(other));
        let has_same_name = own.is_empty() && theirs.is_empty() || own.iter().any(|argument| theirs.contains(argument));
        let has_same_answer = self.answers.is_empty() && other.answers.is_empty()
            || self.answers.iter().any(|answer| other.answers.iter().any(|known| known.is_like(answer)));
        has_same_name && has_same_answer || self.are_more || other.are_more
    }
}

impl Answer {
    fn new(answer: &AnswerRecord) -> Self {
        let is_hello = |verb: &str| matches!(verb, "EHLO" | "HELO" | "LHLO");
        let command = answer.command.as_deref().filter(|verb| !is_hello(verb));
        let command = command.map(|verb| format!("{}: ", cut(verb, CODE_OCTETS))).unwrap_or_default();
        let code = answer.code.map(|code| format!("{code:03} ")).unwrap_or_default();
        let said = cut(&answer.text, ANSWER_OCTETS);
        let status = answer.code.and_then(|code| EnhancedStatusCode::parse(said.as_bytes(), code));
        let is_of_session =
            |word: &&str| word.contains(|letter: char| letter.is_ascii_digit() || "<@".contains(letter));
        let words = said.split_whitespace().enumerate();
        let words = words.filter(|(at, word)| *at == 0 && status.is_some() || !is_of_session(word));
        // What happened in the place of a reply is told with how often and how long.
        let gist: Vec<&str> = words.map(|(_, word)| word).filter(|_| answer.code.is_some()).collect();
        Self {
            text: format!("{command}{code}{said}").trim_end().to_owned(),
            gist: format!("{command}{code}{}", gist.join(" ")),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.gist == other.gist
    }
}

fn said(hello: &HelloRecord, octets: usize) -> (String, Vec<u8>) {
    let argument = match hello.argument.get(..octets) {
        // The mark says that it is longer.
        Some(start) if start.len() < hello.argument.len() => [start, "\u{2026}".as_bytes()].concat(),
        _ => hello.argument.clone(),
    };
    (cut(&hello.verb, CODE_OCTETS), argument)
}

/// The start of `text`, at most so many octets.
fn cut(text: &str, octets: usize) -> String {
    let end = (0..=octets.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}
