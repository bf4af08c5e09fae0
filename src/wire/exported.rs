//! What Wireshark exports of a capture (Export PDUs to File, `tshark -U`): one PDU a packet, and before it tags that say whose it
//! is (`wsutil/exported_pdu_tlvs.h` of Wireshark).
//!
//! Of layer 4 a PDU is what a TCP segment carried, with the segment's numbers; what was put together from several is there in
//! parts, too. Of layer 7 it is what a TLS record held, decrypted, and has no numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use super::view::View;
use super::{Decoded, Segment, SeqNumber, TcpFlags, Undecoded};

/// Tags, each with 2 octets of number and 2 of length before its value.
pub(crate) mod tags {
    pub(crate) const END: u16 = 0;
    /// The name of the dissector that reads the PDU, filled up with zeros.
    pub(crate) const DISSECTOR: u16 = 12;
    /// The table of dissectors by port in which the PDU's was found, and under which number.
    pub(crate) const DISSECTOR_TABLE: u16 = 14;
    pub(crate) const TABLE_VALUE: u16 = 32;
    /// The frame it comes from.
    pub(crate) const FRAME: u16 = 30;
    pub(crate) const IPV4_SRC: u16 = 20;
    pub(crate) const IPV4_DST: u16 = 21;
    pub(crate) const IPV6_SRC: u16 = 22;
    pub(crate) const IPV6_DST: u16 = 23;
    pub(crate) const PORT_TYPE: u16 = 24;
    pub(crate) const SRC_PORT: u16 = 25;
    pub(crate) const DST_PORT: u16 = 26;
    pub(crate) const TCP_INFO: u16 = 34;
}

/// What the tags say that matters here.
#[derive(Default)]
struct Tags {
    is_smtp: bool,
    is_tcp: bool,
    src: Option<IpAddr>,
    dst: Option<IpAddr>,
    src_port: Option<u16>,
    dst_port: Option<u16>,
    numbers: Option<Numbers>,
}

/// A segment's numbers. Wireshark counts both directions from 0.
#[derive(Clone, Copy)]
struct Numbers {
    seq: u32,
    ack: u32,
    flags: TcpFlags,
}

/// Decodes a packet of this link type.
pub(super) fn decode(packet: View<'_>) -> Decoded<'_> {
    let mut tags = Tags::default();
    let payload = walk(packet.data, |tag, at| tags.note(tag, packet.data.get(at).unwrap_or_default()));
    match payload.and_then(|at| packet.skip(at)) {
        Some(payload) => tags.segment(payload),
        None => Decoded::Undecoded(Undecoded::CutLinkHeader),
    }
}

/// Tells each tag and the place of its value; where the PDU begins, if the tags have an end.
pub(crate) fn walk(packet: &[u8], mut tell: impl FnMut(u16, Range<usize>)) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        let [t0, t1, l0, l1] = *packet.get(at..)?.first_chunk()?;
        let (tag, start) = (u16::from_be_bytes([t0, t1]), at.checked_add(4)?);
        let end = start.checked_add(usize::from(u16::from_be_bytes([l0, l1])))?;
        packet.get(start..end)?;
        at = end;
        if tag == tags::END {
            return Some(end);
        }
        tell(tag, start..end);
    }
}

impl Tags {
    fn note(&mut self, tag: u16, value: &[u8]) {
        let number = || value.first_chunk().map(|octets| u32::from_be_bytes(*octets));
        let port = || number().and_then(|number| u16::try_from(number).ok());
        let v4 = || value.first_chunk().map(|octets| Ipv4Addr::from(*octets).into());
        let v6 = || value.first_chunk().map(|octets| Ipv6Addr::from(*octets).into());
        match tag {
            tags::DISSECTOR => {
                self.is_smtp = value.strip_prefix(b"smtp").is_some_and(|rest| rest.iter().all(|o| *o == 0))
            }
            tags::IPV4_SRC => self.src = v4(),
            tags::IPV4_DST => self.dst = v4(),
            tags::IPV6_SRC => self.src = v6(),
            tags::IPV6_DST => self.dst = v6(),
            tags::PORT_TYPE => self.is_tcp = number() == Some(TCP),
            tags::SRC_PORT => self.src_port = port(),
            tags::DST_PORT => self.dst_port = port(),
            tags::TCP_INFO => self.numbers = Numbers::read(value),
            _ => {}
        }
    }

    fn segment(self, payload: View<'_>) -> Decoded<'_> {
        let end = |address: Option<IpAddr>, port: Option<u16>| Some(SocketAddr::new(address?, port?));
        let ends = end(self.src, self.src_port).zip(end(self.dst, self.dst_port));
        let Some((src, dst)) = ends.filter(|_| self.is_tcp) else { return Decoded::NotTcp };
        let unnumbered = Segment {
            src,
            dst,
            seq: SeqNumber(0),
            ack: None,
            flags: TcpFlags::ACK,
            window: 0,
            payload: payload.data,
            payload_wire_len: payload.wire_len,
            ip_id: None,
            checksum: None,
            tunnelled: false,
        };
        match self.numbers {
            Some(Numbers { seq, ack, flags }) => Decoded::Tcp(Segment {
                seq: SeqNumber(seq),
                ack: flags.ack().then_some(SeqNumber(ack)),
                flags,
                ..unnumbered
            }),
            None if self.is_smtp => Decoded::Unnumbered(unnumbered),
            None => Decoded::NotTcp,
        }
    }
}

/// TCP as a type of port.
const TCP: u32 = 2;

impl Numbers {
    /// Reads version 1: the version, sequence number, the next one, acknowledgement, whether the PDU was put together from several
    /// segments, flags, urgent pointer.
    fn read(value: &[u8]) -> Option<Self> {
        let ([0, 1, s0, s1, s2, s3, _, _, _, _, a0, a1, a2, a3, _, _, flags], _) = value.split_first_chunk()? else {
            return None;
        };
        // The number is that of the first octet, whatever else the segment was.
        let flags = TcpFlags(flags & !TcpFlags::SYN.0);
        let [seq, ack] = [[*s0, *s1, *s2, *s3], [*a0, *a1, *a2, *a3]].map(u32::from_be_bytes);
        Some(Self { seq, ack, flags })
    }
}
