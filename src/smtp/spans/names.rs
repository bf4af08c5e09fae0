//! What the client called itself and others: names of mailboxes and hosts, to be found again in what the server says.
//!
//! Of each name only a hash is kept, so that names of any length take little room.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};

use super::address::ranges;
use super::text::Plain;
use super::{SpanKind, fill};
use crate::smtp::command::Verb;

/// Names of each kind kept of one session.
const MOST_NAMES: usize = 16_384;
/// Arguments of hellos kept of one session.
const MOST_ARGUMENTS: usize = 64;
/// A part of a name that is shorter is too common a word.
const PART_OCTETS: usize = 3;

/// Names that one client gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Local parts, letters and digits alone.
    mailboxes: HashSet<u64>,
    /// Octets of the longest of these.
    longest: usize,
    /// Host names that are not told by their form.
    hosts: HashSet<u64>,
    /// Arguments of hellos, without the brackets around them.
    arguments: Vec<(Box<[u8]>, Vec<SpanKind>)>,
}

impl Names {
    /// Remembers what a command line of which each octet is of one of `kinds` names.
    pub(in crate::smtp) fn learn(&mut self, verb: Verb, line: &[u8], kinds: &[SpanKind]) {
        let octets_of = |wanted: SpanKind| {
            let octets = line.iter().zip(kinds).filter(move |(_, kind)| **kind == wanted).map(|(octet, _)| *octet);
            octets.collect::<Vec<u8>>()
        };
        if verb.is_hello() || verb == Verb::Mangled {
            self.learn_argument(line, kinds);
        }
        self.add(&octets_of(SpanKind::LocalPart));
        self.add_host(&octets_of(SpanKind::Domain));
        if matches!(verb, Verb::Auth) {
            return;
        }
        let is_naming = matches!(verb, Verb::Vrfy | Verb::Expn);
        // What is no path may hold one: of a mistyped verb, or in a parameter.
        let is_delimiter = |octet: u8| octet.is_ascii_whitespace() || b"<>()\",:;".contains(&octet);
        let (_, rest) = Verb::parse(line);
        for range in ranges(rest, |octet| !is_delimiter(octet)) {
            let word = rest.get(range).unwrap_or_default();
            match word.iter().rposition(|octet| *octet == b'@') {
                Some(at) => self.add(word.get(..at).unwrap_or_default()),
                None if is_naming => self.add(word),
                None => {}
            }
        }
    }

    fn learn_argument(&mut self, line: &[u8], kinds: &[SpanKind]) {
        let is_argument = |kind: &SpanKind| matches!(kind, SpanKind::HelloArgument | SpanKind::HelloDigits { .. });
        let Some(start) = kinds.iter().position(is_argument) else { return };
        let (argument, kinds) = (line.get(start..).unwrap_or_default(), kinds.get(start..).unwrap_or_default());
        self.add_host(argument);
        let bare = argument.iter().take_while(|octet| b"[<\"".contains(octet)).count();
        let argument = argument.get(bare..).unwrap_or_default();
        let ends = argument.iter().rev().take_while(|octet| b"]>\" \t".contains(octet)).count();
        let argument = argument.get(..argument.len() - ends).unwrap_or_default();
        if argument.len() > 1 && self.arguments.len() < MOST_ARGUMENTS {
            self.arguments.push((argument.into(), kinds.iter().skip(bare).take(argument.len()).copied().collect()));
        }
    }

    /// Remembers a local part, and what it is made of where a server or a list made it: `ann` of `bounces+ann=example.com`.
    pub(crate) fn add(&mut self, name: &[u8]) {
        self.add_whole(name);
        let equals = name.iter().filter(|octet| **octet == b'=').count();
        // Behind the one equals sign of VERP stands the domain, which is no mailbox.
        let made = if equals == 1 { name.split(|octet| *octet == b'=').next().unwrap_or_default() } else { name };
        let separators = if equals > 0 { &b"+=-%!#"[..] } else { &b"+=%!#"[..] };
        if name.iter().any(|octet| separators.contains(octet)) {
            for part in made.split(|octet| separators.contains(octet)).filter(|part| part.len() >= PART_OCTETS) {
                self.add_whole(part);
            }
        }
    }

