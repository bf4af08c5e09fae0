//! Connections against a naive model, and one by one.

use proptest::prelude::*;

use super::{Close, CloseHow, ClosedFlow, Direction, FlowListener, FlowTable, GapKind, STREAM_ORIGIN, Sent, Side};
use crate::limits::Limits;
use crate::time::{Moment, Timestamp};
use crate::wire::{Ports, Segment, SeqNumber, TcpFlags, Unreachable};

/// Writes down what it is told.
#[derive(Debug, Default)]
struct Recorder {
    client: Vec<u8>,
    server: Vec<u8>,
    /// Both directions in the order of delivery, a letter a call.
    order: Vec<(char, Vec<u8>)>,
    gaps: Vec<(Direction, u64, GapKind)>,
    /// Where each direction begins, from the first octet seen, and whether that is the start.
    begins: Vec<(Direction, i64, bool)>,
    /// How much of the peer's stream had reached the sender of each piece, from the first octet seen.
    received: Vec<Option<i64>>,
}

fn from_origin(offset: u64) -> i64 {
    offset.wrapping_sub(STREAM_ORIGIN).cast_signed()
}

impl FlowListener for Recorder {
    fn begin(&mut self, direction: Direction, offset: u64, is_start: bool) {
        self.begins.push((direction, from_origin(offset), is_start));
    }

    fn data(&mut self, direction: Direction, octets: &[u8], sent: Sent) {
        self.received.push(sent.received.map(from_origin));
        let (stream, letter) = match direction {
            Direction::ClientToServer => (&mut self.client, 'C'),
            Direction::ServerToClient => (&mut self.server, 'S'),
        };
        stream.extend_from_slice(octets);
        self.order.push((letter, octets.to_vec()));
    }

    fn gap(&mut self, direction: Direction, octets: u64, kind: GapKind, _: Moment) {
        self.gaps.push((direction, octets, kind));
    }
}

/// A table and a clock that moves a millisecond a segment.
struct Bench {
    table: FlowTable<Recorder>,
    frame: u64,
    millis: i64,
}

const CLIENT: &str = "192.0.2.10:1145";
const SERVER: &str = "192.0.2.25:25";

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        Self { table: FlowTable::new(Ports::new([25]), limits), frame: 0, millis: 0 }
    }

    fn send(&mut self, from: &str, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let (src, dst) = if from == SERVER { (SERVER, CLIENT) } else { (from, SERVER) };
        self.send_between([src, dst], flags, seq, ack, payload);
    }

    fn send_between(&mut self, [src, dst]: [&str; 2], flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let flags = TcpFlags(flags);
        self.push(&Segment {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            seq: SeqNumber(seq),
            ack: flags.ack().then_some(SeqNumber(ack)),
            flags,
            window: 8192,
            payload,
            payload_wire_len: u32::try_from(payload.len()).unwrap(),
            ip_id: None,
            checksum: None,
            tunnelled: false,
        });
    }

    fn push(&mut self, segment: &Segment<'_>) {
        self.frame += 1;
        self.millis += 1;
        let moment = self.moment();
        self.table.segment(segment, moment, Recorder::default);
    }

    fn moment(&self) -> Moment {
        let elapsed_ns = self.millis * 1_000_000;
        Moment { frame: self.frame, time: Timestamp::from_nanos(elapsed_ns), elapsed_ns, event: None }
    }

    fn handshake(&mut self) {
        self.send(CLIENT, SYN, 99, 0, b"");
        self.send(SERVER, SYN | ACK, 499, 100, b"");
        self.send(CLIENT, ACK, 100, 500, b"");
    }

    fn closed(&mut self) -> Vec<ClosedFlow<Recorder>> {
        std::iter::from_fn(|| self.table.pop_closed()).collect()
    }

    fn end(mut self) -> Vec<ClosedFlow<Recorder>> {
        self.table.close_all();
        self.closed()
    }

    fn only(self) -> ClosedFlow<Recorder> {
        let mut closed = self.end();
        assert_eq!(closed.len(), 1);
        closed.remove(0)
    }
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

