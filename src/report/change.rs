//! Since when a relay loses mail, or delivers again, and what was different before.
//!
//! For each trouble of a relay its sessions are delivered, lost to it, or beside the point. In every step of time the first
//! and last of both kinds are known, so whether one kind came before the other is, too. Where they are mixed nothing is said.

use super::relay::Loss;
use super::timeline::{Bin, Timeline};
use super::{escape, product_name};
use crate::session::Session;
use crate::smtp::ehlo::split_argument;
use crate::time::Timestamp;

/// Sessions of one kind in a row that make a side of a change.
const LEAST_SESSIONS: u64 = 3;
/// Sessions that a run has on average, at the least. Where kinds come by chance, runs are of two sessions, and ten sessions
/// fall into two runs one time in sixty at the most.
const LEAST_MEAN: u64 = 5;
/// Steps of time kept of a relay.
pub(super) const STEPS: usize = 48;
/// Runs of one kind; more of them are no change but a relay that works by turns.
const MOST_RUNS: u64 = 8;
/// Different surroundings of sessions kept of a relay.
const CIRCUMSTANCES: usize = 8;
/// Octets kept of each text in them.
const TEXT_OCTETS: usize = 96;

/// The sessions of a relay over time.
#[derive(Clone, Debug)]
pub(super) struct History {
    timeline: Timeline<Step>,
    circumstances: Vec<Circumstances>,
}

/// One step of time: what was delivered, what was lost to each of the relay's losses by its index, and the rest.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    pub(super) delivered: Run,
    lost: Vec<(usize, Run)>,
    pub(super) others: u64,
}

/// Sessions of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) sessions: u64,
    first: Point,
    last: Point,
}

/// A session in a run: when it was opened, and which circumstances it had; none where too many are different.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    opened: Timestamp,
    circumstances: Option<usize>,
}

/// What may have changed when a relay stops or starts to work.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Circumstances {
    /// The first hello: verb and argument.
    hello: Option<Box<[u8]>>,
    /// The name in the greeting.
    name: Option<Box<[u8]>>,
    product: Option<Box<[u8]>>,
    /// Whether the reply to the last hello offers STARTTLS; none where no hello was accepted.
    offers_starttls: Option<bool>,
    is_tls: bool,
}

/// What a change is from or to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It delivered, and then lost.
    Stopped,
    /// It lost, and then delivered.
    Resumed,
}

impl Turn {
    /// Every code.
    #[cfg(test)]
    pub(super) const CODES: [&'static str; 2] = [Self::Stopped.code(), Self::Resumed.code()];

    /// The stable name reports use.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Resumed => "resumed",
        }
    }
}

/// A relay that stopped or started to work.
#[derive(Clone, Debug)]
pub(super) struct Change<'r> {
    pub(super) turn: Turn,
    /// What it lost sessions to.
    pub(super) loss: &'r Loss,
    /// When the last session before it and the first one after it were opened.
    pub(super) last: Timestamp,
    pub(super) first: Timestamp,
    /// Sessions in a row before and after it.
    pub(super) before: u64,
    pub(super) after: u64,
    /// What was different, in words; none where that is not known.
    pub(super) differences: Option<Vec<String>>,
}

impl Run {
    const fn of_one(point: Point) -> Self {
        Self { sessions: 1, first: point, last: point }
    }

    /// Adds a run of the same kind, whenever it was.
    fn add_run(&mut self, other: &Self) {
        if other.sessions == 0 {
            return;
        }
        if self.sessions == 0 {
            *self = *other;
            return;
        }
        self.sessions += other.sessions;
        if other.first.opened < self.first.opened {
            self.first = other.first;
        }
        if other.last.opened > self.last.opened {
            self.last = other.last;
        }
    }
}

impl Step {
    /// Sessions lost to the loss with this index.
    fn lost_to(&self, loss: usize) -> Run {
        self.lost.iter().find(|(index, _)| *index == loss).map_or_else(Run::default, |(_, run)| *run)
    }

