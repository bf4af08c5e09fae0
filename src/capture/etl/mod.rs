//! Windows event traces with packets, `.etl`: what `netsh trace start capture=yes` (the provider NDIS-PacketCapture) and
//! `pktmon start --capture` (PktMon) leave.
//!
//! A trace is buffers, each filled by one processor, with no order among those of different ones. So it is read twice: an index
//! of the buffers ([`buffer`]), then their events, merged by time with one open buffer of each processor ([`merge`]). Buffers
//! may be compressed ([`xpress`], [`lznt1`]). An event may be a part of a packet ([`fragments`]), and most packets are several
//! events, for each layer or component of the network stack that they pass writes one; each is delivered once ([`once`]).
//!
//! Frames are numbered as they are delivered. [`Packet::event`](crate::capture::Packet::event) is the number among all events with a packet, by which a file
//! converted with etl2pcapng goes.

mod buffer;
mod clock;
mod event;
mod fragments;
mod frame;
mod header;
mod lznt1;
mod merge;
mod ndis;
mod notes;
mod once;
mod pktmon;
mod providers;
mod xpress;

use std::ops::ControlFlow;

use crate::capture::source::Source;
use crate::capture::spool::SpooledStream;
use crate::capture::{CaptureInfo, CaptureReader, FormatEntry, LinkType, OpenOptions, Packet, ReadError, Sink};
use crate::time::{EventNumber, Timestamp};
use buffer::Index;
use clock::Clock;
use event::Event;
use fragments::Fragments;
use header::SessionHeader;
use merge::Merge;
use notes::Sums;
use once::{Identity, Once, Place};

pub(super) const ETL: FormatEntry =
    FormatEntry { name: "etl", matches: |head| SessionHeader::parse(head).is_some(), open };

fn open(mut source: Source, mut info: CaptureInfo, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let limits = &options.limits;
    let session = SessionHeader::parse(source.available())
        .ok_or_else(|| ReadError::corrupt(0, "the header of the Windows event trace is not whole"))?;
    if session.is_compressed && !matches!(session.compression, merge::LZNT1 | merge::XPRESS) {
        return Err(notes::unknown_compression(&session, source.available()));
    }
    let (mut spool, failure) = SpooledStream::take(&mut source, limits);
    info.note_end(&mut source, "");
    let index = Index::read(&mut spool, &session, limits)?;
    let failure = failure.or_else(|| index.failure());
    notes::about_file(&session, &index, failure.is_some(), &mut info);
    let cut_at = index.cut.map(|(at, _)| at);
    Ok(Box::new(EtlReader {
        merge: Merge::new(index.entries, cut_at, &session, spool.octets(), limits),
        spool,
        fragments: Fragments::new(limits.packet_octets),
        told: Told {
            once: Once::new(session.clock.units(once::WINDOW_NS), limits.etl_packets),
            time: session.clock.time_of_start(),
            clock: session.clock,
            events: 0,
            info,
            sums: Sums::default(),
        },
        failure,
        ended: false,
    }))
}

struct EtlReader {
    spool: SpooledStream,
    merge: Merge,
    fragments: Fragments,
    told: Told,
    /// What kept the rest of the stream from being read.
    failure: Option<ReadError>,
    ended: bool,
}

/// A packet that an event holds, its octets apart.
struct Found {
    link: LinkType,
    /// 1 received, 2 sent, 0 unknown.
    direction: u8,
    place: Place,
    id: Option<(u64, u16)>,
    stamp: i64,
    /// Octets the packet had; none where only its headers tell.
    original: Option<u32>,
}

/// What is known, and what was delivered.
struct Told {
    info: CaptureInfo,
    clock: Clock,
    once: Once,
    /// Events with a packet so far.
    events: u64,
    /// The time of the packet before, for those whose stamp is none.
    time: Timestamp,
    sums: Sums,
}

impl CaptureReader for EtlReader {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        if self.ended {
            return Ok(());
        }
        let result = self.read(sink);
        if self.ended || result.is_err() {
            self.ended = true;
            self.fragments.finish();
            notes::at_end(&self.told.sums, self.told.events, &self.merge, &self.fragments, &mut self.told.info);
            return result.and_then(|()| self.failure.take().map_or(Ok(()), Err));
        }
        result
    }

    fn info(&self) -> &CaptureInfo {
        &self.told.info
    }
}

