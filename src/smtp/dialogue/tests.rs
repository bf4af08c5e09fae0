//! Dialogues as the standards print them, and as real ones go wrong.

mod proxies;

use super::{Dialogue, DialogueOptions, SpanKind};
use crate::limits::Limits;
use crate::smtp::Transcript;
use crate::time::{Moment, Timestamp};

/// Plays a script: a line `C: text` or `S: text` is sent with CRLF, `C| text` without, `C# n` is a hole of n octets.
fn play(script: &str) -> Transcript {
    play_with(DialogueOptions::new(&Limits::default(), false), script)
}

fn play_with(options: DialogueOptions<'_>, script: &str) -> Transcript {
    let mut dialogue = Dialogue::new(options);
    dialogue.client_begins(0, true);
    dialogue.server_begins(0, true);
    for (at, line) in script.lines().map(str::trim_start).filter(|line| !line.is_empty()).enumerate() {
        let frame = at as u64 + 1;
        let moment = Moment { frame, time: Timestamp::from_nanos(at as i64), elapsed_ns: at as i64, event: None };
        let (who, text) = line.split_at(2);
        let text = text.strip_prefix(' ').unwrap_or(text);
        match who {
            "C:" => dialogue.client_octets(format!("{text}\r\n").as_bytes(), moment),
            "S:" => dialogue.server_octets(format!("{text}\r\n").as_bytes(), None, moment),
            "C|" => dialogue.client_octets(text.replace("\\n", "\r\n").as_bytes(), moment),
            "S|" => dialogue.server_octets(text.replace("\\n", "\r\n").as_bytes(), None, moment),
            "C#" => dialogue.client_gap(text.parse().unwrap(), false, moment),
            "S#" => dialogue.server_gap(text.parse().unwrap(), moment),
            other => panic!("no such speaker: {other}"),
        }
    }
    dialogue.finish()
}

/// A dialogue at its beginning.
fn begun() -> Dialogue<'static> {
    static LIMITS: std::sync::LazyLock<Limits> = std::sync::LazyLock::new(Limits::default);
    let mut dialogue = Dialogue::new(DialogueOptions::new(&LIMITS, false));
    dialogue.client_begins(0, true);
    dialogue.server_begins(0, true);
    dialogue
}

/// Every exchange as `VERB line -> code text`, `-` for what is missing.
fn shown(transcript: &Transcript) -> Vec<String> {
    let text = |octets: &[u8]| octets.escape_ascii().to_string();
    transcript
        .exchanges
        .iter()
        .map(|exchange| {
            let command = exchange.command.as_ref();
            let reply = exchange.reply.as_ref();
            let left = command.map_or_else(|| "-".to_owned(), |command| text(&command.line));
            let right =
                reply.map_or_else(|| "-".to_owned(), |reply| format!("{} {}", reply.code, text(reply.first_line())));
            format!("{left} -> {right}")
        })
        .collect()
}

/// RFC 5321 appendix D.1.
#[test]
fn the_typical_transaction_of_the_standard() {
    let transcript = play(
        "S: 220 foo.com Simple Mail Transfer Service Ready
         C: EHLO bar.com
         S: 250-foo.com greets bar.com
         S: 250-8BITMIME
         S: 250 HELP
         C: MAIL FROM:<Smith@bar.com>
         S: 250 OK
         C: RCPT TO:<Jones@foo.com>
         S: 250 OK
         C: RCPT TO:<Green@foo.com>
         S: 550 No such user here
         C: DATA
         S: 354 Start mail input; end with <CRLF>.<CRLF>
         C: Blah blah blah...
         C: .
         S: 250 OK
         C: QUIT
         S: 221 foo.com Service closing transmission channel",
    );
    assert_eq!(
        shown(&transcript),
        [
            "- -> 220 foo.com Simple Mail Transfer Service Ready",
            "EHLO bar.com -> 250 foo.com greets bar.com",
            "MAIL FROM:<Smith@bar.com> -> 250 OK",
            "RCPT TO:<Jones@foo.com> -> 250 OK",
            "RCPT TO:<Green@foo.com> -> 550 No such user here",
            "DATA -> 354 Start mail input; end with <CRLF>.<CRLF>",
            ". -> 250 OK",
            "QUIT -> 221 foo.com Service closing transmission channel",
        ]
    );
    assert_eq!(transcript.messages_accepted, 1);
    assert_eq!(transcript.exchanges[1].reply.as_ref().unwrap().lines.len(), 3);
    assert_eq!((transcript.rcpt.tried, transcript.rcpt.accepted, transcript.rcpt.refused), (2, 1, 1));
    assert!(!transcript.is_mail_open && !transcript.is_data_open);
}

