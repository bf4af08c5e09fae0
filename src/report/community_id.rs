//! The Community ID of a connection: the same short text in every tool that computes it.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The Community ID, version 1 with seed 0, of the TCP connection between two ends, in either order.
///
/// It is `1:` and the Base64 of the SHA-1 over seed, addresses, protocol and ports, all in network order, the lower
/// address first and of equal ones the lower port: <https://github.com/corelight/community-id-spec>.
pub fn community_id(one: SocketAddr, other: SocketAddr) -> String {
    const VERSION: &str = "1:";
    const SEED: [u8; 2] = [0, 0];
    const TCP_AND_PADDING: [u8; 2] = [6, 0];
    let (low, high) = if (one.ip(), one.port()) <= (other.ip(), other.port()) { (one, other) } else { (other, one) };
    let mut hash = Sha1::new();
    hash.update(SEED);
    for end in [low, high] {
        match end.ip() {
            IpAddr::V4(address) => hash.update(address.octets()),
            IpAddr::V6(address) => hash.update(address.octets()),
        }
    }
    hash.update(TCP_AND_PADDING);
    for end in [low, high] {
        hash.update(end.port().to_be_bytes());
    }
    format!("{VERSION}{}", STANDARD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first one is the specification's own.
    const KNOWN: [(&str, &str, &str); 5] = [
        ("128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ("192.0.2.10:41020", "203.0.113.92:25", "1:nu4/Eh6I3WoiLrjs+ItkypttUNs="),
        ("10.0.0.1:10", "10.0.0.1:9", "1:MuTZPBs0vepVlCY0rf27wxHmsYo="),
        ("[2001:db8::10]:41030", "[2001:db8:25::25]:25", "1:fxKdj5ZkM4RmZW16YXJOy5wnLzk="),
        ("9.0.0.1:10", "10.0.0.1:9", "1:K726zQqu8oydE2VFf/iuRcbRsho="),
    ];

    #[test]
    fn known_connections_have_their_ids_in_both_directions() {
        for (one, other, id) in KNOWN {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(community_id(one, other), id);
            assert_eq!(community_id(other, one), id);
        }
    }
}
