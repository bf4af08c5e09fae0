//! What the rules ask of a session, worked out once.

use crate::flow::{CloseHow, Side};
use crate::session::{Captured, Exported, Session};
use crate::smtp::{Command, Exchange, Hello, Refusal, Reply, Tally, Transcript, Verb};
use crate::time::{Moment, NANOS_PER_SEC};

use super::reasons::Refused;
use super::rules::{Fault, Finding};
use super::{Answer, Confidence, End, Evidence, EvidenceKind, Reason};

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

/// A hello with its line end: `HELO`, a blank, and one character.
const SHORTEST_HELLO_OCTETS: u64 = 8;

/// Between mail servers (RFC 5321 4.5.4.2).
const SMTP_PORT: u16 = 25;

/// How long a client at least waits for a greeting.
const GREETING_PATIENCE_NS: i64 = NANOS_PER_SEC;

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

    /// Whether the server accepted any hello. Those before an XCLIENT count no more, nor do, where the dialogue under TLS can be
    /// read, those before it.
    pub(super) fn is_any_hello_accepted(&self) -> bool {
        let forgotten = if self.transcript.is_tls { 0 } else { self.transcript.hellos_before_tls };
        let forgotten = forgotten.max(self.transcript.hellos_before_xclient);
        self.transcript.hellos.iter().skip(forgotten).any(|hello| self.reply(hello).is_some_and(Reply::is_positive))
    }

    /// Whether no hello was in the way: the server accepted one, or MAIL after all. A refusal of MAIL or RCPT that names the
    /// hello puts it there again.
    pub(super) fn is_past_hello(&self) -> bool {
        let is_passed_over = self.transcript.mail.accepted > 0 && self.transcript.refusal_naming_hello.is_none();
        self.is_any_hello_accepted() || is_passed_over
    }

    pub(super) fn malformed(&self) -> impl Iterator<Item = &'s Hello> {
        self.transcript.hellos.iter().filter(|hello| !hello.check.is_well_formed())
    }

    /// The verb of the last malformed hello before `hello` that the server refused.
    pub(super) fn refused_before(&self, hello: &Hello) -> Option<Verb> {
        let before = self.malformed().take_while(|other| other.exchange < hello.exchange);
        before.filter(|other| self.is_refused(other)).last().and_then(|other| Some(self.command(other)?.verb))
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
    /// and a server that takes a message, having refused the only hello, has accepted one that is in the hole.
    pub(super) fn recovered(&self) -> bool {
        let hellos = &self.transcript.hellos;
        let missing = self.transcript.missing;
        let is_accepted = |hello: &Hello| self.reply(hello).is_some_and(Reply::is_positive);
        let is_delivered = self.transcript.messages_accepted > 0;
        let refused = hellos.iter().enumerate().position(|(at, hello)| {
            let reply_is_lost =
                missing.is_any() && is_delivered && self.reply(hello).is_none() && at + 1 < hellos.len();
            !hello.check.is_well_formed() && (self.is_refused(hello) || reply_is_lost)
        });
        let Some((before, [refused, later @ ..])) = refused.and_then(|at| hellos.split_at_checked(at)) else {
            return false;
        };
        let is_hole_later =
            missing.first.zip(self.command(refused)).is_some_and(|(hole, it)| hole.frame > it.moment.frame);
        let may_be_missing = missing.client_octets >= SHORTEST_HELLO_OCTETS;
        let is_in_hole = is_hole_later && (may_be_missing || later.iter().any(|hello| self.reply(hello).is_none()));
        later.iter().any(is_accepted) || is_delivered && is_in_hole && !before.iter().any(is_accepted)
    }

    /// Whether the capture has the session from its start.
    pub(super) fn has_beginning(&self) -> bool {
        // A refusal over a hello where none was said: what looks like the greeting is the answer to an XCLIENT before it.
        let is_hello_missing = matches!(self.transcript.refusal_naming_hello, Some((_, None)))
            && self.transcript.hellos.is_empty()
            && self.transcript.xclients.is_empty();
        let is_greeted = self.transcript.greeting.is_some() && !is_hello_missing;
        self.session.handshake.syn_ack.is_some() || is_greeted || self.session.exported == Some(Exported::Decrypted)
    }

    /// The first hole in the dialogue, if something that matters may be in it: after QUIT nothing does, where all before it
    /// was answered.
    pub(super) fn decisive_hole(&self) -> Option<Moment> {
        let hole = self.transcript.missing.first?;
        let is_all_answered =
            self.transcript.passed_over_commands == 0 && self.unanswered(|verb| verb != Verb::Quit).is_none();
        if self.transcript.missing.is_after_quit && is_all_answered { None } else { Some(hole) }
    }

    /// Whether a message was sent, and nothing says whether it was accepted.
    pub(super) const fn is_message_undecided(&self) -> bool {
        let message = &self.transcript.message;
        message.accepted > 0 && self.transcript.messages_accepted == 0 && message.refused == 0
    }

    /// The malformed hello that was sent last, got no reply, and may never have arrived: the server acknowledged nothing.
    pub(super) fn malformed_hello_adrift(&self) -> Option<Moment> {
        let sent = self.unanswered(Verb::is_hello).filter(|_| !self.session.server_acknowledged_all)?;
        self.transcript.hellos.last().filter(|hello| !hello.check.is_well_formed()).map(|_| sent)
    }

    /// Whether another hello waits for its reply, and the capture ends before that.
    pub(super) fn is_hello_undecided(&self) -> bool {
        self.ending == Ending::CaptureEnded && self.unanswered(Verb::is_hello).is_some()
    }

    /// Whether the end of the mail data may be in a hole.
    pub(super) const fn is_end_of_data_missing(&self) -> bool {
        self.transcript.is_data_open && self.transcript.missing_in_data
    }

    /// Whether the server was never heard, all that it may have said being in the capture.
    pub(super) const fn is_server_silent(&self) -> bool {
        self.session.handshake.syn_ack.is_some()
            && self.transcript.server_octets == 0
            && self.transcript.missing.server_octets == 0
    }

    /// Whether only one side was captured, and of a connection that both spoke on.
    pub(super) const fn is_one_sided(&self) -> bool {
        match self.session.captured {
            Captured::Both => false,
            Captured::ClientOnly => self.session.client_acknowledged || self.transcript.client_octets > 0,
            Captured::ServerOnly => true,
        }
    }

    /// What was spoken in place of SMTP, and by whom, if no client came to deliver. Where the client did not say so itself,
    /// all that it said has to be in the capture.
    pub(super) fn other_protocol(&self) -> Option<Evidence> {
        let transcript = self.transcript;
        let evidence = |side, name, moment| Evidence::new(moment, EvidenceKind::OtherProtocol(side, name));
        if !transcript.hellos.is_empty() || transcript.mail.tried > 0 {
            return None;
        }
        let is_client_whole = !self.is_one_sided() && !transcript.missing.is_any() && self.has_beginning();
        let spoken = match (transcript.client_protocol, transcript.server_protocol) {
            (Some(client), None) => evidence(Side::Client, client.name, client.moment),
            (None, Some(server)) if is_client_whole => evidence(Side::Server, server.name, server.moment),
            (Some(_), Some(server)) => evidence(Side::Both, server.name, server.moment),
            (None, None) if is_client_whole && self.is_tls_in_place_of_smtp() => {
                evidence(Side::Both, "TLS", self.session.last)
            }
            _ => return None,
        };
        Some(spoken)
    }

    /// Whether both sides spoke TLS from the first octet on where SMTP always begins in plain text.
    fn is_tls_in_place_of_smtp(&self) -> bool {
        let (transcript, tls) = (self.transcript, &self.transcript.tls);
        let is_both = tls.client.records > 0 && tls.server.records > 0 && transcript.exchanges.is_empty();
        is_both && self.session.server.port() == SMTP_PORT && self.session.handshake.syn_ack.is_some()
    }

    /// Whether the server answered in TLS what the client said in plain text.
    pub(super) const fn is_answered_in_tls(&self) -> bool {
        self.transcript.tls.server.records > 0 && self.transcript.tls.client.records == 0
    }

    /// Whether the last thing that happened was that a `verb` got no reply.
    pub(super) fn unanswered(&self, is_it: impl Fn(Verb) -> bool) -> Option<Moment> {
        self.transcript.unanswered.filter(|(verb, _)| is_it(*verb)).map(|(_, sent)| sent)
    }

    /// Nanoseconds the client waited for a reply before it closed; none if it closed for another reason.
    pub(super) fn client_gave_up_after(&self) -> Option<i64> {
        let by_client = matches!(self.ending, Ending::Closed { by_server: false } | Ending::Reset { by_server: false });
        let sent = self.unanswered(|verb| verb != Verb::Quit).filter(|_| by_client)?;
        let waited = self.session.close.moment?.nanos_since(sent);
        (waited >= PATIENCE_NS).then_some(waited)
    }

    /// Whether the client waited for a greeting before it left: who hangs up at once is a port scan, and not a mail server in
    /// want of one. None where the capture's clock does not tell.
    pub(super) fn has_waited_for_greeting(&self) -> Option<bool> {
        let opened = self.session.handshake.syn_ack?;
        let left = self.session.close.moment?;
        let has_times = self.session.last.elapsed_ns > self.session.first.elapsed_ns;
        let has_waited = left.nanos_since(opened) >= GREETING_PATIENCE_NS;
        // Where the clock was set, the time that surely passed may be too short to tell.
        let is_known = has_waited || has_times && left.wait_since(opened).is_some();
        is_known.then_some(has_waited)
    }

    /// Whether who ended the session had received `hello` by then, for all the capture shows.
    pub(super) fn closer_had_received(&self, hello: &Hello) -> bool {
        self.session.close.received.is_none_or(|received| received >= hello.end)
    }

    /// The loss to the latest refusal of these, if it `is_lost` to it.
    pub(super) fn refused(&self, fault: Fault, verb: Verb, tally: &Tally, is_lost: bool) -> Option<Finding> {
        let refusal = tally.last_refusal.as_ref().filter(|_| is_lost)?;
        let sent = Evidence::new(refusal.command, EvidenceKind::Refused(verb, tally.refused));
        let finding = Finding::new(fault, self.confidence(), vec![sent, self.refusal(refusal)]);
        Some(self.because(finding, &self.said(refusal, verb)))
    }

    /// A finding with the reason that the refusal gives. A client that spoke too soon is told so where nothing speaks against
    /// it.
    pub(super) fn because(&self, mut finding: Finding, refused: &Refused) -> Finding {
        let early = self.transcript.early_talk;
        let said = refused.reason();
        let fitting = early.filter(|_| said.is_none()).and_then(|_| refused.reason_of_early_talker());
        if fitting.is_some() {
            finding.confidence = Confidence::Probable;
        }
        let reason = said.or(fitting);
        if let Some(early) = early.filter(|_| reason.is_some_and(Reason::is_about_turn)) {
            finding.evidence.push(Evidence::new(early.spoke, EvidenceKind::EarlyTalk(early.not_waited_ns())));
        }
        finding.for_reason(reason)
    }

    /// A refusal as evidence. The command it answers is known unless the transcript has too many.
    pub(super) fn refusal(&self, refusal: &Refusal) -> Evidence {
        let to = self.exchange(refusal).and_then(|exchange| Some(exchange.command.as_ref()?.verb));
        let answer = Answer { code: refusal.code, text: refusal.text.clone(), to, at: refusal.at };
        Evidence::new(refusal.reply, EvidenceKind::Reply(answer))
    }

    /// What a refusal of `verb` says, all its lines, unless the transcript has too many.
    pub(super) fn said(&self, refusal: &Refusal, verb: Verb) -> Refused {
        match self.exchange(refusal).and_then(|exchange| exchange.reply.as_ref()) {
            Some(reply) => Refused::new(reply, Some(verb)),
            None => Refused::of_lines(refusal.code, std::iter::once(&*refusal.text), Some(verb)),
        }
    }

    fn exchange(&self, refusal: &Refusal) -> Option<&'s Exchange> {
        let is_it = |exchange: &&Exchange| exchange.reply.as_ref().is_some_and(|reply| reply.at == refusal.at);
        self.transcript.exchanges.iter().rev().find(is_it)
    }

    /// The reply to a hello as evidence.
    pub(super) fn hello_reply(&self, hello: &Hello) -> Option<Evidence> {
        Some(Evidence::reply(self.reply(hello)?, Some(self.command(hello)?.verb)))
    }

    /// The hello to look at where no cause names one: the last one if it waits for its reply, else a malformed one.
    pub(super) fn shown_hello(&self) -> Option<usize> {
        let malformed = self.malformed().next().filter(|_| self.unanswered(Verb::is_hello).is_none());
        let last = || self.transcript.hellos.len().checked_sub(1);
        malformed.and_then(|hello| self.index(hello)).or_else(last)
    }

    /// Which of the hellos this is.
    pub(super) fn index(&self, hello: &Hello) -> Option<usize> {
        self.transcript.hellos.iter().position(|known| known.exchange == hello.exchange)
    }

    /// The frame that ended the session, and how it did, as evidence of this `kind`.
    pub(super) fn ended(&self, kind: impl FnOnce(End) -> EvidenceKind) -> Evidence {
        let by = self.session.close.by.unwrap_or(Side::Both);
        let (moment, end) = match (self.ending, self.session.close.moment) {
            (Ending::Closed { .. }, Some(moment)) => (moment, End::Closed(by)),
            (Ending::Reset { .. }, Some(moment)) => (moment, End::Reset(by)),
            (Ending::Silence, _) => (self.session.last, End::Silence(self.session.quiet_ns)),
            _ => (self.session.last, End::Capture),
        };
        Evidence::new(moment, kind(end))
    }
}

fn ending(session: &Session) -> Ending {
    let by_server = matches!(session.close.by, Some(Side::Server));
    // A client that has said all it has to say may close its side before the server has answered.
    let is_half_closed = session.close.by == Some(Side::Client) && !session.close.is_complete;
    match session.close.how {
        CloseHow::Fin if is_half_closed && session.transcript.unanswered.is_some() && session.quiet_ns < SILENCE_NS => {
            Ending::CaptureEnded
        }
        CloseHow::Fin => Ending::Closed { by_server },
        CloseHow::Rst => Ending::Reset { by_server },
        CloseHow::Idle | CloseHow::PortReused => Ending::Silence,
        CloseHow::CaptureEnded if session.quiet_ns >= SILENCE_NS => Ending::Silence,
        CloseHow::CaptureEnded | CloseHow::Evicted => Ending::CaptureEnded,
    }
}