fn ended(close: Close) -> (Option<Side>, CloseHow) {
    (close.by, close.how)
}

#[test]
fn a_handshake_gives_its_frames_and_round_trip() {
    let mut bench = Bench::new();
    bench.handshake();
    let flow = bench.only();
    let frame = |moment: Option<Moment>| moment.unwrap().frame;
    assert_eq!((frame(flow.handshake.syn), frame(flow.handshake.syn_ack), frame(flow.handshake.ack)), (1, 2, 3));
    assert_eq!(flow.handshake.rtt_ns(), Some(2_000_000));
    assert_eq!(ended(flow.close), (None, CloseHow::CaptureEnded));
}

#[test]
fn a_syn_ack_is_not_any_segment_with_an_ack() {
    let mut bench = Bench::new();
    bench.send(CLIENT, SYN, 99, 0, b"");
    bench.send(SERVER, RST | ACK, 0, 100, b"");
    let flow = bench.only();
    assert!(flow.handshake.syn_ack.is_none());
    assert_eq!(ended(flow.close), (Some(Side::Server), CloseHow::Rst));
}

#[test]
fn a_fin_with_octets_delivers_them_and_is_counted_after_them() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(SERVER, FIN | ACK, 500, 100, b"bye");
    bench.send(CLIENT, FIN | ACK, 100, 504, b"");
    bench.send(SERVER, ACK, 504, 101, b"");
    let flow = bench.only();
    assert_eq!(flow.listener.server, b"bye");
    assert_eq!(flow.listener.gaps, []);
    assert_eq!(ended(flow.close), (Some(Side::Server), CloseHow::Fin));
    assert_eq!(flow.last.frame, 6);
}

#[test]
fn octets_in_the_place_of_a_fin_are_not_left_behind() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, ACK, 103, 500, b"more");
    bench.send(CLIENT, FIN | ACK, 103, 500, b"");
    bench.send(CLIENT, ACK, 100, 500, b"one");
    assert_eq!(bench.only().listener.client, b"onemore");
}

#[test]
fn fins_that_cross_are_both_sides() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(SERVER, FIN | ACK, 500, 100, b"");
    bench.send(CLIENT, FIN | ACK, 100, 500, b"");
    assert_eq!(ended(bench.only().close), (Some(Side::Both), CloseHow::Fin));
}

#[test]
fn a_reply_captured_before_its_command_waits_for_it() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(SERVER, ACK, 500, 106, b"250 ok");
    bench.send(CLIENT, ACK, 100, 500, b"EHLO a");
    let flow = bench.only();
    let order: Vec<_> = flow.listener.order.iter().map(|(letter, octets)| (*letter, &octets[..])).collect();
    assert_eq!(order, [('C', &b"EHLO a"[..]), ('S', b"250 ok")]);
    assert_eq!(flow.listener.gaps, []);
}

/// The server answers a command whose first copy the capture lacks; the second acknowledges that answer and more.
#[test]
fn a_command_sent_again_goes_before_its_answer() {
    let mut bench = Bench::with(Limits { held_segments: 4, ..Limits::default() });
    bench.handshake();
    bench.send(SERVER, ACK, 500, 106, b"250 ok");
    bench.send(CLIENT, ACK, 100, 512, b"EHLO a");
    for at in 0..10 {
        bench.send(SERVER, ACK, 506 + at, 106, b".");
    }
    let flow = bench.only();
    let delivered: Vec<_> = flow.listener.order.iter().map(|(letter, octets)| (*letter, &octets[..])).collect();
    assert_eq!(delivered[..2], [('C', &b"EHLO a"[..]), ('S', b"250 ok")]);
    assert_eq!(flow.listener.server, b"250 ok..........");
    assert_eq!(flow.listener.gaps, []);
}

