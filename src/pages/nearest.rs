//! The code that was probably meant.

use super::{Subject, subjects};

/// The code of any kind nearest to `given`, see [`nearest_of`].
pub fn nearest(given: &str) -> Option<&'static str> {
    nearest_of(given, &mut subjects().map(Subject::code))
}

/// The one of `codes` nearest to `given`: one of which at most every third letter differs, else one that contains it.
pub fn nearest_of(given: &str, codes: &mut dyn Iterator<Item = &'static str>) -> Option<&'static str> {
    const LONGEST: usize = 64;
    if given.len() > LONGEST {
        return None;
    }
    let given = given.to_ascii_lowercase();
    let codes: Vec<&'static str> = codes.collect();
    let (distance, code) = codes.iter().map(|code| (strsim::levenshtein(&given, code), *code)).min()?;
    if distance * 3 <= given.len() && !given.is_empty() {
        return Some(code);
    }
    codes.into_iter().find(|code| given.len() >= 3 && code.contains(&given))
}

#[cfg(test)]
mod tests {
    use super::*;

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
