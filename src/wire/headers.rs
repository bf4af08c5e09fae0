//! TCP headers as they are, whether or not their segment can be followed: those that are broken, and those that an ICMP
//! error quotes. Whoever counts connections has to see them all.

use std::net::SocketAddr;

use super::Reassembled;
use super::ip::{self, IpDatagram, protocols as p};
use super::tcp::{SeqNumber, TcpFields, TcpFlags, socket};
use super::view::View;
use super::walk;
use crate::capture::Packet;

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
    carried(&walk::packet(packet, |_, _| {}).ok()??.datagram)
}

/// The TCP header in a datagram put together from fragments.
pub fn tcp_header_reassembled(whole: &Reassembled) -> Option<TcpHeader> {
    carried(&walk::reassembled(whole, |_, _| {}).ok()??.datagram)
}

fn carried(datagram: &IpDatagram<'_>) -> Option<TcpHeader> {
    match datagram.protocol {
        _ if datagram.place.is_some() => None,
        p::TCP => header(datagram, false),
        p::ICMP if datagram.src.is_ipv4() => quoted(datagram.payload, is_error_v4),
        p::ICMPV6 if datagram.src.is_ipv6() => quoted(datagram.payload, is_error_v6),
        _ => None,
    }
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
    let is_tcp = datagram.protocol == p::TCP && datagram.place.is_none();
    if is_tcp { header(&datagram, true) } else { None }
}

fn header(datagram: &IpDatagram<'_>, is_quoted: bool) -> Option<TcpHeader> {
    let View { data, wire_len } = datagram.payload;
    let TcpFields { ports: [src, dst], seq, ack, flags, header_octets, window, .. } = TcpFields::read(data)?;
    window.map(|_| TcpHeader {
        src: socket(datagram.src, src),
        dst: socket(datagram.dst, dst),
        seq,
        ack: SeqNumber(ack),
        flags,
        is_quoted,
        is_whole: wire_len >= header_octets,
    })
}
