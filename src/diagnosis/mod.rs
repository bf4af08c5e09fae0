//! From a session to its outcome, the cause of its loss and the evidence: values, which a report puts into words.

mod broken_off;
mod connect;
mod ehlo_argument;
mod ehlo_mangled;
mod evidence;
mod facts;
mod greeting;
mod hello;
mod outcome;
mod proxy;
mod reasons;
mod refused;
mod remarks;
mod rules;
mod tls_auth;

pub use evidence::{Answer, Argument, End, Evidence, EvidenceKind, Unknown};
pub use reasons::{REASONS, Reason, Wording, reason};
pub use remarks::Remark;
pub use rules::{Fault, RULES, Rule, Stage, rule};

use crate::session::Session;
use crate::time::FrameNumber;

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The server accepted at least one message.
    Delivered,
    /// The client came to deliver, no message was accepted, and the capture shows why.
    Lost,
    /// The client ended a working session without trying to send.
    NoMail,
    /// Another protocol was spoken: no mail came, and none was lost.
    NotSmtp,
    /// The capture cannot tell.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Delivered, Self::Lost, Self::NoMail, Self::NotSmtp, Self::Unknown];

    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Lost => "lost",
            Self::NoMail => "no-mail",
            Self::NotSmtp => "not-smtp",
            Self::Unknown => "unknown",
        }
    }

    /// What it means, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Delivered => "the server accepted a message",
            Self::Lost => "the client wanted to send mail, but the server accepted no message",
            Self::NoMail => "the client did not try to send",
            Self::NotSmtp => greeting::NOT_SMTP_TITLE,
            Self::Unknown => "the capture does not show the outcome",
        }
    }

    /// When a session has this outcome, what the report adds, and what to do. The first paragraph is one sentence.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Delivered => include_str!("pages/delivered.md"),
            Self::Lost => include_str!("pages/lost.md"),
            Self::NoMail => include_str!("pages/no-mail.md"),
            Self::NotSmtp => greeting::NOT_SMTP.page,
            Self::Unknown => include_str!("pages/unknown.md"),
        }
    }
}

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// The decisive frames say so.
    Certain,
    /// The frames fit nothing else as well.
    Probable,
}

impl Confidence {
    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Probable => "probable",
        }
    }
}

/// The verdict on one session.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was lost; only if it was.
    pub cause: Option<&'static Rule>,
    /// Why the server refused; only if it was lost to a refusal that gives a reason that is known.
    pub reason: Option<&'static Reason>,
    /// Who has to change something in the first place; only if it was lost. A reason has the say before the cause.
    pub fault: Option<Fault>,
    /// How sure that is; none for an unknown outcome.
    pub confidence: Option<Confidence>,
    /// Whether a malformed hello was refused and a later one of the same connection accepted.
    pub recovered: bool,
    /// The hello it is about, by its place among those of the transcript: the one the cause names, else the last if it has
    /// no reply, else the first malformed one, else the last.
    pub hello: Option<usize>,
    /// The name the client should have greeted with; only if the session was lost to the one it did.
    pub suggestion: Option<String>,
    /// What to do about the loss; empty where there is nothing to do.
    pub remedy: &'static str,
    /// The frames that show it, in order, each with what it shows.
    pub evidence: Vec<Evidence>,
    /// The session of the same capture ([`Session::number`]) that delivered the mail of this lost one right after, to another
    /// address. A scan that tells sessions as they close knows it, [`diagnose`] does not.
    pub delivered_later: Option<u64>,
    /// What is worth a second look all the same, each with the frame that shows it.
    pub remarks: Vec<(FrameNumber, Remark)>,
}

impl Diagnosis {
    /// Whether mail was lost: no message was accepted, and no other attempt of the same delivery is known to have succeeded.
    pub fn is_mail_lost(&self) -> bool {
        self.outcome == Outcome::Lost && self.delivered_later.is_none()
    }

    /// The refusal that decided, and its frame; only if the session was lost to one.
    pub fn reply(&self) -> Option<(FrameNumber, &Answer)> {
        self.evidence.iter().find_map(|shown| match &shown.kind {
            EvidenceKind::Reply(answer) => Some((shown.frame, answer)),
            _ => None,
        })
    }

    /// The malformed argument that the session was lost to, whoever said it; only if it was lost to one.
    pub fn malformed_argument(&self) -> Option<&Argument> {
        self.cause.filter(|rule| rule.stage == Stage::Argument)?;
        self.evidence.iter().find_map(|shown| match &shown.kind {
            EvidenceKind::Argument(argument) => Some(argument),
            _ => None,
        })
    }

    /// What was spoken in place of SMTP; only if that is known.
    pub fn other_protocol(&self) -> Option<&'static str> {
        self.evidence.iter().find_map(|shown| match shown.kind {
            EvidenceKind::OtherProtocol(_, name) => Some(name),
            _ => None,
        })
    }

    /// Why the capture does not show the outcome; only if it does not.
    pub fn unknown(&self) -> Option<Unknown> {
        self.evidence.iter().find_map(|shown| match shown.kind {
            EvidenceKind::Unknown(why) => Some(why),
            _ => None,
        })
    }
}

/// Decides what became of `session`.
pub fn diagnose(session: &Session) -> Diagnosis {
    outcome::decide(session)
}
