//! Whether what was sent again is what was sent before: only then is it known what its octets are.

use std::collections::VecDeque;

/// The latest payloads of one direction.
#[derive(Debug, Default)]
pub(super) struct FirstCopies(VecDeque<(u64, Box<[u8]>)>);

/// A retransmission follows within a few segments.
const PAYLOADS: usize = 4;

impl FirstCopies {
    /// Remembers a payload that stands at `offset` of the stream.
    pub(super) fn push(&mut self, offset: u64, octets: &[u8]) {
        if self.0.len() == PAYLOADS {
            self.0.pop_front();
        }
        self.0.push_back((offset, octets.into()));
    }

    /// Whether all octets at `offset` are remembered, and the same.
    pub(super) fn have(&self, offset: u64, octets: &[u8]) -> bool {
        (offset..)
            .zip(octets)
            .all(|(at, octet)| self.0.iter().any(|(start, known)| octet_at(*start, known, at) == Some(*octet)))
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
        copies.push(10, b"EHLO ");
        copies.push(15, b"sub2.\r\n");
        assert!(copies.have(10, b"EHLO sub2.\r\n") && copies.have(13, b"O su"));
        assert!(!copies.have(10, b"AUTH ") && !copies.have(15, b"sub2.\r\nQ") && !copies.have(9, b"x"));
    }
}
