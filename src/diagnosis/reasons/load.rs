//! Reasons in how much, how often, and when.

use super::{About, Fault, Reason, said};

pub(super) const GREYLISTED: Reason = Reason {
    code: "greylisted",
    title: "the server makes an unknown client wait (greylisting)",
    reference: "RFC 6647",
    fault: Fault::Client,
    sending: "try again after a few minutes. Mail servers do this by themselves. A program or device that cannot do it should send through a mail server in its own network.",
    receiving: "make an exception for this client's address.",
    about: About::Now,
    status_codes: &[],
    wordings: &[
        said(
            "450 4.2.0 <bob@example.net>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.net.html",
            "Postgrey",
            &["greylisted"],
        ),
        said("451 4.7.1 Greylisting in action, please come back in 00:05:00", "milter-greylist", &["greylisting"]),
        said("450 <bob@example.net>: Recipient address rejected: Greylisted for 5 minutes", "SQLgrey", &["greylisted"]),
    ],
    page: include_str!("pages/greylisted.md"),
};

pub(super) const RATE_LIMITED: Reason = Reason {
    code: "rate-limited",
    title: "too many connections, messages or recipients at once",
    reference: "RFC 5248 (x.7.28)",
    fault: Fault::Client,
    sending: "send more slowly and with fewer connections at once. Check for a machine that sends more than it should.",
    receiving: "raise the limit for this client.",
    about: About::Client,
    status_codes: &["x.7.28", "4.7.500"],
    wordings: &[
        said(
            "421 4.7.0 mx.example.net Error: too many connections from 192.0.2.10",
            "Postfix",
            &["too many connections"],
        ),
        said("450 4.7.1 Error: too much mail from 192.0.2.10", "Postfix", &["too much mail from"]),
        said("450 4.7.1 Error: too many recipients from 192.0.2.10", "Postfix", &["too many recipients from"]),
        said("421 4.3.2 Connection rate limit exceeded.", "Sendmail", &["connection rate limit exceeded"]),
        said("421 4.3.2 Too many open connections.", "Sendmail", &["too many open connections"]),
        said(
            "421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel",
            "Exchange",
            &["maximum number of concurrent connections has exceeded"],
        ),
        said(
            "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
            "Exchange",
            &["submission rate for this client has exceeded"],
        ),
        said(
            "421-4.7.0 [192.0.2.10] Our system has detected an unusual rate of unsolicited mail",
            "Gmail",
            &["an unusual rate of"],
        ),
        said(
            "450-4.2.1 The user you are trying to contact is receiving mail too quickly.",
            "Gmail",
            &["is receiving mail too quickly"],
        ),
        said(
            "450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
            "Gmail",
            &["is receiving mail at a rate"],
        ),
        said("550-5.4.5 Daily user sending limit exceeded.", "Gmail", &["sending limit exceeded"]),
        said(
            "421 4.7.0 [TSS04] Messages from 192.0.2.10 temporarily deferred due to unexpected volume or user complaints",
            "Yahoo",
            &["temporarily deferred due to", "user complaints"],
        ),
        said(
            "421 Too many concurrent SMTP connections; please try again later.",
            "Exim",
            &["too many concurrent smtp connections"],
        ),
        said(
            "454 Throttling failure: Maximum sending rate exceeded.",
            "Amazon SES",
            &["maximum sending rate exceeded"],
        ),
        said("454 Throttling failure: Daily message quota exceeded.", "Amazon SES", &["daily message quota exceeded"]),
    ],
    page: include_str!("pages/rate-limited.md"),
};

pub(super) const TOO_MANY_RECIPIENTS: Reason = Reason {
    code: "too-many-recipients",
    title: "more recipients than the server accepts for one message",
    reference: "RFC 3463 3.6 (x.5.3); RFC 5321 4.5.3.1.10",
    fault: Fault::Client,
    sending: "send the message several times, each time to fewer recipients. Mail servers do this by themselves after 452.",
    receiving: "raise the limit on recipients for this client. RFC 5321 4.5.3.1.8 asks for at least 100.",
    about: About::Recipient,
    status_codes: &["x.5.3"],
    wordings: &[
        said("452 4.5.3 Error: too many recipients", "Postfix", &["too many recipients"]),
        said("452 too many recipients", "Exim", &["too many recipients"]),
    ],
    page: include_str!("pages/too-many-recipients.md"),
};

pub(super) const SERVER_FULL: Reason = Reason {
    code: "server-full",
    title: "the server lacks disk space or memory",
    reference: "RFC 3463 3.4 (x.3.1); RFC 5321 4.2.3",
    fault: Fault::Server,
    sending: "do nothing: a mail server tries again by itself.",
    receiving: "free disk space or memory on the mail server.",
    about: About::Client,
    status_codes: &["x.3.1"],
    wordings: &[
        said("452 4.3.1 Insufficient system storage", "Postfix", &["insufficient system storage"]),
        said("452 4.3.1 Insufficient system resources", "Exchange", &["insufficient system resources"]),
        said("452 4.4.5 Insufficient disk space; try again later", "Sendmail", &["insufficient disk space"]),
        said("452 space shortage, please try later", "Exim", &["space shortage"]),
    ],
    page: include_str!("pages/server-full.md"),
};

pub(super) const TRY_LATER: Reason = Reason {
    code: "try-later",
    title: "the server has a problem of its own and asks the client to try later",
    reference: "RFC 5321 4.2.1, 4.2.3",
    fault: Fault::Server,
    sending: "try again later. Mail servers do this by themselves. Check whether a later session delivers the mail.",
    receiving: "read the mail server's log: a lookup may fail, or a service may be stopped.",
    about: About::Now,
    status_codes: &[],
    wordings: &[
        said("451 4.3.0 <bob@example.net>: Temporary lookup failure", "Postfix", &["temporary lookup failure"]),
        said("451 4.3.0 Error: queue file write error", "Postfix", &["queue file write error"]),
        said("451 Temporary local problem - please try later", "Exim", &["temporary local problem"]),
        said("451 4.3.5 Server configuration problem", "Postfix", &["server configuration problem"]),
        said("451 4.3.2 Please try again later", "Sendmail", &["please try again later"]),
        said("421 4.3.2 Service not available", "Exchange", &["service not available"]),
        said(
            "421 mx.example.net Service not available, closing transmission channel",
            "RFC 5321",
            &["service not available"],
        ),
        said("421 4.7.0 Try again later, closing connection.", "Gmail", &["try again later"]),
        said("451 Temporary failure, please try again later.", "OpenBSD's spamd", &["try again later"]),
        said("451 qq temporary problem (#4.3.0)", "qmail", &["temporary problem"]),
        said("454 4.7.0 Temporary authentication failure", "RFC 4954", &["temporary authentication failure"]),
        said("454 4.7.0 TLS not available due to local problem", "Postfix", &["tls not available"]),
    ],
    page: include_str!("pages/try-later.md"),
};
