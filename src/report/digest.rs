//! What every format shows of a session: the hello its verdict is about, what was said to it, the verdict in words.

use super::{background, escape, evidence, product_name, words};
use crate::diagnosis::{Answer, Diagnosis, End, EvidenceKind, Outcome};
use crate::flow::Side;
use crate::scan::CaptureSource;
use crate::session::Session;
use crate::smtp::ehlo::{ArgumentCheck, split_argument};
use crate::smtp::{Command, Reply, Verb};
use crate::time::FrameNumber;

/// A session and its verdict.
pub(super) struct Digest<'s> {
    /// The number of its capture, counted from 0.
    pub(super) capture: usize,
    pub(super) source: &'s CaptureSource,
    pub(super) session: &'s Session,
    pub(super) diagnosis: &'s Diagnosis,
    /// The hello the verdict is about.
    pub(super) hello: Option<ShownHello<'s>>,
}

/// A hello and what was said to it.
pub(super) struct ShownHello<'s> {
    pub(super) command: &'s Command,
    /// The argument, no blanks around it.
    pub(super) argument: &'s [u8],
    pub(super) check: &'s ArgumentCheck,
    pub(super) reply: Option<&'s Reply>,
}

/// Text longer than this is cut.
const SHOWN_COLUMNS: usize = 240;

impl<'s> Digest<'s> {
    /// Of a session of the capture from `source`, which has the number `capture`.
    pub(super) fn new(
        capture: usize,
        source: &'s CaptureSource,
        session: &'s Session,
        diagnosis: &'s Diagnosis,
    ) -> Self {
        let transcript = &session.transcript;
        let hello = diagnosis.hello.and_then(|index| {
            let hello = transcript.hellos.get(index)?;
            let command = transcript.hello_command(hello)?;
            let argument = split_argument(command.after_verb()).octets;
            Some(ShownHello { command, argument, check: &hello.check, reply: transcript.hello_reply(hello) })
        });
        Self { capture, source, session, diagnosis, hello }
    }

    /// Its place among all.
    pub(super) const fn key(&self) -> (usize, u64) {
        (self.capture, self.session.number)
    }

    /// `2.3`: its number behind that of its capture, counted from 1.
    pub(super) fn number_in_run(&self) -> String {
        format!("{}.{}", self.capture + 1, self.session.number)
    }

    /// What the greeting says the server is.
    pub(super) fn product(&self) -> Option<&'s str> {
        product_name(&self.session.product)
    }

    /// The cause by its code; the outcome if it was not lost.
    pub(super) fn verdict(&self) -> &'static str {
        self.diagnosis.cause.map_or_else(|| self.diagnosis.outcome.code(), |rule| rule.code)
    }

    /// What shows it, frame by frame.
    pub(super) fn evidence(&self) -> impl Iterator<Item = (FrameNumber, String)> + use<'s> {
        self.diagnosis.evidence.iter().map(|shown| (shown.frame, evidence::text(&shown.kind)))
    }

    /// The lookups that led the client to the server.
    pub(super) fn lookups(&self) -> impl Iterator<Item = String> + use<'s> {
        self.session.lookup.iter().flat_map(|lookup| &lookup.steps).map(background::lookup)
    }

    /// What the server said to the decisive command, or what happened instead.
    pub(super) fn answer(&self) -> String {
        if self.diagnosis.outcome == Outcome::Delivered {
            return format!("{} accepted", words::count(self.session.transcript.messages_accepted, "message"));
        }
        if let Some((_, reply)) = self.diagnosis.reply() {
            return refusal(reply, SHOWN_COLUMNS);
        }
        let kinds = self.diagnosis.evidence.iter().map(|shown| &shown.kind);
        let telling = kinds.clone().find_map(|kind| match kind {
            EvidenceKind::HelloUnanswered(end) | EvidenceKind::HelloIgnored(end) => Some(unanswered(*end).to_owned()),
            // The evidence begins with the hellos of TLS, which went well; how it ended stands last.
            EvidenceKind::NoTls | EvidenceKind::UnfinishedTls => {
                background::alert(self.session).or_else(|| kinds.clone().next_back().map(evidence::text))
            }
            _ => None,
        });
        telling.unwrap_or_else(|| escape::cut(&kinds.map(evidence::text).collect::<Vec<_>>().join("; "), SHOWN_COLUMNS))
    }
}

impl ShownHello<'_> {
    /// What is wrong with it, in words; empty where nothing is.
    pub(super) fn problems(&self) -> String {
        let problems = self.check.problems.iter().map(|problem| problem.message(self.argument));
        problems.collect::<Vec<_>>().join(", ")
    }
}

/// `501 Invalid Address`, with the command before it where the hello is not what was refused.
pub(super) fn refusal(answer: &Answer, columns: usize) -> String {
    let to = match answer.to {
        Some(Verb::EndOfData) => Some("end of data"),
        Some(Verb::Mangled) => Some("XXXX"),
        Some(verb) if !verb.is_hello() => verb.name(),
        _ => None,
    };
    let reply = evidence::reply(answer);
    escape::cut(&to.map_or_else(|| reply.clone(), |to| format!("{to}: {reply}")), columns)
}

/// What came in the place of a reply.
const fn unanswered(end: End) -> &'static str {
    match end {
        End::Closed(Side::Client) | End::Reset(Side::Client) => "no reply, client gave up",
        End::Closed(_) => "closed, no reply",
        End::Reset(_) => "reset, no reply",
        End::Silence(_) | End::Capture => "no reply",
    }
}
