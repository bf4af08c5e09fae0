//! The SMTP lines of one frame: what it is, and its text line by line.
//!
//! Network Monitor read each frame by itself, so a line cut across frames shows in each as it came. What it could not
//! know, whether octets are mail text, secrets or TLS, comes from the dialogue read before.

use super::tls::TlsCursor;
use super::words;
use crate::report::escape;
use crate::smtp::{MASK, SpanKind, Verb};
use crate::time::FrameNumber;

/// What a user asked to be shown of what is otherwise hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) mail_text: bool,
    pub(super) credentials: bool,
}

impl Shown {
    /// What is not told apart here: the parts of a command or reply, of a secret, of mail data, of TLS.
    pub(super) const fn class(kind: SpanKind) -> SpanKind {
        match kind {
            kind if kind.is_dialogue() => SpanKind::Line,
            SpanKind::Challenge => SpanKind::Secret,
            SpanKind::EndOfData => SpanKind::MailText,
            SpanKind::TlsHeader => SpanKind::Tls,
            SpanKind::Proxied => SpanKind::ProxyHeader,
            kind => kind,
        }
    }

    /// Whether octets of this kind may be read. What may be either, mail text or a secret, takes leave for both.
    pub(super) const fn allows(self, kind: SpanKind) -> bool {
        match Self::class(kind) {
            SpanKind::MailText => self.mail_text,
            SpanKind::Secret => self.credentials,
            SpanKind::Unknown => self.mail_text && self.credentials,
            _ => true,
        }
    }
}

/// What a frame carries of the dialogue.
#[derive(Debug)]
pub(super) struct Payload<'a> {
    /// As captured.
    pub(super) octets: &'a [u8],
    /// Octets there were on the wire.
    pub(super) wire_octets: u32,
    pub(super) is_client: bool,
    /// What the captured octets are: lengths that add up to theirs.
    pub(super) runs: Vec<(usize, SpanKind)>,
    /// The frame before it of the same sender that carried data.
    pub(super) continued_from: Option<FrameNumber>,
}

impl Payload<'_> {
    /// The SMTP line, without `SMTP: `.
    pub(super) fn title(&self) -> String {
        let octets = self.wire_octets;
        match (self.runs.first(), self.continued_from) {
            (Some((_, SpanKind::Tls)), _) => words::tls(octets),
            (Some((_, SpanKind::ProxyHeader)), _) => format!("PROXY header, {octets} bytes"),
            (Some((_, SpanKind::ProxyTalk)), _) => format!("SOCKS, {octets} bytes"),
            (Some((_, SpanKind::MailText)), Some(frame)) => words::continued(frame, octets),
            (Some((_, SpanKind::Line)), _) => match self.kind().words {
                Some(known) => format!("{known}, {octets} bytes"),
                None => words::data(octets),
            },
            _ => words::data(octets),
        }
    }

    /// Whether it begins with a command or reply that Network Monitor had no words for, as EHLO.
    pub(super) fn is_unnamed(&self) -> bool {
        matches!(self.runs.first(), Some((_, SpanKind::Line))) && self.kind().words.is_none()
    }

    /// The lines below: `Response = ...`, `Command = ...`, `Data = ...`.
    pub(super) fn lines(&self, shown: Shown, tls: &mut TlsCursor, offset: Option<u64>) -> Vec<String> {
        let labels = Some((self.kind().label, "Data"));
        self.fill(DialogueLines { labels, ..DialogueLines::default() }, shown, tls, offset)
    }

    /// The lines as they were sent, whole, and a word in place of what is hidden.
    pub(super) fn plain(&self, shown: Shown, tls: &mut TlsCursor, offset: Option<u64>) -> Vec<String> {
        self.fill(DialogueLines::default(), shown, tls, offset)
    }

    fn fill(&self, mut lines: DialogueLines, shown: Shown, tls: &mut TlsCursor, offset: Option<u64>) -> Vec<String> {
        let mut start = 0_usize;
        for (octets, kind) in &self.runs {
            let run = self.octets.get(start..start.saturating_add(*octets)).unwrap_or_default();
            match kind {
                SpanKind::Tls => {
                    lines.end();
                    let at = offset.map(|offset| offset.saturating_add(start as u64));
                    let is_plain = lines.labels.is_none();
                    let records = tls.lines(at, run).into_iter();
                    lines.found.extend(records.map(|line| if is_plain { format!("({line})") } else { line }));
                }
                SpanKind::ProxyHeader | SpanKind::ProxyTalk => lines.end(),
                kind if shown.allows(*kind) => lines.text(run),
                SpanKind::Secret => lines.mask(),
                kind => lines.hidden(*kind, run.len()),
            }
            start = start.saturating_add(*octets);
        }
        lines.end();
        lines.found
    }

    /// What the frame begins with.
    fn kind(&self) -> LineKind {
        let Some((first_run, SpanKind::Line)) = self.runs.first() else { return LineKind::default() };
        let text = self.octets.get(..*first_run).unwrap_or_default();
        let line = text.split(|octet| *octet == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.is_client { command(line) } else { reply(line) }
    }
}

