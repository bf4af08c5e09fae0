//! What a redacted extract promises: each row of the tables in docs/evidence.md has a test, whose documentation names it.

use std::collections::BTreeSet;
use std::io::Cursor;

use ehlotrace::scan::scan;
use ehlotrace::twice::Choice;

use crate::extract::{extracted_with, has, records, scan_options};
use crate::support::tls::client_hello;
use crate::support::{CaptureBuilder, FileOptions, Frame, Side, write_pcapng};
use crate::trace_hygiene::{capture, file};

type Dialogue<'d> = &'d [(Side, &'d [u8])];

const C: Side = Side::Client;
const S: Side = Side::Server;

fn redacted(capture: Vec<u8>, names: bool) -> Vec<u8> {
    extracted_with(&[("x", capture)], &Choice::All, names).0
}

/// What both sides say, in the order of the frames.
fn said(file: &[u8]) -> String {
    let mut said = Vec::new();
    for (_, _, _, data) in records(file) {
        let length = usize::from(u16::from_be_bytes([data[16], data[17]]));
        said.extend_from_slice(&data[34 + usize::from(data[46] >> 4) * 4..14 + length]);
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// What a redacted extract of `dialogue` in segments of `size` octets says.
fn shown(dialogue: Dialogue<'_>, size: usize) -> String {
    said(&redacted(file(&capture(dialogue, size)), false))
}

/// Outcome, cause, product, and the problems of the hellos of each session.
fn judged(file: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    scan(Box::new(Cursor::new(file.to_vec())), &scan_options(), &mut |session, diagnosis| {
        let checks: Vec<_> =
            session.transcript.hellos.iter().map(|hello| (&hello.check.problems, &hello.check.notes)).collect();
        let cause = diagnosis.cause.map_or("", |rule| rule.code);
        found.push(format!("{} {cause} {:?} {checks:?}", diagnosis.outcome.code(), session.product));
    })
    .unwrap();
    found
}

#[test]
fn every_row_of_the_promise_has_a_test() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let document = read("docs/evidence.md");
    let promise = document.split("\n## With --redact\n").nth(1).unwrap();
    let lines: Vec<&str> = promise.lines().collect();
    let is_row =
        |line: &&str| line.starts_with("| ") && !line.starts_with("| what |") && line.matches('|').count() == 3;
    let tables = lines
        .split(|line| !line.starts_with('|'))
        .filter(|table| table.first().is_some_and(|head| head.starts_with("| what |")));
    let rows: BTreeSet<&str> = tables
        .flat_map(|table| table.iter().filter(|line| is_row(line)))
        .map(|row| row.split(" | ").next().unwrap()[2..].trim())
        .collect();
    let tests = [
        "tests/it/extract.rs",
        "tests/it/extract_cli.rs",
        "tests/it/extract_layers.rs",
        "tests/it/redaction.rs",
        "tests/it/redaction_replies.rs",
        "tests/it/secrets.rs",
        "src/extract/redact/addresses.rs",
    ]
    .map(read)
    .concat();
    let tested: BTreeSet<&str> = tests
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("/// Row: "))
        .map(|row| row.trim_end_matches('.'))
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    assert_eq!(rows, tested);
}

/// Row: bytes of which nothing tells what they are.
/// Row: texts of replies to what the capture lacks.
#[test]
fn what_the_capture_does_not_tell_is_masked() {
    let frames = capture(
        &[
            (C, b"EHLO a.example\r\n"),
            (S, b"250 mx\r\n"),
            (C, b"VRFY quokka\r\nNOOP\r\n"),
            (S, b"250 quokka\r\n550 quokka\r\n"),
        ],
        1_000,
    );
    for from in 4..frames.len() {
        assert!(!has(&redacted(file(&frames[from..]), false), b"quokka"), "from frame {from}");
    }
    let of_server: Vec<Frame> = frames.iter().filter(|frame| frame.octets[34..36] == [0, 25]).cloned().collect();
    let (file, _) = extracted_with(&[("x", file(&of_server))], &Choice::All, false);
    assert!(said(&file).contains("550 ______") && !has(&file, b"quokka"), "{}", said(&file));
}

/// Row: local parts in MAIL and RCPT; the parameters behind the path.
/// Row: domains in MAIL and RCPT.
/// Row: other arguments and unknown commands.
/// Row: what follows a verb that a device overwrote.
#[test]
fn commands_lose_their_mailboxes_and_nothing_else() {
    for (line, told) in [
        ("MAIL FROM:<quokka.b@example.com> SIZE=10", "MAIL FROM:<________@example.com> _______"),
        ("RCPT TO:<a@ip-10-11-12-13.x.example>", "RCPT TO:<_@ip-__-__-__-__.x.example>"),
        ("RCPT TO:<a@p5b0c1234.x.example>", "RCPT TO:<_@p________.x.example>"),
        ("RCPT TO:<a@[192.0.2.10]>", "RCPT TO:<_@____________>"),
        ("VRFY quokka", "VRFY ______"),
        ("EXPN quokkas", "EXPN _______"),
        ("XCLIENT ADDR=192.0.2.10", "XCLIENT ADDR=__________"),
        ("BDAT 12 quokka", "BDAT __ ______"),
        ("BDAT quokka", "BDAT ______"),
        ("RCTP TO:<quokka@example.com>", "____ _______________________"),
        ("XXXX sub2.", "XXXX sub2."),
        ("XXXX FROM:<quokka@example.com>", "XXXX FROM:<______@example.com>"),
        ("XXXX quokka@example.com", "XXXX __________________"),
    ] {
        let command = format!("{line}\r\n");
        let dialogue: Dialogue<'_> =
            &[(C, b"EHLO a.example\r\n"), (S, b"250 mx\r\n"), (C, command.as_bytes()), (S, b"500 what\r\n")];
        for size in [5, 1_000] {
            let told_of = shown(dialogue, size);
            assert!(told_of.contains(&format!("\r\n{told}\r\n")), "{line}: {told_of}");
        }
    }
}

/// Arguments of hellos, and what becomes of them.
const ARGUMENTS: &[(&str, &str)] = &[
    ("sub2.", "sub2."),
    ("84.57.219.46", "11.11.111.11"),
    ("[84.57.219.46]", "[11.11.111.11]"),
    ("[84.57.219.300]", "[11.11.111.999]"),
    ("[84.57.219.46/24]", "[11.11.111.11/24]"),
    ("[84.57.219.46", "[11.11.111.11"),
    ("[84.57.219]", "[11.11.111]"),
    ("[IPv6:2a01:4f8:c17::7e]", "[IPv6:1a11:1a1:a11::1a]"),
    ("[iPv6:2a01:4f8:c17::7e]", "[iPv6:1a11:1a1:a11::1a]"),
    ("2a01:4f8:c17::7e%eth1", "1a11:1a1:a11::1a%eth1"),
    ("2a01:4f8:c17::7e/64", "1a11:1a1:a11::1a/64"),
    ("[2a01:4f8:c17::7e]", "[1a11:1a1:a11::1a]"),
    ("[IPv6:2a01:4f8:c17::zz]", "[IPv6:1a11:1a1:a11::zz]"),
    ("ec2-84-57-219-46.compute.example", "ec1-11-11-111-11.compute.example"),
    ("84_57_219_46", "11_11_111_11"),
    ("host_84_57_219_46.example", "host_11_11_111_11.example"),
    ("46.219.57.84.dsl.example", "11.111.11.11.dsl.example"),
    ("p5439db2e.dip.example", "p1111aa1a.dip.example"),
    ("5439DB2E", "1111aa1a"),
    ("h2a01-4f8-c17--7e.example", "h1a11-1a1-a11--1a.example"),
    ("[127.0.0.1]", "[127.0.0.1]"),
    ("::1", "::1"),
    ("mx1.2019.example", "mx1.2019.example"),
];

/// Row: addresses in arguments of EHLO and HELO.
/// Row: in replies: the argument of a hello.
#[test]
fn an_address_in_a_hello_is_hidden_and_as_wrong_as_before() {
    for (argument, told) in ARGUMENTS {
        let (hello, reply) = (format!("EHLO {argument}\r\n"), format!("501 5.5.4 <{argument}>: no name\r\n"));
        let dialogue: Dialogue<'_> =
            &[(C, hello.as_bytes()), (S, reply.as_bytes()), (C, b"QUIT\r\n"), (S, b"221 bye\r\n")];
        for size in [3, 7, 1_000] {
            let original = file(&capture(dialogue, size));
            let redacted = redacted(original.clone(), false);
            assert!(
                said(&redacted).contains(&format!("EHLO {told}\r\n501 5.5.4 <{told}>: no name\r\n")),
                "{argument}: {}",
                said(&redacted)
            );
            assert_eq!(judged(&redacted), judged(&original), "{argument}");
            assert!(argument == told || !has(&redacted, argument.as_bytes()), "{argument} in a comment");
        }
    }
}

/// Row: replies to VRFY and EXPN.
#[test]
fn names_that_a_server_gives_when_asked_are_masked() {
    let dialogue: Dialogue<'_> = &[
        (C, b"EHLO a.example\r\n"),
        (S, b"250 mx\r\n"),
        (C, b"VRFY bee\r\n"),
        (S, b"250 2.1.5 Beatrix Quokka <bq@example.com>\r\n"),
        (C, b"EXPN all\r\n"),
        (S, b"250-Beatrix Quokka\r\n250 Quokka, Jim\r\n"),
        (C, b"VRFY jim\r\n"),
        (S, b"252 quokka\r\n"),
        (C, b"RCPT TO:<x@example.com>\r\n"),
        (S, b"550 bee and jim are gone\r\n"),
    ];
    for size in [5, 1_000] {
        let redacted = redacted(file(&capture(dialogue, size)), false);
        let shown = said(&redacted).to_lowercase();
        for name in ["beatrix", "quokka", "bee", "jim", "bq"] {
            assert!(!shown.contains(name) && !has(&redacted, name.as_bytes()), "{name}: {shown}");
        }
        assert!(shown.contains("250 2.1.5 _______ ") && shown.contains("550 ___ and ___ are gone"), "{shown}");
    }
}

/// Row: what a verdict rests on: status codes, the product, keywords of extensions, the words HELO and EHLO.
#[test]
fn what_a_verdict_rests_on_stays() {
    for (greeting, local, reply) in [
        ("220 mx.example.com ESMTP Sendmail 8.17.1.9/8.17.1; Mon, 1 Jan", "sendmail", "550 no"),
        ("220 mx.example.com ESMTP Postfix (2.11.0.3)", "postfix", "550 5.7.1 postfix is no address"),
        ("220 mx.example.com ESMTP Exim 4.94.2.1 Mon", "exim", "550 HELO of exim is bad"),
        ("220 mx.example.com Microsoft ESMTP MAIL Service, Version: 5.0.219.53 ready", "mail", "550 5.7.1 no"),
        ("220 mx.example.com ESMTP (8f14e45fceea167a5a36dedd4bea2543)", "mx", "550 8 helo"),
        ("220 mx.example.com (PMDF V6.1.2.3#9)", "pmdf", "550 no"),
        ("220 mx", "helo", "550 5.7.1 <helo@example.com>: EHLO rejected"),
        ("220 mx", "xexch50", "550 no"),
        ("220 helo.example.com", "5.7.1", "550 5.7.1 helo.example.com"),
    ] {
        let mail = format!("MAIL FROM:<{local}@example.com>\r\n");
        let (greeting, reply) = (format!("{greeting}\r\n"), format!("{reply}\r\n"));
        let mut builder = CaptureBuilder::new();
        let mut s = builder.session("192.0.2.10:1145", "192.0.2.25:25");
        s.handshake().server(greeting.as_bytes()).client(b"EHLO a.example\r\n");
        s.server(b"250-mx.example.com\r\n250-XEXCH50\r\n250-SIZE 52428800\r\n250 XXXXXXXA\r\n")
            .client(mail.as_bytes())
            .server(reply.as_bytes());
        s.client(b"QUIT\r\n").server(b"221 bye\r\n").client_fin().server_fin();
        let original = builder.finish_pcap();
        for names in [false, true] {
            let redacted = redacted(original.clone(), names);
            assert_eq!(judged(&redacted), judged(&original), "{greeting}: {}", said(&redacted));
            assert!(
                said(&redacted).contains("\r\n250-XEXCH50\r\n250-SIZE 52428800\r\n250 XXXXXXXA\r\n"),
                "{}",
                said(&redacted)
            );
        }
    }
}

/// Row: bytes of a segment that were sent before.
#[test]
fn what_is_sent_again_is_masked() {
    let mut frames = capture(&[(C, b"EHLO quokka.example\r\n"), (S, b"250 mx\r\n")], 1_000);
    let hello = frames.iter().position(|frame| has(&frame.octets, b"quokka")).unwrap();
    frames.insert(hello + 1, frames[hello].clone());
    let shown = said(&redacted(file(&frames), false));
    assert!(shown.contains("EHLO quokka.example\r\n___________________\r\n"), "{shown}");
}

/// Row: the last word of a reply line whose end the capture lacks.
#[test]
fn a_word_that_may_go_on_is_masked() {
    let shown = shown(
        &[(C, b"EHLO a.example\r\n"), (S, b"250 mx\r\n"), (C, b"RCPT TO:<quokka@x.example>\r\n"), (S, b"550 no quok")],
        1_000,
    );
    assert!(shown.ends_with("550 no ____"), "{shown}");
}

/// Row: contents of TLS records.
/// Row: names of TLS servers, and those of their certificates, in comments.
#[test]
fn a_client_hello_gives_nothing_away_however_it_is_cut() {
    let hello = client_hello("mail.quokka.example");
    let body = &hello[5..];
    let record = |part: &[u8]| [&[22, 3, 1][..], &u16::try_from(part.len()).unwrap().to_be_bytes(), part].concat();
    // One record, and records of so many octets each.
    for octets in [body.len(), 1, 2, 3, 5, 7, 50] {
        let flight: Vec<u8> = body.chunks(octets).flat_map(record).collect();
        for size in [11, 1_000] {
            let frames = capture(
                &[
                    (C, b"EHLO a.example\r\n"),
                    (S, b"250 STARTTLS\r\n"),
                    (C, b"STARTTLS\r\n"),
                    (S, b"220 go\r\n"),
                    (C, &flight),
                    (S, &[21, 3, 3, 0, 2, 2, 40]),
                ],
                size,
            );
            let original = file(&frames);
            let redacted = redacted(original.clone(), false);
            let comment = b"for the server name ____.______._______ ";
            assert!(has(&redacted, comment) && !has(&redacted, b"quokka"), "records of {octets}, segments of {size}");
            assert_eq!(judged(&redacted), judged(&original));
            for part in ["quok", "uokka", "mail.q"].iter().filter(|_| octets > 5) {
                assert!(!has(&redacted, part.as_bytes()), "{part}: records of {octets}, segments of {size}");
            }
            let named = said(&self::redacted(original, true));
            assert!(!named.contains("quok"), "{named}");
        }
    }
}

/// Row: names of interfaces.
#[test]
fn interfaces_lose_their_names() {
    let frames = capture(&[(C, b"EHLO a.example\r\n")], 1_000);
    let original = write_pcapng(&frames, &FileOptions::default());
    assert!(has(&original, b"if0") && !has(&redacted(original, false), b"if0"));
}

/// Row: host and domain names in hellos, mailboxes, replies and comments.
#[test]
fn names_are_replaced_everywhere_by_the_same_ones() {
    let dialogue: Dialogue<'_> = &[
        (C, b"EHLO Sub2.Contoso.example.\r\n"),
        (S, b"501 5.5.4 <Sub2.Contoso.example.>: contoso has bad names\r\n"),
        (C, b"EHLO wombat\r\n"),
        (S, b"250-mx.fabrikam.example Hello wombat, nice to meet you\r\n250 SIZE\r\n"),
        (C, b"MAIL FROM:<ann@contoso.example>\r\n"),
        (S, b"550 5.7.1 see http://www.fabrikam.example/why?d=contoso.example from wombat\r\n"),
        (C, b"QUIT\r\n"),
        (S, b"221 mx.fabrikam.example closes\r\n"),
    ];
    for size in [5, 1_000] {
        let original = file(&capture(dialogue, size));
        let redacted = redacted(original.clone(), true);
        assert_eq!(judged(&redacted), judged(&original));
        let lower = redacted.to_ascii_lowercase();
        for name in ["sub2", "contoso", "wombat", "fabrikam", "mx.", "www."] {
            assert!(!has(&lower, name.as_bytes()), "{name} by {size}: {}", said(&redacted));
        }
        let said = said(&redacted);
        let lines: Vec<&str> = said.split("\r\n").collect();
        let [_, hello, refused, second, greeted, _, mail, spf, _, bye, _] = lines[..] else { panic!("{said}") };
        let name = &hello["EHLO ".len()..];
        assert_eq!(refused.split(['<', '>']).nth(1), Some(name), "{said}");
        let contoso = name.split('.').nth(1).unwrap().to_lowercase();
        for line in [refused, mail, spf] {
            assert!(line.contains(&contoso), "{contoso}: {said}");
        }
        let wombat = &second["EHLO ".len()..];
        assert!(greeted.contains(&format!("Hello {wombat}, nice to meet you")) && spf.ends_with(wombat), "{said}");
        assert_eq!(bye["221 ".len()..].split(' ').next(), greeted["250-".len()..].split(' ').next());
        assert!(
            name.starts_with(char::is_uppercase) && name.ends_with('.') && name.len() == "Sub2.Contoso.example.".len()
        );
    }
}

