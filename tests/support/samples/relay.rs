//! Captures with several sessions.

use super::super::{CaptureBuilder, Link, SessionScript, TcpOptions};
use super::{SHORT_MAIL, modern, windows_2000};

/// One server, two relays: one sends `EHLO sub2.` and is refused every quarter of an hour, the other delivers.
pub(super) fn relay_stopped() -> Vec<u8> {
    let mut capture = CaptureBuilder::new().start_at("2003-04-14T06:00:00Z").nanoseconds();
    for quarter in 0..6_u16 {
        let address = format!("192.0.2.10:{}", 3_100 + quarter * 2);
        let mut s = on_the_same_network(capture.session(&address, "192.0.2.25:25"));
        s.wait_s(i64::from(quarter) * 900).wait_ns(i64::from(quarter) * 41_237_913);
        s.handshake().wait_ms(2).dialogue(&greeting(quarter / 4 + 6, quarter % 4 * 15)).dialogue(
            "C: EHLO sub2.
             S: 501 5.5.4 Invalid Address
             C: QUIT
             S: 221 2.0.0 mail.example.net Service closing transmission channel",
        );
        s.server_fin().client_fin();
    }
    // These run while a session of the other relay is open.
    for (number, start) in [(1_u16, 900_i64), (2, 3_600)] {
        let address = format!("192.0.2.40:{}", 51_000 + number);
        let mut s = on_the_same_network(capture.session(&address, "192.0.2.25:25"));
        s.wait_s(start).wait_ns(1_318_471);
        s.handshake().wait_ms(2).dialogue(&greeting(start as u16 / 3_600 + 6, start as u16 % 3_600 / 60)).dialogue(
            "C: EHLO build.example.com
             S: 250-mail.example.net Hello [192.0.2.40]
             S: 250-TURN
             S: 250-SIZE
             S: 250-ETRN
             S: 250-PIPELINING
             S: 250-DSN
             S: 250-ENHANCEDSTATUSCODES
             S: 250-8bitmime
             S: 250-BINARYMIME
             S: 250-CHUNKING
             S: 250-VRFY
             S: 250 OK
             C: MAIL FROM:<build@example.com>
             S: 250 2.1.0 build@example.com....Sender OK
             C: RCPT TO:<bob@example.net>
             S: 250 2.1.5 bob@example.net
             C: DATA
             S: 354 Start mail input; end with <CRLF>.<CRLF>
             C: From: build@example.com
             C: To: bob@example.net
             C: Subject: nightly build
             C:
             C: No errors.
             C: .",
        );
        s.wait_ms(38).dialogue(&format!(
            "S: 250 2.6.0  <MAIL25q0f7b1d0000001{number}@mail.example.net> Queued mail for delivery
             C: QUIT
             S: 221 2.0.0 mail.example.net Service closing transmission channel",
        ));
        s.server_fin().client_fin();
    }
    capture.finish_pcapng()
}

/// A week of one server. One relay works until Tuesday and sends `EHLO sub2.` from then on, one sends `EHLO helpdesk.` until
/// it is mended on Thursday, one works all the time.
pub(super) fn week() -> Vec<u8> {
    const HOUR_S: i64 = 3_600;
    let mut capture = CaptureBuilder::new().start_at("2003-04-12T00:00:00Z");
    // Its address, its name well-formed and malformed, and for each session the hour and whether mail was delivered.
    type WeekOfRelay<'r> = (&'r str, &'r str, &'r str, &'r [(i64, bool)]);
    let relays: [WeekOfRelay<'_>; 3] = [
        (
            "192.0.2.10",
            "sub2.example.com",
            "sub2.",
            &[
                (6, true),
                (18, true),
                (30, true),
                (42, true),
                (54, true),
                (66, true),
                (78, true),
                (84, false),
                (96, false),
                (108, false),
                (120, false),
                (132, false),
                (144, false),
                (156, false),
            ],
        ),
        ("192.0.2.40", "build.example.com", "", &[(26, true), (74, true), (122, true)]),
        (
            "192.0.2.50",
            "helpdesk.example.com",
            "helpdesk.",
            &[
                (8, false),
                (20, false),
                (32, false),
                (56, false),
                (80, false),
                (104, false),
                (129, true),
                (141, true),
                (153, true),
                (165, true),
            ],
        ),
    ];
    for (address, well_formed, malformed, sessions) in relays {
        for (number, (hour, is_delivered)) in sessions.iter().enumerate() {
            let client = format!("{address}:{}", 3_100 + 7 * number);
            let mut s = on_the_same_network(capture.session(&client, "192.0.2.25:25"));
            s.wait_s(hour * HOUR_S).wait_ns(2_041_237_913 + 61_307_951_331 * number as i64);
            s.handshake()
                .wait_ms(2)
                .dialogue("S: 220 mail.example.net Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready");
            if *is_delivered {
                deliver(&mut s, well_formed)
            } else {
                refuse(&mut s, malformed)
            }
            s.server_fin().client_fin();
        }
    }
    capture.finish_pcap()
}

