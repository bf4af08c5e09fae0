//! Whether what was sent again is what was sent before: only then is it known what its octets are.

use std::collections::VecDeque;
use std::ops::Range;

use crate::flow::Seen;

/// What was sent first in one direction: where, and the latest payloads.
#[derive(Debug, Default)]
pub(super) struct FirstCopies {
    seen: Seen,
    payloads: VecDeque<(u64, Box<[u8]>)>,
}

/// A retransmission follows within a few segments.
const PAYLOADS: usize = 4;

impl FirstCopies {
    /// Takes in the next payload, which stands at `offset` of the stream and had `wire_octets` octets. Says what of it is sent
    /// again and not known to be the same as before.
    pub(super) fn take(&mut self, offset: u64, octets: &[u8], wire_octets: u32) -> Vec<Range<usize>> {
        let repeated = self.seen.note(offset, u64::from(wire_octets));
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(octets.len());
        let mut unknown = Vec::new();
        let mut fresh_from = 0;
        for again in repeated {
            let range = index(again.start)..index(again.end);
            if !self.have(offset.saturating_add(again.start), octets.get(range.clone()).unwrap_or_default()) {
                unknown.push(range.clone());
            }
            self.push(offset, octets, fresh_from..range.start);
            fresh_from = range.end;
        }
        self.push(offset, octets, fresh_from..octets.len());
        unknown
    }

    fn push(&mut self, offset: u64, octets: &[u8], fresh: Range<usize>) {
        let at = offset.saturating_add(fresh.start as u64);
        let Some(fresh) = octets.get(fresh).filter(|fresh| !fresh.is_empty()) else { return };
        if self.payloads.len() == PAYLOADS {
            self.payloads.pop_front();
        }
        self.payloads.push_back((at, fresh.into()));
    }

    /// Whether all octets at `offset` are remembered, and the same.
    fn have(&self, offset: u64, octets: &[u8]) -> bool {
        (offset..)
            .zip(octets)
            .all(|(at, octet)| self.payloads.iter().any(|(start, known)| octet_at(*start, known, at) == Some(*octet)))
    }
}

fn octet_at(start: u64, known: &[u8], at: u64) -> Option<u8> {
    known.get(usize::try_from(at.checked_sub(start)?).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_may_be_cut_otherwise_and_is_the_same() {
        let mut copies = FirstCopies::default();
        for (offset, octets, unknown) in [
            (10, &b"EHLO "[..], &[][..]),
            (15, b"sub2.\r\n", &[]),
            (10, b"EHLO sub2.\r\n", &[]),
            (13, b"O su", &[]),
            (10, b"AUTH ", &[0..5]),
            (15, b"sub2.\r\nQ", &[]),
            (15, b"SUB2.\r\nQUIT", &[0..8]),
            (23, b"UIT", &[]),
        ] {
            assert_eq!(
                copies.take(offset, octets, u32::try_from(octets.len()).unwrap()),
                unknown,
                "{}",
                octets.escape_ascii()
            );
        }
    }
}
