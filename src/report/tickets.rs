//! What the tickets of a pile come to, one by one.

use super::totals::Summary;
use super::words::{count, number};
use super::{InputReport, escape};

/// One ticket that was read. All of it is safe on a terminal.
pub(super) struct TicketNotes {
    /// Its number, counted from 0.
    pub(super) number: usize,
    /// Its path.
    pub(super) label: String,
    pub(super) lost: u64,
    /// What became of it, in one sentence without a full stop.
    pub(super) text: String,
}

/// The tickets of a run, in order: a bounded number of those with something amiss, and as many of the others.
#[derive(Default)]
pub(super) struct Tickets {
    most: usize,
    pub(super) kept: Vec<TicketNotes>,
    kept_amiss: usize,
    /// How many are not kept.
    pub(super) omitted: u64,
}

impl Tickets {
    /// None so far; this many of each kind are kept.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// That ticket was read: what was given of it, and its own sessions; `copied` is the first capture that others of it are
    /// copies of.
    pub(super) fn end(&mut self, number: usize, report: &InputReport, summary: &Summary, copied: Option<&str>) {
        let is_amiss = summary.lost + summary.unknown + summary.never_started + report.unreadable > 0;
        let kept = if is_amiss { self.kept_amiss } else { self.kept.len() - self.kept_amiss };
        if kept >= self.most {
            self.omitted += 1;
            return;
        }
        self.kept_amiss += usize::from(is_amiss);
        self.kept.push(TicketNotes {
            number,
            label: escape::text(report.source.path.as_bytes()),
            lost: summary.mail_lost(),
            text: text(report, summary, copied),
        });
    }

    /// Whether the captures belong to more than one, so that each has to be named.
    pub(super) fn are_several(&self) -> bool {
        self.number() > 1
    }

    /// How many there were.
    pub(super) fn number(&self) -> u64 {
        u64::try_from(self.kept.len()).unwrap_or(u64::MAX).saturating_add(self.omitted)
    }

    /// The number of those not kept, in a sentence; none where all are.
    pub(super) fn rest(&self) -> Option<String> {
        (self.omitted > 0).then(|| format!("And {}: --format json.", count(self.omitted, "more ticket")))
    }
}

/// `3 sessions: 1 lost (ehlo-argument), 2 delivered; 1 file could not be read`.
fn text(report: &InputReport, summary: &Summary, copied: Option<&str>) -> String {
    let mut parts = Vec::new();
    if summary.sessions > 0 {
        parts.push(format!("{}: {}", count(summary.sessions, "session"), summary.outcomes(true).join(", ")));
    } else if report.captures > report.copies {
        parts.push("no SMTP session found".to_owned());
    } else if report.captures + report.unreadable == 0 {
        parts.push(format!("no capture in it, {} passed over", count(report.passed_over, "file")));
    }
    if summary.never_started > 0 {
        let deliveries = if summary.never_started == 1 { "delivery" } else { "deliveries" };
        parts.push(format!("{} {deliveries} never started", number(summary.never_started)));
    }
    if report.unreadable > 0 {
        let whole = if report.captures > 0 { ", or not to the end" } else { "" };
        parts.push(format!("{} could not be read{whole}", count(report.unreadable, "file")));
    }
    if let (Some(copied), true) = (copied, report.copies > 0) {
        let copies = if report.copies == 1 {
            "1 copy of".to_owned()
        } else {
            format!("{} copies, the first of", number(report.copies))
        };
        parts.push(format!("{copies} {copied}, not counted again"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_told_in_one_sentence() {
        let report = |captures, unreadable, passed_over, copies| InputReport {
            captures,
            unreadable,
            passed_over,
            copies,
            ..InputReport::default()
        };
        let by_cause = [("ehlo-argument", 2), ("timed-out", 1)].into();
        let lost = Summary { sessions: 5, lost: 3, unknown: 2, by_cause, never_started: 1, ..Summary::default() };
        for (report, summary, sentence) in [
            (
                report(2, 0, 0, 0),
                &lost,
                "5 sessions: 3 lost (ehlo-argument 2, timed-out 1), 2 unknown; 1 delivery never started",
            ),
            (report(1, 0, 3, 0), &Summary::default(), "no SMTP session found"),
            (report(0, 0, 3, 0), &Summary::default(), "no capture in it, 3 files passed over"),
            (report(0, 1, 3, 0), &Summary::default(), "1 file could not be read"),
            (
                report(2, 1, 0, 1),
                &Summary::default(),
                "no SMTP session found; 1 file could not be read, or not to the end; 1 copy of a.pcap, not counted again",
            ),
            (report(2, 0, 0, 2), &Summary::default(), "2 copies, the first of a.pcap, not counted again"),
        ] {
            assert_eq!(text(&report, summary, Some("a.pcap")), sentence);
        }
    }
}
