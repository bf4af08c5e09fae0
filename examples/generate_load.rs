//! Writes large captures for measurements, the same octets every time.
//!
//! ```sh
//! cargo run --release --example generate_load -- smtp 40000 >smtp.pcap
//! cargo run --release --example generate_load -- smtp-commented 40000 >smtp.pcapng
//! cargo run --release --example generate_load -- mixed 1500 >mixed.pcap
//! cargo run --release --example generate_load -- syns 5000000 >syns.pcap
//! ```
//!
//! `smtp N` is N complete SMTP sessions of about 32 frames, a hundred at a time, every tenth lost to a malformed EHLO
//! argument; `smtp-commented N` the same as pcapng with a comment on every packet. `mixed N` is N megabytes of other TCP traffic with one packet in a thousand on port 25. `syns N` is N SYNs from
//! as many addresses, `half-open N` the same with a SYN-ACK each, `commands N` one session of N pipelined commands, `line N`
//! one session whose only command is N megabytes long.

#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing)]
use std::io::{self, BufWriter, Write};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let amount = arguments.get(2).and_then(|amount| amount.parse().ok());
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    match (arguments.get(1).map(String::as_str), amount) {
        (Some("smtp"), Some(sessions)) => smtp(&mut Pcap::new(&mut out)?, sessions)?,
        (Some("smtp-commented"), Some(sessions)) => smtp(&mut Pcap::commented(&mut out)?, sessions)?,
        (Some("mixed"), Some(megabytes)) => mixed(&mut Pcap::new(&mut out)?, megabytes)?,
        (Some("syns"), Some(hosts)) => syns(&mut Pcap::new(&mut out)?, hosts, false)?,
        (Some("half-open"), Some(hosts)) => syns(&mut Pcap::new(&mut out)?, hosts, true)?,
        (Some("commands"), Some(commands)) => one_sided(&mut Pcap::new(&mut out)?, b"NOOP\r\n", commands)?,
        (Some("line"), Some(megabytes)) => one_sided(&mut Pcap::new(&mut out)?, &[b'x'; 1000], megabytes * 1000)?,
        _ => {
            let usage = "usage: generate_load smtp|smtp-commented|mixed|syns|half-open|commands|line AMOUNT";
            return Err(io::Error::other(usage));
        }
    }
    out.flush()
}

/// Sessions that overlap at any one time.
const CONCURRENT: u64 = 100;

pub(crate) fn smtp(pcap: &mut Pcap<'_>, sessions: u64) -> io::Result<()> {
    for first in (0..sessions).step_by(100) {
        let mut batch: Vec<Session> = (first..sessions.min(first + CONCURRENT)).map(Session::new).collect();
        // All sessions of a batch move on by a step in turn.
        while !batch.is_empty() {
            for session in &mut batch {
                session.step(pcap)?;
            }
            batch.retain(|session| !session.is_over());
        }
    }
    Ok(())
}

pub(crate) fn mixed(pcap: &mut Pcap<'_>, megabytes: u64) -> io::Result<()> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut session = Session::new(0);
    let mut number = 0;
    let payload = [0x5a; 1400];
    let mut frames = 0_u64;
    while pcap.octets < megabytes * 1_000_000 {
        frames += 1;
        if frames.is_multiple_of(1000) {
            session.step(pcap)?;
            if session.is_over() {
                number += 1;
                session = Session::new(number);
            }
            continue;
        }
        let drawn = random.next();
        let client = [10, 1, (drawn >> 8) as u8, drawn as u8];
        let server = [10, 2, (drawn >> 24) as u8, (drawn >> 16) as u8];
        let len = (drawn >> 32) as usize % payload.len();
        let ports = (1024 + (drawn >> 40) as u16 % 60_000, 443);
        let segment = Tcp { src: client, dst: server, ports, seq: drawn as u32, ack: 1, flags: 0x10 };
        pcap.tcp(&segment, &payload[..len])?;
    }
    Ok(())
}

pub(crate) fn syns(pcap: &mut Pcap<'_>, hosts: u64, answered: bool) -> io::Result<()> {
    for host in 0..hosts {
        let src = [11 + (host >> 24) as u8, (host >> 16) as u8, (host >> 8) as u8, host as u8];
        let syn = Tcp { src, dst: SERVER, ports: (1025, 25), seq: host as u32, ack: 0, flags: 0x02 };
        pcap.tcp(&syn, b"")?;
        if answered {
            let (seq, ack) = (7, syn.seq.wrapping_add(1));
            pcap.tcp(&Tcp { src: SERVER, dst: src, ports: (25, 1025), seq, ack, flags: 0x12 }, b"")?;
        }
    }
    Ok(())
}

