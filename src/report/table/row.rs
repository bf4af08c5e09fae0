//! One session as a row.

use super::cell::{HelloText, Part};
use crate::diagnosis::{Confidence, Diagnosis, Fault, Outcome};
use crate::flow::{CloseHow, Side};
use crate::report::{Show, background, escape, product_name, words};
use crate::session::Session;
use crate::smtp::ehlo::split_argument;
use crate::smtp::{Command, Hello, Reply};

/// The cells of one session.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) frames: Vec<Part>,
    pub(super) time: Vec<Part>,
    pub(super) client: Vec<Part>,
    pub(super) server: Vec<Part>,
    pub(super) hello: Vec<Part>,
    pub(super) reply: Vec<Part>,
    pub(super) verdict: Vec<Part>,
    pub(super) outcome: Outcome,
    pub(super) fault: Option<Fault>,
}

impl Row {
    pub(super) fn new(session: &Session, diagnosis: &Diagnosis, show: Show) -> Self {
        let hello = decisive_hello(session, diagnosis);
        let opened = session.first.time;
        Self {
            frames: frames(session, diagnosis),
            time: vec![Part::Solid(words::date(opened)), Part::Solid(words::time_of_day(opened))],
            client: vec![Part::Solid(session.client.to_string())],
            server: server(session),
            hello: hello.and_then(|hello| hello_part(session, hello)).into_iter().collect(),
            reply: vec![Part::Words(answer(session, diagnosis, hello))],
            verdict: verdict(diagnosis, hello, show),
            outcome: diagnosis.outcome,
            fault: diagnosis.fault,
        }
    }
}

/// Text longer than this shows no more in a cell.
const SHOWN_COLUMNS: usize = 240;
/// Octets kept of an argument on either side of its fault.
const SHOWN_OCTETS: usize = 120;
/// Evidence frames named in a cell.
const SHOWN_FRAMES: usize = 4;

fn frames(session: &Session, diagnosis: &Diagnosis) -> Vec<Part> {
    let (first, last) = (session.first.frame, session.last.frame);
    let all = if first == last { first.to_string() } else { format!("{first}-{last}") };
    let mut evidence: Vec<u64> = diagnosis.evidence.iter().map(|evidence| evidence.frame).collect();
    evidence.dedup();
    let named: Vec<String> = evidence.iter().take(SHOWN_FRAMES).map(u64::to_string).collect();
    let mut parts = vec![Part::Solid(all)];
    if diagnosis.outcome == Outcome::Lost && !named.is_empty() {
        parts.push(Part::Words(format!("see {}", named.join(", "))));
    }
    parts
}

fn server(session: &Session) -> Vec<Part> {
    let greeted = session.transcript.greeting().map(|_| "unknown product");
    let product = product_name(&session.product).or(greeted).map(|name| Part::words(name.as_bytes()));
    let found_by = background::found_by(session).map(|lookup| Part::Words(format!("by {lookup}")));
    let tls = background::tls(session).map(Part::Words);
    [Part::Solid(session.server.to_string())].into_iter().chain(product).chain(found_by).chain(tls).collect()
}

/// The hello the verdict is about: the one among the evidence, else a malformed one, else the last.
pub(in crate::report) fn decisive_hello<'s>(session: &'s Session, diagnosis: &Diagnosis) -> Option<&'s Hello> {
    let hellos = &session.transcript.hellos;
    let is_evidence = |hello: &&Hello| {
        let command = session.transcript.hello_command(hello);
        command.is_some_and(|command| diagnosis.evidence.iter().any(|shown| shown.frame == command.moment.frame))
    };
    hellos
        .iter()
        .find(is_evidence)
        .or_else(|| hellos.iter().find(|hello| !hello.check.is_well_formed()))
        .or_else(|| hellos.last())
}

fn hello_part(session: &Session, hello: &Hello) -> Option<Part> {
    let command = session.transcript.hello_command(hello)?;
    let argument = split_argument(command.after_verb()).octets;
    let first = hello.check.problems.first();
    // The start of a very long argument is passed over, its fault never is.
    let offset = first.map_or(0, |problem| problem.offset);
    let from = offset.saturating_sub(SHOWN_OCTETS);
    let kept = argument.iter().skip(from).take(2 * SHOWN_OCTETS).copied().collect();
    let fault = first.map(|_| {
        let messages: Vec<String> = hello.check.problems.iter().map(|problem| problem.message(argument)).collect();
        (offset - from, escape::text(messages.join(", ").as_bytes()))
    });
    Some(Part::Hello(HelloText { verb: command.verb_name(), argument: kept, fault }))
}