/// Microsoft KB 240832.
#[test]
fn the_session_of_the_article() {
    let transcript = play(
        "S: 220-mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 -0400 Version: 5.5.1774.114.11
         S: 220 ESMTP spoken here
         C: EHLO sub2.
         S: 501 Invalid Address
         C: QUIT",
    );
    assert_eq!(shown(&transcript)[1..], ["EHLO sub2. -> 501 Invalid Address", "QUIT -> -"]);
    let hello = &transcript.hellos[0];
    assert_eq!(hello.check.problems[0].code.code(), "trailing-dot");
    assert_eq!(transcript.hello_reply(hello).unwrap().code, 501);
    assert_eq!(transcript.greeting().unwrap().lines.len(), 2);
}

/// RFC 2920 section 3.2, with the blanket refusal of all recipients.
#[test]
fn pipelined_commands_are_paired_in_order() {
    let transcript = play(
        "S: 220 x
         C: EHLO dbc.mtview.ca.us
         S: 250-x
         S: 250 PIPELINING
         C| MAIL FROM:<mrose@dbc.mtview.ca.us>\\nRCPT TO:<nsb@thumper.bellcore.com>\\nRCPT TO:<galvin@tis.com>\\nDATA\\n
         S| 250 sender <mrose@dbc.mtview.ca.us> OK\\n550 one\\n550 two\\n554 no valid recipients given\\n
         C: QUIT
         S: 221 goodbye",
    );
    assert_eq!(
        shown(&transcript)[2..],
        [
            "MAIL FROM:<mrose@dbc.mtview.ca.us> -> 250 sender <mrose@dbc.mtview.ca.us> OK",
            "RCPT TO:<nsb@thumper.bellcore.com> -> 550 one",
            "RCPT TO:<galvin@tis.com> -> 550 two",
            "DATA -> 554 no valid recipients given",
            "QUIT -> 221 goodbye",
        ]
    );
}

#[test]
fn mail_sent_before_the_354_is_mail_if_that_comes_and_masked_if_not() {
    let script = |reply: &str| {
        format!(
            "S: 220 x
             C| HELO a\\nMAIL FROM:<>\\nRCPT TO:<b@c>\\nDATA\\nSubject: hush\\n\\nEHLO in the text\\n.\\nQUIT\\n
             S| 250 x\\n250 ok\\n250 ok\\n{reply}",
        )
    };
    let accepted = play(&script("354 go\\n250 taken\\n221 bye\\n"));
    assert_eq!(shown(&accepted)[4..], ["DATA -> 354 go", ". -> 250 taken", "QUIT -> 221 bye"]);
    assert_eq!(accepted.hellos.len(), 1);

    let refused = play(&script("503 no\\n500 what\\n500 what\\n501 what\\n500 what\\n221 bye\\n"));
    assert_eq!(
        shown(&refused)[4..8],
        ["DATA -> 503 no", "*** -> 500 what", " -> 500 what", "EHLO in the text -> 501 what"]
    );
    assert!(!format!("{refused:?}").contains("hush"));
}

/// RFC 3030 section 4.2, shortened.
#[test]
fn bdat_chunks_are_passed_over_by_their_size() {
    let transcript = play(
        "S: 220 x
         C: EHLO a
         S: 250-x
         S: 250 CHUNKING
         C| MAIL FROM:<a@b>\\nRCPT TO:<c@d>\\nBDAT 10\\nQUIT\\n....BDAT 4 LAST\\nDATA
         S| 250 ok\\n250 ok\\n250 10 octets\\n250 message taken\\n
         C: QUIT
         S: 221 x",
    );
    assert_eq!(
        shown(&transcript)[4..],
        ["BDAT 10 -> 250 10 octets", "BDAT 4 LAST -> 250 message taken", "QUIT -> 221 x"]
    );
    assert_eq!(transcript.messages_accepted, 1);
}

