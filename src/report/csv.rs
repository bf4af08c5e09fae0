//! Comma-separated values: one row a session, for spreadsheets; and one for each note on a capture, such as that it is a copy
//! of another or was not read to its end.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front, as is usual there.

use std::io::{self, BufWriter, Write};

use super::digest::{Deciding, Digest, ShownHello};
use super::run::{Form, Run};
use super::spool::Spool;
use super::{Excel, ReportOptions, advice, background, community_id, escape};
use crate::diagnosis::{Confidence, Fault};
use crate::scan::{CaptureReport, CaptureSource};
use crate::smtp::Reply;

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Digest<'_>) -> String);

const COLUMNS: [Column; 50] = [
    ("capture", |row| row.source.path.clone()),
    ("member", |row| or_empty(row.source.member.as_ref())),
    ("session", |row| row.session.number.to_string()),
    ("first_frame", |row| row.session.first.frame.to_string()),
    ("last_frame", |row| row.session.last.frame.to_string()),
    ("opened", |row| row.session.first.time.to_string()),
    ("closed", |row| row.session.last.time.to_string()),
    ("client_ip", |row| row.session.client.ip().to_string()),
    ("client_port", |row| row.session.client.port().to_string()),
    ("server_ip", |row| row.session.server.ip().to_string()),
    ("server_port", |row| row.session.server.port().to_string()),
    ("product", |row| or_empty(row.product())),
    ("outcome", |row| row.diagnosis.outcome.code().to_owned()),
    ("cause", |row| or_empty(row.diagnosis.cause.map(|rule| rule.code))),
    ("fault", |row| or_empty(row.diagnosis.fault.map(Fault::code))),
    ("confidence", |row| or_empty(row.diagnosis.confidence.map(Confidence::code))),
    ("recovered", |row| row.diagnosis.recovered.to_string()),
    ("greeting_code", |row| or_empty(row.session.transcript.greeting().map(|reply| reply.code))),
    ("hello_frame", |row| of_hello(row, |hello| hello.command.moment.frame)),
    ("hello_verb", |row| of_hello(row, |hello| hello.command.verb_name())),
    ("hello_argument", |row| of_hello(row, |hello| escape::text(hello.argument))),
    ("hello_problems", |row| of_hello(row, problems)),
    ("hello_suggestion", |row| of_hello(row, |hello| hello.check.suggestion.clone().unwrap_or_default())),
    ("hello_reply_code", |row| of_reply(row, |reply| reply.code)),
    ("hello_reply_text", |row| of_reply(row, |reply| escape::text(reply.first_line()))),
    ("deciding_frame", |row| of_deciding(row, |deciding| Some(deciding.frame))),
    ("deciding_command", |row| of_deciding(row, |deciding| deciding.command)),
    ("deciding_code", |row| of_deciding(row, |deciding| deciding.code)),
    ("deciding_enhanced", |row| of_deciding(row, |deciding| deciding.enhanced)),
    ("deciding_text", |row| of_deciding(row, |deciding| Some(deciding.text.clone()))),
    ("messages_accepted", |row| row.session.transcript.messages_accepted.to_string()),
    ("tls", |row| row.session.transcript.is_tls.to_string()),
    ("evidence_frames", |row| joined(row.evidence().map(|(frame, _)| frame.to_string()), " ")),
    ("evidence", |row| joined(row.evidence().map(|(_, text)| text), "; ")),
    ("remedy", |row| advice::remedy(row.diagnosis)),
    ("tcp_stream", |row| or_empty(row.session.tcp_stream)),
    ("community_id", |row| community_id(row.session.client, row.session.server)),
    ("tls_version", |row| or_empty(row.session.transcript.tls.server_hello.as_ref().map(|hello| hello.version))),
    ("tls_cipher_suite", |row| {
        or_empty(row.session.transcript.tls.server_hello.as_ref().map(|hello| hello.cipher_suite))
    }),
    ("tls_server_name", |row| or_empty(background::server_name(row.session))),
    ("tls_alert", |row| or_empty(background::alert(row.session))),
    ("remarks", |row| joined(row.diagnosis.remarks.iter().map(|(_, remark)| remark.code().to_owned()), " ")),
    ("lookup", |row| joined(row.lookups(), "; ")),
    ("reason", |row| or_empty(row.diagnosis.reason.map(|reason| reason.code))),
    ("delivered_later", |row| or_empty(row.diagnosis.delivered_later)),
    ("proxied_client", |row| or_empty(row.session.proxied_client())),
    ("proxied_server", |row| or_empty(row.session.behind_proxy().map(|(_, server)| server))),
    ("proxy_request", |row| or_empty(row.session.transcript.proxy_request.as_deref().map(background::proxy_request))),
    ("ticket", |row| row.source.ticket.path.to_string()),
    ("note", |_| String::new()),
];

