//! Masking one direction of a session, frame by frame in the order of the capture, lengths kept.
//!
//! Lines are masked as they go on from frame to frame. A retransmission gets the octets its first transmission got; where
//! frames are missing or late, a line of which the beginning is not known is masked to its end.

use std::collections::VecDeque;

use super::LeftOut;
use super::text::{CommandLine, MASK, Names, mask_text};
use crate::flow::STREAM_ORIGIN;
use crate::smtp::{SpanKind, Spans};

/// Octets of masked payload kept for retransmissions.
const HISTORY_OCTETS: usize = 32 * 1024;

/// Octets at the start of a reply line that are shown in any case: its code and what follows that.
const CODE_OCTETS: usize = 4;

const TLS_HEADER_OCTETS: usize = 5;

/// One direction of one session.
#[derive(Debug)]
pub(super) struct Stream {
    is_client: bool,
    /// The offset behind the octets seen so far.
    next: u64,
    lines: Lines,
    tls: TlsRecords,
    history: VecDeque<(u64, Vec<u8>)>,
    history_octets: usize,
}

impl Stream {
    pub(super) fn new(is_client: bool) -> Self {
        Self {
            is_client,
            next: STREAM_ORIGIN,
            lines: Lines::default(),
            tls: TlsRecords::default(),
            history: VecDeque::new(),
            history_octets: 0,
        }
    }

    /// Masks `payload`, which stands at `offset` of the stream.
    pub(super) fn mask(
        &mut self,
        payload: &mut [u8],
        offset: Option<u64>,
        spans: &Spans,
        names: &mut Names,
    ) -> Result<(), LeftOut> {
        let Some(offset) = offset else {
            mask_but_line_ends(payload);
            return Ok(());
        };
        if payload.is_empty() {
            return Ok(());
        }
        let known = self.next.saturating_sub(offset);
        let repeated = usize::try_from(known).unwrap_or(usize::MAX).min(payload.len());
        let (old, new) = payload.split_at_mut_checked(repeated).unwrap_or_default();
        if !old.is_empty() {
            self.mask_old(old, offset, spans, names)?;
        }
        if !new.is_empty() {
            let at = offset.max(self.next);
            if at > self.next {
                self.lines = Lines::beginning_with(new, self.is_client);
                self.tls = TlsRecords::default();
            }
            let mut pass = Pass { is_client: self.is_client, spans, names };
            pass.run(new, at, &mut self.lines, &mut self.tls)?;
            self.next = at.saturating_add(new.len() as u64);
        }
        self.remember(offset, payload);
        Ok(())
    }

    /// Octets from before the ones seen last: seen already, or late.
    fn mask_old(&self, old: &mut [u8], offset: u64, spans: &Spans, names: &mut Names) -> Result<(), LeftOut> {
        let mut is_known = vec![false; old.len()];
        let original = old.to_vec();
        for (at, octets) in &self.history {
            for (index, octet) in (*at..).zip(octets) {
                let place = index.checked_sub(offset).and_then(|place| usize::try_from(place).ok());
                let Some(place) = place.filter(|place| *place < old.len()) else { continue };
                if let (Some(known), Some(masked)) = (is_known.get_mut(place), old.get_mut(place)) {
                    (*known, *masked) = (true, *octet);
                }
            }
        }
        if is_known.iter().all(|known| *known) {
            return Ok(());
        }
        let mut fresh = original;
        let mut lines = Lines::beginning_with(&fresh, self.is_client);
        Pass { is_client: self.is_client, spans, names }.run(
            &mut fresh,
            offset,
            &mut lines,
            &mut TlsRecords::lost(),
        )?;
        for ((masked, fresh), known) in old.iter_mut().zip(fresh).zip(is_known) {
            if !known {
                *masked = fresh;
            }
        }
        Ok(())
    }

    fn remember(&mut self, offset: u64, masked: &[u8]) {
        self.history_octets += masked.len();
        self.history.push_back((offset, masked.to_vec()));
        while self.history_octets > HISTORY_OCTETS {
            let Some((_, first)) = self.history.pop_front() else { break };
            self.history_octets = self.history_octets.saturating_sub(first.len());
        }
    }
}

/// Where in a line the next octet stands.
#[derive(Debug, Default)]
struct Lines {
    command: CommandLine,
    /// Octets of the reply line so far; none where its beginning is not known.
    reply: Option<usize>,
}

impl Lines {
    const fn start() -> Self {
        Self { command: CommandLine::at_start(), reply: Some(0) }
    }

    /// Behind a hole: octets that look like the beginning of a command or reply are one.
    fn beginning_with(octets: &[u8], is_client: bool) -> Self {
        let known: &[&[u8]] = &[
            b"EHLO ",
            b"HELO ",
            b"MAIL FROM:",
            b"RCPT TO:",
            b"AUTH ",
            b"DATA\r",
            b"QUIT\r",
            b"RSET\r",
            b"NOOP\r",
            b"STARTTLS\r",
        ];
        let begins = |word: &&[u8]| octets.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        // Of a reply in a cut frame there may be no more than its code.
        let is_code = || octets.len() + 1 == CODE_OCTETS && octets.iter().all(u8::is_ascii_digit);
        let is_start = if is_client { known.iter().any(begins) } else { has_code(octets) || is_code() };
        if is_start { Self::start() } else { Self { command: CommandLine::lost(), reply: None } }
    }
}

