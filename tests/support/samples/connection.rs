//! Sessions that fail as connections: before the greeting, in TLS, or broken off.

use super::super::dns::{A, ANSWER, MX, NXDOMAIN, QUESTION, exchange, frame};
use super::super::tls;
use super::{SHORT_MAIL, close_after_quit, modern};

pub(super) fn connect_refused() -> Vec<u8> {
    let (capture, s) = modern("2024-03-05T10:00:00Z", "192.0.2.10:41000", "203.0.113.90:25");
    let mut s = s.server_isn(0);
    s.syn().server_rst();
    capture.finish_pcap()
}

pub(super) fn connect_unanswered() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:05:00Z", "192.0.2.10:41010", "203.0.113.91:25");
    s.syn().wait_s(3).retransmit_last().wait_s(6).retransmit_last();
    capture.finish_pcap()
}

pub(super) fn connect_unreachable() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:10:00Z", "192.0.2.10:41020", "203.0.113.92:25");
    let syn = s.syn().last();
    s.wait_ms(12).unreachable(syn, "192.0.2.1", 1);
    capture.finish_pcap()
}

pub(super) fn connect_unreachable_ipv6() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:15:00Z", "[2001:db8::10]:41030", "[2001:db8:25::25]:25");
    let syn = s.syn().last();
    s.wait_ms(9).unreachable(syn, "2001:db8::1", 3);
    capture.finish_pcap()
}

pub(super) fn no_greeting() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:20:00Z", "192.0.2.10:41040", "203.0.113.93:25");
    s.handshake().wait_s(300).client_fin().wait_ms(2).server_fin();
    capture.finish_pcap()
}

pub(super) fn greeting_refused() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:25:00Z", "192.0.2.10:41050", "203.0.113.94:25");
    s.handshake().wait_ms(45).dialogue(
        "S: 554 mx.example.org No SMTP service here for 192.0.2.10
         C: QUIT
         S: 221 2.0.0 mx.example.org closing",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn ehlo_to_ssh() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:27:00Z", "192.0.2.10:41055", "203.0.113.96:25");
    s.handshake().wait_ms(20).dialogue(
        "S: SSH-2.0-OpenSSH_9.7
         C: EHLO relay.example.com
         S: Invalid SSH identification string.",
    );
    s.server_fin().client_fin();
    capture.finish_pcap()
}

pub(super) fn not_smtp() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:28:00Z", "192.0.2.10:41056", "203.0.113.97:25");
    s.handshake().wait_ms(20).dialogue(
        "C: GET / HTTP/1.1
         C: Host: www.example.net
         C:
         S: HTTP/1.1 404 Not Found
         S: Content-Length: 0
         S:",
    );
    s.client_fin().server_fin();
    capture.finish_pcap()
}

pub(super) fn tls_failed() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:30:00Z", "192.0.2.10:41060", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Exim 4.96 Tue, 05 Mar 2024 11:30:00 +0100
         C: EHLO relay.example.com
         S: 250-mx.example.net Hello relay.example.com [192.0.2.10]
         S: 250-SIZE 52428800
         S: 250-8BITMIME
         S: 250-PIPELINING
         S: 250-STARTTLS
         S: 250 HELP
         C: STARTTLS
         S: 220 TLS go ahead",
    );
    s.client(&tls::client_hello("mx.example.net")).server(&tls::fatal_alert(40)).server_fin().client_fin();
    capture.finish_pcap()
}

/// What HAProxy puts before the dialogue with `send-proxy`.
const PROXY_HEADER: &str = "C: PROXY TCP4 203.0.113.9 192.0.2.25 40000 25";

pub(super) fn proxy_mismatch() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:10:00Z", "192.0.2.7:41110", "192.0.2.25:25");
    s.handshake().dialogue(PROXY_HEADER).wait_ms(20).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         -
         S: 502 5.5.2 Error: command not recognized",
    );
    s.wait_ms(900).client_fin().server_fin();
    capture.finish_pcap()
}

