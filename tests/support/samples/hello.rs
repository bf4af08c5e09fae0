//! Sessions that turn on EHLO and HELO.

use super::{SHORT_MAIL, close_after_quit, modern, period};

pub(super) fn recovered() -> Vec<u8> {
    let (capture, mut s) = period("2003-04-14T06:15:00Z", "192.0.2.10:3071", "192.0.2.25:25");
    s.handshake().dialogue(
        "S: 220 mail.example.net Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at  Mon, 14 Apr 2003 08:15:00 +0200
         C: EHLO sub2.
         S: 501 5.5.4 Invalid Address
         C: HELO sub2
         S: 250 mail.example.net Hello [192.0.2.10]
         C: MAIL FROM:<ann@sub2.example.com>
         S: 250 2.1.0 ann@sub2.example.com....Sender OK
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 bob@example.net
         C: DATA
         S: 354 Start mail input; end with <CRLF>.<CRLF>
         C: Date: Mon, 14 Apr 2003 08:14:58 +0200
         C: From: ann@sub2.example.com
         C: To: bob@example.net
         C: Subject: stock 14 April
         C:
         C: 118 boxes.
         C: .",
    );
    s.wait_ms(35).dialogue(
        "S: 250 2.6.0  <MAIL25q0f7b1d00000001@mail.example.net> Queued mail for delivery
         C: QUIT
         S: 221 2.0.0 mail.example.net Service closing transmission channel",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn deferred() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T09:10:00Z", "192.0.2.10:40112", "203.0.113.25:25");
    s.handshake().wait_ms(31).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.example.com.
         S: 250-mx.example.net
         S: 250-PIPELINING
         S: 250-SIZE 10240000
         S: 250-ENHANCEDSTATUSCODES
         S: 250-8BITMIME
         S: 250 SMTPUTF8
         C: MAIL FROM:<ann@example.com> SIZE=212
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 501 5.5.2 <sub2.example.com.>: Helo command rejected: Invalid name
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn tolerated() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T09:20:00Z", "192.0.2.44:40212", "203.0.113.25:25");
    s.handshake().wait_ms(28).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO build_agent.example.com
         S: 250-mx.example.net
         S: 250-PIPELINING
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
        "S: 250 2.0.0 Ok: queued as 4TpX1k2GzTz1r
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn unanswered() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T09:25:00Z", "192.0.2.45:40218", "203.0.113.60:25");
    s.handshake().wait_ms(30).dialogue(
        "S: 220 gateway.example.net SMTP ready
         C: EHLO scanner_2",
    );
    s.wait_s(300).client_fin().wait_ms(4).server_fin();
    capture.finish_pcap()
}

pub(super) fn ehlo_mangled() -> Vec<u8> {
    let (capture, mut s) = period("2002-11-07T15:40:00Z", "192.0.2.10:2210", "198.51.100.25:25");
    s.handshake().wait_ms(20).dialogue(
        "S: 220 ***************************************************2******0*0*0******2*200**********0*00
         C: EHLO sub2.example.com
         S: 500 Syntax error, command \"XXXX sub2.example.com\" unrecognized
         C: QUIT
         S: 221 mail.example.net closing connection",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn ehlo_mangled_inside() -> Vec<u8> {
    let (capture, mut s) = period("2002-11-07T15:41:00Z", "192.0.2.10:2211", "198.51.100.25:25");
    s.handshake().wait_ms(20).dialogue(
        "S: 220 mail.example.net Microsoft ESMTP MAIL Service, Version: 5.0.2195.5329 ready at  Thu, 7 Nov 2002 16:41:00 +0100
         C: XXXX sub2.example.com
         S: 500 5.3.3 Unrecognized command
         C: QUIT
         S: 221 2.0.0 mail.example.net Service closing transmission channel",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

/// nginx passes a client's session on to Postfix.
pub(super) fn xclient() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:30:00Z", "192.0.2.7:41140", "192.0.2.25:25");
    s.handshake().wait_ms(20).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO proxy.example.net
         S: 250-mx.example.net
         S: 250-PIPELINING
         S: 250 XCLIENT NAME ADDR PROTO HELO
         C: XCLIENT ADDR=203.0.113.9 PORT=40000 PROTO=ESMTP HELO=sub2. NAME=[UNAVAILABLE]
         S: 220 mx.example.net ESMTP Postfix
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 501 5.5.2 <sub2.>: Helo command rejected: Invalid name
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

/// Postfix passes mail on to a content filter.
pub(super) fn xforward() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:32:00Z", "192.0.2.25:41145", "192.0.2.26:25");
    s.handshake().wait_ms(2).dialogue(
        "S: 220 filter.example.net ESMTP Postfix
         C: EHLO mx.example.net
         S: 250-filter.example.net
         S: 250 XFORWARD NAME ADDR PROTO HELO SOURCE PORT
         C: XFORWARD NAME=[UNAVAILABLE] ADDR=203.0.113.9 PROTO=ESMTP HELO=sub2. SOURCE=REMOTE
         S: 250 2.0.0 Ok
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 250 2.1.5 Ok
         C: DATA
         S: 354 End data with <CR><LF>.<CR><LF>",
    );
    s.dialogue(SHORT_MAIL).dialogue(
        "S: 250 2.0.0 Ok: queued as 4TpQ1x
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

/// A client in a hurry meets postscreen.
pub(super) fn early_talk() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:35:00Z", "192.0.2.10:41150", "203.0.113.25:25");
    s.handshake().wait_ms(3).dialogue("C: EHLO relay.example.com").wait_s(6).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         -
         S: 250-mx.example.net
         S: 250 SIZE 10240000
         C: MAIL FROM:<ann@example.com>
         S: 250 2.1.0 Ok
         C: RCPT TO:<bob@example.net>
         S: 550 5.5.1 Protocol error
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

/// As above, and Exim.
pub(super) fn synchronization_error() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:40:00Z", "192.0.2.10:41155", "203.0.113.25:25");
    s.handshake()
        .wait_ms(3)
        .dialogue("C: EHLO relay.example.com")
        .wait_ms(90)
        .dialogue("S: 554 SMTP synchronization error");
    s.server_fin().client_fin();
    capture.finish_pcap()
}

pub(super) fn ehlo_policy() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T09:30:00Z", "192.0.2.47:40310", "203.0.113.25:25");
    s.handshake().wait_ms(33).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO relay7
         S: 504 5.5.2 <relay7>: Helo command rejected: need fully-qualified hostname
         C: HELO relay7
         S: 504 5.5.2 <relay7>: Helo command rejected: need fully-qualified hostname
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn ehlo_unsupported() -> Vec<u8> {
    let (capture, mut s) = period("1998-05-19T11:02:00Z", "192.0.2.48:1077", "198.51.100.77:25");
    s.handshake().wait_ms(120).dialogue(
        "S: 220 gw.example.org SMTP gateway ready
         C: EHLO relay.example.com
         S: 500 Command unrecognized
         C: QUIT
         S: 221 gw.example.org closing connection",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn ehlo_unanswered() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T09:40:00Z", "192.0.2.10:40400", "203.0.113.80:25");
    s.handshake().wait_ms(25).dialogue(
        "S: 220 mx.example.org ESMTP
         C: EHLO relay.example.com",
    );
    s.wait_ms(2_300).server_rst();
    capture.finish_pcap()
}
