//! Mistakes that real captures showed, in captures built here: each with its verdict, and what the evidence says.

use std::io::Cursor;

use ehlotrace::diagnosis::{Diagnosis, Unknown};
use ehlotrace::report::advice::remedy;
use ehlotrace::report::evidence::text;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;

use crate::support::{CaptureBuilder, SessionScript, tls};

/// One connection: what it shows, the ports of client and server, how it goes, its verdict, its fault, and words of the
/// evidence or remedy.
struct Case {
    name: &'static str,
    ports: (u16, u16),
    play: fn(&mut SessionScript),
    outcome: &'static str,
    cause: &'static str,
    fault: &'static str,
    says: &'static str,
}

const STARTTLS: &str = "
    S: 220 mx.example.net ESMTP
    C: EHLO relay.example.com
    S: 250-mx.example.net
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS";

const MAIL: &str = "
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@example.net>
    S: 250 ok
    C: DATA
    S: 354 go
    C: Subject: x
    C:
    C: .
    S: 250 taken
    C: QUIT
    S: 221 bye";

fn tls_1_2_handshake(s: &mut SessionScript) {
    let finished = [tls::change_cipher_spec(), tls::handshake_record(9, 40)].concat();
    s.client(&tls::client_hello("mx.example.net")).server(&tls::server_hello_1_2()).client(&finished).server(&finished);
}

