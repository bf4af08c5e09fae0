//! pcap, the format of tcpdump and libpcap, with its variants.

mod header;

use std::mem;

use crate::capture::info::Tally;
use crate::capture::source::Source;
use crate::capture::{
    CaptureInfo, CaptureReader, FormatEntry, InterfaceInfo, OpenOptions, Packet, ReadError, Sink, u32_at, without_fcs,
};
use crate::time::Timestamp;
use header::{LengthOrder, PcapVariant};

pub(super) const PCAP: FormatEntry = FormatEntry { name: "pcap", matches: header::has_magic, open };

fn open(mut source: Source, mut info: CaptureInfo, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let max_captured = u32::try_from(options.limits.packet_octets).unwrap_or(u32::MAX);
    let layout = header::read(&mut source, &mut info, max_captured)?;
    info.link_types.insert(layout.link);
    let resolution = if layout.tick_ns == 1 { 9 } else { 6 };
    let (link, snaplen) = (layout.link, layout.snaplen);
    info.interfaces.push(InterfaceInfo { link, snaplen, resolution, name: String::new() });
    Ok(Box::new(PcapReader { source, layout, info, max_captured, ended: false }))
}

struct PcapReader {
    source: Source,
    layout: PcapVariant,
    info: CaptureInfo,
    max_captured: u32,
    ended: bool,
}

impl CaptureReader for PcapReader {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        // It is, unless the sink breaks off.
        if mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        if self.layout.big_endian { self.read::<true>(sink) } else { self.read::<false>(sink) }
    }

    fn info(&self) -> &CaptureInfo {
        &self.info
    }
}

/// Why a walk over the buffer ended.
enum Ended {
    BySink,
    /// The next record is not whole: this many octets of it are known to be needed.
    Needs(usize),
    /// The next record claims this many captured octets.
    TooLong(u32),
}

impl PcapReader {
    fn read<const BIG: bool>(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        loop {
            let mut tally = Tally::new();
            let buffer = self.source.available();
            let (left, ended) =
                walk::<BIG>(buffer, &self.layout, self.max_captured, self.info.frames, &mut tally, sink);
            let walked = buffer.len() - left;
            self.source.consume(walked);
            self.info.absorb(&tally);
            match ended {
                Ended::BySink => {
                    self.ended = false;
                    return Ok(());
                }
                Ended::Needs(octets) if self.source.ensure(octets)? => {}
                Ended::Needs(_) => {
                    let record = format!("record {}", self.info.frames.saturating_add(1));
                    self.info.note_end(&mut self.source, &record);
                    return Ok(());
                }
                Ended::TooLong(captured) => return Err(self.too_long(captured)),
            }
        }
    }

    fn too_long(&self, captured: u32) -> ReadError {
        let (frame, max) = (self.info.frames.saturating_add(1), self.max_captured);
        let what = format!("record {frame} claims {captured} captured bytes, more than the {max} a packet can have");
        ReadError::corrupt(self.source.offset(), what)
    }
}

/// Hands each whole record of `buffer` to `sink`; gives the octets left over and the reason to stop.
fn walk<const BIG: bool>(
    buffer: &[u8],
    layout: &PcapVariant,
    max_captured: u32,
    frames_before: u64,
    tally: &mut Tally,
    sink: &mut Sink<'_>,
) -> (usize, Ended) {
    let mut rest = buffer;
    loop {
        let Some((header, body)) = rest.split_at_checked(layout.record_header_octets) else {
            return (rest.len(), Ended::Needs(layout.record_header_octets));
        };
        let (captured, original) = layout.lengths::<BIG>(header);
        if captured > max_captured {
            return (rest.len(), Ended::TooLong(captured));
        }
        let captured = usize::try_from(captured).unwrap_or(usize::MAX);
        let Some((data, next)) = body.split_at_checked(captured) else {
            return (rest.len(), Ended::Needs(layout.record_header_octets.saturating_add(captured)));
        };
        rest = next;
        let ticks = i64::from(u32_at::<BIG>(header, 4));
        let time = Timestamp::from_secs_nanos(i64::from(u32_at::<BIG>(header, 0)), ticks * layout.tick_ns);
        tally.count(time);
        let (data, wire_len) = layout.trim(data, original);
        let packet = Packet {
            frame: frames_before + tally.frames,
            event: None,
            time,
            link: layout.link,
            interface: 0,
            wire_len,
            data,
        };
        if sink(packet).is_break() {
            return (rest.len(), Ended::BySink);
        }
    }
}

impl PcapVariant {
    /// Captured and original octets of the record with this header.
    fn lengths<const BIG: bool>(&self, header: &[u8]) -> (u32, u32) {
        let (third, fourth) = (u32_at::<BIG>(header, 8), u32_at::<BIG>(header, 12));
        match self.length_order {
            LengthOrder::CapturedFirst => (third, fourth),
            LengthOrder::OriginalFirst => (fourth, third),
            LengthOrder::SmallerIsCaptured => (third.min(fourth), third.max(fourth)),
        }
    }

    /// The packet in a record's data: without the padding some writers put before it, without a check sequence.
    fn trim<'a>(&self, data: &'a [u8], original: u32) -> (&'a [u8], u32) {
        if self.lead_octets == 0 {
            return without_fcs(data, original, self.fcs_octets);
        }
        let lead = usize::try_from(self.lead_octets).unwrap_or(usize::MAX);
        without_fcs(data.get(lead..).unwrap_or_default(), original.saturating_sub(self.lead_octets), self.fcs_octets)
    }
}

#[cfg(test)]
mod tests;
