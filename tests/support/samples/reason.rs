//! Sessions lost to a refusal whose reply says why.

use super::{close_after_quit, modern};

/// What a mail server of a provider says to a hello; its port for clients that log in says the same.
const POSTFIX: &str = "
    S: 220 mx.example.net ESMTP Postfix
    C: EHLO relay.example.com
    S: 250-mx.example.net
    S: 250-PIPELINING
    S: 250-SIZE 10240000
    S: 250-STARTTLS
    S: 250-ENHANCEDSTATUSCODES
    S: 250-8BITMIME
    S: 250 SMTPUTF8
";

const MAIL: &str = "
    C: MAIL FROM:<ann@example.com>
    S: 250 2.1.0 Ok
    C: RCPT TO:<bob@example.net>
";

/// A session in the minute `minute` that is greeted as `before` says, and goes on until the server says `refusal`.
fn refused(minute: u8, server: &str, before: &[&str], refusal: &str) -> Vec<u8> {
    let (capture, mut s) = modern(&format!("2024-03-05T14:{minute:02}:00Z"), "192.0.2.10:43100", server);
    s.handshake().wait_ms(30);
    for lines in before {
        s.dialogue(lines);
    }
    s.wait_ms(12).dialogue(&format!("S: {refusal}\nC: QUIT\nS: 221 2.0.0 Bye"));
    close_after_quit(&mut s);
    capture.finish_pcap()
}

pub(super) fn auth_required() -> Vec<u8> {
    let mail = "C: MAIL FROM:<ann@example.com>";
    refused(0, "203.0.113.26:587", &[POSTFIX, mail], "530 5.7.0 Authentication required")
}

pub(super) fn tls_required() -> Vec<u8> {
    let mail = "C: MAIL FROM:<ann@example.com>";
    refused(5, "203.0.113.26:587", &[POSTFIX, mail], "530 5.7.0 Must issue a STARTTLS command first")
}

pub(super) fn relaying_denied() -> Vec<u8> {
    let rcpt = "C: MAIL FROM:<ann@example.com>
                S: 250 2.1.0 Ok
                C: RCPT TO:<bob@example.org>";
    refused(10, "203.0.113.25:25", &[POSTFIX, rcpt], "554 5.7.1 <bob@example.org>: Relay access denied")
}

pub(super) fn mailbox_unknown() -> Vec<u8> {
    let refusal = "550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown in local recipient table";
    refused(15, "203.0.113.25:25", &[POSTFIX, MAIL], refusal)
}

pub(super) fn greylisted() -> Vec<u8> {
    let refusal = "450 4.2.0 <bob@example.net>: Recipient address rejected: Greylisted, \
                   see http://postgrey.schweikert.ch/help/example.net.html";
    refused(20, "203.0.113.25:25", &[POSTFIX, MAIL], refusal)
}

pub(super) fn client_blocked() -> Vec<u8> {
    let refusal = "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org";
    refused(25, "203.0.113.25:25", &[POSTFIX, MAIL], refusal)
}

/// Postfix checks the sender when it is told the first recipient.
pub(super) fn sender_domain() -> Vec<u8> {
    let mail = "C: MAIL FROM:<ann@nowhere.invalid>
                S: 250 2.1.0 Ok
                C: RCPT TO:<bob@example.net>";
    let refusal = "450 4.1.8 <ann@nowhere.invalid>: Sender address rejected: Domain not found";
    refused(30, "203.0.113.25:25", &[POSTFIX, mail], refusal)
}

/// Lines of several replies in one, as Gmail writes them.
pub(super) fn no_spf() -> Vec<u8> {
    let before = "S: 220 mx.example.net ESMTP
                  C: EHLO relay.example.com
                  S: 250-mx.example.net at your service
                  S: 250-SIZE 157286400
                  S: 250 ENHANCEDSTATUSCODES
                  C: MAIL FROM:<ann@example.com>
                  S: 250 2.1.0 OK
                  C: RCPT TO:<bob@example.net>
                  S: 250 2.1.5 OK
                  C: DATA
                  S: 354 Go ahead";
    let refusal = "550-5.7.26 This mail has been blocked because the sender is unauthenticated.
                   S: 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.
                   S: 550 5.7.26 For instructions on setting up authentication, go to example.net";
    refused(35, "203.0.113.25:25", &[before, super::SHORT_MAIL], refusal)
}

/// The server refuses HELO and takes MAIL all the same.
pub(super) fn hello_passed_over() -> Vec<u8> {
    let before = "S: 220 mx.example.net ESMTP Postfix
                  C: HELO
                  S: 501 Syntax: HELO hostname
                  C: MAIL FROM:<ann@example.com>
                  S: 250 2.1.0 Ok
                  C: RCPT TO:<bob@example.net>";
    refused(40, "203.0.113.25:25", &[before], "552 5.2.2 <bob@example.net>: user is over quota")
}

/// MAIL is refused, and what was sent along with it, too.
pub(super) fn pipelined_refusal() -> Vec<u8> {
    let before = "C: MAIL FROM:<ann@example.com> SIZE=20480000
                  C: RCPT TO:<bob@example.net>
                  C: DATA
                  S: 552 5.3.4 Message size exceeds fixed limit
                  S: 503 5.5.1 Error: no HELO or no MAIL before RCPT";
    refused(45, "203.0.113.25:25", &[POSTFIX, before], "503 5.5.1 Error: need RCPT command")
}