/// RFC 4954 section 4.1, and the older LOGIN.
#[test]
fn secrets_of_auth_are_not_kept() {
    let transcript = play(
        "S: 220 x
         C: EHLO a
         S: 250 AUTH LOGIN PLAIN
         C: auth LOGIN
         S: 334 VXNlcm5hbWU6
         C: dXNlcg==
         S: 334 UGFzc3dvcmQ6
         C: c2VjcmV0
         S: 535 5.7.8 no
         C: AUTH PLAIN AHVzZXIAc2VjcmV0
         S: 235 2.7.0 yes
         C: MAIL FROM:<a@b>
         S: 250 ok",
    );
    assert_eq!(
        shown(&transcript)[2..],
        [
            "auth *** -> 334 ***",
            "*** -> 334 ***",
            "*** -> 535 5.7.8 no",
            "AUTH *** -> 235 2.7.0 yes",
            "MAIL FROM:<a@b> -> 250 ok",
        ]
    );
    assert_eq!((transcript.auth.tried, transcript.auth.refused, transcript.auth.is_last_refused), (2, 1, false));
    let debug = format!("{transcript:?}");
    assert!(!debug.contains("c2VjcmV0") && !debug.contains("99, 50, 86"), "{debug}");
}

#[test]
fn credentials_that_can_be_read_are_noted_when_the_password_comes() {
    let frame = |script: &str| play(&format!("S: 220 x\n{script}")).clear_credentials.map(|moment| moment.frame);
    for (script, exposed) in [
        ("C: AUTH PLAIN AHVzZXIAc2VjcmV0", Some(2)),
        ("C: auth plain\nS: 334\nC: AHVzZXIAc2VjcmV0", Some(4)),
        ("C: AUTH PLAIN =\nS: 334\nC: *", None),
        ("C: AUTH LOGIN\nS: 334 a\nC: dXNlcg==\nS: 334 b\nC: c2VjcmV0", Some(6)),
        ("C: AUTH LOGIN dXNlcg==\nS: 334 b\nC: c2VjcmV0", Some(4)),
        ("C: AUTH LOGIN dXNlcg==\nS: 535 no", None),
        ("C: AUTH LOGIN\nS: 334 a\nC: *\nS: 501 ok", None),
        ("C: AUTH CRAM-MD5\nS: 334 a\nC: dXNlciBmZg==", None),
        ("C: AUTH XOAUTH2 dXNlcj1h", Some(2)),
        ("C: STARTTLS\nS: 220 go\nC: AUTH PLAIN AHVzZXIAc2VjcmV0", None),
        ("C: STARTTLS\nS: 454 no\nC: AUTH PLAIN AHVzZXIAc2VjcmV0", Some(4)),
    ] {
        assert_eq!(frame(script), exposed, "{script}");
    }
}

#[test]
fn secrets_sent_without_waiting_or_after_a_refusal_are_not_kept() {
    let transcript = play(
        "S: 220 x
         C| AUTH LOGIN\\ndXNlcg==\\nc2VjcmV0\\nQUIT\\n
         S| 503 not here\\n500 what\\n500 what\\n221 bye\\n",
    );
    assert_eq!(
        shown(&transcript)[1..],
        ["AUTH *** -> 503 not here", "*** -> 500 what", "*** -> 500 what", "QUIT -> 221 bye"]
    );
    let kept = play_with(DialogueOptions::new(&Limits::default(), true), "S: 220 x\nC: AUTH PLAIN c2VjcmV0");
    assert_eq!(shown(&kept)[1], "AUTH PLAIN c2VjcmV0 -> -");
}

#[test]
fn after_starttls_nothing_is_listed() {
    let transcript = play(
        "S: 220 x
         C: EHLO a
         S: 250 STARTTLS
         C: STARTTLS
         S: 220 go ahead
         C| \u{16}\u{3}\u{1} EHLO secret\\n
         S| \u{16}\u{3}\u{3} 250 hidden\\n",
    );
    assert_eq!(transcript.exchanges.len(), 3);
    assert!(transcript.is_tls);
    assert_eq!((transcript.starttls.tried, transcript.starttls.accepted), (1, 1));
}

#[test]
fn plain_text_after_starttls_is_read_on() {
    let hello = "C: EHLO sub2.\nS: 501 Invalid domain name\nC: QUIT\nS: 221 bye";
    for between in ["", "S: 250 out of turn\n"] {
        let transcript = play(&format!("S: 220 x\nC: STARTTLS\nS: 220 go ahead\n{between}{hello}"));
        let said = shown(&transcript);
        assert_eq!(said[said.len() - 2..], ["EHLO sub2. -> 501 Invalid domain name", "QUIT -> 221 bye"]);
        assert!(!transcript.is_tls && !transcript.tls.is_seen());
    }
}

