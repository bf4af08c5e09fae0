//! Comma-separated values: one row a session, for spreadsheets.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front, as is usual there.

use std::io::{self, Write};

use super::table::row::decisive_hello;
use super::totals::Totals;
use super::{CaptureReport, CaptureSource, ReportOptions, Reporter, Show, Summary, background, escape, product_name};
use crate::diagnosis::Diagnosis;
use crate::session::Session;
use crate::smtp::ehlo::split_argument;

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
    show: Show,
    totals: Totals,
    source: CaptureSource,
    has_header: bool,
}

impl<'w> Csv<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let source = CaptureSource { path: String::new(), member: None };
        let totals = Totals::new(&options.limits);
        Self { out: csv::Writer::from_writer(out), show: options.show, totals, source, has_header: false }
    }

    fn header(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_header, true) {
            self.out.write_record(COLUMNS)?;
        }
        Ok(())
    }
}

impl Reporter for Csv<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        self.source = source.clone();
        self.header()
    }

    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.totals.session(capture, session, diagnosis);
        if !self.show.lists(diagnosis.outcome) {
            return Ok(());
        }
        let cells = row(&self.source, session, diagnosis);
        self.out.write_record(cells.iter().map(|cell| guarded(cell)))?;
        Ok(())
    }

    fn capture_end(&mut self, _: usize, report: &CaptureReport) -> io::Result<()> {
        self.totals.capture_end(report);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.header()?;
        self.out.flush()
    }

    fn summary(&self) -> &Summary {
        self.totals.summary()
    }
}

fn row(source: &CaptureSource, session: &Session, diagnosis: &Diagnosis) -> [String; COLUMNS.len()] {
    let transcript = &session.transcript;
    let hello = decisive_hello(session, diagnosis);
    let command = hello.and_then(|hello| transcript.hello_command(hello));
    let reply = hello.and_then(|hello| transcript.hello_reply(hello));
    let argument = command.map(|command| split_argument(command.after_verb()).octets).unwrap_or_default();
    let problems = hello.map_or_else(Vec::new, |hello| hello.check.problems.iter().map(|p| p.code.code()).collect());
    let frames: Vec<String> = diagnosis.evidence.iter().map(|evidence| evidence.frame.to_string()).collect();
    let evidence: Vec<&str> = diagnosis.evidence.iter().map(|evidence| evidence.text.as_str()).collect();
    let lookups: Vec<String> = session.lookup.iter().flat_map(|lookup| &lookup.steps).map(background::lookup).collect();
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
        or_empty(product_name(&session.product)),
        diagnosis.outcome.code().to_owned(),
        or_empty(diagnosis.cause.map(|rule| rule.code)),
        or_empty(diagnosis.fault.map(|fault| fault.code())),
        or_empty(diagnosis.confidence.map(|confidence| confidence.code())),
        diagnosis.recovered.to_string(),
        number(transcript.greeting().map(|reply| u64::from(reply.code))),
        number(command.map(|command| command.moment.frame)),
        command.map(|command| command.verb_name()).unwrap_or_default(),
        escape::text(argument),
        problems.join(" "),
        or_empty(hello.and_then(|hello| hello.check.suggestion.as_deref())),
        number(reply.map(|reply| reply.moment.frame)),
        number(reply.map(|reply| u64::from(reply.code))),
        reply.map(|reply| escape::text(reply.first_line())).unwrap_or_default(),
        transcript.messages_accepted.to_string(),
        transcript.is_tls.to_string(),
        frames.join(" "),
        evidence.join("; "),
        diagnosis.remedy.clone(),
        number(session.tcp_stream),
        session.community_id(),
        transcript.tls.server_hello.as_ref().map(|hello| hello.version.to_string()).unwrap_or_default(),
        background::server_name(session).unwrap_or_default(),
        background::alert(session).unwrap_or_default(),
        lookups.join("; "),
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
