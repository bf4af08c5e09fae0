//! The measured table, read from its CSV once.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::servers::SERVERS;
use crate::smtp::ehlo::{self, ArgumentCheck, LineEnd};

/// How a hello line was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// After the greeting, in one segment, with CRLF, verb in capitals.
    Plainly,
    /// The verb in small letters.
    LowerCase,
    /// Ended by a line feed alone.
    BareLf,
    /// In several segments.
    Split,
    /// With a tab after the verb.
    TabAfterVerb,
    /// Without waiting for the greeting.
    Early,
    /// With the commands that follow it, without waiting for its reply.
    Pipelined,
}

impl Sent {
    /// The way that the part of a label before its `/` names.
    fn of(label: &str) -> Self {
        match label.split('/').next() {
            Some("ehlo-lower") => Self::LowerCase,
            Some("EHLO-LF") => Self::BareLf,
            Some("EHLO-split") => Self::Split,
            Some("EHLO-tabsep") => Self::TabAfterVerb,
            Some("early") => Self::Early,
            Some("blast") => Self::Pipelined,
            _ => Self::Plainly,
        }
    }

    /// In words that continue "sent ...".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Plainly => "plainly",
            Self::LowerCase => "with the verb in small letters",
            Self::BareLf => "with a line feed alone at its end",
            Self::Split => "in several segments",
            Self::TabAfterVerb => "with a tab after the verb",
            Self::Early => "before the greeting",
            Self::Pipelined => "together with the commands after it",
        }
    }
}

/// What a server did on a hello line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It replied.
    Reply {
        /// The reply code.
        code: u16,
        /// The octets after code and blank, of the first line.
        text: Vec<u8>,
    },
    /// It closed the connection without a reply.
    Closed,
    /// It did not reply.
    NoReply,
}

impl Answer {
    /// Whether the hello was accepted.
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Reply { code: 200..=299, .. })
    }

    /// Code and text in printable ASCII, with `NAME` for the argument that a server quotes as `<argument>`.
    pub fn words(&self) -> String {
        match self {
            Self::Reply { code, text } => format!("{code} {}", printable(&without_name(text))),
            Self::Closed => "closes without a reply".to_owned(),
            Self::NoReply => "does not reply".to_owned(),
        }
    }
}

/// `text` with the name that stands in it before `>: ` replaced, so that replies to several names can be compared.
fn without_name(text: &[u8]) -> Cow<'_, [u8]> {
    let start = text.iter().position(|octet| *octet == b'<');
    let end = text.windows(3).rposition(|window| window == b">: ");
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            let (before, after) = (text.get(..start).unwrap_or(text), text.get(end..).unwrap_or_default());
            Cow::Owned([before, b"<NAME", after].concat())
        }
        _ => Cow::Borrowed(text),
    }
}

/// `octets` with everything but printable ASCII as `\xNN`.
pub(super) fn printable(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => text.push_str(&format!("\\x{octet:02x}")),
        }
    }
    text
}

/// One hello line and what each server did on it.
#[derive(Debug)]
pub struct Row {
    /// The name of the row, such as `EHLO/dot-single`.
    pub label: &'static str,
    /// How the line was sent.
    pub sent: Sent,
    /// The verb as it was sent.
    pub verb: String,
    /// The octets of the line, without its end.
    pub line: Vec<u8>,
    /// The octets of the argument, no blanks around it.
    pub argument: Vec<u8>,
    /// What is wrong with the argument.
    pub check: ArgumentCheck,
    /// Every server's answer, in the order of [`SERVERS`]; none where the measurement has none.
    pub answers: Vec<Option<Answer>>,
}

impl Row {
    fn new<'c>(label: &'static str, line: &str, cells: impl Iterator<Item = &'c str>) -> Self {
        let sent = Sent::of(label);
        let line = unescape(line);
        let verb = line.iter().position(|octet| matches!(octet, b' ' | b'\t')).unwrap_or(line.len());
        let (verb, after_verb) = line.split_at_checked(verb).unwrap_or((&line, &[]));
        let end = if sent == Sent::BareLf { LineEnd::Lf } else { LineEnd::CrLf };
        Self {
            label,
            sent,
            verb: printable(verb),
            argument: ehlo::split_argument(after_verb).octets.to_vec(),
            check: ehlo::check(after_verb, end),
            line: line.clone(),
            answers: cells.map(answer).collect(),
        }
    }
}

/// The rows, in the order of the table. Empty if the table that is compiled in cannot be read, which a test excludes.
pub(crate) fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| read(include_str!("ehlo-matrix.csv")).unwrap_or_default());
    &ROWS
}

/// Columns before those of the servers: label, line, and another tool's verdict on it.
const LEADING_COLUMNS: usize = 3;

fn read(text: &'static str) -> Option<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    if !reader.headers().ok()?.iter().skip(LEADING_COLUMNS).eq(SERVERS.iter().map(|server| server.name)) {
        return None;
    }
    // A label needs no quotes, so it can be lent from the text itself.
    let labels = text.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default());
    let row = |(label, record): (_, csv::Result<csv::StringRecord>)| {
        let record = record.ok()?;
        Some(Row::new(label, record.get(1)?, record.iter().skip(LEADING_COLUMNS)))
    };
    labels.zip(reader.records()).map(row).collect()
}

fn answer(cell: &str) -> Option<Answer> {
    match cell {
        "" => None,
        "(closed)" => Some(Answer::Closed),
        "(no reply)" => Some(Answer::NoReply),
        _ => {
            let (code, text) = cell.split_at_checked(3)?;
            let text = text.strip_prefix(' ').unwrap_or(text);
            Some(Answer::Reply { code: code.parse().ok()?, text: octets(text) })
        }
    }
}

