//! Arguments of hellos: judged by a second, plain reading of the grammar.

use std::net::{Ipv4Addr, Ipv6Addr};

use ehlotrace::smtp::ehlo::{self, ArgumentCheck, LineEnd, Note, Problem};

/// What follows the verb.
pub fn ehlo_argument(after_verb: &[u8]) {
    let argument = ehlo::split_argument(after_verb);
    assert_eq!([argument.leading, argument.octets, argument.trailing].concat(), after_verb);
    let is_blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    assert!(!is_blank(argument.octets.first()) && !is_blank(argument.octets.last()));

    let check = ehlo::check(after_verb, LineEnd::CrLf);
    let bare = ehlo::check(after_verb, LineEnd::Lf);
    assert_eq!((&check.problems, &check.suggestion), (&bare.problems, &bare.suggestion));
    assert!(bare.notes.contains(&Note::BareLf) && !check.notes.contains(&Note::BareLf));
    problems(&check, argument.octets);
    suggestion(&check);
    if let Some(is_well_formed) = reference(argument.octets) {
        assert_eq!(check.is_well_formed(), is_well_formed, "{:?}", check.problems);
    }
}

fn problems(check: &ArgumentCheck, argument: &[u8]) {
    assert_eq!(check.is_well_formed(), check.problems.is_empty());
    for problem in &check.problems {
        let is_inside = problem.offset < argument.len() || (argument.is_empty() && problem.offset == 0);
        assert!(is_inside, "{problem:?}");
        let message = problem.message(argument);
        assert!(message.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()), "{message:?}");
    }
    let places: Vec<_> = check.problems.iter().map(|problem| (problem.offset, problem.code)).collect();
    assert!(places.is_sorted(), "{places:?}");
    let mut codes: Vec<_> = check.problems.iter().map(|Problem { code, .. }| *code).collect();
    codes.sort();
    assert!(codes.is_sorted_by(|one, next| one < next), "a code twice: {codes:?}");
    assert!(check.notes.is_sorted_by(|one, next| one < next), "{:?}", check.notes);
}

fn suggestion(check: &ArgumentCheck) {
    let Some(suggestion) = &check.suggestion else { return };
    assert!(!check.is_well_formed(), "nothing to suggest");
    let again = ehlo::check(format!(" {suggestion}").as_bytes(), LineEnd::CrLf);
    assert!(again.is_well_formed(), "{suggestion:?}: {:?}", again.problems);
}

/// Whether `argument` is well-formed; none for brackets whose content the standard library does not judge.
fn reference(argument: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(argument).ok();
    if let Some(inside) = text.and_then(|text| text.strip_prefix('[')?.strip_suffix(']')) {
        let is_ipv6 = |text: &str| text.parse::<Ipv6Addr>().is_ok();
        // 255 octets is what any argument may have.
        let is_address = inside.parse::<Ipv4Addr>().is_ok() || inside.strip_prefix("IPv6:").is_some_and(is_ipv6);
        return if is_address { Some(argument.len() <= 255) } else { None };
    }
    if argument.contains(&b'[') || argument.contains(&b']') {
        return Some(false);
    }
    let labels: Vec<&[u8]> = argument.split(|octet| *octet == b'.').collect();
    let is_numbers = labels.len() == 4 && labels.iter().all(|label| label.iter().all(u8::is_ascii_digit));
    Some(argument.len() <= 255 && labels.iter().all(|label| is_label(label)) && !is_numbers)
}

/// sub-domain of RFC 5321 4.1.2 within the length of RFC 1035 2.3.4.
fn is_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len())
        && label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
        && label.first() != Some(&b'-')
        && label.last() != Some(&b'-')
}
