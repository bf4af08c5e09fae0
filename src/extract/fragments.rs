//! The frames of fragmented datagrams: only the last one tells whose they are, so the ones before it are held.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::capture::{CaptureInfo, CaptureReader, OwnedPacket, Packet, ReadError, Sink};
use crate::limits::Limits;
use crate::time::FrameNumber;
use crate::wire::{self, Decoded, FragmentKey, Ports};

/// Fragments that may still become a datagram, bounded. Shared by the reader that holds them and whoever takes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments(Arc<Mutex<Store>>);

#[derive(Debug, Default)]
struct Store {
    held: VecDeque<(FragmentKey, OwnedPacket)>,
    octets: usize,
}

impl Fragments {
    fn hold(&self, key: FragmentKey, packet: &Packet<'_>, limits: &Limits) {
        let mut store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        store.octets = store.octets.saturating_add(packet.data.len());
        store.held.push_back((key, OwnedPacket::from(*packet)));
        while store.octets > limits.fragment_octets
            || store.held.front().is_some_and(|(_, first)| packet.time.nanos_since(first.time) > limits.fragment_ns)
        {
            let Some((_, first)) = store.held.pop_front() else { break };
            store.octets = store.octets.saturating_sub(first.data.len());
        }
    }

    /// The fragments before `frame` that belong to the datagram `key`, in order.
    pub(super) fn take(&self, key: &FragmentKey, frame: FrameNumber) -> Vec<OwnedPacket> {
        let mut store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut store.held).into_iter().partition(|(held, _)| held == key);
        store.held = kept.into();
        store.octets = store.held.iter().map(|(_, held)| held.data.len()).sum();
        taken.into_iter().map(|(_, held)| held).filter(|held| held.frame < frame).collect()
    }
}

/// Reads a capture and holds its fragments.
pub(super) struct HoldingReader<'r> {
    pub(super) reader: Box<dyn CaptureReader>,
    pub(super) fragments: Fragments,
    pub(super) ports: &'r Ports,
    pub(super) limits: &'r Limits,
}

impl CaptureReader for HoldingReader<'_> {
    fn for_each_packet(&mut self, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        let (fragments, ports, limits) = (&self.fragments, self.ports, self.limits);
        self.reader.for_each_packet(&mut |packet| -> ControlFlow<()> {
            if wire::may_matter(&packet, wire::Interest::new(ports))
                && let Decoded::Fragment(fragment) = wire::decode(&packet)
            {
                fragments.hold(fragment.key, &packet, limits);
            }
            sink(packet)
        })
    }

    fn info(&self) -> &CaptureInfo {
        self.reader.info()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::capture::{self, OpenOptions};

    /// Eight octets of a TCP datagram in a packet without a link layer, in a record.
    fn fragment(at: u8, is_last: bool) -> Vec<u8> {
        let flags = if is_last { 0 } else { 0x20 };
        let header = [0x45, 0, 0, 28, 0, 7, flags, at, 64, 6, 0, 0, 192, 0, 2, 10, 192, 0, 2, 25];
        let fields = [1_700_000_000_u32, 0, 28, 28].map(u32::to_le_bytes).concat();
        [fields, header.to_vec(), [4, 1, 0, 25, 0, 0, 0, 0].to_vec()].concat()
    }

    #[test]
    fn a_sink_that_breaks_off_gets_every_frame_once_and_each_is_held_once() {
        let header = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101].map(u32::to_le_bytes).concat();
        let octets = [header, fragment(0, false), fragment(1, false), fragment(2, true)].concat();
        let reader = capture::open(Box::new(Cursor::new(octets)), &OpenOptions::default()).unwrap();
        let (fragments, ports, limits) = (Fragments::default(), Ports::new([25]), Limits::default());
        let mut reader = HoldingReader { reader, fragments: fragments.clone(), ports: &ports, limits: &limits };
        let mut found = Vec::new();
        for _ in 0..5 {
            let sink = &mut |packet: Packet<'_>| {
                let Decoded::Fragment(fragment) = wire::decode(&packet) else { panic!("no fragment: {packet:?}") };
                found.push((packet.frame, fragment.key));
                ControlFlow::Break(())
            };
            reader.for_each_packet(sink).unwrap();
        }
        let frames: Vec<FrameNumber> = found.iter().map(|(frame, _)| *frame).collect();
        assert_eq!((frames, reader.info().frames), (vec![1, 2, 3], 3));
        let held: Vec<FrameNumber> = fragments.take(&found[2].1, 3).iter().map(|held| held.frame).collect();
        assert_eq!(held, [1, 2]);
    }
}
