//! The filters of `scan`, `trace` and `extract`: one set of arguments for all three.

use std::ops::RangeInclusive;

use clap::Args as ClapArgs;
use clap::builder::NonEmptyStringValueParser;
use ehlotrace::diagnosis::{Outcome, RULES, Rule, rule};
use ehlotrace::filter::{Network, SessionFilter, TimeText};
use ehlotrace::pages;
use ehlotrace::time::Zone;

/// Which sessions
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Filters (a session has to pass all that are given)")]
pub(super) struct FilterArgs {
    /// Sessions of these clients. Behind a proxy, the client that the proxy names and the proxy itself both count
    #[arg(long, value_delimiter = ',', value_name = "IP|PREFIX,...")]
    client: Vec<Network>,

    /// Sessions to these servers. Behind a proxy, the address that the client connected to counts, too
    #[arg(long, value_delimiter = ',', value_name = "IP|PREFIX,...")]
    server: Vec<Network>,

    /// Sessions that began at this time or later: `2024-03-05`, `2024-03-05 14:30`, `2024-03-05T14:30:00Z`. A duration (`90s`,
    /// `30m`, `2h`, `7d`) counts back from the last packet of each capture, not from now: 2h is the last two hours
    /// of the capture
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<TimeText>,

    /// Sessions that began at this time or earlier, all of the day, minute or second included. A duration counts back as for
    /// --since
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<TimeText>,

    /// Sessions lost to these causes, by the codes that `ehlotrace causes` lists
    #[arg(long, value_delimiter = ',', value_name = "CODE,...", value_parser = cause)]
    cause: Vec<&'static Rule>,

    /// Sessions with these outcomes: delivered, lost, no-mail, not-smtp, unknown
    #[arg(long, value_delimiter = ',', value_name = "CODE,...", value_parser = outcome)]
    outcome: Vec<Outcome>,

    /// Sessions with this text in the name that the client gave in EHLO or HELO, or that a proxy told in XCLIENT or XFORWARD;
    /// upper and lower case are the same
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    hello: Option<String>,

    /// These sessions of each capture, by the numbers `scan` gives them
    #[arg(long, value_delimiter = ',', value_name = "N|A-B,...", value_parser = range)]
    session: Vec<RangeInclusive<u64>>,
}

impl FilterArgs {
    /// What the library is told; times without a zone of their own are in `zone`.
    pub(super) fn filter(&self, zone: &Zone) -> SessionFilter {
        let mut filter = SessionFilter::default();
        filter.clients.clone_from(&self.client);
        filter.servers.clone_from(&self.server);
        filter.since = self.since.as_ref().map(|time| time.since(zone));
        filter.until = self.until.as_ref().map(|time| time.until(zone));
        filter.causes.clone_from(&self.cause);
        filter.outcomes.clone_from(&self.outcome);
        filter.hello.clone_from(&self.hello);
        filter.numbers.clone_from(&self.session);
        filter
    }

    /// Whether sessions are named by their numbers.
    pub(super) const fn names_sessions(&self) -> bool {
        !self.session.is_empty()
    }
}

/// Why nothing is left of the `sessions` of so many captures, of which the filters left out `filtered_out`; none where something is.
pub(super) fn nothing_left(filter: &SessionFilter, captures: u64, sessions: u64, filtered_out: u64) -> Option<String> {
    let mut only_numbers = SessionFilter::default();
    only_numbers.numbers.clone_from(&filter.numbers);
    match filtered_out {
        0 => None,
        _ if filtered_out < sessions => None,
        _ if *filter == only_numbers && captures == 1 => {
            Some(format!("no session has this number; the capture has {sessions}"))
        }
        _ if *filter == only_numbers => Some("no session has this number".to_owned()),
        1 => Some("the filters left out the only session".to_owned()),
        _ => Some(format!("the filters left out all {sessions} sessions")),
    }
}

fn cause(code: &str) -> Result<&'static Rule, String> {
    rule(code).ok_or_else(|| unknown(code, "cause", &mut RULES.iter().map(|rule| rule.code)))
}

fn outcome(code: &str) -> Result<Outcome, String> {
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.code() == code);
    outcome.ok_or_else(|| unknown(code, "outcome", &mut Outcome::ALL.into_iter().map(Outcome::code)))
}

fn unknown(code: &str, what: &str, codes: &mut dyn Iterator<Item = &'static str>) -> String {
    match pages::nearest_of(code, codes) {
        Some(nearest) => format!("no {what} has this code; did you mean {nearest}?"),
        None => format!("no {what} has this code; `ehlotrace causes` lists them"),
    }
}

/// `7` or `3-9`.
pub(super) fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(first..=last),
        _ if text.contains('.') => {
            Err("in 2.3, 2 is the capture and 3 the session: name that capture, and give the 3".to_owned())
        }
        _ => Err("give a number from 1, or a range such as 3-9".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_read() {
        for (text, range_read) in
            [("7", Some(7..=7)), ("3-9", Some(3..=9)), ("0", None), ("9-3", None), ("-3", None), ("x", None)]
        {
            assert_eq!(range(text).ok(), range_read, "{text}");
        }
        assert!(range("1.3").unwrap_err().starts_with("in 2.3, 2 is the capture"));
    }

    #[test]
    fn an_unknown_code_is_answered_with_the_nearest_of_its_kind() {
        assert!(cause("ehlo-argument").is_ok() && outcome("not-smtp").is_ok() && outcome("unknown").is_ok());
        for (answer, meant) in [
            (cause("ehlo-arguments").err(), "no cause has this code; did you mean ehlo-argument?"),
            (cause("trailing-dot").err(), "no cause has this code; `ehlotrace causes` lists them"),
            (outcome("delivred").err(), "no outcome has this code; did you mean delivered?"),
            (outcome("ehlo-argument").err(), "no outcome has this code; `ehlotrace causes` lists them"),
            (outcome("").err(), "no outcome has this code; `ehlotrace causes` lists them"),
        ] {
            assert_eq!(answer.as_deref(), Some(meant));
        }
    }
}
