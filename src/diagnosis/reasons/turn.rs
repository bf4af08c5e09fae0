//! The reason that lies in when the client spoke.

use super::{About, Fault, Reason, said};

pub(super) const EARLY_TALK: Reason = Reason {
    code: "early-talk",
    title: "the client sent commands before its turn",
    reference: "RFC 5321 4.3.1; RFC 2920 3.1",
    fault: Fault::Client,
    sending: "wait for the server's greeting before the first command (up to 5 minutes). Send several commands at once only if the server offers PIPELINING.",
    receiving: "make an exception for this client's address (in Postfix `postscreen_access_list`, in Exim `no_enforce_sync`), or greet without a pause.",
    about: About::Turn,
    status_codes: &[],
    wordings: &[
        said("554 SMTP synchronization error", "Exim", &["smtp synchronization error"]),
        said("554 5.5.0 Error: SMTP protocol synchronization", "Postfix", &["smtp protocol synchronization"]),
        said(
            "503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining",
            "Postfix",
            &["improper use of smtp command pipelining"],
        ),
        said(
            "550 Connecting host started transmitting before SMTP greeting",
            "qpsmtpd",
            &["started transmitting before smtp greeting"],
        ),
        said("421 mx.example.net You talk too soon", "Haraka, smtp-server of Nodemailer", &["you talk too soon"]),
    ],
    page: include_str!("pages/early-talk.md"),
};

/// What servers say to a client that spoke before the greeting and, less often, to others: Postfix's postscreen (`521 5.5.1
/// Protocol error`), Sendmail (`554 mx.example.net ESMTP not accepting messages`, later `550 5.0.0 Command rejected`), and
/// the text that RFC 5321 3.1 has for a server that takes no mail.
pub(super) const FITTING: [&str; 5] =
    ["protocol error", "protocol violation", "not accepting messages", "command rejected", "no smtp service here"];
