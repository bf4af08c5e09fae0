//! What happened in a session, one event after the other: the ladder and the trace lines of the page.

use serde::Serialize;

use super::session::shown;
use crate::diagnosis::{Diagnosis, Outcome};
use crate::flow::{CloseHow, Side};
use crate::report::{background, evidence, words};
use crate::session::Session;
use crate::smtp::Reply;
use crate::time::{FrameNumber, Moment};

/// One event. Its texts are safe to show.
#[derive(Serialize)]
pub(super) struct Event {
    /// None for what stands in no frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<FrameNumber>,
    /// Nanoseconds since the session's first frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_ns: Option<i64>,
    /// `client`, `server` or `network`; none for a remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    /// `tcp`, `tls`, `command`, `reply` or `remark`.
    kind: &'static str,
    lines: Vec<String>,
    /// Whether a lost session's verdict rests on it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    decisive: bool,
}

const CLIENT: Option<&str> = Some("client");
const SERVER: Option<&str> = Some("server");

/// The events of `session` in order of their frames.
pub(super) fn events(session: &Session, diagnosis: &Diagnosis) -> Vec<Event> {
    let mut events = Events { session, diagnosis, list: Vec::new() };
    events.lookups();
    events.handshake();
    events.exchanges();
    events.close();
    // Stable, so that what has no frame of its own stays behind what it was told after.
    let mut last = 0;
    let mut keyed: Vec<(FrameNumber, Event)> = events
        .list
        .into_iter()
        .map(|event| {
            last = event.frame.unwrap_or(last);
            (last, event)
        })
        .collect();
    keyed.sort_by_key(|(frame, _)| *frame);
    keyed.into_iter().map(|(_, event)| event).collect()
}

struct Events<'s> {
    session: &'s Session,
    diagnosis: &'s Diagnosis,
    list: Vec<Event>,
}

