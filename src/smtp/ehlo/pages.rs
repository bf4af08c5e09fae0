//! The pages of hello problems and notes: the rule, how it comes about, what to send instead. Plain Markdown.

use super::{Note, ProblemCode};

impl ProblemCode {
    /// What is wrong, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Empty => "nothing follows the verb",
            Self::TrailingDot => "the argument ends in a dot",
            Self::LeadingDot => "the argument starts with a dot",
            Self::EmptyLabel => "two dots in a row",
            Self::Underscore => "an underscore in a name",
            Self::BadCharacter => "a character that a host name cannot have",
            Self::Whitespace => "more than one word",
            Self::NonAscii => "a byte outside ASCII",
            Self::ControlCharacter => "a control character",
            Self::LeadingHyphen => "a label that starts with a hyphen",
            Self::TrailingHyphen => "a label that ends with a hyphen",
            Self::LabelTooLong => "a label of more than 63 bytes",
            Self::NameTooLong => "an argument of more than 255 bytes",
            Self::DottedDecimal => "an IPv4 address without brackets",
            Self::BadAddressLiteral => "brackets without an address inside",
            Self::BareIpv6 => "an IPv6 address without brackets and tag",
        }
    }

    /// An argument with this fault, and what its sender should send.
    pub const fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => ("", "sub2.your-company.com"),
            Self::TrailingDot => ("sub2.", "sub2"),
            Self::LeadingDot => (".example.com", "example.com"),
            Self::EmptyLabel => ("sub2..example.com", "sub2.example.com"),
            Self::Underscore => ("my_host.example.com", "my-host.example.com"),
            Self::BadCharacter => ("%COMPUTERNAME%", "sub2.example.com"),
            Self::Whitespace => ("PhpStorm 9.0.3", "sub2.example.com"),
            Self::NonAscii => ("b\u{fc}cher.example.com", "xn--bcher-kva.example.com"),
            Self::ControlCharacter => ("sub2\0.example.com", "sub2.example.com"),
            Self::LeadingHyphen => ("-x.example.com", "x.example.com"),
            Self::TrailingHyphen => ("cabinet-maitre-.example.com", "cabinet-maitre.example.com"),
            Self::LabelTooLong => (LONG_LABEL, "sub2.example.com"),
            Self::NameTooLong => (LONG_NAME, "sub2.example.com"),
            Self::DottedDecimal => ("192.0.2.7", "[192.0.2.7]"),
            Self::BadAddressLiteral => ("[192.0.2.999]", "[192.0.2.7]"),
            Self::BareIpv6 => ("2001:db8::7", "[IPv6:2001:db8::7]"),
        }
    }

    /// The rule and its RFC clause, how the fault comes about, what to do. The first paragraph is the rule.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Empty => include_str!("pages/empty.md"),
            Self::TrailingDot => include_str!("pages/trailing-dot.md"),
            Self::LeadingDot => include_str!("pages/leading-dot.md"),
            Self::EmptyLabel => include_str!("pages/empty-label.md"),
            Self::Underscore => include_str!("pages/underscore.md"),
            Self::BadCharacter => include_str!("pages/bad-character.md"),
            Self::Whitespace => include_str!("pages/whitespace.md"),
            Self::NonAscii => include_str!("pages/non-ascii.md"),
            Self::ControlCharacter => include_str!("pages/control-character.md"),
            Self::LeadingHyphen => include_str!("pages/leading-hyphen.md"),
            Self::TrailingHyphen => include_str!("pages/trailing-hyphen.md"),
            Self::LabelTooLong => include_str!("pages/label-too-long.md"),
            Self::NameTooLong => include_str!("pages/name-too-long.md"),
            Self::DottedDecimal => include_str!("pages/dotted-decimal.md"),
            Self::BadAddressLiteral => include_str!("pages/bad-address-literal.md"),
            Self::BareIpv6 => include_str!("pages/bare-ipv6.md"),
        }
    }
}

/// A name with a label of 66 octets.
const LONG_LABEL: &str = "a-label-that-was-made-by-a-program-which-did-not-count-to-63-aaaaa.example.com";

