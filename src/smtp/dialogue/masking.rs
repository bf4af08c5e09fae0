//! Keeping secrets out of what is shown: those the client sends, and those a server repeats.

use std::ops::Range;

use super::{Dialogue, Mode};
use crate::smtp::MASK;
use crate::smtp::command::Verb;
use crate::smtp::reply::ReplyLine;
use crate::smtp::secrets::{self, Secrets};
use crate::time::Moment;

pub(super) const AUTH_CHALLENGE: u16 = 334;

/// Mechanisms whose messages are not encrypted, and in which of them the password or token is.
const CLEAR_MECHANISMS: &[(&[u8], u8)] =
    &[(b"PLAIN", 1), (b"LOGIN", 2), (b"XOAUTH", 1), (b"XOAUTH2", 1), (b"OAUTHBEARER", 1)];

/// Octets kept of lines passed over that may be secrets.
const SKIPPED_OCTETS: usize = 512;

impl Dialogue<'_> {
    /// The line of a command as a report may show it.
    pub(super) fn shown_line(&mut self, verb: Verb, line: &[u8]) -> Box<[u8]> {
        if self.options.keep_credentials {
            return line.into();
        }
        match verb {
            Verb::Auth => {
                let line = line.trim_ascii_start();
                let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                self.remember_secret(line.get(word.len()..).unwrap_or_default());
                if word.len() == line.len() { line.into() } else { [word, b" ", MASK].concat().into() }
            }
            _ if self.is_masked(verb, line) => {
                self.remember_secret(if verb == Verb::Mangled { Verb::parse(line).1 } else { line });
                MASK.into()
            }
            _ => {
                if !self.secrets.is_none() {
                    self.secrets.add_open(line, self.options.limits.secret_parts);
                }
                line.into()
            }
        }
    }

    /// What AUTH is asked for, and perhaps its first message (RFC 4954 4).
    pub(super) fn note_mechanism(&mut self, rest: &[u8], moment: Moment) {
        let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mechanism = words.next().unwrap_or_default();
        let known = CLEAR_MECHANISMS.iter().find(|(name, _)| mechanism.eq_ignore_ascii_case(name));
        self.client.messages_to_password = known.map_or(0, |(_, messages)| *messages);
        if let Some(message) = words.next() {
            self.note_auth_message(message, moment);
        }
    }

    /// A message of the client inside AUTH; `*` gives it up, `=` is an empty one. What is read after STARTTLS was encrypted
    /// on its way.
    pub(super) fn note_auth_message(&mut self, message: &[u8], moment: Moment) {
        let left = &mut self.client.messages_to_password;
        if matches!(message.trim_ascii(), b"*" | b"=" | b"") || *left == 0 {
            return;
        }
        *left -= 1;
        if *left == 0 && self.transcript.starttls.accepted == 0 {
            self.transcript.clear_credentials.get_or_insert(moment);
        }
    }

    /// Whether a line that is no command is masked: it may be a secret or mail text, or repeats a secret.
    pub(super) fn is_masked(&self, verb: Verb, line: &[u8]) -> bool {
        let is_secret = || match verb {
            Verb::Mangled => secrets::may_be_auth(Verb::parse(line).1),
            _ => secrets::may_be_auth(line),
        };
        matches!(verb, Verb::Unknown | Verb::Mangled)
            && (self.client.mask_unknown || self.secrets.is_in(line) || is_secret())
    }

    /// Remembers that more was masked of the client's than is kept of a line.
    pub(super) fn remember_dropped(&mut self, octets: u64) {
        if octets > 0 && !self.options.keep_credentials {
            self.secrets.set_full();
        }
    }

    /// Remembers what is masked of the client's, so that no reply gives it away.
    pub(super) fn remember_secret(&mut self, text: &[u8]) {
        let most = self.options.limits.secret_parts;
        if self.options.keep_credentials || text.trim_ascii().is_empty() {
            return;
        }
        self.begin_secrets();
        self.secrets.add(text, false, most);
    }

    /// What was said before the first secret is none.
    fn begin_secrets(&mut self) {
        if self.secrets.has_parts() {
            return;
        }
        for exchange in &self.transcript.exchanges {
            let command = exchange.command.iter().map(|command| &*command.line);
            let reply = exchange.reply.iter().flat_map(|reply| reply.lines.iter());
            for line in command.chain(reply) {
                self.secrets.add_open(line, self.options.limits.secret_parts);
            }
        }
    }

    /// A line of the client that is passed over, for its beginning is missing.
    pub(super) fn remember_skipped(&mut self, line: &[u8]) {
        if self.options.keep_credentials {
            return;
        }
        let kept = &mut self.client.skipped;
        let kept_before = kept.len();
        for word in line.split(u8::is_ascii_whitespace).filter(|word| secrets::looks_like_base64(word)) {
            kept.extend_from_slice(word.get(..SKIPPED_OCTETS / 2).unwrap_or(word));
            kept.push(b' ');
        }
        if kept.len() > kept_before {
            self.client.skipped_secrets.take();
        }
        if let Some(surplus) = kept.len().checked_sub(SKIPPED_OCTETS) {
            kept.drain(..surplus);
        }
    }

    /// Octets of the client that wait for the reply to AUTH may be secrets, too.
    pub(super) fn remember_undecided(&mut self) {
        if self.options.keep_credentials || !self.awaits(Verb::Auth) {
            return;
        }
        if matches!(&self.client.mode, Mode::Undecided(undecided) if undecided.remembered < undecided.chunks.len()) {
            self.begin_secrets();
        }
        let Mode::Undecided(undecided) = &mut self.client.mode else { return };
        for (_, octets) in undecided.chunks.get(undecided.remembered..).unwrap_or_default() {
            for piece in octets.split_inclusive(u8::is_ascii_whitespace) {
                undecided.word.extend_from_slice(piece);
                if piece.ends_with(b"\n") || piece.ends_with(b" ") {
                    let word = std::mem::take(&mut undecided.word);
                    let word = word.trim_ascii();
                    if secrets::looks_like_base64(word) {
                        self.secrets.add(word, false, self.options.limits.secret_parts);
                    }
                }
            }
        }
        undecided.remembered = undecided.chunks.len();
    }

    /// Whether the client's next octets are a secret, or the octets of a line so far.
    pub(super) fn is_within_secret(&self) -> bool {
        let unfinished = self.client.lines.unfinished();
        match &self.client.mode {
            Mode::AuthAnswer => true,
            Mode::Undecided(_) => self.awaits(Verb::Auth),
            Mode::Command => {
                let verb = Verb::parse(unfinished).0;
                let may_be = verb == Verb::Auth || self.is_masked(verb, unfinished);
                self.client.mask_unknown || (!unfinished.is_empty() && may_be)
            }
            Mode::Proxy(_) | Mode::ProxyRequest(_) | Mode::Body(_) | Mode::Chunk(_) | Mode::Tls => false,
        }
    }

    /// The text of a reply line with all that must not be shown masked; none if that is nothing.
    pub(super) fn masked_text(&self, line: &ReplyLine<'_>) -> Option<Box<[u8]>> {
        if self.options.keep_credentials {
            return None;
        }
        if line.code == AUTH_CHALLENGE {
            return Some(MASK.into());
        }
        let hidden = self.hidden_text(line.code, line.text);
        (!hidden.is_empty()).then(|| secrets::masked(line.text, &hidden))
    }

    /// What must not be shown of the text of a reply that is no challenge.
    pub(super) fn hidden_text(&self, code: u16, text: &[u8]) -> Vec<Range<usize>> {
        if self.is_line_of_secret_open() {
            return secrets::all_but_code(code, text);
        }
        let mut hidden = if self.secrets.is_none() { Vec::new() } else { self.secrets.hidden(code, text) };
        if self.may_answer_unseen(code, text) {
            hidden.extend(secrets::hidden_of_unseen(code, text));
        }
        if !self.client.skipped.is_empty() {
            let skipped = self.client.skipped_secrets.get_or_init(|| {
                let mut secrets = Secrets::default();
                secrets.add(&self.client.skipped, true, usize::MAX);
                secrets
            });
            hidden.extend(skipped.hidden(code, text));
        }
        secrets::in_order(hidden)
    }

    /// Whether the reply being read may be to something that the capture lacks, or of which is not known yet what it is.
    pub(super) fn may_answer_unseen(&self, code: u16, text: &[u8]) -> bool {
        let is_client_seen = self.client.is_synced && self.transcript.missing.client_octets == 0;
        let is_undecided = matches!(&self.client.mode, Mode::Undecided(held) if held.is_cut || !held.chunks.is_empty());
        let awaits_auth = || self.pending.iter().any(|pending| pending.verb == Verb::Auth);
        let is_to_another = || secrets::is_about_auth(code, text) && !awaits_auth();
        let is_unsure = self.seen_commands() == 0 || self.server.pending_at_gap > 0 || is_to_another();
        is_undecided && !self.awaits(Verb::Auth) || is_unsure && !is_client_seen
    }

    /// Whether the client has begun a secret whose end is still to come, or more of it than is kept.
    fn is_line_of_secret_open(&self) -> bool {
        let unfinished = self.client.lines.unfinished();
        match &self.client.mode {
            Mode::AuthAnswer => !unfinished.is_empty(),
            Mode::Undecided(undecided) => (undecided.is_cut || !undecided.word.is_empty()) && self.awaits(Verb::Auth),
            Mode::Command => !unfinished.is_empty() && self.is_within_secret(),
            Mode::Proxy(_) | Mode::ProxyRequest(_) | Mode::Body(_) | Mode::Chunk(_) | Mode::Tls => false,
        }
    }
}
