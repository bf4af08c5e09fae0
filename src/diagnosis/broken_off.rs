//! Sessions that broke off with nothing refused: who did it is the evidence.

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::smtp::Verb;

/// A RST ended the session.
pub(super) const RESET: Rule = Rule {
    code: "connection-reset",
    stage: Stage::Breaking,
    title: "the connection was reset",
    reference: "RFC 9293 3.5.2",
    remedy: "Look at the side that sent the RST, and at firewalls and proxies that reset connections in its name.",
    faults: &[Fault::Server, Fault::Client],
    page: RESET_PAGE,
    check: |facts| match facts.ending {
        Ending::Reset { .. } if facts.client_gave_up_after().is_some() => None,
        Ending::Reset { by_server } => broken_by(facts, by_server),
        _ => None,
    },
};

/// A FIN ended the session.
pub(super) const CLOSED: Rule = Rule {
    code: "connection-closed",
    stage: Stage::Breaking,
    title: "the connection was closed before the mail was sent",
    reference: "RFC 5321 3.8, 4.1.1.10",
    remedy: "Look at the log of the side that closed: it gave up without a word.",
    faults: &[Fault::Server, Fault::Client],
    page: CLOSED_PAGE,
    check: |facts| match facts.ending {
        Ending::Closed { .. } if closing_reply(facts).is_some() || facts.client_gave_up_after().is_some() => None,
        Ending::Closed { by_server } => broken_by(facts, by_server),
        _ => None,
    },
};

/// Silence, or the server's 421, ended the session.
pub(super) const TIMED_OUT: Rule = Rule {
    code: "timed-out",
    stage: Stage::Breaking,
    title: "the session timed out",
    reference: "RFC 5321 4.5.3.2, 3.8",
    remedy: "Look for the side that stopped answering, and for a firewall or a path with a smaller packet size that swallows what it sends.",
    faults: &[Fault::Server, Fault::Client],
    page: TIMED_OUT_PAGE,
    check: |facts| {
        let reply = closing_reply(facts);
        let waited = facts.client_gave_up_after();
        let is_over = facts.ending == Ending::Silence || reply.is_some() || waited.is_some();
        if !is_over || facts.malformed_hello_adrift().is_some() {
            return None;
        }
        let waits_for_server = facts.unanswered(|verb| verb != Verb::Quit).is_some();
        let fault = if waits_for_server { Fault::Server } else { Fault::Client };
        let mut finding = broken(facts, fault, true)?;
        finding.evidence.splice(0..0, reply);
        if let (Some(waited_ns), Some(sent)) = (waited, facts.unanswered(|_| true)) {
            finding.evidence.push(Evidence::new(sent, EvidenceKind::Awaited(waited_ns)));
        }
        Some(finding)
    },
};

/// The server's 421 that answers no command: it stops waiting for one.
fn closing_reply(facts: &Facts<'_>) -> Option<Evidence> {
    let mut exchanges = facts.transcript.exchanges.iter().rev();
    let last =
        exchanges.find_map(|exchange| if exchange.command.is_none() { exchange.reply.as_ref() } else { None })?;
    (last.code == 421).then(|| Evidence::reply(last, None))
}

/// A session that one side ended.
fn broken_by(facts: &Facts<'_>, by_server: bool) -> Option<Finding> {
    broken(facts, if by_server { Fault::Server } else { Fault::Client }, by_server)
}

/// A session that was on its way to deliver: `by_server` widens that to any that had said hello.
fn broken(facts: &Facts<'_>, fault: Fault, by_server: bool) -> Option<Finding> {
    let transcript = facts.transcript;
    let is_waiting = facts.unanswered(|verb| verb != Verb::Quit).is_some();
    let is_quit = transcript.quit.is_some() && !is_waiting;
    let in_transaction = transcript.is_mail_open || transcript.is_data_open || is_waiting;
    let has_begun = by_server && (!transcript.hellos.is_empty() || transcript.mail.tried > 0);
    if is_quit || !(in_transaction || has_begun) {
        return None;
    }
    let mut evidence = Vec::new();
    if let Some((verb, sent)) = transcript.unanswered {
        evidence.push(Evidence::new(sent, EvidenceKind::NoReply(verb)));
    } else if transcript.is_data_open {
        evidence.push(Evidence::new(facts.session.last, EvidenceKind::InData));
    } else if transcript.is_mail_open {
        evidence.push(Evidence::new(facts.session.last, EvidenceKind::InTransaction));
    }
    evidence.push(facts.ended(EvidenceKind::Ended));
    Some(Finding::new(fault, Confidence::Probable, evidence))
}