impl Events<'_> {
    fn push(&mut self, moment: Moment, from: Option<&'static str>, kind: &'static str, lines: Vec<String>) {
        let decisive = self.diagnosis.outcome == Outcome::Lost
            && self.diagnosis.evidence.iter().any(|evidence| evidence.frame == moment.frame);
        let at_ns = Some(moment.time.nanos_since(self.session.first.time));
        self.list.push(Event { frame: Some(moment.frame), at_ns, from, kind, lines, decisive });
    }

    fn remark(&mut self, text: String) {
        let lines = vec![text];
        self.list.push(Event { frame: None, at_ns: None, from: None, kind: "remark", lines, decisive: false });
    }

    fn handshake(&mut self) {
        let handshake = self.session.handshake;
        if let Some(syn) = handshake.syn {
            let times = if handshake.syns > 1 { format!(", sent {} times", handshake.syns) } else { String::new() };
            self.push(syn, CLIENT, "tcp", vec![format!("SYN{times}")]);
        }
        if let Some(syn_ack) = handshake.syn_ack {
            self.push(syn_ack, SERVER, "tcp", vec!["SYN, ACK".to_owned()]);
        }
        if let Some(ack) = handshake.ack {
            self.push(ack, CLIENT, "tcp", vec!["ACK".to_owned()]);
        }
        if let Some(refused) = self.session.refused {
            let text = format!("ICMP from {}: {}", refused.reported_by, refused.reason);
            self.push(refused.moment, Some("network"), "tcp", vec![text]);
        }
        if handshake.syn.is_none() {
            self.remark("The capture lacks the beginning of this session.".to_owned());
        }
    }

    /// They stand in no ladder: they may be an hour older than the session.
    fn lookups(&mut self) {
        for step in self.session.lookup.iter().flat_map(|lookup| &lookup.steps) {
            let lines = vec![format!("Looked up the {}", background::lookup(step))];
            let frame = Some(step.answered.frame);
            self.list.push(Event { frame, at_ns: None, from: None, kind: "remark", lines, decisive: false });
        }
    }

    fn tls(&mut self) {
        let tls = &self.session.transcript.tls;
        if let Some(hello) = &tls.client_hello {
            let text = format!("TLS ClientHello: up to {}, {}", hello.version, evidence::server_name(hello));
            self.push(hello.moment, CLIENT, "tls", vec![text]);
        }
        if let Some(hello) = &tls.server_hello {
            let text = format!("TLS ServerHello: {}, {}", hello.version, hello.cipher_suite);
            self.push(hello.moment, SERVER, "tls", vec![text]);
        }
        if let Some(certificate) = &tls.certificate {
            let text = format!("TLS certificate: {}", evidence::certificate(certificate));
            self.push(certificate.moment, SERVER, "tls", vec![text]);
        }
        for (sender, alert) in tls.alerts() {
            let text = format!("TLS alert: {} ({})", alert.name(), evidence::alert_level(alert));
            self.push(alert.moment, Some(sender), "tls", vec![text]);
        }
    }

    fn exchanges(&mut self) {
        let transcript = &self.session.transcript;
        if let Some(header) = transcript.proxy.as_deref() {
            self.push(header.moment, CLIENT, "command", vec![background::proxy_header(header.version, header.content)]);
        }
        if let Some(request) = transcript.proxy_request.as_deref() {
            self.push(request.moment, CLIENT, "command", vec![background::proxy_request(request)]);
        }
        if let Some(early) = transcript.early_talk {
            self.remark(format!("The {}.", background::early_talk(early.not_waited_ns())));
        }
        for exchange in &transcript.exchanges {
            if let Some(command) = &exchange.command {
                let cut = if command.is_cut { " [cut]" } else { "" };
                self.push(command.moment, CLIENT, "command", vec![shown(&command.line) + cut]);
            }
            if let Some(reply) = &exchange.reply {
                self.reply(reply);
            }
        }
        if let Some(reply) = &transcript.unfinished_reply {
            self.reply(reply);
        }
        if transcript.omitted_exchanges > 0 {
            self.remark(format!("{} not shown.", words::count(transcript.omitted_exchanges, "more exchange")));
        }
        if transcript.tls.is_established() {
            self.remark("From here on the dialogue is encrypted (TLS).".to_owned());
        }
        self.tls();
        let gap_octets = self.session.anomalies.gap_octets;
        if gap_octets > 0 {
            self.remark(format!("The capture lacks {} of this session.", words::count(gap_octets, "byte")));
        }
    }

    fn reply(&mut self, reply: &Reply) {
        let last = reply.lines.len().saturating_sub(1);
        let line = |at: usize, text: &[u8]| {
            let separator = if at < last || reply.is_cut { '-' } else { ' ' };
            format!("{:03}{separator}{}", reply.code, shown(text)).trim_end().to_owned()
        };
        let mut lines: Vec<String> = reply.lines.iter().enumerate().map(|(at, text)| line(at, text)).collect();
        if lines.is_empty() {
            lines.push(format!("{:03}", reply.code));
        }
        if reply.dropped_lines > 0 {
            lines.push(format!("[{} not shown]", words::count(reply.dropped_lines, "more line")));
        }
        if reply.is_cut {
            lines.push("[the capture lacks the rest]".to_owned());
        }
        if reply.moment.frame > 0 {
            self.push(reply.moment, SERVER, "reply", lines);
        } else {
            self.list.push(Event { frame: None, at_ns: None, from: SERVER, kind: "reply", lines, decisive: false });
        }
    }

    fn close(&mut self) {
        let close = &self.session.close;
        let ended = match close.how {
            CloseHow::Fin => "FIN",
            CloseHow::Rst => "RST",
            CloseHow::CaptureEnded => "The capture ends before the connection does.",
            CloseHow::PortReused => "A new connection used the same ports.",
            CloseHow::Idle => "No more packets came, for longer than any SMTP timeout.",
            CloseHow::Evicted => "ehlotrace stopped following this connection: too many at once.",
        };
        let from = match close.by {
            Some(Side::Client) => CLIENT,
            Some(Side::Server | Side::Both) => SERVER,
            None => None,
        };
        match close.moment.filter(|_| from.is_some() && matches!(close.how, CloseHow::Fin | CloseHow::Rst)) {
            Some(moment) => self.push(moment, from, "tcp", vec![ended.to_owned()]),
            None => self.remark(ended.to_owned()),
        }
    }
}