/// A client that sends `piece` again and again and waits for nothing.
pub(crate) fn one_sided(pcap: &mut Pcap<'_>, piece: &[u8], times: u64) -> io::Result<()> {
    let mut session = Session::new(0);
    for _ in 0..HANDSHAKE {
        session.step(pcap)?;
    }
    let text = piece.repeat(1400 / piece.len());
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let pieces_a_segment = (text.len() / piece.len()) as u64;
    for _ in 0..times.div_ceil(pieces_a_segment) {
        session.send(pcap, true, 0x18, &text)?;
    }
    Ok(())
}

/// One session, frame by frame.
struct Session {
    client: [u8; 4],
    port: u16,
    script: &'static [(bool, &'static str)],
    at: usize,
    is_lost: bool,
    client_seq: u32,
    server_seq: u32,
    is_ack_due: bool,
}

const SERVER: [u8; 4] = [192, 0, 2, 25];

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and the lazy dog does not mind at all.\r\n\
    The quick brown fox jumps over the lazy dog, and the lazy dog does not mind at all.\r\n\
    The quick brown fox jumps over the lazy dog, and the lazy dog does not mind at all.\r\n\
    The quick brown fox jumps over the lazy dog, and the lazy dog does not mind at all.\r\n";

pub(crate) const DELIVERED: &[(bool, &str)] = &[
    (false, "220 mx.example.net ESMTP Postfix (Debian/GNU)\r\n"),
    (true, "EHLO client.example.com\r\n"),
    (false, "250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ETRN\r\n250-8BITMIME\r\n250 DSN\r\n"),
    (true, "MAIL FROM:<alice@example.com> SIZE=2000\r\n"),
    (false, "250 2.1.0 Ok\r\n"),
    (true, "RCPT TO:<bob@example.net>\r\n"),
    (false, "250 2.1.5 Ok\r\n"),
    (true, "DATA\r\n"),
    (false, "354 End data with <CR><LF>.<CR><LF>\r\n"),
    (true, "From: <alice@example.com>\r\nTo: <bob@example.net>\r\nSubject: hello\r\n\r\n"),
    (true, TEXT),
    (true, TEXT),
    (true, TEXT),
    (true, TEXT),
    (true, ".\r\n"),
    (false, "250 2.0.0 Ok: queued as 4F3C71A2B9\r\n"),
    (true, "QUIT\r\n"),
    (false, "221 2.0.0 Bye\r\n"),
];

const LOST: &[(bool, &str)] = &[
    (false, "220 mx.example.net Microsoft ESMTP MAIL Service, Version: 5.0.2195.5329 ready at  Sat, 28 Aug 1999\r\n"),
    (true, "EHLO sub2.\r\n"),
    (false, "501 Invalid Address\r\n"),
    (true, "QUIT\r\n"),
    (false, "221 Bye\r\n"),
];

const HANDSHAKE: usize = 3;

impl Session {
    fn new(number: u64) -> Self {
        let is_lost = number % 10 == 9;
        let host = number / 50_000;
        Self {
            client: [10, 0, (host >> 8) as u8, host as u8],
            port: 10_000 + (number % 50_000) as u16,
            script: if is_lost { LOST } else { DELIVERED },
            at: 0,
            is_lost,
            client_seq: (number as u32).wrapping_mul(2_654_435_761),
            server_seq: (number as u32).wrapping_mul(40_503),
            is_ack_due: false,
        }
    }

    fn is_over(&self) -> bool {
        self.at >= HANDSHAKE + self.script.len() + 3
    }

    /// The next frame: a write of one side, or the acknowledgement of the last one.
    fn step(&mut self, pcap: &mut Pcap<'_>) -> io::Result<()> {
        let line = self.at.checked_sub(HANDSHAKE).and_then(|line| self.script.get(line)).copied();
        match (self.at, line) {
            (0, _) => self.send(pcap, true, 0x02, "")?,
            (1, _) => self.send(pcap, false, 0x12, "")?,
            (2, _) => self.send(pcap, true, 0x10, "")?,
            (_, Some((from_client, text))) => {
                if std::mem::take(&mut self.is_ack_due) {
                    return self.send(pcap, from_client, 0x10, "");
                }
                self.send(pcap, from_client, 0x18, text)?;
                self.is_ack_due = true;
            }
            (at, None) => match at - HANDSHAKE - self.script.len() {
                0 => self.send(pcap, self.is_lost, 0x11, "")?,
                1 => self.send(pcap, !self.is_lost, 0x11, "")?,
                _ => self.send(pcap, self.is_lost, 0x10, "")?,
            },
        }
        self.at += 1;
        Ok(())
    }

