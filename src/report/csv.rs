//! Comma-separated values: one row a session, for spreadsheets.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front, as is usual there.

use std::io::{self, Write};

use super::digest::Digest;
use super::run::{Form, Run};
use super::{background, escape, evidence};

const COLUMNS: [&str; 37] = [
    "capture",
    "member",
    "session",
    "first_frame",
    "last_frame",
    "opened",
    "closed",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "product",
    "outcome",
    "cause",
    "fault",
    "confidence",
    "recovered",
    "greeting_code",
    "hello_frame",
    "hello_verb",
    "hello_argument",
    "hello_problems",
    "hello_suggestion",
    "reply_frame",
    "reply_code",
    "reply_text",
    "messages_accepted",
    "tls",
    "evidence_frames",
    "evidence",
    "remedy",
    "tcp_stream",
    "community_id",
    "tls_version",
    "tls_server_name",
    "tls_alert",
    "lookup",
];

/// Writes the rows.
pub(super) struct Csv<'w> {
    out: csv::Writer<Box<dyn Write + 'w>>,
    has_header: bool,
}

impl<'w> Csv<'w> {
    pub(super) fn new(out: Box<dyn Write + 'w>) -> Self {
        Self { out: csv::Writer::from_writer(out), has_header: false }
    }

    fn header(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_header, true) {
            self.out.write_record(COLUMNS)?;
        }
        Ok(())
    }
}

impl Form for Csv<'_> {
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.header()?;
        self.out.write_record(row(digest).iter().map(|cell| guarded(cell)))?;
        Ok(())
    }

    fn end(&mut self, _: &Run) -> io::Result<()> {
        self.header()?;
        self.out.flush()
    }
}

fn row(digest: &Digest<'_>) -> [String; COLUMNS.len()] {
    let Digest { source, session, diagnosis, hello, .. } = digest;
    let (transcript, hello) = (&session.transcript, hello.as_ref());
    let reply = hello.and_then(|hello| hello.reply);
    let problems =
        hello.map(|hello| hello.check.problems.iter().map(|problem| problem.code.code()).collect::<Vec<_>>());
    let (frames, evidence): (Vec<_>, Vec<_>) = digest.evidence().map(|(frame, text)| (frame.to_string(), text)).unzip();
    let or_empty = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    [
        source.path.clone(),
        or_empty(source.member.as_deref()),
        session.number.to_string(),
        session.first.frame.to_string(),
        session.last.frame.to_string(),
        session.first.time.to_string(),
        session.last.time.to_string(),
        session.client.ip().to_string(),
        session.client.port().to_string(),
        session.server.ip().to_string(),
        session.server.port().to_string(),
        or_empty(digest.product()),
        diagnosis.outcome.code().to_owned(),
        or_empty(diagnosis.cause.map(|rule| rule.code)),
        or_empty(diagnosis.fault.map(|fault| fault.code())),
        or_empty(diagnosis.confidence.map(|confidence| confidence.code())),
        diagnosis.recovered.to_string(),
        number(transcript.greeting().map(|reply| u64::from(reply.code))),
        number(hello.map(|hello| hello.command.moment.frame)),
        hello.map(|hello| hello.command.verb_name()).unwrap_or_default(),
        hello.map(|hello| escape::text(hello.argument)).unwrap_or_default(),
        problems.unwrap_or_default().join(" "),
        or_empty(hello.and_then(|hello| hello.check.suggestion.as_deref())),
        number(reply.map(|reply| reply.moment.frame)),
        number(reply.map(|reply| u64::from(reply.code))),
        reply.map(|reply| escape::text(reply.first_line())).unwrap_or_default(),
        transcript.messages_accepted.to_string(),
        transcript.is_tls.to_string(),
        frames.join(" "),
        evidence.join("; "),
        evidence::remedy(diagnosis),
        number(session.tcp_stream),
        session.community_id(),
        transcript.tls.server_hello.as_ref().map(|hello| hello.version.to_string()).unwrap_or_default(),
        background::server_name(session).unwrap_or_default(),
        background::alert(session).unwrap_or_default(),
        digest.lookups().collect::<Vec<_>>().join("; "),
    ]
}

/// `cell`, printable and no formula (OWASP, CSV injection).
fn guarded(cell: &str) -> String {
    let cell = escape::text(cell.as_bytes());
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-x.example.com", "'-x.example.com"),
            ("+x", "'+x"),
            ("a=b", "a=b"),
            ("\t=1", "\\x09=1"),
        ] {
            assert_eq!(guarded(cell), expected);
        }
    }
}
