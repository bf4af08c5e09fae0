//! One frame of a Network Monitor capture.

use crate::capture::netmon::header::{RecordLayout, Times};
use crate::capture::{LinkType, u16_at, u32_at, u64_at};
use crate::time::Timestamp;

/// 1970-01-01 as a FILETIME: units of 100 ns since 1601-01-01.
const UNIX_EPOCH_FILETIME: i128 = 116_444_736_000_000_000;
/// Addresses and circuit numbers before an ATM frame.
const ATM_LEAD_OCTETS: usize = 16;
/// The shortest metadata Network Monitor puts before a wireless frame.
const MIN_WIRELESS_LEAD_OCTETS: usize = 32;
/// How far from the start of its capture a frame can plausibly be, in nanoseconds: ten years.
const MAX_PLAUSIBLE_NS: i128 = 10 * 366 * 24 * 60 * 60 * 1_000_000_000;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A packet that begins with this link layer.
    Packet(LinkType),
    /// An event of Windows tracing.
    Event,
    /// A filter, a list of adapters, names of hosts: notes Network Monitor keeps beside the packets.
    Metadata,
}

/// A record, taken apart.
pub(super) struct Record<'a> {
    pub(super) content: Content,
    pub(super) time: Timestamp,
    pub(super) wire_len: u32,
    pub(super) data: &'a [u8],
}

impl RecordLayout {
    /// Captured and original octets of the record with this header.
    pub(super) fn lengths(&self, header: &[u8]) -> (u32, u32) {
        match self.times {
            Times::Milliseconds => (u32::from(u16_at(header, 6)), u32::from(u16_at(header, 4))),
            _ => (u32_at::<false>(header, 12), u32_at::<false>(header, 8)),
        }
    }

    /// Octets of a whole record that captured this many.
    pub(super) fn record_octets(&self, captured: u32) -> usize {
        let captured = usize::try_from(captured).unwrap_or(usize::MAX);
        captured.saturating_add(self.header_octets).saturating_add(self.trailer_octets)
    }

    /// Takes apart the whole record `octets`.
    pub(super) fn record<'a>(&self, octets: &'a [u8]) -> Record<'a> {
        let (data, trailer) = self.split(octets);
        let media = self.media.unwrap_or_else(|| u16_at(trailer, 0));
        let time = match self.times {
            Times::Filetime => (i128::from(u64_at(trailer, 6)) - UNIX_EPOCH_FILETIME) * 100,
            _ => self.start_ns + self.delta_ns(octets),
        };
        let lead = lead_octets(media, data);
        let wire_len = self.lengths(octets).1.saturating_sub(u32::try_from(lead).unwrap_or(u32::MAX));
        let data = data.get(lead..).unwrap_or_default();
        Record { content: content(media), time: Timestamp::from_nanos_i128(time), wire_len, data }
    }

    /// Whether the whole record `octets` looks like one, where nothing but what came before says so.
    pub(super) fn is_plausible(&self, octets: &[u8]) -> bool {
        let (captured, original) = self.lengths(octets);
        let media = self.media.unwrap_or_else(|| u16_at(self.split(octets).1, 0));
        let known = matches!(media, 0..=11 | 0xe000..=0xefff | 0xffe0 | 0xfffb..=0xffff);
        known && original > 0 && captured <= original && self.delta_ns(octets).abs() < MAX_PLAUSIBLE_NS
    }

    /// The captured octets and the trailer.
    fn split<'a>(&self, octets: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let body = octets.get(self.header_octets..).unwrap_or_default();
        body.split_at_checked(body.len().saturating_sub(self.trailer_octets)).unwrap_or_default()
    }

    /// Nanoseconds from the start of the capture.
    fn delta_ns(&self, header: &[u8]) -> i128 {
        match self.times {
            Times::Milliseconds => i128::from(u32_at::<false>(header, 0)) * 1_000_000,
            // The field is unsigned and yet times before the start occur: Microsoft's rule is to multiply it by ten,
            // letting it wrap, and only then to take it as signed.
            _ => i128::from(u64_at(header, 0).wrapping_mul(10).cast_signed()) * 100,
        }
    }
}

/// What the media type `media` stands for. They are those of NDIS, some with another meaning since version 2.
fn content(media: u16) -> Content {
    Content::Packet(match media {
        // Captures of virtual private networks have type 0 and Ethernet headers.
        0 | 1 => LinkType::ETHERNET,
        2 => LinkType::IEEE802_5,
        3 => LinkType::FDDI,
        // NDIS calls this a wide area network; Network Monitor uses it for ATM.
        4 => LinkType::ATM_RFC1483,
        6 | 0xe080 => LinkType::IEEE802_11,
        // Tunnel interfaces, mobile broadband, raw IP frames.
        7..=9 => LinkType::RAW,
        // Messages of the Windows Filtering Platform and others, which only Message Analyzer exports.
        0xe081..=0xe08a => LinkType::UNKNOWN,
        // Converted from pcap, with its link type.
        0xe000..=0xefff => LinkType(media & 0x0fff),
        0xffe0 => return Content::Event,
        0xfffb..=0xffff => return Content::Metadata,
        _ => LinkType::UNKNOWN,
    })
}

/// The link layer the media type `media` stands for, where it stands for one.
pub(super) fn link_type(media: u16) -> Option<LinkType> {
    match content(media) {
        Content::Packet(link) => Some(link),
        Content::Event | Content::Metadata => None,
    }
}

/// Octets of metadata before the link header, counted in both lengths.
fn lead_octets(media: u16, data: &[u8]) -> usize {
    let lead = match media {
        4 => ATM_LEAD_OCTETS,
        6 => usize::from(u16_at(data, 1)).max(MIN_WIRELESS_LEAD_OCTETS),
        _ => 0,
    };
    lead.min(data.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for (media, content_of) in [
            (0, Content::Packet(LinkType::ETHERNET)),
            (1, Content::Packet(LinkType::ETHERNET)),
            (2, Content::Packet(LinkType::IEEE802_5)),
            (3, Content::Packet(LinkType::FDDI)),
            (4, Content::Packet(LinkType::ATM_RFC1483)),
            (5, Content::Packet(LinkType::UNKNOWN)),
            (6, Content::Packet(LinkType::IEEE802_11)),
            (7, Content::Packet(LinkType::RAW)),
            (9, Content::Packet(LinkType::RAW)),
            (10, Content::Packet(LinkType::UNKNOWN)),
            (0xe001, Content::Packet(LinkType::ETHERNET)),
            (0xe065, Content::Packet(LinkType::RAW)),
            (0xe071, Content::Packet(LinkType::LINUX_SLL)),
            (0xe083, Content::Packet(LinkType::UNKNOWN)),
            (0xe08b, Content::Packet(LinkType(0x8b))),
            (0xffe0, Content::Event),
            (0xfffb, Content::Metadata),
            (0xfffd, Content::Metadata),
            (0xffff, Content::Metadata),
            (0xfffa, Content::Packet(LinkType::UNKNOWN)),
        ] {
            assert_eq!(content(media), content_of, "{media:#06x}");
        }
    }

    #[test]
    fn metadata_before_the_link_header() {
        let wireless = [&[2, 40, 0][..], &[0; 60]].concat();
        assert_eq!(lead_octets(6, &wireless), 40);
        assert_eq!(lead_octets(6, &wireless[..35]), 35);
        assert_eq!(lead_octets(6, &[2, 0, 0]), 3);
        assert_eq!(lead_octets(4, &wireless), 16);
        assert_eq!(lead_octets(1, &wireless), 0);
    }
}
