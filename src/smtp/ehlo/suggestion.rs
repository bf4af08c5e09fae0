//! The argument that was probably meant.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Note, form_note, literal, problems};

/// The well-formed argument a malformed one differs from only by stray dots, quotes or brackets, or by the brackets
/// and tag an address lacks. `None` where another name would have to be guessed.
pub(super) fn derive(argument: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(argument).ok()?;
    let text = text.trim_matches('.');
    let (inside, only_address) = unwrap(text);
    let inside = inside.trim_matches('.');
    let candidate = match address_literal(inside) {
        Some(literal) => literal,
        None if only_address => return None,
        None => inside.to_owned(),
    };
    let octets = candidate.as_bytes();
    // A bare number is no name anyone meant.
    let is_sound = problems(octets).is_empty() && form_note(octets) != Some(Note::AllNumeric);
    is_sound.then_some(candidate)
}

/// `text` without the quotes or brackets around it, and whether only an address may be read out of the rest:
/// with one bracket missing, who knows what else is.
fn unwrap(text: &str) -> (&str, bool) {
    for (opening, closing) in [('<', '>'), ('"', '"'), ('[', ']')] {
        let inside = text.strip_prefix(opening).and_then(|rest| rest.strip_suffix(closing));
        if let Some(inside) = inside {
            return (inside, false);
        }
    }
    match text.strip_prefix('[').or_else(|| text.strip_suffix(']')) {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

/// The address literal for `text`, an IPv4 or IPv6 address, the latter with or without its tag.
fn address_literal(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return (!address.is_unspecified()).then(|| format!("[{text}]"));
    }
    let address = literal::strip_ipv6_tag(text.as_bytes()).unwrap_or(text.as_bytes());
    let address = std::str::from_utf8(address).ok()?;
    let parsed = address.parse::<Ipv6Addr>().ok()?;
    (!parsed.is_unspecified()).then(|| format!("[IPv6:{address}]"))
}
