//! The state of one dialogue: which octets are commands, which are mail data, and which reply answers what.
//!
//! The two directions are read apart and meet in a queue of commands that wait for their reply. Whether what follows
//! DATA, AUTH or STARTTLS is mail, a secret or TLS is for the reply to say, so it is held until then: pipelining
//! clients send it early.

mod client;
mod gap;
mod masking;
mod proxy;
mod proxy_request;
mod server;
mod spans;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::VecDeque;

use crate::limits::Limits;
use crate::smtp::body::BodyScanner;
use crate::smtp::command::{Command, Verb};
use crate::smtp::line::LineSplitter;
use crate::smtp::proxy::HeaderReader;
use crate::smtp::proxy_request::Talk;
use crate::smtp::reply::{OpenReply, Reply};
use crate::smtp::secrets::Secrets;
use crate::smtp::spans::{Names, RecordSpans, SpanKind};
use crate::smtp::transcript::{Exchange, Transcript};
use crate::time::Moment;

/// How a dialogue is read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DialogueOptions<'o> {
    /// Its bounds.
    pub limits: &'o Limits,
    /// Whether secrets of AUTH are kept; otherwise `***` stands in their place and their octets are never stored.
    pub keep_credentials: bool,
}

impl<'o> DialogueOptions<'o> {
    /// Within these bounds, secrets kept or not.
    pub const fn new(limits: &'o Limits, keep_credentials: bool) -> Self {
        Self { limits, keep_credentials }
    }
}

/// One dialogue while it goes on.
#[derive(Debug)]
pub struct Dialogue<'o> {
    options: DialogueOptions<'o>,
    client: Client,
    server: Server,
    pending: VecDeque<Pending>,
    secrets: Secrets,
    transcript: Transcript,
    /// Whether its first octets are the first that TLS hid.
    begins_in_tls: bool,
}

#[derive(Debug)]
struct Client {
    lines: LineSplitter,
    mode: Mode,
    /// Whether the next octets begin a command for sure. Not so where the capture begins midway, or after a hole.
    is_synced: bool,
    /// Whether its first words are known: they were read, or a command was.
    is_begun: bool,
    /// Whether the line being read is the first of its segment.
    is_segment_start: bool,
    /// Lines that are no command may be secrets or mail text: the server refused what announced them.
    mask_unknown: bool,
    /// How many more of its messages of AUTH there are until the password stands in one for everybody to read; 0 where none
    /// does.
    messages_to_password: u8,
    /// Words that may be secrets, of lines whose beginning is missing.
    skipped: Vec<u8>,
    /// What was skipped, as secrets; made when the first reply asks for it: every line of the replies does.
    skipped_secrets: OnceCell<Secrets>,
    place: Place,
    /// The octets of a request to a proxy that has not answered.
    asked: Vec<u8>,
    records: RecordSpans,
    /// Local parts that it named.
    names: Names,
}

/// How far a direction was read, in octets of its stream, holes included.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The next octet.
    at: u64,
    /// The first octet of the line being read.
    line: u64,
}

/// What the client's next octets are.
#[derive(Debug)]
enum Mode {
    /// What may be the header of a proxy, before all else.
    Proxy(HeaderReader),
    /// What may be a request to a proxy, before all else.
    ProxyRequest(Talk),
    Command,
    /// For the reply to the last command to say.
    Undecided(Undecided),
    /// Mail data after DATA.
    Body(BodyScanner),
    /// What is left of a BDAT chunk, in octets.
    Chunk(u64),
    /// An answer inside AUTH.
    AuthAnswer,
    Tls,
}

#[derive(Debug, Default)]
struct Undecided {
    /// Where in the stream they begin.
    start: u64,
    chunks: Vec<(Moment, Box<[u8]>)>,
    octets: usize,
    /// Of how many chunks the secrets are remembered.
    remembered: usize,
    /// The beginning of a word that goes on in the next chunk.
    word: Vec<u8>,
    /// Octets were missing or over the bound.
    is_cut: bool,
    /// A hole may hold the reply that they wait for.
    is_reply_lost: bool,
    /// Octets over the bound.
    dropped: u64,
}

