//! Pseudonyms for addresses: the same for the same key and address, and of no use without the key.
//!
//! The documentation ranges of IPv4 (RFC 5737) are three networks of 24 bits. So whole networks are placed, as they are met
//! ([`Networks`]), and within one the last octet is mapped so that addresses which share a prefix have pseudonyms that share
//! one, bit by bit as in Crypto-PAn (Xu, Fan, Ammar, Moon 2002), with HMAC-SHA-256 in place of AES: whether a bit is flipped
//! depends on the key and on all bits before it. IPv6 has 2001:db8::/32 (RFC 3849), room for networks of 48 bits.
//!
//! No two addresses get one pseudonym: networks have places of their own, and the mapping within one can be undone.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::LeftOut;
use super::networks::{Networks, NetworksElsewhere};

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

    /// Octets that depend on the key, on what they are for, and on `parts`; nobody without the key can tell them.
    pub(super) fn octets(&self, what: Use, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.update(&[what as u8]);
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
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

/// The first octet of the multicast groups that protocols have (RFC 5771); others belong to somebody.
const ASSIGNED_GROUPS: u8 = 224;

/// What a pseudonym is for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    V4Network = 1,
    V4Bit,
    V6Network,
    V6Bit,
    Hardware,
    HostName,
}

/// Gives pseudonyms.
#[derive(Debug)]
pub(super) struct Addresses {
    key: RedactKey,
    networks: Networks,
    known: HashMap<IpAddr, IpAddr>,
}

impl Addresses {
    pub(super) fn new(key: RedactKey) -> Self {
        Self { key, networks: Networks::default(), known: HashMap::new() }
    }

    /// Networks that found no room in the documentation ranges.
    pub(super) const fn elsewhere(&self) -> NetworksElsewhere {
        self.networks.elsewhere()
    }

