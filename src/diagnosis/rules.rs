//! The causes of loss in order of precedence, as one table that the reports and the documentation are driven by.

use super::facts::Facts;
use super::{Confidence, Evidence, Reason};
use super::{broken_off, connect, ehlo_argument, ehlo_mangled, greeting, hello, proxy, refused, tls_auth};

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The sending side.
    Client,
    /// The receiving side.
    Server,
    /// What lies between them.
    Network,
    /// Nobody: the capture is to blame.
    Capture,
}

impl Fault {
    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Network => "network",
            Self::Capture => "capture",
        }
    }
}

/// How far a session had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The connection never came about.
    Connecting,
    /// The server's first words, or their lack.
    Greeting,
    /// A malformed argument of the hello.
    Argument,
    /// The hello, for other reasons.
    Hello,
    /// STARTTLS and what follows it.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL, RCPT and the message.
    Transaction,
    /// Anywhere, with nothing refused.
    Breaking,
}

/// One cause of loss.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The stable code, as in `ehlo-argument`.
    pub code: &'static str,
    /// Where in a session it strikes.
    pub stage: Stage,
    /// What happened, in a few words.
    pub title: &'static str,
    /// The standard or article it is described in.
    pub reference: &'static str,
    /// What to do about it, in general.
    pub remedy: &'static str,
    /// Who may have to change something; each finding names one of them.
    pub faults: &'static [Fault],
    /// The whole story in Markdown, from a file in `pages/`: one sentence on what it is, then how it shows in a capture,
    /// why it happens, what to do on which side, what tells it apart from other causes, and an example.
    pub page: &'static str,
    /// Whether a session was lost to it.
    pub(super) check: fn(&Facts<'_>) -> Option<Finding>,
}

/// Each rule is a row of [`RULES`], and equal to itself alone.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Rule {}

/// That a rule applies, and why.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) fault: Fault,
    pub(super) confidence: Confidence,
    pub(super) evidence: Vec<Evidence>,
    /// Which hello it is about.
    pub(super) hello: Option<usize>,
    /// The name to greet with instead.
    pub(super) suggestion: Option<String>,
    /// Why the server refused, where its reply says so.
    pub(super) reason: Option<&'static Reason>,
    /// What to do about it, where that is more than the rule can say.
    pub(super) remedy: Option<&'static str>,
}

impl Finding {
    pub(super) const fn new(fault: Fault, confidence: Confidence, evidence: Vec<Evidence>) -> Self {
        Self { fault, confidence, evidence, hello: None, suggestion: None, reason: None, remedy: None }
    }

    /// With a reason, which knows better than the cause whose fault it is.
    pub(super) fn for_reason(self, reason: Option<&'static Reason>) -> Self {
        Self { fault: reason.map_or(self.fault, |reason| reason.fault), reason, ..self }
    }
}

/// Every cause of loss. The first whose check applies is the session's.
pub static RULES: &[Rule] = &[
    connect::UNREACHABLE,
    connect::REFUSED,
    connect::UNANSWERED,
    proxy::MISMATCH,
    greeting::NO_GREETING,
    greeting::REFUSED,
    greeting::NOT_SMTP,
    ehlo_mangled::RULE,
    ehlo_argument::RULE,
    hello::POLICY,
    hello::UNSUPPORTED,
    hello::UNANSWERED,
    tls_auth::TLS_FAILED,
    tls_auth::AUTH_FAILED,
    refused::SENDER,
    refused::RECIPIENTS,
    refused::MESSAGE,
    broken_off::RESET,
    broken_off::CLOSED,
    broken_off::TIMED_OUT,
];

/// The rule with this code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}
