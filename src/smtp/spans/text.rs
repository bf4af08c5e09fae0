//! Mailboxes, names and IP addresses in the text of a reply.

use std::collections::HashSet;
use std::net::Ipv6Addr;
use std::ops::Range;

use super::{SpanKind, fill};

/// Local parts kept of one session, and octets of one (RFC 5321 4.5.3.1.1).
const MOST_NAMES: usize = 1_024;
const NAME_OCTETS: usize = 64;

/// Local parts that commands named, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Names(HashSet<Vec<u8>>);

impl Names {
    /// Remembers a local part.
    pub fn add(&mut self, name: &[u8]) {
        let name = name.get(..NAME_OCTETS).unwrap_or(name).to_ascii_lowercase();
        if name.len() > 1 && self.0.len() < MOST_NAMES {
            self.0.insert(name);
        }
    }

    fn has(&self, word: &[u8]) -> bool {
        !self.0.is_empty() && self.0.contains(&word.to_ascii_lowercase())
    }
}

/// What each octet of a reply's text, or of another whole line, is: mailboxes' local parts and names that commands gave, digits
/// of IP addresses, or plain text.
pub fn text_kinds(text: &[u8], names: &Names) -> Vec<SpanKind> {
    let mut kinds = vec![SpanKind::Line; text.len()];
    mark_dotted(text, &mut kinds);
    let mut start = 0;
    while start < text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.iter().position(is_delimiter).map_or(text.len(), |length| start + length);
        let is_quoted = start > 0 && text.get(start - 1) == Some(&b'"') && text.get(start) == Some(&b'@');
        if is_quoted {
            // Back to the quote that opens a quoted local part.
            let before = text.get(..start - 1).unwrap_or_default();
            let open = before.iter().rposition(|octet| *octet == b'"').map_or(0, |at| at + 1);
            fill(&mut kinds, open..start - 1, SpanKind::LocalPart);
        }
        mark_word(text, start..end, names, &mut kinds);
        start = end + 1;
    }
    mark_names(text, names, &mut kinds);
    kinds
}

/// Whether each octet belongs to a name that `names` has, in text of which nothing else is known.
pub fn name_kinds(text: &[u8], names: &Names) -> Vec<SpanKind> {
    let mut kinds = vec![SpanKind::Line; text.len()];
    mark_names(text, names, &mut kinds);
    kinds
}

/// Names inside of words: in addresses of pages, paths and the return addresses that lists make.
fn mark_names(text: &[u8], names: &Names, kinds: &mut [SpanKind]) {
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"._-".contains(octet) || *octet >= 0x80;
    let mut at = 0;
    for word in text.split(|octet| !is_name(octet)) {
        let before = word.iter().take_while(|octet| b"._-".contains(octet)).count();
        let after = word.iter().rev().take_while(|octet| b"._-".contains(octet)).count();
        let bare = before..word.len().saturating_sub(after);
        if names.has(word.get(bare.clone()).unwrap_or_default()) {
            fill(kinds, at + bare.start..at + bare.end, SpanKind::LocalPart);
        }
        at += word.len() + 1;
    }
}

const TAG: &str = "IPv6:";

fn is_delimiter(octet: &u8) -> bool {
    octet.is_ascii_whitespace() || b"<>()[]{}\"',;=".contains(octet)
}

