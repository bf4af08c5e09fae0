//! Captures that cannot tell what became of the session.

use super::super::{Side, tls};
use super::modern;

pub(super) fn starttls() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T12:00:00Z", "192.0.2.10:41300", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO relay.example.com
         S: 250-mx.example.net
         S: 250-PIPELINING
         S: 250-STARTTLS
         S: 250 8BITMIME
         C: STARTTLS
         S: 220 2.0.0 Ready to start TLS",
    );
    s.client(&tls::client_hello("mx.example.net")).server(&tls::server_flight());
    s.client(&[tls::change_cipher_spec(), tls::application_data(11, 69)].concat());
    for (seed, (command, reply)) in
        (20..).step_by(2).zip([(42, 120), (49, 31), (45, 31), (23, 54), (310, 62), (23, 32)])
    {
        s.client(&tls::application_data(seed, command)).server(&tls::application_data(seed + 1, reply));
    }
    s.server_fin().client_fin();
    capture.finish_pcap()
}

pub(super) fn cut_short() -> Vec<u8> {
    let (capture, mut s) = modern("2024-03-05T12:05:00Z", "192.0.2.10:41310", "203.0.113.25:25");
    s.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.",
    );
    capture.finish_pcap()
}

pub(super) fn one_sided() -> Vec<u8> {
    let (capture, s) = modern("2024-03-05T12:10:00Z", "192.0.2.10:41320", "203.0.113.25:25");
    let mut s = s.only_from(Side::Client);
    s.handshake().wait_ms(30).dialogue(
        "S: 220 mx.example.net ESMTP Postfix
         C: EHLO sub2.
         S: 501 5.5.2 <sub2.>: Helo command rejected: Invalid name
         C: QUIT
         S: 221 2.0.0 Bye",
    );
    s.server_fin().client_fin();
    capture.finish_pcap()
}
