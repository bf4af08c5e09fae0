//! Sessions decided after the hello: by AUTH, MAIL, RCPT, the end of the message, or by no mail at all.

use super::{SHORT_MAIL, close_after_quit, modern};

const HELLO: &str = "
    S: 220 mx.example.net ESMTP Sendmail 8.17.1/8.17.1; Tue, 5 Mar 2024 12:00:00 +0100
    C: EHLO relay.example.com
    S: 250-mx.example.net Hello relay.example.com [192.0.2.10], pleased to meet you
    S: 250-ENHANCEDSTATUSCODES
    S: 250-PIPELINING
    S: 250-8BITMIME
    S: 250-SIZE
    S: 250 HELP
";

const QUIT: &str = "
    C: QUIT
    S: 221 2.0.0 mx.example.net closing connection
";

pub(super) fn auth_failed() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:05:00Z", "192.0.2.10:41200", "203.0.113.26:587");
    s.handshake().wait_ms(30).dialogue(
        "S: 220 submit.example.net ESMTP Postfix
         C: EHLO copier.example.com
         S: 250-submit.example.net
         S: 250-PIPELINING
         S: 250-SIZE 10240000
         S: 250-AUTH PLAIN LOGIN
         S: 250-ENHANCEDSTATUSCODES
         S: 250 8BITMIME
         C: AUTH LOGIN
         S: 334 VXNlcm5hbWU6
         C: Y29waWVyQGV4YW1wbGUuY29t
         S: 334 UGFzc3dvcmQ6
         C: bm90LWEtcGFzc3dvcmQ=",
    );
    s.wait_ms(2_100).dialogue(
        "S: 535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn sender_refused() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:10:00Z", "192.0.2.10:41210", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(HELLO).dialogue(
        "C: MAIL From:<ann@nowhere.invalid>
         S: 553 5.1.8 <ann@nowhere.invalid>... Domain of sender address ann@nowhere.invalid does not exist",
    );
    s.dialogue(QUIT);
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn recipients_refused() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:15:00Z", "[2001:db8::10]:41220", "[2001:db8:25::25]:25");
    s.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Exim 4.96 Tue, 05 Mar 2024 12:15:00 +0100
         C: EHLO relay.example.com
         S: 250-mx.example.net Hello relay.example.com [2001:db8::10]
         S: 250-SIZE 52428800
         S: 250-8BITMIME
         S: 250-PIPELINING
         S: 250 HELP
         C: MAIL FROM:<ann@example.com>
         C: RCPT TO:<robert@example.net>
         C: RCPT TO:<bob@example.org>
         C: DATA
         S: 250 OK
         S: 550 Unrouteable address
         S: 550 relay not permitted
         S: 503 Valid RCPT command must precede DATA",
    );
    s.dialogue(
        "C: QUIT
         S: 221 mx.example.net closing connection",
    );
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn message_refused() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:20:00Z", "192.0.2.10:41230", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(HELLO).dialogue(
        "C: MAIL From:<ann@example.com>
         S: 250 2.1.0 <ann@example.com>... Sender ok
         C: RCPT To:<bob@example.net>
         S: 250 2.1.5 <bob@example.net>... Recipient ok
         C: DATA
         S: 354 Enter mail, end with \".\" on a line by itself",
    );
    s.dialogue(SHORT_MAIL).wait_ms(180).dialogue("S: 552 5.2.2 <bob@example.net>... Mailbox full").dialogue(QUIT);
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn no_mail() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T11:25:00Z", "192.0.2.10:41240", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(HELLO).wait_s(2).dialogue(
        "C: NOOP
         S: 250 2.0.0 OK",
    );
    s.dialogue(QUIT);
    close_after_quit(&mut s);
    capture.finish_pcap()
}
