//! What the octets of a command line are (RFC 5321 4.1).

use super::address::mark_addresses;
use super::{SpanKind, argument_kinds, fill};
use crate::smtp::command::{Verb, parse_bdat};

/// What each octet of a command line is, its line end aside; where it is not whole, more may follow. A line that is no command
/// is all parameter.
pub(crate) fn command_kinds(line: &[u8], is_whole: bool) -> Vec<SpanKind> {
    let (verb, rest) = Verb::parse(line);
    let mut kinds = vec![SpanKind::Line; line.len()];
    let at = line.len() - rest.len();
    let argument = rest.trim_ascii_start();
    let argument_at = line.len() - argument.len();
    match verb {
        Verb::Ehlo | Verb::Helo | Verb::Lhlo => mark_argument(argument, is_whole, argument_at, &mut kinds),
        // What a middlebox overwrote was a hello, if it reads like one. A mailbox does up to the @.
        Verb::Mangled if is_whole && may_be_name(argument) => mark_argument(argument, true, argument_at, &mut kinds),
        Verb::Mangled if is_keyword(argument) => mark_path(rest, at, &mut kinds),
        Verb::XClient | Verb::XForward => mark_attributes(rest, at, &mut kinds),
        Verb::Mail | Verb::Rcpt => mark_path(rest, at, &mut kinds),
        Verb::Auth => fill(&mut kinds, argument_at..line.len(), SpanKind::Secret),
        Verb::Bdat if parse_bdat(rest).is_some() => {}
        Verb::Unknown => mark_words(line, 0, &mut kinds, SpanKind::Parameter),
        _ => mark_words(rest, at, &mut kinds, SpanKind::Parameter),
    }
    kinds
}

/// Whether what follows an overwritten verb reads like a client's name: it has nothing that only mailboxes and secrets have.
fn may_be_name(argument: &[u8]) -> bool {
    let is_part = |octet: &u8| octet.is_ascii_alphanumeric() || b"._-:[]".contains(octet);
    !argument.is_empty() && argument.iter().all(is_part)
}

fn mark_argument(argument: &[u8], is_whole: bool, at: usize, kinds: &mut [SpanKind]) {
    for (kind, told) in kinds.iter_mut().skip(at).zip(argument_kinds(argument, is_whole)) {
        *kind = told;
    }
}

/// The attributes of XCLIENT and XFORWARD: the name in `HELO=` is a hello's, the other values are parameters.
fn mark_attributes(rest: &[u8], at: usize, kinds: &mut [SpanKind]) {
    let mut start = at;
    for attribute in rest.split(u8::is_ascii_whitespace) {
        let equals = attribute.iter().position(|octet| *octet == b'=');
        let (name, value) = attribute.split_at(equals.map_or(0, |equals| equals + 1));
        let value_at = start + name.len();
        if name.eq_ignore_ascii_case(b"HELO=") {
            mark_argument(value, true, value_at, kinds);
        } else {
            mark_words(value, value_at, kinds, SpanKind::Parameter);
        }
        start += attribute.len() + 1;
    }
}

/// Blanks part words and tell nothing.
fn mark_words(text: &[u8], at: usize, kinds: &mut [SpanKind], what: SpanKind) {
    for (octet, kind) in text.iter().zip(kinds.iter_mut().skip(at)) {
        if !matches!(octet, b' ' | b'\t') {
            *kind = what;
        }
    }
}

/// Whether `argument` begins as that of MAIL or RCPT does.
fn is_keyword(argument: &[u8]) -> bool {
    keyword_octets(argument).is_some()
}

/// Octets up to and with the colon of `FROM:` or `TO:`.
fn keyword_octets(argument: &[u8]) -> Option<usize> {
    let colon = argument.iter().position(|octet| *octet == b':')?;
    let word = argument.get(..colon)?.trim_ascii();
    [&b"FROM"[..], b"TO"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word)).then_some(colon + 1)
}