#[test]
fn a_hole_the_peer_acknowledged_is_the_captures() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, ACK, 100, 500, b"one");
    bench.send(SERVER, ACK, 500, 106, b"ok");
    bench.send(CLIENT, ACK, 106, 502, b"three");
    let flow = bench.only();
    assert_eq!(flow.listener.gaps, [(Direction::ClientToServer, 3, GapKind::Capture)]);
    assert_eq!(flow.listener.client, b"onethree");
    assert_eq!(flow.anomalies.gap_octets, 3);
}

#[test]
fn a_hole_nobody_acknowledged_is_told_apart() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, ACK, 103, 500, b"two");
    let flow = bench.only();
    assert_eq!(flow.listener.gaps, [(Direction::ClientToServer, 3, GapKind::Unacknowledged)]);
}

#[test]
fn octets_acknowledged_but_never_seen_are_a_hole_at_the_end() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, ACK, 100, 540, b"");
    assert_eq!(bench.only().listener.gaps, [(Direction::ServerToClient, 40, GapKind::Capture)]);
}

#[test]
fn what_the_snapshot_length_cut_is_a_hole() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.push(&Segment {
        src: CLIENT.parse().unwrap(),
        dst: SERVER.parse().unwrap(),
        seq: SeqNumber(100),
        ack: Some(SeqNumber(500)),
        flags: TcpFlags(ACK),
        window: 8192,
        payload: b"EHLO",
        payload_wire_len: 12,
        ip_id: None,
        checksum: None,
        tunnelled: false,
    });
    bench.send(CLIENT, ACK, 112, 500, b"QUIT");
    let flow = bench.only();
    assert_eq!(flow.listener.gaps, [(Direction::ClientToServer, 8, GapKind::Snaplen)]);
    assert_eq!(flow.listener.client, b"EHLOQUIT");
}

#[test]
fn repeats_are_counted_and_keep_alives_are_none() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, ACK, 100, 500, b"abcd");
    bench.send(CLIENT, ACK, 100, 500, b"abcd");
    bench.send(CLIENT, ACK, 103, 500, b"\0");
    bench.send(CLIENT, ACK, 102, 500, b"cdef");
    let flow = bench.only();
    assert_eq!(flow.listener.client, b"abcdef");
    assert_eq!(flow.anomalies.retransmitted_segments, 1);
    assert_eq!(flow.anomalies.overlapping_octets, 2);
}

#[test]
fn the_first_copy_wins_and_a_contradiction_is_counted() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, ACK, 102, 500, b"cd");
    bench.send(CLIENT, ACK, 100, 500, b"abXYef");
    let flow = bench.only();
    assert_eq!(flow.listener.client, b"abcdef");
    assert_eq!(flow.anomalies.conflicting_octets, 2);
}

#[test]
fn a_syn_with_another_number_is_a_new_connection_and_the_same_one_is_none() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(CLIENT, SYN, 99, 0, b"");
    bench.send(CLIENT, SYN, 7000, 0, b"");
    let flows = bench.end();
    assert_eq!(flows.iter().map(|flow| flow.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(ended(flows[0].close), (None, CloseHow::PortReused));
    assert_eq!(flows[0].handshake.syns, 2);
}

#[test]
fn late_frames_of_a_reported_connection_open_no_ghost() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(SERVER, RST, 500, 0, b"");
    bench.millis += 31_000;
    bench.send("192.0.2.11:1", SYN, 1, 0, b"");
    assert_eq!(bench.closed().len(), 1, "it lingered for thirty seconds");
    bench.send(CLIENT, ACK, 100, 500, b"late");
    assert_eq!(bench.table.late_segments(), 1);
    assert_eq!(bench.end().len(), 1, "the other one");
}

#[test]
fn silence_ends_a_connection_by_the_clock_of_the_capture() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.millis += 16 * 60 * 1000;
    bench.send("192.0.2.11:1", SYN, 1, 0, b"");
    let flows = bench.closed();
    assert_eq!(ended(flows[0].close), (None, CloseHow::Idle));
    assert!(flows[0].quiet_ns > 15 * 60 * 1_000_000_000);
}