const CASES: &[Case] = &[
    Case {
        name: "decrypted: after 220 to STARTTLS plain SMTP goes on",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue(STARTTLS).dialogue("C: EHLO sub2.\nS: 501 Invalid\nC: QUIT\nS: 221 bye");
            s.client_fin().server_fin();
        },
        outcome: "lost",
        cause: "ehlo-argument",
        fault: "client",
        says: "sub2.",
    },
    Case {
        name: "decrypted, and delivered",
        ports: (41000, 25),
        play: |s| {
            s.handshake()
                .dialogue(STARTTLS)
                .dialogue("C: EHLO sub2\nS: 250 ok")
                .dialogue(MAIL)
                .client_fin()
                .server_fin();
        },
        outcome: "delivered",
        cause: "",
        fault: "",
        says: "",
    },
    Case {
        name: "plain text in place of the ClientHello, and the server closes",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue(STARTTLS).dialogue("C: EHLO relay.example.com").server(&tls::fatal_alert(10));
            s.server_fin().client_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "server",
        says: "unexpected_message",
    },
    Case {
        name: "reset after 220 to STARTTLS",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue(STARTTLS).server_rst();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "server",
        says: "no TLS handshake followed",
    },
    Case {
        name: "the server takes back its 220 to STARTTLS",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue(STARTTLS).client(&tls::client_hello("mx.example.net"));
            s.dialogue("S: 454 4.7.0 TLS not available").server_fin().client_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "server",
        says: "server replied 454 4.7.0 TLS not available",
    },
    Case {
        name: "STARTTLS refused",
        ports: (41000, 25),
        play: |s| {
            let refused = STARTTLS.replace("220 2.0.0 Ready to start TLS", "454 4.7.0 TLS not available");
            s.handshake().dialogue(&refused).dialogue("C: QUIT\nS: 221 bye").client_fin().server_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "server",
        says: "server replied 454 4.7.0 TLS not available",
    },
    Case {
        name: "a word of STARTTLS in mail text is mail text",
        ports: (41000, 25),
        play: |s| {
            let mail = MAIL.replace("Subject: x", "STARTTLS");
            s.handshake().dialogue("S: 220 x\nC: EHLO sub2\nS: 250 ok").dialogue(&mail).client_fin().server_fin();
        },
        outcome: "delivered",
        cause: "",
        fault: "",
        says: "",
    },
    Case {
        name: "plain EHLO to a port of TLS",
        ports: (41000, 465),
        play: |s| {
            s.handshake().dialogue("C: EHLO relay.example.com").server(&tls::fatal_alert(70)).server_fin().client_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "client",
        says: "client uses plain SMTP, but the server expects TLS",
    },
    Case {
        name: "a client that waits for a greeting gets an alert",
        ports: (41000, 465),
        play: |s| {
            s.handshake().wait_s(10).server(&tls::fatal_alert(70)).server_fin().client_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "client",
        says: "protocol_version",
    },
    Case {
        name: "a client that waits for a greeting on 465",
        ports: (41000, 465),
        play: |s| {
            s.handshake().wait_s(30).client_fin().server_fin();
        },
        outcome: "lost",
        cause: "no-greeting",
        fault: "client",
        says: "On port 465 the client must start TLS first",
    },
    Case {
        name: "a ClientHello after the greeting of a plain server",
        ports: (41000, 465),
        play: |s| {
            s.handshake().dialogue("S: 220 mx.example.net ESMTP").client(&tls::client_hello("mx.example.net"));
            s.client_fin().server_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "client",
        says: "client uses TLS, but the server expects plain SMTP",
    },
    Case {
        name: "a ClientHello before the greeting of a plain server, which says 500",
        ports: (41000, 587),
        play: |s| {
            s.handshake()
                .client(&tls::client_hello("mx.example.net"))
                .dialogue("S: 220 mx.example.net ESMTP\n-\nS: 500 what");
            s.client_rst();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "client",
        says: "server replied 500 what",
    },
    Case {
        name: "a ClientHello that nothing answers",
        ports: (41000, 465),
        play: |s| {
            s.handshake().client(&tls::client_hello("mx.example.net")).wait_s(60).client_fin().server_fin();
        },
        outcome: "lost",
        cause: "tls-failed",
        fault: "server",
        says: "TLS ClientHello",
    },
    Case {
        name: "TLS 1.2 completed, then the server closes",
        ports: (41000, 465),
        play: |s| {
            s.handshake();
            tls_1_2_handshake(s);
            s.server(&tls::application_data(3, 70)).wait_ms(100).server_fin().client_fin();
        },
        outcome: "unknown",
        cause: "",
        fault: "",
        says: "TLS hides the rest",
    },
    Case {
        name: "TLS 1.2 completed after STARTTLS, then the client closes",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue(STARTTLS);
            tls_1_2_handshake(s);
            s.client_fin().server_fin();
        },
        outcome: "unknown",
        cause: "",
        fault: "",
        says: "TLS hides the rest",
    },
    Case {
        name: "an SSH server answers the EHLO",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue("S: SSH-2.0-OpenSSH_9.7\nC: EHLO sub2\nS: Invalid SSH identification string.");
            s.server_fin().client_fin();
        },
        outcome: "lost",
        cause: "not-smtp",
        fault: "server",
        says: "server uses SSH, not SMTP",
    },
    Case {
        name: "HTTP both ways",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue("C: GET / HTTP/1.1\nC: Host: x\nC:\nS: HTTP/1.1 400 Bad Request\nS:");
            s.client_fin().server_fin();
        },
        outcome: "not-smtp",
        cause: "",
        fault: "",
        says: "both sides use HTTP, not SMTP",
    },
    Case {
        name: "HTTP to a mail server, which refuses it",
        ports: (41000, 25),
        play: |s| {
            s.handshake()
                .dialogue("S: 554 go away\nC: GET / HTTP/1.1\nC: Host: x\nC:\nS: 500 what\nS: 500 what\nS: 500 what");
            s.server_fin().client_fin();
        },
        outcome: "not-smtp",
        cause: "",
        fault: "",
        says: "client uses HTTP, not SMTP",
    },
    Case {
        name: "SSH, and the capture ends",
        ports: (41000, 25),
        play: |s| {
            s.handshake().dialogue("S: SSH-2.0-OpenSSH_9.7\nC: SSH-2.0-OpenSSH_9.0");
        },
        outcome: "not-smtp",
        cause: "",
        fault: "",
        says: "both sides use SSH, not SMTP",
    },
    Case {
        name: "TLS both ways on port 25, with no word of SMTP before",
        ports: (41000, 25),
        play: |s| {
            s.handshake();
            tls_1_2_handshake(s);
            s.client_fin().server_fin();
        },
        outcome: "not-smtp",
        cause: "",
        fault: "",
        says: "both sides use TLS, not SMTP",
    },
    Case {
        name: "a session whose client is on port 25, to 587",
        ports: (25, 587),
        play: |s| {
            s.handshake().dialogue("S: 220 x\nC: EHLO sub2\nS: 250 ok").dialogue(MAIL).client_fin().server_fin();
        },
        outcome: "delivered",
        cause: "",
        fault: "",
        says: "",
    },
];

/// A dialogue, and the frame and code of each remark on it.
const REMARKED: &[(&str, &[(u64, &str)])] = &[
    (
        "S: 220 x\nC: EHLO a\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AHUAcGFzc3dvcmQ=\nS: 235 ok\nC: QUIT\nS: 221 bye",
        &[(7, "clear-credentials")],
    ),
    (
        "S: 220 x\nC: EHLO a\nS: 250-x\nS: 250-STARTTLS\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AHUAcGFzc3dvcmQ=\nS: 235 ok",
        &[(7, "starttls-unused")],
    ),
    (
        "S: 220 x\nC: EHLO a\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no\nC: AUTH PLAIN AHUAcGFzc3dvcmQ=\nS: 235 ok",
        &[(9, "starttls-refused")],
    ),
    (
        "S: 220 x\nC: EHLO a\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nC: RSET\nC: MAIL FROM:<a@b>",
        &[(7, "starttls-injection")],
    ),
    (
        "S: 220 x\nC: EHLO a\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC: AUTH PLAIN AHUAcGFzc3dvcmQ=\nS: 235 ok",
        &[],
    ),
];

#[test]
fn remarks_are_made_of_what_is_not_safe() {
    for (dialogue, remarks) in REMARKED {
        let mut capture = CaptureBuilder::new();
        capture.session("192.0.2.10:1145", "192.0.2.25:25").handshake().dialogue(dialogue);
        let sessions = scanned(capture.finish_pcap());
        let found: Vec<_> = sessions[0].1.remarks.iter().map(|(frame, remark)| (*frame, remark.code())).collect();
        assert_eq!(&found, remarks, "{dialogue}");
        assert!(sessions[0].1.cause.is_none());
    }
}

/// Names of a certificate, from when to when it is valid, the name in the ClientHello, and the remarks on it.
type Certified = (&'static [&'static str], [&'static str; 2], &'static str, &'static [&'static str]);

