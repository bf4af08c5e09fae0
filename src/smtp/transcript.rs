//! What was said in one session, in order, and what it came to.

use std::net::SocketAddr;

use crate::smtp::command::{Command, Verb};
use crate::smtp::ehlo::ArgumentCheck;
use crate::smtp::protocol::OtherProtocol;
use crate::smtp::proxy::ProxyHeader;
use crate::smtp::proxy_request::ProxyRequest;
use crate::smtp::reply::Reply;
use crate::smtp::spans::{Names, Spans};
use crate::smtp::tls::Tls;
use crate::smtp::xclient::XClient;
use crate::time::Moment;

/// A command and its reply; either may be missing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The command; none for the greeting, and for any other reply that answers no command.
    pub command: Option<Command>,
    /// The reply, if one was seen.
    pub reply: Option<Reply>,
}

/// An EHLO, HELO or LHLO.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hello {
    /// Which exchange of the transcript it is.
    pub exchange: usize,
    /// What is wrong with its argument. Nothing is judged where the capture lacks a part of it.
    pub check: ArgumentCheck,
    /// Where in the client's stream it ends.
    pub end: u64,
}

/// A refusal, as evidence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The refused command's frame.
    pub command: Moment,
    /// The reply's frame.
    pub reply: Moment,
    /// The reply's code.
    pub code: u16,
    /// The first line of the reply's text.
    pub text: Box<[u8]>,
    /// Where in the server's stream the reply begins.
    pub at: u64,
}

/// How often something was tried, and how that went.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Tries, answered or not.
    pub tried: u64,
    /// Answered with 2xx, or 354 for DATA.
    pub accepted: u64,
    /// Answered with 4xx or 5xx.
    pub refused: u64,
    /// Whether the latest answer was a refusal.
    pub is_last_refused: bool,
    /// The latest refusal.
    pub last_refusal: Option<Refusal>,
}

impl Tally {
    /// Whether all that was answered was refused.
    pub const fn is_only_refused(&self) -> bool {
        self.refused > 0 && self.accepted == 0
    }
}

/// A client that spoke before it had the greeting, which RFC 5321 4.3.1 has it wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EarlyTalk {
    /// Its first command.
    pub spoke: Moment,
    /// The end of the greeting, or of the refusal in its place.
    pub greeted: Moment,
}

impl EarlyTalk {
    /// Nanoseconds that it would have had to wait; none where the clock was set between.
    pub fn not_waited_ns(&self) -> Option<i64> {
        Some(self.greeted.nanos_since(self.spoke)).filter(|waited| *waited >= 0)
    }
}

/// What is missing of the dialogue itself, mail data and TLS aside.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Missing {
    /// Octets of commands.
    pub client_octets: u64,
    /// Octets of replies.
    pub server_octets: u64,
    /// The first hole.
    pub first: Option<Moment>,
    /// Whether the client had said QUIT before it.
    pub is_after_quit: bool,
}

impl Missing {
    /// Whether anything is missing.
    pub const fn is_any(&self) -> bool {
        self.first.is_some()
    }
}

