//! A session in the few values by which two scans are compared: made as a session closes, or read back from a JSON report.

mod read;

use std::net::IpAddr;

use super::digest::{Deciding, Digest};
use super::relay::client_of;
use crate::diagnosis::{Diagnosis, Outcome};
use crate::scan::CaptureSource;
use crate::session::Session;
use crate::smtp::ehlo::Problem;
use crate::time::Timestamp;

pub(crate) use read::{ReadReport, ReportError, is_json, read_report};

/// What is compared of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct SessionRecord {
    /// The client's address, behind a proxy the one that it names.
    pub client: IpAddr,
    /// The mail server's address.
    pub server: IpAddr,
    /// When the session was opened.
    pub opened: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether another session delivered its mail right after.
    pub is_delivered_later: bool,
    /// What it was lost to; only if it was.
    pub loss: Option<LossRecord>,
}

/// What a session was lost to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct LossRecord {
    /// The code of the cause.
    pub cause: String,
    /// The code of the reason, if the reply gives one.
    pub reason: Option<String>,
    /// The hello that the loss is about.
    pub hello: Option<HelloRecord>,
    /// What decided.
    pub answer: Option<AnswerRecord>,
}

/// A hello.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct HelloRecord {
    /// Its verb.
    pub verb: String,
    /// Its argument, no blanks around it.
    pub argument: Vec<u8>,
    /// The codes of what is wrong with it.
    pub problems: Vec<String>,
}

/// The reply that decided, or what happened in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct AnswerRecord {
    /// The verb of the command that the reply answers; none for a greeting, and where no reply decided.
    pub command: Option<String>,
    /// The code of the reply, where one decided.
    pub code: Option<u16>,
    /// The text of its first line, or what happened, in words.
    pub text: String,
}

impl SessionRecord {
    /// Of a session and its verdict.
    pub(crate) fn new(session: &Session, diagnosis: &Diagnosis) -> Self {
        let source = CaptureSource::default();
        let digest = Digest::new(0, &source, session, diagnosis, None);
        let loss = diagnosis.cause.map(|rule| LossRecord {
            cause: rule.code.to_owned(),
            reason: diagnosis.reason.map(|reason| reason.code.to_owned()),
            hello: LostHello::of(&digest).map(|hello| HelloRecord {
                verb: hello.verb,
                argument: hello.argument.to_vec(),
                problems: hello.problems.iter().map(|problem| problem.code.code().to_owned()).collect(),
            }),
            answer: digest.deciding().map(AnswerRecord::new),
        });
        Self {
            client: client_of(session),
            server: session.server.ip(),
            opened: session.first.time,
            outcome: diagnosis.outcome,
            is_delivered_later: diagnosis.delivered_later.is_some(),
            loss,
        }
    }

    /// Whether mail was lost: no other session is known to have delivered it.
    pub(crate) fn is_mail_lost(&self) -> bool {
        self.outcome == Outcome::Lost && !self.is_delivered_later
    }
}

impl AnswerRecord {
    fn new(deciding: &Deciding) -> Self {
        let command = deciding.command.map(str::to_owned);
        Self { command, code: deciding.code, text: deciding.text.clone() }
    }
}

/// The hello that a loss is about.
pub(super) struct LostHello<'s> {
    pub(super) verb: String,
    pub(super) argument: &'s [u8],
    pub(super) problems: &'s [Problem],
}

impl<'s> LostHello<'s> {
    /// The malformed argument that the session was lost to, whoever said it, or else the hello that the verdict names; none
    /// of a session that was not lost.
    pub(super) fn of(digest: &Digest<'s>) -> Option<Self> {
        digest.diagnosis.cause?;
        if let Some(argument) = digest.diagnosis.malformed_argument() {
            let verb = argument.verb.name().unwrap_or_default().to_owned();
            return Some(Self { verb, argument: &argument.octets, problems: &argument.problems });
        }
        let hello = digest.hello.as_ref()?;
        Some(Self { verb: hello.command.verb_name(), argument: hello.argument, problems: &hello.check.problems })
    }
}
