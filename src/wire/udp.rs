//! UDP datagrams (RFC 768) that are DNS by their port.

use super::Datagram;
use super::ip::IpDatagram;
use super::tcp::socket;
use super::tunnel;

/// The port name servers listen on (RFC 1035 4.2).
const DNS_PORT: u16 = 53;

/// Whether a datagram between these ports is DNS. What is sent to a tunnel's port is a tunnel.
#[inline]
pub(super) fn is_dns(src: u16, dst: u16) -> bool {
    dst == DNS_PORT || (src == DNS_PORT && !tunnel::is_port(dst))
}

/// The UDP datagram in an IP datagram, if it is DNS.
#[inline]
pub(super) fn dns<'a>(datagram: &IpDatagram<'a>) -> Option<Datagram<'a>> {
    let ([s0, s1, d0, d1, l0, l1, _, _], body) = datagram.payload.split::<8>()?;
    if !is_dns(u16::from_be_bytes([*s0, *s1]), u16::from_be_bytes([*d0, *d1])) {
        return None;
    }
    let length = u32::from(u16::from_be_bytes([*l0, *l1]));
    let body = length.checked_sub(8).map_or(body, |length| body.clip(length.min(body.wire_len)));
    Some(Datagram {
        src: socket(datagram.src, [*s0, *s1]),
        dst: socket(datagram.dst, [*d0, *d1]),
        payload: body.data,
        payload_wire_len: body.wire_len,
    })
}
