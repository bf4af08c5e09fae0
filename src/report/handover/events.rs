//! What happened in a session, told to somebody who knows nothing of captures: a sentence for each thing that shows it.

use super::pieces::Paragraph;
use crate::diagnosis::{Answer, Argument, Diagnosis, End, EvidenceKind, Stage};
use crate::flow::Side;
use crate::report::evidence::{self, certificate};
use crate::report::words::{number, span};
use crate::smtp::{ProxyContent, Verb};

/// Tells what shows why the session was lost, in the order in which it happened.
pub(super) fn tell(diagnosis: &Diagnosis, paragraph: &mut Paragraph) {
    let mut before: Option<&EvidenceKind> = None;
    for kind in in_order(diagnosis) {
        event(kind, before, diagnosis, paragraph);
        before = Some(kind);
    }
}

/// Evidence is in the order of its frames: a reply may be captured before what it answers, and what was going on has the
/// last frame.
fn in_order(diagnosis: &Diagnosis) -> Vec<&EvidenceKind> {
    let mut kinds: Vec<&EvidenceKind> = diagnosis.evidence.iter().map(|shown| &shown.kind).collect();
    let answers = |asked: &EvidenceKind, to: Option<Verb>| match asked {
        EvidenceKind::Argument(argument) => Some(argument.verb) == to,
        EvidenceKind::Command(line) => Some(Verb::parse(line).0) == to,
        EvidenceKind::Refused(verb, _) => Some(*verb) == to || *verb == Verb::Data && to == Some(Verb::EndOfData),
        _ => false,
    };
    let reply = kinds.iter().position(|kind| matches!(kind, EvidenceKind::Reply(_)));
    if let Some(at) = reply
        && let Some(EvidenceKind::Reply(Answer { to, .. })) = kinds.get(at)
        && let Some(asked) = kinds.iter().rposition(|kind| answers(kind, *to)).filter(|asked| *asked > at)
    {
        let reply = kinds.remove(at);
        kinds.insert(asked, reply);
    }
    kinds.sort_by_key(|kind| !matches!(kind, EvidenceKind::InData | EvidenceKind::InTransaction));
    kinds
}

fn event(kind: &EvidenceKind, before: Option<&EvidenceKind>, diagnosis: &Diagnosis, paragraph: &mut Paragraph) {
    match kind {
        // It is what the paragraph begins with.
        EvidenceKind::Syn | EvidenceKind::QuitUntried | EvidenceKind::Unknown(_) => {}
        EvidenceKind::Unreachable(by, reason) => {
            paragraph
                .sentence(format!("{by}, a host on the way, reported that the server cannot be reached ({reason})."));
        }
        EvidenceKind::SynReset => {
            paragraph.sentence("The server's address refused the connection at once.");
        }
        EvidenceKind::SynUnanswered { syns: 1, .. } => {
            paragraph.sentence("Nothing answered.");
        }
        EvidenceKind::SynUnanswered { syns, .. } => {
            paragraph.sentence(format!("The client tried {syns} times, and nothing answered."));
        }
        EvidenceKind::ProxyHeader(version, content) => proxy_header(*version, *content, paragraph),
        EvidenceKind::EarlyTalk(not_waited_ns) => {
            let later = not_waited_ns.map(|waited| format!(" {}", span(waited))).unwrap_or_default();
            paragraph.sentence(format!(
                "The client did not wait for the server's greeting: the greeting came{later} after the client's first \
                 command."
            ));
        }
        EvidenceKind::NoGreeting => {
            paragraph.sentence("The server accepted the connection, but it sent no greeting.");
        }
        EvidenceKind::OtherProtocol(_, name) => {
            paragraph
                .sentence(format!("What answers there is no mail server: it uses {name}, another kind of service."));
        }
        EvidenceKind::MaskedGreeting => {
            paragraph.sentence(
                "The server's greeting arrived with asterisks in place of its text: a device between the two changed it.",
            );
        }
        EvidenceKind::Argument(shown) => argument(shown, paragraph),
        EvidenceKind::Command(line) => command(line, paragraph),
        EvidenceKind::Refused(verb, times) => refused(*verb, *times, paragraph),
        EvidenceKind::Reply(answer) => reply(answer, before, diagnosis, paragraph),
        EvidenceKind::Quit => {
            paragraph.sentence("The client then ended the session.");
        }
        EvidenceKind::NoReply(verb) => {
            paragraph.sentence(format!("The server did not answer {}.", asked(*verb)));
        }
        EvidenceKind::HelloUnanswered(end) | EvidenceKind::HelloIgnored(end) => {
            paragraph.sentence(format!("The server did not answer this. {}", ended(*end)));
        }
        EvidenceKind::Awaited(waited_ns) => {
            paragraph.sentence(format!("The client waited {} for the answer.", span(*waited_ns)));
        }
        EvidenceKind::InData => {
            paragraph.sentence("The client was sending the text of the mail.");
        }
        EvidenceKind::InTransaction => {
            paragraph.sentence("The client had begun to hand over a mail.");
        }
        EvidenceKind::Ended(end) => {
            paragraph.sentence(ended(*end));
        }
        EvidenceKind::ClientHello(_)
        | EvidenceKind::ServerHello(_)
        | EvidenceKind::Certificate(_)
        | EvidenceKind::Alert(..)
        | EvidenceKind::UnfinishedTls
        | EvidenceKind::NoTls
        | EvidenceKind::PlainToTls
        | EvidenceKind::TlsToPlain => tls(kind, paragraph),
    }
}

