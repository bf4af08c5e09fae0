//! From a session to its outcome, the cause of its loss, the evidence and the remedy.

mod broken_off;
mod connect;
mod ehlo_argument;
mod ehlo_mangled;
mod evidence;
mod facts;
mod greeting;
mod hello;
mod outcome;
mod outcome_pages;
mod refused;
mod rules;
mod tls_auth;

pub use evidence::Evidence;
pub use rules::{Fault, RULES, Rule, rule};

use crate::session::Session;

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The server accepted at least one message.
    Delivered,
    /// The client came to deliver, no message was accepted, and the capture shows why.
    Lost,
    /// The client ended a working session without trying to send.
    NoMail,
    /// The capture cannot tell.
    Unknown,
}

impl Outcome {
    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Lost => "lost",
            Self::NoMail => "no-mail",
            Self::Unknown => "unknown",
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
pub struct Diagnosis {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was lost; only if it was.
    pub cause: Option<&'static Rule>,
    /// Who has to change something; only if it was lost.
    pub fault: Option<Fault>,
    /// How sure that is; none for an unknown outcome.
    pub confidence: Option<Confidence>,
    /// Whether a malformed hello was refused and a later one of the same connection accepted.
    pub recovered: bool,
    /// The frames that show it, in order, each with what it shows.
    pub evidence: Vec<Evidence>,
    /// What to do about it; empty if there is nothing to do.
    pub remedy: String,
}

/// Decides what became of `session`.
pub fn diagnose(session: &Session) -> Diagnosis {
    outcome::decide(session)
}