fn refuse(s: &mut SessionScript, name: &str) {
    s.dialogue(&format!(
        "C: EHLO {name}
         S: 501 5.5.4 Invalid Address
         C: QUIT
         S: 221 2.0.0 mail.example.net Service closing transmission channel",
    ));
}

fn deliver(s: &mut SessionScript, name: &str) {
    s.dialogue(&format!(
        "C: EHLO {name}
         S: 250-mail.example.net Hello
         S: 250-SIZE
         S: 250 OK
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 ann@example.com....Sender OK
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 bob@example.net
         C: DATA
         S: 354 Start mail input; end with <CRLF>.<CRLF>
         C: Subject: minutes
         C:
         C: Enclosed.
         C: .",
    ));
    s.wait_ms(38).dialogue(
        "S: 250 2.6.0 Queued mail for delivery
         C: QUIT
         S: 221 2.0.0 mail.example.net Service closing transmission channel",
    );
}

fn on_the_same_network(script: SessionScript) -> SessionScript {
    windows_2000(script)
        .tune_client(|client| client.answers_after_ns = 611_903)
        .tune_server(|server| server.answers_after_ns = 1_204_577)
}

/// The greeting of IIS 5.0 at this time UTC; its clock shows two hours more.
fn greeting(hour: u16, minute: u16) -> String {
    format!(
        "S: 220 mail.example.net Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at  \
         Mon, 14 Apr 2003 {:02}:{minute:02}:00 +0200",
        hour + 2
    )
}

/// Two interfaces: tagged Ethernet and raw IPv6. One session is delivered, one is lost, a name query stands between.
pub(super) fn mixed() -> Vec<u8> {
    let (mut capture, tagged) = modern("2024-03-05T13:00:00Z", "192.0.2.44:42000", "203.0.113.25:25");
    let mut tagged = tagged.vlans(&[7, 120]);
    tagged.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: HELO build.example.com
         S: 250 mx.example.net
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 Ok
         C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>",
    );
    tagged.dialogue(SHORT_MAIL).wait_ms(18).dialogue(
        "S: 250 2.0.0 Ok: queued as 4TpY7m1KqRz9s
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    tagged.server_fin().client_fin();
    let mut raw =
        capture.session("[2001:db8::10]:42010", "[2001:db8:25::25]:25").link(Link::RAW_IP).tune_both(|host| {
            host.options = TcpOptions::modern();
            (host.window, host.syn_window) = (502, Some(64_800));
        });
    raw.wait_ms(70).handshake().wait_ms(5).dialogue(
        "S: 220 mx.example.org ESMTP OpenSMTPD
         C: EHLO scan_1.example.com
         S: 501 5.5.4 Invalid command arguments: Invalid domain name
         C: HELO scan_1.example.com
         S: 501 5.5.4 Invalid command arguments: Invalid domain name
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    raw.server_fin().client_fin();
    capture.raw_frame(52_000_000, name_query());
    capture.finish_pcapng()
}

/// A DNS query for the MX of example.net, UDP without checksum.
fn name_query() -> Vec<u8> {
    let mut frame = vec![0, 0, 0x5e, 0, 0x53, 1, 0, 0, 0x5e, 0, 0x53, 0x0a, 0x08, 0];
    let mut header = vec![0x45, 0, 0, 57, 0x51, 0x20, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 44, 192, 0, 2, 53];
    let sum = super::super::internet_checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    frame.extend(header);
    frame.extend([0xc3, 0x50, 0, 53, 0, 37, 0, 0]);
    frame.extend(b"\x2b\x67\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03net\x00\x00\x0f\x00\x01");
    frame
}
