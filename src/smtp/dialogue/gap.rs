//! Holes in the dialogue: what can be saved of a line or reply cut by one, and how reading goes on after it.

use super::client::is_surely_a_command;
use super::{Dialogue, Mode};
use crate::smtp::body::BodyScanner;
use crate::smtp::command::Verb;
use crate::smtp::ehlo::{self, LineEnd};
use crate::smtp::line::Line;
use crate::smtp::reply::{OpenReply, ReplyLine};
use crate::time::Moment;

impl Dialogue<'_> {
    /// The client's next `octets` octets are missing; `is_cut_short` if they are the rest of a segment that was captured in
    /// part.
    pub fn client_gap(&mut self, octets: u64, is_cut_short: bool, moment: Moment) {
        let hole = self.client.place.at;
        let is_secret = self.is_within_secret();
        self.mark_unfinished_command();
        self.pass_client_gap(octets, is_cut_short, moment);
        if is_secret {
            self.secrets.set_missing(true);
        }
        self.mark_client_gap(hole, octets);
    }

    fn pass_client_gap(&mut self, octets: u64, is_cut_short: bool, moment: Moment) {
        if self.skip_in_proxy_header(octets) {
            return;
        }
        self.lose_proxy_talk();
        if !is_cut_short && matches!(self.client.mode, Mode::Command) {
            self.forget_answers_lost();
        }
        match &mut self.client.mode {
            Mode::Body(_) => {
                self.transcript.missing_in_data = true;
                self.lose_track();
                return;
            }
            Mode::Chunk(left) if octets <= *left => {
                *left -= octets;
                if *left == 0 {
                    self.client.mode = Mode::Command;
                }
                return;
            }
            Mode::Tls => {
                self.transcript.tls.client_gap(octets);
                return;
            }
            Mode::Undecided(_) | Mode::Proxy(_) | Mode::ProxyRequest(_) => {}
            Mode::Chunk(_) | Mode::AuthAnswer => self.client.mode = Mode::Command,
            Mode::Command => self.cut_command(if is_cut_short { octets } else { 0 }, moment),
        }
        self.lose_track();
        self.transcript.missing.client_octets = self.transcript.missing.client_octets.saturating_add(octets);
        self.transcript.note_missing(moment);
    }

    /// The server's next `octets` octets are missing.
    pub fn server_gap(&mut self, octets: u64, moment: Moment) {
        self.lose_proxy_talk();
        let hole = self.server.place.at;
        self.mark_unfinished_reply();
        self.pass_server_gap(octets, moment);
        self.mark_server_gap(hole, octets);
    }

    fn pass_server_gap(&mut self, octets: u64, moment: Moment) {
        if self.server.is_tls {
            self.transcript.tls.server_gap(octets);
            return;
        }
        self.cut_reply(moment);
        self.server.expects_greeting = false;
        self.server.pending_at_gap = self.pending.len();
        if let Mode::Undecided(undecided) = &mut self.client.mode {
            undecided.is_reply_lost = !self.pending.is_empty();
        }
        self.transcript.missing.server_octets = self.transcript.missing.server_octets.saturating_add(octets);
        self.transcript.note_missing(moment);
    }

    /// Commands that waited when replies went missing have theirs among them, if the client went on.
    pub(super) fn forget_answers_lost(&mut self) {
        let lost = std::mem::take(&mut self.server.pending_at_gap).min(self.pending.len());
        self.pass_over(lost);
    }

    /// Where the reply that tells what the client's octets are fell into a hole, they have to tell themselves: another reply
    /// came since, and the client went on.
    pub(super) fn decide_after_hole(&mut self) {
        let Mode::Undecided(undecided) = &self.client.mode else { return };
        let has_seen = self.server.reply_received.is_none_or(|received| received > undecided.start);
        let Some((_, octets)) = undecided.chunks.first().filter(|_| undecided.is_reply_lost && has_seen) else {
            return;
        };
        let line = octets.split(|octet| *octet == b'\n').next().unwrap_or_default().trim_ascii_end();
        let (verb, rest) = Verb::parse(line);
        let mode = match self.pending.back().map(|pending| pending.verb) {
            _ if is_surely_a_command(verb, rest) => Mode::Command,
            Some(Verb::Data) => Mode::Body(BodyScanner::new()),
            Some(Verb::Auth) => Mode::AuthAnswer,
            _ => return,
        };
        self.pass_over(self.pending.len());
        self.server.pending_at_gap = 0;
        self.decide(mode);
    }

    /// Whether `line` is the rest of a reply that a hole cut.
    pub(super) fn is_rest_of_cut_reply(&mut self, line: &ReplyLine<'_>) -> bool {
        let Some(code) = self.server.cut_code else { return false };
        let is_rest = code == line.code && self.seen_commands() == 0;
        if !is_rest || line.is_last {
            self.server.cut_code = None;
        }
        is_rest
    }

    /// A command whose end is missing still waits for a reply. `rest_octets` is how long its rest was, if that is known.
    fn cut_command(&mut self, rest_octets: u64, moment: Moment) {
        let octets = self.client.lines.unfinished().to_vec();
        self.client.lines.clear();
        let (verb, rest) = Verb::parse(&octets);
        let is_command = if self.client.is_synced { verb.is_known() } else { is_surely_a_command(verb, rest) };
        if !is_command {
            return;
        }
        let line = Line { octets: &octets, end: LineEnd::CrLf, dropped: 0, moment };
        self.command(verb, rest, &line, true, false);
        // Nobody sends more behind a hello in one segment before it is answered: what was cut is its argument, and a CRLF.
        let argument = ehlo::split_argument(rest).octets.len() as u64 + rest_octets.saturating_sub(2);
        if verb.is_hello()
            && let Some(hello) = self.transcript.hellos.last_mut()
        {
            hello.check.problems.extend(ehlo::too_long(usize::try_from(argument).unwrap_or(usize::MAX)));
        }
    }

    /// A reply's code is known from its first line.
    fn cut_reply(&mut self, moment: Moment) {
        self.note_reply_begins();
        let unfinished = self.server.lines.unfinished().to_vec();
        self.server.lines.clear();
        let line = ReplyLine::parse(&unfinished);
        let open = match (self.server.open.take(), line) {
            (open, Some(line)) => {
                let mut open = open.unwrap_or_else(|| OpenReply::new(&line, self.server.place.line, moment));
                open.add(&line, self.masked_text(&line), self.options.limits.reply_lines);
                Some(open)
            }
            (open, None) => open,
        };
        if let Some(open) = open {
            let is_more_to_come = line.is_none_or(|line| !line.is_last);
            let reply = open.finish(true);
            self.server.cut_code = is_more_to_come.then_some(reply.code);
            self.reply(reply);
        }
    }
}
