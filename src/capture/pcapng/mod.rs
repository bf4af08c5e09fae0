//! pcapng, the format of Wireshark and dumpcap (draft-ietf-opsawg-pcapng).
//!
//! A file is a row of sections, each in its own byte order and with its own list of interfaces; a section is a row of
//! blocks that say their type and length. Frames are numbered as Wireshark does: over all sections, each block that
//! holds a packet, and the few others it shows as frames (custom blocks, system log entries, system calls).
//!
//! A packet block that contradicts itself (more captured octets than the block holds, an interface that is not
//! described) is skipped, counted and noted, and takes no frame number: Wireshark stops reading there, so there is no
//! numbering to agree with. A block whose length cannot be right ends the reading, for then nothing tells where the
//! next one begins. The section length field is not used: it is wrong or absent too often.

mod block;
mod interface;

use std::mem;

use crate::capture::info::{MAX_INTERFACES, Tally};
use crate::capture::source::Source;
use crate::capture::{CaptureInfo, CaptureReader, FormatEntry, OpenOptions, Packet, ReadError, Sink};
use crate::plural::counted;
use crate::time::Timestamp;
use block::{BlockKind, Damage, PacketBlock};
use interface::Interface;

pub(super) const PCAPNG: FormatEntry = FormatEntry { name: "pcapng", matches: block::is_section_header, open };

fn open(source: Source, info: CaptureInfo, options: &OpenOptions) -> Result<Box<dyn CaptureReader>, ReadError> {
    let mut reader = PcapNgReader {
        source,
        info,
        big_endian: false,
        interfaces: Vec::new(),
        last_time: None,
        sums: Sums::default(),
        max_captured: options.limits.packet_octets,
        max_block: options.limits.block_octets,
        ended: false,
    };
    // A file cut inside its first section header has nothing to deliver: that is an error, met here.
    match reader.other_block()? {
        Next::Block => Ok(Box::new(reader)),
        Next::End => {
            let have = reader.source.offset();
            Err(ReadError::corrupt(have, format!("the file ends inside its section header, after {have} bytes")))
        }
    }
}

struct PcapNgReader {
    source: Source,
    info: CaptureInfo,
    big_endian: bool,
    /// Those of the current section; `None` for a description that cannot be read, which still takes its number.
    interfaces: Vec<Option<Interface>>,
    last_time: Option<Timestamp>,
    sums: Sums,
    max_captured: usize,
    max_block: usize,
    ended: bool,
}

/// What is added up for the notes at the end.
#[derive(Default)]
struct Sums {
    untimed_packets: u64,
    numbered_blocks: u64,
    damaged_packets: u64,
    first_damage: Option<(u64, Damage)>,
    /// Packets lost according to packet blocks.
    packet_drops: u64,
    /// Packets lost according to the statistics of finished sections.
    section_drops: u64,
}

/// Why the walk over packet blocks ended.
enum Ended {
    BySink,
    /// The next block is not whole, not sane, or holds no packet.
    AtOther,
}

/// What follows.
enum Next {
    Block,
    End,
}

impl CaptureReader for PcapNgReader {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        // It is, unless the sink breaks off.
        if mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        loop {
            let ended = if self.big_endian { self.packets::<true>(sink) } else { self.packets::<false>(sink) };
            if matches!(ended, Ended::BySink) {
                self.ended = false;
                return Ok(());
            }
            let next = self.other_block();
            if !matches!(next, Ok(Next::Block)) {
                self.note_sums();
                return next.map(|_| ());
            }
        }
    }

    fn info(&self) -> &CaptureInfo {
        &self.info
    }
}

impl PcapNgReader {
    /// Hands the packet blocks that are whole in the buffer to `sink`, up to the first block that is something else.
    fn packets<const BIG: bool>(&mut self, sink: &mut Sink<'_>) -> Ended {
        let buffer = self.source.available();
        let (mut rest, mut ended) = (buffer, Ended::AtOther);
        let (mut tally, mut untimed) = (Tally::new(), 0);
        while let Some((kind, block, next)) = block::split_packet_block::<BIG>(rest) {
            let parsed = PacketBlock::parse::<BIG>(kind, block, &self.interfaces, self.max_captured);
            let at = buffer.len() - rest.len();
            rest = next;
            let packet = match parsed {
                Ok(packet) => packet,
                Err(damage) => {
                    self.sums.damaged(self.source.offset() + at as u64, damage);
                    continue;
                }
            };
            let time = match packet.time {
                Some(time) => {
                    tally.count(time);
                    self.last_time = Some(time);
                    time
                }
                None => {
                    untimed += 1;
                    self.last_time.unwrap_or_default()
                }
            };
            self.sums.packet_drops = self.sums.packet_drops.saturating_add(packet.dropped_before);
            let frame = self.info.frames + tally.frames + untimed;
            let PacketBlock { link, interface, wire_len, data, .. } = packet;
            if sink(Packet { frame, event: None, time, link, interface, wire_len, data }).is_break() {
                ended = Ended::BySink;
                break;
            }
        }
        let walked = buffer.len() - rest.len();
        self.source.consume(walked);
        self.info.absorb(&tally);
        self.info.frames += untimed;
        self.sums.untimed_packets += untimed;
        ended
    }

