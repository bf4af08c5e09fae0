//! TCP connections: which segment belongs to which, in what order its octets were sent, how it opened and closed.
//!
//! Nothing here knows SMTP. A [`FlowTable`] follows every connection for a [`FlowListener`], which is told the octets
//! of both directions in order; a connection that is over comes out as a [`ClosedFlow`].

mod connection;
mod connection_key;
mod duplicate;
mod half;
mod held;
mod key;
mod lifecycle;
mod lru;
mod seen;
mod stream_index;
mod table;
#[cfg(test)]
mod tests;

pub use half::Anomalies;
pub use key::Direction;
pub use lifecycle::{Close, CloseHow, Handshake, RefusedByNetwork, Side};

// No part of the interface: tests, measurements and fuzz targets go in here.
#[doc(hidden)]
pub use {
    half::GapKind,
    stream_index::StreamIndex,
    table::{ClosedFlow, FlowTable},
};

pub(crate) use connection_key::connection_key;
pub(crate) use seen::Seen;

use crate::time::Moment;
use crate::wire::Segment;

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Followed {
    /// The connection's number ([`ClosedFlow::number`]).
    pub connection: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// Where in that direction's stream its first octet lies, holes counted, in octets from [`STREAM_ORIGIN`] below the
    /// first one that the capture shows. None where it lies outside the stream, as what a RST carries does.
    pub offset: Option<u64>,
    /// Whether all of it, the SYN or FIN included, had been seen before.
    pub is_repeated: bool,
}

/// The place in its stream of the first octet that a capture shows of a direction. What was sent before it, and is recorded
/// later, lies below.
#[doc(hidden)]
pub const STREAM_ORIGIN: u64 = 1 << 31;

/// What the segment that brought octets says of when they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Sent {
    /// The frame.
    pub moment: Moment,
    /// How much of the other direction had reached the sender: the place of the first octet that had not. None where the
    /// segment does not say.
    pub received: Option<u64>,
}

/// What is told of one connection while it is followed.
#[doc(hidden)]
pub trait FlowListener {
    /// The stream of `direction` begins at `offset`; with `is_start` that is where the connection began, otherwise only
    /// where the capture's part of it does. Told once, before any octet and hole.
    fn begin(&mut self, direction: Direction, offset: u64, is_start: bool) {
        let _ = (direction, offset, is_start);
    }

    /// A segment was seen, before anything it carries is delivered.
    fn segment(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        let _ = (direction, segment, moment);
    }

    /// The next octets of `direction`, in order and without repeats, and how they were sent.
    fn data(&mut self, direction: Direction, octets: &[u8], sent: Sent);

    /// The next `octets` octets of `direction` are missing. `moment` is that of the frame after the hole.
    fn gap(&mut self, direction: Direction, octets: u64, kind: GapKind, moment: Moment);
}
