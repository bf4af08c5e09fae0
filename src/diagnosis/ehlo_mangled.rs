//! A device between client and server that rewrites the hello.

use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::{Reply, Verb};

/// A middlebox overwrote EHLO, or masked the greeting, and the hello was refused.
pub(super) const RULE: Rule = Rule {
    code: "ehlo-mangled",
    stage: Stage::Hello,
    title: "a firewall or other device changes the SMTP dialogue",
    reference: "Microsoft Q295725, Q320027",
    remedy: "Switch off SMTP inspection on the firewall between the two hosts (on Cisco PIX and ASA: `no fixup protocol smtp`, or `no inspect esmtp`).",
    faults: &[Fault::Network],
    page: include_str!("pages/ehlo-mangled.md"),
    check: |facts| {
        if facts.is_past_hello() {
            return None;
        }
        let transcript = facts.transcript;
        let mangled = transcript.exchanges.iter().find_map(|exchange| {
            let command = exchange.command.as_ref().filter(|command| command.verb == Verb::Mangled)?;
            let reply = exchange.reply.as_ref().filter(|reply| reply.code / 100 == 5)?;
            Some((None, vec![Evidence::command(command), Evidence::reply(reply, Some(command.verb))]))
        });
        let masked = || {
            let greeting = transcript.greeting().filter(|_| facts.session.product.masked)?;
            let hello = transcript.hellos.iter().find(|hello| facts.is_refused(hello))?;
            let masked = Evidence::new(greeting.moment, EvidenceKind::MaskedGreeting);
            let refused = Evidence::command(facts.command(hello)?);
            Some((facts.index(hello), vec![masked, refused, facts.hello_reply(hello)?]))
        };
        let (hello, evidence) = mangled.or_else(masked)?;
        Some(Finding { hello, ..Finding::new(Fault::Network, certainty(transcript.greeting()), evidence) })
    },
};

/// With the greeting in sight there is no doubt who spoke.
const fn certainty(greeting: Option<&Reply>) -> Confidence {
    if greeting.is_some() { Confidence::Certain } else { Confidence::Probable }
}
