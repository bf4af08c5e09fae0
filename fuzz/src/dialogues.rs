//! Dialogues: bounded, the same however they are cut if their beginning was seen, and without secrets whatever of them is lost.

use ehlotrace::limits::Limits;
use ehlotrace::smtp::{Dialogue, DialogueOptions, Transcript};
use ehlotrace::time::Moment;

use super::script::Script;

/// Something that happens in a dialogue.
#[derive(Clone, Debug)]
enum Event {
    Client(Vec<u8>),
    Server(Vec<u8>),
    ClientGap(u64, bool),
    ServerGap(u64),
}

/// The first octet says how: bit 0 whether the client is a sound one that has secrets, bit 1 whether bounds are low,
/// bit 2 whether the beginning was seen. The second is how to cut.
pub fn dialogue(octets: &[u8]) {
    let mut script = Script::new(octets);
    let (options, cut) = (script.octet(), script.octet());
    let limits = limits(options & 2 != 0);
    let dialogue = DialogueOptions::new(&limits, false);
    let opened = options & 4 != 0;
    let events = if options & 1 == 0 { any(script) } else { sound(script) };
    let transcript = play(dialogue, opened, &events);
    is_bounded(&transcript, &limits);
    if options & 1 != 0 {
        holds_no_secret(&transcript);
    }
    let has_gaps = events.iter().any(|event| matches!(event, Event::ClientGap(..) | Event::ServerGap(_)));
    // Where the beginning is missing, a command is told from mail text by where its segment begins.
    if opened && !has_gaps {
        let pieces = play(dialogue, opened, &pieces(&events, cut));
        assert_eq!(format!("{transcript:?}"), format!("{pieces:?}"), "cut otherwise: {events:?}");
    }
}

fn limits(low: bool) -> Limits {
    if !low {
        return Limits::default();
    }
    Limits {
        line_octets: 40,
        reply_lines: 3,
        undecided_octets: 60,
        pending_commands: 4,
        exchanges: 6,
        hellos: 3,
        ..Limits::default()
    }
}

fn play(options: DialogueOptions<'_>, opened: bool, events: &[Event]) -> Transcript {
    let mut dialogue = Dialogue::new(options);
    if opened {
        dialogue.client_begins(0, true);
        dialogue.server_begins(0, true);
    }
    for event in events {
        let moment = Moment { frame: 1, ..Moment::default() };
        match event {
            Event::Client(octets) => dialogue.client_octets(octets, moment),
            Event::Server(octets) => dialogue.server_octets(octets, None, moment),
            Event::ClientGap(octets, is_cut_short) => dialogue.client_gap(*octets, *is_cut_short, moment),
            Event::ServerGap(octets) => dialogue.server_gap(*octets, moment),
        }
    }
    dialogue.finish()
}

/// The same octets in other pieces. A TLS record is known by the first two octets of a direction, which stay together.
fn pieces(events: &[Event], cut: u8) -> Vec<Event> {
    let sizes = [usize::from(cut % 5) + 1, usize::from(cut / 5 % 7) + 1, usize::from(cut / 35) * 5 + 1];
    let mut sizes = sizes.iter().cycle();
    let mut has_begun = [false; 2];
    let mut pieces = Vec::new();
    for event in events {
        let (octets, who) = match event {
            Event::Client(octets) => (octets, 0),
            Event::Server(octets) => (octets, 1),
            Event::ClientGap(..) | Event::ServerGap(_) => continue,
        };
        let mut rest = &octets[..];
        while !rest.is_empty() {
            let least = if has_begun[who] { 1 } else { 2 };
            has_begun[who] = true;
            let (piece, after) = rest.split_at((*sizes.next().unwrap()).max(least).min(rest.len()));
            pieces.push(if who == 0 { Event::Client(piece.to_vec()) } else { Event::Server(piece.to_vec()) });
            rest = after;
        }
    }
    pieces
}

fn is_bounded(transcript: &Transcript, limits: &Limits) {
    // The greeting is put before the others.
    assert!(transcript.exchanges.len() <= limits.exchanges + limits.hellos + 1);
    assert!(transcript.hellos.len() <= limits.hellos);
    for exchange in &transcript.exchanges {
        assert!(exchange.command.iter().all(|command| command.line.len() <= limits.line_octets));
    }
    let replies = transcript.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref());
    for reply in replies.chain(&transcript.unfinished_reply) {
        assert!(reply.lines.len() <= limits.reply_lines);
        assert!(reply.lines.iter().all(|line| line.len() <= limits.line_octets));
    }
    for hello in &transcript.hellos {
        let command = transcript.hello_command(hello).expect("a hello is an exchange");
        assert!(command.verb.is_hello());
    }
    let tallies = [&transcript.mail, &transcript.rcpt, &transcript.auth, &transcript.starttls];
    assert!(tallies.iter().all(|tally| tally.refused == 0 || tally.last_refusal.is_some()));
}

pub const CLIENT: &[&str] = &[
    "EHLO sub2.\r\n",
    "HELO a_b\r\n",
    "LHLO x\r\n",
    "MAIL FROM:<a@b>\r\n",
    "RCPT TO:<c@d>\r\n",
    "DATA\r\n",
    ".\r\n",
    "BDAT 4 LAST\r\n",
    "BDAT 9\r\n",
    "AUTH LOGIN\r\n",
    "STARTTLS\r\n",
    "RSET\r\n",
    "QUIT\r\n",
    "XXXX y\r\n",
    "\r\n",
    "text\n",
];