#[test]
fn a_clock_that_steps_back_ends_nothing() {
    let mut bench = Bench::new();
    bench.millis = 10_000_000;
    bench.handshake();
    bench.millis = 0;
    bench.send(CLIENT, ACK, 100, 500, b"x");
    assert_eq!(bench.only().listener.client, b"x");
}

#[test]
fn a_full_table_gives_up_the_oldest() {
    let mut bench = Bench::with(Limits { live_flows: 2, ..Limits::default() });
    for host in 1..=3 {
        bench.send(&format!("192.0.2.{host}:1000"), SYN, 1, 0, b"");
    }
    let flows = bench.closed();
    assert_eq!(flows.len(), 1);
    assert_eq!((flows[0].number, flows[0].close.how), (1, CloseHow::Evicted));
}

#[test]
fn the_side_on_a_server_port_is_the_server_where_no_syn_says_so() {
    let mut bench = Bench::new();
    bench.send(SERVER, ACK, 500, 100, b"220 x");
    let flow = bench.only();
    assert_eq!((flow.client, flow.server), (CLIENT.parse().unwrap(), SERVER.parse().unwrap()));
    assert_eq!((flow.client_seen, flow.server_seen), (false, true));
}

/// Sender and receiver, flags, sequence number, acknowledgement, payload.
type Line<'s> = ([&'s str; 2], u8, u32, u32, &'s [u8]);

/// The client's own port is 25; what it connects to is on port `server`.
fn from_port_25(server: &str, order: &[usize]) -> Vec<ClosedFlow<Recorder>> {
    const END: &str = "192.0.2.10:25";
    let script: [Line<'_>; 5] = [
        ([END, server], SYN, 99, 0, b""),
        ([server, END], SYN | ACK, 499, 100, b""),
        ([END, server], ACK, 100, 500, b""),
        ([server, END], ACK, 500, 100, b"220 ready"),
        ([END, server], FIN | ACK, 100, 509, b"QUIT"),
    ];
    let mut bench = Bench::new();
    bench.table = FlowTable::new(Ports::new([25, 587]), Limits::default());
    for at in order {
        let (ends, flags, seq, ack, payload) = script[*at];
        bench.send_between(ends, flags, seq, ack, payload);
    }
    bench.end()
}