/// Arguments with every problem: with names replaced they have the same ones in the same places.
#[test]
fn with_names_replaced_a_hello_has_the_same_problems() {
    let long = format!("{}.example", "q".repeat(70));
    let others = [
        "",
        ".",
        "localhost",
        "my_host",
        "-a.example-",
        "a..b",
        "two words",
        "b\u{fc}cher.example",
        "a,b",
        "12345",
        "127.0.0.1",
        "[mail.example.com]",
        "[tag:content]",
        "[fade:content]",
        "<a.example>",
        "\"a\"",
        "a.example:25",
        "face::cafe::",
        &long,
    ];
    for argument in ARGUMENTS.iter().map(|(argument, _)| *argument).chain(others) {
        let hello = format!("EHLO {argument}\r\n");
        let original =
            file(&capture(&[(C, hello.as_bytes()), (S, b"501 no\r\n"), (C, b"QUIT\r\n"), (S, b"221 bye\r\n")], 1_000));
        let redacted = redacted(original.clone(), true);
        let said = said(&redacted);
        assert_eq!(judged(&redacted), judged(&original), "{argument}: {said}");
        if argument == "sub2." {
            let name = said.split("EHLO ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
            let comment = format!("EHLO argument \"{name}\" ends in a dot");
            assert!(name != argument && has(&redacted, comment.as_bytes()), "{said}");
        }
    }
}

/// Row: names in the arguments of EHLO and HELO, greetings, domains and host names.
#[test]
fn names_stay_where_they_are_not_to_be_replaced() {
    let shown = shown(&[(C, b"EHLO wombat.example\r\n"), (S, b"250 mx.example.net hi\r\n")], 1_000);
    assert!(shown.ends_with("EHLO wombat.example\r\n250 mx.example.net hi\r\n"), "{shown}");
}

/// Past `Limits::host_octets`, of which an extract asks for `HOST_OCTETS`, names are masked by letters and digits alike.
#[test]
fn names_past_the_bound_are_not_told_apart() {
    let name = format!("wombat-{}.example", "q".repeat(190));
    let rcpt = format!("RCPT TO:<a@{name}>\r\n").repeat(500);
    let frames = capture(&[(C, b"EHLO a.example\r\n"), (S, b"250 mx\r\n"), (C, rcpt.as_bytes())], 1_000);
    let redacted = redacted(file(&frames), true);
    let alike = format!("<_@xxxaax-{}.axaxxxa>", "x".repeat(190));
    let shown = said(&redacted);
    assert!(!shown.contains("wombat") && shown.ends_with(&format!("{alike}\r\n")), "{}", &shown[shown.len() - 300..]);
    assert!(shown.matches(&alike).count() < 250, "of those within the bound each label has its own");
}

/// A capture of `dialogue` in segments of `size` octets, with no greeting before it.
fn ungreeted(dialogue: Dialogue<'_>, size: usize) -> Vec<u8> {
    let mut capture = CaptureBuilder::new();
    let mut s = capture.session("192.0.2.10:41000", "192.0.2.25:25");
    s.handshake();
    for (side, octets) in dialogue {
        for piece in octets.chunks(size) {
            match side {
                Side::Client => s.client(piece),
                Side::Server => s.server(piece),
            };
        }
    }
    s.server_fin().client_fin();
    capture.finish_pcap()
}

/// Row: addresses and ports of a PROXY header, a SOCKS request and the answer to it.
/// Row: names in a request to a SOCKS or HTTP proxy; user, password and header lines.
#[test]
fn what_is_said_to_proxies_names_nobody() {
    let rest: Dialogue<'_> = &[(S, b"220 mx\r\n"), (C, b"EHLO sub2.\r\n"), (S, b"501 no\r\n")];
    let http = b"CONNECT quokka:25 HTTP/1.1\r\nProxy-Authorization: Basic cXVva2thOng=\r\n\r\n";
    for (talk, told) in [
        (
            &[(C, &b"PROXY TCP4 203.0.113.9 192.0.2.25 40000 25\r\n"[..])][..],
            "PROXY TCP4 111.0.111.1 111.0.1.11 40000 25\r\n220 ",
        ),
        (
            &[
                (C, b"\x05\x01\x02"),
                (S, b"\x05\x02"),
                (C, b"\x01\x03ann\x06quokka"),
                (S, b"\x01\x00"),
                (C, b"\x05\x01\x00\x01\xcb\x00\x71\x09\x00\x19"),
                (S, b"\x05\x00\x00\x01\xcb\x00\x71\x09\x10\x00"),
            ],
            "\x05\x01\x02\x05\x02\x01\x03___\x06______\x01\x00\x05\x01\x00\x01\0\0\0\0\0\0\x05\x00\x00\x01\0\0\0\0\0\x00220 ",
        ),
        (&[(C, http), (S, b"HTTP/1.1 200 ok\r\n\r\n")], "CONNECT _________ HTTP/1.1\r\n____________________ _____"),
    ] {
        for size in [4, 1_000] {
            let octets = ungreeted(&[talk, rest].concat(), size);
            let redacted = redacted(octets.clone(), false);
            let said = said(&redacted);
            assert!(!has(&redacted, b"quokka") && !has(&redacted, b"cXVva2th"), "by {size}: {said:?}");
            assert!(!has(&redacted, &[203, 0, 113, 9]), "by {size}: {said:?}");
            if size == 1_000 && !talk[0].1.starts_with(b"CONNECT") {
                assert!(said.starts_with(told), "{said:?}");
            }
            assert_eq!(judged(&redacted), judged(&octets), "by {size}: {said:?}");
        }
    }
}

/// Row: tags of exported PDUs other than names of dissectors, ports, numbers of TCP and frames.
#[test]
fn tags_of_exported_pdus_tell_nothing_more() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/exported.pcap");
    let mut octets = std::fs::read(path).unwrap();
    // To port 25, and in place of the frame's number a text of Wireshark's columns.
    for (from, to) in [(&b"\0\0\x02\x4b"[..], &b"\0\0\0\x19"[..]), (b"\0\x1e\0\x04\0\0\0\x0f", b"\0\x21\0\x04quok")] {
        while let Some(at) = octets.windows(from.len()).position(|window| window == from) {
            octets[at..at + to.len()].copy_from_slice(to);
        }
    }
    let redacted = redacted(octets.clone(), false);
    assert!(has(&octets, b"quok") && !has(&redacted, b"quok"));
    assert!(has(&octets, &[203, 0, 113, 25]) && !has(&redacted, &[203, 0, 113, 25]));
    assert!(has(&redacted, b"EHLO sub2.\r\n"));
    assert_eq!(judged(&redacted), judged(&octets));
}
