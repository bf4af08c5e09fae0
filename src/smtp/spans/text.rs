//! Mailboxes, host names and IP addresses in the text of a reply.

use super::address::{mark_addresses, ranges};
use super::{Names, SpanKind, fill};
use crate::base64;

/// What each octet of a reply's text, or of another whole line, is: mailboxes' local parts, names that commands gave, host names,
/// digits of IP addresses, or plain text. Percent escapes are read as what they stand for.
pub(in crate::smtp) fn text_kinds(text: &[u8], names: &Names) -> Vec<SpanKind> {
    let plain = Plain::of(text);
    let mut kinds = vec![SpanKind::Line; plain.octets.len()];
    mark_hosts(&plain.octets, names, &mut kinds);
    mark_addresses(&plain.octets, &mut kinds);
    mark_mailboxes(&plain.octets, &mut kinds);
    mark_names(&plain.octets, names, &mut kinds);
    names.mark_arguments(&plain.octets, &mut kinds);
    mark_decisive(&plain.octets, &mut kinds);
    plain.of_text(&kinds)
}

/// Whether each octet belongs to a mailbox that `names` has, in text of which nothing else is known.
pub(crate) fn name_kinds(text: &[u8], names: &Names) -> Vec<SpanKind> {
    let plain = Plain::of(text);
    let mut kinds = vec![SpanKind::Line; plain.octets.len()];
    mark_names(&plain.octets, names, &mut kinds);
    plain.of_text(&kinds)
}

/// Text with its percent escapes (RFC 3986 2.1) decoded.
pub(super) struct Plain {
    pub(super) octets: Vec<u8>,
    /// For how many octets of the text each one stands.
    widths: Vec<usize>,
}

impl Plain {
    pub(super) fn of(text: &[u8]) -> Self {
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let (mut octets, mut widths, mut rest) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()), text);
        while let [first, left @ ..] = rest {
            let escaped = match *rest {
                [b'%', high, low, ..] => digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low),
                _ => None,
            };
            octets.push(escaped.unwrap_or(*first));
            widths.push(if escaped.is_some() { 3 } else { 1 });
            rest = if escaped.is_some() { rest.get(3..).unwrap_or_default() } else { left };
        }
        Self { octets, widths }
    }

    /// What each octet of the text is, where those decoded are `kinds`.
    fn of_text(&self, kinds: &[SpanKind]) -> Vec<SpanKind> {
        kinds.iter().zip(&self.widths).flat_map(|(kind, width)| std::iter::repeat_n(*kind, *width)).collect()
    }
}

/// Host names by their form, and those that were named before.
fn mark_hosts(text: &[u8], names: &Names, kinds: &mut [SpanKind]) {
    let is_part = |octet: u8| octet.is_ascii_alphanumeric() || b"._-".contains(&octet) || octet >= 0x80;
    for range in ranges(text, is_part) {
        let word = text.get(range.clone()).unwrap_or_default();
        let is_edge = |octet: &&u8| b"._-".contains(octet);
        let start = range.start + word.iter().take_while(is_edge).count();
        let end = range.end - word.iter().rev().take_while(is_edge).count();
        let word = text.get(start..end).unwrap_or_default();
        if is_host(word) || names.has_host(word) {
            fill(kinds, start..end, SpanKind::Domain);
            continue;
        }
        for part in ranges(word, |octet| octet.is_ascii_alphanumeric() || octet >= 0x80) {
            if names.has_host(word.get(part.clone()).unwrap_or_default()) {
                fill(kinds, start + part.start..start + part.end, SpanKind::Domain);
            }
        }
    }
}

/// Whether a word has the form of a host name with a domain.
fn is_host(word: &[u8]) -> bool {
    const LABEL_OCTETS: usize = 63;
    let mut labels = word.split(|octet| *octet == b'.');
    let is_label = |label: &[u8]| (1..=LABEL_OCTETS).contains(&label.len());
    let is_top = |label: &[u8]| {
        label.len() > 1
            && (label.iter().all(|octet| octet.is_ascii_alphabetic() || *octet >= 0x80) || label.starts_with(b"xn--"))
    };
    labels.clone().count() > 1 && labels.clone().all(is_label) && labels.next_back().is_some_and(is_top)
}

/// What stands before each @.
fn mark_mailboxes(text: &[u8], kinds: &mut [SpanKind]) {
    let is_delimiter = |octet: &u8| octet.is_ascii_whitespace() || b"<>()[]{}\"',;:?&|".contains(octet);
    for (at, _) in text.iter().enumerate().filter(|(_, octet)| **octet == b'@') {
        let before = text.get(..at).unwrap_or_default();
        if let Some(quoted) = before.strip_suffix(b"\"") {
            let is_open = |open: &usize| {
                let escape = open.checked_sub(1).and_then(|before| quoted.get(before));
                quoted.get(*open) == Some(&b'"') && escape != Some(&b'\\')
            };
            let open = (0..quoted.len()).rev().find(is_open).map_or(0, |open| open + 1);
            fill(kinds, open..quoted.len(), SpanKind::LocalPart);
            continue;
        }
        // An apostrophe within a name is no quote.
        let is_letter = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        let is_in_name =
            |at: usize| text.get(at) == Some(&b'\'') && is_letter(at.checked_sub(1)) && is_letter(Some(at + 1));
        let ends = before.iter().enumerate().rfind(|(at, octet)| is_delimiter(octet) && !is_in_name(*at));
        let start = ends.map_or(0, |(last, _)| last + 1);
        // `user=ann@example.com` keeps its keyword; what VERP and X.400 put before an equals sign tells whose mailbox it is.
        let word = before.get(start..).unwrap_or_default();
        let keyword = word.iter().take_while(|octet| octet.is_ascii_alphabetic()).count();
        let keyword = if word.get(keyword) == Some(&b'=') { keyword + 1 } else { 0 };
        fill(kinds, start + keyword..at, SpanKind::LocalPart);
    }
}