    /// Sessions lost, to whatever.
    pub(super) fn lost(&self) -> u64 {
        self.lost.iter().map(|(_, run)| run.sessions).sum()
    }

    fn add_lost(&mut self, loss: usize, run: &Run) {
        match self.lost.iter_mut().find(|(index, _)| *index == loss) {
            Some((_, known)) => known.add_run(run),
            None => self.lost.push((loss, *run)),
        }
    }
}

impl Bin for Step {
    fn add_later(&mut self, later: &Self) {
        self.delivered.add_run(&later.delivered);
        for (loss, run) in &later.lost {
            self.add_lost(*loss, run);
        }
        self.others += later.others;
    }
}

/// What became of a session of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    /// Lost to the relay's loss with this index.
    Lost(usize),
    Other,
}

impl History {
    pub(super) const fn new() -> Self {
        Self { timeline: Timeline::new(STEPS), circumstances: Vec::new() }
    }

    /// Adds a session.
    pub(super) fn add(&mut self, session: &Session, fate: Fate) {
        let opened = session.first.time;
        if fate == Fate::Other {
            self.timeline.at(opened).others += 1;
            return;
        }
        let point = Point { opened, circumstances: self.circumstances(session) };
        let step = self.timeline.at(opened);
        match fate {
            Fate::Lost(loss) => step.add_lost(loss, &Run::of_one(point)),
            Fate::Delivered | Fate::Other => step.delivered.add_run(&Run::of_one(point)),
        }
    }

    fn circumstances(&mut self, session: &Session) -> Option<usize> {
        let now = Circumstances::of(session);
        let known = self.circumstances.iter().position(|known| *known == now);
        known.or_else(|| {
            let has_room = self.circumstances.len() < CIRCUMSTANCES;
            has_room.then(|| {
                self.circumstances.push(now);
                self.circumstances.len() - 1
            })
        })
    }

    /// Its sessions over time.
    pub(super) const fn timeline(&self) -> &Timeline<Step> {
        &self.timeline
    }

    /// When it stopped or started to work, as to each of its `losses`, in order of time.
    pub(super) fn changes<'r>(&self, losses: &'r [Loss]) -> Vec<Change<'r>> {
        let mut changes: Vec<Change<'r>> =
            losses.iter().enumerate().flat_map(|(index, loss)| self.changes_of(index, loss)).collect();
        changes.sort_by_key(|change| change.first);
        changes
    }

    fn changes_of<'r>(&self, index: usize, loss: &'r Loss) -> Vec<Change<'r>> {
        let runs = self.runs(index);
        // Steps in which the kinds are mixed have two runs at the least.
        let number = runs.iter().map(|run| if run.is_some() { 1 } else { 2 }).sum::<u64>();
        let sessions: u64 =
            self.timeline.bins().map(|step| step.delivered.sessions + step.lost_to(index).sessions).sum();
        if number > MOST_RUNS || sessions < LEAST_MEAN * number {
            return Vec::new();
        }
        let pairs = runs.iter().zip(runs.iter().skip(1));
        let changes = pairs.filter_map(|(before, after)| {
            let (before, after) = (before.as_ref()?, after.as_ref()?);
            let is_clear = before.run.sessions.min(after.run.sessions) >= LEAST_SESSIONS;
            is_clear.then(|| Change {
                turn: if after.is_lost { Turn::Stopped } else { Turn::Resumed },
                loss,
                last: before.run.last.opened,
                first: after.run.first.opened,
                before: before.run.sessions,
                after: after.run.sessions,
                differences: self.differences(before.run.last, after.run.first),
            })
        });
        changes.collect()
    }

    /// The sessions delivered and those lost to one loss, as runs of one kind; none where they are mixed.
    fn runs(&self, loss: usize) -> Vec<Option<Kind>> {
        let mut runs: Vec<Option<Kind>> = Vec::new();
        for step in self.timeline.bins() {
            let delivered = Kind { is_lost: false, run: step.delivered };
            let lost = Kind { is_lost: true, run: step.lost_to(loss) };
            let ordered = if lost.run.sessions == 0 || delivered.is_before(&lost) {
                [Some(delivered), Some(lost)]
            } else if delivered.run.sessions == 0 || lost.is_before(&delivered) {
                [Some(lost), Some(delivered)]
            } else {
                runs.push(None);
                continue;
            };
            for kind in ordered.into_iter().flatten().filter(|kind| kind.run.sessions > 0) {
                match runs.last_mut() {
                    Some(Some(last)) if last.is_lost == kind.is_lost => last.run.add_run(&kind.run),
                    _ => runs.push(Some(kind)),
                }
            }
        }
        runs
    }

    fn differences(&self, before: Point, after: Point) -> Option<Vec<String>> {
        let before = self.circumstances.get(before.circumstances?)?;
        let after = self.circumstances.get(after.circumstances?)?;
        Some(before.differences(after))
    }
}

