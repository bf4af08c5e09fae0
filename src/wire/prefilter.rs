//! The fast path: may this packet matter at all?
//!
//! It reads a handful of octets at known places and decodes nothing. Whatever is unusual goes to the decoder.

use super::icmp;
use super::ip::{self, protocols as p};
use super::link::{self, ether_types as et};
use super::{tunnel, udp};
use crate::capture::Packet;

/// A set of TCP ports.
#[derive(Clone)]
pub struct Ports {
    /// One bit a port.
    words: Box<[u64; 1024]>,
}

impl Ports {
    /// The set of the given ports.
    pub fn new(ports: impl IntoIterator<Item = u16>) -> Self {
        let mut words = Box::new([0; 1024]);
        for port in ports {
            if let Some(word) = words.get_mut(usize::from(port >> 6)) {
                *word |= 1 << (port & 63);
            }
        }
        Self { words }
    }

    /// Whether `port` is in the set.
    #[inline]
    pub fn contains(&self, port: u16) -> bool {
        self.words.get(usize::from(port >> 6)).is_some_and(|word| word >> (port & 63) & 1 == 1)
    }

    /// The ports in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        (0..=u16::MAX).filter(|&port| self.contains(port))
    }
}

impl FromIterator<u16> for Ports {
    fn from_iter<I: IntoIterator<Item = u16>>(ports: I) -> Self {
        Self::new(ports)
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What packets are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Interest<'p> {
    /// TCP segments from or to one of these ports.
    pub ports: &'p Ports,
    /// TCP segments of all other ports, too, and everything that quotes one.
    pub all_tcp: bool,
    /// TCP segments of all other ports that begin as a greeting, a hello or its answer do.
    pub smtp_words: bool,
    /// DNS over UDP.
    pub dns: bool,
}

impl<'p> Interest<'p> {
    /// Only TCP segments from or to one of `ports`, and errors about them.
    pub const fn new(ports: &'p Ports) -> Self {
        Self { ports, all_tcp: false, smtp_words: false, dns: false }
    }
}

/// Whether the packet may be of interest: a TCP segment that is, a part of one, an ICMP error, or something
/// [`decode`](super::decode()) would have to give a reason for.
///
/// False only when sure: then the packet is other traffic, and `decode` would find a segment of other ports or no TCP.
#[inline]
pub fn may_matter(packet: &Packet<'_>, interest: Interest<'_>) -> bool {
    let data = packet.data;
    match packet.link.0 {
        1 => match data.get(12..) {
            Some([high, low, rest @ ..]) => ether_type([*high, *low], rest, interest),
            _ => true,
        },
        113 => match data.get(14..) {
            Some([high, low, rest @ ..]) => cooked([*high, *low], rest, interest),
            _ => true,
        },
        276 => match (data.first_chunk(), data.get(20..)) {
            (Some(kind), Some(rest)) => cooked(*kind, rest, interest),
            _ => true,
        },
        12 | 14 | 101 | 228 | 229 => ip(data, interest),
        0 | 108 => match data.split_first_chunk() {
            Some((family, rest)) => link::is_ip_family(*family) && ip(rest, interest),
            None => true,
        },
        _ => true,
    }
}

/// As in Ethernet, where the numbers below the EtherTypes need the decoder.
#[inline]
fn cooked(kind: [u8; 2], data: &[u8], interest: Interest<'_>) -> bool {
    u16::from_be_bytes(kind) < et::FIRST || ether_type(kind, data, interest)
}

#[inline]
fn ether_type(kind: [u8; 2], data: &[u8], interest: Interest<'_>) -> bool {
    match u16::from_be_bytes(kind) {
        et::IPV4 | et::IPV6 => ip(data, interest),
        other => tagged(other, data, interest),
    }
}

/// Up to two VLAN tags, and everything but IP.
fn tagged(mut kind: u16, mut data: &[u8], interest: Interest<'_>) -> bool {
    for _ in 0..3 {
        match (kind, data) {
            (et::IPV4 | et::IPV6, _) => return ip(data, interest),
            (tag, [_, _, high, low, rest @ ..]) if et::VLAN.contains(&tag) => {
                kind = u16::from_be_bytes([*high, *low]);
                data = rest;
            }
            // ARP, LLDP, EAP over LAN, PPPoE discovery, precision time, slow protocols.
            (0x0806 | 0x88cc | 0x888e | 0x8863 | 0x88f7 | 0x8809, _) => return false,
            _ => return true,
        }
    }
    true
}

#[inline]
fn ip(data: &[u8], interest: Interest<'_>) -> bool {
    match data {
        [first @ 0x45..=0x4f, _, _, _, _, _, f0, f1, _, protocol, ..] => {
            let fragmented = u16::from_be_bytes([*f0, *f1]) & 0x3fff != 0;
            match data.get(usize::from(first & 0x0f) * 4..) {
                Some(_) if fragmented => !ip::is_irrelevant(*protocol),
                Some(body) => transport(*protocol, false, body, interest),
                None => true,
            }
        }
        [0x60..=0x6f, _, _, _, _, _, next, ..] => match data.get(40..) {
            Some(body) => transport(*next, true, body, interest),
            None => true,
        },
        _ => true,
    }
}

#[inline]
fn transport(protocol: u8, v6: bool, body: &[u8], interest: Interest<'_>) -> bool {
    match (protocol, body) {
        (p::TCP, [s0, s1, d0, d1, ..]) => {
            let Interest { ports, all_tcp, smtp_words, .. } = interest;
            let touches = |port: &[u8; 2]| ports.contains(u16::from_be_bytes(*port));
            all_tcp || touches(&[*s0, *s1]) || touches(&[*d0, *d1]) || smtp_words && may_speak_smtp(body)
        }
        (p::UDP, [s0, s1, d0, d1, _, _, _, _, ..]) => {
            let [src, dst] = [[*s0, *s1], [*d0, *d1]].map(u16::from_be_bytes);
            tunnel::is_port(dst) || (interest.dns && udp::is_dns(src, dst))
        }
        (p::ICMP, [kind, ..]) if !v6 => interest.all_tcp || icmp::is_error(false, *kind),
        (p::ICMPV6, [kind, ..]) if v6 => interest.all_tcp || icmp::is_error(true, *kind),
        _ => !ip::is_irrelevant(protocol),
    }
}

/// Whether a TCP segment begins with what only a mail server or its client says first: 220, 250 or a hello, in any case.
#[inline]
fn may_speak_smtp(segment: &[u8]) -> bool {
    const fn word(text: [u8; 4]) -> u32 {
        u32::from_be_bytes(text) | CASE
    }
    /// The bit that parts lower case from upper; blanks, hyphens and digits have it set.
    const CASE: u32 = 0x2020_2020;
    const GREETING: u32 = word(*b"220 ");
    const GREETING_GOES_ON: u32 = word(*b"220-");
    const YES: u32 = word(*b"250 ");
    const YES_GOES_ON: u32 = word(*b"250-");
    const EHLO: u32 = word(*b"ehlo");
    const HELO: u32 = word(*b"helo");
    const LHLO: u32 = word(*b"lhlo");
    let payload = segment.get(12).and_then(|offset| segment.get(usize::from(offset >> 4) * 4..));
    let first = payload.and_then(<[u8]>::first_chunk).map_or(0, |text| u32::from_be_bytes(*text) | CASE);
    matches!(first, GREETING | GREETING_GOES_ON | YES | YES_GOES_ON | EHLO | HELO | LHLO)
}
