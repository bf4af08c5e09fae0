//! Clients and servers that lose mail, in words that several formats use.

use super::change::{Change, Turn};
use super::relay::{Loss, Relay};
use super::totals::Totals;
use super::words::{count, date_and_time, number, span};
use super::{advice, escape};
use crate::diagnosis::{Fault, Stage};
use crate::time::Zone;

/// Relays described; the rest are counted.
pub(super) const MAX_RELAYS: usize = 50;

/// `ehlo-argument`, or `ehlo-argument 5, timed-out 1`.
pub(super) fn causes(losses: &[&Loss]) -> String {
    let named = losses.iter().map(|loss| match losses.len() {
        1 => loss.name(),
        _ => format!("{} {}", loss.name(), number(loss.sessions)),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// When it lost sessions, and how often; none if it lost none.
pub(super) fn when(relay: &Relay, zone: &Zone) -> Option<String> {
    let (first, last) = relay.lost_span?;
    let shown = |time| format!("{} {}", date_and_time(time, zone), zone.name());
    let Some(every) = relay.lost_every_ns() else { return Some(shown(first)) };
    let average = if relay.lost > 2 { "on average " } else { "" };
    Some(format!("first {}, last {}, {average}every {}", shown(first), shown(last), span(every)))
}

/// Since when it does not work or works again, in sentences without a full stop. Backticks mark code.
pub(super) fn changes(relay: &Relay, zone: &Zone) -> Vec<String> {
    relay.changes().iter().map(|change| sentence(change, zone)).collect()
}

fn sentence(change: &Change<'_>, zone: &Zone) -> String {
    let time = |time| format!("{} {}", date_and_time(time, zone), zone.name());
    let (last, first, loss) = (time(change.last), time(change.first), change.loss.name());
    let (before, after) = (count(change.before, "session"), count(change.after, "session"));
    let turn = match change.turn {
        Turn::Stopped => format!(
            "worked until {last} ({before} in a row delivered), since {first} lost to `{loss}` ({after} in a row)"
        ),
        Turn::Resumed => format!(
            "lost to `{loss}` until {last} ({before} in a row), works since {first} ({after} in a row delivered)"
        ),
    };
    let differences = match change.differences.as_deref() {
        None => "what was different is not known, for too much changes in this relay".to_owned(),
        Some([]) => "hello, server and TLS were the same".to_owned(),
        Some(differences) => format!("what was different: {}", differences.join(", ")),
    };
    format!("{turn}; {differences}")
}

/// What to do, for each cause.
pub(super) fn remedies(relay: &Relay) -> Vec<String> {
    let losses = relay.losses();
    losses.iter().map(|loss| remedy(relay, loss, losses.len() > 1)).collect()
}

fn remedy(relay: &Relay, loss: &Loss, name_cause: bool) -> String {
    let place = place(loss.fault);
    let cause = if name_cause { format!("{}, ", loss.name()) } else { String::new() };
    format!("{cause}{place}{}", remedy_of(relay, loss))
}

/// Where something has to change, in words that a remedy follows.
pub(super) const fn place(fault: Option<Fault>) -> &'static str {
    match fault {
        Some(Fault::Client) => "at the client: ",
        Some(Fault::Server) => "at the server: ",
        Some(Fault::Network) => "in the network: ",
        Some(Fault::Capture) | None => "",
    }
}

/// What to do about one cause.
pub(super) fn remedy_of(relay: &Relay, loss: &Loss) -> String {
    // One client's several names have different corrections, each named beside it.
    let remedy = loss.remedy(relay.arguments.len() <= 1);
    if loss.rule.stage != Stage::Argument {
        return remedy;
    }
    let set = relay.client_product.as_deref().and_then(advice::where_to_set);
    let pass = relay.product.as_deref().and_then(advice::how_to_tolerate);
    [Some(remedy), set, pass].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `3: tickets/4711/a.pcap`: the captures in which it lost sessions, with their numbers where there are several.
pub(super) fn captures(relay: &Relay, are_several: bool) -> Vec<String> {
    let named = relay.captures.iter().map(|(number, path)| {
        let label = escape::text(path.as_bytes());
        if are_several { format!("{}: {label}", number + 1) } else { label }
    });
    let omitted = relay.captures_omitted;
    let more = (omitted > 0).then(|| format!("and {}", count(omitted, "more capture")));
    named.chain(more).collect()
}

/// Sentences on the relays past the first `most`; `hint` says where they are.
pub(super) fn rest(totals: &Totals, most: usize, hint: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let rest = totals.losing_relays().len().saturating_sub(most);
    if rest > 0 {
        let pairs = number(u64::try_from(rest).unwrap_or(u64::MAX));
        sentences.push(format!("And {pairs} more pairs of client and server that lost sessions{hint}."));
    }
    let summary = totals.summary();
    if summary.other_relays_lost > 0 {
        let (lost, all) = (number(summary.other_relays_lost), number(summary.other_relays_sessions));
        sentences.push(format!("{lost} of {all} sessions between further pairs of client and server lost."));
    }
    sentences
}