#[test]
fn the_client_is_who_sent_the_syn_whatever_the_ports_and_the_order() {
    for order in [[0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [2, 1, 0, 3, 4], [3, 2, 0, 4, 1], [4, 3, 1, 2, 0], [3, 4, 2, 1, 0]]
    {
        let [flow] = &from_port_25("192.0.2.20:587", &order)[..] else { panic!("{order:?}") };
        assert_eq!((flow.client.port(), flow.server.port()), (25, 587), "{order:?}");
        assert_eq!(
            (&flow.listener.server[..], &flow.listener.client[..]),
            (&b"220 ready"[..], &b"QUIT"[..]),
            "{order:?}"
        );
        assert_eq!(ended(flow.close), (Some(Side::Client), CloseHow::Fin));
        assert_eq!(from_port_25("192.0.2.20:21", &order).len(), 0, "to another service: {order:?}");
    }
}

#[test]
fn after_a_connection_from_a_server_port_a_session_on_the_same_ends_is_followed() {
    let mut bench = Bench::new();
    bench.send_between([SERVER, CLIENT], SYN, 99, 0, b"");
    bench.send_between([CLIENT, SERVER], SYN | ACK, 499, 100, b"");
    bench.send_between([SERVER, CLIENT], FIN | ACK, 100, 500, b"220 data of FTP");
    bench.send(CLIENT, SYN, 7099, 0, b"");
    bench.send(SERVER, SYN | ACK, 8499, 7100, b"");
    bench.send(SERVER, ACK, 8500, 7100, b"220 mail");
    assert_eq!(bench.only().listener.server, b"220 mail");
}

#[test]
fn a_side_of_which_only_a_rst_was_captured_was_seen() {
    let mut bench = Bench::new();
    bench.send(CLIENT, SYN, 99, 0, b"");
    bench.send(SERVER, RST | ACK, 0, 100, b"");
    let flow = bench.only();
    assert!(flow.client_seen && flow.server_seen);
}

#[test]
fn an_icmp_error_counts_only_if_it_quotes_the_syn() {
    let mut bench = Bench::new();
    bench.send(CLIENT, SYN, 99, 0, b"");
    let mut error = Unreachable {
        reported_by: "192.0.2.1".parse().unwrap(),
        src: CLIENT.parse().unwrap(),
        dst: SERVER.parse().unwrap(),
        seq: Some(SeqNumber(5)),
        reason: "host unreachable",
    };
    let moment = bench.moment();
    bench.table.unreachable(&error, moment);
    error.seq = Some(SeqNumber(99));
    error.reason = "port unreachable";
    bench.table.unreachable(&error, moment);
    assert_eq!(bench.only().refused.unwrap().reason, "port unreachable");
}

#[test]
fn an_icmp_error_recorded_before_its_syn_is_found_by_it() {
    for (early_errors, is_found) in [(1, true), (0, false)] {
        let mut bench = Bench::with(Limits { early_errors, ..Limits::default() });
        let error = Unreachable {
            reported_by: "192.0.2.1".parse().unwrap(),
            src: CLIENT.parse().unwrap(),
            dst: SERVER.parse().unwrap(),
            seq: Some(SeqNumber(99)),
            reason: "port unreachable",
        };
        let moment = bench.moment();
        assert_eq!(bench.table.unreachable(&error, moment), None);
        bench.send(CLIENT, SYN, 99, 0, b"");
        assert_eq!(bench.only().refused.is_some(), is_found);
    }
}

/// The frames of a handshake and a dialogue: who, flags, sequence number, acknowledgement, octets.
type Script<'a> = [(&'a str, u8, u32, u32, &'a [u8])];

const KB240832: &Script<'_> = &[
    (CLIENT, SYN, 99, 0, b""),
    (SERVER, SYN | ACK, 499, 100, b""),
    (CLIENT, ACK, 100, 500, b""),
    (SERVER, ACK, 500, 100, b"220 "),
    (CLIENT, ACK, 100, 504, b"EHLO sub2."),
    (SERVER, ACK, 504, 110, b"501 "),
    (CLIENT, FIN | ACK, 110, 508, b"QUIT"),
    (SERVER, FIN | ACK, 508, 115, b""),
    (CLIENT, ACK, 115, 509, b""),
];

fn flow_of(script: &Script<'_>, order: &[usize]) -> Vec<ClosedFlow<Recorder>> {
    let mut bench = Bench::new();
    for (from, flags, seq, ack, octets) in order.iter().map(|at| script[*at]) {
        bench.send(from, flags, seq, ack, octets);
    }
    bench.end()
}

#[test]
fn a_connection_is_one_whichever_of_its_segments_comes_first() {
    let in_order: Vec<usize> = (0..KB240832.len()).collect();
    for first in 1..KB240832.len() {
        let mut order = in_order.clone();
        order.remove(first);
        order.insert(0, first);
        let flows = flow_of(KB240832, &order);
        assert_eq!(flows.len(), 1, "{first} first");
        let flow = &flows[0];
        let delivered: Vec<_> = flow.listener.order.iter().map(|(letter, octets)| (*letter, &octets[..])).collect();
        let expected = [('S', &b"220 "[..]), ('C', b"EHLO sub2."), ('S', b"501 "), ('C', b"QUIT")];
        assert_eq!(delivered, expected, "{first} first");
        assert_eq!(flow.listener.gaps, [], "{first} first");
        assert_eq!(ended(flow.close), (Some(Side::Client), CloseHow::Fin), "{first} first");
        let place = |at: usize| Some(order.iter().position(|frame| *frame == at).unwrap() as u64 + 1);
        let frame = |moment: Option<Moment>| moment.map(|moment| moment.frame);
        let handshake = &flow.handshake;
        assert_eq!(
            [frame(handshake.syn), frame(handshake.syn_ack), frame(handshake.ack)],
            [place(0), place(1), place(2)],
            "{first} first"
        );
        assert_eq!(handshake.rtt_ns().is_some(), place(0) < place(1) && place(1) < place(2), "{first} first");
    }
}

