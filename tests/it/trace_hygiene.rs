//! What a trace must never show: controls of the terminal, secrets, mail text.

use ehlotrace::capture::OpenOptions;
use ehlotrace::report::netmon::{TraceLayout, View};
use proptest::prelude::*;

use crate::support::{CaptureBuilder, FileOptions, Frame, Side, dumped, flag, write_pcap};
use crate::trace::{layouts, on_ports, options, sample, text};

fn assert_harmless(text: &str) {
    let harmful = text.chars().find(|character| character.is_control() && *character != '\n');
    assert_eq!(harmful, None, "{}", text.escape_debug());
}

pub(crate) fn is_in(octets: &[u8], word: &str) -> bool {
    octets.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Fails if a trace in any layout gives one of `words` away, in text or in hex.
pub(crate) fn assert_hidden(capture: &[u8], ports: &[u16], words: &[&str], what: &str) {
    let summary = TraceLayout { view: View::Summary, ..TraceLayout::default() };
    let detail = TraceLayout { view: View::Detail, hex: true, ..TraceLayout::default() };
    let dialogue = TraceLayout { view: View::Dialogue, ..TraceLayout::default() };
    for layout in [dialogue, summary, TraceLayout::default(), detail] {
        let mut options = on_ports(ports);
        options.layout = layout;
        let text = text(capture, &options);
        let octets = dumped(&text);
        for word in words {
            assert!(!text.contains(word), "{what}: {word:?} is shown by {layout:?}");
            assert!(!is_in(&octets, word), "{what}: {word:?} is in the hex dump");
        }
    }
}

/// A greeting, then the dialogue in segments of `size` octets.
pub(crate) fn capture(dialogue: &[(Side, &[u8])], size: usize) -> Vec<Frame> {
    let mut capture = CaptureBuilder::new();
    let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    s.handshake().server(b"220 mx.example.com ESMTP\r\n");
    for (side, octets) in dialogue {
        for piece in octets.chunks(size) {
            let id = s.compose(*side, flag::PSH, piece);
            s.emit(id);
        }
    }
    s.client_fin().server_fin();
    capture.frames()
}

pub(crate) fn file(frames: &[Frame]) -> Vec<u8> {
    write_pcap(frames, &FileOptions::default())
}

pub(crate) const SECRETS: &[&str] =
    &["c2VjcmV0", "dXNlcm5hbWU", "cGFzc3dvcmQ", "Y2hhbGxlbmdl", "Confidential", "d0ubled", "ch0nk"];

pub(crate) const DIALOGUES: &[&[(Side, &[u8])]] = &[
    &[
        (Side::Client, b"EHLO a.example.com\r\nAUTH PLAIN c2VjcmV0\r\n"),
        (Side::Server, b"250-mx\r\n250 AUTH PLAIN\r\n535 no\r\n"),
        (Side::Client, b"c2VjcmV0c2VjcmV0\r\nQUIT\r\n"),
        (Side::Server, b"500 what\r\n221 bye\r\n"),
    ],
    &[
        (Side::Client, b"EHLO a.example.com\r\n"),
        (Side::Server, b"250-mx\r\n250 AUTH LOGIN CRAM-MD5\r\n"),
        (Side::Client, b"auth login\r\n"),
        (Side::Server, b"334 Y2hhbGxlbmdl\r\n"),
        (Side::Client, b"dXNlcm5hbWU6\r\n"),
        (Side::Server, b"334 Y2hhbGxlbmdl\r\n"),
        (Side::Client, b"cGFzc3dvcmQ6\r\n"),
        (Side::Server, b"235 2.7.0 yes\r\n"),
        (Side::Client, b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
        (Side::Server, b"250 ok\r\n250 ok\r\n354 go\r\n"),
        (Side::Client, b"Subject: Confidential\r\n\r\nd0ubled\r\n..\r\n.\r\nQUIT\r\n"),
        (Side::Server, b"250 ok\r\n221 bye\r\n"),
    ],
    &[
        (Side::Client, b"EHLO a.example.com\r\n"),
        (Side::Server, b"250-mx\r\n250 CHUNKING\r\n"),
        (
            Side::Client,
            b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 19\r\nConfidential ch0nk\nBDAT 7 LAST\r\nch0nk\r\nQUIT\r\n",
        ),
        (Side::Server, b"250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n221 bye\r\n"),
    ],
    &[
        (Side::Client, b"EHLO a.example.com\r\nMAIL FROM:<a@b>\r\nDATA\r\nConfidential\r\n.\r\n"),
        (Side::Server, b"250 mx\r\n250 ok\r\n"),
    ],
    &[(Side::Client, b"EHLO a.example.com\r\n"), (Side::Server, b"250 mx\r\n"), (Side::Client, b"AUTH PLAIN c2VjcmV0")],
];

/// Mail text with lines that look like commands: told apart only where the capture has the DATA before it.
const COMMANDS_IN_MAIL: &[(Side, &[u8])] = &[
    (Side::Client, b"EHLO a.example.com\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
    (Side::Server, b"250 mx\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
    (Side::Client, b"EHLO d0ubled.\r\nMAIL FROM:<Confidential>\r\nQUIT\r\n.\r\nQUIT\r\n"),
    (Side::Server, b"250 ok\r\n221 bye\r\n"),
];

#[test]
fn secrets_and_mail_text_stay_hidden_however_they_are_cut() {
    for (at, dialogue) in DIALOGUES.iter().chain([&COMMANDS_IN_MAIL]).enumerate() {
        for size in [1, 2, 3, 5, 7, 11, 1_000] {
            let frames = capture(dialogue, size);
            assert_hidden(&file(&frames), &[25], SECRETS, &format!("dialogue {at} by {size}"));
        }
    }
}

/// A frame lost, late or repeated must not tell more than in its place.
#[test]
fn secrets_and_mail_text_stay_hidden_where_frames_are_missing_late_or_repeated() {
    for (at, dialogue) in DIALOGUES.iter().enumerate() {
        let frames = capture(dialogue, 7);
        for index in 0..frames.len() {
            let (mut missing, mut late, mut repeated, mut cut) =
                (frames.clone(), frames.clone(), frames.clone(), frames.clone());
            let frame = missing.remove(index);
            late.remove(index);
            late.insert((index + 12).min(late.len()), frame.clone());
            repeated.push(frame);
            let length = cut[index].octets.len();
            cut[index].cut(length - 2);
            for (how, frames) in [("missing", missing), ("late", late), ("repeated", repeated), ("cut", cut)] {
                assert_hidden(&file(&frames), &[25], SECRETS, &format!("dialogue {at}, frame {index} {how}"));
            }
            let from_here = file(&frames[index..]);
            assert_hidden(&from_here, &[25], SECRETS, &format!("dialogue {at} from frame {index}"));
        }
    }
}

#[test]
fn padding_from_the_memory_of_a_driver_is_hidden() {
    for (padding, is_shown) in [(b"pa55wo", false), (b"      ", true)] {
        let mut frames = capture(&[(Side::Client, b"EHLO sub2.\r\n")], 1_000);
        let ack = frames.last_mut().unwrap();
        assert_eq!(ack.octets.len(), 60, "six bytes behind an IP packet of forty");
        ack.octets[54..].copy_from_slice(padding);
        let mut options = options();
        options.layout = TraceLayout { hex: true, ..TraceLayout::default() };
        let octets = dumped(&text(&file(&frames), &options));
        assert_eq!(octets.windows(6).any(|window| window == padding), is_shown, "{padding:?}");
        assert_eq!(is_in(&octets, "******"), !is_shown, "{padding:?}");
    }
}

#[test]
fn secrets_and_mail_text_are_shown_when_asked_for() {
    let mut options = options();
    options.layout = TraceLayout { hex: true, mail_text: true, show_credentials: true, ..TraceLayout::default() };
    let text = text(&file(&capture(DIALOGUES[1], 1_000)), &options);
    for word in ["dXNlcm5hbWU6", "cGFzc3dvcmQ6", "334 Y2hhbGxlbmdl", "Subject: Confidential"] {
        assert!(text.contains(word) && is_in(&dumped(&text), word), "{word}\n{text}");
    }
    options.layout = TraceLayout { hex: true, mail_text: true, ..TraceLayout::default() };
    let text = crate::trace::text(&file(&capture(DIALOGUES[1], 1_000)), &options);
    assert!(text.contains("Subject: Confidential") && !text.contains("dXNlcm5hbWU6"), "{text}");
}

#[test]
fn the_secrets_and_the_mail_of_the_samples_stay_hidden() {
    assert_hidden(&sample("kb240832-works.pcap"), &[25], &["Monday", "usual place"], "kb240832-works");
    let auth = sample("auth-failed.pcap");
    let mut options = on_ports(&[587]);
    options.layout.show_credentials = true;
    let shown = text(&auth, &options);
    let at = shown.find("SMTP: Data = AUTH LOGIN\n").unwrap();
    let secrets: Vec<_> = shown[at..]
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("SMTP: Data = "))
        .filter(|line| !line.contains(' '))
        .collect();
    assert_eq!(secrets.len(), 2, "{shown}");
    assert_hidden(&auth, &[587], &secrets, "auth-failed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_control_reaches_the_terminal(
        greeting in prop::collection::vec(any::<u8>(), 0..200),
        client in prop::collection::vec(any::<u8>(), 0..200),
        server in prop::collection::vec(any::<u8>(), 0..200),
        size in 1_usize..90,
        show in any::<bool>(),
    ) {
        let hello = [&b"EHLO "[..], &client, b"\r\nMAIL FROM:<", &client, b">\r\n"].concat();
        let refusal = [&b"501 "[..], &server, b"\r\n"].concat();
        let frames = capture(&[(Side::Server, &greeting), (Side::Client, &hello), (Side::Server, &refusal)], size);
        for layout in layouts() {
            let mut options = options();
            options.layout = TraceLayout { mail_text: show, show_credentials: show, ..layout };
            assert_harmless(&text(&file(&frames), &options));
        }
    }

    #[test]
    fn damaged_frames_do_no_harm(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..40)) {
        let mut file = sample("mixed.pcapng");
        for (at, value) in changes {
            let at = at % file.len();
            file[at] = value;
        }
        let mut options = options();
        options.layout = TraceLayout { view: View::Detail, hex: true, ..TraceLayout::default() };
        let mut out = Vec::new();
        let mut open = |options: &OpenOptions| ehlotrace::capture::open(Box::new(std::io::Cursor::new(file.clone())), options);
        if ehlotrace::trace::trace(&mut open, &options, &mut out).is_ok() {
            assert_harmless(&String::from_utf8(out).unwrap());
        }
    }
}
