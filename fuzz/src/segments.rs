//! Connections: segments in any order against a model that writes each octet once.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use ehlotrace::flow::{ClosedFlow, Direction, FlowListener, FlowTable, GapKind, STREAM_ORIGIN, Sent};
use ehlotrace::limits::Limits;
use ehlotrace::time::{CaptureClock, Moment, NANOS_PER_SEC, Timestamp};
use ehlotrace::wire::{Ports, Segment, SeqNumber, TcpFlags, Unreachable};

use super::script::Script;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// The first octet says whether the segments are those of one sound connection or any.
pub fn reassembler(octets: &[u8]) {
    let mut script = Script::new(octets);
    match script.octet() {
        options if options & 1 == 0 => sound(script, options),
        options => hostile(script, options),
    }
}

/// Octets of each stream of a sound connection.
const STREAM_OCTETS: usize = 256;

/// One direction as it should be.
#[derive(Debug)]
struct Stream {
    /// Where the first segment seen of it stood; none before that.
    first_seen: Option<usize>,
    /// What its offsets count from: that, or its start, if a SYN-ACK spoke of it before.
    anchor: Option<usize>,
    /// The highest place at which a segment stood.
    reached: usize,
    /// The copy of each octet that came first.
    first: [Option<Copy>; STREAM_OCTETS],
    /// Behind the last octet sent.
    end: usize,
    /// The highest acknowledgement of the peer.
    acked: usize,
    /// Octets delivered or told missing, from the start of the stream.
    told: usize,
}

#[derive(Clone, Copy, Debug)]
struct Copy {
    /// None where the snapshot length cut it off.
    octet: Option<u8>,
    /// What its sender had received.
    ack: usize,
}

#[derive(Debug)]
struct Model {
    streams: [Stream; 2],
    has_holes_only_where_unsent: bool,
}

impl Default for Model {
    fn default() -> Self {
        let stream = || Stream {
            first_seen: None,
            anchor: None,
            reached: 0,
            first: [None; STREAM_OCTETS],
            end: 0,
            acked: 0,
            told: 0,
        };
        Self { streams: [stream(), stream()], has_holes_only_where_unsent: false }
    }
}

/// Holds the model against what is told.
#[derive(Debug)]
struct Checker(Rc<RefCell<Model>>);

const fn index(direction: Direction) -> usize {
    match direction {
        Direction::ClientToServer => 0,
        Direction::ServerToClient => 1,
    }
}

impl FlowListener for Checker {
    fn begin(&mut self, direction: Direction, offset: u64, is_start: bool) {
        let mut model = self.0.borrow_mut();
        let stream = &mut model.streams[index(direction)];
        assert_eq!(stream.told, 0, "{direction:?} begins twice");
        let below = usize::try_from(STREAM_ORIGIN - offset).unwrap();
        stream.told = stream.anchor.unwrap_or(0).checked_sub(below).expect("it begins before its beginning");
        assert!(!is_start || stream.told == 0, "{direction:?} does not begin at {}", stream.told);
    }

    fn data(&mut self, direction: Direction, octets: &[u8], _: Sent) {
        let mut model = self.0.borrow_mut();
        let peer = &model.streams[1 - index(direction)];
        let peer_told = if peer.first_seen.is_some() { peer.told } else { usize::MAX };
        let told = model.streams[index(direction)].told;
        // Two runs that wait for each other: one of them has to go first.
        let is_circle = peer.first.get(peer.told).copied().flatten().is_some_and(|copy| copy.ack > told);
        let stream = &mut model.streams[index(direction)];
        for octet in octets {
            let copy = stream.first[stream.told].expect("bytes nobody sent");
            assert_eq!(copy.octet, Some(*octet), "{direction:?} at {}", stream.told);
            assert!(
                peer_told >= copy.ack || is_circle,
                "{direction:?} at {}: told before what it answers",
                stream.told
            );
            stream.told += 1;
        }
    }

    fn gap(&mut self, direction: Direction, octets: u64, kind: GapKind, _: Moment) {
        let mut model = self.0.borrow_mut();
        let exact = model.has_holes_only_where_unsent;
        let stream = &mut model.streams[index(direction)];
        let octets = usize::try_from(octets).unwrap();
        assert!(octets > 0);
        if exact {
            let hole = &stream.first[stream.told..stream.told + octets];
            let is_cut = kind == GapKind::Snaplen;
            let is_right = |copy: &Option<Copy>| copy.map_or(!is_cut, |copy| is_cut && copy.octet.is_none());
            assert!(hole.iter().all(is_right), "{kind:?} at {}: {hole:?}", stream.told);
        }
        stream.told += octets;
    }
}

