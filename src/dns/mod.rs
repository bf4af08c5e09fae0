//! What was looked up before mail was sent: the answers that led to a server, and the failures that led nowhere.
//!
//! A mail client asks for the MX records of a domain, then for the addresses of the hosts they name. `Lookups` watches
//! those questions and answers on UDP, bounded, for each client on its own. A connection to an address that an answer gave
//! has its [`Lookup`]; a lookup that failed, with no connection after it, is a delivery that never started.

mod failed;
mod lookups;
mod message;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

pub use message::RecordType;

pub(crate) use lookups::Lookups;

use crate::time::Moment;

/// How a client came to a server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookup {
    /// The questions and their answers: for MX first, if there was one, then for the host's address. A server that sends
    /// the address along with the MX records leaves one.
    pub steps: Vec<LookupStep>,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupStep {
    /// The question, if the capture has it.
    pub asked: Option<Moment>,
    /// The answer.
    pub answered: Moment,
    /// The name asked for: in lower case, printable, no dot at the end.
    pub name: Box<str>,
    /// What was asked for.
    pub record_type: RecordType,
    /// What the answer said, the first few records of it: `10 mx1.example.com, 20 mx2.example.com`.
    pub answer: String,
}

/// A lookup that failed, and no connection of its client came of it: a delivery that never started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedLookup {
    /// The question; of an answer whose question the capture lacks, the answer.
    pub moment: Moment,
    /// The latest answer.
    pub answered: Option<Moment>,
    /// Who asked.
    pub client: IpAddr,
    /// The name asked for: in lower case, printable, no dot at the end.
    pub name: Box<str>,
    /// What was asked for.
    pub record_type: RecordType,
    /// What went wrong.
    pub why: LookupFailure,
    /// Whether the client also takes mail in this capture: it may have asked only to check a sender.
    pub is_server_too: bool,
}

/// Why a lookup gave nowhere to send mail to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupFailure {
    /// The name does not exist (RFC 8020).
    NoSuchName,
    /// The name exists, but has no such record, nor an address in its place (RFC 5321 5.1).
    NoRecord,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// The server could not find out.
    ServerFailure,
    /// The server would not answer.
    Refused,
    /// Another response code (RFC 6895 2.3).
    OtherCode(u8),
    /// No answer in the capture.
    NoAnswer,
}

impl LookupFailure {
    /// The words of [`code`](Self::code).
    pub const CODES: [&'static str; 7] =
        ["nxdomain", "no-record", "null-mx", "servfail", "refused", "error", "no-answer"];

    /// The stable word for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchName => "nxdomain",
            Self::NoRecord => "no-record",
            Self::NullMx => "null-mx",
            Self::ServerFailure => "servfail",
            Self::Refused => "refused",
            Self::OtherCode(_) => "error",
            Self::NoAnswer => "no-answer",
        }
    }

    /// The failure in words.
    pub fn text(self) -> String {
        match self {
            Self::NoSuchName => "the name does not exist (NXDOMAIN)".to_owned(),
            Self::NoRecord => "the name has no such record".to_owned(),
            Self::NullMx => "the domain takes no mail (null MX)".to_owned(),
            Self::ServerFailure => "the name server could not find out (SERVFAIL)".to_owned(),
            Self::Refused => "the name server refused to answer (REFUSED)".to_owned(),
            Self::OtherCode(code) => format!("the name server gave error {code}"),
            Self::NoAnswer => "no answer came".to_owned(),
        }
    }
}

/// The lookups of a capture that led nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedLookups {
    /// The first ones, in order of their frames.
    pub listed: Vec<FailedLookup>,
    /// Those over the bound, counted only.
    pub omitted: u64,
    /// Lookups given up, to stay within bounds, before it was known what came of them.
    pub forgotten: u64,
}

impl FailedLookups {
    /// All of them, listed or not.
    pub fn total(&self) -> u64 {
        self.omitted.saturating_add(self.listed.len() as u64)
    }
}
