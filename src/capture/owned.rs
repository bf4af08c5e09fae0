//! A packet that outlives the reader's buffer.

use super::{LinkType, Packet};
use crate::time::{EventNumber, FrameNumber, Timestamp};

/// A packet and its octets.
#[derive(Debug)]
pub(crate) struct OwnedPacket {
    pub(crate) frame: FrameNumber,
    event: Option<EventNumber>,
    pub(crate) time: Timestamp,
    link: LinkType,
    interface: u32,
    wire_len: u32,
    pub(crate) data: Box<[u8]>,
}

impl OwnedPacket {
    pub(crate) fn packet(&self) -> Packet<'_> {
        let Self { frame, event, time, link, interface, wire_len, .. } = *self;
        Packet { frame, event, time, link, interface, wire_len, data: &self.data }
    }
}

impl From<Packet<'_>> for OwnedPacket {
    fn from(Packet { frame, event, time, link, interface, wire_len, data }: Packet<'_>) -> Self {
        Self { frame, event, time, link, interface, wire_len, data: data.into() }
    }
}