fn proxy_header(version: u8, content: ProxyContent, paragraph: &mut Paragraph) {
    let says = match content {
        ProxyContent::Ends { client, .. } => format!(", which says that it connects for {}", client.ip()),
        _ => String::new(),
    };
    paragraph.sentence(format!("Before anything else, the proxy sent a PROXY header (version {version}){says}."));
}

/// What is about TLS.
fn tls(kind: &EvidenceKind, paragraph: &mut Paragraph) {
    match kind {
        EvidenceKind::ClientHello(hello) => {
            paragraph
                .sentence(format!("To encrypt the connection, the client offered versions up to {}.", hello.version));
        }
        EvidenceKind::ServerHello(hello) => {
            paragraph.sentence(format!("The server chose {} with {}.", hello.version, hello.cipher_suite));
        }
        EvidenceKind::Certificate(shown) => {
            paragraph.sentence("The server showed this certificate: ").shown(certificate(shown)).own(".");
        }
        EvidenceKind::Alert(from, alert) => {
            paragraph.sentence(format!("The {} refused the encryption: its alert is {}.", side(*from), alert.name()));
        }
        EvidenceKind::UnfinishedTls => {
            paragraph.sentence("So the encryption (TLS) did not start.");
        }
        EvidenceKind::NoTls => {
            paragraph.sentence("The encryption (TLS) that both had agreed on did not start.");
        }
        EvidenceKind::PlainToTls => {
            paragraph
                .sentence("The server expects encryption (TLS) from the first byte, but the client sent plain text.");
        }
        EvidenceKind::TlsToPlain => {
            paragraph
                .sentence("The client began with encryption (TLS), but the server speaks plain text on this port.");
        }
        _ => {}
    }
}

fn argument(shown: &Argument, paragraph: &mut Paragraph) {
    let (said_by, verb) = match shown.verb {
        Verb::XClient | Verb::XForward => ("The proxy passed on the name with which its client introduced itself", ""),
        verb => ("The client introduced itself", verb.name().unwrap_or_default()),
    };
    if shown.octets.is_empty() {
        paragraph.sentence(format!("{said_by} without a name: it sent `{verb}` and nothing behind it."));
        return;
    }
    let problems: Vec<String> = shown.problems.iter().map(|problem| problem.message(&shown.octets)).collect();
    if verb.is_empty() {
        paragraph.sentence(format!("{said_by}, ")).said(&shown.octets).own(".");
    } else {
        let line = [verb.as_bytes(), b" ", &*shown.octets].concat();
        paragraph.sentence(format!("{said_by} with the line ")).said(&line).own(".");
    }
    paragraph.sentence("This name ").text(problems.join(" and ")).own(".");
}

