//! Which octets of a stream are commands or replies, and which must not be shown to everyone.

/// What a run of octets is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpanKind {
    /// Command lines, reply lines.
    Line,
    /// Mail data after DATA, or a BDAT chunk.
    MailText,
    /// The argument of AUTH, an answer inside AUTH, the challenge it answers; lines that may be such.
    Secret,
    /// TLS records.
    Tls,
    /// Nothing tells: a hole, the beginning the capture lacks, or octets whose announcement was never answered. It may
    /// be mail text or a secret.
    #[default]
    Unknown,
}

/// The runs of one direction, by stream offset. Holes in the capture count as octets, as sequence numbers do.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    /// Where each run begins, ascending; before the first one nothing is known.
    starts: Vec<(u64, SpanKind)>,
    is_full: bool,
}

impl Spans {
    /// From stream offset `at` on the octets are `kind`, whatever was said of them before. Of more than `most` runs the
    /// later ones are not told apart: nothing is known of them.
    pub(super) fn begin(&mut self, at: u64, kind: SpanKind, most: usize) {
        if self.is_full || most == 0 {
            return;
        }
        while self.starts.last().is_some_and(|(start, _)| *start >= at) {
            self.starts.pop();
        }
        if self.starts.last().is_some_and(|(_, last)| *last == kind) {
            return;
        }
        self.is_full = self.starts.len() + 1 >= most;
        self.starts.push((at, if self.is_full { SpanKind::Unknown } else { kind }));
    }

    /// Whether runs were left out, for there were too many.
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// What the `octets` octets from stream offset `from` on are: lengths that add up to `octets`, each with its kind.
    pub fn runs(&self, from: u64, octets: usize) -> Vec<(usize, SpanKind)> {
        let mut runs = Vec::new();
        let (mut at, mut left) = (from, octets);
        let mut next = self.starts.partition_point(|(start, _)| *start <= from);
        while left > 0 {
            let before = next.checked_sub(1).and_then(|last| self.starts.get(last));
            let kind = before.map_or(SpanKind::Unknown, |(_, kind)| *kind);
            let room = self.starts.get(next).map_or(u64::MAX, |(start, _)| start.saturating_sub(at));
            let step = usize::try_from(room).unwrap_or(usize::MAX).min(left);
            runs.push((step, kind));
            at = at.saturating_add(step as u64);
            left -= step;
            next += 1;
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::SpanKind::{Line, MailText, Secret, Unknown};
    use super::*;

    fn spans(starts: &[(u64, SpanKind)], most: usize) -> Spans {
        let mut spans = Spans::default();
        for (at, kind) in starts {
            spans.begin(*at, *kind, most);
        }
        spans
    }

    #[test]
    fn a_frame_finds_its_runs_by_offset() {
        let spans = spans(&[(0, Line), (10, MailText), (20, Line)], 100);
        assert_eq!(spans.runs(0, 10), [(10, Line)]);
        assert_eq!(spans.runs(8, 14), [(2, Line), (10, MailText), (2, Line)]);
        assert_eq!(spans.runs(30, 5), [(5, Line)]);
        assert_eq!(spans.runs(30, 0), []);
        assert_eq!(Spans::default().runs(7, 5), [(5, Unknown)]);
    }

    #[test]
    fn what_is_known_later_replaces_what_was_said_before() {
        let spans = spans(&[(0, Line), (6, Unknown), (9, Secret), (6, MailText), (12, MailText), (12, Line)], 100);
        assert_eq!(spans.runs(0, 20), [(6, Line), (6, MailText), (8, Line)]);
    }

    #[test]
    fn past_the_bound_nothing_is_known() {
        let spans = spans(&[(0, Line), (5, Secret), (8, Line), (20, Secret), (30, Line)], 3);
        assert!(spans.is_full());
        assert_eq!(spans.runs(0, 40), [(5, Line), (3, Secret), (32, Unknown)]);
    }
}
