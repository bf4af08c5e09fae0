//! Handshakes written octet by octet, whole, cut anywhere, and damaged.

use proptest::prelude::*;

use super::*;

const MOST: usize = 16 * 1024;

fn frame(frame: u64) -> Moment {
    Moment { frame, ..Moment::default() }
}

/// Octets from hexadecimal digits; a run such as `20*00` stands for as many octets, in decimal.
fn hex(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for word in text.split_whitespace() {
        let (times, digits) =
            word.split_once('*').map_or((1, word), |(times, digits)| (times.parse().unwrap(), digits));
        let run: Vec<u8> =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
        octets.extend(run.repeat(times));
    }
    octets
}

/// As a client of 1999: TLS 1.0, three cipher suites, no extensions.
const CLIENT_1_0: &str = "160301 002f 01 00002b 0301 32*a1 00 0004 002f 000a 01 00";
/// TLS 1.2 with the name `mx.example`, behind another extension.
const CLIENT_1_2: &str = "160301 0048 01 000044 0303 32*a2 04 01020304 0002 c02f 01 00
    0015 ff01 0001 00 0000 000c 000a 00 0007 6d782e74657374";
/// TLS 1.3 and 1.2 by list, a reserved value first; the name `mx.test`.
const CLIENT_1_3: &str = "160301 0050 01 00004c 0303 32*a3 00 0002 1301 01 00
    0021 0a0a 0000 0000 000c 000a 00 0007 6d782e74657374 002b 0007 06 5a5a 0304 0303 0017 0000 0015 0000";
const SERVER_1_0: &str = "160301 002a 02 000026 0301 32*b1 00 002f 00";
const SERVER_1_2: &str = "160303 0031 02 00002d 0303 32*b2 00 c02f 00 0005 ff01 0001 00";
const SERVER_1_3: &str = "160303 0032 02 00002e 0303 32*b3 00 1301 00 0006 002b 0002 0304";
const RETRY: &str = "160303 0032 02 00002e 0303
    cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 00 1301 00 0006 002b 0002 0304";

/// Writes the true lengths into a record that holds one handshake message.
fn with_lengths(text: &str) -> Vec<u8> {
    let mut octets = hex(text);
    let length = u16::try_from(octets.len() - 5).unwrap();
    octets[3..5].copy_from_slice(&length.to_be_bytes());
    octets[7..9].copy_from_slice(&(length - 4).to_be_bytes());
    octets
}

fn record(content_type: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3, high, low], body].concat()
}

fn client(octets: &[u8]) -> Tls {
    let mut tls = Tls::default();
    tls.client_octets(octets, frame(1), MOST);
    tls
}

fn server(octets: &[u8]) -> Tls {
    let mut tls = Tls::default();
    tls.server_octets(octets, frame(1), MOST);
    tls
}

/// The name and version of a client's hello.
fn asked(tls: &Tls) -> Option<(Option<&str>, String)> {
    let hello = tls.client_hello.as_ref()?;
    Some((hello.server_name.as_deref().map(|name| str::from_utf8(name).unwrap()), hello.version.to_string()))
}

#[test]
fn a_client_hello_has_a_name_and_the_highest_version_offered() {
    for (octets, name, version) in [
        (CLIENT_1_0, None, "TLS 1.0"),
        (CLIENT_1_2, Some("mx.test"), "TLS 1.2"),
        (CLIENT_1_3, Some("mx.test"), "TLS 1.3"),
    ] {
        assert_eq!(asked(&client(&with_lengths(octets))), Some((name, version.to_owned())), "{octets}");
    }
}

#[test]
fn a_server_hello_has_the_version_chosen() {
    for (octets, version) in [(SERVER_1_0, "TLS 1.0"), (SERVER_1_2, "TLS 1.2"), (SERVER_1_3, "TLS 1.3")] {
        let tls = server(&with_lengths(octets));
        assert_eq!(tls.server_hello.unwrap().version.to_string(), version);
    }
}

#[test]
fn a_hello_is_read_however_it_is_cut_and_belongs_to_the_frame_of_its_end() {
    for octets in [CLIENT_1_0, CLIENT_1_2, CLIENT_1_3].map(with_lengths) {
        let whole = client(&octets);
        let whole = asked(&whole);
        for cut in 1..octets.len() {
            let mut tls = Tls::default();
            tls.client_octets(&octets[..cut], frame(1), MOST);
            assert_eq!(tls.client_hello, None, "cut at {cut}");
            tls.client_octets(&octets[cut..], frame(2), MOST);
            assert_eq!(asked(&tls), whole, "cut at {cut}");
            assert_eq!(tls.client_hello.unwrap().moment.frame, 2);
        }
        for len in 0..octets.len() {
            assert_eq!(asked(&client(&octets[..len])), None, "{len} bytes of it");
        }
    }
    let octets = with_lengths(SERVER_1_3);
    for cut in 1..octets.len() {
        let mut tls = server(&octets[..cut]);
        tls.server_octets(&octets[cut..], frame(2), MOST);
        assert_eq!(tls.server_hello.map(|hello| (hello.version.0, hello.moment.frame)), Some((0x0304, 2)));
    }
}

