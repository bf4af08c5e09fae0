//! Pseudonyms for addresses: the same for the same key and address, and of no use without the key.
//!
//! Addresses that share a prefix have pseudonyms that share one, bit by bit as in Crypto-PAn (Xu, Fan, Ammar, Moon 2002),
//! with HMAC-SHA-256 in place of AES: whether a bit is flipped depends on the key and on all bits before it. The
//! documentation ranges of IPv4 have room for 768 hosts, too few for that, so IPv4 addresses go to 10.0.0.0/8 (RFC 1918)
//! and IPv6 addresses to 2001:db8::/32 (RFC 3849). What does not fit, the leading 16 bits of IPv4 and 48 of IPv6, is
//! reduced to 8 and 16 bits: prefixes are kept from there on.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What pseudonyms depend on.
#[derive(Clone)]
pub struct RedactKey(Vec<u8>);

impl RedactKey {
    /// A key of the octets given, as from a file. Whoever has them can test guesses of addresses.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(octets.into())
    }

    /// A key that nobody has.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn random() -> std::io::Result<Self> {
        let mut octets = [0; 32];
        getrandom::fill(&mut octets).map_err(std::io::Error::other)?;
        Ok(Self::new(octets))
    }
}

/// Without the key itself.
impl fmt::Debug for RedactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactKey(..)")
    }
}

/// Pseudonyms worked out before; past the bound they are forgotten and worked out again.
const KNOWN: usize = 16_384;

/// What a pseudonym is for.
#[derive(Clone, Copy)]
enum Use {
    V4Site = 1,
    V4Bit,
    V6Site,
    V6Bit,
    Hardware,
}

/// Gives pseudonyms.
#[derive(Debug)]
pub(super) struct Addresses {
    key: RedactKey,
    known: HashMap<IpAddr, IpAddr>,
}

impl Addresses {
    pub(super) fn new(key: RedactKey) -> Self {
        Self { key, known: HashMap::new() }
    }

    /// Loopback, multicast, broadcast and the unspecified address say nothing of anyone and stay.
    pub(super) fn ip(&mut self, address: IpAddr) -> IpAddr {
        let stays = match address {
            IpAddr::V4(v4) => v4.is_broadcast() || v4.is_loopback() || v4.is_multicast() || v4.is_unspecified(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.is_multicast() || v6.is_unspecified(),
        };
        if stays {
            return address;
        }
        if let Some(known) = self.known.get(&address) {
            return *known;
        }
        let pseudonym = match address {
            IpAddr::V4(v4) => IpAddr::V4(self.v4(v4)),
            IpAddr::V6(v6) => IpAddr::V6(self.v6(v6)),
        };
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(address, pseudonym);
        pseudonym
    }

    /// An address of the same kind, unicast or not, that is locally administered. All zeros and broadcast stay.
    pub(super) fn hardware(&self, address: [u8; 6]) -> [u8; 6] {
        if address == [0; 6] || address == [0xff; 6] {
            return address;
        }
        let mut octets = [0; 16];
        if let Some(end) = octets.last_chunk_mut() {
            *end = address;
        }
        let [_, b, c, d, e, f, ..] = self.octets(Use::Hardware, 0, u128::from_be_bytes(octets));
        let [first, ..] = address;
        [0x02 | (first & 1), b, c, d, e, f]
    }

    fn v4(&self, address: Ipv4Addr) -> Ipv4Addr {
        let whole = u128::from(u32::from(address));
        let [site, ..] = self.octets(Use::V4Site, 16, whole >> 16);
        let host = self.bits(Use::V4Bit, whole, 32, 16);
        let [.., high, low] = host.to_be_bytes();
        Ipv4Addr::new(10, site, high, low)
    }

    fn v6(&self, address: Ipv6Addr) -> Ipv6Addr {
        let whole = u128::from(address);
        if address.is_unicast_link_local() {
            return Ipv6Addr::from((whole >> 64 << 64) | self.bits(Use::V6Bit, whole, 128, 64));
        }
        let [high, low, ..] = self.octets(Use::V6Site, 48, whole >> 80);
        let site = u128::from(u16::from_be_bytes([high, low]));
        Ipv6Addr::from((0x2001_0db8_u128 << 96) | (site << 80) | self.bits(Use::V6Bit, whole, 128, 48))
    }

    /// The bits of `address` (`width` bits) from bit `from` on, counted from the highest, each flipped or not.
    fn bits(&self, what: Use, address: u128, width: u32, from: u32) -> u128 {
        let mut bits = 0;
        for at in from..width {
            let prefix = address.checked_shr(width - at).unwrap_or(0);
            let [flip, ..] = self.octets(what, at, prefix);
            let bit = (address >> (width - 1 - at)) & 1;
            bits = (bits << 1) | (bit ^ u128::from(flip & 1));
        }
        bits
    }

    fn octets(&self, what: Use, length: u32, value: u128) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key.0) else { return [0; 32] };
        mac.update(&[what as u8]);
        mac.update(&length.to_be_bytes());
        mac.update(&value.to_be_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(key: &str) -> Addresses {
        Addresses::new(RedactKey::new(key))
    }

    fn common(one: IpAddr, other: IpAddr) -> u32 {
        match (one, other) {
            (IpAddr::V4(one), IpAddr::V4(other)) => (u32::from(one) ^ u32::from(other)).leading_zeros(),
            (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one) ^ u128::from(other)).leading_zeros(),
            _ => 0,
        }
    }