fn has_code(line: &[u8]) -> bool {
    matches!(line, [a, b, c, b' ' | b'-' | b'\r', ..] if [a, b, c].iter().all(|octet| octet.is_ascii_digit()))
}

/// One run over a frame's octets.
struct Pass<'p> {
    is_client: bool,
    spans: &'p Spans,
    names: &'p mut Names,
}

impl Pass<'_> {
    fn run(&mut self, octets: &mut [u8], offset: u64, lines: &mut Lines, tls: &mut TlsRecords) -> Result<(), LeftOut> {
        let (mut at, mut rest) = (offset, octets);
        if offset == STREAM_ORIGIN {
            *lines = Lines::start();
        }
        for (length, kind) in self.spans.runs(offset, rest.len()) {
            let (run, left) = rest.split_at_mut_checked(length).unwrap_or_default();
            match kind {
                SpanKind::Line if self.is_client => self.commands(run, lines),
                SpanKind::Line => self.replies(run, lines),
                SpanKind::Secret => {
                    mask_but_line_ends(run);
                    lines.command = CommandLine::lost();
                    lines.reply = lines.reply.map(|octets| octets.max(CODE_OCTETS));
                }
                SpanKind::MailText => {
                    self.mail(run, at);
                    *lines = Lines::start();
                }
                SpanKind::Tls => {
                    tls.mask(run)?;
                    *lines = Lines::start();
                }
                SpanKind::Unknown => {
                    *lines = if run.ends_with(b"\n") {
                        Lines::start()
                    } else {
                        Lines { command: CommandLine::lost(), reply: None }
                    };
                    mask_but_line_ends(run);
                }
            }
            at = at.saturating_add(length as u64);
            rest = left;
        }
        Ok(())
    }

    fn commands(&mut self, run: &mut [u8], lines: &mut Lines) {
        lines.command.mask(run, self.names);
    }

    /// Only of a line that is whole in its frame it can be told what in it is a mailbox.
    fn replies(&self, run: &mut [u8], lines: &mut Lines) {
        for line in run.split_inclusive_mut(|octet| *octet == b'\n') {
            let is_whole = lines.reply == Some(0) && line.ends_with(b"\n");
            if is_whole && has_code(line) {
                // The code is no part of an address: `250-192.0.2.10`.
                mask_text(line.get_mut(CODE_OCTETS..).unwrap_or_default(), self.names);
                continue;
            }
            for octet in line {
                let shown = match (&mut lines.reply, *octet) {
                    (_, b'\r') => true,
                    (reply, b'\n') => {
                        *reply = Some(0);
                        continue;
                    }
                    (Some(count), octet) => {
                        *count += 1;
                        match *count {
                            1..CODE_OCTETS => octet.is_ascii_digit(),
                            CODE_OCTETS => octet == b' ' || octet == b'-',
                            _ => false,
                        }
                    }
                    (None, _) => false,
                };
                if !shown {
                    *octet = MASK;
                }
            }
        }
    }

    /// Line ends stay, and at the end of the mail the dot that ends it.
    fn mail(&self, run: &mut [u8], offset: u64) {
        const END_OCTETS: usize = 3;
        for (at, octet) in (offset..).zip(run) {
            let ends_here = || {
                let kinds = self.spans.runs(at, END_OCTETS + 1);
                kinds.first().is_some_and(|(length, _)| *length <= END_OCTETS)
            };
            let stays = matches!(*octet, b'\r' | b'\n') || (*octet == b'.' && ends_here());
            if !stays {
                *octet = MASK;
            }
        }
    }
}

fn mask_but_line_ends(octets: &mut [u8]) {
    octets.iter_mut().filter(|octet| !matches!(**octet, b'\r' | b'\n')).for_each(|octet| *octet = MASK);
}

/// Keeps the headers of TLS records, the type and length of a handshake message and alerts; all else becomes zeros.
#[derive(Debug, Default)]
struct TlsRecords {
    is_lost: bool,
    header: Vec<u8>,
    /// Octets of the record's body so far.
    body: usize,
}

impl TlsRecords {
    fn lost() -> Self {
        Self { is_lost: true, ..Self::default() }
    }

    fn mask(&mut self, octets: &mut [u8]) -> Result<(), LeftOut> {
        const ALERT: u8 = 21;
        const HANDSHAKE: u8 = 22;
        for octet in octets {
            if self.is_lost {
                return Err(LeftOut::Tls);
            }
            if self.header.len() < TLS_HEADER_OCTETS {
                self.header.push(*octet);
                self.is_lost = match self.header.as_slice() {
                    [kind] => !(20..=24).contains(kind),
                    [_, major] => *major != 3,
                    _ => false,
                };
                if let [.., 0, 0] = self.header.as_slice()
                    && self.header.len() == TLS_HEADER_OCTETS
                {
                    self.header.clear();
                }
                continue;
            }
            let [kind, _, _, high, low] = *self.header.as_slice() else { return Err(LeftOut::Tls) };
            let length = usize::from(u16::from_be_bytes([high, low]));
            let shown = match kind {
                ALERT if length == 2 => 2,
                HANDSHAKE => 4,
                _ => 0,
            };
            if self.body >= shown {
                *octet = 0;
            }
            self.body += 1;
            if self.body >= length {
                self.header.clear();
                self.body = 0;
            }
        }
        if self.is_lost { Err(LeftOut::Tls) } else { Ok(()) }
    }
}
