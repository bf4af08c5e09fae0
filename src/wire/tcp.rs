//! The TCP header (RFC 9293 3.1): sequence numbers, flags, and where the payload starts.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::ip::IpDatagram;
use super::view::octets;
use super::{Decoded, Segment, Undecoded};

/// A TCP sequence number, which wraps at 2^32 (RFC 9293 3.4).
///
/// It has no order: of two numbers on a circle neither is the smaller one. Compare with [`SeqNumber::diff`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeqNumber(pub u32);

impl SeqNumber {
    /// The number `octets` further on.
    #[must_use]
    pub const fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }

    /// Octets from `other` to `self`: positive when `self` lies ahead, negative when it lies behind.
    pub const fn diff(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The control bits of a TCP header, octet 13 as it is on the wire (RFC 9293 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push: hand the data over without delay.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x20);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether FIN is set.
    pub const fn fin(self) -> bool {
        self.contains(Self::FIN)
    }

    /// Whether SYN is set.
    pub const fn syn(self) -> bool {
        self.contains(Self::SYN)
    }

    /// Whether RST is set.
    pub const fn rst(self) -> bool {
        self.contains(Self::RST)
    }

    /// Whether PSH is set.
    pub const fn psh(self) -> bool {
        self.contains(Self::PSH)
    }

    /// Whether ACK is set.
    pub const fn ack(self) -> bool {
        self.contains(Self::ACK)
    }

    /// Whether URG is set.
    pub const fn urg(self) -> bool {
        self.contains(Self::URG)
    }

    /// Six ASCII columns `UAPRSF`, a dot where the flag is clear: `.A..S.`.
    pub fn columns(self) -> [u8; 6] {
        [
            (Self::URG, b'U'),
            (Self::ACK, b'A'),
            (Self::PSH, b'P'),
            (Self::RST, b'R'),
            (Self::SYN, b'S'),
            (Self::FIN, b'F'),
        ]
        .map(|(flag, letter)| if self.contains(flag) { letter } else { b'.' })
    }
}

impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.columns().iter().try_for_each(|&column| fmt::Write::write_char(f, char::from(column)))
    }
}

/// Octets of a TCP header without options.
const HEADER_OCTETS: u32 = 20;

/// The fields of a TCP header, as far as it was captured: those up to the flags at least. With these a cut header still says
/// whose segment it is and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TcpFields<'a> {
    /// The ports of the sender and of the receiver, as they are on the wire.
    pub(super) ports: [[u8; 2]; 2],
    /// The sequence number.
    pub(super) seq: SeqNumber,
    /// The acknowledgement number, significant or not.
    pub(crate) ack: u32,
    /// Octets of the header, options included.
    pub(crate) header_octets: u32,
    /// The four bits between offset and flags.
    pub(crate) reserved: u8,
    /// The control bits.
    pub(super) flags: TcpFlags,
    /// The receive window; none where the snapshot length cut it off, as the fields below.
    pub(super) window: Option<u16>,
    /// Checksum as it stands.
    pub(crate) checksum: Option<u16>,
    /// Urgent pointer.
    pub(crate) urgent: Option<u16>,
    /// The options' octets.
    pub(crate) options: &'a [u8],
}

impl<'a> TcpFields<'a> {
    /// The fields of the header that `data` begins with; none where less than its flags was captured.
    #[inline]
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags] = *data.first_chunk()?;
        let field = |at: usize| data.get(at..)?.first_chunk().map(|&octets| u16::from_be_bytes(octets));
        let header_octets = usize::from(offset >> 4) * 4;
        Some(Self {
            ports: [[s0, s1], [d0, d1]],
            seq: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
            ack: u32::from_be_bytes([a0, a1, a2, a3]),
            header_octets: octets(header_octets),
            reserved: offset & 0x0f,
            flags: TcpFlags(flags),
            window: field(14),
            checksum: field(16),
            urgent: field(18),
            options: data.get(20..header_octets.min(data.len())).unwrap_or_default(),
        })
    }
}

/// Decodes the segment in an unfragmented datagram. `padded` says that octets past the header may be link padding,
/// because the frame has the least size a frame can have and the IP header gives no length.
#[inline]
pub(super) fn decode<'a>(datagram: &IpDatagram<'a>, padded: bool, tunnelled: bool) -> Decoded<'a> {
    let view = datagram.payload;
    if view.wire_len < HEADER_OCTETS {
        return Decoded::Undecoded(Undecoded::BadTcpHeader);
    }
    let Some(fields) = TcpFields::read(view.data) else { return Decoded::Undecoded(Undecoded::CutTcpHeader) };
    let TcpFields { ports: [src, dst], seq, ack, header_octets, flags, window, checksum, .. } = fields;
    if header_octets < HEADER_OCTETS || header_octets > view.wire_len {
        return Decoded::Undecoded(Undecoded::BadTcpHeader);
    }
    let payload = usize::try_from(header_octets).ok().and_then(|skipped| view.data.get(skipped..)).unwrap_or_default();
    let (payload, payload_wire_len) =
        if padded { (Default::default(), 0) } else { (payload, view.wire_len - header_octets) };
    Decoded::Tcp(Segment {
        src: socket(datagram.src, src),
        dst: socket(datagram.dst, dst),
        seq,
        ack: flags.ack().then_some(SeqNumber(ack)),
        flags,
        window: window.unwrap_or(0),
        ip_id: datagram.id,
        checksum,
        payload,
        payload_wire_len,
        tunnelled,
    })
}

/// The address with a port as it is on the wire.
pub(super) fn socket(address: IpAddr, port: [u8; 2]) -> SocketAddr {
    SocketAddr::new(address, u16::from_be_bytes(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_wrap() {
        let last = SeqNumber(u32::MAX);
        assert_eq!(last.add(3), SeqNumber(2));
        assert_eq!(SeqNumber(2).diff(last), 3);
        assert_eq!(last.diff(SeqNumber(2)), -3);
        assert_eq!(SeqNumber(0x8000_0000).diff(SeqNumber(0)), i32::MIN);
    }

    #[test]
    fn flags_print_in_six_columns() {
        for (octet, printed) in
            [(0x12, ".A..S."), (0x02, "....S."), (0x18, ".AP..."), (0x11, ".A...F"), (0x3f, "UAPRSF"), (0xc4, "...R..")]
        {
            assert_eq!(TcpFlags(octet).to_string(), printed);
        }
        assert!(TcpFlags::SYN.with(TcpFlags::ACK).ack());
        assert!(!TcpFlags::SYN.ack());
    }
}
