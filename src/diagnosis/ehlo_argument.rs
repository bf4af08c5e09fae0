//! The headline: a malformed argument of EHLO, HELO or LHLO (Microsoft KB 240832).

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::Hello;

/// A hello argument is malformed, no hello was accepted, and no message followed.
///
/// It shows in four ways: the server refuses the hello; closes without a word, as IIS and MCIS do; does not answer; or
/// accepts the hello and refuses MAIL or RCPT with a text that names it.
pub(super) const RULE: Rule = Rule {
    code: "ehlo-argument",
    stage: Stage::Argument,
    title: "the client greets with a malformed name",
    reference: "Microsoft KB 240832; RFC 5321 4.1.1.1, 4.1.2, 4.1.3",
    remedy: "Configure the sending server to send its host name only (`sub2`) or its fully qualified name (`sub2.your-company.com`), without a trailing dot; with no name, an address literal (`[192.0.2.7]`).",
    faults: &[Fault::Client],
    page: PAGE,
    check: |facts| deferred(facts).or_else(|| if facts.is_any_hello_accepted() { None } else { at_once(facts) }),
};

/// The hello was accepted, and held against the client at MAIL or RCPT.
fn deferred(facts: &Facts<'_>) -> Option<Finding> {
    let (refusal, in_force) = facts.transcript.refusal_naming_hello.as_ref()?;
    let hello = facts.transcript.hellos.get((*in_force)?)?;
    if hello.check.is_well_formed() {
        return None;
    }
    finding(facts, hello, facts.confidence(), vec![facts.refusal(refusal)])
}

/// No hello was accepted.
fn at_once(facts: &Facts<'_>) -> Option<Finding> {
    let refused = facts.malformed().find(|hello| facts.is_refused(hello));
    if facts.is_hello_undecided() {
        return None;
    }
    if let Some(hello) = refused {
        let evidence = vec![facts.hello_reply(hello)?, after_refusal(facts)];
        return finding(facts, hello, facts.confidence(), evidence);
    }
    let hello = facts.malformed().last()?;
    // A reply that has begun, of whatever kind, is no silence.
    if facts.reply(hello).is_some() {
        return None;
    }
    let went_unanswered = match facts.ending {
        Ending::Closed { by_server: true } | Ending::Reset { by_server: true } => facts.closer_had_received(hello),
        // Without the server's acknowledgement the hello may never have arrived.
        Ending::Closed { .. } | Ending::Reset { .. } | Ending::Silence => facts.session.server_acknowledged_all,
        Ending::CaptureEnded => false,
    };
    if !went_unanswered {
        return None;
    }
    finding(facts, hello, Confidence::Probable, vec![facts.ended(EvidenceKind::HelloIgnored)])
}

/// What the client did with the refusal.
fn after_refusal(facts: &Facts<'_>) -> Evidence {
    match facts.transcript.quit {
        Some(quit) => Evidence::new(quit, EvidenceKind::Quit),
        None => facts.ended(EvidenceKind::Ended),
    }
}

fn finding(facts: &Facts<'_>, hello: &Hello, confidence: Confidence, mut evidence: Vec<Evidence>) -> Option<Finding> {
    evidence.insert(0, Evidence::argument(facts.command(hello)?, hello, false));
    let finding = Finding::new(Fault::Client, confidence, evidence);
    Some(Finding { hello: facts.index(hello), suggestion: hello.check.suggestion.clone(), ..finding })
}

const PAGE: &str = r#"The client sends EHLO, HELO or LHLO with an argument that is neither a
host name nor an address literal, and no mail gets through: the case of Microsoft KB 240832.

**In the capture.** The greeting comes, the client sends its malformed hello (`EHLO sub2.`), and then one of four
things:

- *refused*: a 4xx or 5xx, then QUIT, a close, a reset or silence (certain);
- *closed*: the server's FIN or RST and no reply at all, the behaviour KB 240832 tells of IIS and MCIS (probable);
- *unanswered*: the server's TCP acknowledges the line, nothing comes back, and the client gives up (probable);
- *deferred*: 250 to the hello, then MAIL or RCPT is refused with a text that names HELO or EHLO, as Postfix does by
  default (certain).

**Why.** The name was set by hand with a final dot as in DNS, comes from a computer name that is no host name, or
could not be found out at all. RFC 5321 4.1.1.1 wants the fully qualified name or an address literal; 4.1.2 and 4.1.3
say what those look like. Servers differ in what they let pass, so the same client may get through elsewhere.

**What to do.** On the sending side, for it is at fault: configure it to send its host name only (`sub2`) or its fully
qualified name (`sub2.your-company.com`), with no dot at the end; with no name, an address literal (`[192.0.2.7]`).
`ehlotrace check` says what is wrong with an argument, octet by octet. The receiving side can only tolerate it.

**Told apart.** The server refused, but the argument is well-formed: `ehlo-policy`. A later hello of the same
connection was accepted: the session goes on, and is marked `recovered`. The server took the malformed hello and the
mail: `delivered`, with a warning. 500 or 502 to a malformed EHLO is still this cause, unless a device had mangled the
line (`ehlo-mangled`).

```text
4  S: 220-mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 -0400 Version: 5.5.1774.114.11
4  S: 220 ESMTP spoken here
5  C: EHLO sub2.
6  S: 501 Invalid Address
7  C: QUIT
```

Samples: `samples/kb240832-lost.pcap`, `samples/kb240832-closed.pcap`, `samples/deferred.pcap`,
`samples/unanswered.pcap`."#;