    #[test]
    fn prefixes_are_kept_bit_by_bit() {
        let mut map = addresses("k");
        for (one, other, shared) in [
            ("203.0.113.7", "203.0.113.6", 31),
            ("203.0.113.7", "203.0.113.135", 24),
            ("203.0.113.7", "203.0.2.7", 17),
            ("2001:4860::1", "2001:4860::2", 126),
            ("2001:4860:0:1::1", "2001:4860:0:2::1", 62),
            ("fe80::1", "fe80::2", 126),
        ] {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(common(map.ip(one), map.ip(other)), shared, "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn addresses_of_a_site_share_as_many_bits_as_before(site: u16, one: u16, other: u16, high: u64, low: (u64, u64)) {
            let v4 = |host: u16| IpAddr::from((u32::from(site) << 16 | u32::from(host)).to_be_bytes());
            let v6 = |host: u64| IpAddr::from((u128::from(high) << 64 | u128::from(host)).to_be_bytes());
            let mut map = addresses("k");
            for (one, other) in [(v4(one), v4(other)), (v6(low.0), v6(low.1))] {
                let (a, b) = (map.ip(one), map.ip(other));
                if a != one && b != other {
                    proptest::prop_assert_eq!(common(a, b), common(one, other), "{} {}", one, other);
                }
            }
        }
    }

    #[test]
    fn pseudonyms_lie_in_their_ranges_and_depend_on_the_key() {
        let (v4, v6): (IpAddr, IpAddr) = ("198.51.100.1".parse().unwrap(), "2001:4860::1".parse().unwrap());
        let mut map = addresses("k");
        let pseudonyms = (map.ip(v4), map.ip(v6));
        assert!(pseudonyms.0.to_string().starts_with("10."), "{pseudonyms:?}");
        assert!(pseudonyms.1.to_string().starts_with("2001:db8:"), "{pseudonyms:?}");
        let mut same = addresses("k");
        assert_eq!((same.ip(v4), same.ip(v6)), pseudonyms);
        let mut other = addresses("other");
        assert!(other.ip(v4) != pseudonyms.0 && other.ip(v6) != pseudonyms.1);
    }

    #[test]
    fn addresses_of_nobody_stay() {
        let mut map = addresses("k");
        for address in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "::", "ff02::1"] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(map.ip(address), address);
        }
        assert_eq!(map.hardware([0xff; 6]), [0xff; 6]);
        let [first, ..] = map.hardware([0x00, 0x60, 0x8c, 1, 2, 3]);
        assert_eq!(first, 0x02);
    }
}
