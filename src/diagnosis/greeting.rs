//! Connections on which the server did not greet, or greeted with a refusal.

use super::facts::Ending;
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::flow::Side;

/// The handshake worked, and not one octet came from the server.
pub(super) const NO_GREETING: Rule = Rule {
    code: "no-greeting",
    stage: Stage::Greeting,
    title: "the mail server accepts the connection and never greets",
    reference: "RFC 5321 3.1; Microsoft Q182821",
    remedy: "Look at the receiving service: it accepts connections but does not answer them. A limit on connections, a blocked name look-up of the client's address, or a firewall that answers in the server's place does this.",
    faults: &[Fault::Server],
    page: NO_GREETING_PAGE,
    check: |facts| {
        if !facts.is_server_silent() {
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
        Some(Finding::new(Fault::Server, Confidence::Certain, vec![opened, facts.ended(EvidenceKind::Ended)]))
    },
};

/// The greeting is no 220.
pub(super) const REFUSED: Rule = Rule {
    code: "greeting-refused",
    stage: Stage::Greeting,
    title: "the mail server refuses the client in its greeting",
    reference: "RFC 5321 3.1, 4.3.2",
    remedy: "The server turns this client away before it has said anything: look there for a block list, a limit on connections, or a service that is stopping. The greeting's text says which.",
    faults: &[Fault::Server],
    page: REFUSED_PAGE,
    check: |facts| {
        let greeting = facts.transcript.greeting().filter(|greeting| greeting.is_refusal())?;
        Some(Finding::new(Fault::Server, Confidence::Certain, vec![Evidence::reply(greeting, None)]))
    },
};

const NO_GREETING_PAGE: &str = r#"The TCP connection works, and the server never says its 220.

**In the capture.** SYN, SYN-ACK, ACK, then not one octet from the server until either side ends the connection or the
capture shows that nothing more comes. The server's TCP may well acknowledge. A client that hangs up within a second
was a port scan and does not count.

**Why.** The kernel accepts connections on behalf of a service that is stuck, overloaded or over its limit of
connections. Servers that look up the client's name, or ask its ident service, before they greet, wait for a blocked
answer. A proxy or firewall may complete the handshake for a server that it cannot reach.

**What to do.** On the receiving side: look at the service's log and load at that time and at its look-ups of the
client's address. Connect from the server's own network: if it greets there, the device in between is at fault. RFC
5321 4.5.3.2.1 has the client wait 5 minutes for the greeting: a client that gives up sooner makes a slow server a
dead one.

**Told apart.** A greeting other than 220 is `greeting-refused`. If the capture has the client's frames only, the
outcome is `unknown`.

```text
1-3  SYN, SYN-ACK, ACK
4    client closes after 300 s
```

Sample: `samples/no-greeting.pcap`. RFC 5321 3.1; Microsoft Q182821 shows the frames of a connection that is greeted."#;

const REFUSED_PAGE: &str = r#"The server's first line is not 220 but a refusal: 421, 450, 554 or another
4xx or 5xx.

**In the capture.** The handshake, then the refusal as the first line of the server. RFC 5321 3.1 then has the server
wait for QUIT; many close at once. Whatever the client sends meanwhile, EHLO included, is mostly answered with a
refusal, so the hello says nothing.

**Why.** The server knows only the client's address at that point. 554 is a decision about it: a block list, missing
reverse DNS, no mail service for that network. 421 is about the server: too many connections, a restart, low disk
space.

**What to do.** Read the text, for it mostly says which. After 554: ask the receiving side, or have the address taken
off the list that is named. After 421: the client is to try again later; if it never gets through, the server's limits
are too low for it.

**Told apart.** It comes before all causes of the hello: a malformed EHLO sent into such a session is not what it was
lost to. No first line at all is `no-greeting`.

```text
4  S: 554 mx.example.org No SMTP service here for 192.0.2.10
5  C: QUIT
6  S: 221 2.0.0 mx.example.org closing
```

Sample: `samples/greeting-refused.pcap`. RFC 5321 3.1 and 4.3.2 have the codes."#;