#[test]
fn what_begins_with_a_record_is_tls_from_either_side_first() {
    let client = "C| \u{16}\u{3}\u{1}";
    let server = "S| \u{15}\u{3}\u{3}\0\u{2}\u{2}\u{46}";
    for (script, exchanges) in [
        (format!("{client}\nS: 220 x\nS: 500 what"), 2),
        (format!("S: 220 x\n{client}\nS: 500 what"), 2),
        (format!("C: EHLO a\n{server}"), 1),
        (format!("S: 220 x\nC: EHLO a\nS: 250 x\nC: STARTTLS\nS| 220 go\\n\u{16}\u{3}\u{3}\n{client}"), 3),
    ] {
        let transcript = play(&script);
        assert_eq!(transcript.exchanges.len(), exchanges, "{script:?}");
        assert!(transcript.is_tls, "{script:?}");
    }
    let alert = play(&format!("C: EHLO a\n{server}")).tls.server.alert.unwrap();
    assert_eq!(alert.name(), "protocol_version");
}

#[test]
fn a_reply_to_starttls_in_a_hole_is_known_by_the_tls_that_follows() {
    let transcript =
        play("S: 220 x\nC: STARTTLS\nS# 30\nS| \u{16}\u{3}\u{3}\nC| \u{16}\u{3}\u{1} secret\\n\nC| MAIL\\n");
    assert_eq!(shown(&transcript)[1..], ["STARTTLS -> -"]);
    assert!(transcript.is_tls);
}

#[test]
fn what_is_sent_behind_starttls_is_noted() {
    let injected = play("S: 220 x\nC| STARTTLS\\nRSET\\n\nS: 220 go\nC| \u{16}\u{3}\u{1}");
    assert_eq!(injected.behind_starttls.map(|moment| moment.frame), Some(2));
    assert_eq!(shown(&injected)[1..], ["STARTTLS -> 220 go", "RSET -> -"]);
    assert!(injected.is_tls);
    for clean in ["C| STARTTLS\\n\u{16}\u{3}\u{1}", "C: STARTTLS\nS: 220 go\nC: EHLO a", "C: RSET\nC: STARTTLS"] {
        assert_eq!(play(&format!("S: 220 x\n{clean}")).behind_starttls, None, "{clean}");
    }
}

#[test]
fn what_an_http_client_sends_is_masked() {
    let transcript = play("C: GET /?key=hush HTTP/1.1\nC: Cookie: hush\nC:\nS: HTTP/1.1 200 OK");
    assert_eq!(shown(&transcript), ["*** -> -", "*** -> -", " -> -"]);
    let names = (transcript.client_protocol, transcript.server_protocol);
    assert_eq!((names.0.map(|client| client.name), names.1.map(|server| server.name)), (Some("HTTP"), Some("HTTP")));
    assert_eq!(play("C: EHLO a\nC: GET / HTTP/1.1\nS: 220 x\nS: HTTP/1.1").client_protocol, None);
}

#[test]
fn a_refused_starttls_goes_on_in_the_clear() {
    let transcript = play("S: 220 x\nC: STARTTLS\nS: 454 not now\nC: QUIT\nS: 221 x");
    assert_eq!(shown(&transcript)[1..], ["STARTTLS -> 454 not now", "QUIT -> 221 x"]);
    assert!(!transcript.is_tls);
}

#[test]
fn a_greeting_may_come_in_parts_and_after_the_client_spoke() {
    let late = play("C: EHLO a\nS: 220-wait\nS: 220 x\nS: 250 ok");
    assert_eq!(shown(&late), ["- -> 220 wait", "EHLO a -> 250 ok"]);
    let changed = play("S: 220-mx.example.net\nS: 521 go away");
    assert_eq!(shown(&changed), ["- -> 521 mx.example.net"]);
    let none = play("C: EHLO a\nS: 250 ok");
    assert_eq!(shown(&none), ["EHLO a -> 250 ok"]);
}