fn command(line: &[u8], paragraph: &mut Paragraph) {
    if Verb::parse(line).0 == Verb::Mangled {
        paragraph.sentence("The client's command arrived as ").said(line).own(": a device on the way overwrote it.");
    } else {
        paragraph.sentence("The client sent the line ").said(line).own(".");
    }
}

fn refused(verb: Verb, times: u64, paragraph: &mut Paragraph) {
    let what = match verb {
        Verb::Rcpt if times > 1 => {
            format!("The client named {} recipients (RCPT), and the server refused each.", number(times))
        }
        Verb::Mail if times > 1 => {
            format!("The client named a sender {} times (MAIL), and the server refused each time.", number(times))
        }
        verb => format!("The client {}.", did(verb)),
    };
    paragraph.sentence(what);
}

/// `named the sender of the mail (MAIL)`.
fn did(verb: Verb) -> String {
    match verb {
        Verb::Mail => "named the sender of the mail (MAIL)".to_owned(),
        Verb::Rcpt => "named the recipient of the mail (RCPT)".to_owned(),
        Verb::Data | Verb::Bdat | Verb::EndOfData => "sent the mail".to_owned(),
        Verb::Auth => "tried to log in (AUTH)".to_owned(),
        Verb::StartTls => "asked for encryption (STARTTLS)".to_owned(),
        verb => format!("sent {}", verb.name().unwrap_or("a command")),
    }
}

/// `the name of the sender (MAIL)`: what the client waited for an answer to.
fn asked(verb: Verb) -> String {
    match verb {
        Verb::Mail => "when the client named the sender of the mail (MAIL)".to_owned(),
        Verb::Rcpt => "when the client named a recipient of the mail (RCPT)".to_owned(),
        Verb::Data => "when the client asked to send the text of the mail (DATA)".to_owned(),
        Verb::EndOfData | Verb::Bdat => "when the client had sent the text of the mail".to_owned(),
        Verb::Auth => "when the client tried to log in (AUTH)".to_owned(),
        Verb::StartTls => "when the client asked for encryption (STARTTLS)".to_owned(),
        verb => format!("the client's command {}", verb.name().unwrap_or_default()).trim_end().to_owned(),
    }
}

fn reply(answer: &Answer, before: Option<&EvidenceKind>, diagnosis: &Diagnosis, paragraph: &mut Paragraph) {
    let stage = diagnosis.cause.map(|rule| rule.stage);
    let is_asked = match before {
        Some(EvidenceKind::Refused(..) | EvidenceKind::ProxyHeader(..)) => true,
        Some(EvidenceKind::Command(line)) => answer.to.is_none_or(|to| to == Verb::parse(line).0),
        _ => false,
    };
    let is_to_hello = answer.to.is_some_and(Verb::is_hello);
    let leads = match (answer.to, stage) {
        _ if is_asked => "The server answered ".to_owned(),
        (Some(verb), _) if !is_to_hello && verb != Verb::Mangled && verb.name().is_some() => {
            format!("Later, {}, the server answered ", asked(verb))
        }
        (Some(_), _) => "The server answered ".to_owned(),
        (None, Some(Stage::Greeting)) => "The server's first words were ".to_owned(),
        (None, Some(Stage::Tls)) => "The server answered in plain text: ".to_owned(),
        (None, _) => "Without a question from the client, the server said ".to_owned(),
    };
    paragraph.sentence(leads).shown(evidence::reply(answer)).own(".");
}

fn ended(end: End) -> String {
    match end {
        End::Closed(Side::Both) => "Both sides closed the connection.".to_owned(),
        End::Closed(by) => format!("The {} closed the connection.", side(by)),
        End::Reset(by) => format!("The {} broke off the connection.", side(by)),
        End::Silence(quiet_ns) => format!("Nothing more came for {}.", span(quiet_ns)),
        End::Capture => "The recording ends here.".to_owned(),
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
        Side::Both => "two sides",
    }
}