/// A name of 266 octets in labels that are short enough.
const LONG_NAME: &str = "\
a-name-of-many-labels-of-which-none-is-too-long-but-all-of-them.together-are-longer-than-a-name-may-be-1.\
together-are-longer-than-a-name-may-be-2.together-are-longer-than-a-name-may-be-3.\
together-are-longer-than-a-name-may-be-4.together-are-longer-than-a-name.may-be";

impl Note {
    /// The RFC sections, or the article, that the note is about.
    pub const fn reference(self) -> &'static str {
        match self {
            Self::SingleLabel => "RFC 5321 2.3.5; Microsoft KB 240832",
            Self::Localhost => "RFC 5321 2.3.5; RFC 6761 6.3",
            Self::AllNumeric => "RFC 1123 2.1; RFC 5321 4.1.2",
            Self::TrailingBlanks => "RFC 5321 4.1.1",
            Self::SeveralBlanks | Self::Tab => "RFC 5321 4.1.1.1",
            Self::BareLf => "RFC 5321 2.3.8",
            Self::TagCase => "RFC 5321 4.1.3; RFC 5234 2.3",
        }
    }

    /// What follows the verb in an example, blanks included, and what should follow it.
    pub const fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::SingleLabel => (" sub2", " sub2.your-company.com"),
            Self::Localhost => (" localhost", " sub2.your-company.com"),
            Self::AllNumeric => (" 12345", " host12345.example.com"),
            Self::TrailingBlanks => (" sub2.example.com  ", " sub2.example.com"),
            Self::SeveralBlanks => ("  sub2.example.com", " sub2.example.com"),
            Self::Tab => ("\tsub2.example.com", " sub2.example.com"),
            Self::BareLf => (" sub2.example.com", " sub2.example.com"),
            Self::TagCase => (" [ipv6:2001:db8::7]", " [IPv6:2001:db8::7]"),
        }
    }

    /// What it means and what may come of it. A note never makes an argument malformed.
    pub const fn page(self) -> &'static str {
        match self {
            Self::SingleLabel => include_str!("pages/single-label.md"),
            Self::Localhost => include_str!("pages/localhost.md"),
            Self::AllNumeric => include_str!("pages/all-numeric.md"),
            Self::TrailingBlanks => include_str!("pages/trailing-blanks.md"),
            Self::SeveralBlanks => include_str!("pages/several-blanks.md"),
            Self::Tab => include_str!("pages/tab.md"),
            Self::BareLf => include_str!("pages/bare-lf.md"),
            Self::TagCase => include_str!("pages/tag-case.md"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LineEnd, check};
    use super::*;

    #[test]
    fn examples_have_their_fault_and_corrections_have_none() {
        for code in ProblemCode::ALL {
            let (wrong, right) = code.example();
            let found = check(format!(" {wrong}").as_bytes(), LineEnd::CrLf);
            let codes: Vec<_> = found.problems.iter().map(|problem| problem.code).collect();
            assert_eq!(codes, [code], "{wrong}");
            assert!(found.suggestion.is_none_or(|suggestion| suggestion == right), "{wrong}");
            let found = check(format!(" {right}").as_bytes(), LineEnd::CrLf);
            assert!(found.is_well_formed(), "{right}");
        }
        for note in Note::ALL {
            let (odd, plain) = note.example();
            let end = if note == Note::BareLf { LineEnd::Lf } else { LineEnd::CrLf };
            assert!(check(odd.as_bytes(), end).notes.contains(&note), "{odd:?}");
            assert_eq!(check(plain.as_bytes(), LineEnd::CrLf).notes, [], "{plain:?}");
        }
    }

    #[test]
    fn pages_name_the_clause_of_their_code() {
        for code in ProblemCode::ALL {
            let document = code.reference().rsplit_once(' ').map_or("", |(document, _)| document);
            let words = code.page().replace('\n', " ");
            assert!(words.contains(document) && code.page().contains("\n\n"), "{}", code.code());
            assert!(!code.title().is_empty());
        }
        assert!(Note::ALL.is_sorted_by(|a, b| a < b));
        for note in Note::ALL {
            let clause = note.reference().split(';').next().unwrap();
            let words = note.page().replace('\n', " ");
            assert!(words.contains(clause), "{}: {clause}", note.code());
        }
    }
}