/// The capture is of August 1999.
const CERTIFICATES: &[Certified] = &[
    (&["mx.example.net"], ["990101000000Z", "000101000000Z"], "mx.example.net", &[]),
    (&["a.example", "*.example.net"], ["990101000000Z", "000101000000Z"], "mx.example.net", &[]),
    (&["mx.example.net"], ["980101000000Z", "990101000000Z"], "mx.example.net", &["certificate-expired"]),
    (&["mx.example.net"], ["000101000000Z", "010101000000Z"], "mx.example.net", &["certificate-not-yet-valid"]),
    (&["www.example.net"], ["990101000000Z", "000101000000Z"], "mx.example.net", &["certificate-name"]),
    (
        &["www.example.net"],
        ["980101000000Z", "990101000000Z"],
        "mx.example.net",
        &["certificate-expired", "certificate-name"],
    ),
];

#[test]
fn a_certificate_explains_a_handshake_that_failed() {
    for (names, [from, to], asked, remarks) in CERTIFICATES {
        let mut capture = CaptureBuilder::new().start_at("1999-08-28T13:32:00Z");
        let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25");
        s.handshake().dialogue(STARTTLS).client(&tls::client_hello(asked));
        s.server(&[tls::server_hello_1_2(), tls::certificate(names, from, to)].concat());
        s.client(&tls::fatal_alert(45)).client_fin().server_fin();
        let sessions = scanned(capture.finish_pcap());
        let (session, found) = &sessions[0];
        let codes: Vec<_> = found.remarks.iter().map(|(_, remark)| remark.code()).collect();
        assert_eq!(&codes, remarks, "{names:?}");
        assert_eq!(found.cause.map(|rule| rule.code), Some("tls-failed"));
        let certificate = session.transcript.tls.certificate.as_ref().unwrap();
        assert_eq!(certificate.subject.as_deref(), Some(&b"the subject"[..]));
        let words: Vec<String> = found.evidence.iter().map(|shown| text(&shown.kind)).collect();
        let said = format!("server's certificate: {}", names[0]);
        assert!(words.iter().any(|words| words.starts_with(&said)), "{words:?}");
    }
}

