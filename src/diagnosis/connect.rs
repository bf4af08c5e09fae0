//! Connections that never came about.

use super::facts::Facts;
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::time::NANOS_PER_SEC;

/// A router or host answered the SYN with an ICMP error.
pub(super) const UNREACHABLE: Rule = Rule {
    code: "connect-unreachable",
    stage: Stage::Connecting,
    title: "the mail server cannot be reached",
    reference: "RFC 792, RFC 4443",
    remedy: "Look at the route and the firewalls between the two hosts: the host named in the evidence refuses to pass the connection on.",
    faults: &[Fault::Network],
    page: UNREACHABLE_PAGE,
    check: |facts| {
        let refused = facts.session.refused?;
        if facts.session.handshake.syn_ack.is_some() {
            return None;
        }
        let said = EvidenceKind::Unreachable(refused.reported_by, refused.reason);
        let evidence = syn(facts).into_iter().chain([Evidence::new(refused.moment, said)]).collect();
        Some(Finding::new(Fault::Network, Confidence::Certain, evidence))
    },
};

/// The server's host answered the SYN with RST: nothing listens on the port, or a firewall says so.
pub(super) const REFUSED: Rule = Rule {
    code: "connect-refused",
    stage: Stage::Connecting,
    title: "the mail server refuses the connection",
    reference: "RFC 9293 3.5.2",
    remedy: "See that the mail service runs and listens on this address and port, and that no firewall rejects the connection.",
    faults: &[Fault::Server],
    page: REFUSED_PAGE,
    check: |facts| {
        let handshake = &facts.session.handshake;
        handshake.syn?;
        let (moment, is_certain) = handshake.refusal?;
        // With octets of the client between SYN and RST, the capture has merely missed the handshake.
        if facts.transcript.client_octets > 0 || facts.session.client_acknowledged {
            return None;
        }
        let reset = Evidence::new(moment, EvidenceKind::SynReset);
        let confidence = if is_certain { Confidence::Certain } else { Confidence::Probable };
        Some(Finding::new(Fault::Server, confidence, syn(facts).into_iter().chain([reset]).collect()))
    },
};

/// Nothing ever answered the SYN.
pub(super) const UNANSWERED: Rule = Rule {
    code: "connect-unanswered",
    stage: Stage::Connecting,
    title: "the mail server does not answer",
    reference: "RFC 9293 3.8.3",
    remedy: "Look for a firewall that drops the connection, a wrong address, or a host that is down.",
    faults: &[Fault::Network],
    page: UNANSWERED_PAGE,
    check: |facts| {
        let session = facts.session;
        let is_answered = session.handshake.syn_ack.is_some() || session.client_acknowledged;
        let was_waited_for = session.handshake.syns > 1 || session.quiet_ns >= WAIT_NS;
        // Nor does a client end what was not answered.
        let is_server_silent = session.close.by.is_none();
        if session.handshake.syn.is_none() || is_answered || !was_waited_for || !is_server_silent {
            return None;
        }
        let tries = EvidenceKind::SynUnanswered { syns: session.handshake.syns, quiet_ns: session.quiet_ns };
        let evidence = syn(facts).into_iter().chain([Evidence::new(session.last, tries)]).collect();
        Some(Finding::new(Fault::Network, Confidence::Certain, evidence))
    },
};

/// A SYN is repeated after one second and again after two more (RFC 6298 2): an answer comes sooner.
const WAIT_NS: i64 = 3 * NANOS_PER_SEC;

fn syn(facts: &Facts<'_>) -> Option<Evidence> {
    facts.session.handshake.syn.map(|syn| Evidence::new(syn, EvidenceKind::Syn))
}

const UNREACHABLE_PAGE: &str = r#"The connection never came about: a router or host answered the client's
SYN with an ICMP error.

**In the capture.** The client's SYN, once or repeated, then an ICMP or ICMPv6 message that quotes it: "destination
unreachable" with a reason such as host unreachable, network unreachable or administratively prohibited. No SYN-ACK,
and not one SMTP line. The evidence names the address that sent the error: that is the machine to look at, not the
mail server.

**Why.** There is no route to the server's network, the last router gets no answer from the host on its own link, or a
firewall rejects the connection and says so.

**What to do.** On the network: find the machine that reports the error and see why it does not pass the connection
on. Compare the destination address with what DNS gives for the server now.

**Told apart.** RST instead of ICMP is `connect-refused`; no answer of any kind is `connect-unanswered`. An ICMP error
after a SYN-ACK ended no connecting and is not this cause.

```text
1  192.0.2.10 > 192.0.2.25   SYN to port 25
2  192.0.2.1  > 192.0.2.10   ICMP destination unreachable, host unreachable, quoting frame 1
```

Sample: `samples/connect-unreachable.pcap`. RFC 792 has the ICMP messages, RFC 4443 those of ICMPv6."#;

const REFUSED_PAGE: &str = r#"The connection never came about: the server's address answered the
client's SYN with a RST.

**In the capture.** Two frames, SYN and RST (with ACK). Clients often try again at once or later, each time with the
same two frames.

**Why.** The host is up and nothing listens on that port: the mail service is stopped, or listens on another address
or port only. A firewall can send the RST in the server's name; its time to live or its delay then differs from the
server's own frames.

**What to do.** On the receiving side: see that the service runs and on which addresses and ports it listens. On the
sending side: see that the port is the one meant (25 between servers, 587 for submission).

**Told apart.** A RST that comes after the handshake is not this: see `no-greeting` and `connection-reset`. If the
client's octets stand between SYN and RST, or the RST acknowledges more than the SYN, the capture has missed the
handshake, and this cause does not apply. A RST with a sequence number of its own may be a later one (probable).

```text
1  192.0.2.10 > 192.0.2.25   SYN to port 25
2  192.0.2.25 > 192.0.2.10   RST, ACK
```

Sample: `samples/connect-refused.pcap`. RFC 9293 3.5.2 says when a host sends RST."#;

const UNANSWERED_PAGE: &str = r#"The connection never came about: nothing answered the client's SYN.

**In the capture.** One SYN, repeated after growing pauses (RFC 6298: first after one second, then twice as long each
time), and nothing from the server. A single SYN counts only if the capture goes on for 3 seconds after it.

**Why.** A firewall drops the frames without a word, which is its usual way; the address is wrong; the host is down;
or the answers take another way and get lost. Many access networks drop port 25 outwards.

**What to do.** Capture at the other end, too. If the SYN arrives there, the way back is at fault or the host does not
answer; if not, follow the way there and look for the firewall that drops it.

**Told apart.** Any answer makes it another cause: ICMP `connect-unreachable`, RST `connect-refused`. If a part of a
later dialogue is in the capture, the SYN-ACK was only not captured, and this cause does not apply.

```text
1  192.0.2.10 > 192.0.2.25   SYN to port 25
2  192.0.2.10 > 192.0.2.25   SYN again, 3 s later
3  192.0.2.10 > 192.0.2.25   SYN again, 6 s later
```

Sample: `samples/connect-unanswered.pcap`. RFC 9293 3.8.3 says how long a host goes on trying."#;
