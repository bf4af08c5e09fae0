//! What tells one connection from another.

use std::net::SocketAddr;

/// The two ends of a connection, without an order: both directions have the same key.
///
/// The *pairs* of address and port are ordered, never addresses and ports apart: `a:1 - b:2` and `a:2 - b:1` differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlowKey {
    low: SocketAddr,
    high: SocketAddr,
}

impl FlowKey {
    /// The key of segments between `one` and `other`.
    pub(super) fn new(one: SocketAddr, other: SocketAddr) -> Self {
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
    }
}
