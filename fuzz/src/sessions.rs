//! Sessions out of a script, straight to the table of connections: no checksum or length of a packet is in the way of what
//! the dialogues and diagnoses can be brought to.

use std::net::SocketAddr;

use ehlotrace::diagnosis::{Diagnosis, diagnose};
use ehlotrace::flow::FlowTable;
use ehlotrace::session::{Session, SessionBuilder};
use ehlotrace::smtp::DialogueOptions;
use ehlotrace::time::{Moment, NANOS_PER_SEC, Timestamp};
use ehlotrace::wire::{Ports, Segment, SeqNumber, TcpFlags, Unreachable};

use super::dialogues::{CLIENT, SERVER};
use super::script::Script;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// The two ends of one connection at a time, whose segments are as sound as the script wants.
struct Wire<'o> {
    table: FlowTable<SessionBuilder<'o>>,
    options: DialogueOptions<'o>,
    moment: Moment,
    /// Octets each end has sent, SYN and FIN included.
    sent: [u32; 2],
    port: u16,
}

impl Wire<'_> {
    fn address(&self, end: usize) -> SocketAddr {
        if end == 0 { ([192, 0, 2, 10], self.port).into() } else { ([192, 0, 2, 25], 25).into() }
    }

    fn wait(&mut self, nanos: i64) {
        self.moment.time = Timestamp::from_nanos(self.moment.time.as_nanos() + nanos);
        self.moment.elapsed_ns += nanos;
    }

    fn send(&mut self, from: usize, flags: u8, seq: u32, payload: &[u8], cut: usize) {
        self.moment.frame += 1;
        self.wait(1_000_000);
        let segment = Segment {
            src: self.address(from),
            dst: self.address(1 - from),
            seq: SeqNumber(seq),
            ack: (flags & ACK != 0).then_some(SeqNumber(self.sent[1 - from])),
            flags: TcpFlags(flags),
            window: 8192,
            payload: &payload[..payload.len() - cut],
            payload_wire_len: payload.len() as u32,
            tunnelled: false,
            checksum: None,
            ip_id: None,
        };
        let options = self.options;
        self.table.segment(&segment, self.moment, || SessionBuilder::new(options));
    }

    /// Sends something new, and counts what of the sequence numbers it takes.
    fn advance(&mut self, from: usize, flags: u8, payload: &[u8], what: u8) {
        let seq = self.sent[from];
        self.sent[from] += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        let (is_lost, is_cut, is_repeated) = (what & 0x10 != 0, what & 0x20 != 0, what & 0x40 != 0);
        if !is_lost {
            self.send(from, flags, seq, payload, if is_cut { payload.len() / 2 } else { 0 });
        }
        if is_repeated {
            self.send(from, flags, seq, payload, 0);
        }
    }
}

/// Every session of the script, diagnosed, and the number of frames.
pub fn sessions(octets: &[u8], options: DialogueOptions<'_>) -> (Vec<(Session, Diagnosis)>, u64) {
    let mut script = Script::new(octets);
    let table = FlowTable::new(Ports::new([25]), options.limits.clone());
    let mut wire = Wire { table, options, moment: Moment::default(), sent: [100, 500], port: 1145 };
    while !script.is_over() {
        let what = script.octet();
        step(&mut wire, usize::from(what & 1), what >> 1 & 7, what, &mut script);
    }
    wire.table.close_all();
    let found = std::iter::from_fn(|| wire.table.pop_closed()).map(|flow| {
        let session = Session::new(flow);
        let diagnosis = diagnose(&session);
        (session, diagnosis)
    });
    (found.collect(), wire.moment.frame)
}

fn step(wire: &mut Wire<'_>, from: usize, kind: u8, what: u8, script: &mut Script<'_>) {
    match kind {
        0 | 1 => {
            let text = script.choice(if from == 0 { CLIENT } else { SERVER });
            wire.advance(from, ACK, text.as_bytes(), what);
        }
        2 => {
            let len = script.octet();
            let text = [script.text(usize::from(len)), b"\r\n"].concat();
            wire.advance(from, ACK, &text, what);
        }
        3 => wire.advance(from, FIN | ACK, b"", what),
        4 => wire.advance(from, RST, b"", what),
        5 => {
            let seconds = i64::from(script.octet()) * 10;
            wire.wait(seconds * NANOS_PER_SEC);
        }
        6 if from == 0 => {
            wire.advance(0, SYN, b"", what);
            wire.advance(1, SYN | ACK, b"", what >> 1);
            wire.send(0, ACK, wire.sent[0], b"", 0);
        }
        6 => {
            wire.port = wire.port.wrapping_add(1);
            wire.sent = [100, 500];
        }
        _ if from == 0 => wire.advance(0, SYN, b"", what),
        _ => {
            let (src, dst) = (wire.address(0), wire.address(1));
            let seq = Some(SeqNumber(wire.sent[0].wrapping_sub(1)));
            let reason = "port unreachable";
            wire.table.unreachable(&Unreachable { reported_by: dst.ip(), src, dst, seq, reason }, wire.moment);
        }
    }
}
