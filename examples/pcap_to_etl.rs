//! Writes the packets of a classic pcap as a Windows event trace of netsh, for measurements: one event a packet, buffers of 64
//! KiB, four processors in turn.
//!
//! ```sh
//! cargo run --release --example pcap_to_etl <mixed.pcap >mixed.etl
//! ```

#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing)]
use std::io::{self, Read, Write};

#[allow(dead_code)]
#[path = "../tests/support/etl.rs"]
mod etl;

/// Octets of a pcap's header, and of each record's.
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const PROCESSORS: usize = 4;
/// Packets in a row on one processor.
const RUN: usize = 16;

fn main() -> io::Result<()> {
    let mut pcap = Vec::new();
    io::stdin().lock().read_to_end(&mut pcap)?;
    let field = |at: usize| u32::from_le_bytes([pcap[at], pcap[at + 1], pcap[at + 2], pcap[at + 3]]);
    if pcap.len() < FILE_HEADER + RECORD_HEADER || field(0) != 0xa1b2_c3d4 {
        return Err(io::Error::other("not a little-endian pcap with microseconds"));
    }
    let time_ns = |at: usize| i64::from(field(at)) * 1_000_000_000 + i64::from(field(at + 4)) * 1_000;
    let mut trace = etl::Trace::new(time_ns(FILE_HEADER), PROCESSORS);
    trace.buffer_octets = 64 * 1024;
    let (mut at, mut packets) = (FILE_HEADER, 0);
    while at + RECORD_HEADER <= pcap.len() {
        let end = at + RECORD_HEADER + field(at + 8) as usize;
        let Some(frame) = pcap.get(at + RECORD_HEADER..end) else { break };
        trace.ndis(packets / RUN % PROCESSORS, time_ns(at), packets % 2 == 0, 8, frame);
        (at, packets) = (end, packets + 1);
    }
    io::stdout().lock().write_all(&trace.finish(false))
}
