//! Which octets of a stream were seen before: of copies the first counts, and nothing is known of the others.

use std::ops::Range;

/// Runs kept apart; holes over this count as seen.
const MOST_RUNS: usize = 4_096;

/// What was seen of one direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// By stream offset, ascending, with holes between.
    runs: Vec<Range<u64>>,
}

impl Seen {
    /// Notes the `octets` octets from stream offset `offset` on, and says which of them, counted from `offset`, were seen
    /// before: ascending, and apart.
    pub(crate) fn note(&mut self, offset: u64, octets: u64) -> Vec<Range<u64>> {
        let new = offset..offset.saturating_add(octets);
        if new.is_empty() {
            return Vec::new();
        }
        // Neighbours become one with it.
        let first = self.runs.partition_point(|run| run.end < new.start);
        let behind = self.runs.partition_point(|run| run.start <= new.end);
        let met = self.runs.get(first..behind).unwrap_or_default();
        let both = met.iter().map(|run| run.start.max(new.start)..run.end.min(new.end));
        let repeated = both.filter(|both| !both.is_empty()).map(|both| both.start - offset..both.end - offset);
        let repeated = repeated.collect();
        let start = met.first().map_or(new.start, |run| run.start.min(new.start));
        let end = met.last().map_or(new.end, |run| run.end.max(new.end));
        self.runs.splice(first..behind, [start..end]);
        if self.runs.len() > MOST_RUNS
            && let Some(last) = self.runs.pop()
            && let Some(before) = self.runs.last_mut()
        {
            before.end = last.end;
        }
        repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_repeats_what_was_seen_of_it_and_no_more() {
        let mut seen = Seen::default();
        for (offset, octets, repeated) in [
            (10, 5, &[][..]),
            (15, 5, &[]),
            (30, 5, &[]),
            (8, 30, &[2..12, 22..27]),
            (8, 30, &[0..30]),
            (7, 1, &[]),
            (38, 0, &[]),
            (0, 40, &[7..38]),
        ] {
            assert_eq!(seen.note(offset, octets), repeated, "{offset}, {octets}");
        }
        assert_eq!(seen.runs, [0..40]);
    }

    #[test]
    fn past_the_bound_holes_count_as_seen() {
        let mut seen = Seen::default();
        for at in 0..MOST_RUNS as u64 + 1 {
            seen.note(at * 10, 5);
        }
        let last = MOST_RUNS as u64 * 10;
        assert_eq!((seen.runs.len(), seen.note(last - 5, 2)), (MOST_RUNS, vec![0..2]));
    }
}
