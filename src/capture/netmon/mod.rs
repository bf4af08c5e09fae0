//! Microsoft Network Monitor 1 and 2, `.cap`, also written by Message Analyzer.
//!
//! A frame table, usually at the end of the file, lists where the frames are; their order in the file is not theirs in
//! time, and there may be holes between them. So the stream is kept until the table is there. A copy that was cut off
//! has no table: then the frames are read in file order, as far as they look like frames.
//!
//! Frames are numbered by their place in the table, those without a packet too: Wireshark passes over some of these.

mod header;
mod record;

use crate::capture::source::Source;
use crate::capture::spool::{SpooledStream, Window};
use crate::capture::{CaptureInfo, CaptureReader, FormatEntry, OpenOptions, Packet, ReadError, Sink, u32_at};
use crate::plural::counted;
use header::{FileHeader, HEADER_OCTETS, RecordLayout};
use record::Content;

/// Where the first frame is in a file without holes; nothing but the header is before.
const FRAMES_AT: u64 = 128;
/// Octets of an entry of the frame table.
const ENTRY_OCTETS: usize = 4;

pub(super) const NETMON: FormatEntry =
    FormatEntry { name: "netmon", matches: |head| head.starts_with(b"RTSS") || head.starts_with(b"GMBU"), open };

fn open(mut source: Source, mut info: CaptureInfo, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    if !source.ensure(HEADER_OCTETS)? {
        let have = source.available().len();
        let what = format!("the file ends inside its Network Monitor header, after {have} bytes");
        return Err(ReadError::corrupt(have as u64, what));
    }
    let header = FileHeader::parse(source.available(), &options.netmon_zone, &mut info)?;
    info.link_types.extend(header.layout.media.and_then(record::link_type));
    let (spool, failure) = SpooledStream::take(&mut source, &options.limits);
    info.note_end(&mut source, "");
    let order = Order::find(&header, spool.octets(), failure.is_some(), &mut info);
    Ok(Box::new(NetmonReader {
        octets_left: spool.octets(),
        spool,
        layout: header.layout,
        order,
        frames: Window::new(),
        info,
        max_captured: u32::try_from(options.limits.packet_octets).unwrap_or(u32::MAX),
        sums: Sums::default(),
        failure,
        ended: false,
    }))
}

struct NetmonReader {
    spool: SpooledStream,
    layout: RecordLayout,
    order: Order,
    frames: Window,
    info: CaptureInfo,
    max_captured: u32,
    /// Octets that frames may still have. A table that names the same octets over and over ends there, not after hours.
    octets_left: u64,
    sums: Sums,
    /// What kept the rest of the stream from being read.
    failure: Option<ReadError>,
    ended: bool,
}

/// Which frame comes next.
enum Order {
    /// The one the frame table names at `next`; the table ends at `end`.
    Table { next: u64, end: u64, entries: Window },
    /// The one at `next`, of those before `end`.
    File { next: u64, end: u64 },
}

/// What is added up for the notes at the end.
#[derive(Default)]
struct Sums {
    events: u64,
    metadata: u64,
    damaged: u64,
    /// The first damaged frame: its number, where it should be, and what is wrong.
    first_damage: Option<(u64, u64, Damage)>,
}

/// Why there is no frame where there should be one.
#[derive(Clone, Copy)]
enum Damage {
    /// It is not, or not wholly, inside the file.
    Outside,
    /// It claims this many captured octets.
    TooLong(u32),
    /// Nothing there looks like a frame.
    Implausible,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Outside => write!(f, "is not completely inside the file"),
            Self::TooLong(captured) => write!(f, "claims {captured} captured bytes, more than a packet can have"),
            Self::Implausible => write!(f, "does not look like a frame"),
        }
    }
}

impl Order {
    /// By the frame table of a file of `octets`, or without it when it is not there or cannot be one.
    fn find(header: &FileHeader, octets: u64, is_partial: bool, info: &mut CaptureInfo) -> Self {
        let FileHeader { table_at, table_octets, .. } = *header;
        let end = table_at + table_octets;
        let is_table = table_at >= FRAMES_AT && table_octets > 0 && table_octets % ENTRY_OCTETS as u64 == 0;
        if is_table && end <= octets {
            return Self::Table { next: table_at, end, entries: Window::new() };
        }
        if !is_partial {
            let what = if is_table { "ends before its frame table does" } else { "has no usable frame table" };
            info.truncated |= is_table;
            info.notes.push(format!(
                "the file {what}: frames are read in file order, so other programs may give them other numbers"
            ));
        }
        let end = if is_table { octets.min(table_at) } else { octets };
        Self::File { next: FRAMES_AT, end }
    }
}

impl CaptureReader for NetmonReader {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        if self.ended {
            return Ok(());
        }
        let result = self.read(sink);
        if self.ended || result.is_err() {
            self.ended = true;
            self.note_sums();
            return result.and_then(|()| self.failure.take().map_or(Ok(()), Err));
        }
        result
    }

    fn info(&self) -> &CaptureInfo {
        &self.info
    }
}

