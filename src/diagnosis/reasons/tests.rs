use super::*;

/// The reason that a reply of one line gives, as the answer to `to`.
fn given(reply: &str, to: Option<Verb>) -> Option<&'static str> {
    let (code, text) = (reply[..3].parse().unwrap(), &reply.as_bytes()[4..]);
    Refused::of_lines(code, std::iter::once(text), to).reason().map(|reason| reason.code)
}

/// A command that a refusal of this kind answers.
const fn command(about: About) -> Option<Verb> {
    match about {
        About::Client | About::Turn => None,
        About::Hello => Some(Verb::Ehlo),
        About::Auth => Some(Verb::Auth),
        About::Sender => Some(Verb::Mail),
        About::Now | About::Mail | About::Recipient => Some(Verb::Rcpt),
    }
}

#[test]
fn every_wording_gives_its_own_reason() {
    let mut wrong = Vec::new();
    for reason in REASONS {
        for wording in reason.wordings {
            let found = given(wording.reply, command(reason.about));
            if found != Some(reason.code) {
                wrong.push(format!("{}: {} gives {found:?}", reason.code, wording.reply));
            }
            let (code, text) = (wording.reply[..3].parse().unwrap(), &wording.reply.as_bytes()[4..]);
            let words = Words::new(std::iter::once(text), code);
            if !words.have(wording.phrases) {
                wrong.push(format!("{}: its phrases are not in {}", reason.code, wording.reply));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_status_code_belongs_to_one_reason_and_gives_it_whatever_the_words() {
    for reason in REASONS {
        assert!(!reason.status_codes.is_empty() || !reason.wordings.is_empty(), "{}", reason.code);
        for status in reason.status_codes {
            let owners = REASONS.iter().filter(|other| other.status_codes.contains(status)).count();
            assert_eq!(owners, 1, "{status}");
            let reply = match (status.strip_prefix("x."), status.contains('.')) {
                (Some(rest), _) => format!("550 5.{rest} qwertz"),
                (None, true) => format!("{}50 {status} qwertz", &status[..1]),
                (None, false) => format!("{status} qwertz"),
            };
            assert_eq!(given(&reply, command(reason.about)), Some(reason.code), "{reply}");
        }
    }
}

#[test]
fn what_no_row_knows_has_no_reason() {
    for reply in [
        "550 5.7.1 Access denied",
        "554 Transaction failed",
        "550 Requested action not taken: mailbox unavailable",
        "451 Requested action aborted: local error in processing",
        "554 mx.example.org No SMTP service here for 192.0.2.10",
        "501 Invalid Address",
        "503 5.5.1 Error: need RCPT command",
        "550 5.1.10 qwertz",
        "550 5.1.8 Access denied, bad outbound sender",
        "550 This server does not accept mail from dynamic addresses",
        "552 Requested mail action aborted: exceeded storage allocation",
        "250 2.1.5 <user.unknown@example.net>... Recipient ok",
    ] {
        for to in [None, Some(Verb::Mail), Some(Verb::Rcpt), Some(Verb::EndOfData), Some(Verb::Auth)] {
            assert_eq!(given(reply, to), None, "{reply}");
        }
    }
}

#[test]
fn words_of_addresses_and_names_are_not_the_servers() {
    for reply in [
        "550 <relay access denied>... qwertz",
        "550 greylisted@example.net is not here",
        "450 greylisted.example.net: qwertz",
        "550 anti-greylisted: qwertz",
    ] {
        assert_eq!(given(reply, Some(Verb::Rcpt)), None, "{reply}");
    }
    assert_eq!(given("450 greylisted.", Some(Verb::Rcpt)), Some("greylisted"));
}

#[test]
fn the_same_words_mean_something_else_to_another_command() {
    assert_eq!(given("550 5.1.1 User unknown", Some(Verb::Rcpt)), Some("mailbox-unknown"));
    assert_eq!(given("550 5.1.1 User unknown", Some(Verb::Mail)), None);
    assert_eq!(given("554 Please try again later", Some(Verb::Rcpt)), None);
    assert_eq!(given("535 authentication failed", Some(Verb::Mail)), None);
}

#[test]
fn what_fits_an_early_talker_is_no_reason_by_itself() {
    for reply in [
        "521 5.5.1 Protocol error",
        "550 5.5.1 Protocol error",
        "554 mx.example.net ESMTP not accepting messages",
        "550 5.0.0 Command rejected",
        "554 No SMTP service here",
    ] {
        let (code, text) = (reply[..3].parse().unwrap(), &reply.as_bytes()[4..]);
        let refused = Refused::of_lines(code, std::iter::once(text), None);
        assert!(refused.reason().is_none(), "{reply}");
        assert_eq!(refused.reason_of_early_talker().map(|reason| reason.code), Some("early-talk"), "{reply}");
    }
    for (code, text) in [(450, "4.5.1 Protocol error"), (554, "5.7.1 Access denied"), (554, "")] {
        let refused = Refused::of_lines(code, std::iter::once(text.as_bytes()), None);
        assert!(refused.reason_of_early_talker().is_none(), "{text}");
    }
}

#[test]
fn words_go_on_from_line_to_line() {
    let lines =
        [&b"5.7.1 [192.0.2.10] Our system has detected that this message is likely"[..], b"5.7.1 unsolicited mail."];
    let refused = Refused::of_lines(550, lines.into_iter(), Some(Verb::EndOfData));
    assert_eq!(refused.reason().map(|reason| reason.code), Some("content"));
}

#[test]
fn a_refusal_names_the_sender_by_its_code_or_words() {
    let names =
        |text: &str, code| Refused::of_lines(code, std::iter::once(text.as_bytes()), Some(Verb::Rcpt)).names_sender();
    assert!(names("4.1.8 <ann@nowhere.invalid>: qwertz", 450));
    assert!(names("5.1.7 qwertz", 550));
    assert!(names("Sender verify failed", 550));
    assert!(names("5.7.1 <ann@example.com>: Sender address rejected: Access denied", 554));
    assert!(!names("5.7.1 Client host rejected: Access denied", 554));
    assert!(!names("5.1.1 User unknown", 550));
}

#[test]
fn hostile_replies_are_looked_through_in_bounds() {
    let long = vec![b'<'; 100_000];
    let refused = Refused::of_lines(550, [&long[..], b"Relay access denied"].into_iter(), Some(Verb::Rcpt));
    assert!(refused.reason().is_none());
    assert!(Refused::of_lines(0, std::iter::empty(), None).reason().is_none());
}
