//! The paragraphs of a document: for each finding that of its example, its earliest session.

use super::Handover;
use crate::report::digest::Digest;
use crate::report::finding::{Finding, Trouble};
use crate::time::Zone;

/// The paragraphs of the examples so far, in Markdown, a bounded number.
#[derive(Debug)]
pub(in crate::report) struct ExampleParagraphs {
    most: usize,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    trouble: Trouble,
    /// Capture and session.
    key: (usize, u64),
    text: String,
}

impl ExampleParagraphs {
    /// Keeps at most `most` of them.
    pub(in crate::report) const fn new(most: usize) -> Self {
        Self { most, kept: Vec::new() }
    }

    /// Keeps that of a session if it is the earliest so far of its finding.
    pub(in crate::report) fn keep(&mut self, digest: &Digest<'_>, zone: &Zone) {
        let Some(trouble) = Trouble::of(digest.diagnosis) else { return };
        let key = digest.key();
        let known = self.kept.iter().position(|kept| kept.trouble == trouble);
        let is_earliest = known.and_then(|at| self.kept.get(at)).is_none_or(|kept| key < kept.key);
        if !is_earliest || known.is_none() && self.kept.len() >= self.most {
            return;
        }
        let Some(handover) = Handover::new(digest, zone) else { return };
        let kept = Kept { trouble, key, text: handover.paragraph.markdown() };
        match known.and_then(|at| self.kept.get_mut(at)) {
            Some(place) => *place = kept,
            None => self.kept.push(kept),
        }
    }

    /// That capture is a copy. Its sessions have displaced none of an earlier capture.
    pub(in crate::report) fn forget(&mut self, capture: usize) {
        self.kept.retain(|kept| kept.key.0 != capture);
    }

    /// That of the example of `finding`.
    pub(in crate::report) fn of(&self, finding: &Finding) -> Option<&str> {
        self.kept.iter().find(|kept| kept.key == finding.example.key).map(|kept| &*kept.text)
    }
}
