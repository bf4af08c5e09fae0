//! What is to say about a trace.

use std::collections::BTreeMap;

use super::buffer::Index;
use super::fragments::Fragments;
use super::header::SessionHeader;
use super::merge::{Damaged, Merge};
use crate::capture::{CaptureInfo, ReadError};
use crate::plural::counted;

/// What records packets.
const COMMANDS: &str = "`netsh trace start capture=yes tracefile=mail.etl` or `pktmon start --capture --pkt-size 0`";
/// Reasons for drops that are counted one by one.
const REASONS: usize = 256;

/// What is added up for the notes at the end.
#[derive(Default)]
pub(super) struct Sums {
    /// Events that showed a packet again.
    pub(super) appearances: u64,
    /// Events whose packet is not inside them.
    pub(super) damaged_events: u64,
    /// Events with what Windows found in a packet in place of a frame.
    pub(super) parsed: u64,
    /// Packets without a usable stamp.
    pub(super) untimed: u64,
    drops: u64,
    /// Drops by Windows' number for the reason.
    reasons: BTreeMap<u32, u64>,
    /// Packets of NDIS-PacketCapture and of PktMon that were cut, and the most octets there are of one.
    cut: [(u64, u32); 2],
}

impl Sums {
    pub(super) fn dropped(&mut self, reason: u32) {
        self.drops += 1;
        if self.reasons.len() < REASONS || self.reasons.contains_key(&reason) {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    pub(super) fn cut(&mut self, captured: u32, is_pktmon: bool) {
        let [ndis, pktmon] = &mut self.cut;
        let (packets, most) = if is_pktmon { pktmon } else { ndis };
        *packets += 1;
        *most = captured.max(*most);
    }
}

/// The error for a trace whose buffers are compressed in a way that is not read.
pub(super) fn unknown_compression(session: &SessionHeader, head: &[u8]) -> ReadError {
    let name = match session.compression {
        4 => "XPRESS with Huffman codes".to_owned(),
        number => format!("format {number}"),
    };
    ReadError::UnknownFormat {
        magic: head.get(..16).unwrap_or(head).to_vec(),
        looks_like: Some(format!(
            "a Windows event trace whose buffers are compressed with {name}, which ehlotrace does not read; convert it with \
             `etl2pcapng in.etl out.pcapng`"
        )),
        is_foreign_capture: true,
    }
}

/// Notes on the file as a whole.
pub(super) fn about_file(session: &SessionHeader, index: &Index, is_partial: bool, info: &mut CaptureInfo) {
    let notes = &mut info.notes;
    if let Some((at, octets)) = index.cut.filter(|_| !is_partial) {
        info.truncated = true;
        notes.push(format!("the file ends inside a buffer of {octets} bytes at byte {at}: later events are missing"));
    }
    if let Some((at, octets)) = index.mended {
        notes.push(format!(
            "the buffer at byte {at} says that it has {octets} bytes: it was read as one of the usual size"
        ));
    }
    let SessionHeader { events_lost, buffers_lost, .. } = *session;
    let lost = [(events_lost, "event", "events"), (buffers_lost, "buffer", "buffers")];
    let lost: Vec<String> = lost
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|&(count, one, many)| counted(u64::from(count), one, many))
        .collect();
    if !lost.is_empty() {
        let lost = lost.join(" and ");
        notes
            .push(format!("Windows lost {lost} while it recorded: packets may be missing; record with larger buffers"));
    } else if index.marked_lost > 0 {
        let buffers = counted(index.marked_lost, "buffer says", "buffers say");
        notes.push(format!("{buffers} that Windows lost events before it: packets may be missing"));
    }
    if session.is_circular {
        notes.push(
            "the trace is circular: once it was full, the newest packets took the place of the oldest".to_owned(),
        );
    }
    if !session.is_closed {
        notes.push("the trace was not stopped when this file was made: its last packets may be missing".to_owned());
    }
    if !session.clock.is_known() {
        notes.push("the trace does not say how its clock counts: the times of its packets are not known".to_owned());
    }
}

/// Notes once all packets were read.
pub(super) fn at_end(sums: &Sums, events: u64, merge: &Merge, fragments: &Fragments, info: &mut CaptureInfo) {
    let notes = &mut info.notes;
    if info.frames == 0 {
        let what = match merge.providers.in_words() {
            Some(events) => format!("no packets, only other events ({events})"),
            None => "no packets".to_owned(),
        };
        notes.push(format!("the trace holds {what}; packets are recorded with {COMMANDS}"));
    }
    if sums.appearances > 0 {
        let drops =
            if sums.drops > 0 { " and ".to_owned() + &counted(sums.drops, "drop", "drops") } else { String::new() };
        notes.push(format!(
            "{} are {}: Windows recorded packets at several places of its network stack, and each is counted once; a file \
             converted with etl2pcapng has a frame for each event",
            counted(events, "packet event", "packet events"),
            counted(info.frames, "packet", "packets") + &drops,
        ));
    }
    cut(sums, notes);
    drops(sums, notes);
    damage(sums, &merge.damaged, notes);
    info.truncated |= merge.damaged.buffers > 0;
    let notes = &mut info.notes;
    if merge.is_late {
        notes.push("too many processors at once: packets of some come later than they were recorded".to_owned());
    }
    if sums.untimed > 0 {
        let packets = counted(sums.untimed, "packet has", "packets have");
        notes.push(format!("{packets} no usable time: the time of the packet before stands in its place"));
    }
    if sums.parsed > 0 {
        let events = counted(sums.parsed, "packet event holds", "packet events hold");
        notes.push(format!("{events} no whole packet, only a part that Windows took apart; not read"));
    }
    if fragments.without_start + fragments.without_end > 0 {
        let [starts, ends] = [fragments.without_start, fragments.without_end];
        notes.push(format!(
            "packets that are several events each: {} and {} were not read",
            counted(starts, "part without a beginning", "parts without a beginning"),
            counted(ends, "packet without an end", "packets without an end"),
        ));
    }
    let providers = &merge.providers;
    for (count, what) in [
        (providers.ras, "VPN connections (Ras-NdisWanPacketCapture)"),
        (providers.wfp, "the Windows Filtering Platform"),
    ] {
        if count > 0 {
            let events = counted(count, "event holds a packet", "events hold packets");
            notes.push(format!("{events} of {what}, which ehlotrace does not read"));
        }
    }
}

fn cut(sums: &Sums, notes: &mut Vec<String>) {
    let [(ndis, most_of_ndis), (pktmon, most_of_pktmon)] = sums.cut;
    if pktmon > 0 {
        let packets = counted(pktmon, "packet is", "packets are");
        notes.push(format!(
            "captured with {most_of_pktmon} bytes a packet; use --pkt-size 0: {packets} cut, and `pktmon start --capture \
             --pkt-size 0` records whole packets"
        ));
    }
    if ndis > 0 {
        let packets = counted(ndis, "packet is", "packets are");
        notes.push(format!(
            "captured with at most {most_of_ndis} bytes of some packets: {packets} cut; record without packetTruncateBytes"
        ));
    }
}

fn drops(sums: &Sums, notes: &mut Vec<String>) {
    if sums.drops > 0 {
        let packets = counted(sums.drops, "packet", "packets");
        let reason = sums.reasons.iter().max_by_key(|(_, count)| **count);
        let reason =
            reason.map_or_else(String::new, |(reason, count)| format!(", {count} of them for reason {reason}"));
        notes.push(format!(
            "PktMon recorded that Windows dropped {packets}{reason}; `pktmon etl2txt` has the words for it"
        ));
    }
}

fn damage(sums: &Sums, damaged: &Damaged, notes: &mut Vec<String>) {
    if let Some((at, what)) = damaged.first {
        let buffers = counted(damaged.buffers, "buffer is", "buffers are");
        notes.push(format!("{buffers} damaged: of the first one, at byte {at}, {what}; what is whole was read"));
    }
    if sums.damaged_events > 0 {
        let events = counted(sums.damaged_events, "packet event", "packet events");
        notes.push(format!("skipped {events} whose packet does not fit inside"));
    }
}
