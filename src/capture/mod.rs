//! Capture files: from octets to packets.
//!
//! [`open`] looks at the first octets, never at a file name, and returns the reader of the format found. A reader
//! *pushes* borrowed packets into a sink, in file order, and owns no more than one buffer.
//!
//! A new format is one file with a [`FormatEntry`] and a row in [`FORMATS`].

mod error;
mod etl;
mod info;
mod iptrace;
mod link;
mod netmon;
mod owned;
mod pcap;
mod pcapng;
mod peeked;
mod recognise;
mod records;
mod sequence;
mod snoop;
mod source;
mod spool;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;

use crate::container;
use crate::limits::Limits;
use crate::time::{EventNumber, FrameNumber, Timestamp, Zone};

pub use error::ReadError;
pub use info::{CaptureInfo, InterfaceInfo};
pub use link::LinkType;
pub use sequence::CapturePart;

// No part of the interface: tests, measurements and fuzz targets go in here.
#[doc(hidden)]
pub use sequence::{Opening, PartBoundary, Sequence};

pub(crate) use owned::OwnedPacket;
pub(crate) use peeked::Peeked;

use source::Source;

/// One record of a capture, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// 1-based number over all packet records of the file, as Wireshark counts.
    pub frame: FrameNumber,
    /// Its number among the packet events, where the format has several for some packets and each packet is counted once:
    /// Windows event traces only.
    pub event: Option<EventNumber>,
    /// Capture time.
    pub time: Timestamp,
    /// What the first octets of `data` are.
    pub link: LinkType,
    /// What captured it, counted from 0: its place in [`CaptureInfo::interfaces`], if the file describes any.
    pub interface: u32,
    /// Octets the packet had on the wire; more than `data` holds when the snapshot length cut it. Some capturing
    /// programs write fewer than they captured.
    pub wire_len: u32,
    /// The captured octets, from the link-layer header on. A frame check sequence whose length the file declares is
    /// neither in here nor in `wire_len`.
    pub data: &'a [u8],
}

/// What a reader does with each packet; `Break` ends the call, not the reading.
pub type Sink<'s> = dyn FnMut(Packet<'_>) -> ControlFlow<()> + 's;

/// A capture being read, once.
///
/// Wherever a sink breaks off, and however often, the packets, the error and what is known at the end are those of a reading
/// that was never broken off.
pub trait CaptureReader: Send {
    /// Hands every packet not yet delivered to `sink`, in file order, until the end or until `sink` breaks off.
    ///
    /// Where `sink` breaks off the result is `Ok`, and the next call goes on with the packet after the one it broke off at. A
    /// call that was not broken off ends the reading: after it there are no packets and no error any more.
    ///
    /// A file that ends inside a record is no error: see [`CaptureInfo::truncated`].
    ///
    /// # Errors
    /// When the input fails or the file breaks its format. All packets that can be read were delivered.
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError>;

    /// What is known of the capture so far: at least of the packets delivered.
    fn info(&self) -> &CaptureInfo;

    /// Says where each part begins; of several captures read as one only.
    #[doc(hidden)]
    fn boundary(&self) -> Option<PartBoundary> {
        None
    }
}

/// A capture format: how to know it and how to read it.
#[non_exhaustive]
pub struct FormatEntry {
    /// Its name in reports, as [`CaptureInfo::format`].
    pub name: &'static str,
    /// Whether content beginning with these octets is of this format.
    pub matches: fn(&[u8]) -> bool,
    /// Takes the stream from its first octet on. A format that must seek spools the stream to a file here.
    open: Opener,
}

/// What a caller may say about how captures are read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OpenOptions {
    /// The bounds to work within.
    pub limits: Limits,
    /// The time zone of the hosts that Network Monitor ran on: before version 2.3 it stores local time.
    pub netmon_zone: Zone,
}