pub const SERVER: &[&str] = &[
    "220 mx.example.net ESMTP\r\n",
    "220-a\r\n",
    "250 ok\r\n",
    "250-x\r\n",
    "354 go\r\n",
    "334 VXNlcm5hbWU6\r\n",
    "235 2.7.0 ok\r\n",
    "221 bye\r\n",
    "421 timeout\r\n",
    "501 5.5.2 <a_b>: Helo rejected\r\n",
    "550 no\r\n",
    "503\r\n",
    "no reply\r\n",
    "454 not now\r\n",
    "500-what\r\n",
    "25",
];

fn any(mut script: Script<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    while !script.is_over() {
        events.push(match script.octet() % 8 {
            0 | 1 => Event::Client(script.choice(CLIENT).into()),
            2 | 3 => Event::Server(script.choice(SERVER).into()),
            4 => Event::Client(some(&mut script)),
            5 => Event::Server(some(&mut script)),
            6 => Event::ClientGap(u64::from(script.octet()) + 1, script.octet() & 1 == 1),
            _ => Event::ServerGap(u64::from(script.octet()) + 1),
        });
    }
    events
}

fn some(script: &mut Script<'_>) -> Vec<u8> {
    let len = script.octet();
    script.text(usize::from(len)).to_vec()
}

const SECRET: &str = "c2VjcmV0TWFya2Vy";

/// So many octets of a secret in a row are not to be kept.
const TELLING_OCTETS: usize = 6;

/// Flights of a client that speaks by the standards, of which the capture may lack any part. `!` is the secret.
const FLIGHTS: &[&[&str]] = &[
    &["S220 mx\r\n"],
    &["CEHLO a.example\r\n", "S250-mx\r\n250 AUTH LOGIN PLAIN\r\n"],
    &["CMAIL FROM:<a@b>\r\n", "S250 ok\r\n"],
    &["CRCPT TO:<c@d>\r\n", "S550 no\r\n"],
    &["CDATA\r\n", "S354 go\r\n", "CSubject: x\r\n\r\nAUTH LOGIN\r\ntext\r\n.\r\n", "S250 taken\r\n"],
    &[
        "CMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
        "S250 ok\r\n250 ok\r\n354 go\r\n",
        "C\r\n.\r\n",
        "S452 full\r\n",
    ],
    &["CBDAT 12 LAST\r\nAUTH LOGIN\r\n", "S250 taken\r\n"],
    &["CNOOP\r\n", "S250 ok\r\n"],
    &["CXFOO bar\r\n", "S502 5.5.2 what\r\n"],
    &["C\r\n", "S500 what\r\n"],
    &["CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n", "C!\r\n", "S334 UGFzc3dvcmQ6\r\n", "C!\r\n", "S235 2.7.0 yes\r\n"],
    &["CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n", "C!\r\n", "S334 UGFzc3dvcmQ6\r\n", "C!\r\n", "S535 5.7.8 no\r\n"],
    &["CAUTH PLAIN !\r\n", "S235 yes\r\n"],
    &["CAUTH PLAIN !\r\n", "S535 no\r\n"],
    &["CX-EXPS LOGIN\r\n", "S334 x\r\n", "C!\r\n", "S334 x\r\n", "C*\r\n", "S501 cancelled\r\n"],
    &["Cauth plain\r\n", "S334 \r\n", "C!\r\n", "S454 later\r\n"],
    // Without waiting for the answer.
    &["CAUTH LOGIN\r\n!\r\n!\r\n", "S503 not here\r\n500 what\r\n500 what\r\n"],
    &["CAUTH LOGIN\r\n!\r\n!\r\nMAIL FROM:<a@b>\r\n", "S334 x\r\n334 x\r\n235 yes\r\n250 ok\r\n"],
    &["S421 timeout\r\n"],
    &["CSTARTTLS\r\n", "S454 not now\r\n"],
];

/// Each flight by an octet, and for each of its messages how much of it the capture lacks.
fn sound(mut script: Script<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    while !script.is_over() {
        for message in script.choice(FLIGHTS) {
            let (who, text) = message.split_at(1);
            let text = text.replace('!', SECRET);
            let (lost_from, lost) = match script.octet() {
                loss @ 0x80.. => (usize::from(loss & 0x7f) % text.len(), usize::from(script.octet()) % text.len()),
                _ => (text.len(), 0),
            };
            let (before, rest) = text.as_bytes().split_at(lost_from);
            let (lost, after) = rest.split_at(lost.min(rest.len()));
            let told = |octets: &[u8]| match who {
                "C" => Event::Client(octets.to_vec()),
                _ => Event::Server(octets.to_vec()),
            };
            events.extend((!before.is_empty()).then(|| told(before)));
            events.extend((!lost.is_empty()).then_some(match who {
                "C" => Event::ClientGap(lost.len() as u64, false),
                _ => Event::ServerGap(lost.len() as u64),
            }));
            events.extend((!after.is_empty()).then(|| told(after)));
        }
    }
    events
}

/// Neither as text nor as the numbers of its octets.
fn holds_no_secret(transcript: &Transcript) {
    let debug = format!("{transcript:?}");
    for part in SECRET.as_bytes().windows(TELLING_OCTETS) {
        let text = std::str::from_utf8(part).unwrap();
        let numbers = part.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        assert!(!debug.contains(text) && !debug.contains(&numbers), "kept {text} of the secret: {debug}");
    }
}
