//! Reasons in who the client is, and how it came.

use super::{About, Fault, Reason, said};

pub(super) const AUTH_REQUIRED: Reason = Reason {
    code: "auth-required",
    title: "the server accepts mail only from clients that log in",
    reference: "RFC 4954 6",
    fault: Fault::Client,
    sending: "switch on authentication (AUTH) with a user name and password for this server, usually on port 587.",
    receiving: "allow this client's address to send without login.",
    about: About::Client,
    status_codes: &["5.7.57"],
    wordings: &[
        said("530 5.7.0 Authentication required", "RFC 4954", &["authentication required"]),
        said("530 SMTP authentication is required.", "hMailServer", &["authentication is required"]),
        said(
            "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
            "Exchange",
            &["client was not authenticated"],
        ),
        said("530 5.7.1 Client was not authenticated", "Exchange", &["client was not authenticated"]),
        said(
            "553 5.7.1 <ann@example.com>: Sender address rejected: not logged in",
            "Postfix",
            &["sender address rejected", "not logged in"],
        ),
    ],
    page: include_str!("pages/auth-required.md"),
};

pub(super) const TLS_REQUIRED: Reason = Reason {
    code: "tls-required",
    title: "the server requires TLS first",
    reference: "RFC 3207 4; RFC 5248 (x.7.10, x.7.11)",
    fault: Fault::Client,
    sending: "switch on TLS (STARTTLS) for this server, or connect to its TLS port (465).",
    receiving: "allow this client to send without TLS, if this is acceptable.",
    about: About::Client,
    status_codes: &["x.7.10", "x.7.11", "538"],
    wordings: &[
        said("530 5.7.0 Must issue a STARTTLS command first", "RFC 3207", &["must issue a starttls command first"]),
        said("450 4.7.1 Session encryption is required", "Postfix", &["session encryption is required"]),
        said("538 Encryption required for requested authentication mechanism", "RFC 2554", &["encryption required"]),
    ],
    page: include_str!("pages/tls-required.md"),
};

pub(super) const CREDENTIALS_REFUSED: Reason = Reason {
    code: "credentials-refused",
    title: "the user name or password is wrong",
    reference: "RFC 4954 6",
    fault: Fault::Client,
    sending: "correct the stored user name and password in the sending program or device.",
    receiving: "",
    about: About::Auth,
    status_codes: &["5.7.8"],
    wordings: &[
        said("535 5.7.8 Error: authentication failed: ", "Postfix", &["authentication failed"]),
        said("535 Incorrect authentication data", "Exim", &["incorrect authentication data"]),
        said("535 5.7.3 Authentication unsuccessful", "Exchange", &["5.7.3 authentication unsuccessful"]),
        said(
            "535-5.7.8 Username and Password not accepted. For more information, go to",
            "Gmail",
            &["username and password not accepted"],
        ),
        said(
            "535 Authentication failed. Restarting authentication process.",
            "hMailServer",
            &["authentication failed"],
        ),
    ],
    page: include_str!("pages/credentials-refused.md"),
};

pub(super) const AUTH_DISABLED: Reason = Reason {
    code: "auth-disabled",
    title: "this account may not log in to send mail",
    reference: "RFC 5248 (x.7.13)",
    fault: Fault::Server,
    sending: "log in with an account that may send (for Exchange Online: with OAuth), or send through another server.",
    receiving: "allow SMTP AUTH for this account (Exchange Online: `Set-CASMailbox -SmtpClientAuthenticationDisabled $false`).",
    about: About::Auth,
    status_codes: &["5.7.13", "5.7.139"],
    wordings: &[
        said(
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            "Exchange Online",
            &["smtpclientauthentication is disabled"],
        ),
        said(
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            "Exchange Online",
            &["basic authentication is disabled"],
        ),
    ],
    page: include_str!("pages/auth-disabled.md"),
};

pub(super) const AUTH_MECHANISM: Reason = Reason {
    code: "auth-mechanism",
    title: "the server requires another way to log in",
    reference: "RFC 4954 4, 6",
    fault: Fault::Client,
    sending: "choose a mechanism that the server's EHLO reply lists after AUTH. For Gmail use an app password or OAuth.",
    receiving: "offer a mechanism that this client supports.",
    about: About::Auth,
    status_codes: &["5.7.4", "5.7.9", "534", "4.7.12"],
    wordings: &[
        said("504 5.7.4 Unrecognized authentication type", "Exchange", &["unrecognized authentication type"]),
        said("504 5.5.4 Unrecognized authentication type.", "RFC 4954", &["unrecognized authentication type"]),
        said("534-5.7.9 Application-specific password required.", "Gmail", &["application-specific password required"]),
    ],
    page: include_str!("pages/auth-mechanism.md"),
};

