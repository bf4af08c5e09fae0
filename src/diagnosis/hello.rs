//! Hellos that are well-formed and got nowhere all the same.

use super::facts::{Ending, Facts};
use super::reasons::Refused;
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::{Hello, Verb};

/// Every hello was refused though its argument is well-formed.
pub(super) const POLICY: Rule = Rule {
    code: "ehlo-policy",
    stage: Stage::Hello,
    title: "the server refuses a well-formed name by its own rules",
    reference: "RFC 5321 4.1.4; RFC 7372",
    remedy: "The name is well-formed, but the server's rules refuse it. The rules may ask for a fully qualified name, a name that DNS has, or a name that matches the client's address; or the client sent the server's own name. Change the sending server's name or its DNS entry. Or at the server: make an exception for this client.",
    faults: &[Fault::Client, Fault::Server],
    page: include_str!("pages/ehlo-policy.md"),
    check: |facts| {
        deferred(facts).or_else(|| {
            let (hello, is_unsupported) = all_refused(facts)?;
            if is_unsupported {
                return None;
            }
            let refused = Refused::new(facts.reply(hello)?, Some(Verb::Ehlo));
            Some(facts.because(policy(facts, hello, facts.hello_reply(hello)?)?, &refused))
        })
    },
};

/// The server does not know EHLO.
pub(super) const UNSUPPORTED: Rule = Rule {
    code: "ehlo-unsupported",
    stage: Stage::Hello,
    title: "the server does not know EHLO, and HELO did not work either",
    reference: "RFC 5321 3.2, 4.1.4",
    remedy: "The server does not know EHLO, or a firewall in front of it blocks EHLO. Configure the sending server to use HELO for this destination, or replace the receiving service.",
    faults: &[Fault::Server],
    page: include_str!("pages/ehlo-unsupported.md"),
    check: |facts| {
        let (hello, is_unsupported) = all_refused(facts)?;
        is_unsupported.then_some(())?;
        finding(facts, hello, facts.confidence(), facts.hello_reply(hello)?)
    },
};

/// The server closed, reset, or fell silent after a well-formed hello.
pub(super) const UNANSWERED: Rule = Rule {
    code: "ehlo-unanswered",
    stage: Stage::Hello,
    title: "the server does not answer the hello",
    reference: "RFC 5321 4.5.3.2",
    remedy: "Check the receiving service: it did not reply to the hello. Common reasons are a blocked DNS lookup of the client's name, a process that crashed, or a proxy between the two hosts.",
    faults: &[Fault::Server],
    page: include_str!("pages/ehlo-unanswered.md"),
    check: |facts| {
        let sent = facts.unanswered(Verb::is_hello)?;
        if facts.is_past_hello() || facts.is_answered_in_tls() {
            return None;
        }
        let waited = facts.client_gave_up_after();
        let hello = facts.transcript.hellos.last().filter(|hello| hello.check.is_well_formed())?;
        match facts.ending {
            Ending::Closed { by_server: true } | Ending::Reset { by_server: true }
                if facts.closer_had_received(hello) => {}
            Ending::Silence => {}
            _ if waited.is_some() => {}
            _ => return None,
        }
        let mut finding = finding(facts, hello, Confidence::Probable, facts.ended(EvidenceKind::HelloUnanswered))?;
        let awaited = waited.map(|waited_ns| Evidence::new(sent, EvidenceKind::Awaited(waited_ns)));
        finding.evidence.extend(awaited);
        Some(finding)
    },
};

/// The hello was accepted, and held against the client at MAIL or RCPT.
fn deferred(facts: &Facts<'_>) -> Option<Finding> {
    let (refusal, in_force) = facts.transcript.refusal_naming_hello.as_ref()?;
    let hello = facts.transcript.hellos.get((*in_force)?)?;
    let finding = policy(facts, hello, facts.refusal(refusal))?;
    Some(facts.because(finding, &facts.said(refusal, Verb::Ehlo)))
}

/// The client can change its name at once, the server's rule is somebody else's.
fn policy(facts: &Facts<'_>, hello: &Hello, shown: Evidence) -> Option<Finding> {
    Some(Finding { fault: Fault::Client, ..finding(facts, hello, facts.confidence(), shown)? })
}

/// The last refused hello where every one that was answered was refused, and whether only for being unknown.
fn all_refused<'s>(facts: &Facts<'s>) -> Option<(&'s Hello, bool)> {
    if facts.is_past_hello() || facts.is_hello_undecided() {
        return None;
    }
    let refused = || facts.transcript.hellos.iter().filter(|hello| facts.is_refused(hello));
    let is_unsupported = refused()
        .all(|hello| facts.reply(hello).is_some_and(|reply| matches!(reply.code, 500 | 502) && !reply.names_hello()));
    refused().next_back().map(|hello| (hello, is_unsupported))
}

fn finding(facts: &Facts<'_>, hello: &Hello, confidence: Confidence, shown: Evidence) -> Option<Finding> {
    let evidence = vec![Evidence::command(facts.command(hello)?), shown];
    Some(Finding { hello: facts.index(hello), ..Finding::new(Fault::Server, confidence, evidence) })
}
