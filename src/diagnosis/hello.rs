//! Hellos that are well-formed and got nowhere all the same.

use super::evidence::shown;
use super::facts::{Ending, Facts, seconds};
use super::rules::{Fault, Finding, Rule};
use super::{Confidence, Evidence};
use crate::smtp::{Hello, Verb};

/// Every hello was refused though its argument is well-formed.
pub(super) const POLICY: Rule = Rule {
    code: "ehlo-policy",
    title: "the server's rules refuse a well-formed name",
    reference: "RFC 5321 4.1.4; RFC 7372",
    remedy: "The name is well-formed; the server wants another: a fully qualified one, one that resolves, one that fits the client's address, or not its own. Change the sending server's name or its DNS entry, or ask the receiving side for an exception.",
    check: |facts| {
        deferred(facts).or_else(|| {
            let (hello, is_unsupported) = all_refused(facts)?;
            if is_unsupported {
                None
            } else {
                Some(Finding::new(Fault::Server, facts.confidence(), refusal(facts, hello)?))
            }
        })
    },
};

/// The server does not know EHLO.
pub(super) const UNSUPPORTED: Rule = Rule {
    code: "ehlo-unsupported",
    title: "the server does not know EHLO, and the client did not get on with HELO",
    reference: "RFC 5321 3.2, 4.1.4",
    remedy: "The server knows no EHLO, or a firewall before it allows none. Configure the sending server to fall back to HELO for this destination, or replace the receiving service.",
    check: |facts| {
        let (hello, is_unsupported) = all_refused(facts)?;
        is_unsupported.then_some(())?;
        Some(Finding::new(Fault::Server, facts.confidence(), refusal(facts, hello)?))
    },
};

/// The server closed, reset, or fell silent after a well-formed hello.
pub(super) const UNANSWERED: Rule = Rule {
    code: "ehlo-unanswered",
    title: "the server does not answer the hello",
    reference: "RFC 5321 4.5.3.2",
    remedy: "Look at the receiving service: it read the hello and gave no reply. A blocked look-up of the client's name, a crashed process, or a proxy in between does this.",
    check: |facts| {
        let sent = facts.unanswered(Verb::is_hello)?;
        if facts.is_any_hello_accepted() {
            return None;
        }
        let waited = facts.client_gave_up_after();
        match facts.ending {
            Ending::Closed { by_server: true } | Ending::Reset { by_server: true } | Ending::Silence => {}
            _ if waited.is_some() => {}
            _ => return None,
        }
        let hello = facts.transcript.hellos.last()?;
        let asked = Evidence::new(sent, format!("client sent {}", shown(&facts.command(hello)?.line)));
        let ending = facts.ending_evidence();
        let text = format!("no reply; {}", ending.text);
        let mut evidence = vec![asked, Evidence { text, ..ending }];
        if let Some(waited) = waited {
            evidence.push(Evidence::new(sent, format!("the reply was awaited for {}", seconds(waited))));
        }
        Some(Finding::new(Fault::Server, Confidence::Probable, evidence))
    },
};

/// The hello was accepted, and held against the client at MAIL or RCPT.
fn deferred(facts: &Facts<'_>) -> Option<Finding> {
    let (refusal, in_force) = facts.transcript.refusal_naming_hello.as_ref()?;
    let hello = facts.transcript.hellos.get((*in_force)?)?;
    let evidence = vec![Evidence::command(facts.command(hello)?), Evidence::refusal(refusal)];
    Some(Finding::new(Fault::Server, facts.confidence(), evidence))
}

/// The last refused hello where every one that was answered was refused, and whether only for being unknown.
fn all_refused<'s>(facts: &Facts<'s>) -> Option<(&'s Hello, bool)> {
    if facts.is_any_hello_accepted() {
        return None;
    }
    let refused = || facts.transcript.hellos.iter().filter(|hello| facts.is_refused(hello));
    let is_unsupported = refused()
        .all(|hello| facts.reply(hello).is_some_and(|reply| matches!(reply.code, 500 | 502) && !reply.names_hello()));
    refused().next_back().map(|hello| (hello, is_unsupported))
}

fn refusal(facts: &Facts<'_>, hello: &Hello) -> Option<Vec<Evidence>> {
    Some(vec![Evidence::command(facts.command(hello)?), Evidence::reply(facts.reply(hello)?)])
}