/// Mailboxes that commands named, also in base64.
fn mark_names(text: &[u8], names: &Names, kinds: &mut [SpanKind]) {
    const FEWEST: usize = 8;
    names.mark_mailboxes(text, kinds);
    for range in ranges(text, base64::is_digit).into_iter().filter(|range| range.len() >= FEWEST) {
        let mut decoded = Vec::new();
        base64::decode(text.get(range.clone()).unwrap_or_default(), &mut decoded);
        let is_text = decoded.iter().all(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace());
        let mut told = vec![SpanKind::Line; decoded.len()];
        names.mark_mailboxes(&decoded, &mut told);
        if is_text && decoded.contains(&b'@') || told.contains(&SpanKind::LocalPart) {
            fill(kinds, range, SpanKind::LocalPart);
        }
    }
}

/// The words that a refusal for the hello's sake is known by.
fn mark_decisive(text: &[u8], kinds: &mut [SpanKind]) {
    for range in ranges(text, |octet| octet.is_ascii_alphanumeric()) {
        let word = text.get(range.clone()).unwrap_or_default();
        if word.eq_ignore_ascii_case(b"helo") || word.eq_ignore_ascii_case(b"ehlo") {
            fill(kinds, range, SpanKind::Decisive);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, names: &Names) -> String {
        let kinds = text_kinds(text.as_bytes(), names);
        let is_shown = |kind| matches!(kind, SpanKind::Line | SpanKind::Domain | SpanKind::Decisive);
        text.chars().zip(kinds).map(|(octet, kind)| if is_shown(kind) { octet } else { '_' }).collect()
    }

    #[test]
    fn replies_tell_of_mailboxes_names_and_addresses() {
        let mut names = Names::default();
        names.add(b"Ann");
        names.add(b"bounces+joe=x.example");
        for (text, told) in [
            ("5.1.1 <bob@example.com>: User unknown", "5.1.1 <___@example.com>: User unknown"),
            ("No mailbox ann. here", "No mailbox ___. here"),
            ("Hello [192.0.2.10], 10.1.2.3:25", "Hello [___._._.__], __._._._:25"),
            ("Hello [ipv6:2001:db8::1]", "Hello [ipv6:____:___::_]"),
            ("\"a b\"@example.com unknown", "\"___\"@example.com unknown"),
            ("\"a \\\"b\"@example.com", "\"_____\"@example.com"),
            ("user=bob@x.example, to:bob@x.example", "user=___@x.example, to:___@x.example"),
            ("see http://x.example/?id=bob%40x;", "see http://x.example/?id=___%40x;"),
            ("id=%3Cann%3E x=1%2E2%2E3%2E4", "id=%3C___%3E x=_%2E_%2E_%2E_"),
            ("bounces+bob=x@list.example", "_____________@list.example"),
            ("bounces+bob.o'roe=x@list.example 'bob@x.example'", "___________________@list.example '___@x.example'"),
            ("/G=Bob/S=Roe/@gw.example", "_____________@gw.example"),
            ("/var/mail/ANN! -a-n-n- anna", "/var/mail/___! -_____- anna"),
            ("joe joes YW5uQHguZXhhbXBsZQ== Ym9iYmJvYg==", "___ joes __________________== Ym9iYmJvYg=="),
            ("helo@x.example Ehlo", "helo@x.example Ehlo"),
        ] {
            assert_eq!(shown(text, &names), told);
        }
    }

    #[test]
    fn names_of_any_length_are_found() {
        let mut names = Names::default();
        let name = "n".repeat(300);
        names.add(name.as_bytes());
        assert_eq!(shown(&format!("no {name} here"), &names), format!("no {} here", "_".repeat(300)));
    }

    #[test]
    fn hosts_are_told_by_their_form_or_as_they_were_named() {
        let mut names = Names::default();
        names.add_host(b"sub2");
        names.add_host(b"mail.contoso.co.uk");
        let text = "mx-1.example.net Hello sub2, see a.b http://x.example/why CONTOSO 8.17.1 e.g.";
        let kinds = text_kinds(text.as_bytes(), &names);
        let shown: String =
            text.chars().zip(kinds).map(|(octet, kind)| if kind == SpanKind::Domain { 'd' } else { octet }).collect();
        assert_eq!(shown, "dddddddddddddddd Hello dddd, see a.b http://ddddddddd/why ddddddd 8.17.1 e.g.");
    }
}
