//! What other tools know a session by, and the TLS in it, as tshark has them.

// Code of tests may panic, that is how it reports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use std::fs::File;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ehlotrace::capture::OpenOptions;
use ehlotrace::flow::StreamIndex;
use ehlotrace::report::community_id;
use ehlotrace::session::Session;
use ehlotrace::smtp::Alert;
use ehlotrace::{capture, wire};

use crate::support::{FileOptions, Frame, IpHeader, Link, TcpHeader, flag, ip_datagram, tcp_segment, write_pcap};
use crate::{corpus, oracle};

const FIELDS: [&str; 9] = [
    "frame.number",
    "communityid",
    "tcp.stream",
    "tls.handshake.type",
    "tls.handshake.extensions_server_name",
    "tls.handshake.version",
    "tls.handshake.extensions.supported_version",
    "tls.alert_message.level",
    "tls.alert_message.desc",
];

const OPTIONS: [&str; 2] = ["--enable-protocol", "communityid"];

#[test]
fn sessions_are_known_by_what_tshark_knows_them_by() {
    // The others of this folder are one capture in many file formats.
    let is_repeat = |file: &Path| {
        let name = file.file_name().unwrap().to_str().unwrap();
        file.parent().unwrap().ends_with("formats") && !name.starts_with("encap-")
    };
    let mut files = oracle::captures(&["public", "lab", "formats"]);
    // An event trace is nothing that tshark can open.
    files.retain(|file| !is_repeat(file) && file.extension().is_none_or(|extension| extension != "etl"));
    let next = AtomicUsize::new(0);
    let compare_all = || {
        let mut seen = (0, 0);
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (sessions, hellos) = compare(file)?;
            seen = (seen.0 + sessions, seen.1 + hellos);
        }
        Some(seen)
    };
    let seen: Option<Vec<(usize, usize)>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(compare_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let Some(seen) = seen else { return };
    let (sessions, hellos) = seen.iter().fold((0, 0), |sum, seen| (sum.0 + seen.0, sum.1 + seen.1));
    assert!(sessions > 30 && hellos > 3, "only {sessions} sessions and {hellos} hellos compared");
}

/// Compares the sessions of a capture with what tshark says; how many sessions and hellos there were. None without tshark.
fn compare(file: &PathBuf) -> Option<(usize, usize)> {
    let (_, sessions) = corpus::sessions(file, &[25, 465, 587, 2525]);
    if sessions.is_empty() {
        return Some((0, 0));
    }
    let rows = oracle::fields(file, &OPTIONS, &FIELDS)?;
    for (session, _) in &sessions {
        let row = &rows[usize::try_from(session.first.frame).unwrap() - 1];
        let stream = session.tcp_stream.map(|number| number.to_string()).unwrap_or_default();
        let ours = [session.first.frame.to_string(), community_id(session.client, session.server), stream];
        assert_eq!(row[..3], ours, "{}", file.display());
    }
    let theirs: Vec<String> = rows.iter().filter_map(|row| as_ours(row)).collect();
    // tshark looks for TLS only where it saw STARTTLS and the reply to it.
    let is_hidden =
        |session: &Session, told: &str| session.anomalies.gap_octets > 0 && !theirs.iter().any(|row| row == told);
    let hellos = |session| told(session).into_iter().filter(move |(_, told)| !is_hidden(session, told));
    let mut ours: Vec<(u64, String)> = sessions.iter().flat_map(|(session, _)| hellos(session)).collect();
    ours.sort();
    let ours: Vec<String> = ours.into_iter().map(|(_, text)| text).collect();
    assert_eq!(ours, theirs, "{}", file.display());
    Some((sessions.len(), ours.len()))
}

fn told(session: &Session) -> Vec<(u64, String)> {
    let tls = &session.transcript.tls;
    let client = tls.client_hello.as_ref().map(|hello| {
        let name = hello.server_name.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        (hello.moment.frame, format!("{} 1 {name} {:04x}", hello.moment.frame, hello.version.0))
    });
    let server = tls
        .server_hello
        .map(|hello| (hello.moment.frame, format!("{} 2  {:04x}", hello.moment.frame, hello.version.0)));
    let alert = |alert: Alert| {
        (alert.moment.frame, format!("{} alert {} {}", alert.moment.frame, alert.level, alert.description))
    };
    let alerts = [tls.client.alert, tls.server.alert].into_iter().flatten().map(alert);
    client.into_iter().chain(server).chain(alerts).collect()
}

