//! What each octet of a stream is: told once, by the dialogue that reads it. Whoever shows a stream only masks.

mod address;
mod argument;
mod command;
mod names;
mod records;
mod text;

pub(crate) use argument::argument_kinds;
pub(crate) use command::command_kinds;
pub(crate) use names::Names;
pub(super) use records::RecordSpans;
pub(crate) use text::name_kinds;
pub(super) use text::text_kinds;

/// What a run of octets is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SpanKind {
    /// Verbs and keywords, punctuation, line ends, codes and texts of replies, but for what is told apart below.
    Line,
    /// Words of a reply that a verdict or the product rests on, whatever else they may be.
    Decisive,
    /// What follows the verb of a hello, but for the digits below.
    HelloArgument,
    /// Digits of an IP address in the argument of a hello.
    HelloDigits {
        /// Whether they are no number of an IPv4 address, for it is over 255.
        is_over_255: bool,
    },
    /// Whose mailbox it is: what stands before the @ in a path, and the same name wherever a reply repeats it.
    LocalPart,
    /// The domain of a mailbox; in a reply any host name.
    Domain,
    /// Anything else that follows a verb: parameters, names to verify, an address in the place of a domain.
    Parameter,
    /// Digits of an IP address in a reply.
    Address,
    /// The argument of AUTH, an answer inside AUTH; lines that may be such, and what repeats them.
    Secret,
    /// What the server asks inside AUTH.
    Challenge,
    /// Mail data after DATA, or a BDAT chunk.
    MailText,
    /// The line with a dot that ends mail data.
    EndOfData,
    /// The header of a TLS record, an alert in the clear, the type and length of a handshake message.
    TlsHeader,
    /// What else is in TLS records.
    Tls,
    /// The fixed part of a binary PROXY header.
    ProxyHeader,
    /// The addresses in it, and what follows them; addresses and ports in a request to a SOCKS proxy.
    Proxied,
    /// What else is said to and by a SOCKS proxy before the dialogue.
    ProxyTalk,
    /// Nothing tells: a hole, the beginning the capture lacks, or octets whose announcement was never answered. It may
    /// be mail text or a secret.
    #[default]
    Unknown,
}

impl SpanKind {
    /// Whether it is a part of a command or reply that is neither a secret nor mail text.
    pub(crate) const fn is_dialogue(self) -> bool {
        matches!(
            self,
            Self::Line
                | Self::Decisive
                | Self::HelloArgument
                | Self::HelloDigits { .. }
                | Self::LocalPart
                | Self::Domain
                | Self::Parameter
                | Self::Address
        )
    }
}

/// Runs of equal kinds: where each begins, and what it is.
pub(super) fn runs_of(kinds: &[SpanKind]) -> impl Iterator<Item = (usize, SpanKind)> {
    let begins = |(at, kind): &(usize, &SpanKind)| at.checked_sub(1).and_then(|last| kinds.get(last)) != Some(kind);
    kinds.iter().enumerate().filter(begins).map(|(at, kind)| (at, *kind))
}

/// Where words that hold a host name stand, digits of an address in them included.
pub(crate) fn host_ranges(kinds: &[SpanKind]) -> Vec<std::ops::Range<usize>> {
    let is_name = |kind: SpanKind| matches!(kind, SpanKind::HelloArgument | SpanKind::Domain);
    let is_part = |kind: SpanKind| is_name(kind) || matches!(kind, SpanKind::HelloDigits { .. } | SpanKind::Address);
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in kinds.iter().enumerate().filter(|(_, kind)| is_part(**kind)) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => found.push(at..at + 1),
        }
    }
    found.retain(|range| kinds.get(range.clone()).is_some_and(|kinds| kinds.iter().any(|kind| is_name(*kind))));
    found
}

/// Says of the octets in `range` that they are `kind`.
fn fill(kinds: &mut [SpanKind], range: std::ops::Range<usize>, kind: SpanKind) {
    kinds.get_mut(range).unwrap_or_default().fill(kind);
}

/// The runs of one direction, by stream offset. Holes in the capture count as octets, as sequence numbers do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans {
    /// Where each run begins, ascending; before the first one nothing is known.
    starts: Vec<(u64, SpanKind)>,
    is_full: bool,
    /// Words that hold host names, ascending.
    hosts: Vec<(u64, Box<[u8]>)>,
    /// Octets of these.
    host_octets: usize,
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

    /// The words with host names that lie in the `octets` octets from stream offset `from` on, if only in part, and where each
    /// begins.
    pub(crate) fn hosts(&self, from: u64, octets: usize) -> impl Iterator<Item = (u64, &[u8])> {
        let first = self.hosts.partition_point(|(at, word)| at.saturating_add(word.len() as u64) <= from);
        let end = from.saturating_add(octets as u64);
        let found = self.hosts.get(first..).unwrap_or_default().iter().take_while(move |(at, _)| *at < end);
        found.map(|(at, word)| (*at, &**word))
    }

    /// Keeps the words with host names of a line that begins at stream offset `at`: `most` octets of them at most.
    pub(super) fn note_hosts(&mut self, at: u64, line: &[u8], kinds: &[SpanKind], most: usize) {
        if most == 0 {
            return;
        }
        for range in host_ranges(kinds) {
            let start = at.saturating_add(range.start as u64);
            while let Some((_, word)) = self.hosts.pop_if(|(last, _)| *last >= start) {
                self.host_octets -= word.len();
            }
            if self.host_octets + range.len() <= most {
                self.host_octets += range.len();
                self.hosts.push((start, line.get(range).unwrap_or_default().into()));
            }
        }
    }

    /// As [`runs`](Self::runs), told apart no further than `class` does.
    pub(crate) fn runs_by<C: PartialEq>(
        &self,
        from: u64,
        octets: usize,
        class: impl Fn(SpanKind) -> C,
    ) -> Vec<(usize, C)> {
        let mut classes: Vec<(usize, C)> = Vec::new();
        for (octets, kind) in self.runs(from, octets) {
            let class = class(kind);
            match classes.last_mut() {
                Some((last, before)) if *before == class => *last += octets,
                _ => classes.push((octets, class)),
            }
        }
        classes
    }

    /// Whether runs were left out, for there were too many.
    pub(crate) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// What each of the `octets` octets from stream offset `from` on is.
    pub(crate) fn kinds(&self, from: u64, octets: usize) -> Vec<SpanKind> {
        self.runs(from, octets).into_iter().flat_map(|(length, kind)| std::iter::repeat_n(kind, length)).collect()
    }

    /// What the `octets` octets from stream offset `from` on are: lengths that add up to `octets`, each with its kind.
    pub(crate) fn runs(&self, from: u64, octets: usize) -> Vec<(usize, SpanKind)> {
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