#[derive(Debug, Default)]
struct Server {
    lines: LineSplitter,
    /// The answer to a request to a proxy, while its end has not come.
    answer: Option<Talk>,
    open: Option<OpenReply>,
    /// The code of a reply whose end fell into a hole: lines with it that follow are its rest.
    cut_code: Option<u16>,
    /// How many commands were waiting when a hole swallowed replies.
    pending_at_gap: usize,
    /// How many replies to commands that were not remembered come next.
    unpaired: u64,
    /// Whether the first reply is the greeting.
    expects_greeting: bool,
    /// Whether the server's first words are known: they were read, or the first reply is the greeting.
    is_begun: bool,
    /// How much of the client's stream had reached the server when it sent the octets read last; none where that is not
    /// known.
    received: Option<u64>,
    /// How much of it had when the server sent the first line of the reply being read.
    reply_received: Option<u64>,
    /// The hello accepted last.
    hello_in_force: Option<usize>,
    /// Recipients accepted since the last MAIL.
    recipients: u64,
    is_tls: bool,
    records: RecordSpans,
    place: Place,
    /// The frame of the octets read last.
    latest: Moment,
}

/// A command that waits for its reply.
#[derive(Debug)]
struct Pending {
    verb: Verb,
    sent: Moment,
    /// Where in the client's stream it ends.
    end: u64,
    /// Its place in the transcript, if it was kept.
    exchange: Option<usize>,
    /// Which hello it is, if it was kept as one.
    hello: Option<usize>,
    /// Whether a positive reply says that a message was accepted.
    ends_message: bool,
    /// Commands behind it that were not remembered.
    unpaired_behind: u64,
}

impl<'o> Dialogue<'o> {
    /// A dialogue of which nothing was seen yet.
    pub fn new(options: DialogueOptions<'o>) -> Self {
        Self {
            options,
            client: Client {
                lines: LineSplitter::default(),
                mode: Mode::Command,
                is_synced: false,
                is_begun: false,
                is_segment_start: false,
                mask_unknown: false,
                messages_to_password: 0,
                skipped: Vec::new(),
                skipped_secrets: OnceCell::new(),
                place: Place::default(),
                asked: Vec::new(),
                records: RecordSpans::default(),
                names: Names::default(),
            },
            server: Server::default(),
            pending: VecDeque::new(),
            secrets: Secrets::default(),
            transcript: Transcript::default(),
            begins_in_tls: false,
        }
    }

    /// The first octets are the first that TLS hid: a greeting, or a command where STARTTLS was before.
    pub const fn begins_in_tls(&mut self) {
        self.begins_in_tls = true;
    }

    /// The client's octets begin at `offset` of its stream. With `is_start` those are the connection's first: a command.
    pub fn client_begins(&mut self, offset: u64, is_start: bool) {
        self.client.place = Place { at: offset, line: offset };
        self.client.is_begun = is_start;
        if is_start {
            self.client.is_synced = true;
            self.mark_mode();
        }
    }

    /// The server's octets begin at `offset` of its stream. With `is_start` those are the connection's first: the greeting.
    pub fn server_begins(&mut self, offset: u64, is_start: bool) {
        self.server.place = Place { at: offset, line: offset };
        self.server.expects_greeting = is_start;
        self.server.is_begun = is_start;
        if is_start {
            self.mark_server(offset, SpanKind::Line);
        }
    }