/// One session's dialogue.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Transcript {
    /// The header of a proxy before the first command.
    pub proxy: Option<Box<ProxyHeader>>,
    /// What was asked of a SOCKS or HTTP proxy before the dialogue.
    pub proxy_request: Option<Box<ProxyRequest>>,
    /// Commands and replies in capture order; of a very long session the first ones, and every hello.
    pub exchanges: Vec<Exchange>,
    /// Exchanges over the bound, counted only.
    pub omitted_exchanges: u64,
    /// Which exchange is the greeting.
    pub greeting: Option<usize>,
    /// The hellos, in order.
    pub hellos: Vec<Hello>,
    /// How many of the hellos kept came before STARTTLS was accepted: after it they count no more (RFC 3207 4.2).
    pub hellos_before_tls: usize,
    /// The XCLIENTs, in order; of very many the first ones.
    pub xclients: Vec<XClient>,
    /// The XFORWARDs, in order; of very many the first ones.
    pub xforwards: Vec<XClient>,
    /// How many of the hellos kept came before an XCLIENT was accepted: after it they count no more.
    pub hellos_before_xclient: usize,
    /// That the client did not wait for the greeting.
    pub early_talk: Option<EarlyTalk>,
    /// Hellos over the bound, counted only.
    pub omitted_hellos: u64,
    /// MAIL.
    pub mail: Tally,
    /// RCPT.
    pub rcpt: Tally,
    /// DATA, BDAT, and the end of the data.
    pub message: Tally,
    /// AUTH, up to its final reply.
    pub auth: Tally,
    /// STARTTLS.
    pub starttls: Tally,
    /// The first refusal of MAIL or RCPT whose text speaks of HELO or EHLO, and the hello then in force.
    pub refusal_naming_hello: Option<(Refusal, Option<usize>)>,
    /// Messages the server accepted.
    pub messages_accepted: u64,
    /// Whether a mail transaction was begun and neither finished nor given up.
    pub is_mail_open: bool,
    /// Whether mail data was being sent when the session ended.
    pub is_data_open: bool,
    /// The QUIT.
    pub quit: Option<Moment>,
    /// The verb of the earliest command that no reply answers, at the end.
    pub unanswered: Option<(Verb, Moment)>,
    /// Commands whose reply never came though later ones were answered.
    pub passed_over_commands: u64,
    /// A reply whose end did not come before the session's.
    pub unfinished_reply: Option<Reply>,
    /// Replies that answer no command, the greeting aside.
    pub unsolicited_replies: u64,
    /// TLS records, after STARTTLS or from the start.
    pub tls: Tls,
    /// Whether a side sent TLS, or is to: STARTTLS was accepted, and no dialogue in plain text followed.
    pub is_tls: bool,
    /// When the client sent a password, or a token in its place, that can be read.
    pub clear_credentials: Option<Moment>,
    /// What the client sent behind STARTTLS, before the reply and in plain text.
    pub behind_starttls: Option<Moment>,
    /// That the client's first line is no SMTP.
    pub client_protocol: Option<OtherProtocol>,
    /// That the server's first line is no SMTP.
    pub server_protocol: Option<OtherProtocol>,
    /// Octets the client sent.
    pub client_octets: u64,
    /// Octets the server sent, the answer of a SOCKS or HTTP proxy before it aside.
    pub server_octets: u64,
    /// Lines of the client passed over as part of something whose beginning the capture lacks.
    pub skipped_client_lines: u64,
    /// Lines of the server that are no reply.
    pub skipped_server_lines: u64,
    /// Octets of the client that were not read: the reply that tells what they are came after more of them than are held.
    pub unread_client_octets: u64,
    /// Replies to commands over the bound of those remembered, counted only.
    pub unpaired_replies: u64,
    /// Whether octets of mail data are missing.
    pub missing_in_data: bool,
    /// What is missing.
    pub missing: Missing,
    /// What the client's octets are; nothing unless [`Limits::spans`](crate::limits::Limits::spans) asks for it.
    pub(crate) client_spans: Spans,
    /// What the server's octets are; as above.
    pub(crate) server_spans: Spans,
    /// What the client named; as above.
    pub(crate) names: Names,
}

impl Transcript {
    /// The capture lacks a part of the dialogue.
    pub(super) fn note_missing(&mut self, moment: Moment) {
        if self.missing.first.is_none() {
            self.missing.first = Some(moment);
            self.missing.is_after_quit = self.quit.is_some();
        }
    }

    /// The reply to connecting.
    pub fn greeting(&self) -> Option<&Reply> {
        self.exchanges.get(self.greeting?)?.reply.as_ref()
    }

    /// What the server said in plain text after the client's ClientHello.
    pub(crate) fn plain_reply_to_tls(&self) -> Option<&Reply> {
        let hello = self.tls.client_hello.as_ref()?;
        let replies = self.exchanges.iter().filter_map(|exchange| exchange.reply.as_ref());
        replies.rev().find(|reply| reply.moment.frame > hello.moment.frame)
    }

    /// The command of an XCLIENT or XFORWARD.
    pub(crate) fn passing_command(&self, told: &XClient) -> Option<&Command> {
        self.exchanges.get(told.exchange)?.command.as_ref()
    }

    /// The client that the last accepted XCLIENT names.
    pub fn client_told(&self) -> Option<SocketAddr> {
        let is_accepted = |told: &&XClient| self.exchanges.get(told.exchange)?.reply.as_ref().map(Reply::is_positive);
        self.xclients.iter().rev().find(|told| is_accepted(told) == Some(true))?.client
    }

    /// A hello's command.
    pub fn hello_command(&self, hello: &Hello) -> Option<&Command> {
        self.exchanges.get(hello.exchange)?.command.as_ref()
    }

    /// A hello's reply.
    pub fn hello_reply(&self, hello: &Hello) -> Option<&Reply> {
        self.exchanges.get(hello.exchange)?.reply.as_ref()
    }

    /// Whether the server accepted a hello.
    pub fn is_accepted(&self, hello: &Hello) -> bool {
        self.hello_reply(hello).is_some_and(Reply::is_positive)
    }
}
