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
        let (true, Some(shown)) = (!self.is_lost, self.shown_octets()) else {
            return (octets.len(), SpanKind::Unknown);
        };
        let (end, kind) =
            if self.body < shown { (shown, SpanKind::TlsHeader) } else { (self.body_octets(), SpanKind::Tls) };
        let length = octets.len().min(end.saturating_sub(self.body)).max(1);
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
            self.end_record();
        }
    }

    fn body_octets(&self) -> usize {
        match *self.header.as_slice() {
            [_, _, _, high, low] => usize::from(u16::from_be_bytes([high, low])),
            _ => 0,
        }
    }

    /// Octets of the body that tell nothing but what kind of message it is.
    fn shown_octets(&self) -> Option<usize> {
        let octets = self.body_octets();
        Some(match *self.header.first()? {
            ALERT if octets == ALERT_OCTETS => ALERT_OCTETS,
            HANDSHAKE => MESSAGE_HEADER_OCTETS.min(octets),
            _ => 0,
        })
    }

    fn end_record(&mut self) {
        if self.header.len() == HEADER_OCTETS && self.body >= self.body_octets() {
            self.header.clear();
            self.body = 0;
        }
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
