//! An Arrow IPC stream, written as things happen: sessions in brief and captures, in batches of one schema.
//!
//! A row is one record of JSON Lines, and `type` says which: of a `session` the column `session` is filled, of a `capture_end`
//! the column `capture`; `input_end` has neither, and says only that all before it is of inputs that are done. The fields are
//! those of brief JSON Lines but for the numbers of captures and tickets, which mean something within one run only. Times are
//! in microseconds: many programs have no other. The end-of-stream marker is what `summary` is there: without it the run is not
//! whole.
//!
//! A batch costs its reader as much as some hundred rows, so one goes out only when it is [due](FLUSHED_EVERY). But what of an
//! input went out is followed by the rest of it at its end: so with one job either all or nothing of an input is missing, but for
//! the one that was being read when the program was killed.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use arrow_ipc::writer::StreamEncoder;
use serde::Serialize;
use serde_arrow::ArrayBuilder;

use super::digest::Digest;
use super::model::{self, BriefSession, CaptureObject};
use super::run::{Form, Run};
use super::spool::Spool;
use super::{InputReport, ReportOptions};
use crate::scan::{CaptureReport, CaptureSource};

/// Rows of a batch at most.
const BATCH_ROWS: usize = 4096;
/// When a capture or an input is done, rows that wait longer than this go out.
const FLUSHED_EVERY: Duration = Duration::from_millis(20);
/// In the middle of a capture, a session takes rows along that wait longer than this.
const SESSIONS_FLUSHED_EVERY: Duration = Duration::from_secs(1);

/// One row.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(rename = "type")]
    row_type: &'static str,
    session: Option<BriefSession<'a>>,
    capture: Option<CaptureObject<'a>>,
}

impl Row<'_> {
    const EMPTY: Self = Self { row_type: "", session: None, capture: None };
}

/// Gathers rows and writes them as batches.
pub(super) struct Arrow<'w> {
    out: Box<dyn Write + 'w>,
    /// Made with the first row, as it may fail.
    stream: Option<Stream>,
    spool_octets: usize,
    /// The batches of a capture that may be a copy.
    held: Option<Spool>,
    /// When all rows went out last.
    flushed: Instant,
    /// Whether rows of the input that is being read went out.
    has_sent_of_input: bool,
}

/// What makes batches of rows.
struct Stream {
    rows: ArrayBuilder,
    waiting: usize,
    encoder: StreamEncoder,
}

impl Stream {
    fn new() -> io::Result<Self> {
        let schema = model::arrow_schema();
        let rows = ArrayBuilder::from_arrow(schema.fields()).map_err(io::Error::other)?;
        let encoder = StreamEncoder::try_new(&schema).map_err(io::Error::other)?;
        Ok(Self { rows, waiting: 0, encoder })
    }

    /// Takes the rows that wait, as octets of the stream.
    fn take(&mut self) -> io::Result<Vec<u8>> {
        self.waiting = 0;
        let batch = self.rows.to_record_batch().map_err(io::Error::other)?;
        let buffers = self.encoder.encode(&batch).map_err(io::Error::other)?;
        Ok(buffers.iter().flat_map(|buffer| buffer.as_slice()).copied().collect())
    }
}

impl<'w> Arrow<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let spool_octets = options.limits.spool_octets;
        Self { out, stream: None, spool_octets, held: None, flushed: Instant::now(), has_sent_of_input: false }
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        match &mut self.stream {
            Some(stream) => Ok(stream),
            none => Ok(none.insert(Stream::new()?)),
        }
    }

    fn add(&mut self, row: &Row<'_>) -> io::Result<()> {
        let stream = self.stream()?;
        stream.rows.push(row).map_err(io::Error::other)?;
        stream.waiting += 1;
        if stream.waiting < BATCH_ROWS { Ok(()) } else { self.send() }
    }

    /// Adds a row behind which all of a capture or an input is there.
    fn add_end(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.add(row)?;
        if self.has_sent_of_input || self.flushed.elapsed() >= FLUSHED_EVERY { self.send() } else { Ok(()) }
    }

    /// Sends what waits on its way.
    fn send(&mut self) -> io::Result<()> {
        let stream = self.stream()?;
        if stream.waiting == 0 {
            return Ok(());
        }
        let octets = stream.take()?;
        if let Some(held) = &mut self.held {
            return held.add((0, u64::try_from(held.len()).map_err(io::Error::other)?), &octets);
        }
        self.has_sent_of_input = true;
        self.flushed = Instant::now();
        self.out.write_all(&octets)?;
        self.out.flush()
    }
}

impl Form for Arrow<'_> {
    fn capture_begin(&mut self, _: usize, source: &CaptureSource) -> io::Result<()> {
        if source.may_be_copy {
            self.send()?;
            self.held = Some(Spool::new(self.spool_octets));
        }
        Ok(())
    }

    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        let session = Some(BriefSession::new(digest));
        self.add(&Row { row_type: "session", session, ..Row::EMPTY })?;
        if self.flushed.elapsed() < SESSIONS_FLUSHED_EVERY { Ok(()) } else { self.send() }
    }

    fn forget(&mut self, _: usize) -> io::Result<()> {
        self.held = None;
        // All that waits is of this capture: when it was opened, nothing did.
        let stream = self.stream()?;
        stream.waiting = 0;
        stream.rows.to_record_batch().map(drop).map_err(io::Error::other)
    }

    fn capture_end(&mut self, _: usize, source: &CaptureSource, report: &CaptureReport) -> io::Result<()> {
        if self.held.is_some() {
            self.send()?;
        }
        if let Some(mut held) = self.held.take() {
            self.has_sent_of_input |= held.len() > 0;
            held.copy("", "", usize::MAX, &mut self.out)?;
        }
        let capture = Some(CaptureObject::new(source, report));
        self.add_end(&Row { row_type: "capture_end", capture, ..Row::EMPTY })
    }

    fn input_end(&mut self, _: &InputReport) -> io::Result<()> {
        self.add_end(&Row { row_type: "input_end", ..Row::EMPTY })?;
        // Where the end did not go out, nothing of the input did.
        self.has_sent_of_input = false;
        Ok(())
    }

    fn end(&mut self, _: &Run) -> io::Result<()> {
        self.send()?;
        let stream = self.stream.take().map_or_else(Stream::new, Ok)?;
        for buffer in stream.encoder.finish().map_err(io::Error::other)? {
            self.out.write_all(buffer.as_slice())?;
        }
        self.out.flush()
    }
}
