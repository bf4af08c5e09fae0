//! Octets to lines, without copying where a line came in one piece.

use memchr::memchr;

use crate::smtp::ehlo::LineEnd;
use crate::time::Moment;

/// One line, without its line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The octets before the line end; at most as many as the bound allows.
    pub(super) octets: &'a [u8],
    /// CRLF as RFC 5321 2.3.8 wants it, or a bare LF.
    pub(super) end: LineEnd,
    /// Octets over the bound, dropped.
    pub(super) dropped: u64,
    /// The frame with the line's last octet.
    pub(super) moment: Moment,
}

/// Cuts one direction's octets into lines; keeps the beginning of a line whose end is still to come.
#[derive(Debug, Default)]
pub(super) struct LineSplitter {
    carry: Vec<u8>,
    dropped: u64,
    /// A CR follows the carry that may be half of a line end; if so, it is no part of the line, nor falls to the bound.
    ends_in_cr: bool,
    /// The carry was lent out as a line and is to be emptied.
    is_spent: bool,
}

impl LineSplitter {
    /// Takes the next line off the front of `input`, or all of it if it holds no line end.
    pub(super) fn take_line<'l, 'i: 'l>(
        &'l mut self,
        input: &mut &'i [u8],
        moment: Moment,
        max_octets: usize,
    ) -> Option<Line<'l>> {
        if std::mem::take(&mut self.is_spent) {
            self.clear();
        }
        let follows_cr = !input.is_empty() && std::mem::take(&mut self.ends_in_cr);
        if follows_cr && input.first() != Some(&b'\n') {
            self.keep(b"\r", max_octets);
        }
        let Some((head, rest)) = memchr(b'\n', input).and_then(|at| input.split_at_checked(at + 1)) else {
            let octets = input.strip_suffix(b"\r").unwrap_or(input);
            self.keep(octets, max_octets);
            self.ends_in_cr |= octets.len() < input.len();
            *input = &[];
            return None;
        };
        *input = rest;
        if self.carry.is_empty() && !follows_cr && self.dropped == 0 && head.len() <= max_octets {
            let (octets, end) = strip_end(head);
            return Some(Line { octets, end, dropped: 0, moment });
        }
        let (octets, end) = strip_end(head);
        let end = if follows_cr && head.len() == 1 { LineEnd::CrLf } else { end };
        self.keep(octets, max_octets);
        self.is_spent = true;
        Some(Line { octets: &self.carry, end, dropped: self.dropped, moment })
    }

    /// The beginning of a line whose end did not come, without a CR that may have begun it.
    pub(super) fn unfinished(&self) -> &[u8] {
        if self.is_spent { &[] } else { &self.carry }
    }

    /// Forgets the beginning of a line.
    pub(super) fn clear(&mut self) {
        self.carry.clear();
        self.dropped = 0;
        self.ends_in_cr = false;
        self.is_spent = false;
    }

    fn keep(&mut self, octets: &[u8], max_octets: usize) {
        let room = max_octets.saturating_sub(self.carry.len());
        let (kept, dropped) = octets.split_at(room.min(octets.len()));
        self.carry.extend_from_slice(kept);
        self.dropped = self.dropped.saturating_add(dropped.len() as u64);
    }
}

/// A line without its LF or CRLF. Any further CR is the sender's mistake and stays.
fn strip_end(line: &[u8]) -> (&[u8], LineEnd) {
    match line {
        [octets @ .., b'\r', b'\n'] => (octets, LineEnd::CrLf),
        [octets @ .., b'\n'] => (octets, LineEnd::Lf),
        octets => (octets, LineEnd::CrLf),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]], max_octets: usize) -> Vec<(Vec<u8>, LineEnd, u64)> {
        let mut splitter = LineSplitter::default();
        let mut found = Vec::new();
        for chunk in chunks {
            let mut input = *chunk;
            while let Some(line) = splitter.take_line(&mut input, Moment::default(), max_octets) {
                found.push((line.octets.to_vec(), line.end, line.dropped));
            }
        }
        found
    }

    #[test]
    fn a_line_may_come_in_any_pieces() {
        let whole = lines(&[b"EHLO a\r\nQUIT\r\n"], 512);
        assert_eq!(whole, [(b"EHLO a".to_vec(), LineEnd::CrLf, 0), (b"QUIT".to_vec(), LineEnd::CrLf, 0)]);
        for cut in 0..14 {
            let (one, two) = b"EHLO a\r\nQUIT\r\n".split_at(cut);
            assert_eq!(lines(&[one, two], 512), whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_bare_line_feed_ends_a_line_and_is_told_apart() {
        assert_eq!(
            lines(&[b"a\nb\r\r\n"], 512),
            [(b"a".to_vec(), LineEnd::Lf, 0), (b"b\r".to_vec(), LineEnd::CrLf, 0)]
        );
    }

    #[test]
    fn a_line_end_is_known_wherever_it_is_cut_and_the_bound_falls() {
        for text in
            [&b"0123\r\nx\n"[..], b"01234\r\nx\n", b"0123456789\r\nx\n", b"012\r\r\n\r\n", b"\r\n\r\r\r\r\r\r\n"]
        {
            let whole = lines(&[text], 4);
            for cut in 0..=text.len() {
                let (one, two) = text.split_at(cut);
                assert_eq!(lines(&[one, two], 4), whole, "{} cut at {cut}", text.escape_ascii());
            }
            let octets: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(lines(&octets, 4), whole, "{} byte by byte", text.escape_ascii());
        }
        assert_eq!(lines(&[b"0123\r", b"\n"], 4), [(b"0123".to_vec(), LineEnd::CrLf, 0)]);
    }

    #[test]
    fn a_line_over_the_bound_keeps_its_beginning_and_counts_the_rest() {
        assert_eq!(
            lines(&[b"0123456789\r\nx\r\n"], 6),
            [(b"012345".to_vec(), LineEnd::CrLf, 4), (b"x".to_vec(), LineEnd::CrLf, 0)]
        );
        assert_eq!(lines(&[b"01234", b"56789", b"\n"], 6), [(b"012345".to_vec(), LineEnd::Lf, 4)]);
    }
}
