//! TCP headers as they are, whether or not their segment can be followed: those that are broken, and those that an ICMP
//! error quotes. Whoever counts connections has to see them all.

use std::net::SocketAddr;

use super::ip::{self, Datagram, protocols as p};
use super::link::{self, Found, IpPacket, Layer};
use super::tcp::{SeqNumber, TcpFlags, socket};
use super::{Reassembled, tunnel};
use crate::capture::Packet;

use super::decode::{MAX_NESTED, datagram};
use super::view::View;

/// The first 16 octets of a TCP header (RFC 9293 3.1), as far as they tell one connection from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpHeader {
    /// Address and port of the sender.
    pub src: SocketAddr,
    /// Address and port of the receiver.
    pub dst: SocketAddr,
    /// The sequence number.
    pub seq: SeqNumber,
    /// The acknowledgment number; it means nothing when the ACK flag is clear.
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: TcpFlags,
    /// Whether an ICMP error quotes it.
    pub is_quoted: bool,
    /// Whether its segment has room for a header of the length it says.
    pub is_whole: bool,
}

/// The TCP header in a packet that is no fragment, however deep inside tunnels; of an ICMP error the one it quotes.
pub fn tcp_header(packet: &Packet<'_>) -> Option<TcpHeader> {
    inside(link::outermost(packet.link, View::new(packet.data, packet.wire_len)), 0)
}

/// The same for a datagram put together from fragments.
pub fn tcp_header_reassembled(whole: &Reassembled) -> Option<TcpHeader> {
    let view = View::new(&whole.payload, whole.payload_wire_len);
    match transport(&datagram(&whole.key, view).ok()?) {
        Step::Header(header) => header,
        Step::Inside(layer) => inside(link::walk(layer), 1),
    }
}

enum Step<'a> {
    Header(Option<TcpHeader>),
    Inside(Layer<'a>),
}

fn inside(found: Found<'_>, depth: usize) -> Option<TcpHeader> {
    let IpPacket { mut view, .. } = found.ok()??;
    for _ in depth..MAX_NESTED {
        let datagram = ip::parse(view).ok()?;
        if datagram.part.is_some() {
            return None;
        }
        match transport(&datagram) {
            Step::Header(header) => return header,
            Step::Inside(layer) => view = link::walk(layer).ok()??.view,
        }
    }
    None
}

fn transport<'a>(datagram: &Datagram<'a>) -> Step<'a> {
    let view = datagram.payload;
    let inside = match datagram.protocol {
        p::TCP => return Step::Header(header(datagram, false)),
        p::ICMP if datagram.src.is_ipv4() => return Step::Header(quoted(view, is_error_v4)),
        p::ICMPV6 if datagram.src.is_ipv6() => return Step::Header(quoted(view, is_error_v6)),
        p::UDP => tunnel::udp(view),
        p::IPV4 | p::IPV6 => Ok(Layer::Ip(view)),
        p::GRE => tunnel::gre(view),
        _ => return Step::Header(None),
    };
    inside.map_or(Step::Header(None), Step::Inside)
}

/// Destination unreachable, source quench, time exceeded, parameter problem (RFC 792). Of what a redirect quotes Wireshark
/// reads 8 octets only.
const fn is_error_v4(kind: u8) -> bool {
    matches!(kind, 3 | 4 | 11 | 12)
}

/// Destination unreachable, packet too big, time exceeded, parameter problem (RFC 4443 3).
const fn is_error_v6(kind: u8) -> bool {
    matches!(kind, 1..=4)
}

fn quoted(view: View<'_>, is_error: fn(u8) -> bool) -> Option<TcpHeader> {
    let ([kind, ..], quoted) = view.split::<8>()?;
    let datagram = if is_error(*kind) { ip::parse(quoted).ok()? } else { return None };
    let is_tcp = datagram.protocol == p::TCP && datagram.part.is_none();
    if is_tcp { header(&datagram, true) } else { None }
}

fn header(datagram: &Datagram<'_>, is_quoted: bool) -> Option<TcpHeader> {
    let View { data, wire_len } = datagram.payload;
    let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, _, _] = data.first_chunk()?;
    Some(TcpHeader {
        src: socket(datagram.src, [s0, s1]),
        dst: socket(datagram.dst, [d0, d1]),
        seq: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: SeqNumber(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: TcpFlags(flags),
        is_quoted,
        is_whole: wire_len >= u32::from(offset >> 4) * 4,
    })
}