const CLIENT: &str = "192.0.2.10:1145";
const SERVER: &str = "192.0.2.25:25";

/// After the first octet: where the sequence numbers start, and for each segment what it is, place, length, value and
/// acknowledgement.
///
/// Bits of the first octet: 1, 2: the SYN of client and server are seen; 3: little may be held; 4: segments acknowledge; 5: the
/// SYNs come late.
fn sound(mut script: Script<'_>, options: u8) {
    let (little, acknowledges) = (options & 8 != 0, options & 16 != 0);
    let limits =
        if little { Limits { held_octets: 64, held_segments: 4, ..Limits::default() } } else { Limits::default() };
    let model =
        Rc::new(RefCell::new(Model { has_holes_only_where_unsent: !little && !acknowledges, ..Model::default() }));
    let mut table: FlowTable<Checker> = FlowTable::new(Ports::new([25]), limits);
    // So near below 2^32 that they wrap on the way.
    let isn = u32::MAX - u32::from(script.octet());
    let addresses: [SocketAddr; 2] = [CLIENT.parse().unwrap(), SERVER.parse().unwrap()];
    let (mut frame, mut millis, mut pauses) = (0, 0_i64, 0);
    let mut send = |from: usize, flags: u8, at: u32, ack: u32, payload: &[u8], cut: usize, millis: i64| {
        frame += 1;
        let segment = Segment {
            src: addresses[from],
            dst: addresses[1 - from],
            seq: SeqNumber(isn.wrapping_add(at)),
            ack: (flags & ACK != 0).then_some(SeqNumber(isn.wrapping_add(ack))),
            flags: TcpFlags(flags),
            window: 8192,
            payload: &payload[..payload.len() - cut],
            payload_wire_len: payload.len() as u32,
            tunnelled: false,
            checksum: None,
            ip_id: None,
        };
        let elapsed_ns = millis * 1_000_000;
        let moment = Moment { frame, time: Timestamp::from_nanos(elapsed_ns), elapsed_ns, event: None };
        table.segment(&segment, moment, || Checker(Rc::clone(&model)));
    };
    // A SYN may be captured after some of what follows it, but before anybody stops waiting for it.
    let is_late = options & 32 != 0 && !little;
    let mut syns = [0, 1].map(|from| {
        let is_seen = options & (2 << from) != 0;
        is_seen.then(|| if is_late { usize::from(script.octet()) % 8 } else { 0 })
    });
    let mut segments = 0;
    loop {
        for (from, due) in syns.iter_mut().enumerate() {
            if due.is_some_and(|due| due == segments || script.is_over()) {
                *due = None;
                for side in if from == 0 { 0..1 } else { 0..2 } {
                    model.borrow_mut().streams[side].anchor.get_or_insert(0);
                }
                model.borrow_mut().streams[from].first_seen.get_or_insert(0);
                send(from, if from == 0 { SYN } else { SYN | ACK }, 0, from as u32, b"", 0, millis);
            }
        }
        if script.is_over() {
            break;
        }
        segments += 1;
        let what = script.octet();
        let from = usize::from(what & 1);
        let start = usize::from(script.octet());
        let len = usize::from(script.octet()) % 40;
        let end = (start + len).min(STREAM_OCTETS);
        let value = script.octet();
        let payload: Vec<u8> = (start..end).map(|at| value.wrapping_add(at as u8)).collect();
        let ack = if acknowledges { usize::from(script.octet()) } else { 0 };
        let cut = if what & 2 != 0 { payload.len() / 2 } else { 0 };
        let fin = if what & 4 != 0 && end == STREAM_OCTETS { FIN } else { 0 };
        // Never so long that a connection which is over is reported.
        millis += if what & 8 != 0 && pauses < 20 && syns == [None, None] {
            pauses += 1;
            1_100
        } else {
            1
        };
        {
            let mut model = model.borrow_mut();
            let stream = &mut model.streams[from];
            stream.anchor.get_or_insert(start);
            stream.first_seen.get_or_insert(start);
            stream.reached = stream.reached.max(start);
            for (offset, octet) in payload.iter().enumerate() {
                let octet = if offset < payload.len() - cut { Some(*octet) } else { None };
                stream.first[start + offset].get_or_insert(Copy { octet, ack });
            }
            stream.end = stream.end.max(if payload.is_empty() { 0 } else { end });
            let peer = &mut model.streams[1 - from];
            peer.acked = peer.acked.max(ack);
        }
        send(from, ACK | fin, start as u32 + 1, ack as u32 + 1, &payload, cut, millis);
    }
    table.close_all();
    let flows: Vec<_> = std::iter::from_fn(|| table.pop_closed()).collect();
    let model = model.borrow();
    assert!(flows.len() <= 1);
    for flow in &flows {
        let seen = [flow.client_seen, flow.server_seen];
        assert_eq!(seen, [0, 1].map(|side: usize| model.streams[side].first_seen.is_some()));
    }
    model.streams.iter().for_each(is_told_to_its_end);
}

