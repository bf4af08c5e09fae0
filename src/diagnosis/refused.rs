//! Mail transactions the server refused.

use super::Evidence;
use super::facts::Facts;
use super::rules::{Fault, Finding, Rule};
use crate::smtp::Tally;

/// MAIL was refused.
pub(super) const SENDER: Rule = Rule {
    code: "sender-refused",
    title: "the server refuses the sender",
    reference: "RFC 5321 3.3, 4.1.1.2",
    remedy: "The reply says why: an address or domain that is blocked or does not resolve, a size over the limit, authentication or TLS that is required first.",
    check: |facts| finding(facts, &facts.transcript.mail, "MAIL"),
};

/// Every RCPT was refused.
pub(super) const RECIPIENTS: Rule = Rule {
    code: "recipients-refused",
    title: "the server refuses every recipient",
    reference: "RFC 5321 3.3, 4.1.1.3",
    remedy: "The reply says why: a mailbox that does not exist, relaying that is denied, greylisting (try again), or a block list.",
    check: |facts| finding(facts, &facts.transcript.rcpt, "RCPT"),
};

/// DATA, BDAT or the end of the message was refused.
pub(super) const MESSAGE: Rule = Rule {
    code: "message-refused",
    title: "the server refuses the message",
    reference: "RFC 5321 4.1.1.4; RFC 3030",
    remedy: "The reply says why: a size over the limit, a content filter, a full disk, or a policy on the message's headers.",
    check: |facts| {
        let message = &facts.transcript.message;
        let refusal = message.last_refusal.as_ref().filter(|_| message.is_last_refused)?;
        let evidence = vec![Evidence::new(refusal.command, "client sends the message"), Evidence::refusal(refusal)];
        Some(Finding::new(Fault::Server, facts.confidence(), evidence))
    },
};

fn finding(facts: &Facts<'_>, tally: &Tally, verb: &str) -> Option<Finding> {
    let refusal = tally.last_refusal.as_ref().filter(|_| tally.is_only_refused())?;
    let sent = match tally.refused {
        1 => format!("client sent {verb}"),
        refused => format!("client sent {verb}, the last of {refused} that were refused"),
    };
    let evidence = vec![Evidence::new(refusal.command, sent), Evidence::refusal(refusal)];
    Some(Finding::new(Fault::Server, facts.confidence(), evidence))
}
