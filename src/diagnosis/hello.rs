//! Hellos that are well-formed and got nowhere all the same.

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::{Hello, Verb};

/// Every hello was refused though its argument is well-formed.
pub(super) const POLICY: Rule = Rule {
    code: "ehlo-policy",
    stage: Stage::Hello,
    title: "the server's rules refuse a well-formed name",
    reference: "RFC 5321 4.1.4; RFC 7372",
    remedy: "The name is well-formed; the server wants another: a fully qualified one, one that resolves, one that fits the client's address, or not its own. Change the sending server's name or its DNS entry, or ask the receiving side for an exception.",
    faults: &[Fault::Server],
    page: POLICY_PAGE,
    check: |facts| {
        deferred(facts).or_else(|| {
            let (hello, is_unsupported) = all_refused(facts)?;
            if is_unsupported { None } else { finding(facts, hello, facts.confidence(), facts.hello_reply(hello)?) }
        })
    },
};

/// The server does not know EHLO.
pub(super) const UNSUPPORTED: Rule = Rule {
    code: "ehlo-unsupported",
    stage: Stage::Hello,
    title: "the server does not know EHLO, and the client did not get on with HELO",
    reference: "RFC 5321 3.2, 4.1.4",
    remedy: "The server knows no EHLO, or a firewall before it allows none. Configure the sending server to fall back to HELO for this destination, or replace the receiving service.",
    faults: &[Fault::Server],
    page: UNSUPPORTED_PAGE,
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
    remedy: "Look at the receiving service: it read the hello and gave no reply. A blocked look-up of the client's name, a crashed process, or a proxy in between does this.",
    faults: &[Fault::Server],
    page: UNANSWERED_PAGE,
    check: |facts| {
        let sent = facts.unanswered(Verb::is_hello)?;
        if facts.is_any_hello_accepted() {
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
    finding(facts, hello, facts.confidence(), facts.refusal(refusal))
}

/// The last refused hello where every one that was answered was refused, and whether only for being unknown.
fn all_refused<'s>(facts: &Facts<'s>) -> Option<(&'s Hello, bool)> {
    if facts.is_any_hello_accepted() || facts.is_hello_undecided() {
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

const POLICY_PAGE: &str = r#"The hello is well-formed, and the server refuses it all the same, by a
rule of its own.

**In the capture.** Every hello of the connection gets a 4xx or 5xx, though nothing is wrong with its form. Or the
hello is accepted, and MAIL or RCPT is refused with a text that names HELO or EHLO.

**Why.** The server demands more than the grammar: a fully qualified name (`504 5.5.2 <relay7>: Helo command rejected:
need fully-qualified hostname`), a name that resolves (`450 4.7.1 ... Host not found`), one that fits the client's
address, not `localhost`, not the server's own name or address, a client with reverse DNS. RFC 5321 4.1.4 lets a
server check the name against the address and forbids it to refuse mail because that fails; many do.

**What to do.** On the sending side: set the fully qualified name and see that DNS has it, forwards and backwards. On
the receiving side: make an exception for this client, or drop the rule. Of the 4xx refusals some go away by
themselves: DNS may have been out of order.

**Told apart.** A malformed argument makes it `ehlo-argument`, even if the server's text speaks of its rules. 500 and
502 that do not speak of the name are `ehlo-unsupported`.

```text
5  C: EHLO relay7
6  S: 504 5.5.2 <relay7>: Helo command rejected: need fully-qualified hostname
7  C: HELO relay7
8  S: 504 5.5.2 <relay7>: Helo command rejected: need fully-qualified hostname
9  C: QUIT
```

Sample: `samples/ehlo-policy.pcap`. RFC 5321 2.3.5 and 4.1.4; RFC 7372 has status codes for failed checks of a name."#;

const UNSUPPORTED_PAGE: &str = r#"The server does not know EHLO, and the client did not get on with HELO.

**In the capture.** 500 or 502 to EHLO, in words that do not speak of the name (`500 Command unrecognized`). Then the
client quits, closes, or tries HELO and is refused again.

**Why.** Old servers and gateways speak SMTP without extensions (RFC 821). Some policy servers refuse EHLO on purpose
to keep extensions off. Some servers answer 500 to a line they cannot read, such as one with a tab after the verb.

**What to do.** On the receiving side: replace or reconfigure the service; RFC 5321 2.2.1 has every server know EHLO.
On the sending side: allow the fall back to HELO, which RFC 5321 3.2 asks of clients, for this destination.

**Told apart.** A client that has its HELO accepted is not lost to this. A masked greeting or `XXXX` is
`ehlo-mangled`; a malformed argument is `ehlo-argument`; other codes are `ehlo-policy`.

```text
4  S: 220 gw.example.org SMTP gateway ready
5  C: EHLO relay.example.com
6  S: 500 Command unrecognized
7  C: QUIT
```

Sample: `samples/ehlo-unsupported.pcap`. RFC 5321 3.2 and 4.1.4."#;

const UNANSWERED_PAGE: &str = r#"The server greets, gets a well-formed hello, and gives no reply.

**In the capture.** The 220, the hello, perhaps an ACK of the server's TCP, then the server's FIN or RST, or nothing,
until the client gives up. A client that hangs up in less than 30 seconds was not waiting, and does not count.

**Why.** The server looks up the client's name or address and its resolver does not answer; the process behind the
connection died; or a proxy has lost the server behind it. A hello whose line ends in a line feed alone (the note
`bare-lf`) can have this effect, too: the server is still waiting for its end.

**What to do.** On the receiving side: look at its log for that time and at its name look-ups. RFC 5321 4.5.3.2 has
clients wait 5 minutes for such replies; give a slow server that time.

**Told apart.** With a malformed argument the same silence is `ehlo-argument`. If the capture may have lost the reply,
the outcome is `unknown`. After an accepted hello, a session that breaks off is `connection-reset`,
`connection-closed` or `timed-out`.

```text
4  S: 220 mx.example.org ESMTP
5  C: EHLO relay.example.com
7  server resets the connection after 2.3 s
```

Sample: `samples/ehlo-unanswered.pcap`. RFC 5321 4.5.3.2."#;
