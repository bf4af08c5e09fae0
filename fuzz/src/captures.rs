//! Capture files: whatever they hold, every record before the damage is read, once, in whatever pieces the octets come.
//!
//! A format more is one target function with the magics of the format.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use ehlotrace::capture::{self, LinkType};
use ehlotrace::limits::Limits;
use ehlotrace::time::Timestamp;

pub fn capture_pcap(octets: &[u8]) {
    const MAGICS: &[[u8; 4]] = &[
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xcd, 0x34],
        [0x34, 0xcd, 0xb2, 0xa1],
        [0x1c, 0x00, 0x01, 0xac],
        [0xac, 0x01, 0x00, 0x1c],
        [0x1c, 0x00, 0x01, 0xab],
        [0xab, 0x01, 0x00, 0x1c],
    ];
    check(&with_magic(octets, 0, MAGICS));
}

pub fn capture_pcapng(octets: &[u8]) {
    const SECTION_HEADER: &[[u8; 4]] = &[[0x0a, 0x0d, 0x0d, 0x0a]];
    const BYTE_ORDERS: &[[u8; 4]] = &[[0x1a, 0x2b, 0x3c, 0x4d], [0x4d, 0x3c, 0x2b, 0x1a]];
    check(&with_magic(&with_magic(octets, 0, SECTION_HEADER), 8, BYTE_ORDERS));
}

/// `octets` with one of `magics` at `at`, unless one is there already; which one the octet in its place says.
fn with_magic(octets: &[u8], at: usize, magics: &[[u8; 4]]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets.resize(octets.len().max(at + 4), 0);
    let place = &mut octets[at..at + 4];
    if !magics.iter().any(|magic| magic == place) {
        let magic = magics[usize::from(place[0]) % magics.len()];
        place.copy_from_slice(&magic);
    }
    octets
}

fn check(octets: &[u8]) {
    let whole = read(Box::new(Cursor::new(octets.to_vec())));
    let pieces = read(Box::new(Pieces { octets: octets.to_vec(), at: 0, step: 0 }));
    assert!(whole == pieces, "the same octets in pieces read otherwise: {whole:?} {pieces:?}");
    if let Some((_, Some(offset))) = whole.error {
        assert!(offset <= octets.len() as u64, "damage at octet {offset} of {}", octets.len());
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
    let limits = Limits::default();
    let mut found = Reading::default();
    let mut reader = match capture::open(input, &limits) {
        Ok(reader) => reader,
        Err(error) => {
            found.error = Some((error.to_string(), error.offset()));
            return found;
        }
    };
    let mut last_frame = 0;
    let packets = &mut found.packets;
    let result = reader.for_each_packet(&mut |packet| {
        assert!(packet.frame > last_frame, "frame {} after {last_frame}", packet.frame);
        assert!(packet.data.len() <= limits.block_octets);
        last_frame = packet.frame;
        packets.push((packet.frame, packet.time, packet.link, packet.wire_len, packet.data.to_vec()));
        ControlFlow::Continue(())
    });
    found.error = result.err().map(|error| (error.to_string(), error.offset()));
    let mut more = 0;
    let _ = reader.for_each_packet(&mut |_| {
        more += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(more, 0, "packets after the end");
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
