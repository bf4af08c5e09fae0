//! Addresses in arguments of hellos: their digits are masked, their form stays.
//!
//! The argument is the evidence, so what is wrong with it must still be wrong in the same way: a digit becomes 1, a leading 0
//! stays, and a number over 255 becomes 9s. A pseudonym would not do, for it may be longer or shorter than the address.

use std::net::{IpAddr, Ipv4Addr};

const NUMBERS_OF_AN_ADDRESS: usize = 4;

/// Masks the addresses in an argument, or in a part of one where a frame ends or begins inside it.
pub(super) fn mask_hello(argument: &mut [u8], is_whole: bool) {
    if !is_whole && argument.iter().all(|octet| may_be_address(*octet)) {
        return mask_digits(argument, true);
    }
    let is_delimiter = |octet: &u8| octet.is_ascii_whitespace() || b"[]()<>,;\"".contains(octet);
    for word in argument.split_mut(is_delimiter) {
        mask_word(word);
    }
}

/// Octets of addresses and of the tag `IPv6:`.
const fn may_be_address(octet: u8) -> bool {
    octet.is_ascii_hexdigit()
        || matches!(octet, b'.' | b':' | b'[' | b']' | b'-' | b'I' | b'P' | b'v' | b'V' | b'p' | b'i')
}

fn mask_word(word: &mut [u8]) {
    const TAG: &[u8] = b"IPv6:";
    if word.get(..TAG.len()).is_some_and(|start| start.eq_ignore_ascii_case(TAG)) {
        return mask_digits(word.get_mut(TAG.len()..).unwrap_or_default(), true);
    }
    let colons = word.iter().filter(|octet| **octet == b':').count();
    if colons > 1 && word.iter().all(|octet| octet.is_ascii_hexdigit() || b":.%".contains(octet)) {
        return mask_digits(word, true);
    }
    // A part of an address that is the whole word is as good as one.
    let is_numbers = word.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.');
    let least = if is_numbers { NUMBERS_OF_AN_ADDRESS - 1 } else { NUMBERS_OF_AN_ADDRESS };
    for run in word.split_mut(|octet| !octet.is_ascii_digit() && !b".-".contains(octet)) {
        let numbers = run.split(|octet| !octet.is_ascii_digit()).filter(|number| !number.is_empty()).count();
        if numbers >= least && !says_nothing(run) {
            mask_digits(run, false);
        }
    }
}

/// The host itself, or none.
fn says_nothing(run: &[u8]) -> bool {
    let text = std::str::from_utf8(run).unwrap_or_default().trim_matches('.');
    text.parse::<Ipv4Addr>().is_ok_and(|v4| IpAddr::V4(v4).is_loopback() || v4.is_unspecified())
}

fn mask_digits(word: &mut [u8], is_hex: bool) {
    let has_dots = word.contains(&b'.') || !is_hex;
    let is_digit = |octet: &u8| if is_hex { octet.is_ascii_hexdigit() } else { octet.is_ascii_digit() };
    for number in word.split_mut(|octet| !is_digit(octet)) {
        let value = std::str::from_utf8(number).ok().and_then(|text| text.parse::<u64>().ok());
        let mask = if has_dots && value.is_some_and(|value| value > 255) { b'9' } else { b'1' };
        number.iter_mut().skip_while(|octet| **octet == b'0').for_each(|octet| *octet = mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(argument: &str, is_whole: bool) -> String {
        let mut octets = argument.as_bytes().to_vec();
        mask_hello(&mut octets, is_whole);
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn addresses_keep_their_form_and_names_stay() {
        for (argument, expected) in [
            ("192.0.2.10", "111.0.1.11"),
            ("192.0.2.10.", "111.0.1.11."),
            ("[192.0.2.10]", "[111.0.1.11]"),
            ("[192.0.2.10", "[111.0.1.11"),
            ("[192.0.2.300]", "[111.0.1.999]"),
            ("[010.1.2.3]", "[011.1.1.1]"),
            ("[192.0.2]", "[111.0.1]"),
            ("[IPv6:2001:db8::25]", "[IPv6:1111:111::11]"),
            ("[ipv6:2001:db8::zz]", "[ipv6:1111:111::zz]"),
            ("2001:db8::25", "1111:111::11"),
            ("::ffff:192.0.2.10", "::1111:111.0.1.11"),
            ("ip-192-0-2-10.isp.example", "ip-111-0-1-11.isp.example"),
            ("[127.0.0.1]", "[127.0.0.1]"),
            ("sub2.", "sub2."),
            ("[mail7.example]", "[mail7.example]"),
            ("mx1.2019.example", "mx1.2019.example"),
        ] {
            assert_eq!(masked(argument, true), expected);
        }
    }

    #[test]
    fn a_part_of_an_argument_is_masked_where_it_may_be_one_of_an_address() {
        for (argument, expected) in [("[192.0.", "[111.0."), ("2.10]", "1.11]"), ("sub2", "sub2"), (".2:3", ".1:1")] {
            assert_eq!(masked(argument, false), expected);
        }
    }
}