const RESET_PAGE: &str = r#"Nothing was refused, and a RST ended the session before a message was
accepted.

**In the capture.** An accepted hello, perhaps MAIL, RCPT and a part of the message, then RST. The evidence says whose
address it came from and what was open at that moment: a command without reply, a transaction, the message.

**Why.** A process that crashed or was killed, a program that closes with octets unread, a filter that cuts off what
it does not like. Firewalls, load balancers and proxies send RST in the name of either side: the time to live and IP
identification of the frame then differ from that side's other frames.

**What to do.** Look at the log of the side the RST came from. If it knows nothing of it, capture on both sides of the
devices in between: the one that only one capture shows made it.

**Told apart.** It is one of the last causes: any refusal before it decides. RST after the client had waited 30
seconds or more in vain is `timed-out`. RST after QUIT ends nothing. RST to a hello is `ehlo-unanswered` or,
malformed, `ehlo-argument`.

```text
11  C: DATA
12  S: 354 End data with <CR><LF>.<CR><LF>
13  client sends the message
16  server resets the connection
```

Sample: `samples/connection-reset.pcap`. RFC 9293 3.5.2 has the RST; RFC 5321 3.8 what a peer does then."#;

const CLOSED_PAGE: &str = r#"Nothing was refused, and one side closed the connection before a message
was accepted.

**In the capture.** An accepted hello, perhaps a transaction, then FIN with no QUIT before it, and a command or the
message left without its reply.

**Why.** A server that stops without saying 421 first, a filter that ends the process, a client that was cancelled or
whose message could not be read any further. RFC 5321 4.1.1.10 has the client send QUIT and wait; 3.8 has a server
that must stop say 421.

**What to do.** Look at the log of the side that closed first, which the evidence names: it gave up without a word.

**Told apart.** Refusals decide before it. A 421 before the FIN is `timed-out`, as is a client that closes after 30
seconds or more of waiting. A FIN right after the hello is `ehlo-unanswered` or, malformed, `ehlo-argument`. A client
that ends a working session before it has begun to send is `no-mail`.

```text
9   C: RCPT TO:<bob@example.net>
10  S: 250 2.1.5 Ok
11  C: DATA
13  server closes
```

Sample: `samples/connection-closed.pcap`. RFC 5321 3.8 and 4.1.1.10."#;

const TIMED_OUT_PAGE: &str = r#"Nothing was refused, and one side stopped talking until the other gave up.

**In the capture.** A command or the end of the message without a reply, then the client's FIN or RST after 30 seconds
or more; or a server that waits for the client and ends with `421 ... timeout exceeded`; or silence for longer than 5
minutes.

**Why.** The receiving side scans the message for too long, or its resolver or disk hangs. In the middle of a message,
large segments that get lost while small ones pass point to a smaller packet size on the way and ICMP that is
filtered: the same segment is sent again and again. A firewall that forgets quiet connections has the same effect.

**What to do.** Look for the last octets that went unanswered: if TCP acknowledged them, the program at that end is at
fault; if not, the path. RFC 5321 4.5.3.2 has the time limits: 5 minutes for MAIL and RCPT, 10 for the end of the
message. A client that waits less than that should wait longer.

**Told apart.** Everything that was refused decides before it. A sooner end without waiting is `connection-reset` or
`connection-closed`. A capture that ends less than 5 minutes after the last frame leaves the session `unknown`.

```text
13  C: . (the end of the message)
15  client closes after 600 s
```

Samples: `samples/timed-out.pcap`, `samples/timed-out-421.pcap`. RFC 5321 4.5.3.2 and 3.8."#;
