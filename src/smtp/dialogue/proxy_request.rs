//! What is said to a SOCKS or HTTP proxy before the dialogue, and what it answers.

use super::{Dialogue, Mode};
use crate::smtp::protocol::OtherProtocol;
use crate::smtp::proxy_request::{ProxyKind, ProxyRequest, Talk, TalkProgress};
use crate::smtp::spans::SpanKind;
use crate::time::Moment;

impl Dialogue<'_> {
    /// If the client's first octets begin a request to a proxy, reads them as one. Who has heard from the server does not
    /// ask a proxy any more.
    pub(super) fn may_begin_proxy_request(&mut self, octets: &[u8]) {
        if self.transcript.server_octets > 0 || !self.server.lines.unfinished().is_empty() {
            return;
        }
        if let Some(talk) = Talk::begin(octets, self.client.is_synced) {
            self.server.answer = Some(Talk::new(talk.kind));
            self.enter(Mode::ProxyRequest(talk));
        }
    }

    /// The next octets of what may be a request.
    pub(super) fn read_proxy_request(&mut self, input: &mut &[u8], moment: Moment) {
        let Mode::ProxyRequest(talk) = &mut self.client.mode else { return };
        let (kind, octets) = (talk.kind, *input);
        *input = &[];
        match talk.request(octets) {
            TalkProgress::Open => {
                self.note_proxy_request(kind, None, None, moment);
                self.client.place.pass(octets.len(), input);
            }
            TalkProgress::NotOne(held) => self.give_request_back(&held, moment),
            TalkProgress::Done(asked, behind) => {
                *input = octets.get(octets.len().saturating_sub(behind)..).unwrap_or_default();
                self.note_proxy_request(kind, Some(asked.host), asked.port, moment);
                let start = self.client.place.line;
                for (at, kind) in asked.marks {
                    self.mark_client(start.saturating_add(at as u64), kind);
                }
                self.client.place.pass(octets.len(), input);
                (self.client.is_synced, self.client.is_begun) = (true, true);
                self.keep_request(behind);
                self.enter(Mode::Command);
            }
        }
    }

    /// Keeps the octets of the request, of which the last `behind` are none of it, until the proxy has answered: who does not
    /// answer as one was no proxy.
    fn keep_request(&mut self, behind: usize) {
        if let Mode::ProxyRequest(talk) = std::mem::replace(&mut self.client.mode, Mode::Command) {
            let mut asked = talk.into_kept();
            asked.truncate(asked.len().saturating_sub(behind));
            self.client.asked = asked;
        }
    }

    fn note_proxy_request(&mut self, kind: ProxyKind, host: Option<Box<[u8]>>, port: Option<u16>, moment: Moment) {
        let answer = self.transcript.proxy_request.as_ref().and_then(|request| request.answer);
        self.transcript.proxy_request = Some(Box::new(ProxyRequest { kind, host, port, moment, answer }));
    }

    /// What was held is no request: it is read as what a client says.
    fn give_request_back(&mut self, held: &[u8], moment: Moment) {
        self.transcript.proxy_request = None;
        self.server.answer = None;
        self.give_back(held, moment);
    }

    /// Takes the proxy's answer off the front of what the server sends: what is left of it, and what was held and is no answer.
    pub(super) fn read_proxy_answer<'i>(&mut self, octets: &'i [u8], moment: Moment) -> (&'i [u8], Option<Vec<u8>>) {
        let Some(answer) = &mut self.server.answer else { return (octets, None) };
        match answer.answer(octets) {
            TalkProgress::Open => {
                self.server.place.pass(octets.len(), &[]);
                (&[], None)
            }
            TalkProgress::NotOne(held) => {
                self.server.answer = None;
                self.server.place.at = self.server.place.line;
                self.deny_proxy_request(moment);
                (&[], Some(held))
            }
            TalkProgress::Done(answered, behind) => {
                self.server.answer = None;
                self.client.asked = Vec::new();
                if let Some(request) = &mut self.transcript.proxy_request {
                    request.answer = Some((moment, answered.is_granted));
                }
                let start = self.server.place.line;
                for (at, kind) in answered.marks {
                    self.mark_server(start.saturating_add(at as u64), kind);
                }
                let rest = octets.get(octets.len().saturating_sub(behind)..).unwrap_or_default();
                self.server.place.pass(octets.len(), rest);
                self.server.place.end_line();
                self.mark_server(self.server.place.at, SpanKind::Line);
                (rest, None)
            }
        }
    }

    /// Who was asked is no proxy: the request is read as what a client says, if nothing was read behind it.
    fn deny_proxy_request(&mut self, moment: Moment) {
        self.transcript.proxy_request = None;
        let asked = std::mem::take(&mut self.client.asked);
        let place = self.client.place;
        match std::mem::replace(&mut self.client.mode, Mode::Command) {
            Mode::ProxyRequest(talk) => self.give_request_back(&talk.into_kept(), moment),
            Mode::Command if place.at == place.line && self.pending.is_empty() => {
                self.client.place.line = place.line.saturating_sub(asked.len() as u64);
                self.give_request_back(&asked, moment);
            }
            mode => self.client.mode = mode,
        }
    }

    /// The capture lacks octets of the request or of the answer to it: what follows is read as the dialogue.
    pub(super) fn lose_proxy_talk(&mut self) {
        self.server.answer = None;
        self.client.asked = Vec::new();
        if let Mode::ProxyRequest(_) = self.client.mode {
            self.client.mode = Mode::Command;
        }
    }

    /// The session is over. Who was not connected spoke no SMTP.
    pub(super) fn finish_proxy_request(&mut self) {
        let request = self.transcript.proxy_request.as_ref().filter(|request| !request.is_granted());
        if let Some(request) = request.filter(|_| self.transcript.exchanges.is_empty()) {
            let name = request.kind.name();
            self.transcript.client_protocol.get_or_insert(OtherProtocol { name, moment: request.moment });
        }
    }
}
