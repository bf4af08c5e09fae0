//! Classic pcap and pcapng files around a list of frames.

use super::packet::Link;

/// One record of a capture file. Tests may change, reorder, drop or cut frames before they write the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Nanoseconds since the Unix epoch.
    pub(crate) time_ns: i64,
    pub(crate) link: Link,
    pub(crate) octets: Vec<u8>,
    /// Octets on the wire, when the capture holds fewer.
    pub(crate) wire_len: u32,
}

impl Frame {
    pub(crate) fn new(time_ns: i64, link: Link, octets: Vec<u8>) -> Self {
        let wire_len = octets.len() as u32;
        Self { time_ns, link, octets, wire_len }
    }

    /// Keeps the first `len` octets; the length on the wire stays.
    pub(crate) fn cut(&mut self, len: usize) {
        self.octets.truncate(len);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

#[derive(Clone, Debug)]
pub(crate) struct FileOptions {
    pub(crate) byte_order: ByteOrder,
    /// Nanosecond time stamps instead of microseconds.
    pub(crate) nanoseconds: bool,
    /// Octets kept of each frame.
    pub(crate) snaplen: u32,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { byte_order: ByteOrder::Little, nanoseconds: false, snaplen: 65_535 }
    }
}

/// A file under construction, in one byte order.
struct Octets {
    order: ByteOrder,
    out: Vec<u8>,
}

impl Octets {
    fn new(order: ByteOrder) -> Self {
        Self { order, out: Vec::new() }
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        let big = value.to_be_bytes();
        self.number(&big)
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        let big = value.to_be_bytes();
        self.number(&big)
    }

    fn number(&mut self, big_endian: &[u8]) -> &mut Self {
        match self.order {
            ByteOrder::Big => self.out.extend(big_endian),
            ByteOrder::Little => self.out.extend(big_endian.iter().rev()),
        }
        self
    }

    /// The octets, filled with zeros to a multiple of four.
    fn padded(&mut self, octets: &[u8]) -> &mut Self {
        self.out.extend(octets);
        self.out.resize(self.out.len().next_multiple_of(4), 0);
        self
    }

    /// A pcapng option.
    fn option(&mut self, code: u16, value: &[u8]) -> &mut Self {
        self.u16(code).u16(value.len() as u16).padded(value)
    }

    /// A pcapng block around `body`, whose length is a multiple of four.
    fn block(&mut self, kind: u32, body: &Self) {
        let total = body.out.len() as u32 + 12;
        self.u32(kind).u32(total);
        self.out.extend(&body.out);
        self.u32(total);
    }
}

fn captured(frame: &Frame, options: &FileOptions) -> usize {
    frame.octets.len().min(options.snaplen as usize)
}

/// A classic pcap file. All frames must have one link type; with no frame it is Ethernet.
pub(crate) fn write_pcap(frames: &[Frame], options: &FileOptions) -> Vec<u8> {
    let link = frames.first().map_or(Link::ETHERNET, |frame| frame.link);
    let mut file = Octets::new(options.byte_order);
    file.u32(if options.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 });
    file.u16(2).u16(4).u32(0).u32(0).u32(options.snaplen).u32(u32::from(link.0));
    for frame in frames {
        assert_eq!(frame.link, link, "a classic pcap file has one link type; write pcapng");
        let seconds = frame.time_ns.div_euclid(1_000_000_000);
        let nanos = frame.time_ns.rem_euclid(1_000_000_000);
        let fraction = if options.nanoseconds { nanos } else { nanos / 1_000 };
        let len = captured(frame, options);
        file.u32(u32::try_from(seconds).expect("pcap counts seconds from 1970 to 2106")).u32(fraction as u32);
        file.u32(len as u32).u32(frame.wire_len);
        file.out.extend(&frame.octets[..len]);
    }
    file.out
}

/// A pcapng file: one section, one interface for each link type in order of appearance, enhanced packet blocks.
pub(crate) fn write_pcapng(frames: &[Frame], options: &FileOptions) -> Vec<u8> {
    let order = options.byte_order;
    let mut links: Vec<Link> = Vec::new();
    for frame in frames {
        if !links.contains(&frame.link) {
            links.push(frame.link);
        }
    }
    let mut file = Octets::new(order);
    let mut section = Octets::new(order);
    section.u32(0x1a2b_3c4d).u16(1).u16(0).u32(u32::MAX).u32(u32::MAX);
    section.option(4, b"ehlotrace CaptureBuilder").option(0, b"");
    file.block(0x0a0d_0d0a, &section);
    for (index, link) in links.iter().enumerate() {
        let mut interface = Octets::new(order);
        interface.u16(link.0).u16(0).u32(options.snaplen).option(2, format!("if{index}").as_bytes());
        interface.option(9, &[if options.nanoseconds { 9 } else { 6 }]).option(0, b"");
        file.block(1, &interface);
    }
    for frame in frames {
        let unit = if options.nanoseconds { 1 } else { 1_000 };
        let ticks = u64::try_from(frame.time_ns / unit).expect("pcapng counts from 1970");
        let len = captured(frame, options);
        let interface = links.iter().position(|link| *link == frame.link).unwrap() as u32;
        let mut packet = Octets::new(order);
        packet.u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32).u32(len as u32).u32(frame.wire_len);
        packet.padded(&frame.octets[..len]);
        file.block(6, &packet);
    }
    file.out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_frame() -> Vec<Frame> {
        vec![Frame::new(0x0102_0304 * 1_000_000_000 + 5_678, Link(0x65), vec![0xaa, 0xbb, 0xcc])]
    }

    #[test]
    fn classic_pcap_in_all_four_forms() {
        let options = |byte_order, nanoseconds| FileOptions { byte_order, nanoseconds, snaplen: 2 };
        let little = write_pcap(&one_frame(), &options(ByteOrder::Little, false));
        let expected = [
            &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x65, 0, 0, 0][..],
            &[4, 3, 2, 1, 5, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb],
        ]
        .concat();
        assert_eq!(little, expected);
        let big = write_pcap(&one_frame(), &options(ByteOrder::Big, true));
        assert_eq!(big[..8], [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]);
        assert_eq!(big[24..40], [1, 2, 3, 4, 0, 0, 0x16, 0x2e, 0, 0, 0, 2, 0, 0, 0, 3]);
        assert_eq!(write_pcap(&[], &options(ByteOrder::Big, false))[..4], [0xa1, 0xb2, 0xc3, 0xd4]);
        assert_eq!(write_pcap(&[], &options(ByteOrder::Little, true))[..4], [0x4d, 0x3c, 0xb2, 0xa1]);
    }

    #[test]
    fn pcapng_blocks_carry_their_length_twice_and_pad_the_packet() {
        let file = write_pcapng(&one_frame(), &FileOptions { nanoseconds: true, ..FileOptions::default() });
        let mut rest = &file[..];
        let mut kinds = Vec::new();
        while !rest.is_empty() {
            let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let total = word(4) as usize;
            assert_eq!(word(total - 4) as usize, total);
            kinds.push(word(0));
            if word(0) == 6 {
                assert_eq!(rest[20..], [3, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0, 36, 0, 0, 0]);
            }
            rest = &rest[total..];
        }
        assert_eq!(kinds, [0x0a0d_0d0a, 1, 6]);
    }
}