#[test]
fn a_hello_may_go_over_several_records() {
    let octets = with_lengths(CLIENT_1_3);
    let message = &octets[5..];
    for cut in 1..message.len() {
        let records = [record(22, &message[..cut]), record(22, &message[cut..])].concat();
        assert_eq!(asked(&client(&records)), Some((Some("mx.test"), "TLS 1.3".to_owned())), "cut at {cut}");
    }
}

#[test]
fn a_hello_that_is_too_long_is_passed_over_and_what_follows_is_read() {
    let mut tls = Tls::default();
    let octets = [with_lengths(CLIENT_1_3), record(21, &[2, 40])].concat();
    tls.client_octets(&octets, frame(1), 40);
    assert_eq!((tls.client_hello.clone(), tls.client.alert.map(|alert| alert.description)), (None, Some(40)));
    let endless = record(22, &[1, 0xff, 0xff, 0xff, 0, 0]);
    let tls = client(&[endless, with_lengths(CLIENT_1_3)].concat());
    assert_eq!(tls.client_hello, None);
}

#[test]
fn after_a_retry_request_the_second_server_hello_counts() {
    let change_cipher_spec = record(20, &[1]);
    let mut second = with_lengths(SERVER_1_3);
    let version = second.len() - 1;
    second[version] = 0x05;
    let mut tls = server(&[with_lengths(RETRY), change_cipher_spec].concat());
    assert_eq!(tls.server_hello.map(|hello| (hello.version.0, hello.moment.frame)), Some((0x0304, 1)));
    tls.server_octets(&second, frame(9), MOST);
    assert_eq!(tls.server_hello.map(|hello| (hello.version.0, hello.moment.frame)), Some((0x0305, 9)));
    tls.server_octets(&with_lengths(SERVER_1_2), frame(10), MOST);
    assert_eq!(tls.server_hello.unwrap().moment.frame, 9, "a third one does not");
}

#[test]
fn the_first_client_hello_counts() {
    let tls = client(&[with_lengths(CLIENT_1_3), with_lengths(CLIENT_1_0)].concat());
    assert_eq!(tls.client_hello.unwrap().version.0, 0x0304);
}

#[test]
fn versions_have_names() {
    for (version, name) in [
        (0x0300, "SSL 3.0"),
        (0x0302, "TLS 1.1"),
        (0x7f1c, "TLS 1.3 draft 28"),
        (0x0305, "TLS version 0x0305"),
        (0, "TLS version 0x0000"),
    ] {
        assert_eq!(TlsVersion(version).to_string(), name);
    }
}

#[test]
fn an_rfc_outranks_its_drafts() {
    let octets = CLIENT_1_3.replace("5a5a 0304 0303", "7f1c 0303 7f1b");
    assert_eq!(client(&with_lengths(&octets)).client_hello.unwrap().version.0, 0x0303);
    let octets = CLIENT_1_3.replace("5a5a 0304 0303", "7f1c 5a5a 7f1b");
    assert_eq!(client(&with_lengths(&octets)).client_hello.unwrap().version.0, 0x7f1c);
}

#[test]
fn an_alert_in_the_clear_is_read_however_it_is_cut() {
    let octets = [record(22, &[1; 80]), record(21, &[2, 48])].concat();
    for cut in 0..octets.len() {
        let mut tls = client(&octets[..cut]);
        tls.client_octets(&octets[cut..], frame(2), MOST);
        let alert = tls.client.alert.unwrap();
        assert_eq!((tls.client.records, alert.level, alert.name()), (2, 2, "unknown_ca"), "cut at {cut}");
        assert_eq!(alert.moment.frame, 2);
    }
}

#[test]
fn a_fatal_alert_is_not_forgotten_over_a_later_one() {
    let alerts = |descriptions: &[(u8, u8)]| {
        let octets: Vec<u8> = descriptions.iter().flat_map(|(level, what)| record(21, &[*level, *what])).collect();
        server(&octets).server.alert.unwrap().name()
    };
    assert_eq!(alerts(&[(2, 40), (1, 0)]), "handshake_failure");
    assert_eq!(alerts(&[(1, 112), (2, 70)]), "protocol_version");
    assert_eq!(alerts(&[(1, 0)]), "close_notify");
    assert_eq!(alerts(&[(2, 255)]), "an alert without a name");
}

#[test]
fn a_short_record_of_the_client_is_no_handshake_that_worked() {
    let mut tls = server(&record(23, &[0; 900]));
    tls.client_octets(&record(23, &[0; 19]), frame(2), MOST);
    assert!(!tls.is_established());
    tls.client_octets(&record(23, &[0; 53]), frame(3), MOST);
    assert!(tls.is_established());
}

