//! Connections on which the server did not greet, or greeted with a refusal.

use super::facts::Ending;
use super::reasons::Refused;
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::flow::Side;

/// The handshake worked, and not one octet came from the server.
pub(super) const NO_GREETING: Rule = Rule {
    code: "no-greeting",
    stage: Stage::Greeting,
    title: "the mail server accepts the connection and never greets",
    reference: "RFC 5321 3.1; Microsoft Q182821",
    remedy: "Look at the receiving service: it accepts connections but does not answer them. A limit on connections, a blocked name look-up of the client's address, or a firewall that answers in the server's place does this.",
    faults: &[Fault::Server],
    page: include_str!("pages/no-greeting.md"),
    check: |facts| {
        if !facts.is_server_silent() {
            return None;
        }
        let opened = Evidence::new(facts.session.handshake.ack?, EvidenceKind::NoGreeting);
        let has_waited = match facts.session.close.by {
            Some(Side::Client) => facts.has_waited_for_greeting() == Some(true),
            _ => facts.ending != Ending::CaptureEnded,
        };
        if !has_waited {
            return None;
        }
        Some(Finding::new(Fault::Server, Confidence::Certain, vec![opened, facts.ended(EvidenceKind::Ended)]))
    },
};

/// The greeting is no 220.
pub(super) const REFUSED: Rule = Rule {
    code: "greeting-refused",
    stage: Stage::Greeting,
    title: "the mail server refuses the client in its greeting",
    reference: "RFC 5321 3.1, 4.3.2",
    remedy: "The server turns this client away before it has said anything: look there for a block list, a limit on connections, or a service that is stopping. The greeting's text says which.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/greeting-refused.md"),
    check: |facts| {
        let greeting = facts.transcript.greeting().filter(|greeting| greeting.is_refusal())?;
        let finding = Finding::new(Fault::Server, Confidence::Certain, vec![Evidence::reply(greeting, None)]);
        Some(finding.because(Refused::new(greeting, None).reason()))
    },
};
