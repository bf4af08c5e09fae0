//! What a capture point does to packets does not change what is said of their sessions.
//!
//! The samples are recorded anew: by several queues, at two points whose clocks differ, with packets missing. Where only the
//! order differs the verdict is the same; where packets are missing it is the same, or unknown.

use std::collections::HashMap;
use std::fs::File;
use std::io::Cursor;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;

use ehlotrace::capture::{self, OpenOptions, Packet};
use ehlotrace::diagnosis::{Diagnosis, Outcome};
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;
use ehlotrace::twice::Choice;
use ehlotrace::wire::{self, Decoded};

use crate::corpus;
use crate::extract::extracted;
use crate::support::{FileOptions, Frame, Link, write_pcapng};

const MILLISECOND_NS: i64 = 1_000_000;

/// A queue holds a packet back no longer than this.
const QUEUE_NS: i64 = 5 * MILLISECOND_NS;

/// A sample's frames, and of each the ends it goes between, if it is a TCP segment.
struct Recording {
    name: String,
    frames: Vec<Frame>,
    ends: Vec<Option<(SocketAddr, SocketAddr)>>,
}

impl Recording {
    fn read(file: &PathBuf) -> Self {
        let mut frames = Vec::new();
        let mut ends = Vec::new();
        let mut reader = capture::open(Box::new(File::open(file).unwrap()), &OpenOptions::default()).unwrap();
        let read = reader.for_each_packet(&mut |packet| {
            let mut frame = Frame::new(packet.time.as_nanos(), Link(packet.link.0), packet.data.to_vec());
            frame.wire_len = packet.wire_len;
            frames.push(frame);
            ends.push(ends_of(&packet));
            ControlFlow::Continue(())
        });
        read.unwrap();
        Self { name: file.file_name().unwrap().to_str().unwrap().to_owned(), frames, ends }
    }

    /// The frames of each connection, both directions together, by their places.
    fn connections(&self) -> Vec<Vec<usize>> {
        let mut by_ends: HashMap<[SocketAddr; 2], Vec<usize>> = HashMap::new();
        for (at, ends) in self.ends.iter().enumerate() {
            if let Some((src, dst)) = ends {
                by_ends.entry(if src < dst { [*src, *dst] } else { [*dst, *src] }).or_default().push(at);
            }
        }
        let mut connections: Vec<_> = by_ends.into_values().collect();
        connections.sort();
        connections
    }

    /// Whether the last packet between `ends` is one of `missing`.
    fn ends_within(&self, (client, server): (SocketAddr, SocketAddr), missing: &std::ops::Range<usize>) -> bool {
        let is_between = |ends: &Option<_>| *ends == Some((client, server)) || *ends == Some((server, client));
        self.ends.iter().rposition(is_between).is_some_and(|last| missing.contains(&last))
    }

    fn is_from_server(&self, at: usize) -> bool {
        self.ends[at].is_some_and(|(src, _)| PORTS.contains(&src.port()))
    }
}

const PORTS: [u16; 2] = [25, 587];

fn ends_of(packet: &Packet<'_>) -> Option<(SocketAddr, SocketAddr)> {
    match wire::decode(packet) {
        Decoded::Tcp(segment) => Some((segment.src, segment.dst)),
        _ => None,
    }
}

fn samples() -> Vec<Recording> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
    // The week repeats two sessions that other samples have.
    let captures = corpus::captures(&folder);
    let samples: Vec<_> = captures.iter().filter(|file| !file.ends_with("week.pcap")).map(Recording::read).collect();
    assert!(samples.len() > 30 && samples.iter().all(|sample| !sample.frames.is_empty()));
    samples
}

/// What is said of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Verdict {
    ends: (SocketAddr, SocketAddr),
    outcome: &'static str,
    cause: &'static str,
    is_recovered: bool,
    accepted: u64,
    hellos: Vec<String>,
    exchanges: Vec<(Option<String>, Option<u16>)>,
}

impl Verdict {
    fn new(session: &Session, diagnosis: &Diagnosis) -> Self {
        let transcript = &session.transcript;
        let text = |line: &[u8]| line.escape_ascii().to_string();
        let hellos = transcript.hellos.iter().filter_map(|hello| transcript.hello_command(hello));
        let exchanges = transcript.exchanges.iter().map(|exchange| {
            let command = exchange.command.as_ref().map(|command| text(&command.line));
            (command, exchange.reply.as_ref().map(|reply| reply.code))
        });
        Self {
            ends: (session.client, session.server),
            outcome: diagnosis.outcome.code(),
            cause: diagnosis.cause.map_or("", |rule| rule.code),
            is_recovered: diagnosis.recovered,
            accepted: transcript.messages_accepted,
            hellos: hellos.map(|command| text(&command.line)).collect(),
            exchanges: exchanges.collect(),
        }
    }
}

