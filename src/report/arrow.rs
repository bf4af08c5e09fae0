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
const FLUSHED_EVERY: Duration = Duration::from_millis(100);
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

    /// Writes the rows that wait.
    fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.waiting = 0;
        let batch = self.rows.to_record_batch().map_err(io::Error::other)?;
        let buffers = self.encoder.encode(&batch).map_err(io::Error::other)?;
        buffers.iter().try_for_each(|buffer| out.write_all(buffer))
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

    /// Sends what waits on its way, if it has waited for so long.
    fn send_after(&mut self, time: Duration) -> io::Result<()> {
        if self.flushed.elapsed() < time { Ok(()) } else { self.send() }
    }

    /// Sends what waits on its way.
    fn send(&mut self) -> io::Result<()> {
        self.stream()?;
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.waiting > 0) else { return Ok(()) };
        if let Some(held) = &mut self.held {
            let mut octets = Vec::new();
            stream.write(&mut octets)?;
            return held.add((0, u64::try_from(held.len()).map_err(io::Error::other)?), &octets);
        }
        self.has_sent_of_input = true;
        self.flushed = Instant::now();
        stream.write(&mut self.out)?;
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
        self.send_after(SESSIONS_FLUSHED_EVERY)
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
        self.add(&Row { row_type: "capture_end", capture, ..Row::EMPTY })?;
        self.send_after(FLUSHED_EVERY)
    }

    fn input_end(&mut self, _: &InputReport) -> io::Result<()> {
        self.add(&Row { row_type: "input_end", ..Row::EMPTY })?;
        self.send_after(if self.has_sent_of_input { Duration::ZERO } else { FLUSHED_EVERY })?;
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use arrow_ipc::reader::StreamReader;

    use super::*;
    use crate::report::{Format, Reporter, Show, reporter};

    /// Shows what was written so far.
    #[derive(Clone, Default)]
    struct Shown(Rc<RefCell<Vec<u8>>>);

    impl Write for Shown {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Two captures and an end.
    const INPUT_ROWS: usize = 3;

    fn rows(octets: &[u8]) -> usize {
        StreamReader::try_new(octets, None).unwrap().map(|batch| batch.unwrap().num_rows()).sum()
    }

    fn read(inputs: usize, reporter: &mut dyn Reporter, mut each: impl FnMut(usize)) {
        for input in 0..inputs {
            for capture in [2 * input, 2 * input + 1] {
                reporter.capture_begin(capture, &CaptureSource::default()).unwrap();
                reporter.capture_end(capture, &CaptureReport::default()).unwrap();
            }
            reporter.input_end(&InputReport::default()).unwrap();
            each(input);
        }
        reporter.end().unwrap();
    }

    #[test]
    fn all_or_nothing_of_an_input_that_is_done_was_sent() {
        let shown = Shown::default();
        let mut reporter = reporter(Format::Arrow, &ReportOptions::new(Show::All), Box::new(shown.clone()));
        let (inputs, mut octets_before, mut batches) = (BATCH_ROWS, 0, 0);
        read(inputs, reporter.as_mut(), |_| {
            let octets = shown.0.borrow();
            if octets.len() > octets_before {
                assert!(rows(&octets).is_multiple_of(INPUT_ROWS), "{} rows", rows(&octets));
                octets_before = octets.len();
                batches += 1;
            }
        });
        assert!(batches >= 2);
        assert_eq!(rows(&shown.0.borrow()), INPUT_ROWS * inputs);
        assert!(shown.0.borrow().ends_with(b"\xff\xff\xff\xff\0\0\0\0"));
    }

    #[test]
    fn rows_go_out_soon() {
        let shown = Shown::default();
        let mut reporter = reporter(Format::Arrow, &ReportOptions::new(Show::All), Box::new(shown.clone()));
        read(2, reporter.as_mut(), |input| {
            if input == 0 {
                std::thread::sleep(FLUSHED_EVERY);
            } else {
                assert_eq!(rows(&shown.0.borrow()), 2 * INPUT_ROWS);
            }
        });
    }

    #[test]
    fn a_report_of_nothing_is_a_stream() {
        let shown = Shown::default();
        reporter(Format::Arrow, &ReportOptions::new(Show::All), Box::new(shown.clone())).end().unwrap();
        assert_eq!(rows(&shown.0.borrow()), 0);
    }
}
