//! What is known of a capture beside its packets.

use std::collections::BTreeSet;

use crate::capture::source::Source;
use crate::capture::{CapturePart, LinkType};
use crate::time::Timestamp;

/// What a reader found out about its capture: complete once all packets were delivered, growing until then.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CaptureInfo {
    /// The file format: `pcap`, `pcapng`, `netmon`, `etl`, `snoop`, `iptrace`.
    pub format: &'static str,
    /// The compressions it was wrapped in, outermost first: `gzip`, `zstd`.
    pub compression: Vec<&'static str>,
    /// The link-layer types the file declares, used by a packet or not.
    pub link_types: BTreeSet<LinkType>,
    /// What captured, as the file describes it, in the order of the file; those of a pcapng file's sections one after the
    /// other. Empty where the format has no such description. 65,536 of a file at most.
    pub interfaces: Vec<InterfaceInfo>,
    /// Frames so far; the number of the last one. In pcapng Wireshark numbers some records that hold no packet.
    pub frames: u64,
    /// The earliest capture time.
    pub first_time: Option<Timestamp>,
    /// The latest capture time. Not always the last packet's: capture clocks step back.
    pub last_time: Option<Timestamp>,
    /// Packets the capturing program says it lost.
    pub dropped: u64,
    /// The time zone its times were read in, where the file stores local time: `UTC+02:00`, `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// Whether the file ends inside a record or its compressed data is cut off.
    pub truncated: bool,
    /// The files it is made of, where several were read as one.
    pub parts: Vec<CapturePart>,
    /// Of several files read as one, those that begin before the one before them ends, in words; so many at most.
    pub overlaps: Vec<String>,
    /// More of them.
    pub overlaps_omitted: u64,
    /// Sentences for the user: the variant of the format, what was skipped, how the file ends.
    pub notes: Vec<String>,
}

/// Interfaces kept of one file.
pub(super) const MAX_INTERFACES: usize = 65_536;

/// One interface of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceInfo {
    /// Its link-layer type.
    pub link: LinkType,
    /// Octets captured of a packet at most; 0 for no limit.
    pub snaplen: u32,
    /// Its unit of time as pcapng's `if_tsresol` says it: 6 for microseconds, 9 for nanoseconds.
    pub resolution: u8,
    /// Its name, such as `eth0`, as far as it is UTF-8 and at most 255 octets; empty where there is none.
    pub name: String,
}

impl CaptureInfo {
    pub(crate) fn new(format: &'static str, compression: Vec<&'static str>) -> Self {
        Self { format, compression, ..Self::default() }
    }

    /// Adds packets with a time to the counts.
    pub(crate) fn absorb(&mut self, tally: &Tally) {
        if tally.frames == 0 {
            return;
        }
        self.frames = self.frames.saturating_add(tally.frames);
        self.span(tally.first, tally.last);
    }

    /// Counts one frame captured at `time`.
    pub(crate) fn count(&mut self, time: Timestamp) {
        self.frames = self.frames.saturating_add(1);
        self.span(time, time);
    }

    /// Widens the time the capture covers.
    pub(crate) fn span(&mut self, first: Timestamp, last: Timestamp) {
        self.first_time = Some(self.first_time.map_or(first, |time| time.min(first)));
        self.last_time = Some(self.last_time.map_or(last, |time| time.max(last)));
    }

    /// Notes how the stream ended: inside the record `inside`, cut by its compression, or (no note) as it should. What is
    /// left of it is consumed.
    pub(crate) fn note_end(&mut self, source: &mut Source, inside: &str) {
        let offset = source.offset();
        let left = source.available().len();
        source.consume(left);
        if left > 0 {
            self.notes.push(format!("the file ends inside {inside} at byte {offset}: the last packet was cut off"));
        }
        if source.is_cut() {
            // A member of an archive is cut off where no compression of its own is.
            let layers = if self.compression.is_empty() { "packed".to_owned() } else { self.compression.join(" and ") };
            self.notes.push(format!("the {layers} data is cut off after byte {}", source.offset()));
        }
        self.truncated |= left > 0 || source.is_cut();
    }
}

/// Counts over the packets of one buffer, kept apart from [`CaptureInfo`] to stay in registers.
pub(crate) struct Tally {
    pub(crate) frames: u64,
    first: Timestamp,
    last: Timestamp,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { frames: 0, first: Timestamp::from_nanos(i64::MAX), last: Timestamp::from_nanos(i64::MIN) }
    }

    pub(crate) fn count(&mut self, time: Timestamp) {
        self.frames += 1;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }
}
