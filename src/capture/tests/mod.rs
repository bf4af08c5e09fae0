//! Tests over all formats, and the builders of synthetic captures the formats' own tests use too.

#[cfg(feature = "containers")]
mod compressed;
mod corpus;
mod hostile;
mod resume;

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use crate::capture::{CaptureInfo, CaptureReader, LinkType, OpenOptions, Packet, ReadError, open};
use crate::time::FrameNumber;

/// A packet that owns its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) frame: FrameNumber,
    pub(super) nanos: i64,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    pub(super) data: Vec<u8>,
}

impl From<Packet<'_>> for Owned {
    fn from(packet: Packet<'_>) -> Self {
        let Packet { frame, time, link, wire_len, data, .. } = packet;
        Self { frame, nanos: time.as_nanos(), link, wire_len, data: data.to_vec() }
    }
}

/// All that reading a capture gives.
pub(super) struct Outcome {
    pub(super) packets: Vec<Owned>,
    pub(super) info: CaptureInfo,
    pub(super) error: Option<ReadError>,
}

impl Outcome {
    /// The packets of a capture that must be read without error.
    pub(super) fn packets(self) -> Vec<Owned> {
        assert!(self.error.is_none(), "{:?}", self.error);
        self.packets
    }
}

pub(super) fn read_from(input: impl Read + Send + 'static) -> Outcome {
    read_with(input, &OpenOptions::default())
}

pub(super) fn read_with(input: impl Read + Send + 'static, options: &OpenOptions) -> Outcome {
    match open(Box::new(input), options) {
        Ok(mut reader) => read_all(reader.as_mut()),
        Err(e) => Outcome { packets: vec![], info: CaptureInfo::default(), error: Some(e) },
    }
}

pub(super) fn read_all(reader: &mut dyn CaptureReader) -> Outcome {
    let mut packets = Vec::new();
    let error = reader
        .for_each_packet(&mut |packet| {
            packets.push(packet.into());
            ControlFlow::Continue(())
        })
        .err();
    Outcome { packets, info: reader.info().clone(), error }
}

pub(super) fn read(octets: &[u8]) -> Outcome {
    read_from(Cursor::new(octets.to_vec()))
}

/// The byte order something is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, value: u16) -> Vec<u8> {
        if self == Self::Big { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    pub(super) fn u32(self, value: u32) -> Vec<u8> {
        if self == Self::Big { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    pub(super) fn u64(self, value: u64) -> Vec<u8> {
        if self == Self::Big { value.to_be_bytes().to_vec() } else { value.to_le_bytes().to_vec() }
    }

    pub(super) fn u32s(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|&value| self.u32(value)).collect()
    }

    /// A pcap file header with snapshot length 65535.
    pub(super) fn pcap(self, magic: u32, version: (u16, u16), network: u32) -> Vec<u8> {
        let versions = [self.u16(version.0), self.u16(version.1)].concat();
        [self.u32(magic), versions, self.u32s(&[0, 0, 65_535, network])].concat()
    }

    /// A pcap record: the four standard fields, `extra` zeros that variants add, the data.
    pub(super) fn record(self, fields: [u32; 4], extra: usize, data: &[u8]) -> Vec<u8> {
        [self.u32s(&fields), vec![0; extra], data.to_vec()].concat()
    }

    /// A pcapng block around `content`, which is padded.
    pub(super) fn block(self, kind: u32, content: &[u8]) -> Vec<u8> {
        let padded = content.len().next_multiple_of(4);
        let octets = self.u32(u32::try_from(padded + 12).unwrap());
        let padding = vec![0; padded - content.len()];
        [self.u32(kind), octets.clone(), content.to_vec(), padding, octets].concat()
    }

    pub(super) fn section(self) -> Vec<u8> {
        let content = [self.u32(0x1a2b_3c4d), self.u16(1), self.u16(0), self.u64(u64::MAX)].concat();
        self.block(0x0a0d_0d0a, &content)
    }

    pub(super) fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
        [self.u16(code), self.u16(u16::try_from(value.len()).unwrap()), value.to_vec(), padding].concat()
    }

    pub(super) fn interface(self, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
        self.block(1, &[self.u16(link), self.u16(0), self.u32(snaplen), options.to_vec()].concat())
    }

    pub(super) fn enhanced(self, id: u32, ticks: u64, wire_len: u32, data: &[u8], options: &[u8]) -> Vec<u8> {
        let captured = u32::try_from(data.len()).unwrap();
        let [high, low] = [ticks >> 32, ticks & 0xffff_ffff].map(|half| u32::try_from(half).unwrap());
        let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
        let fields = self.u32s(&[id, high, low, captured, wire_len]);
        self.block(6, &[fields, data.to_vec(), padding, options.to_vec()].concat())
    }
}

/// When the synthetic captures begin, in seconds after the epoch.
pub(super) const START: u32 = 1_700_000_000;

/// Two packets as most synthetic captures here hold them: 1.5 s and 2.000001 s after `START`, the second cut.
pub(super) fn two_packets(link: LinkType) -> Vec<Owned> {
    let one = Owned { frame: 1, nanos: 1_700_000_001_500_000_000, link, wire_len: 5, data: b"EHLO ".to_vec() };
    let two = Owned { frame: 2, nanos: 1_700_000_002_000_001_000, link, wire_len: 1000, data: b"a_b.example".to_vec() };
    vec![one, two]
}

#[test]
fn what_is_no_capture_is_refused_with_its_octets() {
    for (octets, sentence) in [
        (&b""[..], "not a capture that ehlotrace can read: this is an empty file"),
        (b"hi\x1f", "not a capture that ehlotrace can read: this is a file of 3 bytes, too short for a capture"),
        (
            b"\x01\x02\x03\x04\x05\x06\x07\x08",
            "not a capture that ehlotrace can read; save it as pcap or pcapng (the file begins with the bytes 01 02 03 04 05 06 07 08)",
        ),
        (b"hi", "not a capture that ehlotrace can read: this is a text file"),
    ] {
        assert_eq!(read(octets).error.unwrap().to_string(), sentence);
    }
}
