//! Reasons in the message itself.

use super::{About, Fault, Reason, said};

pub(super) const SPF_DKIM_DMARC: Reason = Reason {
    code: "spf-dkim-dmarc",
    title: "the sender's domain does not allow this mail (SPF, DKIM or DMARC)",
    reference: "RFC 7372 3; RFC 7489; RFC 8601",
    fault: Fault::Client,
    sending: "add the client's address to the SPF record of the sender's domain, or send through a server that is in this record. Also sign the mail with DKIM for that domain.",
    receiving: "",
    about: About::Mail,
    status_codes: &["x.7.20", "x.7.21", "x.7.22", "5.7.23", "x.7.24", "x.7.26", "5.7.509", "5.7.515"],
    wordings: &[
        said(
            "550-5.7.26 This mail has been blocked because the sender is unauthenticated.",
            "Gmail",
            &["the sender is unauthenticated"],
        ),
        said(
            "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
            "Exchange Online",
            &["sender policy framework"],
        ),
        said(
            "550 5.7.1 <bob@example.net>: Recipient address rejected: Message rejected due to: SPF fail - not authorized.",
            "Postfix with pypolicyd-spf",
            &["spf fail"],
        ),
        said(
            "550 5.7.1 <bob@example.net>: Recipient address rejected: Please see http://www.openspf.org/Why",
            "Postfix with postfix-policyd-spf",
            &["www.openspf.org"],
        ),
        said("550 5.7.1 rejected by DMARC policy for example.com", "OpenDMARC", &["rejected by dmarc policy"]),
        said(
            "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.",
            "Gmail",
            &["domain's dmarc policy"],
        ),
        said("554 5.7.5 Permanent error evaluating DMARC policy", "Yahoo", &["evaluating dmarc policy"]),
        said(
            "550-5.7.30 This mail has been blocked because DKIM does not pass.",
            "Gmail",
            &["because dkim does not pass"],
        ),
        said(
            "550-5.7.27 This mail has been blocked because SPF does not pass.",
            "Gmail",
            &["because spf does not pass"],
        ),
    ],
    page: include_str!("pages/spf-dkim-dmarc.md"),
};

pub(super) const CONTENT: Reason = Reason {
    code: "content",
    title: "a filter classified the message as spam, a virus, or unwanted",
    reference: "RFC 5248 (x.6.11, x.7.1)",
    fault: Fault::Client,
    sending: "check the message: forbidden types of attachments, links, words and headers. If it was spam or a virus, find the machine that sent it.",
    receiving: "read the filter's log. If the filter was wrong, allow this mail.",
    about: About::Mail,
    status_codes: &["x.6.11"],
    wordings: &[
        said("550 5.7.1 Message content rejected", "Postfix", &["message content rejected"]),
        said("550 5.7.1 Blocked by SpamAssassin", "spamass-milter", &["blocked by spamassassin"]),
        said("554 5.7.1 Spam message rejected", "rspamd", &["spam message rejected"]),
        said("554 5.7.0 Reject, id=01234-05 - SPAM", "amavis", &["reject, id", "spam"]),
        said("554 5.7.0 Reject, id=01234-05 - INFECTED: Eicar-Test-Signature", "amavis", &["reject, id", "infected"]),
        said(
            "550-5.7.1 [192.0.2.10] Our system has detected that this message is likely unsolicited mail.",
            "Gmail",
            &["this message is", "unsolicited mail"],
        ),
        said(
            "552-5.7.0 This message was blocked because its content presents a potential security issue.",
            "Gmail",
            &["its content presents a potential security issue"],
        ),
        said("550 This message contains malware (Eicar-Test-Signature)", "Exim", &["message contains malware"]),
        said(
            "550 5.7.1 virus Eicar-Test-Signature detected by ClamAV",
            "clamav-milter",
            &["virus", "detected by clamav"],
        ),
    ],
    page: include_str!("pages/content.md"),
};

pub(super) const TOO_LARGE: Reason = Reason {
    code: "too-large",
    title: "the message is larger than the server accepts",
    reference: "RFC 1870 6; RFC 3463 3.3, 3.4",
    fault: Fault::Client,
    sending: "send a smaller message. The server's EHLO reply gives the limit in bytes after SIZE. Attachments become a third larger on the way.",
    receiving: "raise the limit on the size of messages.",
    about: About::Mail,
    status_codes: &["x.2.3", "x.3.4", "x.7.16"],
    wordings: &[
        said("552 5.3.4 Message size exceeds fixed limit", "Postfix", &["message size exceeds"]),
        said("552 Message size exceeds maximum permitted", "Exim", &["message size exceeds"]),
        said("552 5.3.4 Error: message file too big", "Postfix", &["message file too big"]),
        said("552 5.2.3 Message is too large", "Sendmail", &["message is too large"]),
        said("552 5.3.4 Message too big for system", "RFC 3463", &["message too big"]),
        said("552 sorry, that message size exceeds my databytes limit (#5.3.4)", "qmail", &["message size exceeds"]),
    ],
    page: include_str!("pages/too-large.md"),
};

pub(super) const SMTPUTF8: Reason = Reason {
    code: "smtputf8",
    title: "the server does not accept addresses with characters outside ASCII",
    reference: "RFC 6531 3.5 (x.6.7 to x.6.10)",
    fault: Fault::Client,
    sending: "use an address in ASCII: ask the other person for one.",
    receiving: "support SMTPUTF8 (RFC 6531), all the way to the mailbox.",
    about: About::Mail,
    status_codes: &["x.6.7", "x.6.8", "x.6.9", "x.6.10"],
    wordings: &[
        said(
            "553 5.6.7 Non-ASCII addresses not permitted for that sender/recipient",
            "RFC 6531",
            &["non-ascii addresses not permitted"],
        ),
        said("553 5.6.7 Must declare SMTPUTF8 to permit unicode address", "Postfix", &["must declare smtputf8"]),
    ],
    page: include_str!("pages/smtputf8.md"),
};
