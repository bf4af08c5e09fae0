//! What every format shows of a session: the hello its verdict is about, what was said to it, the verdict in words.

use std::cell::OnceCell;

use super::{background, escape, evidence, product_name, words};
use crate::diagnosis::{Answer, Diagnosis, End, EvidenceKind, Outcome};
use crate::flow::Side;
use crate::scan::CaptureSource;
use crate::session::Session;
use crate::smtp::ehlo::{ArgumentCheck, split_argument};
use crate::smtp::{Command, EnhancedStatusCode, Reply, Verb};
use crate::time::FrameNumber;

/// A session and its verdict.
pub(super) struct Digest<'s> {
    /// The number of its capture, counted from 0.
    pub(super) capture: usize,
    pub(super) source: &'s CaptureSource,
    pub(super) session: &'s Session,
    pub(super) diagnosis: &'s Diagnosis,
    /// The number of the finding that it belongs to.
    pub(super) finding: Option<usize>,
    /// The hello the verdict is about.
    pub(super) hello: Option<ShownHello<'s>>,
    /// Made when it is asked for; a row of CSV asks for each part of it.
    deciding: OnceCell<Option<Deciding>>,
}

/// A hello and what was said to it.
pub(super) struct ShownHello<'s> {
    pub(super) command: &'s Command,
    /// The argument, no blanks around it.
    pub(super) argument: &'s [u8],
    pub(super) check: &'s ArgumentCheck,
    pub(super) reply: Option<&'s Reply>,
}

/// What a verdict hangs on.
pub(super) struct Deciding {
    /// The frame that shows it.
    pub(super) frame: FrameNumber,
    /// The verb of the command that a reply answers, a dot for the end of mail data; none for a greeting, and where no reply
    /// decided.
    pub(super) command: Option<&'static str>,
    /// The code of the reply, where one decided.
    pub(super) code: Option<u16>,
    /// Its enhanced status code (RFC 3463).
    pub(super) enhanced: Option<EnhancedStatusCode>,
    /// The text of its first line, or what happened in words.
    pub(super) text: String,
}

/// Text longer than this is cut.
const SHOWN_COLUMNS: usize = 240;

impl<'s> Digest<'s> {
    /// Of a session of the capture from `source`, which has the number `capture`; it belongs to `finding`.
    pub(super) fn new(
        capture: usize,
        source: &'s CaptureSource,
        session: &'s Session,
        diagnosis: &'s Diagnosis,
        finding: Option<usize>,
    ) -> Self {
        let transcript = &session.transcript;
        let hello = diagnosis.hello.and_then(|index| {
            let hello = transcript.hellos.get(index)?;
            let command = transcript.hello_command(hello)?;
            let argument = split_argument(command.after_verb()).octets;
            Some(ShownHello { command, argument, check: &hello.check, reply: transcript.hello_reply(hello) })
        });
        Self { capture, source, session, diagnosis, finding, hello, deciding: OnceCell::new() }
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
        self.deciding().map(|deciding| deciding.text.clone()).unwrap_or_default()
    }

    /// What the verdict hangs on: the reply, or what happened in its place. None of a session that delivered mail.
    pub(super) fn deciding(&self) -> Option<&Deciding> {
        self.deciding.get_or_init(|| self.decide()).as_ref()
    }

    fn decide(&self) -> Option<Deciding> {
        if self.diagnosis.outcome == Outcome::Delivered {
            return None;
        }
        let Some((frame, reply)) = self.diagnosis.reply() else {
            let (frame, text) = self.telling()?;
            return Some(Deciding { frame, command: None, code: None, enhanced: None, text });
        };
        Some(Deciding {
            frame,
            command: reply.to.and_then(Verb::name),
            code: Some(reply.code),
            enhanced: reply.enhanced(),
            text: escape::line(&reply.text, SHOWN_COLUMNS),
        })
    }

    /// What happened in the place of a reply, and the frame that shows it.
    fn telling(&self) -> Option<(FrameNumber, String)> {
        // That a client asked for a connection goes without saying.
        let shown = self.diagnosis.evidence.iter().filter(|shown| shown.kind != EvidenceKind::Syn);
        let telling = shown.clone().find_map(|telling| match &telling.kind {
            EvidenceKind::HelloUnanswered(end) | EvidenceKind::HelloIgnored(end) => {
                Some((telling.frame, unanswered(*end).to_owned()))
            }
            // The evidence begins with the hellos of TLS, which went well; how it ended stands last.
            EvidenceKind::NoTls | EvidenceKind::UnfinishedTls => {
                let last = shown.clone().next_back()?;
                let text = background::alert(self.session).unwrap_or_else(|| evidence::text(&last.kind));
                Some((last.frame, text))
            }
            _ => None,
        });
        telling.or_else(|| {
            let last = shown.clone().next_back()?;
            let texts: Vec<String> = shown.map(|shown| evidence::text(&shown.kind)).collect();
            Some((last.frame, escape::cut(&texts.join("; "), SHOWN_COLUMNS)))
        })
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
