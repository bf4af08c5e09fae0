//! IP addresses in text: decimal and hexadecimal, with dots, colons, hyphens and underscores, as they are, reversed, or wrong.
//!
//! Whatever may be the digits of one is taken for them, for a version or a number that is masked costs less than an address
//! that is not.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::{SpanKind, fill};

/// Hexadecimal digits of an IPv4 address, and of an IPv6 one, written as one number.
const HEX_DIGITS: [usize; 2] = [8, 32];

/// The digits of addresses, whatever stands around them.
pub(super) fn mark_addresses(text: &[u8], kinds: &mut [SpanKind]) {
    mark_decimal(text, kinds);
    mark_hexadecimal(text, kinds);
}

/// Four numbers with dots, hyphens or underscores, as in names of dial-in and cloud hosts, other numbers around them too.
pub(super) fn mark_decimal(text: &[u8], kinds: &mut [SpanKind]) {
    const NUMBERS: usize = 4;
    for (at, run) in runs(text, |octet| octet.is_ascii_digit() || b".-_".contains(&octet)) {
        let numbers = ranges(run, |octet| octet.is_ascii_digit());
        let of = |number: &Range<usize>| run.get(number.clone()).unwrap_or_default();
        let is_small =
            |number: &Range<usize>| std::str::from_utf8(of(number)).is_ok_and(|digits| digits.parse::<u8>().is_ok());
        // A number over 255 is a slip where there are dots and nothing else: `4.7.1-650` is a status code.
        let is_dotted = run.trim_ascii_end().iter().all(|octet| *octet != b'-' && *octet != b'_');
        let is_quad = is_dotted && numbers.len() == NUMBERS && numbers.iter().all(|number| of(number).len() <= 3);
        for window in numbers.windows(NUMBERS).filter(|window| is_quad || window.iter().all(is_small)) {
            for number in window {
                fill(kinds, at + number.start..at + number.end, SpanKind::Address);
            }
        }
    }
}

/// IPv6 addresses, also as labels of the reversed tree (RFC 3596 2.5) and of host names, and addresses as hexadecimal numbers.
pub(super) fn mark_hexadecimal(text: &[u8], kinds: &mut [SpanKind]) {
    for (at, run) in runs(text, |octet| octet.is_ascii_hexdigit()) {
        if HEX_DIGITS.contains(&run.len()) && has_digit(run) {
            fill(kinds, at..at + run.len(), SpanKind::Address);
        }
    }
    for separator in [b':', b'-', b'_', b'.'] {
        for (at, run) in runs(text, |octet| octet.is_ascii_hexdigit() || octet == separator) {
            let mut groups = ranges(run, |octet| octet.is_ascii_hexdigit());
            // The tag of an address, `IPv6:` or `ip6:`, is none of its digits.
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            if run.starts_with(b"6:") && matches!(before, Some(b'v' | b'V' | b'p' | b'P')) {
                groups.remove(0);
            }
            let is_address = match separator {
                b':' => is_ipv6(run, &groups),
                b'.' => is_reversed(run, &groups),
                _ => is_ipv6_in_name(run, &groups),
            };
            if is_address || is_hex_quad(run, &groups) {
                for group in groups {
                    fill(kinds, at + group.start..at + group.end, SpanKind::Address);
                }
            }
        }
    }
}

/// Times and ports have two colons at most.
fn is_ipv6(run: &[u8], groups: &[Range<usize>]) -> bool {
    const COLONS: usize = 5;
    let colons = run.iter().filter(|octet| **octet == b':').count();
    let has_letter = run.iter().any(u8::is_ascii_alphabetic);
    let is_like_one = is_shortened(run, b"::", groups, 1) || colons >= COLONS || (colons > 2 && has_letter);
    has_digit(run) && is_like_one
        || groups.len() > 1 && std::str::from_utf8(run).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

fn is_ipv6_in_name(run: &[u8], groups: &[Range<usize>]) -> bool {
    const GROUPS: usize = 6;
    let is_short = groups.iter().all(|group| group.len() <= 4);
    let is_like_one =
        is_shortened(run, b"--", groups, 3) || is_shortened(run, b"__", groups, 3) || groups.len() >= GROUPS;
    is_short && has_digit(run) && is_like_one
}

fn is_shortened(run: &[u8], gap: &[u8], groups: &[Range<usize>], fewest: usize) -> bool {
    groups.len() >= fewest && run.windows(gap.len()).any(|window| window == gap)
}

fn is_reversed(run: &[u8], groups: &[Range<usize>]) -> bool {
    const DIGITS: usize = 8;
    groups.len() >= DIGITS && groups.iter().all(|group| group.len() == 1) && !run.windows(2).any(|two| two == b"..")
}

/// `2d.53.dc.11`: letters tell it from a time.
fn is_hex_quad(run: &[u8], groups: &[Range<usize>]) -> bool {
    let is_quad = groups.len() == 4 && groups.iter().all(|group| group.len() == 2);
    is_quad && has_digit(run) && run.iter().any(u8::is_ascii_alphabetic)
}

fn has_digit(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit)
}

/// The longest runs of octets that `is_part`, and where each begins.
fn runs(text: &[u8], is_part: impl Fn(u8) -> bool) -> impl Iterator<Item = (usize, &[u8])> {
    ranges(text, is_part).into_iter().map(|range| (range.start, text.get(range).unwrap_or_default()))
}

/// Where the longest runs of octets that `is_part` stand.
pub(super) fn ranges(text: &[u8], is_part: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for run in text.split(|octet| !is_part(*octet)) {
        if !run.is_empty() {
            found.push(at..at + run.len());
        }
        at += run.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_in_every_writing_and_little_else() {
        for (text, told) in [
            ("10.1.2.3:25", "__._._._:25"),
            ("192.0.2.300/24", "___._._.___/24"),
            ("ip-192-0-2-10.isp.example", "ip-___-_-_-__.isp.example"),
            ("ip7-192-0-2-10-25.x", "ip_-___-_-_-__-__.x"),
            ("host 192_0_2_10", "host __________"),
            ("2001-192.0.2.10.", "2001-___._._.__."),
            ("2001:db8::1%eth0", "____:___::_%eth0"),
            ("ip=[2001:DB8:0:0:0:0:0:1]:25", "ip=[____:___:_:_:_:_:_:_]:25"),
            ("addr:2001:db8::zz", "addr:____:___::zz"),
            ("h2001-db8-77--1.x", "h____-___-__--_.x"),
            ("1.0.0.0.5.5.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "_._._._._._._._._._._._._._._._.ip6.arpa"),
            ("p5b0c1234.dip.x 2D53DC11", "p________.dip.x ________"),
            ("2d-53-dc-11", "__-__-__-__"),
            ("20010db8000000000000000000000001", "________________________________"),
            ("2.0.0 ok, 4.7.1-650", "2.0.0 ok, 4.7.1-650"),
            ("5.5.1774.114.11 at 13:32:00", "5.5.1774.114.11 at 13:32:00"),
            ("Mail::Address, see facade", "Mail::Address, see facade"),
            ("550e8400-e29b-41d4-a716-44665544", "________-e29b-41d4-a716-________"),
        ] {
            let mut kinds = vec![SpanKind::Line; text.len()];
            mark_addresses(text.as_bytes(), &mut kinds);
            let shown: String =
                text.chars().zip(kinds).map(|(octet, kind)| if kind == SpanKind::Line { octet } else { '_' }).collect();
            assert_eq!(shown, told);
        }
    }
}