    fn add_whole(&mut self, name: &[u8]) {
        for name in [name, &Plain::of(name).octets] {
            let mut hash = Squashed::default();
            name.iter().for_each(|octet| hash.push(*octet));
            if hash.octets > 1 && self.mailboxes.len() < MOST_NAMES {
                self.longest = self.longest.max(hash.octets);
                self.mailboxes.insert(hash.finish());
            }
        }
    }

    /// Remembers a host name, and the label of it that tells whose it is.
    pub(in crate::smtp) fn add_host(&mut self, name: &[u8]) {
        const TELLING_OCTETS: usize = 4;
        let labels: Vec<&[u8]> = name.split(|octet| *octet == b'.').filter(|label| !label.is_empty()).collect();
        let whole: &[u8] = if let [label] = labels.as_slice() { label } else { b"" };
        let telling = labels.iter().rev().skip(1).find(|label| label.len() >= TELLING_OCTETS);
        for word in [whole].into_iter().chain(telling.copied()).filter(|word| word.len() > 1) {
            if self.hosts.len() < MOST_NAMES {
                self.hosts.insert(hashed(word));
            }
        }
    }

    /// Whether `word` is a host that was named, or the label of one that tells whose it is.
    pub(super) fn has_host(&self, word: &[u8]) -> bool {
        !self.hosts.is_empty() && self.hosts.contains(&hashed(word))
    }

    /// Local parts in `text`, whatever stands around and between their letters and digits but these.
    pub(super) fn mark_mailboxes(&self, text: &[u8], kinds: &mut [SpanKind]) {
        if self.mailboxes.is_empty() {
            return;
        }
        let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        for start in 0..text.len() {
            let is_start = text.get(start).is_some_and(|octet| is_core(*octet)) && !is_word(start.checked_sub(1));
            if let Some(end) = is_start.then(|| self.mailbox_end(text, start)).flatten() {
                fill(kinds, start..end, SpanKind::LocalPart);
            }
        }
    }

    /// Where the longest local part that begins at `start` ends.
    fn mailbox_end(&self, text: &[u8], start: usize) -> Option<usize> {
        const BETWEEN: usize = 2;
        let (mut hash, mut between, mut found) = (Squashed::default(), 0, None);
        for (at, octet) in text.iter().enumerate().skip(start) {
            if !is_core(*octet) {
                between += 1;
                if octet.is_ascii_whitespace() || between > BETWEEN {
                    break;
                }
                continue;
            }
            between = 0;
            hash.push(*octet);
            if hash.octets > self.longest {
                break;
            }
            let is_end = !text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
            if is_end && self.mailboxes.contains(&hash.finish()) {
                found = Some(at + 1);
            }
        }
        found
    }

    /// Arguments of hellos that a reply repeats, told as they were told there.
    pub(super) fn mark_arguments(&self, text: &[u8], kinds: &mut [SpanKind]) {
        let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        for (argument, told) in &self.arguments {
            let is_repeated = |(at, window): &(usize, &[u8])| {
                window.eq_ignore_ascii_case(argument)
                    && !is_word(at.checked_sub(1))
                    && !is_word(Some(at + argument.len()))
            };
            for (at, _) in text.windows(argument.len()).enumerate().filter(is_repeated) {
                for (kind, told) in kinds.iter_mut().skip(at).zip(told) {
                    if *kind != SpanKind::LocalPart {
                        *kind = *told;
                    }
                }
            }
        }
    }
}

/// Whether an octet is one that names are compared by.
const fn is_core(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet >= 0x80
}

/// A name without its punctuation, in lower case.
#[derive(Default)]
struct Squashed {
    hasher: DefaultHasher,
    octets: usize,
}

impl Squashed {
    fn push(&mut self, octet: u8) {
        if is_core(octet) {
            self.hasher.write_u8(octet.to_ascii_lowercase());
            self.octets += 1;
        }
    }

    fn finish(&self) -> u64 {
        self.hasher.finish()
    }
}

fn hashed(word: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.iter().for_each(|octet| hasher.write_u8(octet.to_ascii_lowercase()));
    hasher.finish()
}