#[test]
fn tls_from_the_first_octet_behind_a_proxy_hides_the_session_and_not_its_server() {
    let v1 = b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 465\r\n";
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\xc0\0\x02\x19\x9c\x40\x01\xd1";
    for (header, version) in [(&v1[..], 1), (v2, 2)] {
        for is_one_segment in [false, true] {
            let mut capture = CaptureBuilder::new();
            let mut s = capture.session("192.0.2.7:41000", "192.0.2.25:465");
            let hello = tls::client_hello("mx.example.net");
            s.handshake();
            if is_one_segment {
                s.client(&[header, &hello].concat());
            } else {
                s.client(header).client(&hello);
            }
            s.server(&tls::server_flight()).client(&tls::application_data(1, 80)).server(&tls::application_data(2, 90));
            s.client_fin().server_fin();
            let sessions = scanned(capture.finish_pcap());
            let [(session, found)] = &sessions[..] else { panic!("{} sessions", sessions.len()) };
            assert_eq!(
                (found.outcome.code(), found.unknown()),
                ("unknown", Some(Unknown::Tls)),
                "{:?}",
                found.evidence
            );
            let header = session.transcript.proxy.as_ref().unwrap();
            let ends = ("203.0.113.9:40000".parse().unwrap(), "192.0.2.25:465".parse().unwrap());
            assert_eq!((header.version, session.behind_proxy()), (version, Some(ends)));
            let hello = session.transcript.tls.client_hello.as_ref().unwrap();
            assert_eq!(hello.server_name.as_deref(), Some(&b"mx.example.net"[..]));
        }
    }
}

#[test]
fn an_ftp_client_on_port_25_has_no_session() {
    let ftp = |s: &mut SessionScript| {
        s.handshake().dialogue("S: 220 FTP server ready\nC: USER a\nS: 331 password").client_fin().server_fin();
    };
    let case = Case { name: "FTP", ports: (25, 21), play: ftp, outcome: "", cause: "", fault: "", says: "" };
    assert!(sessions(&case).is_empty());
}

fn sessions(case: &Case) -> Vec<(Session, Diagnosis)> {
    let mut capture = CaptureBuilder::new();
    let (client, server) = case.ports;
    (case.play)(&mut capture.session(&format!("192.0.2.10:{client}"), &format!("192.0.2.25:{server}")));
    scanned(capture.finish_pcap())
}

fn scanned(capture: Vec<u8>) -> Vec<(Session, Diagnosis)> {
    let options = ScanOptions::on_ports([25, 465, 587]);
    let mut found = Vec::new();
    let report =
        scan(Box::new(Cursor::new(capture)), &options, &mut |session, diagnosis| found.push((session, diagnosis)))
            .unwrap();
    assert!(report.error.is_none());
    found
}

#[test]
fn mistakes_of_real_captures_get_their_verdicts() {
    let mut wrong = Vec::new();
    for case in CASES {
        let sessions = sessions(case);
        let [(_, found)] = &sessions[..] else { panic!("{}: {} sessions", case.name, sessions.len()) };
        let verdict = (
            found.outcome.code(),
            found.cause.map_or("", |rule| rule.code),
            found.fault.map_or("", |fault| fault.code()),
        );
        let words: Vec<String> = found.evidence.iter().map(|shown| text(&shown.kind)).chain([remedy(found)]).collect();
        if verdict != (case.outcome, case.cause, case.fault) || !words.iter().any(|words| words.contains(case.says)) {
            wrong.push(format!("{}: {verdict:?} {words:?}", case.name));
        }
        assert!(found.fault.is_none_or(|fault| found.cause.unwrap().faults.contains(&fault)), "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
