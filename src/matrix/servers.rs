//! The server configurations that were measured.

use std::fmt;

/// One server in one configuration. Its `Display` is product, version and setup: `Postfix 3.7, default`.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// The name of its column, such as `postfix-strict`.
    pub name: &'static str,
    /// The product.
    pub product: &'static str,
    /// Its version, where it is known.
    pub version: Option<&'static str>,
    /// What sets this configuration apart, as far as it is known; empty for the only or the default one.
    pub setup: &'static str,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.product)?;
        if let Some(version) = self.version {
            write!(f, " {version}")?;
        }
        if self.setup.is_empty() { Ok(()) } else { write!(f, " {}", self.setup) }
    }
}

const fn server(
    name: &'static str,
    product: &'static str,
    version: Option<&'static str>,
    setup: &'static str,
) -> Server {
    Server { name, product, version, setup }
}

/// The configurations, in the order of the table's columns.
pub static SERVERS: [Server; 35] = [
    server("postfix", "Postfix", Some("3.7"), ""),
    server("postfix-strict", "Postfix", Some("3.7"), "with reject_invalid_ and reject_non_fqdn_helo_hostname"),
    server("postfix-delayed", "Postfix", Some("3.7"), "with helo checks delayed to RCPT"),
    server("postfix-unknown", "Postfix", Some("3.7"), "with reject_invalid_ and reject_unknown_helo_hostname"),
    server("postfix-postscreen", "Postfix", Some("3.7"), "with postscreen"),
    server("exim", "Exim", Some("4.96"), ""),
    server("exim-acl", "Exim", Some("4.96"), "with an ACL on hello names"),
    server("exim-verify", "Exim", Some("4.96"), "comparing the name with the client's address"),
    server("sendmail", "Sendmail", Some("8.17"), ""),
    server("sendmail-ratelimit", "Sendmail", Some("8.17"), "with a limit on connections"),
    server("sendmail-badhelo", "Sendmail", Some("8.17"), "in a configuration \"badhelo\""),
    server("opensmtpd", "OpenSMTPD", Some("6.8"), ""),
    server("courier", "Courier", None, ""),
    server("qpsmtpd", "qpsmtpd", Some("0.94"), ""),
    server("qpsmtpd-rfc", "qpsmtpd", Some("0.94"), "with RFC and DNS checks of the name"),
    server("haraka", "Haraka", Some("3.3"), ""),
    server("haraka-helo", "Haraka", Some("3.3"), "with helo.checks"),
    server("smtp-server", "nodemailer smtp-server", None, ""),
    server("maildev", "MailDev", None, ""),
    server("smtp-protocol", "smtp-protocol", None, ""),
    server("aiosmtpd", "aiosmtpd", None, ""),
    server("aiosmtpd-hook", "aiosmtpd", None, "with a hook that answers in the words of KB 240832"),
    server("python-smtpd", "Python smtpd", None, ""),
    server("twisted", "Twisted", None, ""),
    server("net-server-mail", "Net::Server::Mail", None, ""),
    server("net-smtp-server", "Net::SMTP::Server", None, ""),
    server("go-smtp", "go-smtp", None, ""),
    server("samotop", "Samotop", None, ""),
    server("mailin", "mailin", None, ""),
    server("dovecot-submission", "Dovecot submission", None, ""),
    server("nginx", "nginx mail proxy", None, ""),
    server("msmtpd", "msmtpd", None, ""),
    server("smtp-sink", "smtp-sink", None, ""),
    server("inetsim", "INetSim", None, ""),
    server("mailtutan", "Mailtutan", None, ""),
];