pub(super) fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn of_hello<T: ToString>(row: &Digest<'_>, field: impl Fn(&ShownHello<'_>) -> T) -> String {
    or_empty(row.hello.as_ref().map(field))
}

fn of_reply<T: ToString>(row: &Digest<'_>, field: impl Fn(&Reply) -> T) -> String {
    or_empty(row.hello.as_ref().and_then(|hello| hello.reply).map(field))
}

fn of_deciding<T: ToString>(row: &Digest<'_>, field: impl Fn(&Deciding) -> Option<T>) -> String {
    or_empty(row.deciding().and_then(field))
}

fn problems(hello: &ShownHello<'_>) -> String {
    joined(hello.check.problems.iter().map(|problem| problem.code.code().to_owned()), " ")
}

pub(super) fn joined(texts: impl Iterator<Item = String>, separator: &str) -> String {
    texts.collect::<Vec<_>>().join(separator)
}

/// Writes the rows.
pub(super) struct Csv<'w> {
    out: BufWriter<Box<dyn Write + 'w>>,
    has_header: bool,
    spool_octets: usize,
    excel: Option<Excel>,
    /// The rows of a capture that may be a copy.
    held: Option<Spool>,
}

impl<'w> Csv<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let out = BufWriter::new(out);
        Self { out, has_header: false, spool_octets: options.limits.spool_octets, excel: options.excel, held: None }
    }

    fn header(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.has_header, true) {
            self.out.write_all(&head(self.excel, COLUMNS.map(|(name, _)| name.to_owned()))?)?;
        }
        Ok(())
    }
}

/// The first line. Excel takes octets for those of an old code page unless a mark says that they are UTF-8.
pub(super) fn head(excel: Option<Excel>, names: impl IntoIterator<Item = String>) -> io::Result<Vec<u8>> {
    let mark = if excel.is_some() { "\u{feff}" } else { "" };
    Ok([mark.as_bytes(), &line(excel, names)?].concat())
}

/// `cells` as a line.
pub(super) fn line(excel: Option<Excel>, cells: impl IntoIterator<Item = String>) -> io::Result<Vec<u8>> {
    // Where the list separator is a semicolon, a bare cell with one in it would be two.
    let mut options = csv::WriterBuilder::new();
    options.delimiter(if excel == Some(Excel::Semicolon) { b';' } else { b',' });
    options.quote_style(csv::QuoteStyle::Always).buffer_capacity(LINE_OCTETS);
    let mut writer = options.from_writer(Vec::with_capacity(LINE_OCTETS));
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

const LINE_OCTETS: usize = 1_024;

impl Form for Csv<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        self.held = source.may_be_copy.then(|| Spool::new(self.spool_octets));
        Ok(())
    }

    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.header()?;
        let row = line(self.excel, COLUMNS.map(|(_, cell)| guarded(&cell(digest))))?;
        match &mut self.held {
            Some(held) => held.add(digest.key(), &row),
            None => self.out.write_all(&row),
        }
    }

    fn forget(&mut self, _: usize) -> io::Result<()> {
        self.held = None;
        Ok(())
    }

    fn capture_end(&mut self, _: usize, _: &CaptureSource, _: &CaptureReport) -> io::Result<()> {
        self.header()?;
        if let Some(mut held) = self.held.take() {
            held.copy("", "", usize::MAX, &mut self.out)?;
        }
        Ok(())
    }

    fn capture_notes(&mut self, source: &CaptureSource, notes: &[String]) -> io::Result<()> {
        for note in notes {
            let row = COLUMNS.map(|(name, _)| match name {
                "capture" => guarded(&source.path),
                "member" => guarded(&or_empty(source.member.as_ref())),
                "ticket" => guarded(&source.ticket.path),
                "note" => guarded(note),
                _ => String::new(),
            });
            self.out.write_all(&line(self.excel, row)?)?;
        }
        Ok(())
    }

    fn end(&mut self, _: &Run) -> io::Result<()> {
        self.header()?;
        self.out.flush()
    }
}

/// What begins a formula; spreadsheets take the full-width signs for the plain ones.
const FORMULA_SIGNS: [char; 12] =
    ['=', '+', '-', '@', '\t', '\r', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// `cell`, printable and no formula (OWASP, CSV injection).
pub(super) fn guarded(cell: &str) -> String {
    let cell = escape::text(cell.as_bytes());
    if cell.starts_with(FORMULA_SIGNS) { format!("'{cell}") } else { cell }
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
            ("\u{ff1d}1+1", "'\u{ff1d}1+1"),
            ("\u{ff0b}1", "'\u{ff0b}1"),
            ("\u{ff0d}1", "'\u{ff0d}1"),
            ("\u{ff20}SUM(A1)", "'\u{ff20}SUM(A1)"),
        ] {
            assert_eq!(guarded(cell), expected);
        }
    }
}
