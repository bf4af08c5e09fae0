//! Reasons in the addresses of the mail.

use super::{About, Fault, Reason, said};

pub(super) const SENDER_NOT_OWNED: Reason = Reason {
    code: "sender-not-owned",
    title: "this client may not send as that sender",
    reference: "RFC 6409 6.1",
    fault: Fault::Client,
    sending: "send with an address of the account that logs in.",
    receiving: "give the account the right to send as this address.",
    about: About::Sender,
    status_codes: &["5.7.60"],
    wordings: &[
        said(
            "553 5.7.1 <ann@example.com>: Sender address rejected: not owned by user bob@example.com",
            "Postfix",
            &["sender address rejected: not owned by user"],
        ),
        said(
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
            "Exchange",
            &["does not have permissions to send as this sender"],
        ),
        said(
            "554 5.2.252 SendAsDenied; bob@example.com not allowed to send as ann@example.com",
            "Exchange Online",
            &["sendasdenied"],
        ),
    ],
    page: include_str!("pages/sender-not-owned.md"),
};

pub(super) const SENDER_DOMAIN: Reason = Reason {
    code: "sender-domain",
    title: "the sender's domain does not exist, or accepts no mail",
    reference: "RFC 3463 3.2 (x.1.8); RFC 7505 4.2",
    fault: Fault::Client,
    sending: "send with an address whose domain has an MX or address record in public DNS.",
    receiving: "if DNS has the domain, find out why this server does not find it.",
    about: About::Sender,
    status_codes: &["4.1.8"],
    wordings: &[
        said(
            "450 4.1.8 <ann@nowhere.invalid>: Sender address rejected: Domain not found",
            "Postfix",
            &["sender address rejected: domain not found"],
        ),
        said(
            "450 4.1.8 <ann@nowhere.invalid>: Sender address rejected: Malformed DNS server reply",
            "Postfix",
            &["sender address rejected: malformed dns server reply"],
        ),
        said(
            "553 5.1.8 <ann@nowhere.invalid>... Domain of sender address ann@nowhere.invalid does not exist",
            "Sendmail",
            &["domain of sender address", "does not exist"],
        ),
        said(
            "451 4.1.8 Domain of sender address ann@nowhere.invalid does not resolve",
            "Sendmail",
            &["domain of sender address", "does not resolve"],
        ),
        said("550 5.7.27 Sender address has null MX", "RFC 7505", &["sender address has null mx"]),
        said(
            "550 5.7.27 <ann@example.com>: Sender address rejected: Domain example.com does not accept mail (nullMX)",
            "Postfix",
            &["sender address rejected: domain", "does not accept mail (nullmx)"],
        ),
        said("550 No MX for your FROM address", "Haraka", &["no mx for your from address"]),
    ],
    page: include_str!("pages/sender-domain.md"),
};

pub(super) const SENDER_UNKNOWN: Reason = Reason {
    code: "sender-unknown",
    title: "the sender's own address does not exist at its mail server",
    reference: "RFC 5321 3.6.2",
    fault: Fault::Client,
    sending: "send with an address that exists and accepts mail, or create that mailbox.",
    receiving: "switch off the check of sender addresses (call-back), or make an exception for this one.",
    about: About::Sender,
    status_codes: &[],
    wordings: &[
        said("550 Sender verify failed", "Exim", &["sender verify failed"]),
        said(
            "550 5.1.0 <ann@example.com>: Sender address rejected: User unknown in virtual mailbox table",
            "Postfix",
            &["sender address rejected: user unknown"],
        ),
        said(
            "450 4.1.7 <ann@example.com>: Sender address rejected: unverified address",
            "Postfix",
            &["sender address rejected: unverified address"],
        ),
        said(
            "550 5.1.7 <ann@example.com>: Sender address rejected: undeliverable address",
            "Postfix",
            &["sender address rejected: undeliverable address"],
        ),
    ],
    page: include_str!("pages/sender-unknown.md"),
};

pub(super) const RECIPIENT_DOMAIN: Reason = Reason {
    code: "recipient-domain",
    title: "the recipient's domain does not exist",
    reference: "RFC 3463 3.2 (x.1.2)",
    fault: Fault::Client,
    sending: "correct the part after the @ in the recipient's address.",
    receiving: "if DNS has the domain, find out why this server does not find it.",
    about: About::Recipient,
    status_codes: &["x.1.2"],
    wordings: &[
        said(
            "450 4.1.2 <bob@nowhere.invalid>: Recipient address rejected: Domain not found",
            "Postfix",
            &["recipient address rejected: domain not found"],
        ),
        said(
            "550 5.1.2 <bob@nowhere.invalid>... Host unknown (Name server: nowhere.invalid: host not found)",
            "Sendmail",
            &["host unknown (name server"],
        ),
    ],
    page: include_str!("pages/recipient-domain.md"),
};

pub(super) const TAKES_NO_MAIL: Reason = Reason {
    code: "takes-no-mail",
    title: "the recipient's domain accepts no mail",
    reference: "RFC 7504; RFC 7505",
    fault: Fault::Client,
    sending: "look up the MX record of the recipient's domain and send there. A domain with a null MX accepts no mail.",
    receiving: "if the domain should accept mail, switch on its mail service and correct the MX record.",
    about: About::Recipient,
    status_codes: &["556"],
    wordings: &[
        said("556 5.1.10 Recipient address has null MX", "RFC 7505", &["recipient address has null mx"]),
        said(
            "556 5.1.10 <bob@example.net>: Recipient address rejected: Domain example.net does not accept mail (nullMX)",
            "Postfix",
            &["recipient address rejected: domain", "does not accept mail (nullmx)"],
        ),
    ],
    page: include_str!("pages/takes-no-mail.md"),
};