/// The path of MAIL or RCPT, and the parameters behind it (RFC 5321 4.1.1.2, 4.1.1.3). `rest` stands at `at` of the line.
fn mark_path(rest: &[u8], at: usize, kinds: &mut [SpanKind]) {
    let Some(keyword) = keyword_octets(rest) else { return mark_words(rest, at, kinds, SpanKind::Parameter) };
    let path = rest.get(keyword..).unwrap_or_default();
    let mailbox = Mailbox::in_path(path);
    let start = at + keyword;
    mark_words(path, start, kinds, SpanKind::Parameter);
    fill(kinds, start..start + mailbox.opens, SpanKind::Line);
    for (from, to) in &mailbox.route {
        mark_domain(path, *from..*to, start, kinds);
    }
    fill(kinds, start + mailbox.local.0..start + mailbox.local.1, SpanKind::LocalPart);
    if let Some((from, to)) = mailbox.domain {
        fill(kinds, start + from - 1..start + from, SpanKind::Line);
        mark_domain(path, from..to, start, kinds);
    }
    if path.get(mailbox.end) == Some(&b'>') {
        fill(kinds, start + mailbox.end..start + mailbox.end + 1, SpanKind::Line);
    }
}

/// A domain; one that may be an address tells as much as the address.
fn mark_domain(path: &[u8], range: std::ops::Range<usize>, start: usize, kinds: &mut [SpanKind]) {
    let domain = path.get(range.clone()).unwrap_or_default();
    let may_be_address = domain.first().is_some_and(|octet| *octet == b'[' || octet.is_ascii_digit());
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-');
    for (octet, kind) in domain.iter().zip(kinds.iter_mut().skip(start + range.start)) {
        *kind = if may_be_address || !is_name(octet) { SpanKind::Parameter } else { SpanKind::Domain };
    }
    // Clouds and providers name hosts by their addresses.
    if !may_be_address {
        mark_addresses(domain, kinds.get_mut(start + range.start..start + range.end).unwrap_or_default());
    }
}

/// Where the parts of a mailbox stand in a path.
#[derive(Debug, Default)]
struct Mailbox {
    /// Octets before the mailbox and its route: blanks and the angle bracket.
    opens: usize,
    /// The domains of a source route, and the @ and comma or colon around each left to the path.
    route: Vec<(usize, usize)>,
    local: (usize, usize),
    domain: Option<(usize, usize)>,
    /// Behind it.
    end: usize,
}

impl Mailbox {
    fn in_path(path: &[u8]) -> Self {
        let blanks = path.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let opens = blanks + usize::from(path.get(blanks) == Some(&b'<'));
        let mut mailbox = Self { opens, ..Self::default() };
        let mut at = opens;
        // A source route: `<@one,@two:mailbox>`.
        while path.get(at) == Some(&b'@') {
            let rest = path.get(at + 1..).unwrap_or_default();
            let length = rest.iter().position(|octet| b",:> \t".contains(octet)).unwrap_or(rest.len());
            mailbox.route.push((at + 1, at + 1 + length));
            at += 1 + length;
            if !matches!(path.get(at), Some(b',' | b':')) {
                break;
            }
            at += 1;
        }
        let local = local_octets(path.get(at..).unwrap_or_default());
        mailbox.local = (at, at + local);
        at += local;
        if path.get(at) == Some(&b'@') {
            let rest = path.get(at + 1..).unwrap_or_default();
            let length = rest.iter().position(|octet| b"> \t".contains(octet)).unwrap_or(rest.len());
            mailbox.domain = Some((at + 1, at + 1 + length));
            at += 1 + length;
        }
        mailbox.end = at;
        mailbox
    }
}

