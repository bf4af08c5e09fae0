//! Looking at the first packet of a capture that can be read only once.

use std::mem;
use std::ops::ControlFlow;

use super::{CaptureInfo, CaptureReader, OwnedPacket, Packet, ReadError, Sink};
use crate::time::Timestamp;

/// A capture whose first packet was looked at, and is delivered all the same.
pub(crate) struct Peeked {
    reader: Box<dyn CaptureReader>,
    first: Option<OwnedPacket>,
    /// How the reading up to the first packet ended: an error where there is none.
    begun: Result<(), ReadError>,
}

impl Peeked {
    /// Reads the first packet of a capture that nothing was read of.
    pub(crate) fn new(mut reader: Box<dyn CaptureReader>) -> Self {
        let mut first: Option<OwnedPacket> = None;
        let begun = reader.for_each_packet(&mut |packet| {
            first = Some(packet.into());
            ControlFlow::Break(())
        });
        Self { reader, first, begun }
    }

    /// When the first packet was captured; `None` if there is none, or once it was delivered.
    pub(crate) fn first_time(&self) -> Option<Timestamp> {
        self.first().map(|first| first.time)
    }

    /// The first packet; `None` if there is none, or once it was delivered.
    pub(crate) fn first(&self) -> Option<Packet<'_>> {
        self.first.as_ref().map(OwnedPacket::packet)
    }
}

impl CaptureReader for Peeked {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        if let Some(first) = self.first.take()
            && sink(first.packet()).is_break()
        {
            return Ok(());
        }
        mem::replace(&mut self.begun, Ok(()))?;
        self.reader.for_each_packet(sink)
    }

    fn info(&self) -> &CaptureInfo {
        self.reader.info()
    }
}
