//! Masking the payload of a frame by what its octets are, lengths kept.

use crate::smtp::{SpanKind, Spans};

/// What a masked octet becomes. No X: a verb of Xs is what a middlebox makes of one.
const MASK: u8 = b'_';

/// Masks `payload`, which stands at `offset` of the stream that `spans` tell of; all of it where that is not known.
pub(super) fn mask(payload: &mut [u8], offset: Option<u64>, spans: &Spans) {
    let runs = match offset {
        Some(offset) => spans.runs(offset, payload.len()),
        None => vec![(payload.len(), SpanKind::Unknown)],
    };
    let mut rest = payload;
    for (length, kind) in runs {
        let (run, left) = rest.split_at_mut_checked(length).unwrap_or_default();
        run.iter_mut().for_each(|octet| *octet = masked(*octet, kind));
        rest = left;
    }
}

/// Masks octets of which each has its kind.
pub(super) fn mask_kinds(octets: &mut [u8], kinds: &[SpanKind]) {
    for (octet, kind) in octets.iter_mut().zip(kinds) {
        *octet = masked(*octet, *kind);
    }
}

/// What stands in the place of an octet. Line ends stay, and blanks between parameters.
const fn masked(octet: u8, kind: SpanKind) -> u8 {
    match (kind, octet) {
        (SpanKind::Tls, _) => 0,
        (SpanKind::Line | SpanKind::HelloArgument | SpanKind::Domain, _)
        | (SpanKind::EndOfData | SpanKind::TlsHeader, _)
        | (_, b'\r' | b'\n')
        | (SpanKind::Parameter, b' ' | b'\t') => octet,
        // The argument is the evidence: what is wrong with it has to be wrong in the same way.
        (SpanKind::HelloDigits { is_over_255: true }, _) => b'9',
        (SpanKind::HelloDigits { is_over_255: false }, _) => b'1',
        _ => MASK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{Names, argument_kinds, command_kinds, text_kinds};

    fn shown(line: &str, kinds: &[SpanKind]) -> String {
        let mut octets = line.as_bytes().to_vec();
        mask_kinds(&mut octets, kinds);
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
            assert_eq!(shown(line, &command_kinds(line.as_bytes())), masked, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_argument_stays_wrong() {
        assert_eq!(shown("[192.0.2.300]", &argument_kinds(b"[192.0.2.300]", true)), "[111.0.1.999]");
    }

    #[test]
    fn replies_keep_their_words() {
        let mut names = Names::default();
        names.add(b"ann");
        let text = "No mailbox ann for 192.0.2.10";
        assert_eq!(shown(text, &text_kinds(text.as_bytes(), &names)), "No mailbox ___ for ___._._.__");
    }
}
