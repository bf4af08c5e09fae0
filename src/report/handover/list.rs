//! The paragraphs of a document: for each finding that of its example, its earliest session.

use std::collections::BTreeMap;

use super::Handover;
use crate::report::digest::Digest;
use crate::report::finding::Finding;
use crate::time::Zone;

/// The paragraphs of the examples so far, in Markdown, by the numbers of their findings.
#[derive(Debug, Default)]
pub(in crate::report) struct ExampleParagraphs {
    kept: BTreeMap<usize, Kept>,
}

#[derive(Debug)]
struct Kept {
    /// Capture and session.
    key: (usize, u64),
    text: String,
}

impl ExampleParagraphs {
    /// Keeps that of a session if it is the earliest so far of its finding.
    pub(in crate::report) fn keep(&mut self, digest: &Digest<'_>, zone: &Zone) {
        let Some(finding) = digest.finding else { return };
        let key = digest.key();
        if self.kept.get(&finding).is_some_and(|kept| kept.key <= key) {
            return;
        }
        if let Some(handover) = Handover::new(digest, zone) {
            self.kept.insert(finding, Kept { key, text: handover.paragraph.markdown() });
        }
    }

    /// That capture is a copy. Its sessions have displaced none of an earlier capture.
    pub(in crate::report) fn forget(&mut self, capture: usize) {
        self.kept.retain(|_, kept| kept.key.0 != capture);
    }

    /// That of the example of `finding`.
    pub(in crate::report) fn of(&self, finding: &Finding) -> Option<&str> {
        self.kept.get(&finding.number).filter(|kept| kept.key == finding.example.key).map(|kept| &*kept.text)
    }
}