/// RFC 2033 section 4.2.
#[test]
fn lmtp_answers_for_each_recipient() {
    let transcript = play(
        "S: 220 x
         C: LHLO a
         S: 250 x
         C: MAIL FROM:<a@b>
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 250 ok
         C: RCPT TO:<e@f>
         S: 250 ok
         C: DATA
         S: 354 go
         C: .
         S: 250 c
         S: 452 e
         C: QUIT
         S: 221 x",
    );
    assert_eq!(shown(&transcript)[6..], [". -> 250 c", ". -> 452 e", "QUIT -> 221 x"]);
    assert_eq!(transcript.messages_accepted, 1);
}

#[test]
fn replies_that_answer_nothing_stand_alone() {
    let transcript = play("S: 220 x\nC: EHLO a\nS: 250 ok\nS: 421 timeout");
    assert_eq!(shown(&transcript)[2..], ["- -> 421 timeout"]);
    assert_eq!(transcript.unsolicited_replies, 1);
}

#[test]
fn an_empty_line_that_got_no_reply_does_not_shift_the_others() {
    let transcript = play("S: 220 x\nC:\nC: HELO a\nS: 250 ok\nC: MAIL FROM:<>\nS: 550 no");
    assert_eq!(shown(&transcript)[1..], [" -> -", "HELO a -> 250 ok", "MAIL FROM:<> -> 550 no"]);
}

#[test]
fn after_a_hole_reading_goes_on_at_the_next_command_and_reply() {
    let transcript = play(
        "S: 220 x
         C| EHLO a.exa
         C# 20
         C: mple.com
         S# 80
         C: MAIL FROM:<a@b>
         S: ELP
         S: 250 ok
         C: QUIT
         S: 221 bye",
    );
    assert_eq!(shown(&transcript), ["- -> 220 x", "EHLO a.exa -> -", "MAIL FROM:<a@b> -> 250 ok", "QUIT -> 221 bye"]);
    assert!(transcript.hellos[0].check.is_well_formed(), "nothing is judged of a cut argument");
    assert_eq!((transcript.skipped_client_lines, transcript.skipped_server_lines), (1, 1));
    assert_eq!((transcript.missing.client_octets, transcript.missing.server_octets), (20, 80));
}

#[test]
fn the_beginning_of_a_cut_command_is_no_part_of_the_next_line() {
    let transcript = play(
        "S: 220 x
         C| DATA
         C# 2
         S: 503 no
         C: AUTH PLAIN c2VjcmV0
         S: 235 yes
         C| AUTH PLAIN c2Vj
         C# 6
         C: c2VjcmV0
         S: 535 no
         C: RSET
         S: 250 ok
         C| BDAT 8
         C# 7
         C: MAIL FROM:<a@b>
         S: 503 no
         S: 250 ok",
    );
    assert_eq!(
        shown(&transcript)[1..],
        [
            "DATA -> 503 no",
            "AUTH *** -> 235 yes",
            "AUTH *** -> 535 no",
            "RSET -> 250 ok",
            "BDAT 8 -> 503 no",
            "MAIL FROM:<a@b> -> 250 ok"
        ]
    );
}

#[test]
fn a_reply_cut_by_a_hole_keeps_its_code() {
    let transcript = play(
        "S: 220 x
         C: EHLO a
         S| 250-mx.example.net Hello
         S# 40
         S: 250 HELP
         C: QUIT
         S: 221 bye",
    );
    assert_eq!(shown(&transcript)[1..], ["EHLO a -> 250 mx.example.net Hello", "QUIT -> 221 bye"]);
    assert!(transcript.exchanges[1].reply.as_ref().unwrap().is_cut);
}

#[test]
fn a_message_whose_end_fell_into_a_hole_is_known_by_its_reply() {
    let transcript = play("S: 220 x\nC: DATA\nS: 354 go\nC: text\nC# 30\nS: 250 taken\nC: QUIT\nS: 221 x");
    assert_eq!(shown(&transcript)[1..], ["DATA -> 354 go", "- -> 250 taken", "QUIT -> 221 x"]);
    assert_eq!(transcript.messages_accepted, 1);
    assert!(!transcript.missing.is_any(), "mail data is no part of the dialogue");
}

#[test]
fn what_the_capture_ends_in_is_no_command_and_no_reply() {
    let transcript = play("S: 220 x\nC: EHLO a\nS| 250-mx\\n250-SIZE\nC| MAI");
    assert_eq!(shown(&transcript), ["- -> 220 x", "EHLO a -> -"]);
    assert_eq!(transcript.unfinished_reply.as_ref().unwrap().code, 250);
    let cut = play("S: 220 x\nC: EHLO a\nS| 501 Invalid Addr").unfinished_reply.unwrap();
    assert_eq!((cut.code, cut.moment.frame), (501, 3));
}

