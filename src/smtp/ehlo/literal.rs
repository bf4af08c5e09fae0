//! Address literals (RFC 5321 4.1.3): `[192.0.2.7]`, `[IPv6:2001:db8::7]`, `[tag:content]`.

use std::net::Ipv6Addr;

/// What is wrong with an argument that opens or closes with a bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiteralFault {
    /// `[192.0.2.7`
    NotClosed,
    /// `192.0.2.7]`
    NotOpened,
    /// `sub2[192.0.2.7]`
    TextBefore,
    /// `[192.0.2.7]:25`
    TextAfter,
    /// `[]`
    Empty,
    /// `[[192.0.2.7]]`
    InnerBracket,
    /// `[2001:db8::7]`
    Ipv6WithoutTag,
    /// `[IPv6:2001:db8::zz]`
    NotIpv6,
    /// `[192.0.2.999]`
    NumberOver255,
    /// `[192.0.2]`
    NotIpv4,
    /// `[sub2.example.com]`
    NameInside,
    /// Anything else, such as `[192.0.2.7:25]`.
    NoAddress,
}

/// An address literal that follows the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// The tag is that of IPv6, but in other letters than the RFC writes it: `[ipv6:...]`.
    pub(super) tag_case: bool,
}

const WELL_FORMED: Literal = Literal { tag_case: false };

type Fault = (usize, LiteralFault);

/// Reads `octets` as an address literal.
///
/// # Errors
/// The fault, and where it is: octets from the start of `octets`.
pub(super) fn parse(octets: &[u8]) -> Result<Literal, Fault> {
    let Some(after_opening) = octets.strip_prefix(b"[") else {
        let fault = if octets.contains(&b'[') { LiteralFault::TextBefore } else { LiteralFault::NotOpened };
        let offset = if fault == LiteralFault::TextBefore { 0 } else { octets.len().saturating_sub(1) };
        return Err((offset, fault));
    };
    let Some(content) = after_opening.strip_suffix(b"]") else {
        return Err(match octets.iter().position(|octet| *octet == b']') {
            Some(closing) => (closing + 1, LiteralFault::TextAfter),
            None => (0, LiteralFault::NotClosed),
        });
    };
    parse_content(content).map_err(|(offset, fault)| (offset + 1, fault))
}

/// Reads what the brackets hold; offsets count from its first octet.
fn parse_content(content: &[u8]) -> Result<Literal, Fault> {
    if content.is_empty() {
        return Err((0, LiteralFault::Empty));
    }
    if let Some(offset) = content.iter().position(|octet| matches!(octet, b'[' | b']')) {
        return Err((offset, LiteralFault::InnerBracket));
    }
    if let Some(colon) = content.iter().position(|octet| *octet == b':') {
        let (tag, rest) = content.split_at_checked(colon).unwrap_or((content, &[]));
        return parse_tagged(content, tag, rest.strip_prefix(b":").unwrap_or(rest));
    }
    if content.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.') {
        return parse_ipv4(content);
    }
    let is_name = content.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_'));
    Err((0, if is_name { LiteralFault::NameInside } else { LiteralFault::NoAddress }))
}

fn parse_tagged(content: &[u8], tag: &[u8], rest: &[u8]) -> Result<Literal, Fault> {
    if tag.eq_ignore_ascii_case(b"IPv6") {
        return match parse_ipv6(rest) {
            Some(_) => Ok(Literal { tag_case: tag != b"IPv6" }),
            None => Err((tag.len() + 1, LiteralFault::NotIpv6)),
        };
    }
    if parse_ipv6(without_zone(content)).is_some() {
        return Err((0, LiteralFault::Ipv6WithoutTag));
    }
    // "2001:db8::zz" would pass for tag "2001"; no tag but IPv6 is registered, so what looks like an address is one.
    let looks_like_ipv6 = tag.len() <= 4 && tag.iter().all(u8::is_ascii_hexdigit) && rest.contains(&b':');
    if looks_like_ipv6 {
        return Err((0, LiteralFault::NotIpv6));
    }
    let is_content = |octet: &u8| octet.is_ascii_graphic() && !matches!(octet, b'[' | b'\\' | b']');
    if is_tag(tag) && !rest.is_empty() && rest.iter().all(is_content) {
        return Ok(WELL_FORMED);
    }
    Err((0, LiteralFault::NoAddress))
}

/// Standardized-tag of RFC 5321 4.1.3: letters, digits and hyphens, not ending in a hyphen.
fn is_tag(tag: &[u8]) -> bool {
    tag.last().is_some_and(u8::is_ascii_alphanumeric)
        && tag.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
}

/// Four numbers of one to three digits up to 255; the RFC's Snum admits leading zeros.
fn parse_ipv4(content: &[u8]) -> Result<Literal, Fault> {
    let numbers = || content.split(|octet| *octet == b'.');
    if numbers().count() != 4 || numbers().any(|number| number.is_empty() || number.len() > 3) {
        return Err((0, LiteralFault::NotIpv4));
    }
    let mut offset = 0;
    for number in numbers() {
        let value = number.iter().fold(0, |sum: u32, digit| sum * 10 + u32::from(digit.saturating_sub(b'0')));
        if value > 255 {
            return Err((offset, LiteralFault::NumberOver255));
        }
        offset += number.len() + 1;
    }
    Ok(WELL_FORMED)
}

/// Whether `octets` is an IPv6 address without brackets, with or without tag or zone.
pub(super) fn bare_ipv6(octets: &[u8]) -> bool {
    let address = strip_ipv6_tag(octets).unwrap_or(octets);
    octets.iter().all(u8::is_ascii_graphic) && parse_ipv6(without_zone(address)).is_some()
}

/// What follows the tag of an IPv6 literal, if `octets` starts with it.
pub(super) fn strip_ipv6_tag(octets: &[u8]) -> Option<&[u8]> {
    let (tag, rest) = octets.split_at_checked(b"IPv6:".len())?;
    tag.eq_ignore_ascii_case(b"IPv6:").then_some(rest)
}

/// `octets` up to the zone of RFC 4007, which has a meaning on the sender's machine only.
fn without_zone(octets: &[u8]) -> &[u8] {
    octets.split(|octet| *octet == b'%').next().unwrap_or(octets)
}

fn parse_ipv6(octets: &[u8]) -> Option<Ipv6Addr> {
    std::str::from_utf8(octets).ok()?.parse().ok()
}