    /// The dialogue is over.
    pub fn finish(mut self) -> Transcript {
        self.decide_proxy_header(true);
        self.finish_proxy_request();
        self.mark_unfinished_command();
        self.finish_server();
        self.transcript.unanswered = self.pending.front().map(|pending| (pending.verb, pending.sent));
        if let Mode::Undecided(undecided) = &self.client.mode {
            self.transcript.unread_client_octets += undecided.dropped;
        }
        self.transcript.names = std::mem::take(&mut self.client.names);
        self.transcript.is_data_open = match self.client.mode {
            Mode::Body(_) | Mode::Chunk(_) => true,
            Mode::Undecided(ref undecided) => self.awaits(Verb::Data) && !undecided.chunks.is_empty(),
            Mode::Proxy(_) | Mode::ProxyRequest(_) | Mode::Command | Mode::AuthAnswer | Mode::Tls => false,
        };
        self.transcript
    }

    /// Whether the last command is a `verb` that waits for its reply.
    fn awaits(&self, verb: Verb) -> bool {
        self.pending.back().is_some_and(|pending| pending.verb == verb)
    }

    /// Puts a command into the transcript and the queue.
    fn push_command(&mut self, command: Command, hello: Option<usize>, ends_message: bool) {
        let (verb, sent) = (command.verb, command.moment);
        let next = self.transcript.exchanges.len();
        let passed_on = self.transcript.xclients.last().into_iter().chain(self.transcript.xforwards.last());
        let is_kept = hello.is_some() || passed_on.into_iter().any(|told| told.exchange == next);
        let exchange = self.keep(Exchange { command: Some(command), reply: None }, is_kept);
        if self.pending.len() >= self.options.limits.pending_commands
            && let Some(forgotten) = self.pending.pop_back()
        {
            let behind = forgotten.unpaired_behind.saturating_add(1);
            match self.pending.back_mut() {
                Some(before) => before.unpaired_behind = before.unpaired_behind.saturating_add(behind),
                None => self.server.unpaired = self.server.unpaired.saturating_add(behind),
            }
        }
        let end = self.client.place.at;
        self.pending.push_back(Pending { verb, sent, end, exchange, hello, ends_message, unpaired_behind: 0 });
    }

    /// Puts a reply that answers no command into the transcript: before the commands that the server had not seen by then,
    /// and those that it may answer.
    fn push_reply(&mut self, reply: Reply) {
        let before = if self.is_unsure(&reply) { 0 } else { self.seen_commands() };
        let exchange = Exchange { command: None, reply: Some(reply) };
        let mut unseen = self.pending.iter().skip(before);
        match unseen.find_map(|pending| pending.exchange) {
            Some(at) if self.transcript.exchanges.len() < self.options.limits.exchanges => self.insert(at, exchange),
            _ => {
                self.keep(exchange, false);
            }
        }
    }

    /// Puts an exchange before the one at `at`.
    fn insert(&mut self, at: usize, exchange: Exchange) {
        let transcript = &mut self.transcript;
        transcript.exchanges.insert(at, exchange);
        let hellos = transcript.hellos.iter_mut().map(|hello| &mut hello.exchange);
        let xclients = transcript.xclients.iter_mut().chain(&mut transcript.xforwards).map(|told| &mut told.exchange);
        let pending = self.pending.iter_mut().filter_map(|pending| pending.exchange.as_mut());
        for index in hellos.chain(xclients).chain(pending).chain(&mut transcript.greeting).filter(|index| **index >= at)
        {
            *index += 1;
        }
    }

    /// How many of the commands that wait had reached the server when it sent the reply being read.
    fn seen_commands(&self) -> usize {
        match self.server.reply_received {
            Some(received) => self.pending.iter().take_while(|pending| pending.end <= received).count(),
            None => self.pending.len(),
        }
    }

    /// Keeps an exchange if there is room, and the one of a kept hello, XCLIENT or XFORWARD in any case.
    fn keep(&mut self, exchange: Exchange, is_kept: bool) -> Option<usize> {
        let exchanges = &mut self.transcript.exchanges;
        if exchanges.len() >= self.options.limits.exchanges && !is_kept {
            self.transcript.omitted_exchanges += 1;
            return None;
        }
        exchanges.push(exchange);
        Some(exchanges.len() - 1)
    }
}
