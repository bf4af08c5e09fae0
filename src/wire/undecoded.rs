//! Why a packet could not be decoded.

use std::fmt;

/// The reason a packet was not understood. Packets are counted by it and the counts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undecoded {
    /// A link layer that is not read, by its LINKTYPE number.
    UnsupportedLinkType(u16),
    /// An EtherType that wraps other frames and is not read.
    UnsupportedEtherType(u16),
    /// An IP protocol that wraps other packets and is not read, by its number.
    UnsupportedIpProtocol(u8),
    /// GRE of version 1 (PPTP) or with source routing.
    UnsupportedGre,
    /// The capture ends inside the link header.
    CutLinkHeader,
    /// The capture ends inside the IP header or one of its extension headers.
    CutIpHeader,
    /// The IP header contradicts itself: its version, a length.
    BadIpHeader,
    /// The capture ends inside the first 14 octets of the TCP header.
    CutTcpHeader,
    /// The TCP header is shorter than it can be, or longer than the segment.
    BadTcpHeader,
    /// The capture ends inside the header of a tunnel.
    CutTunnelHeader,
    /// Fragments within a datagram that was itself put together from fragments.
    IpFragment,
    /// More VLAN tags, MPLS labels or other link headers than are followed.
    DeepVlan,
    /// More IP packets inside one another than are followed.
    TunnelTooDeep,
    /// IPsec ESP (RFC 4303).
    Esp,
    /// MACsec (IEEE 802.1AE) with encryption.
    Macsec,
    /// PPP with compression or encryption.
    CompressedPpp,
    /// An 802.11 frame with encryption.
    EncryptedWireless,
    /// An 802.11 frame with several packets (A-MSDU).
    AggregatedWireless,
}

impl Undecoded {
    /// The stable name of the reason, without the number it may carry.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnsupportedLinkType(_) => "unsupported-link-type",
            Self::UnsupportedEtherType(_) => "unsupported-ethertype",
            Self::UnsupportedIpProtocol(_) => "unsupported-ip-protocol",
            Self::UnsupportedGre => "unsupported-gre",
            Self::CutLinkHeader => "cut-link-header",
            Self::CutIpHeader => "cut-ip-header",
            Self::BadIpHeader => "bad-ip-header",
            Self::CutTcpHeader => "cut-tcp-header",
            Self::BadTcpHeader => "bad-tcp-header",
            Self::CutTunnelHeader => "cut-tunnel-header",
            Self::IpFragment => "ip-fragment",
            Self::DeepVlan => "deep-vlan",
            Self::TunnelTooDeep => "tunnel-too-deep",
            Self::Esp => "encrypted-esp",
            Self::Macsec => "encrypted-macsec",
            Self::CompressedPpp => "compressed-ppp",
            Self::EncryptedWireless => "encrypted-802.11",
            Self::AggregatedWireless => "aggregated-802.11",
        }
    }
}

/// The code, and the number where there is one: `unsupported-link-type-147`, `unsupported-ethertype-0x88e7`.
impl fmt::Display for Undecoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::UnsupportedLinkType(number) => write!(f, "-{number}"),
            Self::UnsupportedEtherType(number) => write!(f, "-{number:#06x}"),
            Self::UnsupportedIpProtocol(number) => write!(f, "-{number}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown() {
        assert_eq!(Undecoded::UnsupportedLinkType(147).to_string(), "unsupported-link-type-147");
        assert_eq!(Undecoded::UnsupportedEtherType(0x88e7).to_string(), "unsupported-ethertype-0x88e7");
        assert_eq!(Undecoded::UnsupportedIpProtocol(97).to_string(), "unsupported-ip-protocol-97");
        assert_eq!(Undecoded::CutTcpHeader.to_string(), "cut-tcp-header");
    }
}
