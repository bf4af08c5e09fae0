//! What tells one connection from another.

use std::net::{IpAddr, SocketAddr};

/// The two ends of a connection, without an order: both directions have the same key.
///
/// The *pairs* of address and port are ordered, never addresses and ports apart: `a:1 - b:2` and `a:2 - b:1` differ.
/// Every segment is looked up by its key, so the ends are numbers, which are hashed and compared in a few instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlowKey {
    low: Endpoint,
    high: Endpoint,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Endpoint {
    /// The address as a 128-bit number, in two halves.
    address: [u64; 2],
    /// The port; with [`Endpoint::IPV4`] added where the address is one of IPv4.
    port: u64,
}

impl Endpoint {
    /// Keeps an IPv4 address apart from the IPv6 address of the same number.
    const IPV4: u64 = 1 << 16;

    fn new(end: SocketAddr) -> Self {
        let port = u64::from(end.port());
        match end.ip() {
            IpAddr::V4(ip) => Self { address: [0, u64::from(ip.to_bits())], port: port | Self::IPV4 },
            IpAddr::V6(ip) => {
                let [a, b, c, d, e, f, g, h, rest @ ..] = ip.octets();
                let high = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                Self { address: [high, u64::from_be_bytes(rest)], port }
            }
        }
    }
}

impl FlowKey {
    /// The key of segments between `one` and `other`.
    pub(super) fn new(one: SocketAddr, other: SocketAddr) -> Self {
        let (one, other) = (Endpoint::new(one), Endpoint::new(other));
        if one <= other { Self { low: one, high: other } } else { Self { low: other, high: one } }
    }
}

/// Which way a segment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the end that opened the connection.
    ClientToServer,
    /// From the end that listened.
    ServerToClient,
}

impl Direction {
    /// The other way.
    pub const fn opposite(self) -> Self {
        match self {
            Self::ClientToServer => Self::ServerToClient,
            Self::ServerToClient => Self::ClientToServer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_share_a_key_and_swapped_ports_do_not() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let key = FlowKey::new(at("192.0.2.1:1025"), at("192.0.2.2:25"));
        assert_eq!(key, FlowKey::new(at("192.0.2.2:25"), at("192.0.2.1:1025")));
        assert_ne!(key, FlowKey::new(at("192.0.2.1:25"), at("192.0.2.2:1025")));
        let six = FlowKey::new(at("[2001:db8::1]:1025"), at("[2001:db8::2]:25"));
        assert_eq!(six, FlowKey::new(at("[2001:db8::2]:25"), at("[2001:db8::1]:1025")));
        assert_ne!(six, FlowKey::new(at("[2001:db9::1]:1025"), at("[2001:db8::2]:25")));
        assert_ne!(
            FlowKey::new(at("192.0.2.1:1025"), at("192.0.2.2:25")),
            FlowKey::new(at("[::192.0.2.1]:1025"), at("[::192.0.2.2]:25"))
        );
    }
}
