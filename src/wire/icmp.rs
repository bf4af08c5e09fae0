//! ICMP errors about a TCP segment (RFC 792, RFC 4443).

use super::ip::{self, IpDatagram, protocols as p};
use super::tcp::{SeqNumber, socket};
use super::view::View;
use super::{Decoded, Unreachable};

/// Whether an ICMP type, of IPv6 or IPv4, reports that a packet did not get through.
pub(super) const fn is_error(v6: bool, kind: u8) -> bool {
    if v6 { matches!(kind, 1 | 3) } else { matches!(kind, 3 | 11) }
}

/// Decodes the ICMP message in `datagram`.
pub(super) fn decode<'a>(datagram: &IpDatagram<'_>) -> Decoded<'a> {
    unreachable(datagram).map_or(Decoded::NotTcp, Decoded::Unreachable)
}

fn unreachable(datagram: &IpDatagram<'_>) -> Option<Unreachable> {
    let ([kind, code, ..], quoted) = datagram.payload.split::<8>()?;
    let reason = reason(datagram.protocol == p::ICMPV6, *kind, *code)?;
    let quoted = ip::parse(quoted).ok()?;
    if quoted.protocol != p::TCP || quoted.place.is_some_and(|place| place.offset != 0) {
        return None;
    }
    let View { data, .. } = quoted.payload;
    let &[s0, s1, d0, d1] = data.first_chunk()?;
    let seq = data.get(4..).and_then(<[u8]>::first_chunk);
    Some(Unreachable {
        reported_by: datagram.src,
        src: socket(quoted.src, [s0, s1]),
        dst: socket(quoted.dst, [d0, d1]),
        seq: seq.map(|&octets| SeqNumber(u32::from_be_bytes(octets))),
        reason,
    })
}

/// The words of RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1 and RFC 4443 3.1 and 3.3.
const fn reason(v6: bool, kind: u8, code: u8) -> Option<&'static str> {
    if !is_error(v6, kind) {
        return None;
    }
    Some(match (v6, kind, code) {
        (false, 3, 4) => return None,
        (false, 3, 0) => "network unreachable",
        (false, 3, 1) => "host unreachable",
        (false, 3, 2) => "protocol unreachable",
        (false, 3, 3) | (true, 1, 4) => "port unreachable",
        (false, 3, 5) => "source route failed",
        (false, 3, 6) => "destination network unknown",
        (false, 3, 7) => "destination host unknown",
        (false, 3, 8) => "source host isolated",
        (false, 3, 9) => "network administratively prohibited",
        (false, 3, 10) => "host administratively prohibited",
        (false, 3, 11) => "network unreachable for type of service",
        (false, 3, 12) => "host unreachable for type of service",
        (false, 3, 13) | (true, 1, 1) => "administratively prohibited",
        (false, 3, 14) => "host precedence violation",
        (false, 3, 15) => "precedence cutoff in effect",
        (false, 11, 0) => "time exceeded in transit",
        (true, 3, 0) => "hop limit exceeded in transit",
        (false, 11, 1) | (true, 3, 1) => "fragment reassembly time exceeded",
        (true, 1, 0) => "no route to destination",
        (true, 1, 2) => "beyond scope of source address",
        (true, 1, 3) => "address unreachable",
        (true, 1, 5) => "source address failed policy",
        (true, 1, 6) => "reject route to destination",
        (true, 1, 7) => "error in source routing header",
        (_, 11, _) | (true, 3, _) => "time exceeded",
        _ => "destination unreachable",
    })
}
