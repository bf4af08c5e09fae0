//! Keeping account of which octets are what, for whoever shows them.

use super::masking::AUTH_CHALLENGE;
use super::server::GREETING;
use super::{Dialogue, Mode, Place, Undecided};
use crate::smtp::command::Verb;
use crate::smtp::product;
use crate::smtp::protocol::{self, FirstLine};
use crate::smtp::reply::{EnhancedStatusCode, ReplyLine};
use crate::smtp::spans::{self, SpanKind};

impl Place {
    /// Of `before` octets `rest` is still to be read.
    pub(super) const fn pass(&mut self, before: usize, rest: &[u8]) {
        self.at = self.at.saturating_add(before.saturating_sub(rest.len()) as u64);
    }

    /// The next octet begins a line.
    pub(super) const fn end_line(&mut self) {
        self.line = self.at;
    }

    /// Where the line just read ends, its line end of `octets` octets aside.
    pub(super) fn before_end(self, octets: u64) -> u64 {
        self.at.saturating_sub(octets).max(self.line)
    }
}

impl Dialogue<'_> {
    /// The client's next octets are something else.
    pub(super) fn enter(&mut self, mode: Mode) {
        self.client.mode = mode;
        self.client.place.end_line();
        self.mark_mode();
    }

    /// What the client's next octets are is for the reply to say.
    pub(super) fn enter_undecided(&mut self) {
        self.enter(Mode::Undecided(Undecided { start: self.client.place.at, ..Undecided::default() }));
    }

    pub(super) fn mark_mode(&mut self) {
        let kind = match &self.client.mode {
            Mode::Command if self.client.is_synced => SpanKind::Line,
            Mode::Command | Mode::Undecided(_) | Mode::Proxy(_) | Mode::ProxyRequest(_) => SpanKind::Unknown,
            Mode::Body(_) | Mode::Chunk(_) => SpanKind::MailText,
            Mode::AuthAnswer => SpanKind::Secret,
            Mode::Tls => SpanKind::Tls,
        };
        self.mark_client(self.client.place.at, kind);
    }

    /// A command line; the last `end_octets` octets read are its line end, none where it is cut.
    pub(super) fn mark_command(&mut self, verb: Verb, line: &[u8], end_octets: u64) {
        if self.options.limits.spans == 0 {
            return;
        }
        let mut kinds = spans::command_kinds(line, end_octets > 0);
        if self.is_masked(verb, line) {
            // That a device overwrote the verb is evidence, and tells nothing of the secret.
            let secret = Verb::parse(line).1.trim_ascii_start();
            let shown = if verb == Verb::Mangled { line.len() - secret.len() } else { 0 };
            kinds.get_mut(shown..).unwrap_or_default().fill(SpanKind::Secret);
        }
        if kinds.first() != Some(&SpanKind::Secret) {
            self.client.names.learn(verb, line, &kinds);
        }
        let start = self.client.place.line;
        self.transcript.client_spans.note_hosts(start, line, &kinds, self.options.limits.host_octets);
        for (at, kind) in spans::runs_of(&kinds) {
            self.mark_client(start.saturating_add(at as u64), kind);
        }
        let (read, end) = (start.saturating_add(line.len() as u64), self.client.place.before_end(end_octets));
        // What was over the bound.
        if read < end {
            self.mark_client(read, SpanKind::Unknown);
        }
        self.mark_client(end, SpanKind::Line);
    }

    /// The line just read is the first of another protocol: what tells that is no secret, the rest may be one.
    pub(super) fn mark_first_line(&mut self, first: &FirstLine) {
        let place = |octets: usize| self.client.place.line.saturating_add(octets as u64);
        let (start, head, tail) = (place(0), place(first.head), place(first.tail));
        self.mark_client(start, SpanKind::Line);
        self.mark_client(head, SpanKind::Secret);
        self.mark_client(tail, SpanKind::Line);
    }

    /// A command line whose end does not come.
    pub(super) fn mark_unfinished_command(&mut self) {
        if self.options.limits.spans > 0 && self.client.is_synced && matches!(self.client.mode, Mode::Command) {
            let line = self.client.lines.unfinished().to_vec();
            self.mark_command(Verb::parse(&line).0, &line, 0);
        }
    }

    /// A line of the server, of which `dropped` octets are over the bound; the last `end_octets` octets read are its line
    /// end, none where it is cut. What is no reply may be the rest of anything where its beginning is missing.
    pub(super) fn mark_reply(&mut self, line: &[u8], dropped: u64, end_octets: u64) {
        if self.options.limits.spans == 0 {
            return;
        }
        let place = self.server.place;
        let kinds = self.reply_kinds(line, end_octets > 0 && dropped == 0);
        self.transcript.server_spans.note_hosts(place.line, line, &kinds, self.options.limits.host_octets);
        for (at, kind) in spans::runs_of(&kinds) {
            self.mark_server(place.line.saturating_add(at as u64), kind);
        }
        if dropped > 0 {
            let may_tell = !self.secrets.is_none() || !self.client.skipped.is_empty() || self.may_answer_unseen(0, b"");
            let kind = match kinds.last() {
                Some(SpanKind::Challenge) => SpanKind::Challenge,
                _ if may_tell => SpanKind::Secret,
                _ => SpanKind::Parameter,
            };
            self.mark_server(place.line.saturating_add(line.len() as u64), kind);
        }
        let is_known = kinds.first().is_none_or(|kind| *kind != SpanKind::Unknown);
        self.mark_server(place.before_end(end_octets), if is_known { SpanKind::Line } else { SpanKind::Unknown });
    }

    /// What each octet of a line of the server is.
    fn reply_kinds(&mut self, line: &[u8], is_whole: bool) -> Vec<SpanKind> {
        let reply = ReplyLine::parse(line);
        let (code, text) = reply.map_or((0, line), |reply| (reply.code, reply.text));
        if let Some(first) = protocol::of_server(line) {
            let mut kinds = vec![SpanKind::Line; first.head];
            kinds.resize(line.len(), SpanKind::Parameter);
            return kinds;
        }
        if reply.is_none() && !self.is_server_line_known() {
            return vec![SpanKind::Unknown; line.len()];
        }
        let text_at = line.len() - text.len();
        let mut kinds = vec![SpanKind::Line; text_at];
        if code == AUTH_CHALLENGE {
            kinds.resize(line.len(), SpanKind::Challenge);
            return kinds;
        }
        // What the client said before may be repeated here, and is not known. Nobody speaks before the greeting.
        let is_client_known = self.client.is_begun && self.transcript.missing.client_octets == 0;
        let is_greeting = reply.is_some() && self.is_greeting(code);
        let is_known = reply.is_some() && (is_client_known || is_greeting || !self.pending.is_empty());
        if is_known && !self.may_answer_name() {
            self.learn_server_name(is_greeting, code, text);
            kinds.extend(spans::text_kinds(text, &self.client.names));
        } else {
            kinds.resize(line.len(), SpanKind::Parameter);
        }
        if !is_whole {
            let last_word = text.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
            // A greeting names products, and may name hosts and addresses.
            let is_end = |octet: &u8| b",:;()".contains(octet);
            let bare = last_word.iter().rev().skip_while(|octet| is_end(octet));
            let is_of = |octets: fn(&u8) -> bool| bare.clone().all(octets);
            let is_word = is_of(u8::is_ascii_alphabetic) || is_of(|octet| b"*20".contains(octet));
            let start = text.len() - last_word.len();
            let is_product = || product::telling(text).iter().any(|telling| telling.end > start);
            let masked = if is_greeting && (is_word || is_product()) { 0 } else { last_word.len() };
            kinds.iter_mut().rev().take(masked).for_each(|kind| *kind = SpanKind::Parameter);
        }
        self.mark_decisive(code, text, kinds.get_mut(text_at..).unwrap_or_default());
        for hidden in self.hidden_text(code, text) {
            let hidden = text_at + hidden.start..(text_at + hidden.end).min(line.len());
            kinds.get_mut(hidden).unwrap_or_default().fill(SpanKind::Secret);
        }
        kinds
    }

    /// Whether a reply may be to a command that asks for names, which have no form to tell them by (RFC 5321 3.5).
    fn may_answer_name(&self) -> bool {
        let most = if self.server.pending_at_gap > 0 { usize::MAX } else { 1 };
        self.pending.iter().take(most).any(|pending| matches!(pending.verb, Verb::Vrfy | Verb::Expn))
    }

    /// The name that a server gives itself first, even where it has no domain.
    fn learn_server_name(&mut self, is_greeting: bool, code: u16, text: &[u8]) {
        let is_hello = code == 250 && self.pending.front().is_some_and(|pending| pending.verb.is_hello());
        let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if (is_greeting || is_hello) && self.server.open.is_none() && product::telling(word).is_empty() {
            self.client.names.add_host(word);
        }
    }

    /// What of the text of a reply stays, whatever it is: its status code, the product, the keywords of extensions.
    fn mark_decisive(&self, code: u16, text: &[u8], kinds: &mut [SpanKind]) {
        if EnhancedStatusCode::parse(text, code).is_some() {
            let octets = text.iter().take_while(|octet| **octet != b' ').count();
            kinds.iter_mut().take(octets).for_each(|kind| *kind = SpanKind::Decisive);
        }
        if code == GREETING {
            for telling in product::telling(text) {
                kinds.get_mut(telling).unwrap_or_default().fill(SpanKind::Decisive);
            }
        }
        let is_hello = self.pending.front().is_some_and(|pending| pending.verb.is_hello());
        if code == 250 && is_hello && self.server.open.is_some() {
            let keyword = text.iter().take_while(|octet| octet.is_ascii_alphanumeric() || **octet == b'-').count();
            let (name, rest) = text.split_at(keyword);
            let is_alone = rest.first().is_none_or(|octet| matches!(octet, b' ' | b'='));
            // A number of eight digits may be an address elsewhere.
            if name.eq_ignore_ascii_case(b"SIZE") && rest.trim_ascii().iter().all(u8::is_ascii_digit) {
                kinds.fill(SpanKind::Decisive);
            }
            // A host name may stand here, too, and be an address.
            for kind in kinds.iter_mut().take(if is_alone { keyword } else { 0 }) {
                if *kind != SpanKind::Address {
                    *kind = SpanKind::Decisive;
                }
            }
        }
    }

    /// Whether the server's line being read begins where it begins in the stream, and not behind a hole.
    fn is_server_line_known(&self) -> bool {
        let before = self.transcript.server_spans.runs(self.server.place.line, 1);
        before.first().is_some_and(|(_, kind)| kind.is_dialogue())
    }

    /// A reply line whose end does not come.
    pub(super) fn mark_unfinished_reply(&mut self) {
        if self.options.limits.spans > 0 && !self.server.is_tls {
            let line = self.server.lines.unfinished().to_vec();
            self.mark_reply(&line, 0, 0);
        }
    }

    /// The `octets` octets from `hole` on are missing. They may still come, too late to be read.
    pub(super) fn mark_client_gap(&mut self, hole: u64, octets: u64) {
        self.mark_client(hole, SpanKind::Unknown);
        if matches!(self.client.mode, Mode::Tls) {
            self.client.records.skip(octets);
        }
        self.client.place.at = hole.saturating_add(octets);
        self.client.place.end_line();
        if let Mode::Undecided(undecided) = &mut self.client.mode
            && undecided.chunks.is_empty()
        {
            undecided.start = self.client.place.at;
        }
        self.mark_mode();
    }

    /// As [`mark_client_gap`](Self::mark_client_gap); which line a reply is, its code has to tell.
    pub(super) fn mark_server_gap(&mut self, hole: u64, octets: u64) {
        self.mark_server(hole, SpanKind::Unknown);
        self.server.place.at = hole.saturating_add(octets);
        self.server.place.end_line();
        if self.server.is_tls {
            self.server.records.skip(octets);
            self.mark_server(self.server.place.at, SpanKind::Tls);
        }
    }

    /// The client's next octets, which are TLS.
    pub(super) fn mark_client_records(&mut self, octets: &[u8]) {
        let (at, most) = (self.client.place.at, self.options.limits.spans);
        self.client.records.mark(octets, &mut self.transcript.client_spans, at, most);
    }

    /// The server's next octets, which are TLS.
    pub(super) fn mark_server_records(&mut self, octets: &[u8]) {
        let (at, most) = (self.server.place.at, self.options.limits.spans);
        self.server.records.mark(octets, &mut self.transcript.server_spans, at, most);
    }

    pub(super) fn mark_client(&mut self, at: u64, kind: SpanKind) {
        if self.options.limits.spans > 0 {
            self.transcript.client_spans.begin(at, kind, self.options.limits.spans);
        }
    }

    pub(super) fn mark_server(&mut self, at: u64, kind: SpanKind) {
        if self.options.limits.spans > 0 {
            self.transcript.server_spans.begin(at, kind, self.options.limits.spans);
        }
    }
}
