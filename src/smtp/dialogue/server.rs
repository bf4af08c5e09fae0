//! The server's side: replies, and which command each one answers.

use super::masking::AUTH_CHALLENGE;
use super::{Dialogue, Mode, Pending};
use crate::smtp::body::BodyScanner;
use crate::smtp::command::Verb;
use crate::smtp::protocol::{self, OtherProtocol};
use crate::smtp::reply::{OpenReply, Reply, ReplyLine};
use crate::smtp::spans::SpanKind;
use crate::smtp::tls::Records;
use crate::smtp::transcript::{EarlyTalk, Exchange, Refusal, Tally};
use crate::time::Moment;

impl Dialogue<'_> {
    /// The server's next octets. `received` is how much of the client's stream had reached the server when it sent them,
    /// where that is known: it had seen no command behind that.
    pub fn server_octets(&mut self, octets: &[u8], received: Option<u64>, moment: Moment) {
        let (rest, held) = self.read_proxy_answer(octets, moment);
        let octets = held.as_deref().unwrap_or(rest);
        if !octets.is_empty() {
            self.read_server(octets, received, moment);
        }
    }

    fn read_server(&mut self, octets: &[u8], received: Option<u64>, moment: Moment) {
        self.server.received = received;
        if received.is_none_or(|received| received > self.client.place.line) {
            self.decide_proxy_header(false);
        }
        self.transcript.server_octets = self.transcript.server_octets.saturating_add(octets.len() as u64);
        self.server.latest = moment;
        self.remember_undecided();
        let mut input = octets;
        let mut lines = std::mem::take(&mut self.server.lines);
        while !input.is_empty() {
            self.decide_server_tls(input, lines.unfinished().is_empty());
            if self.server.is_tls {
                break;
            }
            let before = input.len();
            let line = lines.take_line(&mut input, moment, self.options.limits.line_octets);
            self.server.place.pass(before, input);
            let Some(line) = line else { break };
            self.note_reply_begins();
            self.mark_reply(line.octets, line.dropped, line.end.octets());
            self.reply_line(line.octets, moment);
            self.server.place.end_line();
        }
        self.server.lines = lines;
        if self.server.is_tls && !input.is_empty() {
            self.mark_server_records(input);
            self.transcript.tls.server_octets(input, moment, self.options.limits.tls_hello_octets);
            self.server.place.pass(input.len(), &[]);
        }
    }

    /// Says whether the server's next octets are TLS: what begins with a record is, and where it was to begin all else is
    /// the dialogue, as in a capture that was decrypted before.
    fn decide_server_tls(&mut self, octets: &[u8], is_line_start: bool) {
        let looks_like_tls = Records::looks_like_tls(octets);
        if self.server.is_tls {
            if self.transcript.tls.server.is_untouched() && !looks_like_tls {
                self.server.is_tls = false;
                self.mark_server(self.server.place.at, SpanKind::Line);
            }
        } else if looks_like_tls && is_line_start {
            self.expect_server_tls();
            self.transcript.is_tls = true;
            // The reply to STARTTLS is in a hole: this shows what it was.
            if matches!(self.client.mode, Mode::Undecided(_)) && self.awaits(Verb::StartTls) {
                self.decide(Mode::Tls);
            }
        }
    }

    /// The server's next octets are TLS, unless they say otherwise.
    pub(super) fn expect_server_tls(&mut self) {
        self.server.is_tls = true;
        self.mark_server(self.server.place.at, SpanKind::Tls);
    }

    pub(super) fn reply_line(&mut self, line: &[u8], moment: Moment) {
        let Some(line) = ReplyLine::parse(line) else {
            self.transcript.skipped_server_lines += 1;
            self.recognise_server(line, moment);
            return;
        };
        self.note_reply_begins();
        if self.is_rest_of_cut_reply(&line) {
            return;
        }
        let mut open = self.server.open.take().unwrap_or_else(|| OpenReply::new(&line, self.server.place.line, moment));
        open.add(&line, self.masked_text(&line), self.options.limits.reply_lines);
        if line.is_last {
            self.reply(open.finish(false));
        } else {
            self.server.open = Some(open);
        }
    }

    /// If the server's first line is of another protocol, says so.
    fn recognise_server(&mut self, line: &[u8], moment: Moment) {
        let is_first = self.transcript.skipped_server_lines == 1
            && self.transcript.exchanges.iter().all(|exchange| exchange.reply.is_none());
        if let Some(first) = protocol::of_server(line).filter(|_| is_first) {
            self.transcript.server_protocol = Some(OtherProtocol { name: first.name, moment });
        }
    }

    /// If no reply is open, one begins with what was read last.
    pub(super) fn note_reply_begins(&mut self) {
        if self.server.open.is_none() {
            self.server.reply_received = self.server.received;
        }
    }

    /// A reply is complete.
    pub(super) fn reply(&mut self, reply: Reply) {
        let is_greeting = self.is_greeting(reply.code);
        self.server.expects_greeting = false;
        if is_greeting {
            self.greeting(reply);
            return;
        }
        if !std::mem::replace(&mut self.server.is_begun, true) {
            self.transcript.note_missing(reply.moment);
        }
        self.decide_after_hole();
        if self.is_to_forgotten_command(&reply) {
            self.transcript.unpaired_replies += 1;
            return;
        }
        match self.answered_by(&reply) {
            Some(pending) => self.answer(&pending, reply),
            None => self.unsolicited(reply),
        }
    }

    /// The reply to connecting stands first, even where the client spoke before it.
    fn greeting(&mut self, reply: Reply) {
        let commands = self.transcript.exchanges.iter().filter_map(|exchange| exchange.command.as_ref());
        let spoke = commands.map(|command| command.moment).next();
        self.transcript.early_talk = spoke.map(|spoke| EarlyTalk { spoke, greeted: self.server.latest });
        self.insert(0, Exchange { command: None, reply: Some(reply) });
        self.transcript.greeting = Some(0);
        self.server.is_begun = true;
    }

    /// The rest of a reply, the session's last, that has no end.
    pub(super) fn finish_server(&mut self) {
        self.mark_unfinished_reply();
        self.note_reply_begins();
        let lines = std::mem::take(&mut self.server.lines);
        let unfinished = ReplyLine::parse(lines.unfinished());
        let open = match (self.server.open.take(), unfinished) {
            (Some(mut open), Some(line)) => {
                open.add(&line, self.masked_text(&line), self.options.limits.reply_lines);
                Some(open)
            }
            (None, Some(line)) => {
                let mut open = OpenReply::new(&line, self.server.place.line, self.server.latest);
                open.add(&line, self.masked_text(&line), self.options.limits.reply_lines);
                Some(open)
            }
            (open, None) => open,
        };
        self.transcript.unfinished_reply = open.map(|open| open.finish(true));
    }

    /// Whether the reply that ends next, or is being read, is the greeting.
    pub(super) fn is_greeting(&self, code: u16) -> bool {
        // A 250 after an early hello answers that: this server does not greet.
        if self.server.expects_greeting && (code != 250 || self.pending.is_empty()) {
            return true;
        }
        // The first 220 of a capture that begins after the handshake is the greeting, unless it answers STARTTLS.
        let is_first = !self.server.is_begun && self.transcript.missing.server_octets == 0;
        is_first && code == GREETING && self.place_of(Some(Verb::StartTls)).is_none()
    }

    /// The command that `reply` answers: the oldest that waits, but where the code belongs to another.
    fn answered_by(&mut self, reply: &Reply) -> Option<Pending> {
        let own_verb = verb_of(reply.code);
        if let Some(at) = self.place_of(own_verb) {
            self.pass_over(at);
            self.server.pending_at_gap = self.server.pending_at_gap.saturating_sub(at);
        } else if self.is_to_no_command(reply, own_verb) {
            return None;
        } else if reply.is_positive()
            && self.pending.len() > 1
            && self.pending.front().is_some_and(|pending| pending.verb == Verb::Blank)
        {
            // Some servers pass over an empty line; none answers it with yes.
            self.pending.pop_front();
        }
        let answered = self.pending.pop_front()?;
        self.server.pending_at_gap = self.server.pending_at_gap.saturating_sub(1);
        self.server.unpaired = answered.unpaired_behind;
        Some(answered)
    }

    /// Whether `reply` answers none of the commands that wait, or one of which there is no telling which.
    fn is_to_no_command(&mut self, reply: &Reply, own_verb: Option<Verb>) -> bool {
        let Some(first) = self.pending.front().filter(|_| self.seen_commands() > 0) else { return true };
        if own_verb.is_some() {
            return first.verb.is_known() || reply.code == GREETING;
        }
        // Nothing but 354 says yes to DATA: that is in the hole, and this is for something behind it.
        let is_past_data = first.verb == Verb::Data && reply.is_positive();
        if is_past_data && (self.transcript.missing.is_any() || self.transcript.missing_in_data) {
            self.pass_over(1);
            if matches!(self.client.mode, Mode::Undecided(_)) {
                self.client.mask_unknown = true;
                self.enter(Mode::Command);
                self.lose_track();
            }
            return true;
        }
        self.is_unsure(reply)
    }

    /// The replies to the oldest `commands` commands will not come.
    pub(super) fn pass_over(&mut self, commands: usize) {
        let passed = self.pending.drain(..commands.min(self.pending.len())).count();
        self.transcript.passed_over_commands = self.transcript.passed_over_commands.saturating_add(passed as u64);
    }

    /// Whether a hole may hold the replies to the commands that wait, so that this one may be to any, or to what is missing.
    pub(super) fn is_unsure(&self, reply: &Reply) -> bool {
        let last_seen = self.seen_commands().checked_sub(1).and_then(|last| self.pending.get(last));
        let is_past_it =
            last_seen.zip(self.server.reply_received).is_some_and(|(command, received)| command.end < received);
        match self.server.pending_at_gap {
            0 => false,
            // A server says 421 of its own accord, too.
            1 => reply.code == 421 || is_past_it,
            _ => true,
        }
    }

    /// Where the oldest command of this verb waits that the server had seen.
    fn place_of(&self, verb: Option<Verb>) -> Option<usize> {
        let seen = self.seen_commands();
        // XCLIENT is answered by another greeting.
        let is_it =
            |pending: &Pending, verb| pending.verb == verb || (pending.verb, verb) == (Verb::XClient, Verb::StartTls);
        verb.and_then(|verb| self.pending.iter().take(seen).position(|pending| is_it(pending, verb)))
    }

    /// Whether `reply` is to a command over the bound of those remembered. A code that belongs to one remembered is not.
    fn is_to_forgotten_command(&mut self, reply: &Reply) -> bool {
        if self.server.unpaired == 0 {
            return false;
        }
        let is_to_another = self.place_of(verb_of(reply.code)).is_some();
        self.server.unpaired = if is_to_another { 0 } else { self.server.unpaired - 1 };
        !is_to_another
    }

    fn answer(&mut self, pending: &Pending, reply: Reply) {
        self.count_answer(pending, &reply);
        // What is answered in plain text is no TLS, whatever STARTTLS announced.
        self.transcript.is_tls &= self.transcript.tls.is_seen();
        let is_last = self.pending.is_empty();
        let code = reply.code;
        if let Some(exchange) = pending.exchange.and_then(|index| self.transcript.exchanges.get_mut(index)) {
            exchange.reply = Some(reply);
        }
        if is_last && matches!(self.client.mode, Mode::Undecided(_)) {
            self.decide_by(pending.verb, code);
        }
    }

    /// What the client's octets after DATA, AUTH or STARTTLS are, now that the reply is known.
    fn decide_by(&mut self, verb: Verb, code: u16) {
        if verb == Verb::Auth && matches!(&self.client.mode, Mode::Undecided(undecided) if undecided.is_cut) {
            self.secrets.set_missing(true);
        }
        match (verb, code) {
            (Verb::Data, 354) => self.decide(Mode::Body(BodyScanner::new())),
            (Verb::Auth, AUTH_CHALLENGE) => self.decide(Mode::AuthAnswer),
            (Verb::StartTls, 220) => {
                self.transcript.is_tls = true;
                self.transcript.hellos_before_tls = self.transcript.hellos.len();
                self.expect_server_tls();
                self.decide(Mode::Tls);
            }
            (Verb::Data | Verb::Auth, _) => {
                self.client.mask_unknown = true;
                self.decide(Mode::Command);
            }
            _ => self.decide(Mode::Command),
        }
    }

    fn count_answer(&mut self, pending: &Pending, reply: &Reply) {
        let is_consequence = reply.is_refusal() && self.follows_refusal(pending.verb);
        let transcript = &mut self.transcript;
        let tally = match pending.verb {
            Verb::Mail => Some(&mut transcript.mail),
            Verb::Rcpt => Some(&mut transcript.rcpt),
            Verb::Data | Verb::Bdat | Verb::EndOfData => Some(&mut transcript.message),
            Verb::Auth => Some(&mut transcript.auth),
            Verb::StartTls => Some(&mut transcript.starttls),
            _ => None,
        };
        if let Some(tally) = tally.filter(|_| !is_consequence) {
            count(tally, pending, reply);
        }
        if reply.is_refusal() && !is_consequence && matches!(pending.verb, Verb::Mail | Verb::Rcpt) {
            self.note_refusal_naming_hello(pending, reply);
        }
        self.follow_transaction(pending, reply);
    }

    /// Whether a command of this verb has no chance: without a sender none of RCPT and DATA, without a recipient none of DATA
    /// (RFC 5321 3.3, RFC 2920 3.1). Pipelining clients have sent it by then.
    const fn follows_refusal(&self, verb: Verb) -> bool {
        let (mail, rcpt) = (&self.transcript.mail, &self.transcript.rcpt);
        match verb {
            Verb::Rcpt => mail.is_last_refused,
            Verb::Data | Verb::Bdat => mail.is_last_refused || rcpt.is_last_refused && self.server.recipients == 0,
            _ => false,
        }
    }

    /// The mail transaction of RFC 5321 3.3: MAIL begins it; the end of data, RSET and a hello end it.
    fn follow_transaction(&mut self, pending: &Pending, reply: &Reply) {
        if !reply.is_positive() {
            if pending.ends_message {
                self.transcript.is_mail_open = false;
            }
            return;
        }
        match pending.verb {
            Verb::Mail => {
                self.transcript.is_mail_open = true;
                self.server.recipients = 0;
            }
            Verb::Rcpt => self.server.recipients += 1,
            Verb::Rset => self.transcript.is_mail_open = false,
            Verb::XClient => self.begin_anew(pending),
            verb if verb.is_hello() => {
                self.transcript.is_mail_open = false;
                self.server.hello_in_force = pending.hello;
            }
            _ if pending.ends_message => {
                self.transcript.messages_accepted += 1;
                self.transcript.is_mail_open = false;
            }
            _ => {}
        }
    }

    /// XCLIENT was accepted: the server has forgotten what the client said before.
    fn begin_anew(&mut self, pending: &Pending) {
        self.transcript.is_mail_open = false;
        self.server.hello_in_force = None;
        let hellos = &self.transcript.hellos;
        self.transcript.hellos_before_xclient = hellos.iter().take_while(|hello| hello.end <= pending.end).count();
    }

    fn note_refusal_naming_hello(&mut self, pending: &Pending, reply: &Reply) {
        // 503 is about the order of commands, not about the name.
        let is_about_name = reply.names_hello() && reply.code != 503;
        if is_about_name && self.transcript.refusal_naming_hello.is_none() {
            let refusal = refusal(pending, reply);
            self.transcript.refusal_naming_hello = Some((refusal, self.server.hello_in_force));
        }
    }

    fn unsolicited(&mut self, reply: Reply) {
        self.transcript.unsolicited_replies += 1;
        // It answers something that the client said before the capture has it.
        if !self.client.is_begun && !matches!(reply.code, 221 | 421) {
            self.transcript.note_missing(reply.moment);
        }
        self.note_proxy_refusal(&reply);
        let code = reply.code;
        let is_before_end = self.pending.get(self.seen_commands()).is_some_and(|next| next.verb == Verb::EndOfData);
        match (&self.client.mode, code) {
            // The command is missing, and with it the replies to those before it.
            (Mode::Command, 354) => {
                self.pass_over(self.seen_commands());
                self.enter(Mode::Body(BodyScanner::new()));
            }
            (Mode::Command, AUTH_CHALLENGE) => {
                self.pass_over(self.seen_commands());
                // What came before it may be in a hole.
                self.secrets.set_missing(true);
                self.enter(Mode::AuthAnswer);
            }
            // The end of the data fell into a hole.
            (Mode::Body(_), _) if self.transcript.missing_in_data && verb_of(code).is_none() => {
                self.enter(Mode::Command);
                self.lose_track();
                self.transcript.messages_accepted += u64::from(reply.is_positive());
                self.transcript.is_mail_open = false;
                self.note_message_refused(&reply);
            }
            // The server gives up in the middle of the data.
            (mode, _) if reply.is_refusal() && (is_before_end || matches!(mode, Mode::Body(_))) => {
                self.note_message_refused(&reply);
            }
            _ => {}
        }
        self.push_reply(reply);
    }

    /// The message is refused by a reply that answers no command: to data whose end is not there.
    fn note_message_refused(&mut self, reply: &Reply) {
        if reply.is_refusal() {
            let (code, text, moment, at) = (reply.code, reply.first_line().into(), reply.moment, reply.at);
            self.transcript.message.refused += 1;
            self.transcript.message.is_last_refused = true;
            self.transcript.message.last_refusal = Some(Refusal { command: moment, reply: moment, code, text, at });
        }
    }
}

pub(super) const GREETING: u16 = 220;

/// The command that a code belongs to, if to one alone.
const fn verb_of(code: u16) -> Option<Verb> {
    match code {
        354 => Some(Verb::Data),
        AUTH_CHALLENGE | 235 => Some(Verb::Auth),
        221 => Some(Verb::Quit),
        GREETING => Some(Verb::StartTls),
        _ => None,
    }
}

fn count(tally: &mut Tally, pending: &Pending, reply: &Reply) {
    tally.is_last_refused = reply.is_refusal();
    if reply.is_refusal() {
        tally.refused += 1;
        tally.last_refusal = Some(refusal(pending, reply));
    } else if reply.is_positive() {
        tally.accepted += 1;
    }
}

fn refusal(pending: &Pending, reply: &Reply) -> Refusal {
    let (code, text, at) = (reply.code, reply.first_line().into(), reply.at);
    Refusal { command: pending.sent, reply: reply.moment, code, text, at }
}