    /// Makes the next packet block whole in the buffer, or reads or skips one block of another type.
    fn other_block(&mut self) -> Result<Next, ReadError> {
        if !self.source.ensure(block::HEAD_OCTETS)? {
            return Ok(self.end());
        }
        let kind = BlockKind::of(self.source.available(), self.big_endian);
        if kind == BlockKind::Section && !self.take_byte_order()? {
            return Ok(self.end());
        }
        let octets = self.block_octets()?;
        if let BlockKind::Other | BlockKind::Numbered = kind {
            return self.skip_block(octets, kind == BlockKind::Numbered);
        }
        let Some(whole) = usize::try_from(octets).ok().filter(|&octets| octets <= self.max_block) else {
            let max = self.max_block;
            return Err(self.corrupt(format!("a block claims {octets} bytes, more than the {max} one can have")));
        };
        if !self.source.ensure(whole)? {
            return Ok(self.end());
        }
        let block = self.source.available().get(..whole).unwrap_or_default();
        block::check_trailer(block, self.big_endian).map_err(|what| self.corrupt(what))?;
        match kind {
            // The walk over packet blocks takes it from here.
            BlockKind::Packet(_) => return Ok(Next::Block),
            BlockKind::Section => {
                block::check_version(block, self.big_endian).map_err(|what| self.corrupt(what))?;
                self.sums.section_drops += interface::drops(&self.interfaces);
                self.interfaces.clear();
            }
            // Packets of further ones count as damaged.
            BlockKind::Interface if self.interfaces.len() < MAX_INTERFACES => {
                let number = self.info.interfaces.len();
                let described = Interface::parse(block, self.big_endian, u32::try_from(number).unwrap_or(u32::MAX));
                self.info.link_types.extend(described.iter().map(|(interface, _)| interface.link));
                let (described, info) = described.unzip();
                self.info.interfaces.extend(info.filter(|_| number < MAX_INTERFACES));
                self.interfaces.push(described);
            }
            BlockKind::Statistics => interface::read_drops(block, self.big_endian, &mut self.interfaces),
            BlockKind::Interface | BlockKind::Numbered | BlockKind::Other => {}
        }
        self.source.consume(whole);
        Ok(Next::Block)
    }

    /// Takes the byte order of the section that begins here; false when the file ends before it.
    fn take_byte_order(&mut self) -> Result<bool, ReadError> {
        if !self.source.ensure(block::SECTION_HEAD_OCTETS)? {
            return Ok(false);
        }
        match block::byte_order(self.source.available()) {
            Some(big_endian) => self.big_endian = big_endian,
            None => return Err(self.corrupt("a section header has no valid byte order mark")),
        }
        Ok(true)
    }

    /// Octets of the block that begins here. Wireshark, too, reads a length that is no multiple of 4 as the next one.
    fn block_octets(&self) -> Result<u64, ReadError> {
        match block::octets(self.source.available(), self.big_endian) {
            Ok(octets) => Ok(octets),
            Err(claimed) => Err(self.corrupt(format!("a block claims {claimed} bytes, fewer than its own header has"))),
        }
    }

    /// Passes over a block of any length without holding it, and checks the length at its end.
    fn skip_block(&mut self, octets: u64, numbered: bool) -> Result<Next, ReadError> {
        let begin = self.source.offset();
        let head = *self.source.available().first_chunk::<{ block::HEAD_OCTETS }>().unwrap_or(&[0; 8]);
        let before_trailer = octets.saturating_sub(4);
        if self.source.skip(before_trailer)? < before_trailer || !self.source.ensure(4)? {
            self.info.truncated = true;
            self.info.notes.push(format!("the file ends inside the block at byte {begin}; this block has no packet"));
            let left = self.source.available().len();
            self.source.consume(left);
            return Ok(self.end());
        }
        let trailer = self.source.available().get(..4).unwrap_or_default();
        block::check_trailer(&[&head, trailer].concat(), self.big_endian)
            .map_err(|what| ReadError::corrupt(begin, what))?;
        self.source.consume(4);
        self.info.frames += u64::from(numbered);
        self.sums.numbered_blocks += u64::from(numbered);
        Ok(Next::Block)
    }

    fn end(&mut self) -> Next {
        self.info.note_end(&mut self.source, "a block");
        Next::End
    }

    fn corrupt(&self, what: impl Into<String>) -> ReadError {
        ReadError::corrupt(self.source.offset(), what)
    }

    /// Turns the sums into notes, once.
    fn note_sums(&mut self) {
        let sums = mem::take(&mut self.sums);
        let notes = &mut self.info.notes;
        if let Some((offset, damage)) = sums.first_damage {
            let blocks = counted(sums.damaged_packets, "damaged packet block", "damaged packet blocks");
            notes.push(format!("skipped {blocks}: the first one, at byte {offset}, {damage}"));
        }
        if sums.untimed_packets > 0 {
            let packets = counted(sums.untimed_packets, "packet has", "packets have");
            notes.push(format!("{packets} no capture time: each gets the time of the packet before it"));
        }
        if sums.numbered_blocks > 0 {
            let blocks =
                counted(sums.numbered_blocks, "block without a packet has a", "blocks without a packet have a");
            notes.push(format!("{blocks} frame number, as in Wireshark"));
        }
        let statistics = sums.section_drops.saturating_add(interface::drops(&self.interfaces));
        self.interfaces.clear();
        self.info.dropped = statistics.max(sums.packet_drops);
        if self.info.dropped > 0 {
            let packets = counted(self.info.dropped, "packet", "packets");
            notes.push(format!("the program that took the capture dropped {packets}"));
        }
    }
}

impl Sums {
    #[cold]
    fn damaged(&mut self, offset: u64, damage: Damage) {
        self.damaged_packets += 1;
        self.first_damage.get_or_insert((offset, damage));
    }
}

#[cfg(test)]
mod tests;
