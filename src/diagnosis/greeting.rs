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
    title: "the mail server accepts the connection but sends no greeting",
    reference: "RFC 5321 3.1; Microsoft Q182821",
    remedy: "Check the receiving service: it accepts connections but does not answer them. Common reasons are a limit on connections, a blocked DNS lookup of the client's address, or a firewall that answers for the server.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/no-greeting.md"),
    check: |facts| {
        if !facts.is_server_silent() || facts.transcript.tls.is_seen() {
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
        let evidence = vec![opened, facts.ended(EvidenceKind::Ended)];
        if facts.session.server.port() == IMPLICIT_TLS_PORT {
            let finding = Finding::new(Fault::Client, Confidence::Probable, evidence);
            return Some(Finding { remedy: Some(BEGIN_TLS), ..finding });
        }
        Some(Finding::new(Fault::Server, Confidence::Certain, evidence))
    },
};

/// Where the client has to begin TLS before anybody speaks (RFC 8314 3.3).
const IMPLICIT_TLS_PORT: u16 = 465;

const BEGIN_TLS: &str = "On port 465 the client must start TLS first, but this client waited for a greeting. Set the client to use TLS from the start of the connection (often called SSL), or to use port 587 with STARTTLS.";

/// The greeting is no 220.
pub(super) const REFUSED: Rule = Rule {
    code: "greeting-refused",
    stage: Stage::Greeting,
    title: "the mail server refuses the client in its greeting",
    reference: "RFC 5321 3.1, 4.3.2",
    remedy: "The server refused this client before the client sent anything. Read the text of the greeting. Then check the server for a block list, a limit on connections, or a service that is stopping.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/greeting-refused.md"),
    check: |facts| {
        let greeting = facts.transcript.greeting().filter(|greeting| greeting.is_refusal())?;
        // To a ClientHello a plain server has nothing else to say.
        if facts.transcript.tls.client_hello.as_ref().is_some_and(|hello| hello.moment.frame < greeting.moment.frame) {
            return None;
        }
        let finding = Finding::new(Fault::Server, Confidence::Certain, vec![Evidence::reply(greeting, None)]);
        Some(facts.because(finding, &Refused::new(greeting, None)))
    },
};

pub(super) const NOT_SMTP_TITLE: &str = "the connection does not use SMTP";

/// The client said hello to another service.
pub(super) const NOT_SMTP: Rule = Rule {
    code: "not-smtp",
    stage: Stage::Greeting,
    title: NOT_SMTP_TITLE,
    reference: "RFC 5321 3.1",
    remedy: "Another service answers on the mail server's port. Find out which program listens there, and check the address and port in the client's settings.",
    faults: &[Fault::Server],
    page: include_str!("pages/not-smtp.md"),
    check: |facts| {
        let spoken = facts.transcript.server_protocol?;
        let hello = facts.transcript.hellos.first()?;
        let (side, name) = (Side::Server, spoken.name);
        let evidence = vec![
            Evidence::new(spoken.moment, EvidenceKind::OtherProtocol(side, name)),
            Evidence::command(facts.command(hello)?),
            facts.ended(EvidenceKind::Ended),
        ];
        Some(Finding { hello: Some(0), ..Finding::new(Fault::Server, facts.confidence(), evidence) })
    },
};
