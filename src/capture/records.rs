//! Reading formats that are a row of records, each beginning with a head that tells how long it is.

use std::mem;

use crate::capture::source::Source;
use crate::capture::{CaptureInfo, CaptureReader, LinkType, Packet, ReadError, Sink};
use crate::time::Timestamp;

/// What is particular to one such format.
pub(super) trait Records: Send {
    /// Octets of a record's head.
    const HEAD_OCTETS: usize;

    /// Octets of the record with this head, the head included; or what is wrong with it, as the rest of a sentence
    /// that begins with the record's number. The format bounds them.
    fn octets(&self, head: &[u8]) -> Result<usize, String>;

    /// The packet in a whole record.
    fn packet<'a>(&mut self, record: &'a [u8]) -> Captured<'a>;

    /// Adds to `info` what is known once every record was read.
    fn finish(&self, info: &mut CaptureInfo);
}

/// A packet without its number.
pub(super) struct Captured<'a> {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    pub(super) data: &'a [u8],
}

/// Reads the records of `R` from `source`, which is at the first one.
pub(super) struct RecordReader<R> {
    pub(super) source: Source,
    pub(super) info: CaptureInfo,
    pub(super) records: R,
    ended: bool,
}

impl<R: Records> RecordReader<R> {
    pub(super) fn new(source: Source, info: CaptureInfo, records: R) -> Self {
        Self { source, info, records, ended: false }
    }

    fn read(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        while self.source.ensure(R::HEAD_OCTETS)? {
            let frame = self.info.frames.saturating_add(1);
            let octets = self
                .records
                .octets(self.source.available())
                .map_err(|what| ReadError::corrupt(self.source.offset(), format!("record {frame} {what}")))?;
            if !self.source.ensure(octets)? {
                break;
            }
            let record = self.source.available().get(..octets).unwrap_or_default();
            let Captured { time, link, wire_len, data } = self.records.packet(record);
            self.info.count(time);
            self.info.link_types.insert(link);
            let done = sink(Packet { frame, event: None, time, link, interface: 0, wire_len, data }).is_break();
            self.source.consume(octets);
            if done {
                self.ended = false;
                return Ok(());
            }
        }
        let record = format!("record {}", self.info.frames.saturating_add(1));
        self.info.note_end(&mut self.source, &record);
        Ok(())
    }
}

impl<R: Records> CaptureReader for RecordReader<R> {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        // It is, unless the sink breaks off.
        if mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        let result = self.read(sink);
        if self.ended {
            self.records.finish(&mut self.info);
        }
        result
    }

    fn info(&self) -> &CaptureInfo {
        &self.info
    }
}
