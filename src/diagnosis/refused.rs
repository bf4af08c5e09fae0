//! Mail transactions the server refused.

use super::facts::Facts;
use super::rules::{Fault, Finding, Rule, Stage};
use crate::smtp::{Tally, Verb};

/// MAIL was refused.
pub(super) const SENDER: Rule = Rule {
    code: "sender-refused",
    stage: Stage::Transaction,
    title: "the server refuses the sender",
    reference: "RFC 5321 3.3, 4.1.1.2",
    remedy: "The reply says why: an address or domain that is blocked or does not resolve, a size over the limit, authentication or TLS that is required first.",
    faults: &[Fault::Server],
    page: SENDER_PAGE,
    check: |facts| only_refused(facts, &facts.transcript.mail, Verb::Mail),
};

/// Every RCPT was refused.
pub(super) const RECIPIENTS: Rule = Rule {
    code: "recipients-refused",
    stage: Stage::Transaction,
    title: "the server refuses every recipient",
    reference: "RFC 5321 3.3, 4.1.1.3",
    remedy: "The reply says why: a mailbox that does not exist, relaying that is denied, greylisting (try again), or a block list.",
    faults: &[Fault::Server],
    page: RECIPIENTS_PAGE,
    check: |facts| only_refused(facts, &facts.transcript.rcpt, Verb::Rcpt),
};

/// DATA, BDAT or the end of the message was refused.
pub(super) const MESSAGE: Rule = Rule {
    code: "message-refused",
    stage: Stage::Transaction,
    title: "the server refuses the message",
    reference: "RFC 5321 4.1.1.4; RFC 3030",
    remedy: "The reply says why: a size over the limit, a content filter, a full disk, or a policy on the message's headers.",
    faults: &[Fault::Server],
    page: MESSAGE_PAGE,
    check: |facts| {
        let message = &facts.transcript.message;
        facts.refused(Fault::Server, Verb::Data, message, message.is_last_refused)
    },
};

fn only_refused(facts: &Facts<'_>, tally: &Tally, verb: Verb) -> Option<Finding> {
    facts.refused(Fault::Server, verb, tally, tally.is_only_refused())
}

const SENDER_PAGE: &str = r#"The hello was accepted, and MAIL is refused.

**In the capture.** 4xx or 5xx to every MAIL of the session, then QUIT or a close. Commands sent along with it (RCPT,
DATA) get 503 for want of a MAIL.

**Why.** The sender's domain does not resolve, the address or domain is blocked, the message's announced SIZE is over
the limit (552), authentication or TLS is required first (530), or the server is out of resources (451, 452).

**What to do.** Read the reply: it says on which side. An address that does not resolve or may not be used is the
sending side's to correct; a block or a limit is the receiving side's.

**Told apart.** A refusal whose text names HELO or EHLO is not about the sender: it is `ehlo-argument` or
`ehlo-policy`, deferred. A refused AUTH before it makes it `auth-failed`. If MAIL was accepted at last, later refusals
decide.

```text
7  C: MAIL From:<ann@nowhere.invalid>
8  S: 553 5.1.8 <ann@nowhere.invalid>... Domain of sender address ann@nowhere.invalid does not exist
9  C: QUIT
```

Sample: `samples/sender-refused.pcap`. RFC 5321 3.3 and 4.1.1.2."#;

const RECIPIENTS_PAGE: &str = r#"MAIL was accepted, and every recipient is refused.

**In the capture.** 4xx or 5xx to each RCPT, then QUIT or RSET. A pipelining client has sent DATA along, which gets
503 or 554: a consequence, not the cause.

**Why.** The mailbox does not exist (`550 5.1.1`), the server does not relay for this client or domain (`550 5.7.1`,
`554`), the address is greylisted (450, 451), the client is on a block list that is asked only here, or the mailbox is
full (452, 552).

**What to do.** Read the reply. Unknown mailboxes are the sender's to correct; relaying is allowed on the receiving
side, or the client is to authenticate; after greylisting a client that tries again is let in.

**Told apart.** If one recipient was accepted, the session is not lost to this. A text that names HELO or EHLO makes
it `ehlo-argument` (malformed hello) or `ehlo-policy`: Postfix holds hellos against clients here by default.

```text
7  C: RCPT TO:<robert@example.net>
8  S: 550 Unrouteable address
7  C: RCPT TO:<bob@example.org>
8  S: 550 relay not permitted
```

Sample: `samples/recipients-refused.pcap`. RFC 5321 3.3 and 4.1.1.3."#;

const MESSAGE_PAGE: &str = r#"Sender and a recipient were accepted, and the message is refused.

**In the capture.** 4xx or 5xx to DATA, to BDAT, or, mostly, to the end of the message (the line with a single dot),
after all of it was sent.

**Why.** The message is over the size limit (552), a filter does not like it (`550 5.7.1`, `554`), the mailbox is full
(`552 5.2.2`), the disk is (452), or the server cannot queue it now (451). Headers are judged here, too, and
signatures such as DKIM.

**What to do.** The reply says which rule. Size and content are the sender's; a full disk or mailbox is the receiving
side's. 4xx means the client will try again: look whether a later session delivers.

**Told apart.** 503 or 554 to DATA after every RCPT was refused is `recipients-refused`. No reply at all to the end of
the message is `timed-out`, `connection-closed` or `connection-reset`.

```text
13  C: . (the end of the message)
15  S: 552 5.2.2 <bob@example.net>... Mailbox full
16  C: QUIT
```

Sample: `samples/message-refused.pcap`. RFC 5321 4.1.1.4; RFC 3030 has BDAT."#;
