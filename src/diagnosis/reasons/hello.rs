//! Reasons in the name that the client greets with, which is well-formed.

use super::{About, Fault, Reason, said};

pub(super) const NOT_QUALIFIED: Reason = Reason {
    code: "hello-not-qualified",
    title: "the server requires a fully qualified name in the hello",
    reference: "RFC 5321 2.3.5",
    fault: Fault::Client,
    sending: "set the sending server's fully qualified name (`sub2.your-company.com`) as the name in its hello.",
    receiving: "remove the rule that requires it, or make an exception for this client.",
    about: About::Hello,
    status_codes: &[],
    wordings: &[
        said(
            "504 5.5.2 <relay7>: Helo command rejected: need fully-qualified hostname",
            "Postfix",
            &["helo command rejected: need fully-qualified hostname"],
        ),
        said(
            "550 HELO host must be a FQDN or address literal (RFC 5321 2.3.5)",
            "Haraka",
            &["helo host must be a fqdn"],
        ),
        said("550 HELO name is not fully qualified. Read RFC 2821", "qpsmtpd", &["helo name is not fully qualified"]),
    ],
    page: include_str!("pages/hello-not-qualified.md"),
};

pub(super) const NOT_FOUND: Reason = Reason {
    code: "hello-not-found",
    title: "the server cannot find the name in the hello in DNS",
    reference: "RFC 5321 2.3.5, 4.1.4",
    fault: Fault::Client,
    sending: "send a name in the hello that public DNS has, or enter the name there (an A or AAAA record).",
    receiving: "remove the rule that looks up the name. Or, if DNS has the name, find out why this server does not find it.",
    about: About::Hello,
    status_codes: &[],
    wordings: &[
        said(
            "450 4.7.1 <relay.example.com>: Helo command rejected: Host not found",
            "Postfix",
            &["helo command rejected: host not found"],
        ),
        said("550 HELO hostname does not exist", "qpsmtpd", &["helo hostname does not exist"]),
    ],
    page: include_str!("pages/hello-not-found.md"),
};

pub(super) const MISMATCH: Reason = Reason {
    code: "hello-mismatch",
    title: "the name in the hello does not match the client",
    reference: "RFC 5321 4.1.4",
    fault: Fault::Client,
    sending: "send the client's own name in the hello. In DNS, this name must lead to the client's address and back.",
    receiving: "remove the rule: RFC 5321 4.1.4 says that a server must not refuse mail because this check fails.",
    about: About::Hello,
    status_codes: &["5.7.506"],
    wordings: &[
        said("550 EHLO argument does not match calling host", "Exim", &["argument does not match calling host"]),
        said("550 HELO host does not match rDNS", "Haraka", &["helo host does not match rdns"]),
        said(
            "550 HELO IP literal does not match your IP address",
            "Haraka",
            &["helo ip literal does not match your ip address"],
        ),
        said("550 You are not localhost", "qpsmtpd", &["you are not localhost"]),
        said("550 5.7.506 Access Denied, Bad HELO", "Exchange Online", &["access denied, bad helo"]),
    ],
    page: include_str!("pages/hello-mismatch.md"),
};
