//! What each stage of a scan costs.
//!
//! ```sh
//! cargo bench
//! ```

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::io::Cursor;
use std::ops::ControlFlow;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ehlotrace::capture::{self, LinkType, OpenOptions, Packet};
use ehlotrace::flow::{Direction, FlowListener, FlowTable, GapKind, Sent};
use ehlotrace::limits::Limits;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::smtp::ehlo::{self, LineEnd};
use ehlotrace::smtp::{Dialogue, DialogueOptions};
use ehlotrace::time::{CaptureClock, FrameNumber, Moment, Timestamp};
use ehlotrace::wire::{self, Decoded, Interest, Ports};

#[allow(dead_code, unreachable_pub)]
#[path = "../examples/generate_load.rs"]
mod generate_load;

/// A packet that owns its octets.
struct Kept {
    frame: FrameNumber,
    time: Timestamp,
    link: LinkType,
    data: Vec<u8>,
}

impl Kept {
    fn packet(&self) -> Packet<'_> {
        let wire_len = u32::try_from(self.data.len()).unwrap();
        Packet {
            frame: self.frame,
            event: None,
            time: self.time,
            link: self.link,
            interface: 0,
            wire_len,
            data: &self.data,
        }
    }

    /// The packet as it is in a virtual network.
    fn with_vlan(mut self) -> Self {
        self.data.splice(12..12, [0x81, 0x00, 0x00, 0x07]);
        self
    }
}

fn smtp_capture(sessions: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    generate_load::smtp(&mut generate_load::Pcap::new(&mut octets).unwrap(), sessions).unwrap();
    octets
}

fn mixed_capture(megabytes: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    generate_load::mixed(&mut generate_load::Pcap::new(&mut octets).unwrap(), megabytes).unwrap();
    octets
}

fn packets(capture: Vec<u8>) -> Vec<Kept> {
    let mut packets = Vec::new();
    let mut reader = capture::open(Box::new(Cursor::new(capture)), &OpenOptions::default()).unwrap();
    let mut keep = |packet: Packet<'_>| {
        let Packet { frame, time, link, .. } = packet;
        packets.push(Kept { frame, time, link, data: packet.data.to_vec() });
        ControlFlow::Continue(())
    };
    reader.for_each_packet(&mut keep).unwrap();
    packets
}

/// Listens and does nothing.
struct Deaf;

impl FlowListener for Deaf {
    fn data(&mut self, _: Direction, octets: &[u8], _: Sent) {
        black_box(octets);
    }

    fn gap(&mut self, _: Direction, _: u64, _: GapKind, _: Moment) {}
}

fn packet_stages(criterion: &mut Criterion) {
    let ports = Ports::new([25]);
    let interest = Interest { dns: true, ..Interest::new(&ports) };
    let other = packets(mixed_capture(10));
    let mail = packets(smtp_capture(500));
    let tagged: Vec<Kept> = packets(smtp_capture(500)).into_iter().map(Kept::with_vlan).collect();
    let mut group = criterion.benchmark_group("packet");
    group.throughput(Throughput::Elements(other.len() as u64));
    group.bench_function("skip", |bencher| {
        bencher.iter(|| other.iter().filter(|kept| wire::may_matter(&kept.packet(), interest)).count());
    });
    group.throughput(Throughput::Elements(mail.len() as u64));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            for kept in &mail {
                black_box(wire::decode(&kept.packet()));
            }
        });
    });
    group.bench_function("decode, tagged", |bencher| {
        bencher.iter(|| {
            for kept in &tagged {
                black_box(wire::decode(&kept.packet()));
            }
        });
    });
    group.bench_function("decode and reassemble", |bencher| {
        bencher.iter(|| {
            let (mut table, mut clock) = (FlowTable::new(ports.clone(), Limits::default()), CaptureClock::default());
            for kept in &mail {
                if let Decoded::Tcp(segment) = wire::decode(&kept.packet()) {
                    clock.advance(kept.time);
                    let moment = clock.moment(kept.frame, kept.time);
                    black_box(table.segment(&segment, moment, || Deaf));
                }
                while table.pop_closed().is_some() {}
            }
        });
    });
    group.finish();
}

fn dialogue_stages(criterion: &mut Criterion) {
    let limits = Limits::default();
    criterion.bench_function("dialogue", |bencher| {
        bencher.iter(|| {
            let mut dialogue = Dialogue::new(DialogueOptions::new(&limits, false));
            dialogue.client_begins(0, true);
            dialogue.server_begins(0, true);
            for (from_client, text) in generate_load::DELIVERED {
                if *from_client {
                    dialogue.client_octets(text.as_bytes(), Moment::default());
                } else {
                    dialogue.server_octets(text.as_bytes(), None, Moment::default());
                }
            }
            dialogue.finish()
        });
    });
    for (name, argument) in [("sound", &b" client.example.com"[..]), ("malformed", b" my_host.example.com.")] {
        let name = format!("EHLO check, {name}");
        criterion.bench_function(&name, |bencher| bencher.iter(|| ehlo::check(black_box(argument), LineEnd::CrLf)));
    }
}

fn whole_scan(criterion: &mut Criterion) {
    let capture = smtp_capture(1_000);
    let options = ScanOptions::new();
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(capture.len() as u64));
    group.bench_function("1,000 sessions", |bencher| {
        let input = || Box::new(Cursor::new(capture.clone()));
        let run = |input| scan(input, &options, &mut |session, diagnosis| drop((session, diagnosis))).unwrap();
        bencher.iter_batched(input, |input| run(input), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(stages, packet_stages, dialogue_stages, whole_scan);
criterion_main!(stages);
