//! Interfaces of a pcapng section: their link type, their clock, and what they lost.

use pcap_parser::pcapng::{
    InterfaceDescriptionBlock, InterfaceStatisticsBlock, PcapNGOption, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_interfacestatisticsblock_be, parse_interfacestatisticsblock_le,
};

use crate::capture::{InterfaceInfo, LinkType};
use crate::time::Timestamp;

/// What matters of an Interface Description Block.
#[derive(Debug)]
pub(super) struct Interface {
    /// Its place among those of the file.
    pub(super) number: u32,
    pub(super) link: LinkType,
    /// Octets captured of a packet at most; 0 for no limit.
    pub(super) snaplen: u32,
    pub(super) clock: Clock,
    pub(super) fcs_octets: u32,
    /// Packets lost, from the newest statistics.
    dropped: u64,
}

impl Interface {
    /// Reads an Interface Description Block; `None` when it is damaged.
    ///
    /// Of pcap-parser only the split into options is used: it reads `if_tsoffset` in the wrong byte order and knows no
    /// power-of-two resolution.
    pub(super) fn parse(block: &[u8], big_endian: bool, number: u32) -> Option<(Self, InterfaceInfo)> {
        let parse = if big_endian { parse_interfacedescriptionblock_be } else { parse_interfacedescriptionblock_le };
        let (_, InterfaceDescriptionBlock { linktype, snaplen, options, .. }) = parse(block).ok()?;
        let resolution = value(&options, 9).and_then(|octets| octets.first().copied()).unwrap_or(6);
        let offset_secs = value(&options, 14).map_or(0, |octets| u64_of(octets, big_endian).cast_signed());
        let fcs = value(&options, 13).and_then(|octets| octets.first().copied()).unwrap_or(0);
        let link = LinkType(u16::try_from(linktype.0).ok()?);
        let name = value(&options, 2).map(name).unwrap_or_default();
        let info = InterfaceInfo { link, snaplen, resolution, name };
        let interface = Self {
            number,
            link,
            snaplen,
            clock: Clock::new(resolution, offset_secs),
            fcs_octets: fcs_octets(fcs),
            dropped: 0,
        };
        Some((interface, info))
    }
}

/// The text of `if_name`; some writers end it with a NUL.
fn name(octets: &[u8]) -> String {
    const MAX_OCTETS: usize = 255;
    let text = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    std::str::from_utf8(text).ok().filter(|text| text.len() <= MAX_OCTETS).unwrap_or_default().to_owned()
}

/// Octets of a check sequence whose `if_fcslen` is this. The standard says bits, and writes 4 as its example: up to 8
/// it can only be octets.
fn fcs_octets(fcs_len: u8) -> u32 {
    match fcs_len {
        0..=8 => u32::from(fcs_len),
        bits => u32::from(bits / 8),
    }
}

/// Takes the losses from an Interface Statistics Block. They count from the start of the capture, so the newest hold.
pub(super) fn read_drops(block: &[u8], big_endian: bool, interfaces: &mut [Option<Interface>]) {
    let parse = if big_endian { parse_interfacestatisticsblock_be } else { parse_interfacestatisticsblock_le };
    let Ok((_, InterfaceStatisticsBlock { if_id, options, .. })) = parse(block) else { return };
    let interface = usize::try_from(if_id).ok().and_then(|at| interfaces.get_mut(at)).and_then(Option::as_mut);
    if let Some(interface) = interface {
        // isb_ifdrop and isb_osdrop: for want of room in the interface, and in the operating system.
        let lost = [5, 7].map(|code| value(&options, code).map_or(0, |octets| u64_of(octets, big_endian)));
        interface.dropped = lost[0].saturating_add(lost[1]);
    }
}

/// Packets lost on all these interfaces.
pub(super) fn drops(interfaces: &[Option<Interface>]) -> u64 {
    interfaces.iter().flatten().fold(0, |sum, interface| sum.saturating_add(interface.dropped))
}