    /// The pseudonym of an address. Loopback, broadcast, assigned multicast groups and the unspecified address say nothing
    /// of anyone and stay.
    pub(super) fn ip(&mut self, address: IpAddr) -> Result<IpAddr, LeftOut> {
        if let Some(known) = self.known.get(&address) {
            return Ok(*known);
        }
        let pseudonym = match address {
            IpAddr::V4(v4) => IpAddr::V4(self.v4(v4).ok_or(LeftOut::Addresses)?),
            IpAddr::V6(v6) => IpAddr::V6(self.v6(v6).ok_or(LeftOut::Addresses)?),
        };
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(address, pseudonym);
        Ok(pseudonym)
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

    fn v4(&mut self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        let whole = u128::from(u32::from(address));
        let [first, b, c, _] = address.octets();
        if address.is_multicast() && first != ASSIGNED_GROUPS {
            let [.., b, c, d] = self.bits(Use::V4Bit, whole, 32, 8).to_be_bytes();
            return Some(Ipv4Addr::new(first, b, c, d));
        }
        if address.is_broadcast() || address.is_loopback() || address.is_multicast() || address.is_unspecified() {
            return Some(address);
        }
        let network = u32::from_be_bytes([0, first, b, c]);
        let [s0, s1, s2, s3, ..] = self.octets(Use::V4Network, 24, u128::from(network));
        let [_, a, b, c] = self.networks.v4(network, u32::from_be_bytes([s0, s1, s2, s3]))?.to_be_bytes();
        let [.., host] = self.bits(Use::V4Bit, whole, 32, 24).to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, host))
    }

    fn v6(&mut self, address: Ipv6Addr) -> Option<Ipv6Addr> {
        let whole = u128::from(address);
        if address.is_loopback() || address.is_unspecified() {
            return Some(address);
        }
        let [_, scope, group @ ..] = address.octets();
        if address.is_multicast() {
            // Groups of a network have its prefix in them (RFC 3306), those of a solicited node a part of its address.
            let is_assigned = scope >> 4 == 0 && matches!(group, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, _]);
            let group = if is_assigned { whole } else { (whole >> 112 << 112) | self.bits(Use::V6Bit, whole, 128, 16) };
            return Some(Ipv6Addr::from(group));
        }
        if address.is_unicast_link_local() {
            return Some(Ipv6Addr::from((whole >> 64 << 64) | self.bits(Use::V6Bit, whole, 128, 64)));
        }
        let network = u64::try_from(whole >> 80).ok()?;
        let [high, low, ..] = self.octets(Use::V6Network, 48, whole >> 80);
        let network = self.networks.v6(network, u16::from_be_bytes([high, low]))?;
        Some(Ipv6Addr::from((u128::from(network) << 80) | self.bits(Use::V6Bit, whole, 128, 48)))
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
        self.key.octets(what, &[&length.to_be_bytes(), &value.to_be_bytes()])
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
    fn prefixes_are_kept_bit_by_bit_within_a_network() {
        let mut map = addresses("k");
        for (one, other, shared) in [
            ("203.0.113.7", "203.0.113.6", 31),
            ("203.0.113.7", "203.0.113.135", 24),
            ("239.1.2.3", "239.1.2.2", 31),
            ("2001:4860::1", "2001:4860::2", 126),
            ("2001:4860:0:1::1", "2001:4860:0:2::1", 62),
            ("fe80::1", "fe80::2", 126),
        ] {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(common(map.ip(one).unwrap(), map.ip(other).unwrap()), shared, "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn addresses_of_a_network_share_as_many_bits_as_before(network: [u8; 3], hosts: [u8; 2], high: u64, low: [u64; 2]) {
            let [a, b, c] = network;
            let v4 = |host| IpAddr::from([a % 127, b, c, host]);
            let v6 = |host: u64| IpAddr::from((u128::from(high) << 64 | u128::from(host)).to_be_bytes());
            let mut map = addresses("k");
            for [one, other] in [hosts.map(v4), low.map(v6)] {
                let (a, b) = (map.ip(one).unwrap(), map.ip(other).unwrap());
                if a != one && b != other {
                    proptest::prop_assert_eq!(common(a, b), common(one, other), "{} {}", one, other);
                }
            }
        }

        #[test]
        fn no_two_addresses_become_one(addresses in proptest::collection::hash_set(proptest::num::u32::ANY, 1..800)) {
            let mut map = self::addresses("k");
            let all: std::collections::HashSet<_> =
                addresses.iter().map(|address| map.ip(IpAddr::from(address.to_be_bytes())).unwrap()).collect();
            proptest::prop_assert_eq!(all.len(), addresses.len());
        }
    }

    #[test]
    fn every_host_of_a_network_has_a_pseudonym_of_its_own() {
        let mut map = addresses("k");
        let all: std::collections::HashSet<_> =
            (0..=255).map(|host| map.ip(IpAddr::from([192, 168, 1, host])).unwrap()).collect();
        assert_eq!(all.len(), 256);
    }

    #[test]
    fn pseudonyms_lie_in_their_ranges_and_depend_on_the_key() {
        let (v4, v6): (IpAddr, IpAddr) = ("172.16.1.1".parse().unwrap(), "2001:4860::1".parse().unwrap());
        let mut map = addresses("k");
        let pseudonyms = (map.ip(v4).unwrap(), map.ip(v6).unwrap());
        let IpAddr::V4(in_v4) = pseudonyms.0 else { unreachable!() };
        assert!(in_v4.is_documentation(), "{pseudonyms:?}");
        assert!(pseudonyms.1.to_string().starts_with("2001:db8:"), "{pseudonyms:?}");
        let mut same = addresses("k");
        assert_eq!((same.ip(v4).unwrap(), same.ip(v6).unwrap()), pseudonyms);
        let mut other = addresses("other");
        assert!(other.ip(v4).unwrap() != pseudonyms.0 && other.ip(v6).unwrap() != pseudonyms.1);
    }

    /// Row: loopback, broadcast addresses, multicast groups of protocols.
    #[test]
    fn addresses_of_nobody_stay_and_groups_of_somebody_do_not() {
        let mut map = addresses("k");
        for address in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "::", "ff02::1"] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(map.ip(address), Ok(address));
        }
        for address in ["239.1.2.3", "ff02::1:ff12:3456", "ff3e:30:2001:4860::1"] {
            let address: IpAddr = address.parse().unwrap();
            let group = map.ip(address).unwrap();
            assert!(group.is_multicast() && group != address);
        }
        assert_eq!(map.hardware([0xff; 6]), [0xff; 6]);
        let [first, ..] = map.hardware([0x00, 0x60, 0x8c, 1, 2, 3]);
        assert_eq!(first, 0x02);
    }
}
