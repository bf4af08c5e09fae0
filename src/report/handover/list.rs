//! The paragraphs of a document: for each client and server that lost mail, that of the first session lost.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Handover;
use crate::report::digest::Digest;
use crate::report::relay::{Relay, client_of};
use crate::report::run::Run;
use crate::report::words::{count, number};
use crate::time::Zone;

/// Ticket, client and server.
type Key = (usize, IpAddr, IpAddr);

/// The first paragraphs, in Markdown, a bounded number.
#[derive(Debug)]
pub(in crate::report) struct FirstParagraphs {
    most: usize,
    /// Each with the number of its capture.
    kept: BTreeMap<Key, (usize, String)>,
}

/// Pairs of client and server that get a paragraph.
const MOST_SHOWN: usize = 10;

impl FirstParagraphs {
    /// Keeps at most `most` of them.
    pub(in crate::report) const fn new(most: usize) -> Self {
        Self { most, kept: BTreeMap::new() }
    }

    /// Keeps that of a session if it is the first lost one of its client and server.
    pub(in crate::report) fn keep(&mut self, digest: &Digest<'_>, zone: &Zone) {
        let key = (digest.source.ticket.number, client_of(digest.session), digest.session.server.ip());
        if !digest.diagnosis.is_mail_lost() || self.kept.len() >= self.most || self.kept.contains_key(&key) {
            return;
        }
        if let Some(handover) = Handover::new(digest, zone) {
            self.kept.insert(key, (digest.capture, handover.paragraph.markdown()));
        }
    }

    /// That capture is a copy.
    pub(in crate::report) fn forget(&mut self, capture: usize) {
        self.kept.retain(|_, (of, _)| *of != capture);
    }

    /// A section of the document, those that lost most first; nothing if nothing was lost.
    pub(in crate::report) fn section(&self, run: &Run) -> String {
        let relays = run.totals.losing_relays();
        let of = |relay: &&Relay| self.kept.get(&(relay.ticket.number, relay.client, relay.server));
        let shown: Vec<String> = relays
            .iter()
            .filter_map(|relay| {
                let (lost, sessions) = (number(relay.lost), count(relay.sessions, "session"));
                let which = if relay.lost > 1 { ", the first of them" } else { "" };
                let heading = format!("### `{}` to `{}`: {lost} of {sessions} lost{which}", relay.client, relay.server);
                Some(format!("{heading}\n\n{}\n\n", of(relay)?.1))
            })
            .take(MOST_SHOWN)
            .collect();
        if shown.is_empty() {
            return String::new();
        }
        let rest = relays.len().saturating_sub(shown.len());
        let rest = match u64::try_from(rest).unwrap_or(u64::MAX) {
            0 => String::new(),
            1 => "For 1 more pair of client and server: `--format json`.\n\n".to_owned(),
            rest => format!("For {} more pairs of client and server: `--format json`.\n\n", number(rest)),
        };
        format!("## To hand on\n\n{}{rest}", shown.concat())
    }
}
