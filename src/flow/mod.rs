//! TCP connections: which segment belongs to which, in what order its octets were sent, how it opened and closed.
//!
//! Nothing here knows SMTP. A [`FlowTable`] follows every connection for a [`FlowListener`], which is told the octets
//! of both directions in order; a connection that is over comes out as a [`ClosedFlow`].

mod community_id;
mod connection;
mod duplicate;
mod half;
mod key;
mod lifecycle;
mod lru;
mod stream_index;
mod table;
#[cfg(test)]
mod tests;

pub use community_id::community_id;
pub use half::{Anomalies, GapKind};
pub use key::Direction;
pub use lifecycle::{Close, CloseHow, Handshake, RefusedByNetwork, Side};
pub use stream_index::StreamIndex;
pub use table::{ClosedFlow, FlowTable};

use crate::time::Moment;
use crate::wire::Segment;

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The connection's number ([`ClosedFlow::number`]).
    pub connection: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// Where in that direction's stream its first octet lies: octets from the first one the capture could have, holes
    /// counted. None where it lies outside the stream, as what a RST carries does.
    pub offset: Option<u64>,
    /// Whether all of it, the SYN or FIN included, had been seen before.
    pub is_repeated: bool,
}

/// What is told of one connection while it is followed.
pub trait FlowListener {
    /// A segment was seen, before anything it carries is delivered.
    fn segment(&mut self, direction: Direction, segment: &Segment<'_>, moment: Moment) {
        let _ = (direction, segment, moment);
    }

    /// The next octets of `direction`, in order and without repeats, with the frame that carried them.
    fn data(&mut self, direction: Direction, octets: &[u8], moment: Moment);

    /// The next `octets` octets of `direction` are missing. `moment` is that of the frame after the hole.
    fn gap(&mut self, direction: Direction, octets: u64, kind: GapKind, moment: Moment);
}