impl EtlReader {
    fn read(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        while let Some((lane, event)) = self.merge.next(&mut self.spool)? {
            let flow = match event.provider {
                ndis::PROVIDER => self.ndis(lane, &event, sink),
                pktmon::PROVIDER => self.pktmon(lane, &event, sink),
                _ => {
                    self.told.events += 1;
                    ControlFlow::Continue(())
                }
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        self.ended = true;
        Ok(())
    }

    fn ndis(&mut self, lane: usize, event: &Event, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let processor = self.merge.processor(lane);
        let data = self.merge.octets(lane).get_mut(event.data..event.end).unwrap_or_default();
        let Some(fragment) = ndis::fragment(event, data) else {
            self.told.sums.damaged_events += 1;
            return ControlFlow::Continue(());
        };
        let octets = data.get_mut(fragment.at..fragment.end).unwrap_or_default();
        let octets = if fragment.is_first && fragment.is_last {
            octets
        } else {
            let origin = (processor, event.thread, fragment.interface);
            match self.fragments.push(origin, &fragment, octets) {
                Some(whole) => whole,
                None => return ControlFlow::Continue(()),
            }
        };
        let found = Found {
            link: fragment.link,
            direction: fragment.direction,
            place: fragment.place,
            id: None,
            stamp: event.stamp,
            original: None,
        };
        self.told.packet(&found, octets, sink)
    }

    fn pktmon(&mut self, lane: usize, event: &Event, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let data = self.merge.octets(lane).get_mut(event.data..event.end).unwrap_or_default();
        if matches!(pktmon::content(event.id), pktmon::Content::Drop) {
            self.told.events += 1;
            self.told.sums.dropped(pktmon::drop_reason(data));
            return ControlFlow::Continue(());
        }
        let Some(appearance) = pktmon::appearance(data) else {
            self.told.sums.damaged_events += 1;
            return ControlFlow::Continue(());
        };
        let Some(link) = appearance.link else {
            self.told.events += 1;
            self.told.sums.parsed += 1;
            return ControlFlow::Continue(());
        };
        let octets = data.get_mut(appearance.at..appearance.end).unwrap_or_default();
        let found = Found {
            link,
            direction: appearance.direction,
            place: appearance.place,
            id: appearance.id,
            stamp: event.stamp,
            original: Some(appearance.original),
        };
        self.told.packet(&found, octets, sink)
    }
}

impl Told {
    /// Delivers a packet, unless it was before.
    fn packet(&mut self, found: &Found, octets: &mut [u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        let link = found.link;
        self.events += 1;
        let identity = match found.id {
            Some((group, number)) => Identity::Numbered(group, number, found.direction),
            None => Identity::Content(frame::Key::new(link, octets), found.direction),
        };
        if !self.once.is_first(identity, found.place, found.stamp) {
            self.sums.appearances += 1;
            return ControlFlow::Continue(());
        }
        if link == LinkType::IEEE802_11
            && frame::is_decrypted(octets)
            && let Some(flags) = octets.get_mut(1)
        {
            // Windows shows the packet as it was before it was encrypted, or after.
            *flags &= !frame::PROTECTED;
        }
        let captured = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let told = found.original.unwrap_or_default().max(captured);
        let wire_len = match found.original {
            Some(_) => told,
            None => u32::try_from(frame::original_octets(link, octets)).unwrap_or(u32::MAX),
        };
        if wire_len > captured {
            self.sums.cut(captured, found.original.is_some());
        }
        match self.clock.time(found.stamp) {
            Some(time) => self.time = time,
            None => self.sums.untimed += 1,
        }
        let time = self.time;
        self.info.count(time);
        if !self.info.link_types.contains(&link) {
            self.info.link_types.insert(link);
        }
        let event = EventNumber::new(self.events);
        sink(Packet { frame: self.info.frames, event, time, link, interface: 0, wire_len, data: octets })
    }
}

#[cfg(test)]
pub(super) mod tests;