/// What the server said to the decisive command, or what happened instead.
pub(in crate::report) fn answer(session: &Session, diagnosis: &Diagnosis, hello: Option<&Hello>) -> String {
    if diagnosis.outcome == Outcome::Delivered {
        return format!("{} accepted", words::count(session.transcript.messages_accepted, "message"));
    }
    if diagnosis.outcome == Outcome::Lost
        && let Some((command, reply)) = decisive_refusal(session, diagnosis)
    {
        return shown_reply(command, reply);
    }
    if let Some(alert) =
        background::alert(session).filter(|_| diagnosis.cause.is_some_and(|rule| rule.code == "tls-failed"))
    {
        return alert;
    }
    let is_unanswered = hello.is_some_and(|hello| session.transcript.hello_reply(hello).is_none());
    let is_about_hello = diagnosis.cause.is_some_and(|rule| rule.code.starts_with("ehlo-"));
    if is_unanswered && is_about_hello {
        let ending = match (session.close.how, session.close.by) {
            (CloseHow::Fin | CloseHow::Rst, Some(Side::Client)) => "no reply, client gave up",
            (CloseHow::Fin, _) => "closed, no reply",
            (CloseHow::Rst, _) => "reset, no reply",
            _ => "no reply",
        };
        return ending.to_owned();
    }
    let shown: Vec<&str> = diagnosis.evidence.iter().map(|evidence| evidence.text.as_str()).collect();
    escape::cut(&escape::text(shown.join("; ").as_bytes()), SHOWN_COLUMNS)
}

fn decisive_refusal<'s>(session: &'s Session, diagnosis: &Diagnosis) -> Option<(Option<&'s Command>, &'s Reply)> {
    let is_decisive =
        |reply: &Reply| reply.is_refusal() && diagnosis.evidence.iter().any(|shown| shown.frame == reply.moment.frame);
    session.transcript.exchanges.iter().find_map(|exchange| {
        let reply = exchange.reply.as_ref().filter(|reply| is_decisive(reply))?;
        Some((exchange.command.as_ref(), reply))
    })
}

/// `501 Invalid Address`, with the command before it where the hello is not what was refused.
fn shown_reply(command: Option<&Command>, reply: &Reply) -> String {
    let command = command.filter(|command| !command.verb.is_hello());
    let to = command.map(|command| match command.verb_name().as_str() {
        "." => "end of data: ".to_owned(),
        verb => format!("{verb}: "),
    });
    let text = format!("{}{:03} {}", to.unwrap_or_default(), reply.code, escape::text(reply.first_line()));
    escape::cut(text.trim_end(), SHOWN_COLUMNS)
}

fn verdict(diagnosis: &Diagnosis, hello: Option<&Hello>, show: Show) -> Vec<Part> {
    let mut parts = Vec::new();
    if show == Show::All {
        parts.push(Part::Words(diagnosis.outcome.code().to_owned()));
    }
    if let Some(rule) = diagnosis.cause {
        parts.push(Part::Solid(rule.code.to_owned()));
        let suggestion = hello.and_then(|hello| hello.check.suggestion.as_deref());
        let suggestion = suggestion.filter(|_| rule.code == "ehlo-argument");
        parts.extend(diagnosis.fault.map(|fault| to_do(fault, suggestion)));
    }
    if diagnosis.confidence == Some(Confidence::Probable) {
        parts.push(Part::Words("(probable)".to_owned()));
    }
    if diagnosis.recovered {
        parts.push(Part::Words("recovered".to_owned()));
    }
    parts
}

/// Who has to change something, and to what where that can be said in a word.
fn to_do(fault: Fault, suggestion: Option<&str>) -> Part {
    match suggestion {
        Some(name) => Part::Words(format!("{}: send {}", fault.code(), escape::text(name.as_bytes()))),
        None => Part::Words(format!("fix: {}", fault.code())),
    }
}
