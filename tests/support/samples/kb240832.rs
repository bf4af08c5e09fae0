//! The two sessions of Microsoft KB 240832, and the third that its text describes.

use super::super::{CaptureBuilder, SessionScript};

/// The greeting the article prints: its first line breaks after the 80th octet in Network Monitor.
const GREETING: &[u8] = b"220-mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 \
-0400 Version: 5.5.1774.114.11\r\n220 ESMTP spoken here\r\n";

/// Port and initial numbers are those of the Network Monitor trace in KB Q182821.
fn session(capture: &mut CaptureBuilder) -> SessionScript {
    let mut script = capture
        .session("192.0.2.10:1145", "192.0.2.25:25")
        .client_isn(3_447_617)
        .server_isn(2_120_192_000)
        .tune_client(|client| {
            (client.ip_id, client.ip_id_step) = (0x730a, 0x100);
            (client.ttl, client.window, client.syn_window) = (128, 8_760, Some(8_192));
            client.answers_after_ns = 640_000;
        })
        .tune_server(|server| {
            (server.ip_id, server.ip_id_step) = (0x292b, 0x100);
            (server.ttl, server.window, server.answers_after_ns) = (128, 8_760, 910_000);
        });
    script.handshake().wait_ms(3).server(GREETING).wait_ms(2);
    script
}

fn capture() -> CaptureBuilder {
    CaptureBuilder::new().start_at("1999-08-28T13:32:00Z")
}

pub(super) fn works() -> Vec<u8> {
    let mut capture = capture();
    let mut s = session(&mut capture);
    s.dialogue(
        "C: EHLO sub2.your-domain.com
         S: 250-mail.your-domain.com Hello [192.0.2.10]
         S: 250-SIZE 2097152
         S: 250-PIPELINING
         S: 250-8bitmime
         S: 250-TURN
         S: 250 ETRN
         C: MAIL From:<ann@sub2.your-domain.com> SIZE=341
         S: 250 ann@sub2.your-domain.com....Sender OK
         C: RCPT To:<bob@your-domain.com>
         S: 250 bob@your-domain.com
         C: DATA
         S: 354 Start mail input; end with <CRLF>.<CRLF>
         C: Received: by sub2.your-domain.com; Sat, 28 Aug 1999 09:31:58 -0400
         C: Date: Sat, 28 Aug 1999 09:31:57 -0400
         C: From: Ann <ann@sub2.your-domain.com>
         C: To: Bob <bob@your-domain.com>
         C: Subject: Monday
         C: Message-Id: <199908281331.JAA01877@sub2.your-domain.com>
         C:
         C: Bob,
         C: the list for Monday is in the usual place.
         C: Ann
         C: .",
    );
    s.wait_ms(220).dialogue(
        "S: 250 <199908281331.JAA01877@sub2.your-domain.com> Queued mail for delivery
         C: QUIT
         S: 221 mail.your-domain.com Service closing transmission channel",
    );
    s.server_fin().client_fin();
    capture.finish_pcap()
}

pub(super) fn lost() -> Vec<u8> {
    let mut capture = capture();
    refused(&mut capture);
    capture.finish_pcap()
}

/// The article's session that is refused.
pub(super) fn refused(capture: &mut CaptureBuilder) {
    let mut s = session(capture);
    s.dialogue(
        "C: EHLO sub2.
         S: 501 Invalid Address
         C: QUIT
         S: 221 mail.your-domain.com Service closing transmission channel",
    );
    s.server_fin().client_fin();
}

pub(super) fn closed() -> Vec<u8> {
    let mut capture = capture();
    unanswered(&mut capture);
    capture.finish_pcap()
}

/// The one that the service closes without an answer.
pub(super) fn unanswered(capture: &mut CaptureBuilder) {
    session(capture).client(b"EHLO sub2.\r\n").server_fin().client_fin();
}
