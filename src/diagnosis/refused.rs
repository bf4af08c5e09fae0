//! Mail transactions the server refused.

use super::facts::Facts;
use super::rules::{Fault, Finding, Rule, Stage};
use crate::smtp::{Tally, Verb};

/// MAIL was refused, or every RCPT with a reply that names the sender: many servers check the sender only there.
pub(super) const SENDER: Rule = Rule {
    code: "sender-refused",
    stage: Stage::Transaction,
    title: "the server refuses the sender",
    reference: "RFC 5321 3.3, 4.1.1.2",
    remedy: "Read the text of the reply. Common reasons: the address or domain is blocked, DNS does not have the domain, the message is too large, or the server requires authentication or TLS first.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/sender-refused.md"),
    check: |facts| {
        only_refused(facts, &facts.transcript.mail, Verb::Mail).or_else(|| {
            let refusal = facts.transcript.rcpt.last_refusal.as_ref()?;
            let names_sender = facts.said(refusal, Verb::Rcpt).names_sender();
            if names_sender { only_refused(facts, &facts.transcript.rcpt, Verb::Rcpt) } else { None }
        })
    },
};

/// Every RCPT was refused.
pub(super) const RECIPIENTS: Rule = Rule {
    code: "recipients-refused",
    stage: Stage::Transaction,
    title: "the server refuses all recipients",
    reference: "RFC 5321 3.3, 4.1.1.3",
    remedy: "Read the text of the reply. Common reasons: the mailbox does not exist, the server does not relay for this client, greylisting (try again), or a block list.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/recipients-refused.md"),
    check: |facts| only_refused(facts, &facts.transcript.rcpt, Verb::Rcpt),
};

/// DATA, BDAT or the end of the message was refused.
pub(super) const MESSAGE: Rule = Rule {
    code: "message-refused",
    stage: Stage::Transaction,
    title: "the server refuses the message",
    reference: "RFC 5321 4.1.1.4; RFC 3030",
    remedy: "Read the text of the reply. Common reasons: the message is too large, a content filter refused it, the disk is full, or a rule refused the message's headers.",
    faults: &[Fault::Server, Fault::Client],
    page: include_str!("pages/message-refused.md"),
    check: |facts| {
        let message = &facts.transcript.message;
        facts.refused(Fault::Server, Verb::Data, message, message.is_last_refused)
    },
};

fn only_refused(facts: &Facts<'_>, tally: &Tally, verb: Verb) -> Option<Finding> {
    facts.refused(Fault::Server, verb, tally, tally.is_only_refused())
}
