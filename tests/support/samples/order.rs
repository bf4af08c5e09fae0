//! Captures whose packets were recorded in another order than they were sent in.

use super::super::{CaptureBuilder, Frame, SessionScript, write_pcap};
use super::modern;

/// Octets of an Ethernet and an IPv4 header: the source port comes next.
const PORTS_AT: usize = 14 + 20;

fn is_from_server(frame: &Frame) -> bool {
    frame.octets.get(PORTS_AT..PORTS_AT + 2) == Some(&25_u16.to_be_bytes())
}

/// What KB 240832 tells, with a server of today.
fn refused(s: &mut SessionScript) {
    s.handshake().wait_ms(20).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.
         S: 501 5.5.2 <sub2.>: Helo command rejected: Invalid name
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    s.server_fin().client_fin();
}

fn recorded(capture: &CaptureBuilder, mut frames: Vec<Frame>) -> Vec<u8> {
    frames.sort_by_key(|frame| frame.time_ns);
    write_pcap(&frames, capture.options())
}

/// Two taps, one a direction, merged by time: the clock of the server's is 40 ms behind, so that what it says is recorded
/// before what it answers.
pub(super) fn two_taps() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T12:15:00Z", "192.0.2.10:41330", "203.0.113.25:25");
    refused(&mut s);
    let mut frames = capture.frames();
    for frame in frames.iter_mut().filter(|frame| is_from_server(frame)) {
        frame.time_ns -= 40_000_000;
    }
    recorded(&capture, frames)
}

/// Two queues: the SYN leaves the card's after the SYN-ACK and the greeting have left theirs.
pub(super) fn late_syn() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T12:20:00Z", "192.0.2.10:41340", "203.0.113.25:25");
    refused(&mut s);
    let mut frames = capture.frames();
    let greeting = frames.iter().filter(|frame| is_from_server(frame)).nth(1).map(|frame| frame.time_ns);
    if let (Some(syn), Some(greeting_ns)) = (frames.first_mut(), greeting) {
        syn.time_ns = greeting_ns + 30_000;
    }
    recorded(&capture, frames)
}
