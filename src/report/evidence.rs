//! A diagnosis in words. Nothing else in the crate says them, and nothing reads them.

use std::borrow::Cow;

use super::words::count;
use super::{background, escape};
use crate::diagnosis::{Answer, Argument, Diagnosis, End, EvidenceKind, Unknown};
use crate::flow::Side;
use crate::session::Captured;
use crate::smtp::{Alert, Certificate, ClientHello, Verb};
use crate::time::NANOS_PER_SEC;

/// At most this many columns of one thing said stand in a sentence.
const SAID_COLUMNS: usize = 200;

/// Octets of the capture in a sentence.
fn said(octets: &[u8]) -> String {
    escape::line(octets, SAID_COLUMNS)
}

/// What a frame shows, in words that are safe on a terminal.
pub fn text(kind: &EvidenceKind) -> String {
    match kind {
        EvidenceKind::Syn => "client opened the connection (SYN)".into(),
        EvidenceKind::Unreachable(reported_by, reason) => format!("{reported_by} reports: {reason}"),
        EvidenceKind::SynReset => "server answered the SYN with RST".into(),
        EvidenceKind::SynUnanswered { syns: 1, quiet_ns } => {
            format!("client sent SYN once and got no answer; the capture goes on for {}", seconds(*quiet_ns))
        }
        EvidenceKind::SynUnanswered { syns, .. } => format!("client sent SYN {syns} times and got no answer"),
        EvidenceKind::ProxyHeader(version, content) => {
            format!("client sent {}", background::proxy_header(*version, *content))
        }
        EvidenceKind::EarlyTalk(not_waited_ns) => background::early_talk(*not_waited_ns),
        EvidenceKind::NoGreeting => "the TCP handshake is complete, but the server sent no greeting".into(),
        EvidenceKind::OtherProtocol(Side::Both, name) => format!("both sides use {name}, not SMTP"),
        EvidenceKind::OtherProtocol(by, name) => format!("{} uses {name}, not SMTP", side(*by)),
        EvidenceKind::MaskedGreeting => "a device replaced the greeting with asterisks".into(),
        EvidenceKind::Argument(shown) => argument(shown),
        EvidenceKind::Command(line) => format!("client sent {}", said(line)),
        EvidenceKind::Refused(verb, times) => refused(*verb, *times),
        EvidenceKind::Reply(answer) => format!("server replied {}", reply(answer)),
        EvidenceKind::Quit => "client sent QUIT".into(),
        EvidenceKind::QuitUntried => "client sent QUIT and did not try to send mail".into(),
        EvidenceKind::NoReply(verb) => format!("no reply to {}", verb.name().unwrap_or("the command")),
        EvidenceKind::HelloUnanswered(end) => format!("no reply; {}", ended(*end)),
        EvidenceKind::HelloIgnored(end @ End::Silence(_)) => {
            format!("server received it (TCP ACK) and did not reply, {}", ended(*end))
        }
        EvidenceKind::HelloIgnored(end) => format!("{} and did not reply", ended(*end)),
        EvidenceKind::Awaited(waited_ns) => format!("client waited {} for the reply", seconds(*waited_ns)),
        EvidenceKind::InData => "in the middle of the mail data".into(),
        EvidenceKind::InTransaction => "in the middle of a mail transaction".into(),
        EvidenceKind::ClientHello(hello) => {
            format!("client offered up to {}, {} (TLS ClientHello)", hello.version, server_name(hello))
        }
        EvidenceKind::ServerHello(hello) => {
            format!("server chose {}, {} (TLS ServerHello)", hello.version, hello.cipher_suite)
        }
        EvidenceKind::Certificate(certificate) => format!("server's certificate: {}", self::certificate(certificate)),
        EvidenceKind::Alert(from, alert) => {
            let (name, level, number) = (alert.name(), alert_level(*alert), alert.description);
            format!("{} sent a TLS alert: {name} ({level}, description {number})", side(*from))
        }
        EvidenceKind::UnfinishedTls => "the TLS handshake did not complete".into(),
        EvidenceKind::NoTls => "no TLS handshake followed".into(),
        EvidenceKind::PlainToTls => "client uses plain SMTP, but the server expects TLS".into(),
        EvidenceKind::TlsToPlain => "client uses TLS, but the server expects plain SMTP".into(),
        EvidenceKind::Ended(end) => ended(*end),
        EvidenceKind::Unknown(why) => unknown(*why),
    }
}