impl NetmonReader {
    fn read(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        while let Some(at) = self.next_frame()? {
            let octets = match self.measure(at)? {
                Ok(octets) => octets,
                Err(damage) => {
                    self.damaged(at, damage);
                    continue;
                }
            };
            self.charge(octets)?;
            self.info.frames += 1;
            if let Order::File { next, .. } = &mut self.order {
                *next = at.saturating_add(octets as u64);
            }
            let record = self.layout.record(self.frames.read(&mut self.spool, at, octets)?);
            let link = match record.content {
                Content::Packet(link) => link,
                Content::Event => {
                    self.sums.events += 1;
                    continue;
                }
                Content::Metadata => {
                    self.sums.metadata += 1;
                    continue;
                }
            };
            self.info.link_types.insert(link);
            self.info.span(record.time, record.time);
            let (time, wire_len, data) = (record.time, record.wire_len, record.data);
            if sink(Packet { frame: self.info.frames, event: None, time, link, interface: 0, wire_len, data })
                .is_break()
            {
                return Ok(());
            }
        }
        self.ended = true;
        Ok(())
    }

    /// Where the next frame is.
    fn next_frame(&mut self) -> Result<Option<u64>, ReadError> {
        match &mut self.order {
            Order::File { next, end } => Ok((*next < *end).then_some(*next)),
            Order::Table { next, end, .. } if *next >= *end => Ok(None),
            Order::Table { next, entries, .. } => {
                let entry = u32_at::<false>(entries.read(&mut self.spool, *next, ENTRY_OCTETS)?, 0);
                *next += ENTRY_OCTETS as u64;
                Ok(Some(u64::from(entry)))
            }
        }
    }

    /// Octets of the frame at `at`.
    fn measure(&mut self, at: u64) -> Result<Result<usize, Damage>, ReadError> {
        let header = self.frames.read(&mut self.spool, at, self.layout.header_octets)?;
        if header.len() < self.layout.header_octets {
            return Ok(Err(Damage::Outside));
        }
        let (captured, _) = self.layout.lengths(header);
        if captured > self.max_captured {
            self.charge(self.layout.header_octets)?;
            return Ok(Err(Damage::TooLong(captured)));
        }
        let octets = self.layout.record_octets(captured);
        let record = self.frames.read(&mut self.spool, at, octets)?;
        let there = record.len();
        if there < octets {
            self.charge(there)?;
            return Ok(Err(Damage::Outside));
        }
        if matches!(self.order, Order::File { .. }) && !self.layout.is_plausible(record) {
            return Ok(Err(Damage::Implausible));
        }
        Ok(Ok(octets))
    }

    /// Takes `octets` off those that frames may have.
    fn charge(&mut self, octets: usize) -> Result<(), ReadError> {
        match self.octets_left.checked_sub(octets as u64) {
            Some(left) => self.octets_left = left,
            None => {
                let (Order::Table { next, .. } | Order::File { next, .. }) = self.order;
                let at = next.saturating_sub(ENTRY_OCTETS as u64);
                return Err(ReadError::corrupt(at, "the frame table lists some frames more than once"));
            }
        }
        Ok(())
    }

    /// Passes over the frame the table names, or ends where the order of the file is all there is to go by.
    #[cold]
    fn damaged(&mut self, at: u64, damage: Damage) {
        match &mut self.order {
            Order::Table { .. } => {
                self.info.frames += 1;
                self.info.truncated |= matches!(damage, Damage::Outside);
                self.sums.damaged += 1;
                self.sums.first_damage.get_or_insert((self.info.frames, at, damage));
            }
            Order::File { next, end } => {
                *next = *end;
                let frame = self.info.frames.saturating_add(1);
                self.info.truncated |= matches!(damage, Damage::Outside);
                self.info.notes.push(format!(
                    "frames were read up to byte {at}, where frame {frame} {damage}; later frames could not be read"
                ));
            }
        }
    }

    /// Turns the sums into notes.
    fn note_sums(&mut self) {
        let Sums { events, metadata, damaged, first_damage } = std::mem::take(&mut self.sums);
        let notes = &mut self.info.notes;
        if let Some((frame, at, damage)) = first_damage {
            let frames = counted(damaged, "damaged frame", "damaged frames");
            notes.push(format!("skipped {frames}: the first one, frame {frame} at byte {at}, {damage}"));
        }
        if metadata > 0 {
            let frames = counted(metadata, "frame has", "frames have");
            notes.push(format!(
                "{frames} no packet, only notes of Network Monitor; Wireshark may not count such frames, so its frame numbers \
                 may be smaller"
            ));
        }
        if events > 0 {
            let frames = counted(events, "frame holds", "frames hold");
            notes.push(format!(
                "{frames} Windows tracing events; ehlotrace does not read packets inside them: convert the original trace \
                 with `etl2pcapng in.etl out.pcapng`"
            ));
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