pub(super) fn proxied() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:15:00Z", "192.0.2.7:41120", "192.0.2.25:25");
    s.handshake().dialogue(PROXY_HEADER).wait_ms(20).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.
         S: 501 5.5.4 Syntax: EHLO hostname
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn proxied_binary() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:20:00Z", "192.0.2.7:41130", "192.0.2.25:25");
    // Version 2, PROXY, TCP over IPv4, 12 octets of addresses and a TLV of 4: what AWS adds is longer.
    let header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xcb\0\x71\x09\xc0\0\x02\x19\x9c\x40\0\x19\x04\0\x01\0";
    s.handshake().client(header).wait_ms(20).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO relay.example.com
         S: 250-mx.example.net
         S: 250 PIPELINING
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 Ok
         C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>",
    );
    s.dialogue(SHORT_MAIL).dialogue("S: 250 2.0.0 Ok: queued as 4711\n C: QUIT\n S: 221 2.0.0 Bye");
    close_after_quit(&mut s);
    capture.finish_pcap()
}

/// A device that reaches mail servers through a SOCKS 5 proxy.
pub(super) fn socks() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:25:00Z", "192.0.2.10:41160", "192.0.2.7:1080");
    s.handshake().client(b"\x05\x01\x00").server(b"\x05\x00");
    s.client(b"\x05\x01\x00\x03\x0emx.example.net\x00\x19").wait_ms(15);
    s.server(b"\x05\x00\x00\x01\xc0\x00\x02\x07\xa0\xbe").wait_ms(20).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.
         S: 501 5.5.4 Syntax: EHLO hostname
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

const ACCEPTED_UP_TO_RCPT: &str = "
    S: 220 mx.example.net ESMTP Postfix
    C: EHLO relay.example.com
    S: 250-mx.example.net
    S: 250-PIPELINING
    S: 250-SIZE 10240000
    S: 250 8BITMIME
    C: MAIL FROM:<ann@example.com>
    S: 250 2.1.0 Ok
    C: RCPT TO:<bob@example.net>
    S: 250 2.1.5 Ok
";

pub(super) fn connection_reset() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:35:00Z", "192.0.2.10:41070", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(ACCEPTED_UP_TO_RCPT).dialogue(
        "C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>",
    );
    let unfinished = format!("{}\r\n", ["Subject: figures", "", &"0123456789 ".repeat(180)].join("\r\n"));
    s.client(unfinished.as_bytes()).wait_ms(80).server_rst();
    capture.finish_pcap()
}

pub(super) fn connection_closed() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:40:00Z", "192.0.2.10:41080", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(ACCEPTED_UP_TO_RCPT).dialogue("C: DATA");
    s.wait_ms(900).server_fin().client_fin();
    capture.finish_pcap()
}

pub(super) fn timed_out() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T10:45:00Z", "192.0.2.10:41090", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(ACCEPTED_UP_TO_RCPT).dialogue(
        "C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>",
    );
    s.dialogue(SHORT_MAIL).wait_s(600).client_fin().wait_ms(1).server_fin();
    capture.finish_pcap()
}

pub(super) fn timed_out_421() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:00:00Z", "192.0.2.10:41100", "203.0.113.25:25");
    s.handshake()
        .wait_ms(30)
        .dialogue(ACCEPTED_UP_TO_RCPT)
        .wait_s(300)
        .dialogue("S: 421 4.4.2 mx.example.net Error: timeout exceeded");
    s.server_fin().client_fin();
    capture.finish_pcap()
}

/// Two deliveries: one reaches the server its lookups gave, the other never starts.
pub(super) fn lookup_failed() -> Vec<u8> {
    let (mut capture, mut s) = modern("2024-03-05T10:10:00Z", "192.0.2.10:40512", "203.0.113.25:25");
    let host = exchange(10, "mx.example.net");
    let ms = 1_000_000;
    capture
        .raw_frame(-60 * ms, frame(QUESTION, "example.net", MX, None))
        .raw_frame(-48 * ms, frame(ANSWER, "example.net", MX, Some(&host)))
        .raw_frame(-46 * ms, frame(QUESTION, "mx.example.net", A, None))
        .raw_frame(-34 * ms, frame(ANSWER, "mx.example.net", A, Some(&[203, 0, 113, 25])));
    s.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.example.com
         S: 250-mx.example.net
         S: 250-SIZE 10240000
         S: 250 8BITMIME
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 Ok
         C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>",
    );
    s.dialogue(SHORT_MAIL).wait_ms(42).dialogue(
        "S: 250 2.0.0 Ok: queued as 4TpY2b3GzTz1r
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture
        .raw_frame(60_000 * ms, frame(QUESTION, "exmaple.net", MX, None))
        .raw_frame(60_014 * ms, frame(NXDOMAIN, "exmaple.net", MX, None));
    capture.finish_pcap()
}
