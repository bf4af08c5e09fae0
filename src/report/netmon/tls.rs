//! TLS records in a frame: their types and lengths, never their text.

use super::words;

const HEADER_OCTETS: usize = 5;

/// Where in one direction's stream the next record begins.
#[derive(Clone, Debug, Default)]
pub(super) struct TlsCursor {
    /// None before the first TLS octet, and once the place was lost.
    next: Option<u64>,
    /// What of that record's header was seen already.
    header: Vec<u8>,
}

impl TlsCursor {
    /// The lines for `octets`, which lie at stream offset `at`; none where that is not known.
    pub(super) fn lines(&mut self, at: Option<u64>, octets: &[u8]) -> Vec<String> {
        let end = at.map(|at| at.saturating_add(octets.len() as u64));
        let is_repeated = end.zip(self.next).is_some_and(|(end, next)| end <= next) && looks_like_record(octets);
        match at {
            // A repeated frame is read by itself.
            Some(at) if is_repeated => Self::default().read(at, octets),
            Some(at) => self.read(at, octets),
            None => Self::default().read(0, octets),
        }
    }

    fn read(&mut self, at: u64, octets: &[u8]) -> Vec<String> {
        let expected = self.next.map(|next| next.saturating_add(self.header.len() as u64));
        if expected.is_none_or(|expected| expected < at) {
            // The first octets, or those after a hole: only where a record begins here can it be read on.
            self.header.clear();
            self.next = Some(at);
            if !looks_like_record(octets) {
                self.next = None;
                return vec![continued(octets.len())];
            }
        }
        let (mut lines, mut rest) = (Vec::new(), octets);
        let mut here = at;
        while let (Some(next), false) = (self.next, rest.is_empty()) {
            let body = usize::try_from(next.saturating_sub(here)).unwrap_or(usize::MAX).min(rest.len());
            if body > 0 {
                if here == at {
                    lines.push(continued(body));
                }
                (here, rest) = (here.saturating_add(body as u64), rest.get(body..).unwrap_or_default());
                continue;
            }
            let (head, left) = rest.split_at(HEADER_OCTETS.saturating_sub(self.header.len()).min(rest.len()));
            self.header.extend_from_slice(head);
            (here, rest) = (here.saturating_add(head.len() as u64), left);
            lines.extend(self.take_header(here));
        }
        if !rest.is_empty() {
            lines.push(continued(rest.len()));
        }
        lines
    }

    /// The record whose header ends at stream offset `here`, if the header is whole.
    fn take_header(&mut self, here: u64) -> Option<String> {
        let [content_type, major, _, high, low] = *self.header.as_slice() else { return None };
        self.header.clear();
        let octets = u16::from_be_bytes([high, low]);
        self.next = (major == 3).then(|| here.saturating_add(u64::from(octets)));
        Some(format!("TLS record = {}, {octets} bytes", words::tls_record(content_type)))
    }
}

fn continued(octets: usize) -> String {
    format!("TLS record - continued, {octets} bytes")
}

fn looks_like_record(octets: &[u8]) -> bool {
    matches!(octets, [20..=24] | [20..=24, 3, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(content_type: u8, octets: usize) -> Vec<u8> {
        let [high, low] = u16::try_from(octets).unwrap().to_be_bytes();
        [&[content_type, 3, 3, high, low], vec![0xaa; octets].as_slice()].concat()
    }

    #[test]
    fn records_are_followed_across_frames() {
        let stream = [record(22, 10), record(20, 1), record(23, 100)].concat();
        let mut cursor = TlsCursor::default();
        let (one, two) = stream.split_at(17);
        assert_eq!(cursor.lines(Some(40), one), ["TLS record = Handshake, 10 bytes"]);
        assert_eq!(
            cursor.lines(Some(57), &two[..50]),
            ["TLS record = Change Cipher Spec, 1 bytes", "TLS record = Application Data, 100 bytes"]
        );
        assert_eq!(cursor.lines(Some(107), &two[50..]), ["TLS record - continued, 59 bytes"]);
    }

    #[test]
    fn a_repeated_frame_and_one_after_a_hole_are_read_by_themselves() {
        let mut cursor = TlsCursor::default();
        cursor.lines(Some(0), &record(22, 10));
        assert_eq!(cursor.lines(Some(0), &record(22, 10)), ["TLS record = Handshake, 10 bytes"]);
        assert_eq!(cursor.lines(Some(500), &[0xaa; 7]), ["TLS record - continued, 7 bytes"]);
        assert_eq!(cursor.lines(Some(900), &record(21, 2)), ["TLS record = Alert, 2 bytes"]);
        assert_eq!(cursor.lines(None, &[1, 2]), ["TLS record - continued, 2 bytes"]);
    }
}