#[test]
fn up_to_1_2_the_finished_of_both_completes_the_handshake() {
    let change_and_finished = [record(20, &[1]), record(22, &[0xee; 40])].concat();
    let play = |hello: &str, data: usize| {
        let mut tls = server(&with_lengths(hello));
        tls.client_octets(&change_and_finished, frame(2), MOST);
        assert!(!tls.is_established(), "the server has not answered");
        tls.server_octets(&change_and_finished, frame(3), MOST);
        tls.server_octets(&record(23, &[0; 30]).repeat(data), frame(4), MOST);
        tls.is_established()
    };
    for (hello, data, is_established) in [
        (SERVER_1_2, 0, true),
        (SERVER_1_0, 0, true),
        (SERVER_1_2, 1, true),
        (SERVER_1_3, 0, false),
        (SERVER_1_3, 1, false),
    ] {
        assert_eq!(play(hello, data), is_established, "{hello} {data}");
    }
}

#[test]
fn a_hello_in_the_form_of_ssl_2_is_passed_over() {
    let ssl2 = [0x80, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16];
    assert!(Records::looks_like_tls(&ssl2));
    let octets = [&ssl2[..], &[7; 37], &record(21, &[2, 40])].concat();
    for cut in 1..octets.len() {
        let mut tls = client(&octets[..cut]);
        tls.client_octets(&octets[cut..], frame(2), MOST);
        assert_eq!(
            (tls.client.records, tls.client.alert.map(|alert| alert.description)),
            (2, Some(40)),
            "cut at {cut}"
        );
    }
}

#[test]
fn hellos_tell_protocols_and_cipher_suite() {
    let alpn = CLIENT_1_3.replace("0015 0000", "0010 000a 0008 02 6832 04 736d7470").replace("0021", "0031");
    let protocols = client(&with_lengths(&alpn)).client_hello.unwrap().protocols;
    assert_eq!(protocols, [b"h2"[..].into(), b"smtp"[..].into()]);
    for (octets, suite) in [
        (SERVER_1_0, "RSA_WITH_AES_128_CBC_SHA"),
        (SERVER_1_2, "ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (SERVER_1_3, "AES_128_GCM_SHA256"),
    ] {
        assert_eq!(server(&with_lengths(octets)).server_hello.unwrap().cipher_suite.to_string(), suite);
    }
}

#[test]
fn of_a_session_that_is_resumed_no_certificate_is_waited_for() {
    let finished = [record(20, &[1]), record(22, &[1, 0xff, 0xff, 0xff, 9])].concat();
    let tls = server(&[with_lengths(SERVER_1_2), finished].concat());
    assert!(tls.certificate.is_none() && !tls.server.is_hello_too_long && tls.server.is_finished);
}

#[test]
fn a_hole_inside_a_record_is_passed_over() {
    let mut tls = server(&record(22, &[2; 900])[..100]);
    tls.server_gap(805);
    assert!(!tls.server.is_cut_off);
    tls.server_octets(&record(21, &[2, 42]), frame(2), MOST);
    assert_eq!(tls.server.alert.map(|alert| alert.name()), Some("bad_certificate"));
}

#[test]
fn behind_a_hole_over_the_end_of_a_record_nothing_is_known() {
    let mut tls = server(&record(22, &[2; 900])[..100]);
    tls.server_gap(806);
    tls.server_octets(&record(21, &[2, 42]), frame(2), MOST);
    assert_eq!((tls.server.alert, tls.server.records), (None, 1));
    assert!(tls.server.is_cut_off && tls.is_established(), "it may have worked");
}

#[test]
fn what_is_no_tls_is_not_read_on() {
    let mut tls = server(b"250 mail.example.com");
    tls.server_octets(&record(22, &[1; 8]), frame(2), MOST);
    assert!(!tls.is_seen());
    assert!(!Records::looks_like_tls(b"EHLO x"));
    assert!(Records::looks_like_tls(&[22, 3, 1]));
}

proptest! {
    /// Damaged hellos, cut anywhere, with a hole anywhere, give something or nothing, but never more than 255 octets.
    #[test]
    fn damage_does_no_harm(
        which in 0_usize..7,
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        cut in any::<usize>(),
        hole in 0_u64..200,
        tail in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut octets =
            with_lengths([CLIENT_1_0, CLIENT_1_2, CLIENT_1_3, SERVER_1_0, SERVER_1_2, SERVER_1_3, RETRY][which]);
        for (at, value) in changes {
            let at = at % octets.len();
            octets[at] = value;
        }
        octets.extend(tail);
        let cut = cut % octets.len();
        let mut tls = Tls::default();
        for part in [&octets[..cut], &octets[cut..]] {
            tls.client_octets(part, frame(1), MOST);
            tls.server_octets(part, frame(1), MOST);
            tls.client_gap(hole);
        }
        let name = tls.client_hello.and_then(|hello| hello.server_name);
        prop_assert!(name.is_none_or(|name| (1..=255).contains(&name.len())));
    }
}