pub(super) const RELAYING_DENIED: Reason = Reason {
    code: "relaying-denied",
    title: "the server does not forward mail from this client to that domain",
    reference: "RFC 5321 7.1, 3.6.1",
    fault: Fault::Client,
    sending: "log in before sending (AUTH), or send to the mail server of the recipient's own domain.",
    receiving: "allow this client to relay, or add the recipient's domain to the domains that the server accepts.",
    about: About::Mail,
    status_codes: &["5.7.54", "5.7.64"],
    wordings: &[
        said("554 5.7.1 <bob@example.org>: Relay access denied", "Postfix", &["relay access denied"]),
        said("550 5.7.1 <bob@example.org>... Relaying denied", "Sendmail", &["relaying denied"]),
        said(
            "550 5.7.1 <bob@example.org>... Relaying denied. Proper authentication required.",
            "Sendmail",
            &["relaying denied"],
        ),
        said("550 relay not permitted", "Exim", &["relay not permitted"]),
        said("550 5.7.1 Unable to relay for bob@example.org", "IIS SMTP, Exchange 2003", &["unable to relay"]),
        said("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "Exchange", &["unable to relay"]),
        said(
            "550-relay.example.com is currently not permitted to relay through this server.",
            "cPanel",
            &["not permitted to relay"],
        ),
        said("550 Relaying is prohibited", "sisimai, a collection of bounces", &["relaying is prohibited"]),
        said("550 relaying not allowed", "sisimai", &["relaying not allowed"]),
        said(
            "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "qmail",
            &["my list of allowed rcpthosts"],
        ),
        said("550 I cannot deliver mail for <bob@example.org>", "Haraka", &["cannot deliver mail for"]),
        said("513 Relaying denied.", "Courier", &["relaying denied"]),
    ],
    page: include_str!("pages/relaying-denied.md"),
};

pub(super) const NO_REVERSE_DNS: Reason = Reason {
    code: "no-reverse-dns",
    title: "the client's address has no name in DNS, or the name does not match",
    reference: "RFC 7372 3.2 (x.7.25)",
    fault: Fault::Client,
    sending: "ask the provider of the client's address to enter its host name in reverse DNS (PTR). The name must lead back to the same address.",
    receiving: "make an exception for this client's address.",
    about: About::Client,
    status_codes: &["x.7.25"],
    wordings: &[
        said(
            "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.10]",
            "Postfix",
            &["cannot find your reverse hostname"],
        ),
        said(
            "450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.10]",
            "Postfix",
            &["cannot find your hostname"],
        ),
        said("550 no rDNS for 192.0.2.12", "qpsmtpd", &["no rdns for"]),
        said(
            "550-5.7.25 [192.0.2.10] The IP address sending this message does not have a PTR record setup",
            "Gmail",
            &["does not have a ptr record"],
        ),
    ],
    page: include_str!("pages/no-reverse-dns.md"),
};

pub(super) const CLIENT_BLOCKED: Reason = Reason {
    code: "client-blocked",
    title: "the client's address is blocked",
    reference: "RFC 5782",
    fault: Fault::Client,
    sending: "find out why the address is blocked (spam from a machine behind it, a dial-up range). Then have it removed from the list that the reply names, or send through the provider's server.",
    receiving: "remove the address from the block list, or make an exception for it.",
    about: About::Client,
    status_codes: &[],
    wordings: &[
        said(
            "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org",
            "Postfix",
            &["client host", "blocked using"],
        ),
        said(
            "521 5.7.1 Service unavailable; client [192.0.2.10] blocked using zen.spamhaus.org",
            "Postfix's postscreen",
            &["service unavailable; client", "blocked using"],
        ),
        said(
            "554 5.7.1 <unknown[192.0.2.10]>: Client host rejected: Access denied",
            "Postfix",
            &["client host rejected: access denied"],
        ),
        said("550 5.7.606 Access denied, banned sending IP [192.0.2.10].", "Exchange Online", &["banned sending ip"]),
        said(
            "550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
            "Outlook.com",
            &["network is on our block list"],
        ),
        said(
            "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.10, because the ip is in Spamhaus's list",
            "Yahoo",
            &["connections will not be accepted from"],
        ),
        said("554 IP=192.0.2.10 - None/bad reputation.", "T-Online", &["bad reputation"]),
        said(
            "550 5.7.1 Mail from 192.0.2.10 refused by blackhole site bl.spamcop.net",
            "Sendmail",
            &["mail from", "refused by blackhole site"],
        ),
        said(
            "550 rejected because 192.0.2.10 is in a black list at zen.spamhaus.org",
            "Exim",
            &["is in a black list at"],
        ),
    ],
    page: include_str!("pages/client-blocked.md"),
};
