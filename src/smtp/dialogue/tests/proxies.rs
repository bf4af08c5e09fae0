//! What is said to and by proxies before the dialogue.

use super::{begun, play, shown};
use crate::smtp::{ProxyContent, Transcript};
use crate::time::Moment;

#[test]
fn the_header_of_a_proxy_stands_before_the_dialogue() {
    for script in [
        "C: PROXY TCP4 203.0.113.9 192.0.2.25 40000 25\nS: 220 x\nC: EHLO sub2.\nS: 501 no",
        "C| PRO\nC| XY TCP4 203.0.113.9 192.0.2.25 40000 25\\nEHLO sub2.\\n\nS: 220 x\nS: 501 no",
        "S: 220 x\nC| PROXY TCP4 203.0.113.9 192.0.2.25 40000 25\\nEHLO sub2.\\n\nS: 501 no",
    ] {
        assert_proxied(&play(script), 1);
    }
    let mut dialogue = begun();
    for piece in [&b"\r\n\r\n\0\r\nQU"[..], b"IT\n\x21\x11\0\x0c\xcb\0\x71\x09\xc0\0\x02\x19\x9c\x40\0\x19"] {
        dialogue.client_octets(piece, Moment::default());
    }
    dialogue.server_octets(b"220 x\r\n", None, Moment::default());
    dialogue.client_octets(b"EHLO sub2.\r\n", Moment::default());
    dialogue.server_octets(b"501 no\r\n", None, Moment::default());
    assert_proxied(&dialogue.finish(), 2);
}

fn assert_proxied(transcript: &Transcript, version: u8) {
    assert_eq!(shown(transcript), ["- -> 220 x", "EHLO sub2. -> 501 no"]);
    let header = transcript.proxy.as_ref().unwrap();
    let (client, server) = ("203.0.113.9:40000".parse().unwrap(), "192.0.2.25:25".parse().unwrap());
    assert_eq!((header.version, header.content), (version, ProxyContent::Ends { client, server }));
    assert!(header.refusal.is_none() && transcript.hellos.len() == 1);
}

#[test]
fn a_server_that_takes_the_header_for_a_command_is_noted() {
    let header = "C: PROXY TCP4 203.0.113.9 192.0.2.25 40000 25";
    for (script, code) in [
        (format!("{header}\nS: 220 x\nS: 500 what\nC: EHLO a\nS: 250 x"), Some(500)),
        (format!("S: 220 x\n{header}\nS: 502 what\nC: QUIT\nS: 221 x"), Some(502)),
        (format!("S: 220 x\n{header}\nS: 421 PROXY not allowed from 192.0.2.7"), Some(421)),
        (format!("{header}\nS: 220 x\nC: EHLO a\nS: 250 x\nS: 500 idle"), None),
        (format!("{header}\nS: 220 x\nC: QUIT\nS: 221 x"), None),
        (format!("{header}\nS: 220 x\nS: 421 too busy"), None),
    ] {
        let transcript = play(&script);
        assert_eq!(transcript.proxy.unwrap().refusal.map(|refusal| refusal.code), code, "{script}");
    }
}

#[test]
fn a_blank_line_before_the_hello_is_no_header() {
    let transcript = play("S: 220 x\nC| \\n\nS: 500 what\nC: EHLO a\nS: 250 x");
    assert_eq!(shown(&transcript)[1..], [" -> 500 what", "EHLO a -> 250 x"]);
    assert_eq!(shown(&play("C| P"))[..], [] as [&str; 0]);
    assert_eq!(shown(&play("S: 220 x\nC: P\nS: 500 x"))[1..], ["P -> 500 x"]);
}

