//! What a server says of mailboxes and addresses, in every form, and what a redacted extract leaves of it.

use ehlotrace::scan::scan;
use ehlotrace::twice::Choice;

use crate::extract::{extracted_with, scan_options};
use crate::support::Side;
use crate::trace_hygiene::{capture, file};

/// Refusals of `RCPT TO:<bertilda@example.org>` by servers and filters. What stands in «» becomes a mask, octet for octet; of
/// what stands in {} letters and digits do.
const FORMS: &[&str] = &[
    // The mailbox in the words of the server.
    "5.1.1 <«bertilda»@example.org>: no such recipient",
    "There is nobody by the name of «bertilda» in this place",
    "5.1.1 '«bertilda»': not listed",
    "rcpt=<«bertilda»> refused",
    "«bertilda»! we do not know",
    "«bertilda»? never heard of",
    "(«bertilda»)",
    "cannot stat /home/vmail/«bertilda»/Maildir",
    "mailto:«bertilda»@example.org",
    "«bertilda»#example.org",
    "«bertilda» at example dot org",
    "uid=«bertilda»,dc=example",
    "OFFICE\\«bertilda»",
    "«bertilda»/office",
    "«bertilda»|x",
    "«bertilda»&y=2",
    "«bert-ilda» «bertilda»-2",
    "«BERTILDA» is gone",
    "To:«bertilda»",
    "To_«bertilda»",
    "*«bertilda»*",
    "«bertilda»\u{a0}is gone",
    "«bertilda»@ is gone",
    "@«bertilda»",
    "«bertilda»;y",
    "`«bertilda»`",
    "~«bertilda»~",
    "\"«bertilda»\"@example.org",
    "<«bertilda»",
    "«bertilda»..",
    "«bertilda».:",
    "+«bertilda»",
    "«bertilda»+lists is over quota",
    "«bertilda+lists»@example.org is over quota",
    // In addresses of pages, of lists, and in other alphabets.
    "look at http://spf.example.net/explain?sender=«bertilda»%40example.org",
    "look at http://www.example.net/?to=«bertilda»@example.org",
    "look at http://www.example.net/~«bertilda»/policy",
    "look at http://www.example.net/?to=%3C«bertilda»%3E",
    "returned to «list-bounces+bertilda=example.org»@lists.example.net",
    "returned to «SRS0=kQ9x=ZZ=example.org=bertilda»@relay.example.net",
    "=?iso-8859-1?Q?«bertilda»?=",
    "=?utf-8?B?«PGJlcnRpbGRhQGV4YW1wbGUub3JnPg»==?=",
    "«YmVydGlsZGFAZXhhbXBsZS5vcmc»=",
    // The client's address.
    "ADDR={84.57.219.46}:",
    "peer:{84.57.219.46}#25",
    "{84.57.219.46}/32 is listed",
    "p-{84-57-219-46}.dsl.example.net",
    "http://list.example.net/{84.57.219.46}",
    "{46.219.57.84}.rbl.example.net",
    "{84}_{57}_{219}_{46}",
    "{84%2E57%2E219%2E46}",
    "{84.57.219.300} is no address",
    "ec{2-84-57-219-46}.compute.example.net",
    "p{5439db2e}.dip.example.net",
    "{5439DB2E}",
    "{84.57.219.46-23}",
    "from=<>,{84.57.219.46};",
    ":{84.57.219.46}:",
    "{2a01:4f8:c17::7e}",
    "[{2a01:4f8:c17::7e}]:25",
    "{2a01:4f8:c17::7e}#25",
    "{2a01:4f8:c17::7e}/64",
    "addr={2a01:4f8:c17::7e}.",
    "({2a01:4f8:c17::7e})",
    "http://list.example.net/?addr={2a01%3A4f8%3Ac17%3A%3A7e}",
    "http://list.example.net/{2a01:4f8:c17::7e}",
    "peer:{2a01:4f8:c17::7e}",
    "{2a01:4f8:c17::7e}->y",
    "{2a01:4f8:c17::7e}%eth1",
    "{e.7.0.0.0.0.0.0.7.1.c.0.8.f.4.0.1.0.a.2}.ip6.arpa",
    "{2A01:4F8:C17:0:0:0:0:7E}",
    "{2a01:4f8:c17::7e}:",
    "<{2a01:4f8:c17::7e}>:",
    "IPv6:{2a01:4f8:c17::7e}",
    "ip6:{2a01:4f8:c17::7e} is listed",
    "unknown[{2a01:4f8:c17::7e}]",
    "peer {2a01:4f8:c17::7e}, helo",
    "h{2a01-4f8-c17--7e}.example.net",
];

/// The form as it is sent, and as a redacted extract has it.
fn sent_and_shown(form: &str) -> (Vec<u8>, Vec<u8>) {
    let (mut sent, mut shown, mut masked) = (Vec::new(), Vec::new(), None);
    let mut is_escape = 0;
    for c in form.chars() {
        match c {
            '«' | '{' => masked = Some(c),
            '»' | '}' => masked = None,
            c => {
                // U+00A0 stands for that octet.
                let octet = u8::try_from(u32::from(c)).unwrap();
                sent.push(octet);
                is_escape = if c == '%' { 3 } else { is_escape - i32::from(is_escape > 0) };
                let is_shown = match masked {
                    None => true,
                    Some('{') => !octet.is_ascii_alphanumeric() || is_escape > 0,
                    Some(_) => false,
                };
                shown.push(if is_shown { octet } else { b'_' });
            }
        }
    }
    (sent, shown)
}

/// The lines of the last reply of a capture.
pub(crate) fn last_reply(capture: &[u8]) -> Vec<u8> {
    let mut last = Vec::new();
    scan(Box::new(std::io::Cursor::new(capture.to_vec())), &scan_options(), &mut |session, _| {
        let mut replies = session.transcript.exchanges.iter().rev().filter_map(|exchange| exchange.reply.as_ref());
        last = replies.next().unwrap().first_line().to_vec();
    })
    .unwrap();
    last
}

/// Row: in replies: local parts, names of the session's mailboxes, IP addresses.
#[test]
fn no_form_of_reply_gives_a_mailbox_or_an_address_away() {
    let mut wrong = Vec::new();
    for form in FORMS {
        let (sent, shown) = sent_and_shown(form);
        for size in [9, 1_000] {
            let reply = [b"550 ", &sent[..], b"\r\n"].concat();
            let dialogue: &[(Side, &[u8])] = &[
                (Side::Client, b"EHLO sub2.example.net\r\n"),
                (Side::Server, b"250 mx.example.com\r\n"),
                (Side::Client, b"MAIL FROM:<>\r\nRCPT TO:<bertilda@example.org>\r\n"),
                (Side::Server, b"250 ok\r\n"),
                (Side::Server, &reply),
            ];
            let (redacted, _) = extracted_with(&[("x", file(&capture(dialogue, size)))], Choice::All, false);
            let found = last_reply(&redacted);
            if found != shown {
                wrong.push(format!("{form}\n  {}", found.escape_ascii()));
            }
            // A comment says the same.
            let comment = format!("550 {}", String::from_utf8_lossy(&shown));
            if shown.is_ascii() && size == 1_000 && !String::from_utf8_lossy(&redacted).contains(&comment) {
                wrong.push(format!("{form}: no comment says so"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
