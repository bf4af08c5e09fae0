//! One delivery that succeeds at the second address.

use super::super::dns::{A, AAAA, ANSWER, MX, QUESTION, exchange, frame, frame_of};
use super::super::{CaptureBuilder, SessionScript, TcpOptions};
use super::{SHORT_MAIL, modern};

const MS: i64 = 1_000_000;

/// The server's IPv6 address refuses the connection, its IPv4 address takes the mail.
pub(super) fn second_address() -> Vec<u8> {
    let (mut capture, mut refused) = modern("2024-03-05T15:00:00Z", "[2001:db8::10]:44100", "[2001:db8:25::25]:25");
    let address = "2001:db8:25::25".parse::<std::net::Ipv6Addr>().expect("an address").octets();
    capture
        .raw_frame(-80 * MS, frame(QUESTION, "example.net", MX, None))
        .raw_frame(-68 * MS, frame(ANSWER, "example.net", MX, Some(&exchange(10, "mx.example.net"))))
        .raw_frame(-66 * MS, frame(QUESTION, "mx.example.net", AAAA, None))
        .raw_frame(-54 * MS, frame(ANSWER, "mx.example.net", AAAA, Some(&address)))
        .raw_frame(-52 * MS, frame(QUESTION, "mx.example.net", A, None))
        .raw_frame(-40 * MS, frame(ANSWER, "mx.example.net", A, Some(&[203, 0, 113, 25])));
    refused.syn().server_rst();
    delivered(&mut second(&mut capture, "203.0.113.25:25", 40), "mx.example.net");
    capture.finish_pcap()
}

/// The first mail exchange is out of order, the second takes the mail.
pub(super) fn second_mx() -> Vec<u8> {
    let (mut capture, mut first) = modern("2024-03-05T15:05:00Z", "192.0.2.10:44110", "203.0.113.25:25");
    let exchanges = [exchange(10, "mx1.example.net"), exchange(20, "mx2.example.net")];
    let exchanges = exchanges.each_ref().map(Vec::as_slice);
    capture
        .raw_frame(-80 * MS, frame(QUESTION, "example.net", MX, None))
        .raw_frame(-68 * MS, frame_of(ANSWER, "example.net", MX, &exchanges))
        .raw_frame(-66 * MS, frame(QUESTION, "mx1.example.net", A, None))
        .raw_frame(-54 * MS, frame(ANSWER, "mx1.example.net", A, Some(&[203, 0, 113, 25])))
        .raw_frame(300 * MS, frame(QUESTION, "mx2.example.net", A, None))
        .raw_frame(312 * MS, frame(ANSWER, "mx2.example.net", A, Some(&[203, 0, 113, 26])));
    first.handshake().wait_ms(30).dialogue(
        "S: 220 mx1.example.net ESMTP Postfix
         C: EHLO relay.example.com
         S: 250-mx1.example.net
         S: 250 8BITMIME
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 451 4.3.0 <bob@example.net>: Temporary lookup failure
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    first.server_fin().client_fin();
    delivered(&mut second(&mut capture, "203.0.113.26:25", 320), "mx2.example.net");
    capture.finish_pcap()
}

/// The next attempt of the same client, `after_ms` milliseconds later.
fn second(capture: &mut CaptureBuilder, server: &str, after_ms: i64) -> SessionScript {
    let mut session = capture.session("192.0.2.10:44111", server).tune_both(|host| {
        host.options = TcpOptions::modern();
        (host.window, host.syn_window, host.ttl) = (502, Some(64_240), 64);
    });
    session.wait_ms(after_ms);
    session
}

fn delivered(session: &mut SessionScript, host: &str) {
    session.handshake().wait_ms(30).dialogue(&format!(
        "S: 220 {host} ESMTP Postfix
         C: EHLO relay.example.com
         S: 250-{host}
         S: 250 8BITMIME
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 Ok
         C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>"
    ));
    session.dialogue(SHORT_MAIL).wait_ms(42).dialogue(
        "S: 250 2.0.0 Ok: queued as 4TpZ0c6Kq1z2v
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    session.server_fin().client_fin();
}
