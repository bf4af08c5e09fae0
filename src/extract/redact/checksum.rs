//! Internet checksums (RFC 1071).

use std::net::IpAddr;

/// What TCP, UDP and ICMPv6 put before what they sum up (RFC 8200 8.1). That of IPv4 has fields of other sizes, and the
/// same sum.
pub(super) fn pseudo_header((src, dst): (IpAddr, IpAddr), protocol: u8, octets: usize) -> Vec<u8> {
    let mut header = Vec::new();
    for end in [src, dst] {
        match end {
            IpAddr::V4(v4) => header.extend(v4.octets()),
            IpAddr::V6(v6) => header.extend(v6.octets()),
        }
    }
    header.extend(u32::try_from(octets).unwrap_or(u32::MAX).to_be_bytes());
    header.extend([0, 0, 0, protocol]);
    header
}

/// Sets the checksum at `at`; 0 where the octets it covers are not all there.
pub(super) fn set_checksum(octets: &mut [u8], at: usize, pseudo: &[u8], is_whole: bool) {
    let Some(field) = octets.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) else { return };
    *field = [0, 0];
    if !is_whole {
        return;
    }
    let sum = checksum(pseudo, octets);
    if let Some(field) = octets.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        *field = sum.to_be_bytes();
    }
}

/// `before` has an even number of octets.
fn checksum(before: &[u8], octets: &[u8]) -> u16 {
    let words = before.chunks(2).chain(octets.chunks(2)).map(|word| match *word {
        [high, low] => u64::from(u16::from_be_bytes([high, low])),
        [high] => u64::from(high) << 8,
        _ => 0,
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}
