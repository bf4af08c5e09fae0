//! What to do about a loss, in words: what to send in place of a malformed hello argument, what either side would change.
//!
//! An argument of a capture is repeated only where its characters mean nothing to Markdown, HTML or a terminal.

use std::sync::LazyLock;

use crate::diagnosis::{Diagnosis, Fault, Reason};
use crate::matrix::{self, SERVERS};
use crate::smtp::ehlo::{ArgumentCheck, LineEnd, Problem, ProblemCode, check};

/// What to do about a loss; empty where there is nothing to do.
pub fn remedy(diagnosis: &Diagnosis) -> String {
    advice(diagnosis.remedy, diagnosis.reason, lost_to(diagnosis))
}

/// The malformed argument that a session was lost to, no blanks around it.
pub(super) fn lost_to(diagnosis: &Diagnosis) -> Option<&[u8]> {
    diagnosis.malformed_argument().map(|argument| &*argument.octets)
}

/// What to do about a refused argument if there is one, else about the reason, else the remedy of the cause.
pub(super) fn advice(remedy: &str, reason: Option<&Reason>, argument: Option<&[u8]>) -> String {
    match (argument, reason) {
        (Some(argument), _) => instead_of(argument),
        (None, Some(reason)) => on_both_sides(reason),
        (None, None) => remedy.to_owned(),
    }
}

/// What either side would do, the one at fault first.
fn on_both_sides(reason: &Reason) -> String {
    let (first, other, place) = match reason.fault {
        Fault::Server => (reason.receiving, reason.sending, "At the client"),
        _ => (reason.sending, reason.receiving, "Or at the server"),
    };
    let (initial, rest) = first.split_at_checked(1).unwrap_or_default();
    let first = format!("{}{rest}", initial.to_ascii_uppercase());
    if other.is_empty() { first } else { format!("{first} {place}: {other}") }
}

/// What to send in place of `argument`, a malformed one with no blanks around it.
///
/// The fully qualified name comes first (RFC 5321 2.3.5, 4.1.1.1); the bare host name is named with what was measured.
pub fn instead_of(argument: &[u8]) -> String {
    let found = checked(argument);
    let meant = found.suggestion.clone().or_else(|| mended(argument));
    let mut sentences: Vec<String> = found.problems.iter().map(|problem| change(argument, problem)).collect();
    // One sentence may answer two problems.
    sentences.dedup();
    sentences.truncate(MAX_CHANGES);
    sentences.push(match meant {
        Some(literal) if literal.starts_with('[') => {
            format!("Send `{literal}`, or better: the fully qualified name of the host with this address.")
        }
        Some(name) if name.contains('.') => format!("Send `{name}`."),
        Some(name) if is_of_kb240832(&found) => format!(
            "Send the host name only, `{name}`, or its fully qualified name, `{name}.your-company.com` (Microsoft KB \
             240832). The full name is safer: {}",
            *BARE_NAMES
        ),
        Some(name) => format!(
            "Send the fully qualified name, such as `{name}.your-company.com`. The bare host name `{name}` is the \
             second choice: {}",
            *BARE_NAMES
        ),
        None => "Send the fully qualified name of the sending host, such as `mail.your-company.com`. If \
                 it has no name, send its address in brackets, such as `[192.0.2.7]`."
            .to_owned(),
    });
    sentences.join(" ")
}

/// Problems that are spoken of; an argument rarely has more.
const MAX_CHANGES: usize = 3;

fn checked(argument: &[u8]) -> ArgumentCheck {
    check(&[b" ", argument].concat(), LineEnd::CrLf)
}

/// A host name without a domain and with a dot at its end: the case of the article.
fn is_of_kb240832(found: &ArgumentCheck) -> bool {
    matches!(found.problems[..], [Problem { code: ProblemCode::TrailingDot, .. }])
}

/// What was measured of names without a dot.
static BARE_NAMES: LazyLock<String> = LazyLock::new(|| {
    let refusing = matrix::who_refuses(&[], b"sub2").refusing();
    format!("{refusing} of {} measured server configurations refuse a name without a dot.", SERVERS.len())
});

