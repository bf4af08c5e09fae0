//! What tells a connection from every other one, wherever it was captured.

use std::net::SocketAddr;

/// The key of the connection between two ends, each with its initial sequence number, in either order.
///
/// Every capture of the connection that has both numbers gives the same key, and the next connection on the same ports
/// another one: `192.0.2.10:1145/1a2b3c4d-192.0.2.25:25/0000002a`, the lower end first, the numbers in hexadecimal.
pub(crate) fn connection_key(one: (SocketAddr, u32), other: (SocketAddr, u32)) -> String {
    let ((low, low_isn), (high, high_isn)) = if one <= other { (one, other) } else { (other, one) };
    format!("{low}/{low_isn:08x}-{high}/{high_isn:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_both_ends_and_both_numbers_in_either_order() {
        let (client, server) = ("192.0.2.10:1145".parse().unwrap(), "192.0.2.25:25".parse().unwrap());
        let key = connection_key((client, 0x1a2b_3c4d), (server, 42));
        assert_eq!(key, "192.0.2.10:1145/1a2b3c4d-192.0.2.25:25/0000002a");
        assert_eq!(key, connection_key((server, 42), (client, 0x1a2b_3c4d)));
        assert_ne!(key, connection_key((client, 42), (server, 0x1a2b_3c4d)));
        let six = connection_key(("[2001:db8::1]:9".parse().unwrap(), 1), ("[2001:db8::1]:8".parse().unwrap(), 2));
        assert_eq!(six, "[2001:db8::1]:8/00000002-[2001:db8::1]:9/00000001");
    }
}