/// A run of sessions that were all delivered or all lost to one loss.
#[derive(Clone, Copy, Debug)]
struct Kind {
    is_lost: bool,
    run: Run,
}

impl Kind {
    fn is_before(&self, other: &Self) -> bool {
        self.run.last.opened < other.run.first.opened
    }
}

impl Circumstances {
    fn of(session: &Session) -> Self {
        let transcript = &session.transcript;
        let first = transcript.hellos.first().and_then(|hello| transcript.hello_command(hello));
        let hello = first.map(|command| {
            let argument = split_argument(command.after_verb()).octets;
            kept(&[command.verb_name().as_bytes(), b" ", argument].concat())
        });
        let greeting = transcript.greeting().map(|greeting| greeting.first_line());
        let name = greeting.and_then(|line| line.split(u8::is_ascii_whitespace).next()).map(kept);
        let accepted = transcript.hellos.iter().rev().find(|hello| transcript.is_accepted(hello));
        let reply = accepted.and_then(|hello| transcript.hello_reply(hello));
        let is_starttls = |line: &[u8]| line.trim_ascii().eq_ignore_ascii_case(b"STARTTLS");
        Self {
            hello,
            name,
            product: product_name(&session.product).map(|name| kept(name.as_bytes())),
            offers_starttls: reply.map(|reply| reply.lines.iter().any(is_starttls)),
            is_tls: transcript.is_tls,
        }
    }

    /// What is different in `after`.
    fn differences(&self, after: &Self) -> Vec<String> {
        let texts = [
            ("hello", &self.hello, &after.hello),
            ("the server's name", &self.name, &after.name),
            ("the server's product", &self.product, &after.product),
        ];
        let texts = texts.into_iter().filter_map(|(what, before, after)| match (before, after) {
            (Some(before), Some(after)) if before != after => {
                Some(format!("{what} `{}`, before `{}`", shown(after), shown(before)))
            }
            _ => None,
        });
        let starttls = match (self.offers_starttls, after.offers_starttls) {
            (Some(true), Some(false)) => Some("STARTTLS no longer offered"),
            (Some(false), Some(true)) => Some("STARTTLS offered, not before"),
            _ => None,
        };
        let tls = match (self.is_tls, after.is_tls) {
            (true, false) => Some("no TLS, before with TLS"),
            (false, true) => Some("TLS, before without"),
            _ => None,
        };
        texts.chain([starttls, tls].into_iter().flatten().map(str::to_owned)).collect()
    }
}

fn kept(octets: &[u8]) -> Box<[u8]> {
    octets.get(..TEXT_OCTETS).unwrap_or(octets).into()
}

/// What a change says of octets of the capture: a backtick marks code around them.
fn shown(octets: &[u8]) -> String {
    let cut = if octets.len() >= TEXT_OCTETS { escape::ELLIPSIS } else { "" };
    format!("{}{cut}", escape::text(octets).replace('`', "'"))
}