fn verdicts(frames: &[Frame]) -> Vec<Verdict> {
    let options = ScanOptions::on_ports(PORTS);
    let octets = write_pcapng(frames, &FileOptions { nanoseconds: true, ..FileOptions::default() });
    let mut found = Vec::new();
    let mut observe = |session: Session, diagnosis: Diagnosis| found.push(Verdict::new(&session, &diagnosis));
    let report = scan(Box::new(Cursor::new(octets)), &options, &mut observe).unwrap();
    assert!(report.error.is_none());
    found.sort_by(|one, other| (one.ends, &one.hellos).cmp(&(other.ends, &other.hellos)));
    found
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    /// Below `most`.
    fn roll(&mut self, most: usize) -> usize {
        // Marsaglia's xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

fn seeds() -> std::ops::Range<u64> {
    if std::env::var_os("EHLOTRACE_THOROUGH").is_some() { 1..400 } else { 1..12 }
}

/// The frames in another order, with the times at which that order was recorded.
fn reordered(recording: &Recording, order: &[usize]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = order.iter().map(|at| recording.frames[*at].clone()).collect();
    for (frame, recorded) in frames.iter_mut().zip(&recording.frames) {
        frame.time_ns = recorded.time_ns;
    }
    frames
}

/// Packets overtake each other in the queues of a network card, by up to `places`.
fn by_queues(recording: &Recording, places: usize, dice: &mut Dice) -> Vec<usize> {
    let mut order: Vec<usize> = (0..recording.frames.len()).collect();
    let time = |at: usize| recording.frames[at].time_ns;
    let keys: Vec<usize> = order.iter().map(|at| at * 100 + dice.roll(places * 100)).collect();
    order.sort_by_key(|at| keys[*at]);
    for end in 1..order.len() {
        let mut at = end;
        while at > 0 && time(order[at - 1]) - time(order[at]) > QUEUE_NS {
            order.swap(at - 1, at);
            at -= 1;
        }
    }
    order
}

/// What one side sends is recorded at a point whose clock is ahead, so that it overtakes up to `packets` of the other's.
fn by_two_taps(recording: &Recording, server_is_early: bool, packets: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..recording.frames.len()).collect();
    for connection in recording.connections() {
        let mut own = connection.clone();
        for end in 1..own.len() {
            let (mut at, mut passed) = (end, 0);
            while passed < packets
                && at > 0
                && recording.is_from_server(own[at]) == server_is_early
                && recording.is_from_server(own[at - 1]) != server_is_early
                && recording.frames[own[at]].time_ns - recording.frames[own[at - 1]].time_ns <= 10 * QUEUE_NS
            {
                own.swap(at - 1, at);
                at -= 1;
                passed += 1;
            }
        }
        for (place, frame) in connection.iter().zip(own) {
            order[*place] = frame;
        }
    }
    order
}

#[test]
fn the_order_of_recording_does_not_change_a_verdict() {
    for recording in samples() {
        let expected = verdicts(&recording.frames);
        for seed in seeds() {
            for places in [2, 4, 12] {
                let order = by_queues(&recording, places, &mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                let name = &recording.name;
                assert_eq!(verdicts(&reordered(&recording, &order)), expected, "{name} in the order {order:?}");
            }
        }
    }
}

#[test]
fn two_capture_points_do_not_change_a_verdict() {
    for recording in samples() {
        let expected = verdicts(&recording.frames);
        for server_is_early in [false, true] {
            for packets in 1..=8 {
                let order = by_two_taps(&recording, server_is_early, packets);
                let name = &recording.name;
                assert_eq!(verdicts(&reordered(&recording, &order)), expected, "{name} in the order {order:?}");
            }
        }
    }
}

/// What is wrong with a verdict, given the one on the whole session: less may be known, but nothing else.
fn contradiction(whole: &Verdict, part: &Verdict) -> Option<&'static str> {
    let known = |exchange: &&(Option<String>, Option<u16>)| exchange.0.is_some() && exchange.1.is_some();
    if part.outcome != Outcome::Unknown.code() && (part.outcome, part.cause) != (whole.outcome, whole.cause) {
        return Some("another verdict");
    }
    if part.accepted > whole.accepted || part.is_recovered && !whole.is_recovered {
        return Some("a message or recovery that was not there");
    }
    if part.hellos.iter().any(|hello| !whole.hellos.contains(hello)) {
        return Some("a hello that was not there");
    }
    let is_new = |exchange: &&(Option<String>, Option<u16>)| !whole.exchanges.contains(exchange);
    part.exchanges.iter().filter(known).any(|exchange| is_new(&exchange)).then_some("a reply to another command")
}

/// What a capture cannot tell when packets are missing: an exported PDU has no sequence number, so a missing one leaves no hole;
/// a refusal in place of the greeting, with the SYN-ACK missing, looks like the reply to what the client had said too soon, and
/// the verdict is unknown then.
fn is_beyond_telling(name: &str, problem: &str, part: &Verdict) -> bool {
    match name {
        "exported.pcap" => problem == "another verdict",
        "synchronization-error.pcap" => {
            problem == "a reply to another command" && part.outcome == Outcome::Unknown.code()
        }
        _ => false,
    }
}

/// The sessions of a sample from which the packets at `missing` are gone, against those of the whole one.
fn compare(recording: &Recording, whole: &[Verdict], missing: std::ops::Range<usize>, wrong: &mut Vec<String>) {
    let mut frames = recording.frames.clone();
    frames.drain(missing.clone());
    for part in verdicts(&frames) {
        // A SYN of which nothing else is left was not answered; of a session whose end is gone the capture shows silence.
        if part.cause == "connect-unanswered" || recording.ends_within(part.ends, &missing) {
            continue;
        }
        let of_it: Vec<_> = whole.iter().filter(|verdict| verdict.ends == part.ends).collect();
        let problems: Vec<_> = of_it.iter().filter_map(|verdict| contradiction(verdict, &part)).collect();
        let problems: Vec<_> =
            problems.into_iter().filter(|problem| !is_beyond_telling(&recording.name, problem, &part)).collect();
        if problems.len() == of_it.len() {
            wrong.push(format!("{} without {missing:?}: {problems:?} {part:?}", recording.name));
        }
    }
}

#[test]
fn packets_that_are_missing_leave_the_verdict_or_make_it_unknown() {
    let mut wrong = Vec::new();
    for recording in samples() {
        let whole = verdicts(&recording.frames);
        for length in 1..=8 {
            for start in 0..recording.frames.len().saturating_sub(length) {
                compare(&recording, &whole, start..start + length, &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_capture_that_begins_late_leaves_the_verdict_or_makes_it_unknown() {
    let mut wrong = Vec::new();
    for recording in samples() {
        let whole = verdicts(&recording.frames);
        for end in 1..recording.frames.len() {
            compare(&recording, &whole, 0..end, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

/// What redaction keeps of a session: all but names and addresses.
fn kept(octets: &[u8]) -> Vec<(u64, String)> {
    let options = ScanOptions::on_ports(PORTS);
    let mut found = Vec::new();
    scan(Box::new(Cursor::new(octets.to_vec())), &options, &mut |session, diagnosis| {
        let problems: Vec<Vec<&str>> = session
            .transcript
            .hellos
            .iter()
            .map(|hello| hello.check.problems.iter().map(|problem| problem.code.code()).collect())
            .collect();
        let cause = diagnosis.cause.map_or("", |rule| rule.code);
        let outcome = diagnosis.outcome.code();
        let said = format!("{outcome} {cause} {} {problems:?} {:?}", diagnosis.recovered, session.product.name);
        found.push((session.number, said));
    })
    .unwrap();
    found.sort();
    found
}

fn compare_redacted(name: &str, frames: &[Frame], wrong: &mut Vec<String>) {
    let octets = write_pcapng(frames, &FileOptions { nanoseconds: true, ..FileOptions::default() });
    let original = kept(&octets);
    // Too little is left of the headers.
    if original.is_empty() {
        return;
    }
    let (redacted, results) = extracted(&[(name, octets)], Choice::All, Some("a key of sorts"));
    if !results[0].left_out_frames.is_empty() || kept(&redacted) != original {
        wrong.push(format!("{name}: {:?}\n  {original:?}\n  {:?}", results[0].left_out_frames, kept(&redacted)));
    }
}

#[test]
fn redaction_changes_no_verdict_in_whatever_order_and_with_whatever_loss() {
    let mut wrong = Vec::new();
    for recording in samples() {
        for seed in seeds().take(4) {
            let order = by_queues(&recording, 8, &mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            compare_redacted(&recording.name, &reordered(&recording, &order), &mut wrong);
        }
        for length in [1, 3] {
            for start in 0..recording.frames.len().saturating_sub(length) {
                let mut frames = recording.frames.clone();
                frames.drain(start..start + length);
                let name = format!("{} without {length} at {start}", recording.name);
                compare_redacted(&name, &frames, &mut wrong);
            }
        }
        for octets in [60, 70, 96] {
            let mut frames = recording.frames.clone();
            frames.iter_mut().for_each(|frame| frame.cut(octets));
            compare_redacted(&format!("{} cut to {octets}", recording.name), &frames, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}