/// A row of tshark's as [`told`] has it, if there is a hello or an alert in it.
fn as_ours(row: &[String]) -> Option<String> {
    let [frame, _, _, kind, name, version, supported, level, description] = row else { panic!("{row:?}") };
    if !description.is_empty() {
        return Some(format!("{frame} alert {level} {description}"));
    }
    let kind = kind.split(',').next().filter(|kind| matches!(*kind, "1" | "2"))?;
    let number = |text: &str| u16::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let listed = supported.split(',').filter(|text| text.starts_with("0x03")).map(number).max();
    let version = listed.unwrap_or_else(|| number(version.split(',').next().unwrap()));
    Some(format!("{frame} {kind} {name} {version:04x}"))
}

/// Segments between few ends with few sequence numbers, so that ports are reused, guesses go wrong, and headers are broken
/// or quoted by errors.
fn tangled_segments(frames: i64) -> Vec<Frame> {
    let mut random = 1_u32;
    let mut below = move |most: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % most
    };
    let mut frame = |number: i64| {
        let is_v6 = below(2) == 0;
        let mut end = || -> SocketAddr {
            let (host, port) = (1 + below(3), 25 + below(2));
            let text = if is_v6 { format!("[2001:db8::{host}]:{port}") } else { format!("192.0.2.{host}:{port}") };
            text.parse().unwrap()
        };
        let (src, dst) = (end(), end());
        let flags = [flag::SYN, flag::SYN, flag::SYN | flag::ACK, flag::ACK, flag::RST, flag::FIN | flag::ACK];
        let header = TcpHeader {
            src,
            dst,
            seq: 100 + below(3),
            ack: 100 + below(3),
            flags: flags[below(6) as usize],
            window: 500,
            options: Vec::new(),
        };
        let mut segment = tcp_segment(&header, b"");
        match below(12) {
            0 => segment[12] = 0x40,
            1 => segment[12] = 0xf0,
            2 => segment.truncate(15 + below(5) as usize),
            _ => {}
        }
        let ip = IpHeader { src: src.ip(), dst: dst.ip(), protocol: 6, ttl: 64, id: 1 };
        let mut datagram = ip_datagram(&ip, &segment);
        if below(5) == 0 {
            let (protocol, kinds) = if is_v6 { (58, [1, 2, 3, 4, 5, 128]) } else { (1, [3, 4, 5, 11, 12, 8]) };
            let mut message = vec![kinds[below(6) as usize], 1, 0, 0, 0, 0, 0, 0];
            let quoted = if below(3) == 0 { datagram.len() - segment.len() + 8 } else { datagram.len() };
            message.extend(&datagram[..quoted]);
            datagram = ip_datagram(&IpHeader { protocol, ..ip }, &message);
        }
        Frame::new(number * 1_000_000, Link::RAW_IP, datagram)
    };
    (0..frames).map(&mut frame).collect()
}

#[test]
fn every_frame_has_the_stream_that_tshark_gives_it() {
    let frames = tangled_segments(10_000);
    let file = tempfile::NamedTempFile::with_suffix(".pcap").unwrap();
    std::fs::write(file.path(), write_pcap(&frames, &FileOptions::default())).unwrap();
    let Some(rows) = oracle::fields(file.path(), &[], &["frame.number", "tcp.stream"]) else { return };
    let mut index = StreamIndex::new(1_000);
    let mut reader = capture::open(Box::new(File::open(file.path()).unwrap()), &OpenOptions::default()).unwrap();
    let mut ours = Vec::new();
    reader
        .for_each_packet(&mut |packet| {
            let number = wire::tcp_header(&packet).and_then(|header| index.number(&header));
            ours.push(vec![packet.frame.to_string(), number.map(|number| number.to_string()).unwrap_or_default()]);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(ours.len(), rows.len());
    for (ours, theirs) in ours.iter().zip(&rows) {
        assert_eq!(ours, theirs);
    }
    let most = ours.iter().filter_map(|row| row[1].parse::<u32>().ok()).max();
    assert!(most > Some(500), "{most:?}");
}