#[test]
fn a_stream_whose_start_was_not_captured_begins_at_the_lowest_number_known() {
    // SYN-ACK and greeting are lost: the client acknowledges them.
    let flows = flow_of(KB240832, &[0, 2, 4, 5]);
    let listener = &flows[0].listener;
    assert_eq!(listener.gaps, [(Direction::ServerToClient, 4, GapKind::Capture)]);
    assert_eq!(listener.begins, [(Direction::ClientToServer, 0, true), (Direction::ServerToClient, -4, false)]);
    // The second reply is recorded before the first, and nothing of the handshake.
    let flows = flow_of(KB240832, &[5, 3, 4, 6]);
    let listener = &flows[0].listener;
    assert_eq!((&listener.server[..], &listener.client[..]), (&b"220 501 "[..], &b"EHLO sub2.QUIT"[..]));
    assert_eq!(listener.begins, [(Direction::ClientToServer, 0, false), (Direction::ServerToClient, -4, false)]);
}

#[test]
fn ends_from_outside_the_window_end_nothing() {
    for flags in [FIN | ACK, RST] {
        let mut bench = Bench::new();
        bench.handshake();
        bench.send(SERVER, flags, 500 + (3 << 29), 100, b"");
        bench.send(CLIENT, ACK, 100, 500, b"EHLO a");
        let flow = bench.only();
        assert_eq!(ended(flow.close), (None, CloseHow::CaptureEnded));
        assert_eq!((flow.anomalies.out_of_window_segments, &flow.listener.client[..]), (1, &b"EHLO a"[..]));
    }
}

#[test]
fn a_fin_that_only_its_acknowledgement_shows_came_first() {
    let flows = flow_of(KB240832, &[0, 1, 2, 3, 4, 5, 7]);
    // The server had received the QUIT and the FIN behind it, which the capture lacks.
    assert_eq!(ended(flows[0].close), (Some(Side::Server), CloseHow::Fin));
    assert_eq!(flows[0].listener.gaps, [(Direction::ClientToServer, 5, GapKind::Capture)]);
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(SERVER, FIN | ACK, 500, 101, b"");
    let flow = bench.only();
    assert_eq!(ended(flow.close), (Some(Side::Client), CloseHow::Fin));
    assert_eq!(flow.listener.gaps, []);
}

#[test]
fn a_reply_says_how_much_its_sender_had_received() {
    let flows = flow_of(KB240832, &[0, 1, 2, 3, 4, 5]);
    assert_eq!(flows[0].listener.received, [Some(0), Some(4), Some(10)]);
}

#[test]
fn a_fin_behind_octets_nobody_saw_shows_the_hole() {
    let mut bench = Bench::new();
    bench.handshake();
    bench.send(SERVER, FIN | ACK, 521, 100, b"");
    assert_eq!(bench.only().listener.gaps, [(Direction::ServerToClient, 21, GapKind::Unacknowledged)]);
}

/// A peer that always leaves a hole.
#[test]
fn what_is_held_stays_bounded_whatever_is_left_out() {
    let mut bench = Bench::new();
    bench.handshake();
    for at in 0..10_000 {
        bench.send(CLIENT, ACK, 101 + at * 2, 500, b"x");
        assert!(bench.table.held_octets() <= 129, "{at}");
    }
    let flow = bench.only();
    assert_eq!((flow.listener.client.len(), flow.anomalies.gap_octets), (10_000, 10_000));
}

#[test]
fn held_octets_are_bounded() {
    let mut bench = Bench::with(Limits { held_octets: 100, ..Limits::default() });
    bench.handshake();
    bench.send(CLIENT, ACK, 101, 500, &[b'x'; 101]);
    bench.send(CLIENT, ACK, 100, 500, b"a");
    let flow = bench.only();
    assert_eq!(flow.listener.gaps, [(Direction::ClientToServer, 1, GapKind::Unacknowledged)]);
    assert_eq!(flow.anomalies.retransmitted_segments, 1, "what fills a hole given up comes too late");
}

