//! One session as a row.

use super::cell::{HelloText, Part};
use crate::diagnosis::{Confidence, Diagnosis, Fault, Outcome};
use crate::report::digest::{Digest, ShownHello};
use crate::report::{background, escape, recovery, words};
use crate::session::Session;
use crate::time::Zone;

/// The cells of one session.
#[derive(Debug)]
pub(super) struct TableRow {
    /// Its number in its capture, and with that of the capture before it: `3`, `2.3`.
    pub(super) number: Part,
    pub(super) number_in_run: Part,
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

impl TableRow {
    /// The row, its time in `zone`; `names_outcome` where rows of lost sessions stand among others.
    pub(super) fn new(digest: &Digest<'_>, names_outcome: bool, zone: &Zone) -> Self {
        let Digest { session, diagnosis, .. } = *digest;
        let opened = session.first.time;
        Self {
            number: Part::Solid(session.number.to_string()),
            number_in_run: Part::Solid(digest.number_in_run()),
            frames: frames(session, diagnosis),
            time: vec![Part::Solid(words::date(opened, zone)), Part::Solid(words::time_of_day(opened, zone))],
            client: client(session),
            server: server(digest),
            hello: digest.hello.iter().map(hello_part).collect(),
            reply: vec![Part::Words(digest.answer())],
            verdict: verdict(session, diagnosis, names_outcome),
            outcome: diagnosis.outcome,
            fault: diagnosis.fault,
        }
    }
}

/// Octets kept of an argument on either side of its fault.
const SHOWN_OCTETS: usize = 120;
/// Evidence frames named in a cell.
const SHOWN_FRAMES: usize = 4;

fn frames(session: &Session, diagnosis: &Diagnosis) -> Vec<Part> {
    let (first, last) = (session.first.frame, session.last.frame);
    let all = if first == last { format!("frame {first}") } else { format!("frames {first}-{last}") };
    let mut evidence: Vec<u64> = diagnosis.evidence.iter().map(|evidence| evidence.frame).collect();
    evidence.dedup();
    let named: Vec<String> = evidence.iter().take(SHOWN_FRAMES).map(u64::to_string).collect();
    let mut parts = vec![Part::Words(all)];
    if diagnosis.outcome == Outcome::Lost && !named.is_empty() {
        parts.push(Part::Words(format!("see {}", named.join(", "))));
    }
    parts
}

/// The client, and behind a proxy both.
fn client(session: &Session) -> Vec<Part> {
    let proxied = session.proxied_client().map(|client| Part::Words(format!("for {}", background::end(client))));
    [Part::Solid(session.client.to_string())].into_iter().chain(proxied).collect()
}

fn server(digest: &Digest<'_>) -> Vec<Part> {
    let session = digest.session;
    let greeted = session.transcript.greeting().map(|_| "unknown product");
    let product = digest.product().or(greeted).map(|name| Part::words(name.as_bytes()));
    let found_by = background::found_by(session).map(|lookup| Part::Words(format!("by {lookup}")));
    let tls = background::tls(session).map(Part::Words);
    [Part::Solid(session.server.to_string())].into_iter().chain(product).chain(found_by).chain(tls).collect()
}

fn hello_part(hello: &ShownHello<'_>) -> Part {
    let first = hello.check.problems.first();
    // The start of a very long argument is passed over, its fault never is.
    let offset = first.map_or(0, |problem| problem.offset);
    let from = offset.saturating_sub(SHOWN_OCTETS);
    let argument = hello.argument.iter().skip(from).take(2 * SHOWN_OCTETS).copied().collect();
    let fault = first.map(|_| (offset - from, escape::text(hello.problems().as_bytes())));
    Part::Hello(HelloText { verb: hello.command.verb_name(), argument, fault })
}

fn verdict(session: &Session, diagnosis: &Diagnosis, names_outcome: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    if names_outcome {
        parts.push(Part::Words(diagnosis.outcome.code().to_owned()));
    }
    parts.extend(diagnosis.cause.map(|rule| Part::Solid(rule.code.to_owned())));
    parts.extend(diagnosis.reason.map(|reason| Part::Solid(reason.code.to_owned())));
    parts.extend(diagnosis.fault.map(|fault| to_do(fault, diagnosis.suggestion.as_deref())));
    if diagnosis.confidence == Some(Confidence::Probable) {
        parts.push(Part::Words("(probable)".to_owned()));
    }
    if let Some(number) = diagnosis.delivered_later {
        parts.push(Part::Words(format!("delivered later: session {number}")));
    }
    parts.extend(recovery::text(session, diagnosis).map(Part::Words));
    parts
}

/// Who has to change something, and to what where that can be said in a word.
fn to_do(fault: Fault, suggestion: Option<&str>) -> Part {
    match suggestion {
        Some(name) => Part::Words(format!("{}: send {}", fault.code(), escape::text(name.as_bytes()))),
        None => Part::Words(format!("fix: {}", fault.code())),
    }
}
