//! What the octets of TLS records are: headers, and what they hold (RFC 8446 5.1).

use super::{SpanKind, Spans};

const HEADER_OCTETS: usize = 5;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// Type and length of a handshake message.
const MESSAGE_HEADER_OCTETS: usize = 4;
/// Level and description.
const ALERT_OCTETS: usize = 2;

/// Follows the records of one direction.
#[derive(Debug, Default)]
pub(in crate::smtp) struct RecordSpans {
    is_lost: bool,
    header: Vec<u8>,
    /// Octets of the record's body so far.
    body: usize,
    message: Message,
}

/// How far a handshake message was read; it may go over several records.
#[derive(Debug, Default)]
struct Message {
    header: Vec<u8>,
    /// Octets still to come behind its header.
    left: usize,
    is_lost: bool,
}

impl RecordSpans {
    /// Puts what the next octets are, from stream offset `at` on, into `spans`, of which no more than `most` are kept.
    pub(in crate::smtp) fn mark(&mut self, octets: &[u8], spans: &mut Spans, mut at: u64, most: usize) {
        if most == 0 {
            return;
        }
        self.read(octets, &mut |length, kind| {
            spans.begin(at, kind, most);
            at = at.saturating_add(length as u64);
        });
    }

    /// Tells what the next octets are, run by run: how many, and their kind.
    fn read(&mut self, octets: &[u8], tell: &mut dyn FnMut(usize, SpanKind)) {
        let mut rest = octets;
        while !rest.is_empty() {
            let (length, kind) = self.run(rest);
            tell(length, kind);
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// The next octets that are alike, and what they are.
    fn run(&mut self, octets: &[u8]) -> (usize, SpanKind) {
        if self.header.len() < HEADER_OCTETS && !self.is_lost {
            let (head, _) = octets.split_at(octets.len().min(HEADER_OCTETS - self.header.len()));
            self.header.extend_from_slice(head);
            self.is_lost = !matches!(self.header.as_slice(), [20..=24] | [20..=24, 3, ..]);
            self.end_record();
            return (head.len(), if self.is_lost { SpanKind::Unknown } else { SpanKind::TlsHeader });
        }
        if self.is_lost {
            return (octets.len(), SpanKind::Unknown);
        }
        let (body, _) = octets.split_at(octets.len().min(self.body_octets().saturating_sub(self.body)).max(1));
        let (length, kind) = match self.header.first() {
            Some(&ALERT) if self.body_octets() == ALERT_OCTETS => (body.len(), SpanKind::TlsHeader),
            Some(&HANDSHAKE) => self.message.run(body),
            _ => (body.len(), SpanKind::Tls),
        };
        self.body += length;
        self.end_record();
        (length, kind)
    }

    /// The next `octets` octets are missing. Inside a record it is known where the next begins.
    pub(in crate::smtp) fn skip(&mut self, octets: u64) {
        let left = self.body_octets().saturating_sub(self.body) as u64;
        self.is_lost |= self.header.len() < HEADER_OCTETS || octets > left;
        if !self.is_lost {
            self.body += usize::try_from(octets).unwrap_or(0);
            self.message.is_lost |= self.header.first() == Some(&HANDSHAKE);
            self.end_record();
        }
    }

    fn body_octets(&self) -> usize {
        match *self.header.as_slice() {
            [_, _, _, high, low] => usize::from(u16::from_be_bytes([high, low])),
            _ => 0,
        }
    }

    fn end_record(&mut self) {
        if self.header.len() == HEADER_OCTETS && self.body >= self.body_octets() {
            self.header.clear();
            self.body = 0;
        }
    }
}

impl Message {
    /// The next octets of handshake messages that are alike, and what they are. Type and length tell nothing.
    fn run(&mut self, octets: &[u8]) -> (usize, SpanKind) {
        if self.is_lost {
            return (octets.len(), SpanKind::Tls);
        }
        if self.left > 0 {
            let length = octets.len().min(self.left);
            self.left -= length;
            return (length, SpanKind::Tls);
        }
        let (head, _) = octets.split_at(octets.len().min(MESSAGE_HEADER_OCTETS - self.header.len()));
        self.header.extend_from_slice(head);
        if let [_, high, middle, low] = *self.header.as_slice() {
            self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            self.header.clear();
        }
        (head.len(), SpanKind::TlsHeader)
    }
}

#[cfg(test)]
mod tests {
    use super::SpanKind::{Tls, TlsHeader, Unknown};
    use super::*;

    fn told(pieces: &[&[u8]]) -> Vec<(usize, SpanKind)> {
        let mut spans = RecordSpans::default();
        let mut runs: Vec<(usize, SpanKind)> = Vec::new();
        for piece in pieces {
            spans.read(piece, &mut |length, kind| match runs.last_mut() {
                Some((before, last)) if *last == kind => *before += length,
                _ => runs.push((length, kind)),
            });
        }
        runs
    }

    #[test]
    fn records_are_told_however_they_are_cut() {
        let stream =
            [&[22, 3, 1, 0, 6, 1, 0, 0, 2, 9, 9][..], &[21, 3, 3, 0, 2, 2, 40], &[23, 3, 3, 0, 3, 7, 7, 7]].concat();
        let expected = [(9, TlsHeader), (2, Tls), (7 + 5, TlsHeader), (3, Tls)];
        assert_eq!(told(&[&stream]), expected);
        for cut in 1..stream.len() {
            let (one, two) = stream.split_at(cut);
            assert_eq!(told(&[one, two]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn of_a_message_over_several_records_only_its_header_is_one() {
        let stream =
            [&[22, 3, 1, 0, 2, 1, 0][..], &[22, 3, 1, 0, 4, 0, 6, 7, 7], &[22, 3, 1, 0, 5, 7, 7, 7, 7, 20]].concat();
        assert_eq!(told(&[&stream]), [(14, TlsHeader), (2, Tls), (5, TlsHeader), (4, Tls), (1, TlsHeader)]);
        let mut spans = RecordSpans::default();
        spans.read(&[22, 3, 1, 0, 9, 1, 0, 0, 9], &mut |_, _| {});
        spans.skip(5);
        spans.read(&[22, 3, 1, 0, 5], &mut |_, kind| assert_eq!(kind, TlsHeader));
        spans.read(&[7, 7, 7, 7, 7], &mut |_, kind| assert_eq!(kind, Tls));
    }

    #[test]
    fn what_is_no_record_is_unknown() {
        assert_eq!(told(&[b"QUIT\r\n"]), [(6, Unknown)]);
        let mut spans = RecordSpans::default();
        spans.read(&[23, 3, 3, 0, 3], &mut |_, _| {});
        spans.skip(3);
        spans.read(&[23, 3], &mut |_, kind| assert_eq!(kind, TlsHeader));
        spans.skip(9);
        spans.read(&[23, 3], &mut |_, kind| assert_eq!(kind, Unknown));
    }
}
