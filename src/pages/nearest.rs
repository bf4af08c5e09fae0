//! The code that was probably meant.

use super::{Subject, subjects};

/// The code nearest to `given`: one of which at most every third letter differs, else one that contains it.
pub fn nearest(given: &str) -> Option<&'static str> {
    const LONGEST: usize = 64;
    if given.len() > LONGEST {
        return None;
    }
    let given = given.to_ascii_lowercase();
    let codes = || subjects().map(Subject::code);
    let (distance, code) = codes().map(|code| (distance(given.as_bytes(), code.as_bytes()), code)).min()?;
    if distance * 3 <= given.len() && !given.is_empty() {
        return Some(code);
    }
    codes().find(|code| given.len() >= 3 && code.contains(&given))
}

/// How many octets have to be put in, taken out or changed to make `other` of `one`.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, octet) in one.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, theirs) in row.iter_mut().skip(1).zip(other) {
            let changed = diagonal + usize::from(octet != theirs);
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_textbook() {
        for (one, other, expected) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0), ("flaw", "lawn", 2)]
        {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_was_probably_meant_is_found() {
        for (given, code) in [
            ("trailng-dot", Some("trailing-dot")),
            ("EHLO-ARGUMENT", Some("ehlo-argument")),
            ("ehlo-arguments", Some("ehlo-argument")),
            ("dot", Some("trailing-dot")),
            ("greeting", Some("no-greeting")),
            ("nomail", Some("no-mail")),
            ("xyzzy", None),
            ("", None),
        ] {
            assert_eq!(nearest(given), code, "{given}");
        }
        assert_eq!(nearest(&"a".repeat(1_000_000)), None);
    }
}