    fn send(&mut self, pcap: &mut Pcap<'_>, from_client: bool, flags: u8, text: &str) -> io::Result<()> {
        let (own, peer) =
            if from_client { (&mut self.client_seq, self.server_seq) } else { (&mut self.server_seq, self.client_seq) };
        let seq = *own;
        *own = own.wrapping_add(text.len() as u32 + u32::from(flags & 0x03 != 0));
        let (src, dst) = if from_client { (self.client, SERVER) } else { (SERVER, self.client) };
        let ports = if from_client { (self.port, 25) } else { (25, self.port) };
        let ack = if flags & 0x10 == 0 { 0 } else { peer };
        pcap.tcp(&Tcp { src, dst, ports, seq, ack, flags }, text.as_bytes())
    }
}

struct Tcp {
    src: [u8; 4],
    dst: [u8; 4],
    ports: (u16, u16),
    seq: u32,
    ack: u32,
    flags: u8,
}

/// A capture of Ethernet frames, 20 microseconds apart.
pub(crate) struct Pcap<'w> {
    out: &'w mut dyn Write,
    frames: u64,
    octets: u64,
    is_commented: bool,
}

/// What pcapng has behind each packet: a comment of 16 octets and the end of the options.
const COMMENT: &[u8] = b"\x01\0\x10\0seen at the edge\0\0\0\0";

impl<'w> Pcap<'w> {
    /// A classic pcap.
    pub(crate) fn new(out: &'w mut dyn Write) -> io::Result<Self> {
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        for field in [0x0004_0002_u32, 0, 0, 262_144, 1] {
            out.write_all(&field.to_le_bytes())?;
        }
        Ok(Self { out, frames: 0, octets: 24, is_commented: false })
    }

    /// A pcapng with a comment on every packet.
    fn commented(out: &'w mut dyn Write) -> io::Result<Self> {
        let section = [0x0a0d_0d0a_u32, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28];
        let interface = [1_u32, 20, 1, 262_144, 20];
        for field in section.into_iter().chain(interface) {
            out.write_all(&field.to_le_bytes())?;
        }
        Ok(Self { out, frames: 0, octets: 48, is_commented: true })
    }

    fn tcp(&mut self, tcp: &Tcp, payload: &[u8]) -> io::Result<()> {
        let micros = 1_700_000_000_000_000 + self.frames * 20;
        let len = (54 + payload.len()) as u32;
        self.frames += 1;
        self.octets += 16 + u64::from(len);
        let block_octets = 32 + len.next_multiple_of(4) + COMMENT.len() as u32;
        if self.is_commented {
            for field in [6, block_octets, 0, (micros >> 32) as u32, micros as u32, len, len] {
                self.out.write_all(&field.to_le_bytes())?;
            }
        } else {
            for field in [(micros / 1_000_000) as u32, (micros % 1_000_000) as u32, len, len] {
                self.out.write_all(&field.to_le_bytes())?;
            }
        }
        let mut frame = [0_u8; 54];
        frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
        frame[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 2]);
        frame[12] = 8;
        frame[14] = 0x45;
        frame[16..18].copy_from_slice(&((40 + payload.len()) as u16).to_be_bytes());
        frame[18..20].copy_from_slice(&(self.frames as u16).to_be_bytes());
        frame[22] = 64;
        frame[23] = 6;
        frame[26..30].copy_from_slice(&tcp.src);
        frame[30..34].copy_from_slice(&tcp.dst);
        frame[34..36].copy_from_slice(&tcp.ports.0.to_be_bytes());
        frame[36..38].copy_from_slice(&tcp.ports.1.to_be_bytes());
        frame[38..42].copy_from_slice(&tcp.seq.to_be_bytes());
        frame[42..46].copy_from_slice(&tcp.ack.to_be_bytes());
        frame[46] = 0x50;
        frame[47] = tcp.flags;
        frame[48] = 0x20;
        self.out.write_all(&frame)?;
        self.out.write_all(payload)?;
        if self.is_commented {
            self.out.write_all(&[0; 3][..(len.next_multiple_of(4) - len) as usize])?;
            self.out.write_all(COMMENT)?;
            self.out.write_all(&block_octets.to_le_bytes())?;
        }
        Ok(())
    }
}

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
