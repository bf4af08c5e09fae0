//! Packets: from link-layer octets to TCP segments.
//!
//! [`may_matter`] skips at the cost of a few nanoseconds what surely is no TCP on our ports. The rest goes
//! through [`decode()`]: link header (`link.rs`), IP header (`ip.rs`), tunnels (`tunnel.rs`), TCP (`tcp.rs`). Nothing is an
//! error here: what cannot be decoded has a reason ([`Undecoded`]) that is counted and shown.

mod decode;
mod defrag;
pub(crate) mod detail;
pub(crate) mod exported;
mod headers;
mod icmp;
mod ip;
mod link;
mod prefilter;
mod tcp;
mod tunnel;
mod udp;
mod undecoded;
mod view;
pub(crate) mod walk;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

pub use prefilter::Ports;

// No part of the interface: tests, measurements and fuzz targets go in here.
#[doc(hidden)]
pub use {
    decode::{decode, decode_reassembled},
    defrag::{Defragmenter, Fragment, FragmentKey, Reassembled},
    headers::{TcpHeader, tcp_header, tcp_header_reassembled},
    prefilter::{Interest, may_matter},
    tcp::{SeqNumber, TcpFlags},
    undecoded::Undecoded,
};

pub(crate) use defrag::FragmentCounts;

/// A TCP segment (RFC 9293 3.1), its payload borrowed from the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Segment<'a> {
    /// Address and port of the sender.
    pub src: SocketAddr,
    /// Address and port of the receiver.
    pub dst: SocketAddr,
    /// Sequence number of the first payload octet, or of the SYN.
    pub seq: SeqNumber,
    /// The next sequence number the sender expects; none when the ACK flag is clear.
    pub ack: Option<SeqNumber>,
    /// The control bits.
    pub flags: TcpFlags,
    /// The receive window as it is in the header, unscaled; 0 also when the snapshot length cut it off.
    pub window: u16,
    /// The captured payload octets, without Ethernet padding and trailers.
    pub payload: &'a [u8],
    /// Octets the payload had on the wire; exceeds `payload.len()` when the snapshot length cut it.
    pub payload_wire_len: u32,
    /// The identification of the IPv4 packet that carried it.
    pub ip_id: Option<u16>,
    /// The checksum as it is in the header; none when the snapshot length cut it off.
    pub checksum: Option<u16>,
    /// Whether the segment came inside another IP packet: IP in IP, GRE, VXLAN, Geneve.
    pub tunnelled: bool,
}

impl Segment<'_> {
    /// Whether one of the two ports is in `ports`.
    pub fn touches(&self, ports: &Ports) -> bool {
        ports.contains(self.src.port()) || ports.contains(self.dst.port())
    }

    /// Client and server, if the server is on one of `ports`. The client is the sender of the SYN; without one, the end that
    /// is not on a server port.
    pub fn orient(&self, ports: &Ports) -> Option<(SocketAddr, SocketAddr)> {
        let (src, dst) = (self.src, self.dst);
        let to_server = match (self.flags.syn(), self.flags.ack()) {
            (true, false) => true,
            (true, true) => false,
            (false, _) => ports.contains(dst.port()),
        };
        let (client, server) = if to_server { (src, dst) } else { (dst, src) };
        ports.contains(server.port()).then_some((client, server))
    }
}

/// What a packet turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// What TCP segments carried, their numbers not known: it follows what came before it.
    Unnumbered(Segment<'a>),
    /// A UDP datagram from or to the DNS port.
    Udp(Datagram<'a>),
    /// An ICMP error about a TCP segment.
    Unreachable(Unreachable),
    /// A part of a datagram that may hold a TCP segment; it goes to a [`Defragmenter`].
    Fragment(Fragment<'a>),
    /// Understood, but no TCP: other UDP, ARP, IPX.
    NotTcp,
    /// Not understood.
    Undecoded(Undecoded),
}

/// A UDP datagram (RFC 768), its payload borrowed from the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Datagram<'a> {
    /// Address and port of the sender.
    pub src: SocketAddr,
    /// Address and port of the receiver.
    pub dst: SocketAddr,
    /// The captured payload octets.
    pub payload: &'a [u8],
    /// Octets the payload had on the wire; exceeds `payload.len()` when the snapshot length cut it.
    pub payload_wire_len: u32,
}

/// A router's or host's report that a TCP segment did not get through: ICMP types 3 and 11 (RFC 792), ICMPv6 types 1
/// and 3 (RFC 4443). "Fragmentation needed" and "packet too big" ask for smaller packets and are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Unreachable {
    /// Who reports it.
    pub reported_by: IpAddr,
    /// The sender of the segment that did not get through.
    pub src: SocketAddr,
    /// Whom the segment was meant for.
    pub dst: SocketAddr,
    /// The segment's sequence number; none when the report quotes less than 8 octets of TCP.
    pub seq: Option<SeqNumber>,
    /// What is reported, in the words of the RFC: `host unreachable`.
    pub reason: &'static str,
}