type Opener = fn(Source, CaptureInfo, &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError>;

/// Every format this crate reads.
pub const FORMATS: &[FormatEntry] =
    &[pcap::PCAP, pcapng::PCAPNG, netmon::NETMON, etl::ETL, snoop::SNOOP, iptrace::IPTRACE];

/// Opens the capture in `input`: takes compressions off and finds the format by its first octets.
///
/// ```
/// use std::fs::File;
/// use std::ops::ControlFlow;
/// use ehlotrace::capture::{OpenOptions, open};
///
/// let mut reader = open(Box::new(File::open("samples/kb240832-lost.pcap")?), &OpenOptions::default())?;
/// reader.for_each_packet(&mut |packet| {
///     println!("{} {}: {} bytes of {}", packet.frame, packet.time, packet.data.len(), packet.wire_len);
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!((reader.info().format, reader.info().frames), ("pcap", 12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `UnknownFormat` when the content is no capture, `Corrupt` when its file header is cut or damaged, `Io`.
pub fn open(input: Box<dyn Read + Send>, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let peeled = container::peel(input, &options.limits).map_err(|source| ReadError::Io { offset: 0, source })?;
    open_peeled(peeled, options)
}

/// Opens the capture in the first `octets` octets of a file that stands at its start. It is read where it lies if its format
/// has to be read out of order.
///
/// # Errors
/// As [`open`].
pub fn open_file(file: File, octets: u64, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let peeled = container::peel_file(file, octets, &options.limits);
    let peeled = peeled.map_err(|source| ReadError::Io { offset: 0, source })?;
    open_peeled(peeled, options)
}

/// Whether a capture that begins with these octets is of a format that is read out of order.
pub(crate) fn is_read_out_of_order(head: &[u8]) -> bool {
    [netmon::NETMON, etl::ETL].iter().any(|format| (format.matches)(head))
}

/// Octets at the start of a capture that tell its format.
pub(crate) use recognise::HEAD_OCTETS;

/// Opens a capture from which compressions were taken off before.
///
/// # Errors
/// As [`open`].
pub fn open_peeled(peeled: container::Peeled, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let mut source = Source::new(peeled.stream).of_file(peeled.file);
    source.ensure(recognise::HEAD_OCTETS)?;
    let head = source.available();
    let head = head.get(..recognise::HEAD_OCTETS).unwrap_or(head);
    match FORMATS.iter().find(|format| (format.matches)(head)) {
        Some(format) => (format.open)(source, CaptureInfo::new(format.name, peeled.layers), options),
        None => Err(recognise::unknown_format(head, &peeled.layers, source.is_cut())),
    }
}

/// Reads to the end, or to the damage that ends it, and gives the latest time of a packet.
pub(crate) fn last_time(reader: &mut dyn CaptureReader) -> Option<Timestamp> {
    // Where it is damaged its end is there.
    let _ = reader.for_each_packet(&mut |_| ControlFlow::Continue(()));
    reader.info().last_time
}

/// The `u32` in the first octets of `octets`, in the byte order `BIG` says; 0 where there is none.
fn u32_at<const BIG: bool>(octets: &[u8], at: usize) -> u32 {
    let field = octets.get(at..).and_then(|octets| octets.first_chunk()).copied().unwrap_or_default();
    if BIG { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) }
}

/// The little-endian `u16` at `at`; 0 where there is none.
fn u16_at(octets: &[u8], at: usize) -> u16 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).copied().map(u16::from_le_bytes).unwrap_or_default()
}

/// The little-endian `u64` at `at`; 0 where there is none.
fn u64_at(octets: &[u8], at: usize) -> u64 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).copied().map(u64::from_le_bytes).unwrap_or_default()
}

/// The octets of a packet without the frame check sequence of `fcs` octets at its end, and its length on the wire.
fn without_fcs(data: &[u8], wire_len: u32, fcs: u32) -> (&[u8], u32) {
    if fcs == 0 {
        return (data, wire_len);
    }
    let wire_len = wire_len.saturating_sub(fcs);
    let kept = usize::try_from(wire_len).ok().and_then(|kept| data.get(..kept));
    (kept.unwrap_or(data), wire_len)
}
