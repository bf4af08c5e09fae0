//! The session of KB 240832 that is refused, as today's Windows records it.

use super::super::etl::{PktmonFrame, Trace};
use super::super::{CaptureBuilder, Frame};
use super::kb240832;

/// The port of the mail server, to which packets are sent.
const SERVER: [u8; 2] = [0, 25];

/// Whether the host that records sends the frame: it is the client's.
fn is_sent(frame: &Frame) -> bool {
    // Ethernet, an IPv4 header without options, the source port, the destination port.
    frame.octets[36..38] == SERVER
}

/// `netsh trace start capture=yes capturetype=both`: two layers of the adapter, and a processor for each direction.
pub(super) fn netsh() -> Vec<u8> {
    let frames = frames("1999-08-28T13:33:00Z", kb240832::refused);
    let mut trace = Trace::new(frames[0].time_ns - 2_000_000, 4);
    trace.buffer_octets = 2048;
    for frame in &frames {
        let sent = is_sent(frame);
        let (processor, layers) = if sent { (0, [21, 8]) } else { (3, [8, 21]) };
        for (after, layer) in (0_i64..).zip(layers) {
            trace.ndis(processor, frame.time_ns + after * 4_000, sent, layer, &frame.octets);
        }
    }
    trace.finish(true)
}

/// `pktmon start --capture --pkt-size 0`, stopped, so that the file is compressed: three components, of a build that numbers
/// every appearance anew, and a packet that the firewall drops.
pub(super) fn pktmon() -> Vec<u8> {
    let frames = frames("1999-08-28T13:34:00Z", kb240832::unanswered);
    let mut trace = Trace::new(frames[0].time_ns - 2_000_000, 2);
    (trace.compression, trace.buffer_octets) = (Some(3), 65_536);
    let mut group = 0;
    for frame in &frames {
        let sent = is_sent(frame);
        let (processor, places) =
            if sent { (0, [(79, 1), (32, 2), (11, 1)]) } else { (1, [(11, 1), (32, 2), (79, 1)]) };
        for (after, (component, edge)) in (0_i64..).zip(places) {
            group += 1;
            // A filter above a Wi-Fi adapter says so of Ethernet frames.
            let kind = if edge == 2 { 2 } else { 1 };
            let frame_there = PktmonFrame {
                group,
                appearance: 0,
                sent,
                kind,
                component,
                edge,
                drop_reason: 0,
                most_octets: usize::MAX,
                octets: &frame.octets,
            };
            trace.pktmon(processor, frame.time_ns + after * 9_000, &frame_there);
        }
    }
    let dropped = PktmonFrame {
        group: group + 1,
        appearance: 0,
        sent: false,
        kind: 3,
        component: 98,
        edge: 0,
        drop_reason: 204,
        most_octets: usize::MAX,
        octets: &frames[1].octets[14..],
    };
    trace.pktmon(1, frames[1].time_ns + 40_000, &dropped);
    trace.finish(true)
}

fn frames(start: &str, script: fn(&mut CaptureBuilder)) -> Vec<Frame> {
    let mut capture = CaptureBuilder::new().start_at(start);
    script(&mut capture);
    capture.frames()
}
