//! Capture files: from octets to packets.
//!
//! [`open`] looks at the first octets, never at a file name, and returns the reader of the format found. A reader
//! *pushes* borrowed packets into a sink, in file order, and owns no more than one buffer.

use std::fmt;
use std::ops::ControlFlow;

use crate::time::{FrameNumber, Timestamp};

/// The link-layer header type of a packet, as a number of the tcpdump.org LINKTYPE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// One record of a capture, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// 1-based number over all packet records of the file, as Wireshark counts.
    pub frame: FrameNumber,
    /// Capture time.
    pub time: Timestamp,
    /// What the first octets of `data` are.
    pub link: LinkType,
    /// Octets the packet had on the wire; more than `data` holds when the snapshot length cut it.
    pub wire_len: u32,
    /// The captured octets, from the link-layer header on.
    pub data: &'a [u8],
}
