//! Why a server refused, where its reply says so: by the enhanced status code (RFC 3463), else by words that known
//! servers use. One table; what no row of it knows stays without a reason.

mod access;
mod address;
mod hello;
mod load;
mod message;
mod turn;
mod words;

use super::Fault;
use crate::smtp::{EnhancedStatusCode, Reply, Verb};
use words::Words;

/// Why a server refused.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reason {
    /// The stable code, as in `auth-required`.
    pub code: &'static str,
    /// What the server says, in a few words.
    pub title: &'static str,
    /// The standard that describes it.
    pub reference: &'static str,
    /// Who has to change something, in the first place.
    pub fault: Fault,
    /// What the sending side would do.
    pub sending: &'static str,
    /// What the receiving side would do; empty where it can do nothing, or should not.
    pub receiving: &'static str,
    /// What the refusal is about.
    about: About,
    /// Status codes that say it: `5.1.1` of RFC 3463 (`x.1.1` for now or for good), or the three digits of a reply.
    pub status_codes: &'static [&'static str],
    /// Replies of servers that say it in words.
    pub wordings: &'static [Wording],
    /// The story in Markdown, from a file in `pages/`: one sentence on what it is, then why it happens.
    pub page: &'static str,
}

/// A reply that gives a reason in words.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Wording {
    /// The reply as this server gives it, of one line.
    pub reply: &'static str,
    /// Who gives it, or describes it.
    pub source: &'static str,
    /// What tells it: phrases that stand in it in this order. Case and line breaks do not matter.
    phrases: &'static [&'static str],
}

/// What a refusal is about: the same words mean something else in the reply to another command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The client, or the mail service: in the reply to anything.
    Client,
    /// As [`Client`](Self::Client), and only for now (4xx).
    Now,
    /// That the client sent commands before its turn: in the reply to anything.
    Turn,
    /// The name in the hello.
    Hello,
    /// The log-in.
    Auth,
    /// The sender: in the reply to MAIL, to RCPT, where many servers check it, or to the message.
    Sender,
    /// An address or the message: in the reply to MAIL, RCPT or the message.
    Mail,
    /// The recipient: in the reply to RCPT or the message.
    Recipient,
}

impl About {
    /// Whether a reply to `to`, or a greeting, can be about it.
    const fn fits(self, to: Option<Verb>, code: u16) -> bool {
        let is_recipients = matches!(to, Some(Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::EndOfData));
        match self {
            Self::Client | Self::Turn => true,
            Self::Now => code / 100 == 4,
            Self::Hello => matches!(to, Some(Verb::Ehlo | Verb::Helo | Verb::Lhlo)),
            Self::Auth => matches!(to, Some(Verb::Auth)),
            Self::Sender | Self::Mail => is_recipients || matches!(to, Some(Verb::Mail)),
            Self::Recipient => is_recipients,
        }
    }
}

impl Reason {
    /// Whether the client sent commands before its turn.
    pub(super) fn is_about_turn(&self) -> bool {
        self.about == About::Turn
    }
}

/// Each reason is a row of [`REASONS`], and equal to itself alone.
impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Reason {}

/// Every reason. A status code belongs to one of them; of those whose words a reply has, the first is its reason.
pub static REASONS: &[Reason] = &[
    access::RELAYING_DENIED,
    access::AUTH_REQUIRED,
    access::TLS_REQUIRED,
    access::CREDENTIALS_REFUSED,
    access::AUTH_DISABLED,
    access::AUTH_MECHANISM,
    access::NO_REVERSE_DNS,
    access::CLIENT_BLOCKED,
    turn::EARLY_TALK,
    hello::NOT_QUALIFIED,
    hello::NOT_FOUND,
    hello::MISMATCH,
    message::SPF_DKIM_DMARC,
    message::CONTENT,
    message::TOO_LARGE,
    message::SMTPUTF8,
    load::GREYLISTED,
    load::RATE_LIMITED,
    load::TOO_MANY_RECIPIENTS,
    address::SENDER_NOT_OWNED,
    address::SENDER_DOMAIN,
    address::SENDER_UNKNOWN,
    address::RECIPIENT_DOMAIN,
    address::TAKES_NO_MAIL,
    address::SYNTAX,
    address::MAILBOX_DISABLED,
    address::MAILBOX_FULL,
    address::MAILBOX_UNKNOWN,
    load::SERVER_FULL,
    load::TRY_LATER,
];

/// A refusal as a reason is looked for in it.
pub(super) struct Refused {
    code: u16,
    enhanced: Option<String>,
    words: Words,
    to: Option<Verb>,
}

impl Refused {
    /// The refusal `reply` to a command; none for a greeting.
    pub(super) fn new(reply: &Reply, to: Option<Verb>) -> Self {
        Self::of_lines(reply.code, reply.lines.iter(), to)
    }

    /// A refusal with these lines of text.
    pub(super) fn of_lines<'a>(code: u16, lines: impl Iterator<Item = &'a [u8]>, to: Option<Verb>) -> Self {
        let mut lines = lines.peekable();
        let enhanced = lines.peek().and_then(|line| EnhancedStatusCode::parse(line, code));
        Self { code, enhanced: enhanced.map(|enhanced| enhanced.to_string()), words: Words::new(lines, code), to }
    }

    /// The reason, if it gives one that is known.
    pub(super) fn reason(&self) -> Option<&'static Reason> {
        let fitting = || REASONS.iter().filter(|reason| reason.about.fits(self.to, self.code));
        let by_code = |reason: &&Reason| reason.status_codes.iter().any(|known| self.has_status(known));
        let by_words = |reason: &&Reason| reason.wordings.iter().any(|wording| self.words.have(wording.phrases));
        fitting().find(by_code).or_else(|| fitting().find(by_words))
    }

    /// The reason of a refusal that says nothing else, where the client is known to have spoken before the greeting.
    pub(super) fn reason_of_early_talker(&self) -> Option<&'static Reason> {
        let fits = self.code / 100 == 5 && turn::FITTING.iter().any(|phrase| self.words.have(&[phrase]));
        REASONS.iter().find(|reason| fits && reason.about == About::Turn)
    }

    /// Whether it is about the sender, whatever command got it: RFC 3463 3.2 has x.1.7 and x.1.8 for that.
    pub(super) fn names_sender(&self) -> bool {
        ["x.1.7", "x.1.8"].iter().any(|known| self.has_status(known))
            || self.words.have(&["sender address rejected"])
            || self.reason().is_some_and(|reason| reason.about == About::Sender)
    }

    fn has_status(&self, known: &str) -> bool {
        match (&self.enhanced, known.strip_prefix("x.")) {
            (Some(enhanced), Some(rest)) => enhanced.split_once('.').is_some_and(|(_, detail)| detail == rest),
            (Some(enhanced), None) if enhanced == known => true,
            _ => known.parse() == Ok(self.code),
        }
    }
}

/// A row of the words a reason is known by.
const fn said(reply: &'static str, source: &'static str, phrases: &'static [&'static str]) -> Wording {
    Wording { reply, source, phrases }
}

/// The reason with this code.
pub fn reason(code: &str) -> Option<&'static Reason> {
    REASONS.iter().find(|reason| reason.code == code)
}

#[cfg(test)]
mod tests;
