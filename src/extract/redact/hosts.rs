//! Pseudonyms for host names: label by label, of the same length, letters for letters and digits for digits.
//!
//! Within a label every letter and digit is moved on by a number that depends on the key, the label's length and all that stands
//! before it, and then once more by all that stands behind it. So no two labels become one, and a label says nothing of another.
//! Of characters outside ASCII the octets that follow the first are moved likewise. What is none of these stays, for it may be
//! what is wrong with a name.

use std::collections::HashMap;

use super::addresses::{RedactKey, Use};
use super::stream::alike;
use crate::smtp::{SpanKind, host_ranges};

/// Labels remembered; past the bound they are forgotten and worked out again.
const KNOWN: usize = 16_384;

/// The tag of an IPv6 literal, which is no name.
const TAG: &[u8] = b"IPv6:";

/// Gives pseudonyms to host names.
#[derive(Debug)]
pub(super) struct Hosts {
    key: RedactKey,
    known: HashMap<Vec<u8>, Vec<u8>>,
}

impl Hosts {
    pub(super) fn new(key: RedactKey) -> Self {
        Self { key, known: HashMap::new() }
    }

    /// Replaces the host names in `line`, of which each octet has its kind.
    pub(super) fn replace(&mut self, line: &mut [u8], kinds: &mut [SpanKind]) {
        let words: Vec<(u64, Vec<u8>)> = host_ranges(kinds)
            .into_iter()
            .filter_map(|range| Some((range.start as u64, line.get(range)?.to_vec())))
            .collect();
        self.replace_in(line, 0, kinds, words.iter().map(|(at, word)| (*at, word.as_slice())));
    }

    /// Replaces `words`, each with its place in the stream, in `payload`, which stands at `offset` of it. They count as plain text
    /// from then on.
    pub(super) fn replace_in<'w>(
        &mut self,
        payload: &mut [u8],
        offset: u64,
        kinds: &mut [SpanKind],
        words: impl Iterator<Item = (u64, &'w [u8])>,
    ) {
        for (at, word) in words {
            let pseudonym = self.pseudonym(word);
            let before = usize::try_from(offset.saturating_sub(at)).unwrap_or(usize::MAX);
            let skipped = usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
            let places = payload.iter_mut().zip(kinds.iter_mut()).skip(skipped);
            for ((octet, kind), replaced) in places.zip(pseudonym.iter().skip(before)) {
                if matches!(kind, SpanKind::HelloArgument | SpanKind::Domain) {
                    (*octet, *kind) = (*replaced, SpanKind::Line);
                }
            }
        }
    }

