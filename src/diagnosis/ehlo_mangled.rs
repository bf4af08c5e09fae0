//! A device between client and server that rewrites the hello.

use super::rules::{Fault, Finding, Rule};
use super::{Confidence, Evidence};
use crate::smtp::{Reply, Verb};

/// A middlebox overwrote EHLO, or masked the greeting, and the hello was refused.
pub(super) const RULE: Rule = Rule {
    code: "ehlo-mangled",
    title: "a device on the way mangles the dialogue",
    reference: "Microsoft Q295725, Q320027",
    remedy: "Switch off the SMTP inspection of the firewall in between (on Cisco PIX and ASA: `no fixup protocol smtp`, or `no inspect esmtp`).",
    check: |facts| {
        if facts.is_any_hello_accepted() {
            return None;
        }
        let transcript = facts.transcript;
        let mangled = transcript.exchanges.iter().find_map(|exchange| {
            let command = exchange.command.as_ref().filter(|command| command.verb == Verb::Mangled)?;
            let reply = exchange.reply.as_ref().filter(|reply| reply.code / 100 == 5)?;
            Some(vec![Evidence::command(command), Evidence::reply(reply)])
        });
        let masked = || {
            let greeting = transcript.greeting().filter(|_| facts.session.product.masked)?;
            let hello = transcript.hellos.iter().find(|hello| facts.is_refused(hello))?;
            let (command, reply) = (facts.command(hello)?, facts.reply(hello)?);
            let masked = Evidence::new(greeting.moment, "the greeting is masked with asterisks");
            Some(vec![masked, Evidence::command(command), Evidence::reply(reply)])
        };
        let evidence = mangled.or_else(masked)?;
        Some(Finding::new(Fault::Network, certainty(transcript.greeting()), evidence))
    },
};

/// With the greeting in sight there is no doubt who spoke.
const fn certainty(greeting: Option<&Reply>) -> Confidence {
    if greeting.is_some() { Confidence::Certain } else { Confidence::Probable }
}