#[test]
fn a_long_session_keeps_its_beginning_its_hellos_and_its_sums() {
    let limits = Limits { exchanges: 4, hellos: 3, pending_commands: 2, ..Limits::default() };
    let mut script = "S: 220 x\n".to_owned();
    for _ in 0..5 {
        script.push_str("C: HELO a_b\nS: 501 no\nC: MAIL FROM:<>\nS: 503 no\n");
    }
    let transcript = play_with(DialogueOptions::new(&limits, false), &script);
    assert_eq!(
        shown(&transcript),
        ["- -> 220 x", "HELO a_b -> 501 no", "MAIL FROM:<> -> 503 no", "HELO a_b -> 501 no", "HELO a_b -> 501 no",]
    );
    assert_eq!((transcript.omitted_hellos, transcript.mail.refused), (2, 5));
    assert_eq!(transcript.omitted_exchanges, 6);
}

#[test]
fn a_refusal_that_names_the_hello_is_noted_with_the_hello_in_force() {
    let transcript = play(
        "S: 220 x
         C: EHLO a_b
         S: 250 x
         C: MAIL FROM:<a@b>
         S: 250 ok
         C: RCPT TO:<c@d>
         S: 501 5.5.2 <a_b>: Helo command rejected: Invalid name",
    );
    let (refusal, hello) = transcript.refusal_naming_hello.as_ref().unwrap();
    assert_eq!((refusal.code, *hello), (501, Some(0)));
    let sequence = play("S: 220 x\nC: MAIL FROM:<a@b>\nS: 503 Polite people say HELO first");
    assert!(sequence.refusal_naming_hello.is_none(), "503 is about the order of commands");
}

/// `aHVudGVyWmVicmE5MQ==` is `hunterZebra91`.
#[test]
fn a_repeated_secret_is_masked_where_the_capture_does_not_tell_what_it_answers() {
    for (script, masked) in [
        // Misspelt, and the secret is in a hole.
        ("C: EHLO a\nS: 250 mx\nC| AUHT PLAIN aH\nC# 20\nS: 535 no aHVudGVyWmVicmE5MQ==", "- -> 535 ***"),
        // The client does not wait for the reply to DATA, and the server refuses more lines than it was sent.
        (
            "C: EHLO a\nS: 250 mx\nC: DATA\nC: AUTH PLAIN aHVudGVyWmVicmE5MQ==\nS: 500 aHVudGVyWmVicmE5MQ==?",
            "DATA -> 500 ***",
        ),
        // The reply to NOOP may be in the hole, and this be to what is missing behind it.
        ("C: EHLO a\nS: 250 mx\nC: NOOP\nS# 8\nC# 40\nS: 535 not hunterZebra91", "- -> 535 ***"),
    ] {
        let transcript = play(&format!("S: 220 mx\n{script}"));
        assert!(shown(&transcript).iter().any(|exchange| exchange == masked), "{script}: {:?}", shown(&transcript));
    }
}

#[test]
fn of_a_secret_longer_than_a_line_is_kept_no_reply_tells_the_rest() {
    let limits = Limits { line_octets: 24, ..Limits::default() };
    let transcript = play_with(
        DialogueOptions::new(&limits, false),
        "S: 220 mx\nC: AUTH PLAIN AHF1b2trYQBodW50ZXJaZWJyYTkx\nS: 535 not Zebra91",
    );
    assert_eq!(shown(&transcript).last().unwrap(), "AUTH *** -> 535 ***");
}

/// The octets of the server's stream from its beginning on, `_` where a redacted capture masks.
fn redacted(script: &str, octets: &str) -> String {
    let limits = Limits { spans: 1_000, ..Limits::default() };
    let transcript = play_with(DialogueOptions::new(&limits, false), script);
    let runs = transcript.server_spans.runs(0, octets.len());
    let kinds = runs.into_iter().flat_map(|(length, kind)| std::iter::repeat_n(kind, length));
    let is_shown = |kind| matches!(kind, SpanKind::Line | SpanKind::Decisive | SpanKind::Domain);
    octets.chars().zip(kinds).map(|(octet, kind)| if is_shown(kind) { octet } else { '_' }).collect()
}

