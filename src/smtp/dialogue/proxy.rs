//! The header of a proxy before the dialogue: what is it, what is none, and a server that does not know it.

use super::{Dialogue, Mode};
use crate::smtp::proxy::{FIXED_OCTETS, HeaderReader, Progress, names_proxy_header};
use crate::smtp::reply::Reply;
use crate::smtp::spans::{self, SpanKind};
use crate::smtp::transcript::Refusal;
use crate::time::Moment;

impl Dialogue<'_> {
    /// Whether the client's first octets may be the header of a proxy.
    pub(super) fn may_begin_proxy_header(&self, octets: &[u8]) -> bool {
        self.client.is_synced && HeaderReader::may_begin(octets) || HeaderReader::surely_begins(octets)
    }

    /// The next octets of what may be a header.
    pub(super) fn read_proxy_header(&mut self, input: &mut &[u8], moment: Moment) {
        let Mode::Proxy(reader) = &mut self.client.mode else { return };
        let before = input.len();
        let progress = reader.read(input, moment);
        self.client.place.pass(before, input);
        match progress {
            Progress::Open => {}
            Progress::NotOne(held) => self.give_back(&held, moment),
            Progress::Done => self.end_proxy_header(),
        }
    }

    /// What was held is neither a header nor a request to a proxy: it is read as what a client says.
    pub(super) fn give_back(&mut self, held: &[u8], moment: Moment) {
        self.client.place.at = self.client.place.line;
        self.enter(Mode::Command);
        self.read_client(held, moment);
    }

    /// The header is over, whole or cut; SMTP begins.
    fn end_proxy_header(&mut self) {
        let Mode::Proxy(reader) = std::mem::replace(&mut self.client.mode, Mode::Command) else { return };
        self.transcript.proxy = Some(Box::new(reader.finish()));
        (self.client.is_synced, self.client.is_begun) = (true, true);
        let start = self.client.place.line;
        match reader.text() {
            Some(line) => {
                for (at, kind) in spans::runs_of(&spans::argument_kinds(line, true)) {
                    self.mark_client(start.saturating_add(at as u64), kind);
                }
                self.mark_client(start.saturating_add(line.len() as u64), SpanKind::Line);
            }
            None => {
                self.mark_client(start, SpanKind::ProxyHeader);
                self.mark_client(start.saturating_add(FIXED_OCTETS as u64), SpanKind::Proxied);
            }
        }
        self.enter(Mode::Command);
    }

    /// The server has spoken, or the session is over: what is not known to be a header by now is none.
    pub(super) fn decide_proxy_header(&mut self, is_over: bool) {
        let Mode::Proxy(reader) = &self.client.mode else { return };
        match reader.undecided().map(<[u8]>::to_vec) {
            Some(held) => self.give_back(&held, reader.moment()),
            None if is_over => self.end_proxy_header(),
            None => {}
        }
    }

    /// The next `octets` octets are missing. False if more than a part of a header may be among them.
    pub(super) fn skip_in_proxy_header(&mut self, octets: u64) -> bool {
        let Mode::Proxy(reader) = &mut self.client.mode else { return false };
        let is_within = reader.skip(octets);
        if !is_within || reader.is_done() {
            self.end_proxy_header();
        }
        is_within
    }

    /// Takes note of a reply that answers no command, if it is a server's that took the header for one.
    pub(super) fn note_proxy_refusal(&mut self, reply: &Reply) {
        let is_first = self.transcript.exchanges.iter().all(|one| one.command.is_none() || one.reply.is_none());
        let Some(header) = self.transcript.proxy.as_mut().filter(|header| is_first && header.refusal.is_none()) else {
            return;
        };
        // QUIT stands in a header of version 2 for this very case.
        let is_its = matches!((header.version, reply.code), (_, 500..=504) | (2, 221));
        if (is_its || reply.is_refusal() && names_proxy_header(reply.first_line())) && !self.transcript.missing.is_any()
        {
            header.refusal = Some(Refusal {
                command: header.moment,
                reply: reply.moment,
                code: reply.code,
                text: reply.first_line().into(),
                at: reply.at,
            });
        }
    }
}
