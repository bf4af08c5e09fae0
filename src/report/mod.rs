//! What the user gets: every output format, driven by sessions and their diagnoses.
//!
//! A format is one file with a `Form`, which `run` drives, and a variant of [`Format`]. Text of the capture is escaped in
//! one place, [`escape`]; a diagnosis is put into words in one place, [`evidence`], and what to do about it in [`advice`];
//! the fields of JSON are declared in one place, `model`.

pub mod advice;
#[cfg(feature = "arrow")]
mod arrow;
mod background;
mod change;
mod command;
mod community_id;
mod csv;
mod csv_findings;
mod digest;
pub mod escape;
pub mod evidence;
mod finding;
mod findings;
mod handover;
mod html;
mod json;
mod jsonl;
pub(crate) mod markdown;
pub(crate) mod model;
pub mod netmon;
mod notes;
pub(crate) mod record;
mod recovery;
mod refusals;
mod relay;
mod relays;
mod run;
mod spool;
mod table;
#[cfg(test)]
mod tests;
mod tickets;
mod timeline;
mod totals;
mod volume;
pub(crate) mod words;

use std::io::{self, Write};

use crate::diagnosis::Diagnosis;
use crate::limits::Limits;
use crate::scan::{CaptureReport, CaptureSource};
use crate::session::Session;
use crate::smtp::ehlo::ArgumentCheck;
use crate::smtp::product::Product;
use crate::time::Zone;

use run::Driver;

pub use community_id::community_id;
pub use model::{json_schema, jsonl_brief_schema, jsonl_schema};
pub use totals::Summary;

/// What came of one input, a path as it was given, or of one ticket; with all captures in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InputReport {
    /// The path as the user gave it, or that of the ticket.
    pub source: CaptureSource,
    /// Captures that were read, to their end or to damage; those read as parts of one count each.
    pub captures: u64,
    /// What could not be read, or not to its end.
    pub unreadable: u64,
    /// Files in folders and members of archives that are no captures.
    pub passed_over: u64,
    /// Of the captures read those that are copies of others in the run.
    pub copies: u64,
}

/// Turns a run into output, event by event: captures in order, and in each its sessions as they close.
pub trait Reporter {
    /// A capture is opened. Captures are numbered from 0.
    fn capture_begin(&mut self, capture: usize, source: &CaptureSource) -> io::Result<()>;

    /// A session of that capture is over.
    fn session(&mut self, capture: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()>;

    /// That capture was read.
    fn capture_end(&mut self, capture: usize, report: &CaptureReport) -> io::Result<()>;

    /// All of a ticket was read: the captures since the end of the one before it are its own. Tickets are numbered from 0.
    fn ticket_end(&mut self, ticket: &InputReport) -> io::Result<()> {
        let _ = ticket;
        Ok(())
    }

    /// All of an input was read. Of captures read as one, this comes after the one.
    fn input_end(&mut self, input: &InputReport) -> io::Result<()> {
        let _ = input;
        Ok(())
    }

    /// Nothing more comes.
    fn end(&mut self) -> io::Result<()>;

    /// The totals so far, over all sessions whether shown or not.
    fn summary(&self) -> &Summary;
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table for people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line, as things happen.
    Jsonl,
    /// One row a session, for spreadsheets.
    Csv,
    /// A document to paste into a ticket.
    Markdown,
    /// A page that needs nothing else, for a browser.
    Html,
    /// A stream of Arrow, as things happen.
    #[cfg(feature = "arrow")]
    Arrow,
}

impl Format {
    /// Every format of text.
    pub const ALL: [Self; 6] = [Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Markdown, Self::Html];
}

/// Which sessions are listed. All are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// The lost ones.
    Lost,
    /// Every one.
    All,
}

/// How Microsoft Excel takes a file with separated values apart when it is opened: by the list separator of the region that
/// Windows is set to. A byte order mark is in front of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excel {
    /// A comma, as in English.
    Comma,
    /// A semicolon, as where the comma is in numbers.
    Semicolon,
}

/// What a row of comma-separated values is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// A session.
    Sessions,
    /// What sessions were lost to, added up over the run.
    Findings,
}

/// What a report shows, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportOptions {
    /// Which sessions are listed.
    pub show: Show,
    /// Columns of the terminal; none where the output goes elsewhere.
    pub width: Option<u16>,
    /// Whether the table is coloured.
    pub colour: bool,
    /// Whether the table may draw with block characters (U+2581 to U+2588).
    pub has_blocks: bool,
    /// Whether JSON Lines have of each session only what a database asks for.
    pub is_brief: bool,
    /// What a row of comma-separated values is.
    pub rows: Rows,
    /// For what Excel comma-separated values are written; none for other programs, which expect no byte order mark.
    pub excel: Option<Excel>,
    /// The zone of the times that are written for people; what programs read is in UTC.
    pub zone: Zone,
    /// The bounds.
    pub limits: Limits,
}

impl ReportOptions {
    /// These sessions, no colour, no block characters, no terminal, all of each session, a row for each, times in UTC, the ordinary bounds.
    pub fn new(show: Show) -> Self {
        Self {
            show,
            width: None,
            colour: false,
            has_blocks: false,
            is_brief: false,
            rows: Rows::Sessions,
            excel: None,
            zone: Zone::default(),
            limits: Limits::default(),
        }
    }
}

/// The reporter of a format, writing to `out`. It writes whole lines and flushes at the end.
pub fn reporter<'w>(format: Format, options: &ReportOptions, out: Box<dyn Write + 'w>) -> Box<dyn Reporter + 'w> {
    match format {
        Format::Table => Box::new(Driver::new(options, table::Table::new(options, out))),
        Format::Json => Box::new(Driver::new(options, json::Json::new(options, out))),
        Format::Jsonl => Box::new(Driver::new(options, jsonl::JsonLines::new(options, out))),
        Format::Csv if options.rows == Rows::Findings => {
            Box::new(Driver::new(options, csv_findings::CsvFindings::new(out)))
        }
        Format::Csv => Box::new(Driver::new(options, csv::Csv::new(options, out))),
        Format::Markdown => Box::new(Driver::new(options, markdown::Markdown::new(options, out))),
        Format::Html => Box::new(Driver::new(options, html::Html::new(options, out))),
        #[cfg(feature = "arrow")]
        Format::Arrow => Box::new(Driver::new(options, arrow::Arrow::new(options, out))),
    }
}

/// One hello argument and what was found about it as one line of JSON. `argument` has no blanks around it; `line` is its place
/// in a list, from 1.
///
/// # Errors
/// Those of the writer inside serde; none with a line in memory.
#[doc(hidden)]
pub fn check_json(line: Option<u64>, argument: &[u8], check: &ArgumentCheck) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    model::write_json(&mut text, &model::CheckObject::new(line, argument, check))?;
    text.push(b'\n');
    Ok(text)
}

/// The name of a server's product; none if it is unknown.
fn product_name(product: &Product) -> Option<&str> {
    if product.masked { Some("unknown (masked banner)") } else { product.name.as_deref() }
}
