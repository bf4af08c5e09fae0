//! Where networks go: each to a place of its own, in the order they are met, within bounds.
//!
//! Where the search for a free place starts depends on the key, so the same captures in the same order give the same places.
//! No network is its own place, for that would look as if nothing had been replaced.

use std::collections::{HashMap, HashSet};

/// Ranges for IPv4 networks of 24 bits: their first network, and how many there are.
const BENCHMARKING: Range = Range { first: 0xc6_1200, count: 512 };
const PRIVATE: Range = Range { first: 0x0a_0000, count: 65_536 };

/// 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 (RFC 5737).
const DOCUMENTATION: [u32; 3] = [0xc0_0002, 0xc6_3364, 0xcb_0071];

/// 2001:db8::/32 (RFC 3849) has as many networks of 48 bits as 16 bits tell apart.
const DOCUMENTATION_V6: u64 = 0x2001_0db8_0000;

/// Consecutive networks of 24 bits.
#[derive(Clone, Copy)]
struct Range {
    first: u32,
    count: u32,
}

/// IPv4 networks of 24 bits that found no room in the documentation ranges (RFC 5737), which have room for three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworksElsewhere {
    /// Those that went to 198.18.0.0/15, set aside for benchmarks (RFC 2544); there is room for 512.
    pub benchmarking: u64,
    /// Those that went to 10.0.0.0/8, which is in use in many places (RFC 1918); there is room for 65,536.
    pub private: u64,
}

/// Networks with the places they got.
#[derive(Debug, Default)]
pub(super) struct Networks {
    v4: HashMap<u32, u32>,
    v4_taken: HashSet<u32>,
    v6: HashMap<u64, u64>,
    v6_taken: HashSet<u64>,
    elsewhere: NetworksElsewhere,
}

impl Networks {
    pub(super) const fn elsewhere(&self) -> NetworksElsewhere {
        self.elsewhere
    }

    /// The place of an IPv4 network, both as the upper 24 bits; none where all are taken. The search begins at `start`.
    pub(super) fn v4(&mut self, network: u32, start: u32) -> Option<u32> {
        if let Some(known) = self.v4.get(&network) {
            return Some(*known);
        }
        let is_free = |place: &u32| *place != network && !self.v4_taken.contains(place);
        let turned = DOCUMENTATION.iter().copied().cycle().skip(usize::from(start.to_be_bytes()[3] % 3)).take(3);
        let mut place = turned.into_iter().find(is_free);
        for (range, placed) in
            [(BENCHMARKING, &mut self.elsewhere.benchmarking), (PRIVATE, &mut self.elsewhere.private)]
        {
            if place.is_none() && *placed < u64::from(range.count) {
                let offsets = (0..range.count).map(|step| start.wrapping_add(step) % range.count);
                place = offsets.map(|offset| range.first + offset).find(is_free);
                *placed += u64::from(place.is_some());
            }
        }
        let place = place?;
        self.v4_taken.insert(place);
        self.v4.insert(network, place);
        Some(place)
    }

    /// The documentation prefix for the upper 48 bits of IPv6 addresses, the first free one from `start` on.
    pub(super) fn v6(&mut self, network: u64, start: u16) -> Option<u64> {
        if let Some(known) = self.v6.get(&network) {
            return Some(*known);
        }
        if self.v6.len() > usize::from(u16::MAX) {
            return None;
        }
        let places = (0..=u16::MAX).map(|step| DOCUMENTATION_V6 | u64::from(start.wrapping_add(step)));
        let place = places.into_iter().find(|place| *place != network && !self.v6_taken.contains(place))?;
        self.v6_taken.insert(place);
        self.v6.insert(network, place);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_has_a_place_of_its_own_while_there_is_room() {
        const ALL: u64 = 3 + 512 + 65_536;
        let mut networks = Networks::default();
        let mut places = HashSet::new();
        for network in 0..66_200_u32 {
            let place = networks.v4(network, network.wrapping_mul(2_654_435_761));
            assert_eq!(place, networks.v4(network, 7), "{network:x}");
            match place {
                Some(place) => assert!(place != network && places.insert(place), "{network:x}"),
                // A network may leave the last place free, if that is itself.
                None => assert!(places.len() as u64 >= ALL - 1, "{network:x}"),
            }
        }
        assert_eq!(networks.elsewhere().benchmarking, 512);
        assert_eq!(places.len() as u64, ALL);
    }

    #[test]
    fn the_first_three_networks_go_to_the_documentation_ranges() {
        for start in 0..3 {
            let mut networks = Networks::default();
            let mut places: Vec<_> = [0x0a_0000, 0x0a_0001, 0x0b_0000].map(|one| networks.v4(one, start)).into();
            places.sort_unstable();
            assert_eq!(places, [Some(0xc0_0002), Some(0xc6_3364), Some(0xcb_0071)]);
            assert_eq!(networks.v4(0x0c_0000, 512 + 7), Some(0xc6_1207));
            assert_eq!(networks.elsewhere(), NetworksElsewhere { benchmarking: 1, private: 0 });
        }
    }

    #[test]
    fn no_network_of_a_documentation_range_stays_where_it_is() {
        let mut networks = Networks::default();
        for one in DOCUMENTATION {
            assert_ne!(networks.v4(one, 0), Some(one));
        }
        assert_eq!(networks.v6(DOCUMENTATION_V6, 0), Some(DOCUMENTATION_V6 | 1));
    }

    #[test]
    fn ipv6_networks_end_after_all_of_16_bits() {
        let mut networks = Networks::default();
        let start = |network: u64| u16::try_from(network & 0xffff).unwrap();
        let places: HashSet<_> = (0..66_000).filter_map(|network| networks.v6(network, start(network))).collect();
        assert_eq!(places.len(), 65_536);
    }
}