/// The table writes an octet as the character of that number.
fn octets(text: &str) -> Vec<u8> {
    text.chars().filter_map(|character| u8::try_from(character).ok()).collect()
}

/// The octets of a line that is written with the escapes of a JSON string, each character one octet.
fn unescape(line: &str) -> Vec<u8> {
    octets(&serde_json::from_str::<String>(&format!("\"{line}\"")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(label: &str, server: &str) -> Option<&'static Answer> {
        let row = rows().iter().find(|row| row.label == label).expect(label);
        let column = SERVERS.iter().position(|known| known.name == server).expect(server);
        row.answers[column].as_ref()
    }

    fn reply(code: u16, text: &str) -> Option<Answer> {
        Some(Answer::Reply { code, text: text.as_bytes().to_vec() })
    }

    #[test]
    fn every_line_was_put_to_every_server() {
        assert_eq!(rows().len(), 93);
        assert!(rows().iter().all(|row| row.answers.len() == 35));
        assert_eq!(rows().iter().filter(|row| row.sent == Sent::Plainly && row.verb == "EHLO").count(), 57);
        assert_eq!(rows().iter().filter(|row| row.verb == "HELO").count(), 26);
    }

    #[test]
    fn cells_are_those_of_the_measurement() {
        for (label, server, expected) in [
            ("EHLO/dot-single", "opensmtpd", reply(501, "5.5.4 Invalid command arguments: Invalid domain name")),
            ("EHLO/dot-single", "postfix", reply(250, "mx.example.net")),
            ("EHLO/dot-single", "aiosmtpd-hook", reply(501, "Invalid Address")),
            ("EHLO/dot-single", "exim-acl", reply(550, "HELO/EHLO with trailing dot is not RFC compliant")),
            ("EHLO/fqdn", "net-smtp-server", reply(500, "Learn to type!")),
            ("EHLO/double-dot", "exim-acl", reply(550, "HELO/EHLO contains \"..\"")),
            ("EHLO/backslash", "smtp-protocol", reply(250, "WORKGROUP\\sub2")),
            ("EHLO/nul", "go-smtp", reply(250, "Hello sub2\0.example.com")),
            ("EHLO/nul", "msmtpd", Some(Answer::Closed)),
            ("EHLO-LF/fqdn", "twisted", Some(Answer::NoReply)),
            ("EHLO/two-words-pc", "inetsim", None),
            ("HELO/utf8", "mailtutan", None),
        ] {
            assert_eq!(cell(label, server), expected.as_ref(), "{label} {server}");
        }
        assert_eq!(cell("EHLO/utf8", "smtp-protocol").unwrap().words(), "250 b\\xc3\\xbccher.example.com");
    }

    #[test]
    fn lines_are_decoded_to_the_octets_that_were_sent() {
        for (label, verb, argument) in [
            ("EHLO/latin1", "EHLO", &b"b\xfccher.example.com"[..]),
            ("EHLO/utf8", "EHLO", b"b\xc3\xbccher.example.com"),
            ("HELO/nul", "HELO", b"sub2\0.example.com"),
            ("EHLO/ctrl", "EHLO", b"sub2\x01.example.com"),
            ("EHLO/tab", "EHLO", b"sub2\texample.com"),
            ("EHLO/backslash", "EHLO", b"WORKGROUP\\sub2"),
            ("EHLO/quoted", "EHLO", b"\"sub2\""),
            ("EHLO/comma", "EHLO", b"sub2,example.com"),
            ("EHLO-tabsep/fqdn", "EHLO", b"client.example.com"),
            ("ehlo-lower/fqdn", "ehlo", b"client.example.com"),
            ("EHLO/dot-space", "EHLO", b"sub2."),
            ("EHLO/space-only", "EHLO", b""),
            ("EHLO/none", "EHLO", b""),
        ] {
            let row = rows().iter().find(|row| row.label == label).expect(label);
            assert_eq!((row.verb.as_str(), &row.argument[..]), (verb, argument), "{label}");
        }
    }

    #[test]
    fn quoted_names_are_taken_out_of_replies() {
        for (text, words) in [
            (
                &b"5.5.2 <sub2.>: Helo command rejected: Host not found"[..],
                "501 5.5.2 <NAME>: Helo command rejected: Host not found",
            ),
            (
                b"5.5.2 <<>>: Helo command rejected: Invalid name",
                "501 5.5.2 <NAME>: Helo command rejected: Invalid name",
            ),
            (b"Invalid >: <", "501 Invalid >: <"),
            (b"b\xfc\t", "501 b\\xfc\\x09"),
        ] {
            assert_eq!(Answer::Reply { code: 501, text: text.to_vec() }.words(), words);
        }
    }

    #[test]
    fn lines_hold_the_octets_of_the_laboratory() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/lab"));
        let Ok(text) = std::fs::read(folder.join("postfix.truth.json")) else {
            println!("skipped: no corpus at {}", folder.display());
            return;
        };
        let truth: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let connections = truth.as_array().unwrap();
        for row in rows() {
            let hex: String = row.line.iter().map(|octet| format!("{octet:02x}")).collect();
            // The laboratory used a label again for other lines, in other scenarios.
            let is_row = |sent: &serde_json::Value| sent["label"] == row.label && sent["hello_hex"][0] == *hex;
            assert!(connections.iter().any(is_row), "{}: {hex}", row.label);
        }
    }
}