fn argument(shown: &Argument) -> String {
    let verb = match shown.verb {
        Verb::XClient => "XCLIENT HELO",
        Verb::XForward => "XFORWARD HELO",
        verb => verb.name().unwrap_or_default(),
    };
    let tolerated = match (shown.is_tolerated, shown.refused_before.and_then(Verb::name)) {
        (true, Some(refused)) => format!("; the server refused {refused} before, but accepted this {verb}"),
        (true, None) => "; the server accepted it".to_owned(),
        (false, _) => String::new(),
    };
    if shown.octets.is_empty() {
        return format!("{verb} without an argument{tolerated}");
    }
    let problems: Vec<String> = shown.problems.iter().map(|problem| problem.message(&shown.octets)).collect();
    format!("{verb} argument \"{}\" {}{tolerated}", said(&shown.octets), problems.join(" and "))
}

/// `kind` in words, and of a malformed argument the sections of the standards that it breaks.
pub(crate) fn with_references(kind: &EvidenceKind) -> String {
    let EvidenceKind::Argument(shown) = kind else { return text(kind) };
    let mut references: Vec<&str> = shown.problems.iter().map(|problem| problem.code.reference()).collect();
    references.sort_unstable();
    references.dedup();
    format!("{} ({})", text(kind), references.join(", "))
}

fn refused(verb: Verb, times: u64) -> String {
    match (verb, verb.name().unwrap_or_default()) {
        (Verb::Data, _) => "client sends the message".to_owned(),
        (Verb::Auth, name) => format!("client authenticates ({name})"),
        (Verb::Mail | Verb::Rcpt, name) if times > 1 => {
            format!("client sent {name}; the server refused {times} of them, this is the last")
        }
        (_, name) => format!("client sent {name}"),
    }
}

/// `501 Invalid Address`.
pub(super) fn reply(answer: &Answer) -> String {
    format!("{:03} {}", answer.code, said(&answer.text)).trim_end().to_owned()
}

fn ended(end: End) -> String {
    match end {
        End::Closed(by) => format!("{} closed the connection (FIN)", side(by)),
        End::Reset(by) => format!("{} reset the connection (RST)", side(by)),
        End::Silence(quiet_ns) => format!("then {} of silence", seconds(quiet_ns)),
        End::Capture => "the capture ends here".to_owned(),
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
        Side::Both => "both sides",
    }
}

fn unknown(why: Unknown) -> String {
    match why {
        Unknown::OneSide(Captured::ServerOnly) => "only the server's side was captured".into(),
        Unknown::OneSide(_) => "only the client's side was captured".into(),
        Unknown::NoBeginning => "the capture lacks the beginning of the session".into(),
        Unknown::Hole(0) => "the capture may lack what the server sent before this".into(),
        Unknown::Hole(octets) => format!("the capture lacks {octets} bytes of the dialogue here"),
        Unknown::DataHole => "the capture lacks a part of the mail data, perhaps its end".into(),
        Unknown::CutHello => "the capture lacks a part of the hello".into(),
        Unknown::Tls => "TLS hides the rest".into(),
        Unknown::Evicted => "too many connections at once: ehlotrace stopped following this one before it ended".into(),
        Unknown::HelloAdrift => {
            "no reply to the hello, and the capture does not show whether the server received it".into()
        }
        Unknown::MessageUndecided => "no reply says whether the server accepted the message".into(),
        Unknown::NoHandshake => "the TCP handshake was not completed".into(),
        Unknown::CaptureEnds(0) => "the capture ends with this frame, before the session does".into(),
        Unknown::CaptureEnds(quiet_ns) => {
            format!("the capture ends {} after this frame, before the session does", seconds(quiet_ns))
        }
    }
}