#[test]
fn a_hole_in_a_binary_header_costs_its_addresses_only() {
    let mut dialogue = begun();
    dialogue.client_octets(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", Moment::default());
    dialogue.client_gap(12, true, Moment::default());
    dialogue.server_octets(b"220 x\r\n", None, Moment::default());
    dialogue.client_octets(b"EHLO a\r\n", Moment::default());
    let transcript = dialogue.finish();
    assert_eq!(shown(&transcript), ["- -> 220 x", "EHLO a -> -"]);
    assert_eq!(transcript.proxy.as_ref().unwrap().content, ProxyContent::Cut);
    assert!(!transcript.missing.is_any());
    let text = play("C| PROXY TCP4 203.0\nC# 30\nS: 220 x\nC: EHLO a\nS: 250 x");
    assert_eq!(text.proxy.unwrap().content, ProxyContent::Cut);
    assert!(text.missing.is_any());
}

/// Pieces of a dialogue: of the client if true.
fn play_octets(pieces: &[(bool, &[u8])]) -> Transcript {
    let mut dialogue = begun();
    for (at, (is_client, octets)) in pieces.iter().enumerate() {
        let moment = Moment { frame: at as u64 + 1, ..Moment::default() };
        if *is_client {
            dialogue.client_octets(octets, moment);
        } else {
            dialogue.server_octets(octets, None, moment);
        }
    }
    dialogue.finish()
}

const DIALOGUE: [(bool, &[u8]); 3] = [(false, b"220 x\r\n"), (true, b"EHLO sub2.\r\n"), (false, b"501 no\r\n")];

#[test]
fn what_is_said_to_a_proxy_stands_before_the_dialogue() {
    let http = b"CONNECT mx.example.net:25 HTTP/1.1\r\n\r\n";
    for talk in [
        &[
            (true, &b"\x05\x01\x00"[..]),
            (false, b"\x05\x00"),
            (true, b"\x05\x01\x00\x03\x0emx.example"),
            (true, b".net\x00\x19"),
            (false, b"\x05\x00\x00\x01\x7f\x00\x00\x01"),
            (false, b"\x10\x00"),
        ][..],
        &[
            (true, b"\x04\x01\x00\x19\x00\x00\x00\x01\x00mx.example.net\x00"),
            (false, b"\x00\x5a\x00\x00\x00\x00\x00\x00"),
        ],
        &[(true, http), (false, b"HTTP/1.1 200 Connection established\r\n"), (false, b"\r\n")],
    ] {
        let transcript = play_octets(&[talk, &DIALOGUE].concat());
        assert_eq!(shown(&transcript), ["- -> 220 x", "EHLO sub2. -> 501 no"], "{talk:?}");
        let request = transcript.proxy_request.as_ref().unwrap();
        assert_eq!(
            (request.host.as_deref(), request.port, request.is_granted()),
            (Some(&b"mx.example.net"[..]), Some(25), true)
        );
        assert!(transcript.client_protocol.is_none() && transcript.server_protocol.is_none());
        assert_eq!((transcript.server_octets, transcript.early_talk), (15, None));
    }
    let all =
        [(true, &[&http[..], b"EHLO sub2.\r\n"].concat()[..]), (false, b"HTTP/1.0 200 ok\r\n\r\n220 x\r\n501 no\r\n")];
    assert_eq!(shown(&play_octets(&all)), ["- -> 220 x", "EHLO sub2. -> 501 no"]);
}

#[test]
fn who_was_not_connected_spoke_no_smtp() {
    let offer = (true, &b"\x05\x01\x00"[..]);
    let ask = (true, &b"\x05\x01\x00\x01\xc0\x00\x02\x19\x00\x19"[..]);
    let refused = (false, &b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"[..]);
    for (talk, answer) in [
        (&[offer][..], None),
        (&[offer, (false, b"\x05\xff")], Some(false)),
        (&[offer, (false, b"\x05\x00"), ask], None),
        (&[offer, (false, b"\x05\x00"), ask, refused], Some(false)),
    ] {
        let transcript = play_octets(talk);
        assert_eq!(transcript.client_protocol.map(|spoken| spoken.name), Some("SOCKS 5"), "{talk:?}");
        assert_eq!(transcript.proxy_request.unwrap().answer.map(|(_, granted)| granted), answer, "{talk:?}");
    }
}

#[test]
fn what_a_mail_server_answers_was_no_request_to_a_proxy() {
    let connect = (true, &b"CONNECT mx:25 HTTP/1.1\r\n\r\n"[..]);
    for talk in [&[connect, (false, b"220 x\r\n"), (false, b"500 what\r\n")][..], &[(false, b"220 x\r\n"), connect]] {
        let transcript = play_octets(talk);
        assert!(transcript.proxy_request.is_none(), "{talk:?}");
        assert_eq!(shown(&transcript)[0], "- -> 220 x");
        assert_eq!(transcript.client_protocol.map(|spoken| spoken.name), Some("HTTP"), "{talk:?}");
    }
    let transcript = play_octets(&[
        (true, b"\x05\x01\x00"),
        (false, b"220 x\r\n"),
        (true, b"\r\nEHLO a\r\n"),
        (false, b"250 x\r\n"),
    ]);
    assert_eq!(shown(&transcript)[0], "- -> 220 x");
    assert_eq!(transcript.hellos.len(), 1);
}

#[test]
fn a_hole_in_what_a_proxy_is_told_costs_the_request_only() {
    let mut dialogue = begun();
    dialogue.client_octets(b"\x05\x01\x00", Moment::default());
    dialogue.server_octets(b"\x05\x00", None, Moment::default());
    dialogue.client_gap(10, false, Moment::default());
    for (is_client, octets) in DIALOGUE {
        if is_client {
            dialogue.client_octets(octets, Moment::default());
        } else {
            dialogue.server_octets(octets, None, Moment::default());
        }
    }
    let transcript = dialogue.finish();
    assert!(transcript.missing.is_any() && transcript.proxy_request.is_some_and(|request| request.host.is_none()));
}
