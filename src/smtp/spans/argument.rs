//! Addresses in the argument of a hello: which digits give them away.

use std::net::{IpAddr, Ipv4Addr};

use super::SpanKind;
use super::address::mark_hexadecimal;

const NUMBERS_OF_AN_ADDRESS: usize = 4;
const TAG: &[u8] = b"IPv6:";

/// What each octet of a hello's argument is: digits of an address, or not. Leading zeros are no such digits, for they are
/// what may be wrong with it. Of an argument that is not whole any number may belong to an address.
pub(crate) fn argument_kinds(argument: &[u8], is_whole: bool) -> Vec<SpanKind> {
    let mut kinds = vec![SpanKind::HelloArgument; argument.len()];
    if !is_whole && argument.iter().all(|octet| may_be_address(*octet)) {
        mark_digits(argument, &mut kinds, true);
        return kinds;
    }
    let is_delimiter = |octet: &u8| octet.is_ascii_whitespace() || b"[]()<>,;\"".contains(octet);
    let mut at = 0;
    for word in argument.split(is_delimiter) {
        mark_word(word, kinds.get_mut(at..at + word.len()).unwrap_or_default());
        at += word.len() + 1;
    }
    mark_others(argument, &mut kinds);
    kinds
}

/// Hexadecimal digits of addresses in other writings. Here, too, leading zeros stay: `::0` is no host.
fn mark_others(argument: &[u8], kinds: &mut [SpanKind]) {
    let mut told = vec![SpanKind::HelloArgument; argument.len()];
    mark_hexadecimal(argument, &mut told);
    let mut is_leading = true;
    for ((octet, told), kind) in argument.iter().zip(told).zip(kinds) {
        is_leading = told != SpanKind::Address || is_leading && *octet == b'0';
        if !is_leading && *kind == SpanKind::HelloArgument {
            *kind = SpanKind::HelloDigits { is_over_255: false };
        }
    }
}

/// Octets of addresses and of the tag `IPv6:`.
const fn may_be_address(octet: u8) -> bool {
    octet.is_ascii_hexdigit()
        || matches!(octet, b'.' | b':' | b'[' | b']' | b'-' | b'I' | b'P' | b'v' | b'V' | b'p' | b'i')
}

fn mark_word(word: &[u8], kinds: &mut [SpanKind]) {
    if word.get(..TAG.len()).is_some_and(|start| start.eq_ignore_ascii_case(TAG)) {
        let (_, rest) = word.split_at(TAG.len());
        return mark_digits(rest, kinds.get_mut(TAG.len()..).unwrap_or_default(), true);
    }
    let colons = word.iter().filter(|octet| **octet == b':').count();
    if colons > 1 && word.iter().all(|octet| octet.is_ascii_hexdigit() || b":.%".contains(octet)) {
        return mark_digits(word, kinds, true);
    }
    // A part of an address that is the whole word is as good as one.
    let is_numbers = word.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.');
    let least = if is_numbers { NUMBERS_OF_AN_ADDRESS - 1 } else { NUMBERS_OF_AN_ADDRESS };
    let mut at = 0;
    for run in word.split(|octet| !octet.is_ascii_digit() && !b".-_".contains(octet)) {
        let numbers = run.split(|octet| !octet.is_ascii_digit()).filter(|number| !number.is_empty()).count();
        if numbers >= least && !says_nothing(run) {
            mark_digits(run, kinds.get_mut(at..at + run.len()).unwrap_or_default(), false);
        }
        at += run.len() + 1;
    }
}

/// The host itself, or none.
fn says_nothing(run: &[u8]) -> bool {
    let text = std::str::from_utf8(run).unwrap_or_default().trim_matches('.');
    text.parse::<Ipv4Addr>().is_ok_and(|v4| IpAddr::V4(v4).is_loopback() || v4.is_unspecified())
}

fn mark_digits(word: &[u8], kinds: &mut [SpanKind], is_hex: bool) {
    let has_dots = word.contains(&b'.') || !is_hex;
    let is_digit = |octet: &u8| if is_hex { octet.is_ascii_hexdigit() } else { octet.is_ascii_digit() };
    let mut at = 0;
    for number in word.split(|octet| !is_digit(octet)) {
        let value = std::str::from_utf8(number).ok().and_then(|text| text.parse::<u64>().ok());
        let is_over_255 = has_dots && value.is_some_and(|value| value > 255);
        let zeros = number.iter().take_while(|octet| **octet == b'0').count();
        super::fill(kinds, at + zeros..at + number.len(), SpanKind::HelloDigits { is_over_255 });
        at += number.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(argument: &str, is_whole: bool) -> String {
        let kinds = argument_kinds(argument.as_bytes(), is_whole);
        argument
            .chars()
            .zip(kinds)
            .map(|(octet, kind)| match kind {
                SpanKind::HelloDigits { is_over_255: true } => '9',
                SpanKind::HelloDigits { is_over_255: false } if octet.is_ascii_alphabetic() => 'a',
                SpanKind::HelloDigits { is_over_255: false } => '1',
                _ => octet,
            })
            .collect()
    }

    #[test]
    fn digits_of_addresses_are_told_and_no_others() {
        for (argument, told) in [
            ("192.0.2.10", "111.0.1.11"),
            ("192.0.2.10.", "111.0.1.11."),
            ("[192.0.2.10]", "[111.0.1.11]"),
            ("[192.0.2.10", "[111.0.1.11"),
            ("[192.0.2.300]", "[111.0.1.999]"),
            ("[010.1.2.3]", "[011.1.1.1]"),
            ("[192.0.2]", "[111.0.1]"),
            ("[IPv6:2001:db8::25]", "[IPv6:1111:aa1::11]"),
            ("[ipv6:2001:db8::zz]", "[ipv6:1111:aa1::zz]"),
            ("2001:db8::25", "1111:aa1::11"),
            ("::ffff:192.0.2.10", "::aaaa:111.0.1.11"),
            ("ip-192-0-2-10.isp.example", "ip-111-0-1-11.isp.example"),
            ("host_192_0_2_10", "host_111_0_1_11"),
            ("fe80::21b:4b5c%eth0", "aa11::11a:1a1a%eth0"),
            ("2001:db8::25/64", "1111:aa1::11/64"),
            ("p5b0c1234.dip.example", "p1a1a1111.dip.example"),
            ("h2001-db8-77--25.example", "h1111-aa1-11--11.example"),
            ("5.2.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "1.1.0.0.1.a.a.0.1.0.0.1.ip6.arpa"),
            ("[127.0.0.1]", "[127.0.0.1]"),
            ("::1", "::1"),
            ("sub2.", "sub2."),
            ("[mail7.example]", "[mail7.example]"),
            ("mx1.2019.example", "mx1.2019.example"),
        ] {
            assert_eq!(shown(argument, true), told, "{argument}");
        }
    }

    #[test]
    fn numbers_of_an_argument_that_is_cut_may_be_those_of_an_address() {
        for (argument, told) in [("[192.0.", "[111.0."), ("2.10]", "1.11]"), ("sub2", "sub2"), (".2:3", ".1:1")] {
            assert_eq!(shown(argument, false), told, "{argument}");
        }
    }
}