fn mark_word(text: &[u8], range: Range<usize>, names: &Names, kinds: &mut [SpanKind]) {
    let word = text.get(range.clone()).unwrap_or_default();
    if let Some(at) = word.iter().rposition(|octet| *octet == b'@') {
        // `To:ann@example.com` keeps its keyword.
        let from = word.iter().take(at).position(|octet| *octet == b':').map_or(0, |colon| colon + 1);
        return fill(kinds, range.start + from..range.start + at, SpanKind::LocalPart);
    }
    let text = std::str::from_utf8(word).unwrap_or_default();
    let is_tagged = text.get(..TAG.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(TAG));
    let bare = if is_tagged { text.get(TAG.len()..).unwrap_or_default() } else { text }.trim_end_matches(['.', ':']);
    if bare.bytes().filter(|octet| *octet == b':').count() > 1 && bare.parse::<Ipv6Addr>().is_ok() {
        for (octet, kind) in word.iter().zip(kinds.iter_mut().skip(range.start)) {
            if octet.is_ascii_hexdigit() {
                *kind = SpanKind::Address;
            }
        }
        return;
    }
    let trimmed = word.trim_ascii();
    let trimmed = trimmed.strip_suffix(b":").or_else(|| trimmed.strip_suffix(b".")).unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix(b"...").unwrap_or(trimmed);
    if names.has(trimmed) {
        fill(kinds, range, SpanKind::LocalPart);
    }
}

/// The digits of IPv4 addresses, dotted or with hyphens as in names of dial-in hosts, whatever stands around them, other
/// numbers too.
pub(super) fn mark_dotted(text: &[u8], kinds: &mut [SpanKind]) {
    const NUMBERS: usize = 4;
    let is_part = |octet: &u8| octet.is_ascii_digit() || b".-".contains(octet);
    let mut at = 0;
    for run in text.split(|octet| !is_part(octet)) {
        let numbers = numbers_in(run);
        let is_small = |number: &Range<usize>| {
            let digits = run.get(number.clone()).and_then(|digits| std::str::from_utf8(digits).ok());
            digits.is_some_and(|digits| digits.parse::<u8>().is_ok())
        };
        for window in numbers.windows(NUMBERS).filter(|window| window.iter().all(is_small)) {
            for number in window {
                fill(kinds, at + number.start..at + number.end, SpanKind::Address);
            }
        }
        at += run.len() + 1;
    }
}

/// Where the numbers in a run of digits, dots and hyphens stand.
fn numbers_in(run: &[u8]) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut numbers = Vec::new();
    for number in run.split(|octet| !octet.is_ascii_digit()) {
        if !number.is_empty() {
            numbers.push(at..at + number.len());
        }
        at += number.len() + 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_tell_of_mailboxes_names_and_addresses() {
        let mut names = Names::default();
        names.add(b"Ann");
        for (text, told) in [
            ("5.1.1 <bob@example.com>: User unknown", "5.1.1 <___@example.com>: User unknown"),
            ("No mailbox ann. here", "No mailbox ____ here"),
            ("Hello [192.0.2.10], 10.1.2.3:25", "Hello [___._._.__], __._._._:25"),
            ("mx Version: 5.5.1774.114.11 at 13:32:00", "mx Version: 5.5.1774.114.11 at 13:32:00"),
            ("Hello ip-192-0-2-10.isp.example", "Hello ip-___-_-_-__.isp.example"),
            ("Hello ip7-192-0-2-10-25.isp.example", "Hello ip_-___-_-_-__-__.isp.example"),
            ("refused 2001-192.0.2.10.", "refused 2001-___._._.__."),
            ("2.0.0 ok, 4.7.1-650", "2.0.0 ok, 4.7.1-650"),
            ("Hello [IPv6:2001:db8::1]", "Hello [IPv_:____:___::_]"),
            ("Hello [ipv6:2001:db8::1]", "Hello [ipv_:____:___::_]"),
            ("\"a b\"@example.com unknown", "\"___\"@example.com unknown"),
            ("see http://x.example/?id=ann%40x;", "see http://x.example/?id=___%40x;"),
            ("bounces+ann=x@list.example", "bounces+___=_@list.example"),
            ("/var/mail/ANN! -ann- anna", "/var/mail/___! -___- anna"),
        ] {
            let kinds = text_kinds(text.as_bytes(), &names);
            let shown: String =
                text.chars().zip(kinds).map(|(octet, kind)| if kind == SpanKind::Line { octet } else { '_' }).collect();
            assert_eq!(shown, told);
        }
    }
}
