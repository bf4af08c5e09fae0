//! The two hosts of a connection: how their packets look.

use std::net::SocketAddr;

/// Who sends: the client opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// TCP options a host puts into its SYN; timestamps then stand in every segment.
#[derive(Clone, Debug, Default)]
pub(crate) struct TcpOptions {
    /// Maximum segment size, octets.
    pub(crate) mss: Option<u16>,
    /// Shift count.
    pub(crate) window_scale: Option<u8>,
    pub(crate) sack_permitted: bool,
    pub(crate) timestamps: bool,
}

impl TcpOptions {
    /// What stacks of the last twenty years send.
    pub(crate) fn modern() -> Self {
        Self { mss: Some(1460), window_scale: Some(7), sack_permitted: true, timestamps: true }
    }

    /// The encoded options of one segment, padded with No-Operation to four octets. `clock` is the timestamp pair.
    pub(crate) fn encode(&self, syn: bool, clock: (u32, u32)) -> Vec<u8> {
        let mut octets = Vec::new();
        if let (true, Some(mss)) = (syn, self.mss) {
            octets.extend([2, 4]);
            octets.extend(mss.to_be_bytes());
        }
        // SACK permitted takes the two octets before timestamps that No-Operation takes elsewhere, as Linux does.
        match (syn && self.sack_permitted, self.timestamps) {
            (true, true) => octets.extend([4, 2, 8, 10]),
            (true, false) => octets.extend([1, 1, 4, 2]),
            (false, true) => octets.extend([1, 1, 8, 10]),
            (false, false) => {}
        }
        if self.timestamps {
            octets.extend(clock.0.to_be_bytes());
            octets.extend(clock.1.to_be_bytes());
        }
        if let (true, Some(shift)) = (syn, self.window_scale) {
            octets.extend([1, 3, 3, shift]);
        }
        octets
    }
}

/// One host of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) mac: [u8; 6],
    /// Initial sequence number.
    pub(crate) isn: u32,
    /// IP identification of its first packet, and what it grows by. Windows NT counted in the other byte order: 0x100.
    pub(crate) ip_id: u16,
    pub(crate) ip_id_step: u16,
    pub(crate) ttl: u8,
    /// The window field, unscaled.
    pub(crate) window: u16,
    /// The window field of its SYN, when that differs.
    pub(crate) syn_window: Option<u16>,
    pub(crate) options: TcpOptions,
    /// Octets of its largest segment; a write is cut into pieces of it.
    pub(crate) segment_octets: usize,
    /// What fills its short Ethernet frames up to 60 octets; `None` leaves them short, as the sending host sees them.
    pub(crate) pad_octet: Option<u8>,
    /// From the last frame of the peer to its next one, nanoseconds: travel and thought.
    pub(crate) answers_after_ns: i64,
    /// From a frame of the peer to an acknowledgement sent at once, nanoseconds: travel alone.
    pub(crate) acks_after_ns: i64,
    /// From one frame of its own to the next, nanoseconds.
    pub(crate) frame_gap_ns: i64,
    /// Added to its clock in the timestamp option, milliseconds.
    pub(crate) timestamp_base: u32,
}

impl Endpoint {
    /// A host with MSS 1460 in its SYN. `number` makes the hosts of a capture differ.
    pub(crate) fn new(address: SocketAddr, side: Side, number: u16) -> Self {
        let n = u32::from(number);
        let mac_end = if side == Side::Client { 0x0a } else { 0x19 };
        Self {
            address,
            // RFC 7042 2.1.2 sets 00-00-5E-00-53-xx aside for documentation.
            mac: [0x00, 0x00, 0x5e, 0x00, 0x53, mac_end],
            isn: if side == Side::Client { 1_000_000 + n * 7_919_000 } else { 2_500_000_000 + n * 104_729 },
            ip_id: if side == Side::Client { 0x1000 + number * 0x40 } else { 0x9000 + number * 0x40 },
            ip_id_step: 1,
            ttl: if side == Side::Client { 64 } else { 128 },
            window: if side == Side::Client { 32_120 } else { 8_760 },
            syn_window: None,
            options: TcpOptions { mss: Some(1460), ..TcpOptions::default() },
            segment_octets: 1460,
            pad_octet: Some(0),
            answers_after_ns: if side == Side::Client { 412_000 } else { 768_000 },
            acks_after_ns: 60_000,
            frame_gap_ns: 120_000,
            timestamp_base: 40_000_000 + n * 1_000 + if side == Side::Client { 0 } else { 90_000_000 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_a_syn_and_of_later_segments() {
        let modern = TcpOptions::modern();
        let syn = modern.encode(true, (0x0102_0304, 0));
        assert_eq!(syn, [2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7]);
        assert_eq!(modern.encode(false, (1, 2)), [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
        let windows_2000 = TcpOptions { mss: Some(1460), sack_permitted: true, ..TcpOptions::default() };
        assert_eq!(windows_2000.encode(true, (1, 2)), [2, 4, 5, 0xb4, 1, 1, 4, 2]);
        assert!(TcpOptions::default().encode(true, (1, 2)).is_empty());
    }
}