#[test]
fn a_greeting_keeps_its_product_and_no_address() {
    for (greeting, told) in [
        ("220 mx Sendmail 8.17.1.9/8.17.1; 45.83.220.17\\n", "220 mx Sendmail 8.17.1.9/8.17.1; __.__.___.__\\n"),
        ("220-mx ESMTP Exim 4.94\\n220 hello 45.83.220.17\\n", "220-mx ESMTP Exim 4.94\\n220 hello __.__.___.__\\n"),
        ("220 **", "220 **"),
        ("220 mx ESMTP MailEnable Service,", "220 mx ESMTP MailEnable Service,"),
        ("220 mx Sendmail 8.17.", "220 mx Sendmail 8.17."),
        ("220 hello 45.83.2", "220 hello _______"),
    ] {
        assert_eq!(redacted(&format!("S| {greeting}"), &greeting.replace("\\n", "\r\n")), told.replace("\\n", "\r\n"));
    }
}

#[test]
fn after_xclient_the_session_begins_anew() {
    let transcript = play(
        "S: 220 x
         C: EHLO proxy.example.com
         S: 250-x
         S: 250 XCLIENT NAME ADDR PORT PROTO HELO
         C: XCLIENT NAME=[UNAVAILABLE] ADDR=203.0.113.9 PORT=40000 PROTO=ESMTP HELO=sub2.
         S: 220 x
         C: EHLO sub2.
         S: 501 no
         C: QUIT
         S: 221 bye",
    );
    assert_eq!(
        shown(&transcript)[2..],
        [
            "XCLIENT NAME=[UNAVAILABLE] ADDR=203.0.113.9 PORT=40000 PROTO=ESMTP HELO=sub2. -> 220 x",
            "EHLO sub2. -> 501 no",
            "QUIT -> 221 bye"
        ]
    );
    assert_eq!((transcript.hellos.len(), transcript.hellos_before_xclient), (2, 1));
    assert_eq!(transcript.client_told(), Some("203.0.113.9:40000".parse().unwrap()));
    let refused =
        play("S: 220 x\nC: EHLO a\nS: 250 x\nC: XCLIENT ADDR=203.0.113.9\nS: 550 no\nC: MAIL FROM:<>\nS: 250 x");
    assert_eq!((refused.hellos_before_xclient, refused.client_told()), (0, None));
}

#[test]
fn a_client_that_does_not_wait_for_the_greeting_is_noted() {
    for (script, frames) in [
        ("C: EHLO a\nS: 220 x\nS: 250 x", Some((1, 2))),
        ("C: EHLO a\nC: NOOP\nS: 554 no", Some((1, 3))),
        ("S: 220-wait\nC: EHLO a\nS: 220 x\nS: 250 x", Some((2, 3))),
        ("S: 220 x\nC: EHLO a\nS: 250 x", None),
        ("C: PROXY UNKNOWN\nS: 220 x\nC: EHLO a", None),
        ("C: EHLO a", None),
    ] {
        let early = play(script).early_talk;
        assert_eq!(early.map(|early| (early.spoke.frame, early.greeted.frame)), frames, "{script}");
    }
    assert_eq!(play("C: EHLO a\nS: 220 x").early_talk.unwrap().not_waited_ns(), Some(1));
}

#[test]
fn what_tls_hid_may_begin_with_a_command() {
    let limits = Limits::default();
    let mut dialogue = Dialogue::new(DialogueOptions::new(&limits, false));
    dialogue.begins_in_tls();
    dialogue.client_octets(b"EHLO sub2.\r\n", Moment::default());
    dialogue.server_octets(b"501 no\r\n", None, Moment::default());
    let transcript = dialogue.finish();
    assert_eq!(shown(&transcript), ["EHLO sub2. -> 501 no"]);
    assert!(!transcript.missing.is_any());
}

#[test]
fn xforward_is_noted_and_changes_nothing() {
    let transcript = play(
        "S: 220 x
         C: EHLO a
         S: 250 x
         C: XFORWARD ADDR=203.0.113.9 HELO=sub2.
         S: 250 ok
         C: MAIL FROM:<>
         S: 250 ok",
    );
    let [told] = &transcript.xforwards[..] else { panic!("{:?}", transcript.xforwards) };
    let (name, check) = told.helo.as_ref().unwrap();
    assert_eq!((&**name, check.is_well_formed()), (&b"sub2."[..], false));
    assert_eq!((transcript.hellos_before_xclient, transcript.client_told(), transcript.mail.accepted), (0, None, 1));
}