/// What to change about one problem of `argument`.
fn change(argument: &[u8], problem: &Problem) -> String {
    let name = shown(argument);
    match problem.code {
        ProblemCode::Empty => "The client must send a name after EHLO or HELO.".to_owned(),
        ProblemCode::TrailingDot => format!("Remove the dot at the end of {name}."),
        ProblemCode::LeadingDot => format!("Remove the dot at the start of {name}."),
        ProblemCode::EmptyLabel => {
            format!("{name} has two dots in a row: remove one dot, or add the missing part.")
        }
        ProblemCode::Underscore => {
            format!("A host name cannot have an underscore: rename {name}, with a hyphen instead.")
        }
        ProblemCode::BadCharacter => {
            format!("A host name can have only letters, digits, hyphens and dots: correct {name}.")
        }
        ProblemCode::Whitespace => "A host name is one word: remove the spaces.".to_owned(),
        ProblemCode::NonAscii => {
            "A host name has only ASCII characters: send an international name in the form that starts with `xn--`."
                .to_owned()
        }
        ProblemCode::ControlCharacter => {
            "The configured name has an invisible character: delete the name and type it again.".to_owned()
        }
        ProblemCode::LeadingHyphen | ProblemCode::TrailingHyphen => {
            format!("No part of a host name can start or end with a hyphen: correct {name}.")
        }
        ProblemCode::LabelTooLong => "A part of a host name can have at most 63 bytes: shorten it.".to_owned(),
        ProblemCode::NameTooLong => "A host name can have at most 255 bytes: shorten it.".to_owned(),
        ProblemCode::DottedDecimal | ProblemCode::BareIpv6 => {
            format!("An address needs brackets: {name} has none.")
        }
        ProblemCode::BadAddressLiteral => "Correct the text inside the brackets, or send a name.".to_owned(),
    }
}

/// `argument` in backticks, where all its characters are harmless and it is short.
fn shown(argument: &[u8]) -> String {
    const SHOWN_OCTETS: usize = 80;
    let is_harmless = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.:[]!'#$%+=@~,()/ ".contains(octet);
    match std::str::from_utf8(argument) {
        Ok(text) if text.len() <= SHOWN_OCTETS && argument.iter().all(is_harmless) => format!("`{text}`"),
        _ => "the name".to_owned(),
    }
}

/// `argument` with hyphens for underscores, without empty labels and hyphens at the ends of labels; only where that makes a
/// name.
fn mended(argument: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(argument).ok()?.replace('_', "-");
    let labels = text.split('.').map(|label| label.trim_matches('-')).filter(|label| !label.is_empty());
    let name = labels.collect::<Vec<_>>().join(".");
    let found = checked(name.as_bytes());
    let is_number = name.bytes().all(|octet| octet.is_ascii_digit());
    (!is_number && found.is_well_formed()).then_some(name)
}

/// Where products that send mail have the name they greet with; from their manuals, IIS from Microsoft KB 303734.
const SETTINGS: [(&str, &str); 6] = [
    ("Postfix", "with `smtp_helo_name` in `main.cf`"),
    ("Exim", "with `primary_hostname`, or `helo_data` of the smtp transport"),
    ("Sendmail", "with `confHELO_NAME` (8.14 and later), or `confDOMAIN_NAME`"),
    ("OpenSMTPD", "with `helo` of the relay action"),
    ("Microsoft Exchange 2007 or later", "with `Set-SendConnector NAME -Fqdn`"),
    ("Microsoft IIS", "in the properties of the SMTP virtual server: Delivery, Advanced, Fully-qualified domain name"),
];

/// How servers that refuse such names can be made to let them pass, from their manuals.
const TOLERANCE: [(&str, &str); 3] = [
    (
        "Postfix",
        "without `reject_invalid_helo_hostname` and `reject_non_fqdn_helo_hostname` in `smtpd_helo_restrictions`",
    ),
    ("Exim", "with `helo_accept_junk_hosts` or `helo_allow_chars`"),
    ("Sendmail", "with `confALLOW_BOGUS_HELO`"),
];