/// Why nothing can be said of several sessions.
pub(super) fn unknown_sessions(why: Unknown) -> Cow<'static, str> {
    match why {
        Unknown::OneSide(_) => "only one side was captured".into(),
        Unknown::Hole(_) => "the capture lacks a part of the dialogue".into(),
        Unknown::Evicted => "too many connections at once: ehlotrace could not follow all of them to the end".into(),
        Unknown::CaptureEnds(_) => "the capture ends before the session does".into(),
        Unknown::NoBeginning
        | Unknown::DataHole
        | Unknown::CutHello
        | Unknown::Tls
        | Unknown::HelloAdrift
        | Unknown::MessageUndecided
        | Unknown::NoHandshake => unknown(why).into(),
    }
}

/// `for the server name mx.example.net`.
pub(super) fn server_name(hello: &ClientHello) -> String {
    match &hello.server_name {
        Some(name) => format!("for the server name {}", said(name)),
        None => "without a server name".to_owned(),
    }
}

/// `mx.example.net, valid from 2023-03-01T00:00:00Z to 2024-03-01T00:00:00Z`.
pub(super) fn certificate(certificate: &Certificate) -> String {
    let name = certificate.names.first().or(certificate.subject.as_ref());
    let name = name.map_or_else(|| "no name".to_owned(), |name| said(name));
    let others = certificate.names.len().saturating_sub(1);
    let others = if others > 0 { format!(" and {}", count(others as u64, "other name")) } else { String::new() };
    format!("{name}{others}, valid from {} to {}", certificate.not_before, certificate.not_after)
}

/// How grave an alert of TLS is.
pub(super) const fn alert_level(alert: Alert) -> &'static str {
    if alert.is_fatal() { "fatal" } else { "warning" }
}

/// Nanoseconds as seconds.
fn seconds(nanos: i64) -> String {
    let tenths = nanos / (NANOS_PER_SEC / 10);
    if tenths >= 100 || tenths % 10 == 0 {
        format!("{} s", tenths / 10)
    } else {
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

/// `lost (certain): ehlo-argument: the client greets with a malformed name`, and the reason if there is one.
pub(crate) fn verdict(diagnosis: &Diagnosis) -> String {
    let confidence = diagnosis.confidence.map(|confidence| format!(" ({})", confidence.code())).unwrap_or_default();
    let outcome = diagnosis.outcome.code();
    let reason = diagnosis.reason.map(|reason| format!("; {}: {}", reason.code, reason.title)).unwrap_or_default();
    match diagnosis.cause {
        Some(rule) => format!("{outcome}{confidence}: {}: {}{reason}", rule.code, rule.title),
        None => format!("{outcome}{confidence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_spelt_as_everywhere_and_long_ones_cut() {
        let sent = |line: &[u8]| text(&EvidenceKind::Command(line.into()));
        assert_eq!(sent(b"EHLO b\xfccher\x1b[31m"), "client sent EHLO b\\xfccher\\x1b[31m");
        assert_eq!(sent("EHLO b\u{fc}cher".as_bytes()), "client sent EHLO b\u{fc}cher");
        assert_eq!(escape::columns(&sent(&[b'a'; 3000])), "client sent ".len() + SAID_COLUMNS);
    }

    #[test]
    fn a_span_has_a_decimal_where_it_tells() {
        assert_eq!([0, 1_500_000_000, 9_000_000_000, 12_340_000_000].map(seconds), ["0 s", "1.5 s", "9 s", "12 s"]);
    }

    #[test]
    fn a_hello_that_was_received_is_told_from_one_that_may_not_have_been() {
        let silence = End::Silence(301_000_000_000);
        for (kind, said) in [
            (
                EvidenceKind::HelloIgnored(silence),
                "server received it (TCP ACK) and did not reply, then 301 s of silence",
            ),
            (
                EvidenceKind::HelloIgnored(End::Reset(Side::Server)),
                "server reset the connection (RST) and did not reply",
            ),
            (EvidenceKind::HelloUnanswered(silence), "no reply; then 301 s of silence"),
        ] {
            assert_eq!(text(&kind), said);
        }
    }
}