/// What a frame begins with, in Network Monitor's words.
#[derive(Debug, Default)]
struct LineKind {
    words: Option<String>,
    /// How its first line is called, if not `Data`.
    label: Option<&'static str>,
}

fn command(line: &[u8]) -> LineKind {
    let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default().to_ascii_uppercase();
    let Some(known) = words::command(&word) else { return LineKind::default() };
    let words = match path(line) {
        Some(path) => format!("Cmd: {known} {}", escape::text(path)),
        None => format!("Cmd: {known}"),
    };
    LineKind { words: Some(words), label: Some("Command") }
}

/// The path of MAIL or RCPT, angle brackets included (RFC 5321 4.1.1.2, 4.1.1.3).
fn path(line: &[u8]) -> Option<&[u8]> {
    let (Verb::Mail | Verb::Rcpt, rest) = Verb::parse(line) else { return None };
    let colon = rest.iter().position(|octet| *octet == b':')?;
    let path = rest.get(colon + 1..)?.trim_ascii_start();
    let end = path.iter().position(|octet| *octet == b'>').map_or(path.len(), |at| at + 1);
    path.get(..end).map(<[u8]>::trim_ascii_end)
}

fn reply(line: &[u8]) -> LineKind {
    let code = match *line {
        [a, b, c] | [a, b, c, b' ' | b'-', ..] if [a, b, c].iter().all(u8::is_ascii_digit) => {
            [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
        }
        _ => return LineKind::default(),
    };
    let words = words::reply(code).map_or_else(|| words::other_reply(code), str::to_owned);
    LineKind { words: Some(format!("Rsp: {words}")), label: Some("Response") }
}

/// Text on its way into lines.
#[derive(Default)]
struct DialogueLines {
    found: Vec<String>,
    /// What stands before the first line, if it has a name, and before the others; nothing in plain lines.
    labels: Option<(Option<&'static str>, &'static str)>,
    line: Vec<u8>,
    has_begun: bool,
}

impl DialogueLines {
    fn text(&mut self, octets: &[u8]) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.has_begun = true;
            match piece.strip_suffix(b"\n") {
                Some(piece) => {
                    self.line.extend_from_slice(piece);
                    if self.line.last() == Some(&b'\r') {
                        self.line.pop();
                    }
                    self.end();
                }
                None => self.line.extend_from_slice(piece),
            }
        }
    }

    fn mask(&mut self) {
        self.has_begun = true;
        self.line.extend_from_slice(MASK);
    }

    fn hidden(&mut self, kind: SpanKind, octets: usize) {
        self.end();
        if self.labels.is_none() && octets > 0 {
            self.found.push(words::hidden(kind == SpanKind::MailText, octets));
        }
    }

    /// Ends the line, if one has begun.
    fn end(&mut self) {
        if !std::mem::take(&mut self.has_begun) {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let Some((first, others)) = &mut self.labels else { return self.found.push(escape::text(&line)) };
        let mut rest = line.as_slice();
        loop {
            let (part, left) = rest.split_at(rest.len().min(words::TEXT_OCTETS));
            let label = first.take().unwrap_or(others);
            self.found.push(format!("{label} = {}", escape::text(part)));
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SpanKind::{Line, MailText, Secret, Unknown};

    fn payload<'a>(octets: &'a [u8], is_client: bool, runs: &[(usize, SpanKind)]) -> Payload<'a> {
        let wire_octets = u32::try_from(octets.len()).unwrap();
        Payload { octets, wire_octets, is_client, runs: runs.to_vec(), continued_from: Some(16) }
    }

    fn shown(payload: &Payload<'_>, shown: Shown) -> Vec<String> {
        let mut lines = vec![payload.title()];
        lines.extend(payload.lines(shown, &mut TlsCursor::default(), Some(0)));
        lines
    }

    fn lines(octets: &[u8], is_client: bool) -> Vec<String> {
        shown(&payload(octets, is_client, &[(octets.len(), Line)]), Shown::default())
    }

    /// The greeting with as many octets as the article counts.
    #[test]
    fn the_greeting_of_kb_240832() {
        let greeting = b"220-mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 \
            -0400 Version: 5.5.1774.114.11\r\n220 ESMTP spoken here";
        assert_eq!(
            lines(greeting, false),
            [
                "Rsp: Service ready, 133 bytes",
                "Response = 220-mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 ",
                "Data = -0400 Version: 5.5.1774.114.11",
                "Data = 220 ESMTP spoken here",
            ]
        );
    }

    #[test]
    fn the_lost_session_of_kb_240832() {
        assert_eq!(lines(b"EHLO sub2.\r\n", true), ["Data, 12 bytes", "Data = EHLO sub2."]);
        assert_eq!(
            lines(b"501 Invalid Address\r\n", false),
            ["Rsp: Command syntax error in parameters or arguments, 21 bytes", "Response = 501 Invalid Address"]
        );
        assert_eq!(lines(b"QUIT\r\n", true), ["Cmd: Quit, losing connection, 6 bytes", "Command = QUIT"]);
    }

    #[test]
    fn the_titles_of_q161943() {
        for (octets, is_client, title) in [
            (&b"HELO test.microsoft.com    \r"[..], true, "Cmd: Hello, host identifier, 28 bytes"),
            (b"MAIL FROM:<TEST>    \r\n", true, "Cmd: Mail from <TEST>, 22 bytes"),
            (b"RCPT TO:<test2@microsoft.com>\r\n", true, "Cmd: Recipient <test2@microsoft.com>, 31 bytes"),
            (b"DATA\r\n", true, "Cmd: Data: Mail data to follow, 6 bytes"),
            (b"354 Enter mail, end with \".\" on a line by itself\r\n", false, "Rsp: Enter mail ..., 50 bytes"),
            (b"250 OK\r\n", false, "Rsp: Requested mail action okay, completed, 8 bytes"),
            (b"334 VXNlcm5hbWU6\r\n", false, "Rsp: Reply 334, 18 bytes"),
            (b"MAIL\r\n", true, "Cmd: Mail from, 6 bytes"),
            (b"lo there\r\n", false, "Data, 10 bytes"),
        ] {
            assert_eq!(lines(octets, is_client)[0], title);
        }
        assert_eq!(
            payload(&[b'x'; 480], true, &[(480, MailText)]).title(),
            "Data - continued from frame 16, 480 bytes"
        );
    }

    #[test]
    fn hidden_octets_leave_a_mark_or_nothing() {
        let octets = b"AUTH PLAIN c2VjcmV0\r\nDATA\r\nSubject: x\r\n.\r\nQUIT\r\n";
        let runs = [(5, Line), (14, Secret), (8, Line), (15, MailText), (6, Line)];
        let payload = payload(octets, true, &runs);
        assert_eq!(
            shown(&payload, Shown::default()),
            ["Data, 48 bytes", "Data = AUTH ***", "Data = DATA", "Data = QUIT"]
        );
        assert_eq!(
            shown(&payload, Shown { mail_text: true, credentials: true }),
            [
                "Data, 48 bytes",
                "Data = AUTH PLAIN c2VjcmV0",
                "Data = DATA",
                "Data = Subject: x",
                "Data = .",
                "Data = QUIT"
            ]
        );
    }

    #[test]
    fn plain_lines_are_whole_and_say_what_is_hidden() {
        let octets = b"AUTH PLAIN c2VjcmV0\r\nDATA\r\nSubject: x\r\n.\r\nQUIT\r\neither\r\n";
        let payload =
            payload(octets, true, &[(5, Line), (14, Secret), (8, Line), (15, MailText), (6, Line), (8, Unknown)]);
        let plain = |shown| payload.plain(shown, &mut TlsCursor::default(), Some(0));
        assert_eq!(
            plain(Shown::default()),
            ["AUTH ***", "DATA", "(mail text, 15 bytes)", "QUIT", "(hidden: mail text or a secret, 8 bytes)"]
        );
        assert_eq!(
            plain(Shown { mail_text: true, credentials: true }),
            ["AUTH PLAIN c2VjcmV0", "DATA", "Subject: x", ".", "QUIT", "either"]
        );
        let long = [b'x'; 200];
        assert_eq!(
            self::payload(&long, true, &[(200, Line)]).plain(Shown::default(), &mut TlsCursor::default(), None),
            ["x".repeat(200)]
        );
    }

    #[test]
    fn what_may_be_mail_text_or_a_secret_takes_leave_for_both() {
        let payload = payload(b"either\r\n", true, &[(8, Unknown)]);
        for (mail_text, credentials, lines) in [(true, false, 1), (false, true, 1), (true, true, 2)] {
            assert_eq!(shown(&payload, Shown { mail_text, credentials }).len(), lines);
        }
    }

    #[test]
    fn a_line_cut_across_frames_shows_as_it_came() {
        assert_eq!(lines(b"EHLO su", true), ["Data, 7 bytes", "Data = EHLO su"]);
        assert_eq!(lines(b"b2.\r\n", true), ["Data, 5 bytes", "Data = b2."]);
        assert_eq!(lines(b"\r\n", true), ["Data, 2 bytes", "Data = "]);
    }

    #[test]
    fn controls_and_foreign_octets_are_escaped() {
        assert_eq!(lines(b"220 \x1b]0;x\x07\xff\r\n", false)[1], "Response = 220 \\x1b]0;x\\x07\\xff");
        assert_eq!(lines(b"MAIL FROM:<\x1b[2J>\r\n", true)[0], "Cmd: Mail from <\\x1b[2J>, 18 bytes");
    }
}