/// The row of a product.
fn known<'t>(table: &'t [(&'t str, &'t str)], product: &str) -> Option<&'t (&'t str, &'t str)> {
    table.iter().find(|(name, _)| product.starts_with(name))
}

/// Where the client has its name, if it runs a product of which that is known.
pub(super) fn where_to_set(client_product: &str) -> Option<String> {
    known(&SETTINGS, client_product).map(|(_, how)| format!("The client runs {client_product}: its name is set {how}."))
}

/// How the server can be made to let the name pass, if it runs a product of which that is known.
pub(super) fn how_to_tolerate(server_product: &str) -> Option<String> {
    known(&TOLERANCE, server_product)
        .map(|(name, how)| format!("Until the client is corrected, {name} lets the name pass {how}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_keeps_its_words_and_other_names_go_by_the_standard() {
        for (argument, start) in [
            (
                "sub2.",
                "Remove the dot at the end of `sub2.`. Send the host name only, `sub2`, or its fully qualified name, `sub2.your-company.com` (Microsoft KB 240832). ",
            ),
            ("sub2.example.com.", "Remove the dot at the end of `sub2.example.com.`. Send `sub2.example.com`."),
            (
                "scanner_2",
                "A host name cannot have an underscore: rename `scanner_2`, with a hyphen instead. Send the fully qualified name, such as `scanner-2.your-company.com`. The bare host name `scanner-2` is the second choice: ",
            ),
            (
                "sub_2.example.com",
                "A host name cannot have an underscore: rename `sub_2.example.com`, with a hyphen instead. Send `sub-2.example.com`.",
            ),
            ("192.0.2.7", "An address needs brackets: `192.0.2.7` has none. Send `[192.0.2.7]`, or better:"),
            (
                "sub2!",
                "A host name can have only letters, digits, hyphens and dots: correct `sub2!`. Send the fully qualified name of",
            ),
            ("2001:db8::7", "An address needs brackets: `2001:db8::7` has none. Send `[IPv6:2001:db8::7]`, or better:"),
            (
                "-sub2.example.com",
                "No part of a host name can start or end with a hyphen: correct `-sub2.example.com`. Send `sub2.example.com`.",
            ),
            (
                "a..example.com",
                "`a..example.com` has two dots in a row: remove one dot, or add the missing part. Send `a.example.com`.",
            ),
            (
                "John's PC",
                "A host name can have only letters, digits, hyphens and dots: correct `John's PC`. A host name is one word: remove",
            ),
            (
                "",
                "The client must send a name after EHLO or HELO. Send the fully qualified name of the sending host, such as ",
            ),
        ] {
            let advice = instead_of(argument.as_bytes());
            assert!(advice.starts_with(start), "{argument}: {advice}");
        }
    }

    #[test]
    fn what_was_measured_of_bare_names_is_told() {
        assert!(
            instead_of(b"scanner_2").ends_with("3 of 35 measured server configurations refuse a name without a dot.")
        );
    }

    #[test]
    fn products_have_their_settings() {
        let set = where_to_set("Postfix").unwrap();
        assert_eq!(set, "The client runs Postfix: its name is set with `smtp_helo_name` in `main.cf`.");
        assert!(
            where_to_set("Microsoft IIS 5.0 SMTP / Exchange 2000").unwrap().ends_with("Fully-qualified domain name.")
        );
        assert_eq!((where_to_set("Gmail"), how_to_tolerate("Gmail")), (None, None));
        assert!(how_to_tolerate("Exim 4.96").unwrap().contains("`helo_allow_chars`"));
    }

    #[test]
    fn nothing_hostile_gets_in() {
        for argument in [&b"<img src=x>"[..], b"a`b", b"a\x1b[31m_", "b\u{fc}cher".as_bytes(), b"|x|", &[b'_'; 5000]] {
            let advice = instead_of(argument);
            let own = advice.replace("`mail.your-company.com`", "").replace("`[192.0.2.7]`", "").replace("`xn--`", "");
            assert!(!own.contains(['<', '|', '\x1b', '`', '\u{fc}']), "{advice}");
            assert!(advice.len() < 700, "{advice}");
        }
    }
}