/// Octets of a local part at the start of `text`, quoted or not.
fn local_octets(text: &[u8]) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, octet) in text.iter().enumerate() {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'@' | b'>' | b' ' | b'\t' if !is_quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> String {
        let kinds = command_kinds(line.as_bytes(), true);
        assert_eq!(kinds.len(), line.len());
        let letter = |(octet, kind)| match kind {
            SpanKind::Line => octet,
            SpanKind::HelloArgument => 'h',
            SpanKind::HelloDigits { .. } => '1',
            SpanKind::LocalPart => 'l',
            SpanKind::Domain => 'd',
            SpanKind::Parameter => 'p',
            SpanKind::Secret => 's',
            _ => '?',
        };
        line.chars().zip(kinds).map(letter).collect()
    }

    #[test]
    fn commands_are_told_part_by_part() {
        for (line, parts) in [
            ("EHLO sub2.", "EHLO hhhhh"),
            ("ehlo  [192.0.2.10]", "ehlo  h111hhh1h11h"),
            ("MAIL FROM:<ann.b@example.com> SIZE=10", "MAIL FROM:<lllll@ddddddddddd> ppppppp"),
            ("mail from: <>", "mail from: <>"),
            ("RCPT TO:<@a.example,@b.example:joe@c.example>", "RCPT TO:<pdddddddddppdddddddddplll@ddddddddd>"),
            ("RCPT TO:<\"a@ b\\\"c\"@x.example>", "RCPT TO:<lllllllll@ddddddddd>"),
            ("RCPT TO:<ann@[192.0.2.1]>", "RCPT TO:<lll@ppppppppppp>"),
            ("RCPT TO:<a@ip-10-1-2-3.x>", "RCPT TO:<l@ddd??d?d?d?dd>"),
            ("RCPT TO:ann", "RCPT TO:lll"),
            ("RCPT ann@example.com", "RCPT ppppppppppppppp"),
            ("VRFY ann", "VRFY ppp"),
            ("AUTH PLAIN AGFubgBzZWNyZXQ=", "AUTH ssssssssssssssssssssss"),
            ("secret word", "pppppp pppp"),
            ("BDAT 86 LAST", "BDAT 86 LAST"),
            ("BDAT ann", "BDAT ppp"),
            ("XCLIENT ADDR=192.0.2.1 helo=sub2. x", "XCLIENT ADDR=ppppppppp helo=hhhhh p"),
            ("XFORWARD HELO=[192.0.2.1] IDENT=x", "XFORWARD HELO=h111hhh1h1h IDENT=p"),
            ("BDAT 86 ann", "BDAT pp ppp"),
            ("BDAT 86 LAST ann", "BDAT pp pppp ppp"),
            ("RCPT TO:<a@p5b0c1234.x>", "RCPT TO:<l@d????????dd>"),
            ("DATA", "DATA"),
            ("", ""),
        ] {
            assert_eq!(told(line), parts, "{line}");
        }
    }

    #[test]
    fn what_a_middlebox_overwrote_is_told_by_what_follows() {
        for (line, parts) in [
            ("XXXX sub2.", "XXXX hhhhh"),
            ("XXXX [192.0.2.10]", "XXXX h111hhh1h11h"),
            ("XXXX FROM:<ann@example.com>", "XXXX FROM:<lll@ddddddddddd>"),
            ("XXXX ann.b@example.com", "XXXX ppppppppppppppppp"),
            ("XXXX PLAIN AGFubgBzZWNyZXQ=", "XXXX ppppp pppppppppppppppp"),
            ("XXXX AGFubgBzZWNyZXQ=", "XXXX pppppppppppppppp"),
        ] {
            assert_eq!(told(line), parts, "{line}");
        }
    }
    #[test]
    fn what_is_cut_may_go_on_as_a_mailbox_or_an_address() {
        for (line, is_shown) in [("XXXX ann.smith", false), ("EHLO sub2", true), ("EHLO [192.0.", false)] {
            let kinds = command_kinds(line.as_bytes(), false);
            let shown = kinds.iter().all(|kind| matches!(kind, SpanKind::Line | SpanKind::HelloArgument));
            assert_eq!(shown, is_shown, "{line}");
        }
    }
}