    /// A word of the same length with other names in it.
    fn pseudonym(&mut self, word: &[u8]) -> Vec<u8> {
        if word.contains(&b':') {
            // Addresses, and what was meant to be one: digits of other kinds must not become hexadecimal ones.
            let opens = word.iter().take_while(|octet| **octet == b'[').count();
            let tag = word.get(opens..opens + TAG.len()).filter(|tag| tag.eq_ignore_ascii_case(TAG));
            let kept = opens + tag.map_or(0, <[u8]>::len);
            return word.iter().enumerate().map(|(at, octet)| if at < kept { *octet } else { alike(*octet) }).collect();
        }
        // Any other address of this form is told by its digits; of zeros before them depends whether it is one.
        let has_numbers_only = word.iter().all(|octet| octet.is_ascii_digit() || b"[].".contains(octet));
        if has_numbers_only
            && word.split(|octet| !octet.is_ascii_digit()).filter(|number| !number.is_empty()).count() > 2
        {
            return word.to_vec();
        }
        let is_end = |octet: &u8| !(octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') || *octet >= 0x80);
        let labels = word.split_inclusive(is_end).map(|piece| match piece.split_last() {
            Some((end, label)) if is_end(end) => (label, Some(*end)),
            _ => (piece, None),
        });
        let mut pseudonym = Vec::with_capacity(word.len());
        for (label, end) in labels {
            pseudonym.extend(self.label(label));
            pseudonym.extend(end);
        }
        pseudonym
    }

    fn label(&mut self, label: &[u8]) -> Vec<u8> {
        // It tells nothing of anyone, and a report says so.
        if label.eq_ignore_ascii_case(b"localhost") || label.is_empty() {
            return label.to_vec();
        }
        let lower = label.to_ascii_lowercase();
        let moved = match self.known.get(&lower) {
            Some(known) => known.clone(),
            None => {
                let mut kinds: Vec<Kind> = Vec::with_capacity(lower.len());
                for (at, octet) in lower.iter().enumerate() {
                    kinds.push(Kind::of(*octet, at.checked_sub(1).and_then(|before| lower.get(before))));
                }
                let mut moved = lower.clone();
                for _ in 0..2 {
                    self.chain(&mut moved, &kinds);
                    moved.reverse();
                    kinds.reverse();
                }
                if self.known.len() >= KNOWN {
                    self.known.clear();
                }
                self.known.insert(lower, moved.clone());
                moved
            }
        };
        let in_case =
            |(octet, was): (u8, &u8)| if was.is_ascii_uppercase() { octet.to_ascii_uppercase() } else { octet };
        moved.into_iter().zip(label).map(in_case).collect()
    }

    /// Moves each octet on within its kind, by what all that stood before it says.
    fn chain(&self, label: &mut [u8], kinds: &[Kind]) {
        for (at, kind) in kinds.iter().enumerate() {
            let length = label.len().to_be_bytes();
            let (before, rest) = label.split_at_mut(at);
            let [step, ..] = self.key.octets(Use::HostName, &[&length, &at.to_be_bytes(), before]);
            if let Some(octet) = rest.first_mut() {
                *octet = kind.moved(*octet, step);
            }
        }
    }
}

/// What an octet is moved among.
enum Kind {
    Letter,
    Digit,
    /// An octet of UTF-8 behind the first of its character.
    Continuation,
    Fixed,
}

impl Kind {
    fn of(octet: u8, before: Option<&u8>) -> Self {
        // Behind these not every octet makes a character (RFC 3629 4).
        let is_restricted = matches!(before, Some(0xe0 | 0xed | 0xf0 | 0xf4));
        match octet {
            b'a'..=b'z' => Self::Letter,
            b'0'..=b'9' => Self::Digit,
            0x80..=0xbf if !is_restricted => Self::Continuation,
            _ => Self::Fixed,
        }
    }

    const fn moved(&self, octet: u8, step: u8) -> u8 {
        let (first, count) = match self {
            Self::Letter => (b'a', 26),
            Self::Digit => (b'0', 10),
            Self::Continuation => (0x80, 64),
            Self::Fixed => return octet,
        };
        first + (octet.saturating_sub(first) + step % count) % count
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn replaced(word: &str) -> String {
        String::from_utf8(Hosts::new(RedactKey::new("k")).pseudonym(word.as_bytes())).unwrap()
    }

    #[test]
    fn a_name_keeps_its_form_and_a_label_its_pseudonym() {
        let form = |name: &str| -> String {
            let kind = |c: char| match c {
                'a'..='z' => 'x',
                'A'..='Z' => 'X',
                '0'..='9' => '1',
                c if c.is_ascii() => c,
                _ => '?',
            };
            name.chars().map(kind).collect()
        };
        for name in [
            "mail.contoso.com",
            "Mail7.CONTOSO.com.",
            "sub2_x",
            "-a.b-..c",
            "x;=1+1",
            "b\u{fc}cher.\u{4f8b}",
            "127",
            "",
        ] {
            let other = replaced(name);
            assert_eq!((form(&other), other.len()), (form(name), name.len()), "{name}");
            assert!(name.len() < 4 || other != name, "{name}");
        }
        assert_eq!(replaced("www.contoso.com")[4..], replaced("mx2.contoso.com")[4..]);
        assert_eq!(replaced("CONTOSO"), replaced("contoso").to_ascii_uppercase());
        assert_eq!(replaced("localhost"), "localhost");
    }

    #[test]
    fn no_two_labels_become_one() {
        let labels = || (b'a'..=b'z').flat_map(|one| (b'0'..=b'9').map(move |two| [one, two]));
        let mut hosts = Hosts::new(RedactKey::new("k"));
        let found: HashSet<_> = labels().map(|label| hosts.pseudonym(&label)).collect();
        assert_eq!(found.len(), 260);
    }

    #[test]
    fn what_was_to_be_an_address_is_wrong_in_the_same_way() {
        for (argument, told) in [
            ("[IPv6:2001:db8::zz]", "[IPv6:1111:aa1::xx]"),
            ("[mail:host7]", "[xaxx:xxxx1]"),
            ("fe80::1%eth0", "aa11::1%axx1"),
            ("[010.1.2.3]", "[010.1.2.3]"),
        ] {
            assert_eq!(replaced(argument), told);
        }
    }
}
