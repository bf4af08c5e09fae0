//! A device between client and server that rewrites the hello.

use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::{Reply, Verb};

/// A middlebox overwrote EHLO, or masked the greeting, and the hello was refused.
pub(super) const RULE: Rule = Rule {
    code: "ehlo-mangled",
    stage: Stage::Hello,
    title: "a device on the way mangles the dialogue",
    reference: "Microsoft Q295725, Q320027",
    remedy: "Switch off the SMTP inspection of the firewall in between (on Cisco PIX and ASA: `no fixup protocol smtp`, or `no inspect esmtp`).",
    faults: &[Fault::Network],
    page: PAGE,
    check: |facts| {
        if facts.is_any_hello_accepted() {
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

const PAGE: &str = r#"A firewall between client and server rewrites the dialogue, and the server
refuses a hello that nobody sent.

**In the capture.** On the server's side of the firewall the client's line has the verb `XXXX` in the place of EHLO,
followed by the right argument, and the server answers 500. On the client's side EHLO is sent as it should be, the 220
is masked with asterisks (`220 ****2***0***`), and the reply to EHLO is a 5xx, sometimes with `XXXX` in its text.

**Why.** SMTP inspection of Cisco PIX and ASA (Mailguard) lets pass only the commands it knows and overwrites the
others in place with X, so that lengths stay. It hides the greeting so that nobody sees the product. EHLO is meant to
be answered with an error so that the client falls back to HELO; a client that does not is lost. A service extension
can vanish in the same way (`250-XXXXXXXA` for STARTTLS).

**What to do.** On the network: switch the inspection off (`no fixup protocol smtp` on PIX, `no inspect esmtp` on
ASA). Neither mail server is at fault. Where the firewall is out of reach, let the client use HELO for this
destination.

**Told apart.** It comes before `ehlo-argument`, for the server refused another line than the client's, and before
`ehlo-unsupported`, whose 500 looks the same but has neither mask nor `XXXX`. If a hello (mostly HELO) was accepted,
this is not the cause.

```text
4  S: 220 ************************************2******200**
5  C: EHLO sub2.example.com
6  S: 500 Syntax error, command "XXXX sub2.example.com" unrecognized
```

Samples: `samples/ehlo-mangled.pcap`, `samples/ehlo-mangled-inside.pcap`. Microsoft Q295725, Q320027; RFC 5321 4.1.4
has the codes a refused EHLO may get."#;
