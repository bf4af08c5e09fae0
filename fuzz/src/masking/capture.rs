//! From who says what to a capture: segments, and what capture points do to them.

use super::super::script::Script;
use super::super::support::{AckPolicy, CaptureBuilder, FileOptions, Frame, SessionScript, Side, flag, write_pcap};
use super::dialogue::{Rows, Write};

const CLIENT_V4: &str = "145.183.220.117:1145";
const CLIENT_V6: &str = "[2a02:c207:55::1]:1145";

/// A capture of one session. The first octet says what it looks like: bit 0 IPv6, bit 1 without its handshake, bit 2 more
/// acknowledgements, bit 3 frames missing, cut, late or repeated, the others whether one side is missing. The second is how many scenes it
/// has; then come the choices of their rows, how each write is cut, and what becomes of each frame.
pub fn capture(script: &mut Script<'_>) -> Vec<u8> {
    let (options, scenes) = (script.octet(), script.octet() % 8);
    let is_spoiled = options & 8 != 0;
    let mut rows = Rows::new(script);
    let mut writes = rows.writes("greeting");
    for _ in 0..scenes {
        writes.extend(rows.writes("scene"));
    }
    writes.extend(rows.writes("end"));
    let mut capture = CaptureBuilder::new();
    let (client, server) =
        if options & 1 == 0 { (CLIENT_V4, "145.183.221.25:25") } else { (CLIENT_V6, "[2a02:c207:56::25]:25") };
    let mut session = capture.session(client, server).client_isn(100).server_isn(500);
    match options >> 4 {
        1 => session = session.only_from(Side::Client),
        2 => session = session.only_from(Side::Server),
        _ => {}
    }
    if options & 4 != 0 {
        session = session.ack_policy(AckPolicy::Every);
    }
    if options & 2 == 0 {
        session.handshake();
    } else {
        session = session.established();
    }
    let mut sent = [1, 1];
    for write in &writes {
        send(&mut session, write, &mut sent, &mut rows, is_spoiled);
    }
    end(&mut session, rows.script);
    let mut frames = capture.frames();
    if is_spoiled {
        frames = spoiled(frames, rows.script);
    }
    write_pcap(&frames, &FileOptions::default())
}

/// One write in segments, of which one may be sent again: as it was, in other pieces, or as something else.
fn send(session: &mut SessionScript, write: &Write, sent: &mut [u32; 2], rows: &mut Rows<'_, '_>, is_spoiled: bool) {
    let Write { side, octets } = write;
    let how = rows.script.octet();
    let size = match how % 8 {
        0..=3 => octets.len(),
        4 => 1 + usize::from(rows.script.octet()) % octets.len(),
        5 => 7,
        6 => 16,
        _ => 48,
    };
    for piece in octets.chunks(size) {
        let id = session.compose(*side, flag::PSH, piece);
        session.emit(id);
    }
    let is_server = *side == Side::Server;
    let end = &mut sent[usize::from(is_server)];
    let start = *end;
    *end += octets.len() as u32;
    let mut again = match how / 8 {
        29 => octets[octets.len() / 3..].to_vec(),
        30 => octets.clone(),
        // Of frames lost as well something would be read that nobody said.
        31 if !is_spoiled => {
            [rows.named(if is_server { "answered again" } else { "again" }).as_bytes(), b"\r\n"].concat()
        }
        _ => return,
    };
    again.truncate(octets.len());
    let place = start + if how / 8 == 29 { octets.len() as u32 / 3 } else { 0 };
    let id = session.compose_at(*side, place, flag::PSH, &again);
    session.emit(id);
}

fn end(session: &mut SessionScript, script: &mut Script<'_>) {
    match script.octet() % 6 {
        0 => session.client_fin().server_fin(),
        1 => session.server_fin().client_fin(),
        2 => session.client_rst(),
        3 => session.server_rst(),
        4 => session.wait_s(400),
        _ => session,
    };
}

/// What capture points do: each frame by an octet, and how far or how much by another.
fn spoiled(frames: Vec<Frame>, script: &mut Script<'_>) -> Vec<Frame> {
    let mut spoiled: Vec<Frame> = Vec::new();
    // A frame, and after how many others it comes.
    let mut late: Vec<(usize, Frame)> = Vec::new();
    for mut frame in frames {
        match script.octet() % 24 {
            16 | 17 => {}
            18 | 19 => {
                let header = header_octets(&frame);
                let payload = frame.octets.len() - header;
                frame.cut(header + usize::from(script.octet()) % (payload + 1));
                spoiled.push(frame);
            }
            20 => {
                late.push((usize::from(script.octet() % 16), frame.clone()));
                spoiled.push(frame);
            }
            21 | 22 => late.push((usize::from(script.octet() % 16), frame)),
            23 if script.octet().is_multiple_of(4) => spoiled.clear(),
            _ => spoiled.push(frame),
        }
        late.iter_mut().for_each(|(wait, _)| *wait = wait.saturating_sub(1));
        spoiled.extend(late.extract_if(.., |(wait, _)| *wait == 0).map(|(_, frame)| frame));
    }
    spoiled.extend(late.into_iter().map(|(_, frame)| frame));
    spoiled
}

/// Octets before the payload of a segment in an Ethernet frame, which are needed to rewrite it.
fn header_octets(frame: &Frame) -> usize {
    const ETHERNET: usize = 14;
    let ip = if frame.octets[ETHERNET] >> 4 == 4 { 20 } else { 40 };
    ETHERNET + ip + usize::from(frame.octets[ETHERNET + ip + 12] >> 4) * 4
}
