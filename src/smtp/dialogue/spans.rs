//! Keeping account of which octets are what, for whoever shows them.

use super::masking::AUTH_CHALLENGE;
use super::{Dialogue, Mode, Place, Undecided};
use crate::smtp::command::Verb;
use crate::smtp::reply::ReplyLine;
use crate::smtp::spans::SpanKind;

/// Octets of a reply line before its text.
const CODE_OCTETS: u64 = 4;

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
            Mode::Command | Mode::Undecided(_) => SpanKind::Unknown,
            Mode::Body(_) | Mode::Chunk(_) => SpanKind::MailText,
            Mode::AuthAnswer => SpanKind::Secret,
            Mode::Tls => SpanKind::Tls,
        };
        self.mark_client(self.client.place.at, kind);
    }

    /// A command line that may hold a secret; the last `end_octets` octets read are its line end.
    pub(super) fn mark_command(&mut self, verb: Verb, line: &[u8], end_octets: u64) {
        let start = match verb {
            Verb::Auth => {
                let indent = line.len() - line.trim_ascii_start().len();
                let word = line.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default();
                (indent + word.len() + 1) as u64
            }
            _ if self.is_masked(verb, line) => 0,
            _ => return,
        };
        let end = self.client.place.before_end(end_octets);
        let start = self.client.place.line.saturating_add(start);
        if start < end {
            self.mark_client(start, SpanKind::Secret);
            self.mark_client(end, SpanKind::Line);
        }
    }

    /// A command line whose end does not come.
    pub(super) fn mark_unfinished_command(&mut self) {
        if self.options.limits.spans > 0 && self.client.is_synced && matches!(self.client.mode, Mode::Command) {
            let line = self.client.lines.unfinished().to_vec();
            self.mark_command(Verb::parse(&line).0, &line, 0);
        }
    }

    /// A line of the server, of which `dropped` octets are over the bound; the last `end_octets` octets read are its line
    /// end. What is no reply may be the rest of anything where its beginning is missing.
    pub(super) fn mark_reply(&mut self, line: &[u8], dropped: u64, end_octets: u64) {
        if self.options.limits.spans == 0 {
            return;
        }
        let place = self.server.place;
        let end = place.before_end(end_octets);
        let reply = ReplyLine::parse(line);
        let around = match reply {
            Some(_) => SpanKind::Line,
            None => self.transcript.server_spans.runs(place.line, 1).first().map_or(SpanKind::Unknown, |run| run.1),
        };
        let (code, text, before) = reply.map_or((0, line, 0), |reply| (reply.code, reply.text, CODE_OCTETS));
        self.mark_server(place.line, around);
        let start = place.line.saturating_add(before);
        if code == AUTH_CHALLENGE {
            self.mark_secret(start, end, around);
            return;
        }
        for hidden in self.hidden_text(code, text) {
            let [from, to] = [hidden.start, hidden.end].map(|at| start.saturating_add(at as u64));
            self.mark_secret(from, to.min(end), around);
        }
        if dropped > 0 && !self.secrets.is_none() {
            self.mark_secret(place.line.saturating_add(line.len() as u64), end, around);
        }
    }

    /// The server's octets from `start` to `end` are a secret amid what is `around`.
    fn mark_secret(&mut self, start: u64, end: u64, around: SpanKind) {
        if start < end {
            self.mark_server(start, SpanKind::Secret);
            self.mark_server(end, around);
        }
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
            self.mark_server(self.server.place.at, SpanKind::Tls);
        }
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
