//! However a dialogue is cut into segments, repeated and reordered on its way, it is the same session.

use ehlotrace::diagnosis::diagnose;
use ehlotrace::flow::FlowTable;
use ehlotrace::limits::Limits;
use ehlotrace::session::{Session, SessionBuilder};
use ehlotrace::smtp::DialogueOptions;
use ehlotrace::time::{Moment, Timestamp};
use ehlotrace::wire::{Ports, Segment, SeqNumber, TcpFlags};
use proptest::prelude::*;

const DIALOGUE: &[(char, &str)] = &[
    ('S', "220-mail.your-domain.com Microsoft SMTP MAIL ready\r\n220 ESMTP spoken here\r\n"),
    ('C', "EHLO sub2.\r\n"),
    ('S', "501 Invalid Address\r\n"),
    ('C', "EHLO sub2.your-domain.com\r\n"),
    ('S', "250-mail.your-domain.com\r\n250-PIPELINING\r\n250 SIZE\r\n"),
    ('C', "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n"),
    ('S', "250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n"),
    ('C', "Subject: x\r\n\r\nQUIT\r\n..\r\n.\r\nQUIT\r\n"),
    ('S', "250 taken\r\n221 bye\r\n"),
];

/// A segment to be sent: who, place in the stream, octets, what its sender had received.
type Piece = (char, u32, Vec<u8>, u32);

/// Cuts every message at the places `cuts` says.
fn pieces(cuts: &[usize]) -> Vec<Vec<Piece>> {
    let mut cuts = cuts.iter().cycle();
    let (mut client, mut server) = (0, 0);
    let mut flights = Vec::new();
    for (who, text) in DIALOGUE {
        let mut rest = text.as_bytes();
        let mut flight = Vec::new();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            let (own, peer) = if *who == 'C' { (&mut client, server) } else { (&mut server, client) };
            flight.push((*who, *own, piece.to_vec(), peer));
            *own += u32::try_from(piece.len()).unwrap();
            rest = after;
        }
        flights.push(flight);
    }
    flights
}

fn play(flights: &[Vec<Piece>], isn: u32) -> String {
    let limits = Limits::default();
    let mut table = FlowTable::new(Ports::new([25]), Limits::default());
    let mut frame = 0;
    let mut send = |who: char, flags: u8, seq: u32, ack: u32, payload: &[u8]| {
        let (client, server) = ("192.0.2.10:1145".parse().unwrap(), "192.0.2.25:25".parse().unwrap());
        frame += 1;
        let segment = Segment {
            src: if who == 'C' { client } else { server },
            dst: if who == 'C' { server } else { client },
            seq: SeqNumber(isn.wrapping_add(seq)),
            ack: (flags & 0x10 != 0).then_some(SeqNumber(isn.wrapping_add(ack))),
            flags: TcpFlags(flags),
            window: 8192,
            payload,
            payload_wire_len: u32::try_from(payload.len()).unwrap(),
            ip_id: None,
            checksum: None,
            tunnelled: false,
        };
        let elapsed_ns = i64::try_from(frame).unwrap() * 1000;
        let moment = Moment { frame, time: Timestamp::from_nanos(elapsed_ns), elapsed_ns, event: None };
        table.segment(&segment, moment, || SessionBuilder::new(DialogueOptions::new(&limits, false)));
    };
    send('C', 0x02, 0, 0, b"");
    send('S', 0x12, 0, 1, b"");
    send('C', 0x10, 1, 1, b"");
    for (who, at, octets, ack) in flights.iter().flatten() {
        send(*who, 0x18, at + 1, ack + 1, octets);
    }
    table.close_all();
    let session = Session::new(table.pop_closed().unwrap());
    assert!(table.pop_closed().is_none());
    told(&session)
}

/// The session without frames, times and counts of segments.
fn told(session: &Session) -> String {
    let diagnosis = diagnose(session);
    let mut told =
        format!("{:?} {:?} {}\n", diagnosis.outcome, diagnosis.recovered, session.transcript.messages_accepted);
    for exchange in &session.transcript.exchanges {
        let command = exchange.command.as_ref().map(|command| command.line.escape_ascii().to_string());
        let reply = exchange
            .reply
            .as_ref()
            .map(|reply| (reply.code, reply.lines.iter().collect::<Vec<_>>().concat().escape_ascii().to_string()));
        told.push_str(&format!("{command:?} {reply:?}\n"));
    }
    told
}

proptest! {
    #[test]
    fn any_cutting_repetition_and_order_is_the_same_session(
        cuts in proptest::collection::vec(1_usize..40, 1..12),
        swaps in proptest::collection::vec((0_usize..100, 0_usize..100), 0..6),
        repeats in proptest::collection::vec((0_usize..100, 0_usize..100), 0..6),
        overtakes in proptest::collection::vec(0_usize..8, 0..2),
        isn in prop_oneof![any::<u32>(), (u32::MAX - 300)..=u32::MAX],
    ) {
        let expected = play(&pieces(&[1000]), 1);
        let mut flights = pieces(&cuts);
        for (flight, at) in swaps {
            let flight = &mut flights[flight % DIALOGUE.len()];
            let at = at % flight.len();
            flight.swap(at, 0);
        }
        for (flight, at) in repeats {
            let flight = &mut flights[flight % DIALOGUE.len()];
            let piece = flight[at % flight.len()].clone();
            flight.push(piece);
        }
        // The first segment of a flight is captured before the last one of the flight it answers.
        for at in overtakes {
            let first = flights[at + 1].remove(0);
            let place = flights[at].len() - 1;
            flights[at].insert(place, first);
        }
        prop_assert_eq!(play(&flights, isn), expected);
    }
}
