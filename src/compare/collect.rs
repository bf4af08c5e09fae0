//! From a path to a side: a report of an earlier scan is read back, anything else is scanned.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use super::side::{Incomplete, Side};
use crate::batch::{self, BatchOptions, Given};
use crate::diagnosis::Diagnosis;
use crate::filter::Network;
use crate::plural::counted;
use crate::report::record::{ReadReport, ReportError, SessionRecord, is_json, read_report};
use crate::report::{Reporter, Summary};
use crate::scan::{CaptureReport, CaptureSource};
use crate::session::Session;

/// How a side is read.
#[derive(Debug)]
pub struct ReadOptions<'p> {
    /// How captures are scanned. Its filter is not asked: a report has been filtered already.
    pub batch: BatchOptions<'p>,
    /// Where the clients are, as reports name them; all of them without one.
    pub clients: Vec<Network>,
    /// Where the servers are; all of them without one.
    pub servers: Vec<Network>,
}

impl ReadOptions<'_> {
    fn passes(&self, session: &SessionRecord) -> bool {
        let is_in = |networks: &[Network], address| {
            networks.is_empty() || networks.iter().any(|network| network.contains(address))
        };
        is_in(&self.clients, session.client) && is_in(&self.servers, session.server)
    }
}

/// Reads what `path` names: a JSON or JSON Lines report, known by its content, or a capture, an archive or a folder.
///
/// What cannot be read is among the failures of the side.
pub fn read(path: &Path, options: &ReadOptions<'_>) -> Side {
    let side = Side::new(path.display().to_string(), &options.batch.scan.limits);
    match report(path) {
        Some(input) => from_report(side, input, options),
        None => from_captures(side, path, options),
    }
}

/// The file at `path`, if it is a report. A pipe cannot be looked into and read again.
fn report(path: &Path) -> Option<BufReader<File>> {
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut input = BufReader::new(File::open(path).ok()?);
    is_json(input.fill_buf().ok()?).then_some(input)
}

fn from_report(mut side: Side, input: BufReader<File>, options: &ReadOptions<'_>) -> Side {
    let read = read_report(input, &mut |session| {
        if options.passes(&session) {
            side.add(&session);
        }
    });
    side.captures = read.captures;
    side.incomplete = incomplete(&read);
    if let Some(error) = &read.error {
        side.failures.push(sentence(&side.name, error));
        // What came before a cut or damage is known.
        side.captures = u64::from(read.listed > 0);
    } else if read.unreadable > 0 {
        let captures = counted(read.unreadable, "capture", "captures");
        side.failures.push(format!("{}: that scan could not read {captures} to the end", side.name));
    } else if read.captures == 0 {
        side.failures.push(format!("{}: this report is about no capture", side.name));
    }
    side
}

fn incomplete(read: &ReadReport) -> Option<Incomplete> {
    match read {
        ReadReport { error: Some(_), .. } => Some(Incomplete::Cut),
        ReadReport { listed, sessions, .. } if listed < sessions => Some(Incomplete::OnlyLost(*listed, *sessions)),
        ReadReport { filtered_out, .. } if *filtered_out > 0 => Some(Incomplete::Filtered(*filtered_out)),
        _ => None,
    }
}

fn sentence(name: &str, error: &ReportError) -> String {
    match error {
        ReportError::Io(cause) => format!("{name}: {error}: {cause}"),
        error => format!("{name}: {error}"),
    }
}

fn from_captures(side: Side, path: &Path, options: &ReadOptions<'_>) -> Side {
    let given = [Given::new(path, Path::new("-"))];
    let current = side.empty();
    let mut collector = Collector { side, current, options, summary: Summary::default() };
    let result = batch::run(&given, &options.batch, &mut collector);
    let Collector { mut side, .. } = collector;
    match result {
        Ok(result) => {
            side.captures = result.captures as u64;
            side.failures.extend(result.failures.iter().map(ToString::to_string));
            if side.captures == 0 && side.failures.is_empty() {
                side.failures.push(format!("{}: found no capture; name a report itself", side.name));
            }
        }
        // The collector writes nothing that could fail.
        Err(error) => side.failures.push(format!("{}: {error}", side.name)),
    }
    side
}

/// Adds up the sessions of a scan. Those of a capture wait until it is known to be no copy.
struct Collector<'o> {
    side: Side,
    current: Side,
    options: &'o ReadOptions<'o>,
    summary: Summary,
}

impl Reporter for Collector<'_> {
    fn capture_begin(&mut self, _: usize, _: &CaptureSource) -> io::Result<()> {
        self.current = self.side.empty();
        Ok(())
    }

    fn session(&mut self, _: usize, session: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        let record = SessionRecord::new(session, diagnosis);
        if self.options.passes(&record) {
            self.current.add(&record);
            self.summary.sessions += 1;
        }
        Ok(())
    }

    fn capture_end(&mut self, _: usize, report: &CaptureReport) -> io::Result<()> {
        let read = std::mem::replace(&mut self.current, self.side.empty());
        self.summary.captures += 1;
        if report.copy_of.is_none() {
            self.side.merge(read);
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}