fn is_told_to_its_end(stream: &Stream) {
    if stream.first_seen.is_none() {
        return;
    }
    // One number more than was told may be a FIN.
    let least =
        [stream.end, stream.acked.saturating_sub(1), stream.reached.saturating_sub(1)].into_iter().max().unwrap();
    let most = [stream.end, stream.acked, stream.reached].into_iter().max().unwrap();
    assert!((least..=most).contains(&stream.told), "told to {}, not to {least} to {most}", stream.told);
}

/// Adds up what it is told.
#[derive(Debug, Default)]
struct Sums {
    octets: u64,
    missing: u64,
}

impl FlowListener for Sums {
    fn data(&mut self, _: Direction, octets: &[u8], _: Sent) {
        self.octets += octets.len() as u64;
    }

    fn gap(&mut self, _: Direction, octets: u64, _: GapKind, _: Moment) {
        self.missing += octets;
    }
}

/// Any segments of several connections, with bounds so low that they are met.
fn hostile(mut script: Script<'_>, options: u8) {
    let low = Limits {
        live_flows: 3,
        lingering_flows: 2,
        tombstones: 2,
        held_octets: 64,
        held_segments: 4,
        ..Limits::default()
    };
    let mut table: FlowTable<Sums> =
        FlowTable::new(Ports::new([25]), if options & 2 == 0 { low } else { Limits::default() });
    let (mut frame, mut time, mut sent, mut clock) = (0, 0_i64, 0, CaptureClock::default());
    while !script.is_over() {
        frame += 1;
        let what = script.octet();
        let client = SocketAddr::from(([192, 0, 2, 10], 1145 + u16::from(what >> 1 & 3)));
        let server: SocketAddr = SERVER.parse().unwrap();
        let (src, dst) = if what & 1 == 0 { (client, server) } else { (server, client) };
        let seq = sequence_number(&mut script);
        time = time.saturating_add(match what >> 5 {
            0..=3 => 1_000_000,
            4 => 2 * NANOS_PER_SEC,
            5 => 40 * NANOS_PER_SEC,
            6 => -NANOS_PER_SEC,
            _ => i64::from(script.octet()) << 56,
        });
        clock.advance(Timestamp::from_nanos(time));
        let moment = clock.moment(frame, Timestamp::from_nanos(time));
        if what & 0x18 == 0x18 {
            let reported_by = server.ip();
            let seq = (what & 1 == 0).then_some(seq);
            table.unreachable(&Unreachable { reported_by, src, dst, seq, reason: "host unreachable" }, moment);
        } else {
            let flags = TcpFlags(script.octet());
            let ack = flags.ack().then(|| sequence_number(&mut script));
            let len = script.octet();
            let missing = if len & 0x80 == 0 { 0 } else { 1_u32 << (script.octet() & 31) };
            let payload = script.text(usize::from(len & 0x7f));
            sent += payload.len() as u64;
            let payload_wire_len = (payload.len() as u32).saturating_add(missing);
            let (checksum, ip_id) = (Some(seq.0 as u16), Some(u16::from(len)));
            let tunnelled = what & 8 != 0;
            let segment =
                Segment { src, dst, seq, ack, flags, window: 0, payload, payload_wire_len, tunnelled, checksum, ip_id };
            table.segment(&segment, moment, Sums::default);
        }
        told(&mut table, &mut sent);
    }
    table.close_all();
    told(&mut table, &mut sent);
}

/// Near one place, or far off at the edges of a window and of the numbers.
fn sequence_number(script: &mut Script<'_>) -> SeqNumber {
    let near = script.octet();
    let far = [0, 0, 0, 0, 1_u32 << 30, 1 << 31, u32::MAX - 20, 3 << 30];
    SeqNumber(far[usize::from(near & 7)].wrapping_add(u32::from(near >> 3)))
}

fn told(table: &mut FlowTable<Sums>, sent: &mut u64) {
    while let Some(ClosedFlow { listener, anomalies, quiet_ns, .. }) = table.pop_closed() {
        assert_eq!(listener.missing, anomalies.gap_octets);
        assert!(quiet_ns >= 0);
        *sent = sent.checked_sub(listener.octets).expect("more bytes than were sent");
    }
}
