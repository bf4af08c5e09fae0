//! The client's side: commands, mail data, answers inside AUTH.

use super::{Dialogue, Mode};
use crate::smtp::MASK;
use crate::smtp::body::BodyScanner;
use crate::smtp::command::{Command, Verb, parse_bdat};
use crate::smtp::ehlo::{self, ArgumentCheck, LineEnd};
use crate::smtp::line::Line;
use crate::smtp::protocol::{self, FirstLine, OtherProtocol};
use crate::smtp::proxy::HeaderReader;
use crate::smtp::spans::SpanKind;
use crate::smtp::tls::Records;
use crate::smtp::transcript::Hello;
use crate::smtp::xclient::XClient;
use crate::time::Moment;

impl Dialogue<'_> {
    /// The client's next octets.
    pub fn client_octets(&mut self, octets: &[u8], moment: Moment) {
        if self.begins_in_tls && self.transcript.server_octets == 0 {
            (self.client.is_synced, self.client.is_begun, self.server.is_begun) = (true, true, true);
        }
        if self.transcript.client_octets == 0 && self.may_begin_proxy_header(octets) {
            self.enter(Mode::Proxy(HeaderReader::default()));
        } else if self.transcript.client_octets == 0 {
            self.may_begin_proxy_request(octets);
        }
        self.transcript.client_octets = self.transcript.client_octets.saturating_add(octets.len() as u64);
        self.read_client(octets, moment);
    }

    /// Says whether the client's next octets are TLS: what begins with a record is, and where it was to begin all else is the
    /// dialogue, as in a capture that was decrypted before.
    fn decide_tls(&mut self, octets: &[u8]) {
        match self.client.mode {
            Mode::Command if self.begins_tls(octets) => self.begin_tls(),
            Mode::Tls if self.transcript.tls.client.is_untouched() && !Records::looks_like_tls(octets) => {
                self.enter(Mode::Command);
            }
            _ => {}
        }
    }

    /// Whether the client's next octets, in the place of a command, begin TLS. Behind a hole they may be mail text, which
    /// hardly begins a segment as a record.
    fn begins_tls(&self, octets: &[u8]) -> bool {
        let is_it = match self.client.is_synced {
            true => Records::looks_like_tls(octets),
            false => self.client.is_segment_start && Records::is_surely_tls(octets),
        };
        is_it && self.client.lines.unfinished().is_empty()
    }

    /// The client goes over to TLS. Where the capture lacks what was said before, the 220 was no greeting.
    fn begin_tls(&mut self) {
        if !self.client.is_begun && self.transcript.greeting.take().is_some() {
            self.expect_server_tls();
        }
        self.transcript.is_tls = true;
        self.enter(Mode::Tls);
    }

    pub(super) fn read_client(&mut self, octets: &[u8], moment: Moment) {
        let mut input = octets;
        while !input.is_empty() {
            let before = input.len();
            self.client.is_segment_start = before == octets.len();
            self.decide_tls(input);
            match &mut self.client.mode {
                Mode::Proxy(_) => self.read_proxy_header(&mut input, moment),
                Mode::ProxyRequest(_) => self.read_proxy_request(&mut input, moment),
                Mode::Command => self.read_commands(&mut input, moment),
                Mode::Undecided(_) => self.hold(&mut input, moment),
                Mode::Body(scanner) => {
                    let end = scanner.skip(&mut input);
                    self.client.place.pass(before, input);
                    if let Some(octets) = end {
                        self.mark_client(self.client.place.at.saturating_sub(octets), SpanKind::EndOfData);
                        self.enter(Mode::Command);
                        self.end_of_data(moment, false);
                    }
                }
                Mode::Chunk(left) => {
                    let step = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    *left -= step as u64;
                    let is_over = *left == 0;
                    input = input.get(step..).unwrap_or_default();
                    self.client.place.pass(before, input);
                    if is_over {
                        self.enter(Mode::Command);
                    }
                }
                Mode::AuthAnswer => self.read_auth_answer(&mut input, moment),
                Mode::Tls => {
                    self.mark_client_records(input);
                    self.transcript.tls.client_octets(input, moment, self.options.limits.tls_hello_octets);
                    input = &[];
                    self.client.place.pass(before, input);
                }
            }
        }
    }

    fn read_commands(&mut self, input: &mut &[u8], moment: Moment) {
        let mut lines = std::mem::take(&mut self.client.lines);
        while matches!(self.client.mode, Mode::Command) {
            let before = input.len();
            let line = lines.take_line(input, moment, self.options.limits.line_octets);
            self.client.place.pass(before, input);
            let Some(line) = line else { break };
            self.command_line(&line);
            self.client.is_segment_start = false;
            self.client.place.end_line();
            if Records::looks_like_tls(input) {
                break;
            }
        }
        self.client.lines = lines;
    }

    fn command_line(&mut self, line: &Line<'_>) {
        let (verb, rest) = Verb::parse(line.octets);
        if !self.client.is_synced {
            // Mail text may hold anything, but hardly begins a segment with a command.
            if !self.client.is_segment_start || !is_surely_a_command(verb, rest) {
                self.transcript.skipped_client_lines += 1;
                self.remember_skipped(line.octets);
                return;
            }
            self.client.is_synced = true;
            self.mark_client(self.client.place.line, SpanKind::Line);
        }
        self.command(verb, rest, line, line.dropped > 0, true);
    }

    /// Takes a command in. `is_whole` is whether its argument can be judged.
    pub(super) fn command(&mut self, verb: Verb, rest: &[u8], line: &Line<'_>, is_cut: bool, is_whole: bool) {
        self.client.is_begun = true;
        self.forget_answers_lost();
        let other = if verb == Verb::Unknown { self.recognise_client(line) } else { None };
        self.mark_command(verb, line.octets, if is_whole { line.end.octets() } else { 0 });
        if let Some(first) = other {
            self.mark_first_line(&first);
        }
        let hello = if verb.is_hello() { self.hello(rest, line.end, is_whole) } else { None };
        if verb == Verb::Auth {
            self.note_mechanism(rest, line.moment);
        }
        let passed_on = match verb {
            Verb::XClient => Some(&mut self.transcript.xclients),
            Verb::XForward => Some(&mut self.transcript.xforwards),
            _ => None,
        };
        if let Some(known) = passed_on.filter(|known| is_whole && known.len() < self.options.limits.hellos) {
            known.push(XClient::read(rest, self.transcript.exchanges.len(), self.client.place.at));
        }
        let bdat = if verb == Verb::Bdat { parse_bdat(rest) } else { None };
        self.count_try(verb);
        let shown = self.shown_line(verb, line.octets);
        if verb == Verb::Auth || &*shown == MASK {
            self.remember_dropped(line.dropped);
        }
        let command = Command { verb, line: shown, end: line.end, is_cut, moment: line.moment };
        let ends_message = bdat.is_some_and(|(_, is_last)| is_last);
        self.push_command(command, hello, ends_message);
        match (verb, bdat) {
            (Verb::Data | Verb::Auth | Verb::StartTls, _) => self.enter_undecided(),
            // Of a number that was cut there is no telling how much follows.
            (Verb::Bdat, Some((octets, _))) if octets > 0 && is_whole => self.enter(Mode::Chunk(octets)),
            (Verb::Quit, _) => self.transcript.quit = Some(line.moment),
            _ => {}
        }
        if verb.is_known() {
            self.client.mask_unknown = false;
            if verb != Verb::Auth {
                self.secrets.set_missing(false);
            }
        }
    }

    /// If the client's first line is of another protocol, says so. What it sends may be secrets in any form.
    fn recognise_client(&mut self, line: &Line<'_>) -> Option<FirstLine> {
        let is_first = self.transcript.exchanges.iter().all(|exchange| exchange.command.is_none());
        let first = protocol::of_client(line.octets).filter(|_| is_first)?;
        self.transcript.client_protocol = Some(OtherProtocol { name: first.name, moment: line.moment });
        self.client.mask_unknown = true;
        Some(first)
    }

    /// Keeps a hello and what is wrong with its argument; its exchange is the next one.
    fn hello(&mut self, rest: &[u8], end: LineEnd, is_whole: bool) -> Option<usize> {
        if self.transcript.hellos.len() >= self.options.limits.hellos {
            self.transcript.omitted_hellos += 1;
            return None;
        }
        let check = if is_whole { ehlo::check(rest, end) } else { ArgumentCheck::default() };
        self.transcript.hellos.push(Hello {
            exchange: self.transcript.exchanges.len(),
            check,
            end: self.client.place.at,
        });
        Some(self.transcript.hellos.len() - 1)
    }

    fn count_try(&mut self, verb: Verb) {
        let tally = match verb {
            Verb::Mail => &mut self.transcript.mail,
            Verb::Rcpt => &mut self.transcript.rcpt,
            Verb::Data | Verb::Bdat => &mut self.transcript.message,
            Verb::Auth => &mut self.transcript.auth,
            Verb::StartTls => &mut self.transcript.starttls,
            _ => return,
        };
        tally.tried += 1;
    }

    /// The line that ends mail data: it gets a reply; in LMTP one for each recipient (RFC 2033 4.2).
    pub(super) fn end_of_data(&mut self, moment: Moment, is_cut: bool) {
        let speaks_lmtp = self
            .transcript
            .hellos
            .iter()
            .any(|hello| self.transcript.hello_command(hello).is_some_and(|command| command.verb == Verb::Lhlo));
        let most = self.options.limits.pending_commands as u64;
        let replies = if speaks_lmtp { self.server.recipients.clamp(1, most) } else { 1 };
        for _ in 0..replies {
            let line = (*b".").into();
            let command = Command { verb: Verb::EndOfData, line, end: LineEnd::CrLf, is_cut, moment };
            self.push_command(command, None, true);
        }
    }

    fn read_auth_answer(&mut self, input: &mut &[u8], moment: Moment) {
        let mut lines = std::mem::take(&mut self.client.lines);
        let before = input.len();
        let line = lines.take_line(input, moment, self.options.limits.line_octets);
        self.client.place.pass(before, input);
        if let Some(line) = line {
            self.mark_client(self.client.place.before_end(line.end.octets()), SpanKind::Line);
            self.remember_secret(line.octets);
            self.remember_dropped(line.dropped);
            self.note_auth_message(line.octets, line.moment);
            let shown = if self.options.keep_credentials { line.octets } else { MASK };
            let command =
                Command { verb: Verb::Auth, line: shown.into(), end: line.end, is_cut: false, moment: line.moment };
            self.push_command(command, None, false);
            self.enter_undecided();
        }
        self.client.lines = lines;
    }

    fn hold(&mut self, input: &mut &[u8], moment: Moment) {
        let is_behind_starttls = self.awaits(Verb::StartTls);
        let Mode::Undecided(undecided) = &mut self.client.mode else { return };
        let octets = std::mem::take(input);
        self.client.place.pass(octets.len(), &[]);
        if is_behind_starttls && undecided.octets == 0 && !Records::looks_like_tls(octets) {
            self.transcript.behind_starttls.get_or_insert(moment);
        }
        if undecided.is_cut || undecided.octets + octets.len() > self.options.limits.undecided_octets {
            undecided.is_cut = true;
            undecided.chunks.clear();
            let dropped = std::mem::take(&mut undecided.octets).saturating_add(octets.len());
            undecided.dropped = undecided.dropped.saturating_add(dropped as u64);
            return;
        }
        undecided.octets += octets.len();
        undecided.chunks.push((moment, octets.into()));
    }

    /// The reply has said what the octets held are.
    pub(super) fn decide(&mut self, mode: Mode) {
        let Mode::Undecided(undecided) = std::mem::replace(&mut self.client.mode, mode) else { return };
        if undecided.is_cut {
            self.lose_track();
            self.count_dropped(undecided.dropped);
        } else {
            self.client.place.at = undecided.start;
        }
        self.client.place.end_line();
        self.mark_mode();
        for (moment, octets) in undecided.chunks {
            self.read_client(&octets, moment);
        }
    }

    /// Octets over the bound were not read: they count as those that the capture lacks do.
    fn count_dropped(&mut self, octets: u64) {
        self.transcript.unread_client_octets = self.transcript.unread_client_octets.saturating_add(octets);
        match self.client.mode {
            _ if octets == 0 => {}
            Mode::Body(_) => self.transcript.missing_in_data = true,
            Mode::Tls => self.transcript.tls.client_gap(octets),
            _ => {
                self.transcript.note_missing(self.server.latest);
            }
        }
    }

    /// Octets are missing: the next ones may be anything.
    pub(super) fn lose_track(&mut self) {
        match &mut self.client.mode {
            Mode::Body(scanner) => *scanner = BodyScanner::mid_line(),
            Mode::Command => {
                self.client.is_synced = false;
                self.client.lines.clear();
                self.client.place.end_line();
                self.mark_mode();
            }
            Mode::Undecided(undecided) => {
                undecided.is_cut = true;
                undecided.chunks.clear();
            }
            Mode::Proxy(_) | Mode::ProxyRequest(_) | Mode::Chunk(_) | Mode::AuthAnswer | Mode::Tls => {}
        }
    }
}

/// Whether a line is a command even where mail text or an answer inside AUTH might stand.
pub(super) fn is_surely_a_command(verb: Verb, rest: &[u8]) -> bool {
    let argument = rest.trim_ascii();
    let begins_with =
        |word: &[u8]| argument.split_at_checked(word.len()).is_some_and(|(start, _)| start.eq_ignore_ascii_case(word));
    match verb {
        Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Auth => true,
        Verb::Mail => begins_with(b"FROM:"),
        Verb::Rcpt => begins_with(b"TO:"),
        Verb::Data | Verb::Rset | Verb::Quit | Verb::StartTls | Verb::Noop => argument.is_empty(),
        Verb::Bdat => parse_bdat(rest).is_some(),
        _ => false,
    }
}
