//! How often a scan asks for memory: never for a packet, seldom for a session.
//!
//! A single test: the counts are those of the whole process.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::Cursor;

use ehlotrace::scan::{ScanOptions, scan};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[test]
fn packets_cost_no_allocation_and_sessions_few() {
    let _profiler = dhat::Profiler::builder().testing().build();
    // What the process sets up once.
    allocations(&other_traffic(1), 0);
    allocations(&sessions(1, 0), 1);
    // Below the size from which a second thread is used, whose channel would count, too.
    let few = allocations(&other_traffic(1_000), 0);
    let many = allocations(&other_traffic(10_000), 0);
    assert_eq!(few, many, "packets of other ports are passed over without allocating");

    let acknowledged = allocations(&sessions(1, 0), 1);
    let acknowledged_often = allocations(&sessions(1, 10_000), 1);
    assert_eq!(acknowledged, acknowledged_often, "segments of a session that carry nothing allocate nothing");

    let ten = allocations(&sessions(10, 0), 10);
    let hundred = allocations(&sessions(100, 0), 100);
    let a_session = (hundred - ten).div_ceil(90);
    println!("{a_session} allocations a session");
    assert!(a_session <= ALLOCATIONS_A_SESSION, "{a_session} allocations a session");
}

/// One delivered session of [`SCRIPT`] was measured to take 24: about two for an exchange, for its line and its reply.
const ALLOCATIONS_A_SESSION: u64 = 26;

fn allocations(capture: &[u8], expected_sessions: u64) -> u64 {
    let input = Box::new(Cursor::new(capture.to_vec()));
    let options = ScanOptions::new();
    let mut seen = 0;
    let before = dhat::HeapStats::get().total_blocks;
    let report = scan(input, &options, &mut |session, _| {
        seen += u64::from(session.transcript.messages_accepted == 1);
    })
    .unwrap();
    let after = dhat::HeapStats::get().total_blocks;
    assert_eq!((report.sessions, seen), (expected_sessions, expected_sessions));
    after - before
}

const CLIENT: bool = true;
const SERVER: bool = false;

const SCRIPT: &[(bool, &str)] = &[
    (SERVER, "220 mx.example.net ESMTP Postfix\r\n"),
    (CLIENT, "EHLO client.example.com\r\n"),
    (SERVER, "250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 DSN\r\n"),
    (CLIENT, "MAIL FROM:<alice@example.com>\r\n"),
    (SERVER, "250 2.1.0 Ok\r\n"),
    (CLIENT, "RCPT TO:<bob@example.net>\r\n"),
    (SERVER, "250 2.1.5 Ok\r\n"),
    (CLIENT, "DATA\r\n"),
    (SERVER, "354 End data with <CR><LF>.<CR><LF>\r\n"),
    (CLIENT, "Subject: hello\r\n\r\nhello\r\n.\r\n"),
    (SERVER, "250 2.0.0 Ok: queued\r\n"),
    (CLIENT, "QUIT\r\n"),
    (SERVER, "221 2.0.0 Bye\r\n"),
];

/// `sessions` sessions of [`SCRIPT`], one after the other, each with `acknowledgements` empty segments after its start.
fn sessions(sessions: u16, acknowledgements: usize) -> Vec<u8> {
    let mut capture = Capture::new();
    for session in 0..sessions {
        let ports = (20_000 + session, 25);
        let mut seq = [1000_u32, 5000];
        let mut send = |from: bool, flags: u8, text: &str| {
            let (own, peer) = if from == CLIENT { (0, 1) } else { (1, 0) };
            let ack = if flags & 0x10 == 0 { 0 } else { seq[peer] };
            capture.tcp(from, ports, seq[own], ack, flags, text.as_bytes());
            seq[own] += u32::try_from(text.len()).unwrap() + u32::from(flags & 3 != 0);
        };
        send(CLIENT, 0x02, "");
        send(SERVER, 0x12, "");
        send(CLIENT, 0x10, "");
        for _ in 0..acknowledgements {
            send(CLIENT, 0x10, "");
        }
        for (from, text) in SCRIPT {
            send(*from, 0x18, text);
        }
        send(CLIENT, 0x11, "");
        send(SERVER, 0x11, "");
        send(CLIENT, 0x10, "");
    }
    capture.octets
}

fn other_traffic(packets: usize) -> Vec<u8> {
    let mut capture = Capture::new();
    for _ in 0..packets {
        capture.tcp(CLIENT, (40_000, 443), 1, 1, 0x18, &[0x5a; 700]);
    }
    capture.octets
}

/// A classic capture of Ethernet frames between two hosts.
struct Capture {
    octets: Vec<u8>,
    frames: u32,
}

impl Capture {
    fn new() -> Self {
        let mut octets = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        for field in [0x0004_0002_u32, 0, 0, 262_144, 1] {
            octets.extend(field.to_le_bytes());
        }
        Self { octets, frames: 0 }
    }

    fn tcp(&mut self, from: bool, (client, server): (u16, u16), seq: u32, ack: u32, flags: u8, payload: &[u8]) {
        let len = u32::try_from(54 + payload.len()).unwrap();
        self.frames += 1;
        for field in [1_700_000_000, self.frames, len, len] {
            self.octets.extend(field.to_le_bytes());
        }
        let (ends, ports) = if from == CLIENT { ([1, 2], [client, server]) } else { ([2, 1], [server, client]) };
        self.octets.extend([2, 0, 0, 0, 0, ends[1], 2, 0, 0, 0, 0, ends[0], 8, 0]);
        let [high, low] = u16::try_from(len - 14).unwrap().to_be_bytes();
        self.octets.extend([0x45, 0, high, low, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, ends[0], 192, 0, 2, ends[1]]);
        self.octets.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        self.octets.extend(seq.to_be_bytes());
        self.octets.extend(ack.to_be_bytes());
        self.octets.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        self.octets.extend(payload);
    }
}
