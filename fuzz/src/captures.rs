//! Capture files: whatever they hold, every record before the damage is read, once, in whatever pieces the octets come and
//! wherever the reading is broken off.
//!
//! A format more is one target function with the magics of the format.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use ehlotrace::capture::{self, LinkType, OpenOptions};
use ehlotrace::time::Timestamp;

use super::support::etl::Trace;

pub fn capture_pcap(octets: &[u8]) {
    const MAGICS: &[&[u8]] = &[
        &[0xa1, 0xb2, 0xc3, 0xd4],
        &[0xd4, 0xc3, 0xb2, 0xa1],
        &[0xa1, 0xb2, 0x3c, 0x4d],
        &[0x4d, 0x3c, 0xb2, 0xa1],
        &[0xa1, 0xb2, 0xcd, 0x34],
        &[0x34, 0xcd, 0xb2, 0xa1],
        &[0x1c, 0x00, 0x01, 0xac],
        &[0xac, 0x01, 0x00, 0x1c],
        &[0x1c, 0x00, 0x01, 0xab],
        &[0xab, 0x01, 0x00, 0x1c],
    ];
    check(&with_magic(octets, 0, MAGICS));
}

pub fn capture_pcapng(octets: &[u8]) {
    const SECTION_HEADER: &[&[u8]] = &[&[0x0a, 0x0d, 0x0d, 0x0a]];
    const BYTE_ORDERS: &[&[u8]] = &[&[0x1a, 0x2b, 0x3c, 0x4d], &[0x4d, 0x3c, 0x2b, 0x1a]];
    check(&with_magic(&with_magic(octets, 0, SECTION_HEADER), 8, BYTE_ORDERS));
}

pub fn capture_netmon(octets: &[u8]) {
    check(&with_magic(octets, 0, &[b"GMBU\x00\x02", b"GMBU\x01\x02", b"GMBU\x03\x02", b"RTSS\x01\x01"]));
}

pub fn capture_snoop(octets: &[u8]) {
    check(&with_magic(octets, 0, &[b"snoop\0\0\0"]));
}

pub fn capture_iptrace(octets: &[u8]) {
    check(&with_magic(octets, 0, &[b"iptrace 2.0", b"iptrace 1.0"]));
}

/// The first octet says what the rest are: a whole file, buffers behind a sound first one, or the events of one buffer, as
/// they are or compressed.
pub fn capture_etl(octets: &[u8]) {
    const BUFFER_HEADER: usize = 72;
    let Some((&first, rest)) = octets.split_first() else { return };
    let mut trace = Trace::new(1_700_000_000_000_000_000, 1);
    trace.compression = [None, Some(3), Some(2)][usize::from(first >> 2) % 3];
    trace.clock = u32::from(first >> 4) % 4;
    let mut file = trace.clone().finish(false);
    match first & 3 {
        0 => file = with_magic(&with_magic(rest, 0x36, &[&[4, 0]]), 74, &[&[2, 0xc0], &[1, 0xc0]]),
        1 => file.extend(rest),
        kind => {
            trace.raw(0, if kind == 2 { rest.to_vec() } else { vec![0] });
            let buffer = trace.finish(false).split_off(file.len());
            let mut header = buffer[..BUFFER_HEADER].to_vec();
            let content = if kind == 2 { &buffer[BUFFER_HEADER..] } else { rest };
            // Of a compressed one: more than the events of any buffer.
            header[..4]
                .copy_from_slice(&u32::try_from(BUFFER_HEADER + content.len()).unwrap_or_default().to_le_bytes());
            header[4..8].copy_from_slice(&[0xff, 0xff, if kind == 2 { 0 } else { 1 }, 0]);
            file.extend([&header, content].concat());
        }
    }
    check(&file);
}

/// `octets` with one of `magics` at `at`, unless one is there already; which one the octet in its place says.
fn with_magic(octets: &[u8], at: usize, magics: &[&[u8]]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    let longest = magics.iter().map(|magic| magic.len()).max().unwrap_or(0);
    octets.resize(octets.len().max(at + longest), 0);
    let place = &mut octets[at..];
    if !magics.iter().any(|magic| place.starts_with(magic)) {
        let magic = magics[usize::from(place[0]) % magics.len()];
        place[..magic.len()].copy_from_slice(magic);
    }
    octets
}

fn check(octets: &[u8]) {
    let whole = read(Box::new(Cursor::new(octets.to_vec())));
    let pieces = read(Box::new(Pieces { octets: octets.to_vec(), at: 0, step: 0 }));
    assert!(whole == pieces, "the same bytes in pieces read otherwise: {whole:?} {pieces:?}");
    for run in [1, 3] {
        let runs = read_in_runs(Box::new(Cursor::new(octets.to_vec())), run);
        assert!(whole == runs, "broken off every {run} packets it reads otherwise: {whole:?} {runs:?}");
    }
    if let Some((_, Some(offset))) = whole.error {
        assert!(offset <= octets.len() as u64, "damage at byte {offset} of {}", octets.len());
    }
}

/// All that comes of a capture.
#[derive(Debug, Default, PartialEq)]
pub struct Reading {
    pub packets: Vec<Row>,
    /// The words of the error and the octet it is at.
    pub error: Option<(String, Option<u64>)>,
    pub notes: Vec<String>,
    pub is_truncated: bool,
}

/// Frame, time, link type, octets on the wire, octets.
pub type Row = (u64, Timestamp, LinkType, u32, Vec<u8>);

/// Reads a capture and checks what every reader promises.
pub fn read(input: Box<dyn Read + Send>) -> Reading {
    read_in_runs(input, usize::MAX)
}

/// The same, broken off after every `run` packets.
fn read_in_runs(input: Box<dyn Read + Send>, run: usize) -> Reading {
    let options = OpenOptions::default();
    let mut found = Reading::default();
    let mut reader = match capture::open(input, &options) {
        Ok(reader) => reader,
        Err(error) => {
            found.error = Some((error.to_string(), error.offset()));
            return found;
        }
    };
    let mut last_frame = 0;
    let packets = &mut found.packets;
    let result = loop {
        let mut left = run;
        let result = reader.for_each_packet(&mut |packet| {
            assert!(packet.frame > last_frame, "frame {} after {last_frame}", packet.frame);
            assert!(packet.data.len() <= options.limits.block_octets);
            last_frame = packet.frame;
            packets.push((packet.frame, packet.time, packet.link, packet.wire_len, packet.data.to_vec()));
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if left > 0 {
            break result;
        }
        assert!(result.is_ok(), "{result:?} where the sink broke off");
    };
    found.error = result.err().map(|error| (error.to_string(), error.offset()));
    let more = reader.for_each_packet(&mut |packet| panic!("after the end: {packet:?}"));
    assert!(more.is_ok(), "{more:?} after the end");
    let info = reader.info();
    assert!(info.frames >= last_frame, "{} frames, the last is {last_frame}", info.frames);
    assert!(info.first_time <= info.last_time);
    (found.notes, found.is_truncated) = (info.notes.clone(), info.truncated);
    found
}

/// Gives its octets in pieces of different sizes, interrupted now and then.
struct Pieces {
    octets: Vec<u8>,
    at: usize,
    step: usize,
}

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.step += 1;
        if self.step.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = [1, 3, 16, 2, 40, 1000][self.step % 6];
        let n = (&self.octets[self.at..]).take(most).read(buf)?;
        self.at += n;
        Ok(n)
    }
}