pub(super) const SYNTAX: Reason = Reason {
    code: "address-syntax",
    title: "an address has a wrong form",
    reference: "RFC 3463 3.2 (x.1.3, x.1.7); RFC 5321 4.1.2",
    fault: Fault::Client,
    sending: "write the address as `name@domain` in angle brackets, with the full domain and without blanks.",
    receiving: "",
    about: About::Mail,
    status_codes: &["x.1.3"],
    wordings: &[
        said("501 5.1.7 Bad sender address syntax", "Postfix", &["bad sender address syntax"]),
        said("501 5.1.3 Bad recipient address syntax", "Postfix", &["bad recipient address syntax"]),
        said(
            "504 5.5.2 <ann>: Sender address rejected: need fully-qualified address",
            "Postfix",
            &["address rejected: need fully-qualified address"],
        ),
        said(
            "553 5.5.4 <ann>... Domain name required for sender address ann",
            "Sendmail",
            &["domain name required for sender address"],
        ),
        said("501 5.1.7 Invalid address", "Exchange", &["5.1.7 invalid address"]),
    ],
    page: include_str!("pages/address-syntax.md"),
};

pub(super) const MAILBOX_DISABLED: Reason = Reason {
    code: "mailbox-disabled",
    title: "the mailbox exists, but is switched off",
    reference: "RFC 3463 3.3 (x.2.1)",
    fault: Fault::Server,
    sending: "ask the recipient for another address.",
    receiving: "switch the mailbox on again, or forward its mail.",
    about: About::Recipient,
    status_codes: &["5.2.1"],
    wordings: &[
        said(
            "550-5.2.1 The email account that you tried to reach is disabled.",
            "Gmail",
            &["account that you tried to reach is disabled"],
        ),
        said(
            "554 30 Sorry, your message to bob@example.net cannot be delivered. This mailbox is disabled (554.30).",
            "Yahoo",
            &["this mailbox is disabled"],
        ),
    ],
    page: include_str!("pages/mailbox-disabled.md"),
};

pub(super) const MAILBOX_FULL: Reason = Reason {
    code: "mailbox-full",
    title: "the recipient's mailbox is full",
    reference: "RFC 3463 3.3 (x.2.2)",
    fault: Fault::Server,
    sending: "contact the recipient in another way, and send again later.",
    receiving: "make space in the mailbox, or raise its quota.",
    about: About::Recipient,
    status_codes: &["x.2.2"],
    wordings: &[
        said("552 5.2.2 <bob@example.net>... Mailbox full", "Sendmail", &["mailbox full"]),
        said("552 5.2.2 <bob@example.net> Quota exceeded (mailbox for user is full)", "Dovecot", &["quota exceeded"]),
        said("552 5.2.2 <bob@example.net>: user is over quota", "Postfix with Dovecot", &["over quota"]),
        said("550 Mailbox is full", "sisimai, a collection of bounces", &["mailbox is full"]),
        said("452-4.2.2 The email account that you tried to reach is over quota.", "Gmail", &["over quota"]),
    ],
    page: include_str!("pages/mailbox-full.md"),
};

pub(super) const MAILBOX_UNKNOWN: Reason = Reason {
    code: "mailbox-unknown",
    title: "the server does not know this recipient",
    reference: "RFC 3463 3.2 (x.1.1)",
    fault: Fault::Client,
    sending: "correct the recipient's address; if it is right, ask the recipient.",
    receiving: "if the mailbox should exist, create it, or make it known to the server that receives mail.",
    about: About::Recipient,
    status_codes: &["5.1.1", "5.1.6"],
    wordings: &[
        said(
            "550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown in local recipient table",
            "Postfix",
            &["recipient address rejected: user unknown"],
        ),
        said("550 5.1.1 <bob@example.net>... User unknown", "Sendmail", &["user unknown"]),
        said("550 Unrouteable address", "Exim", &["unrouteable address"]),
        said("550 Unknown user", "hMailServer", &["unknown user"]),
        said("550 No such user here", "RFC 5321", &["no such user"]),
        said(
            "550-5.1.1 The email account that you tried to reach does not exist.",
            "Gmail",
            &["account that you tried to reach does not exist"],
        ),
        said("550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", "Exchange", &["resolver.adr.recipnotfound"]),
        said(
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "Exchange",
            &["resolver.adr.recipientnotfound"],
        ),
        said(
            "550 5.4.1 Recipient address rejected: Access denied.",
            "Exchange Online",
            &["5.4.1 recipient address rejected: access denied"],
        ),
        said(
            "550 5.5.0 Requested action not taken: mailbox unavailable",
            "Outlook.com",
            &["5.5.0 requested action not taken: mailbox unavailable"],
        ),
        said("550 sorry, no mailbox here by that name (#5.1.1)", "qmail", &["no mailbox here by that name"]),
        said(
            "450 4.1.1 <bob@example.net>: Recipient address rejected: undeliverable address: unknown user",
            "Postfix",
            &["recipient address rejected: undeliverable address"],
        ),
    ],
    page: include_str!("pages/mailbox-unknown.md"),
};
