//! Sessions that broke off with nothing refused: who did it is the evidence.

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::Verb;

/// A RST ended the session.
pub(super) const RESET: Rule = Rule {
    code: "connection-reset",
    stage: Stage::Breaking,
    title: "the connection was reset",
    reference: "RFC 9293 3.5.2",
    remedy: "Check the side that sent the RST. A firewall or proxy between the two hosts may also have sent it in that side's name.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/connection-reset.md"),
    check: |facts| match facts.ending {
        Ending::Reset { .. } if facts.client_gave_up_after().is_some() => None,
        Ending::Reset { by_server } => broken_by(facts, by_server),
        _ => None,
    },
};

/// A FIN ended the session.
pub(super) const CLOSED: Rule = Rule {
    code: "connection-closed",
    stage: Stage::Breaking,
    title: "the connection was closed before the mail was sent",
    reference: "RFC 5321 3.8, 4.1.1.10",
    remedy: "Read the log of the side that closed the connection: it gave no reason in the dialogue.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/connection-closed.md"),
    check: |facts| match facts.ending {
        Ending::Closed { .. } if closing_reply(facts).is_some() || facts.client_gave_up_after().is_some() => None,
        Ending::Closed { by_server } => broken_by(facts, by_server),
        _ => None,
    },
};

/// Silence, or the server's 421, ended the session.
pub(super) const TIMED_OUT: Rule = Rule {
    code: "timed-out",
    stage: Stage::Breaking,
    title: "the session timed out",
    reference: "RFC 5321 4.5.3.2, 3.8",
    remedy: "Find the side that stopped answering. Its packets may also be lost on the way: check firewalls, and check for a part of the path with a smaller maximum packet size.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/timed-out.md"),
    check: |facts| {
        let reply = closing_reply(facts);
        let waited = facts.client_gave_up_after();
        let is_over = facts.ending == Ending::Silence || reply.is_some() || waited.is_some();
        if !is_over || facts.malformed_hello_adrift().is_some() {
            return None;
        }
        let waits_for_server = facts.unanswered(|verb| verb != Verb::Quit).is_some();
        let fault = if waits_for_server { Fault::Server } else { Fault::Client };
        let mut finding = broken(facts, fault, true)?;
        finding.evidence.splice(0..0, reply);
        if let (Some(waited_ns), Some(sent)) = (waited, facts.unanswered(|_| true)) {
            finding.evidence.push(Evidence::new(sent, EvidenceKind::Awaited(waited_ns)));
        }
        Some(finding)
    },
};

/// The server's 421 that answers no command: it stops waiting for one.
fn closing_reply(facts: &Facts<'_>) -> Option<Evidence> {
    let mut exchanges = facts.transcript.exchanges.iter().rev();
    let last =
        exchanges.find_map(|exchange| if exchange.command.is_none() { exchange.reply.as_ref() } else { None })?;
    (last.code == 421).then(|| Evidence::reply(last, None))
}

/// A session that one side ended.
fn broken_by(facts: &Facts<'_>, by_server: bool) -> Option<Finding> {
    broken(facts, if by_server { Fault::Server } else { Fault::Client }, by_server)
}

/// A session that was on its way to deliver: `by_server` widens that to any that had said hello.
fn broken(facts: &Facts<'_>, fault: Fault, by_server: bool) -> Option<Finding> {
    let transcript = facts.transcript;
    let is_waiting = facts.unanswered(|verb| verb != Verb::Quit).is_some();
    let is_quit = transcript.quit.is_some() && !is_waiting;
    let in_transaction = transcript.is_mail_open || transcript.is_data_open || is_waiting;
    let has_begun = by_server && (!transcript.hellos.is_empty() || transcript.mail.tried > 0);
    if is_quit || !(in_transaction || has_begun) {
        return None;
    }
    let mut evidence = Vec::new();
    if let Some((verb, sent)) = transcript.unanswered {
        evidence.push(Evidence::new(sent, EvidenceKind::NoReply(verb)));
    } else if transcript.is_data_open {
        evidence.push(Evidence::new(facts.session.last, EvidenceKind::InData));
    } else if transcript.is_mail_open {
        evidence.push(Evidence::new(facts.session.last, EvidenceKind::InTransaction));
    }
    evidence.push(facts.ended(EvidenceKind::Ended));
    Some(Finding::new(fault, Confidence::Probable, evidence))
}