#[test]
fn a_segment_is_told_its_place_in_the_stream() {
    let mut table = FlowTable::<Recorder>::new(Ports::new([25]), Limits::default());
    let mut frame = 0;
    let mut place = |from: &str, flags: u8, seq: u32, payload: &[u8]| {
        frame += 1;
        let (src, dst) = if from == SERVER { (SERVER, CLIENT) } else { (from, SERVER) };
        let flags = TcpFlags(flags);
        let segment = Segment {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            seq: SeqNumber(seq),
            ack: None,
            flags,
            window: 8192,
            payload,
            payload_wire_len: u32::try_from(payload.len()).unwrap(),
            ip_id: None,
            checksum: None,
            tunnelled: false,
        };
        let moment = Moment { frame, ..Moment::default() };
        let followed = table.segment(&segment, moment, Recorder::default);
        followed
            .map(|followed| (followed.offset.map(|offset| offset.wrapping_sub(STREAM_ORIGIN)), followed.is_repeated))
    };
    let isn = u32::MAX - 4;
    for (from, flags, ahead, payload, expected) in [
        (CLIENT, SYN, 0, &b""[..], (Some(0), false)),
        (CLIENT, SYN, 0, b"", (Some(0), true)),
        (CLIENT, ACK, 1, b"EHLO sub2.\r\n", (Some(0), false)),
        (CLIENT, ACK, 1, b"EHLO sub2.\r\n", (Some(0), true)),
        (CLIENT, ACK, 12, b"\n", (Some(11), false)), // a keep-alive
        (CLIENT, ACK, 20, b"late", (Some(19), false)),
        (CLIENT, ACK, 20, b"late", (Some(19), true)),
        (CLIENT, ACK, 0, b"x", (None, true)), // before the stream
        (CLIENT, ACK | FIN, 24, b"", (Some(23), false)),
        (CLIENT, ACK | FIN, 24, b"", (Some(23), true)),
        (CLIENT, ACK, 26, b"past the end", (None, false)),
        (CLIENT, RST, 24, b"a reason", (None, false)),
    ] {
        assert_eq!(place(from, flags, isn.wrapping_add(ahead), payload), Some(expected), "{ahead} {flags}");
    }
    assert_eq!(place("192.0.2.10:2525", ACK, 5, b"x"), Some((Some(0), false)));
}

proptest! {
    /// Any cutting, order and repetition of a stream gives the octets that came first for each place.
    #[test]
    fn agrees_with_a_model_that_writes_each_octet_once(
        isn in prop_oneof![any::<u32>(), (u32::MAX - 60)..=u32::MAX],
        pieces in proptest::collection::vec((0_u32..50, 1_u32..20, any::<u8>()), 1..40),
    ) {
        let mut bench = Bench::new();
        bench.send(CLIENT, SYN, isn, 0, b"");
        let mut model = [None; 80];
        for (start, len, value) in pieces {
            let octets: Vec<u8> = (0..len).map(|at| value.wrapping_add(u8::try_from(at).unwrap())).collect();
            bench.send(CLIENT, ACK, isn.wrapping_add(1).wrapping_add(start), 1, &octets);
            for (place, octet) in model[start as usize..].iter_mut().zip(&octets) {
                place.get_or_insert(*octet);
            }
        }
        let expected: Vec<u8> = model.iter().flatten().copied().collect();
        let last = model.iter().rposition(Option::is_some).unwrap_or(0);
        let holes = model[..last].iter().filter(|place| place.is_none()).count() as u64;
        let flow = bench.only();
        prop_assert_eq!(flow.listener.client, expected);
        prop_assert_eq!(flow.listener.gaps.iter().map(|(_, octets, _)| octets).sum::<u64>(), holes);
    }
}
