//! Hand-made frames, and what the decoder makes of them.

mod build;
mod captures;
mod exported;
mod fragments;
mod hostile;
mod icmp;
mod lengths;
mod links;
mod tunnels;

use super::{Decoded, Segment, Undecoded, decode};
use crate::capture::{LinkType, Packet};
use crate::time::Timestamp;

/// A packet that was captured whole.
fn packet(link: u16, data: &[u8]) -> Packet<'_> {
    cut_packet(link, data, data.len())
}

/// A packet of which `wire_len` octets were on the wire.
fn cut_packet(link: u16, data: &[u8], wire_len: usize) -> Packet<'_> {
    let wire_len = u32::try_from(wire_len).unwrap();
    Packet { frame: 1, event: None, time: Timestamp::from_nanos(0), link: LinkType(link), interface: 0, wire_len, data }
}

/// The segment in a packet.
#[track_caller]
fn segment<'a>(packet: &Packet<'a>) -> Segment<'a> {
    match decode(packet) {
        Decoded::Tcp(segment) => segment,
        other => panic!("no segment: {other:?}"),
    }
}

/// Why a packet is not decoded.
#[track_caller]
fn reason(packet: &Packet<'_>) -> Undecoded {
    match decode(packet) {
        Decoded::Undecoded(reason) => reason,
        other => panic!("decoded: {other:?}"),
    }
}
