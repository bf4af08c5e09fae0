//! What the rules ask of a session, worked out once.

use crate::flow::{CloseHow, Side};
use crate::session::{Captured, Session};
use crate::smtp::{Command, Hello, Reply, Transcript, Verb};
use crate::time::{Moment, NANOS_PER_SEC};

use super::{Confidence, Evidence};

/// How a session came to its end, as far as the capture shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A FIN, of the client unless `by_server`.
    Closed { by_server: bool },
    /// A RST, of the client unless `by_server`.
    Reset { by_server: bool },
    /// Nothing more came, for longer than a client waits, though the capture went on.
    Silence,
    /// The capture, or the memory to follow it, ended first.
    CaptureEnded,
}

/// A session with what follows from it.
pub(super) struct Facts<'s> {
    pub(super) session: &'s Session,
    pub(super) transcript: &'s Transcript,
    pub(super) ending: Ending,
}

/// RFC 5321 4.5.3.2: a client waits 5 minutes for most replies. A session silent for longer is given up.
const SILENCE_NS: i64 = 5 * 60 * NANOS_PER_SEC;

/// A client that closes sooner than this after a command was not waiting for its reply.
const PATIENCE_NS: i64 = 30 * NANOS_PER_SEC;

impl<'s> Facts<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self { session, transcript: &session.transcript, ending: ending(session) }
    }

    /// Whether the session ended rather than the capture.
    pub(super) fn is_over(&self) -> bool {
        self.ending != Ending::CaptureEnded || self.transcript.quit.is_some()
    }

    /// Certain where the session is over; where the capture ends first, the client might have gone on.
    pub(super) fn confidence(&self) -> Confidence {
        if self.is_over() { Confidence::Certain } else { Confidence::Probable }
    }

    pub(super) fn command(&self, hello: &Hello) -> Option<&'s Command> {
        self.transcript.hello_command(hello)
    }

    /// The reply to a hello; one whose last line is missing counts, for its code is known.
    pub(super) fn reply(&self, hello: &Hello) -> Option<&'s Reply> {
        self.transcript.hello_reply(hello).or_else(|| {
            let unfinished = self.transcript.unfinished_reply.as_ref()?;
            let is_its = self.transcript.unanswered.is_some_and(|(verb, sent)| {
                verb.is_hello() && self.command(hello).is_some_and(|command| command.moment == sent)
            });
            is_its.then_some(unfinished)
        })
    }

    pub(super) fn is_refused(&self, hello: &Hello) -> bool {
        self.reply(hello).is_some_and(Reply::is_refusal)
    }

    /// Whether the server accepted any hello.
    pub(super) fn is_any_hello_accepted(&self) -> bool {
        self.transcript.hellos.iter().any(|hello| self.reply(hello).is_some_and(Reply::is_positive))
    }

    pub(super) fn malformed(&self) -> impl Iterator<Item = &'s Hello> {
        self.transcript.hellos.iter().filter(|hello| !hello.check.is_well_formed())
    }

    /// Whether the capture lacks a part of some hello.
    pub(super) fn is_any_hello_cut(&self) -> bool {
        self.transcript
            .hellos
            .iter()
            .any(|hello| hello.check.is_well_formed() && self.command(hello).is_some_and(|command| command.is_cut))
    }

    /// Whether a malformed hello was refused and a later one accepted.
    ///
    /// Where the capture has a hole in the dialogue, that may have to be inferred: a client that greets again was refused,
    /// and a server that takes a message after a refusal has accepted a hello in between.
    pub(super) fn recovered(&self) -> bool {
        let hellos = &self.transcript.hellos;
        let has_hole = self.transcript.missing.is_any();
        let is_delivered = self.transcript.messages_accepted > 0;
        let refused = hellos.iter().enumerate().position(|(at, hello)| {
            let reply_is_lost = has_hole && is_delivered && self.reply(hello).is_none() && at + 1 < hellos.len();
            !hello.check.is_well_formed() && (self.is_refused(hello) || reply_is_lost)
        });
        refused.is_some_and(|at| {
            let mut later = hellos.iter().skip(at + 1);
            later.any(|hello| self.reply(hello).is_some_and(Reply::is_positive)) || (has_hole && is_delivered)
        })
    }

    /// Whether the capture has the session from its start.
    pub(super) const fn has_beginning(&self) -> bool {
        let handshake = &self.session.handshake;
        handshake.syn.is_some() || handshake.syn_ack.is_some() || self.transcript.greeting.is_some()
    }

    /// The first hole in the dialogue, if something that matters may be in it: after QUIT nothing does.
    pub(super) fn decisive_hole(&self) -> Option<Moment> {
        let hole = self.transcript.missing.first?;
        let is_after_quit = self.transcript.quit.is_some_and(|quit| quit.frame < hole.frame);
        if is_after_quit { None } else { Some(hole) }
    }

    /// Whether only one side was captured, and of a connection that both spoke on.
    pub(super) fn one_side_only(&self) -> Option<&'static str> {
        match self.session.captured {
            Captured::Both => None,
            Captured::ClientOnly => {
                let server_spoke = self.session.client_acknowledged || self.transcript.client_octets > 0;
                server_spoke.then_some("only the client's side was captured")
            }
            Captured::ServerOnly => Some("only the server's side was captured"),
        }
    }

    /// Whether the last thing that happened was that a `verb` got no reply.
    pub(super) fn unanswered(&self, is_it: impl Fn(Verb) -> bool) -> Option<Moment> {
        self.transcript.unanswered.filter(|(verb, _)| is_it(*verb)).map(|(_, sent)| sent)
    }

    /// Nanoseconds the client waited for a reply before it closed; none if it closed for another reason.
    pub(super) fn client_gave_up_after(&self) -> Option<i64> {
        let by_client = matches!(self.ending, Ending::Closed { by_server: false } | Ending::Reset { by_server: false });
        let sent = self.unanswered(|verb| verb != Verb::Quit).filter(|_| by_client)?;
        let waited = self.session.close.moment?.time.nanos_since(sent.time);
        (waited >= PATIENCE_NS).then_some(waited)
    }

    /// The frame that ended the session, and who did it in words.
    pub(super) fn ending_evidence(&self) -> Evidence {
        let close = self.session.close;
        let who = match close.by {
            Some(Side::Server) => "server",
            Some(Side::Client) => "client",
            _ => "both sides",
        };
        match (self.ending, close.moment) {
            (Ending::Closed { .. }, Some(moment)) => {
                Evidence::new(moment, format!("{who} closed the connection (FIN)"))
            }
            (Ending::Reset { .. }, Some(moment)) => Evidence::new(moment, format!("{who} reset the connection (RST)")),
            (Ending::Silence, _) => Evidence::new(self.session.last, format!("then {} of silence", self.quiet())),
            _ => Evidence::new(self.session.last, "the capture ends here"),
        }
    }

    /// How long the capture went on after the session's last frame, in words.
    pub(super) fn quiet(&self) -> String {
        seconds(self.session.quiet_ns)
    }
}

/// Nanoseconds as seconds, in words.
pub(super) fn seconds(nanos: i64) -> String {
    let tenths = nanos / (NANOS_PER_SEC / 10);
    if tenths >= 100 || tenths % 10 == 0 {
        format!("{} s", tenths / 10)
    } else {
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

fn ending(session: &Session) -> Ending {
    let by_server = matches!(session.close.by, Some(Side::Server));
    match session.close.how {
        CloseHow::Fin => Ending::Closed { by_server },
        CloseHow::Rst => Ending::Reset { by_server },
        CloseHow::Idle | CloseHow::PortReused => Ending::Silence,
        CloseHow::CaptureEnded if session.quiet_ns >= SILENCE_NS => Ending::Silence,
        CloseHow::CaptureEnded | CloseHow::Evicted => Ending::CaptureEnded,
    }
}