/// The value of the first option with this code before the end of options.
fn value<'a>(options: &'a [PcapNGOption<'_>], code: u16) -> Option<&'a [u8]> {
    options
        .iter()
        .take_while(|option| option.code.0 != 0)
        .find(|option| option.code.0 == code)
        .map(|option| option.value())
}

fn u64_of(octets: &[u8], big_endian: bool) -> u64 {
    let octets = octets.first_chunk().copied().unwrap_or_default();
    if big_endian { u64::from_be_bytes(octets) } else { u64::from_le_bytes(octets) }
}

/// How the ticks of an interface become time.
#[derive(Debug)]
pub(super) struct Clock {
    unit: Unit,
    /// Added to every time.
    offset_ns: i128,
}

/// The unit of time, from `if_tsresol`.
#[derive(Debug)]
enum Unit {
    /// This many nanoseconds a tick.
    Longer(u64),
    /// This many ticks a nanosecond.
    Shorter(u128),
    /// Seconds divided by two to this power.
    PowerOfTwo(u8),
}

impl Clock {
    fn new(resolution: u8, offset_secs: i64) -> Self {
        let unit = match resolution {
            exponent @ 0..=9 => Unit::Longer(10_u64.pow(u32::from(9 - exponent))),
            // A unit so short that 64 bits of it are no nanosecond makes every time 0.
            exponent @ 10..=0x7f => Unit::Shorter(10_u128.checked_pow(u32::from(exponent - 9)).unwrap_or(u128::MAX)),
            power => Unit::PowerOfTwo(power & 0x7f),
        };
        Self { unit, offset_ns: i128::from(offset_secs) * NANOS_PER_SEC }
    }

    /// The time after so many ticks, rounded down to the nanosecond, saturating.
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        if let (Unit::Longer(nanos), 0) = (&self.unit, self.offset_ns)
            && let Some(nanos) = ticks.checked_mul(*nanos).and_then(|nanos| i64::try_from(nanos).ok())
        {
            return Timestamp::from_nanos(nanos);
        }
        let nanos = match self.unit {
            Unit::Longer(nanos) => i128::from(ticks) * i128::from(nanos),
            Unit::Shorter(ticks_per_nano) => i128::try_from(u128::from(ticks) / ticks_per_nano).unwrap_or(0),
            Unit::PowerOfTwo(power) => (i128::from(ticks) * NANOS_PER_SEC) >> power,
        };
        Timestamp::from_nanos_i128(nanos + self.offset_ns)
    }
}

const NANOS_PER_SEC: i128 = crate::time::NANOS_PER_SEC as i128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolution_and_offset_is_exact() {
        let cases: [(u8, i64, u64, i64); 12] = [
            (6, 0, 1_500_000, 1_500_000_000),
            (0, 0, 2, 2_000_000_000),
            (3, -2, 2_001, 1_000_000),
            (9, 1, 7, 1_000_000_007),
            (12, 0, 1_999, 1),
            (30, 0, u64::MAX, 0),
            (127, 0, u64::MAX, 0),
            (0x80, 0, 3, 3_000_000_000),
            (0x80 | 20, 0, 1, 953),
            (0x80 | 20, -3600, 3601 << 20, 1_000_000_000),
            (0x80 | 127, 0, u64::MAX, 0),
            (0, i64::MIN, u64::MAX, i64::MAX),
        ];
        for (resolution, offset, ticks, nanos) in cases {
            assert_eq!(
                Clock::new(resolution, offset).time(ticks).as_nanos(),
                nanos,
                "{resolution:#x} {offset} {ticks}"
            );
        }
    }

    #[test]
    fn check_sequence_lengths_in_bits_and_octets() {
        for (fcs_len, octets) in [(0, 0), (2, 2), (4, 4), (16, 2), (32, 4)] {
            assert_eq!(fcs_octets(fcs_len), octets);
        }
    }
}
