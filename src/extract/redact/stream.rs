//! Masking the payload of a frame by what its octets are, lengths kept.

use crate::smtp::SpanKind;

/// What a masked octet becomes. No X: a verb of Xs is what a middlebox makes of one.
const MASK: u8 = b'_';

/// Masks octets of which each has its kind; with `and_names` host names, too.
pub(super) fn mask_kinds(octets: &mut [u8], kinds: &[SpanKind], and_names: bool) {
    for (octet, kind) in octets.iter_mut().zip(kinds) {
        *octet = match kind {
            SpanKind::HelloArgument | SpanKind::Domain if and_names => alike(*octet),
            _ => masked(*octet, *kind),
        };
    }
}

/// What stands in the place of an octet. Line ends stay, and blanks between parameters.
const fn masked(octet: u8, kind: SpanKind) -> u8 {
    match (kind, octet) {
        (SpanKind::Tls | SpanKind::Proxied, _) => 0,
        (SpanKind::Line | SpanKind::Decisive | SpanKind::HelloArgument | SpanKind::Domain, _)
        | (SpanKind::EndOfData | SpanKind::TlsHeader | SpanKind::ProxyHeader | SpanKind::ProxyTalk, _)
        | (_, b'\r' | b'\n')
        | (SpanKind::Parameter, b' ' | b'\t') => octet,
        // The argument is the evidence: what is wrong with it has to be wrong in the same way.
        (SpanKind::HelloDigits { is_over_255: true }, _) => b'9',
        (SpanKind::HelloDigits { is_over_255: false }, _) => {
            if octet.is_ascii_digit() {
                b'1'
            } else {
                b'a'
            }
        }
        _ => MASK,
    }
}

/// An octet that is as right or wrong in the same place of an argument as `octet`, and tells nothing else.
pub(super) const fn alike(octet: u8) -> u8 {
    match octet {
        b'0'..=b'9' => b'1',
        b'A'..=b'F' | b'a'..=b'f' => b'a',
        b'G'..=b'Z' | b'g'..=b'z' => b'x',
        _ => octet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{argument_kinds, command_kinds};

    fn shown(line: &str, kinds: &[SpanKind]) -> String {
        let mut octets = line.as_bytes().to_vec();
        mask_kinds(&mut octets, kinds, false);
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn commands_lose_their_mailboxes_and_nothing_else() {
        for (line, masked) in [
            ("EHLO sub2.", "EHLO sub2."),
            ("XXXX sub2", "XXXX sub2"),
            ("EHLO [192.0.2.10]", "EHLO [111.0.1.11]"),
            ("MAIL FROM:<ann.b@example.com> SIZE=10", "MAIL FROM:<_____@example.com> _______"),
            ("RCPT TO:<@a.example,@b.example:joe@c.example>", "RCPT TO:<_a.example__b.example____@c.example>"),
            ("RCPT TO:<ann@[192.0.2.1]>", "RCPT TO:<___@___________>"),
            ("XXXX ann.b@example.com", "XXXX _________________"),
            ("VRFY ann", "VRFY ___"),
            ("secret word", "______ ____"),
        ] {
            assert_eq!(shown(line, &command_kinds(line.as_bytes(), true)), masked, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_argument_stays_wrong() {
        assert_eq!(shown("[192.0.2.300]", &argument_kinds(b"[192.0.2.300]", true)), "[111.0.1.999]");
    }
}
