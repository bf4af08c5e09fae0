//! Findings in words that several formats use.

use super::finding::{Finding, Peers};
use super::refusals::with_sessions;
use super::relay::Argument;
use super::relays::place;
use super::totals::Totals;
use super::words::{count, date_and_time, number};
use super::{advice, escape};
use crate::diagnosis::Stage;
use crate::time::Zone;

/// Findings described; the rest are counted.
pub(super) const MAX_FINDINGS: usize = 10;
/// Addresses named of one side.
const NAMED_PEERS: usize = 3;
/// Arguments and replies named.
const NAMED_TEXTS: usize = 5;
/// Sentences on products, of either side.
const NAMED_PRODUCTS: usize = 3;

/// `the client greets with a malformed name: the argument ends in a dot`.
pub(super) fn title(finding: &Finding) -> String {
    let trouble = &finding.trouble;
    let problems: Vec<&str> = trouble.problems.iter().map(|problem| problem.title()).collect();
    match (trouble.reason, problems.as_slice()) {
        (Some(reason), _) => format!("{}: {}", trouble.rule.title, reason.title),
        (None, []) => trouble.rule.title.to_owned(),
        (None, problems) => format!("{}: {}", trouble.rule.title, problems.join("; ")),
    }
}

/// `192.0.2.10`, or `300 clients (192.0.2.10, 192.0.2.11, 192.0.2.12 and others)`.
pub(super) fn peers(peers: &Peers, noun: &str) -> String {
    let named: Vec<String> =
        peers.most_first().iter().take(NAMED_PEERS).map(|(address, _)| address.to_string()).collect();
    let over = if peers.are_more { "over " } else { "" };
    match peers.number() {
        1 if !peers.are_more => named.concat(),
        all if all > named.len() as u64 => {
            format!("{over}{} ({} and others)", count(all, noun), named.join(", "))
        }
        all => format!("{over}{} ({})", count(all, noun), named.join(", ")),
    }
}

/// `from 192.0.2.10 to 2 servers (192.0.2.25, 192.0.2.26) [Postfix]`.
pub(super) fn who(finding: &Finding) -> String {
    let products = products(finding);
    let products = if products.is_empty() { products } else { format!(" [{products}]") };
    format!("from {} to {}{products}", peers(&finding.clients, "client"), peers(&finding.servers, "server"))
}

/// What the servers say they are.
pub(super) fn products(finding: &Finding) -> String {
    let named = finding.products.iter().take(NAMED_PRODUCTS).map(|name| escape::text(name.as_bytes()));
    let named = named.collect::<Vec<_>>().join(", ");
    if finding.products.len() > NAMED_PRODUCTS { format!("{named} and others") } else { named }
}

/// `75 % of all sessions`.
pub(super) fn share(finding: &Finding, totals: &Totals) -> String {
    let percent = finding.sessions.saturating_mul(100).checked_div(totals.summary().sessions).unwrap_or(0);
    match percent {
        0 => "less than 1 % of all sessions".to_owned(),
        100.. => "all sessions".to_owned(),
        percent => format!("{percent} % of all sessions"),
    }
}

/// `first 2003-04-14 06:00:00 UTC, last 2003-04-14 07:15:00 UTC`.
pub(super) fn when(finding: &Finding, zone: &Zone) -> String {
    let shown = |time| format!("{} {}", date_and_time(time, zone), zone.name());
    match (finding.first, finding.last) {
        (first, last) if first == last => shown(first),
        (first, last) => format!("first {}, last {}", shown(first), shown(last)),
    }
}

/// The arguments with the number of sessions of each, those of most sessions first; each by `describe`.
pub(super) fn arguments(finding: &Finding, describe: impl Fn(&Argument) -> String) -> Vec<String> {
    if !matches!(finding.trouble.rule.stage, Stage::Argument | Stage::Hello) {
        return Vec::new();
    }
    let all: Vec<(String, u64)> = finding
        .arguments_most_first()
        .into_iter()
        .map(|(argument, sessions)| (describe(argument), *sessions))
        .collect();
    with_sessions(all, NAMED_TEXTS, finding.arguments_omitted, "and others")
}

/// The replies with the number of sessions of each; each by `describe`.
pub(super) fn refusals(finding: &Finding, describe: impl Fn(&str) -> String) -> Vec<String> {
    finding.refusals.most_frequent(NAMED_TEXTS, describe)
}

/// `in 3 captures of 2 tickets`; none where the run has one capture.
pub(super) fn places(finding: &Finding, totals: &Totals) -> Option<String> {
    let summary = totals.summary();
    let captures = (summary.captures > 1).then(|| count(finding.captures, "capture"))?;
    Some(match totals.tickets.are_several() {
        true => format!("{captures} of {}", count(finding.tickets, "ticket")),
        false => captures,
    })
}

/// `session 2.3, frames 5-9 of tickets/4711/a.pcap`: one session to look at.
pub(super) fn example(finding: &Finding, totals: &Totals) -> String {
    let example = &finding.example;
    let ((capture, session), (first, last)) = (example.key, example.frames);
    let frames = if first == last { format!("frame {first}") } else { format!("frames {first}-{last}") };
    if totals.summary().captures > 1 {
        let source = escape::text(example.source.as_bytes());
        format!("session {}.{session}, {frames} of {source}", capture + 1)
    } else {
        format!("session {session}, {frames}")
    }
}

/// What to do, as one text, with what is known of the products of either side.
pub(super) fn fix(finding: &Finding, totals: &Totals) -> String {
    let mut sentences = vec![format!("{}{}", place(finding.trouble.fault), finding.remedy())];
    if finding.trouble.rule.stage == Stage::Argument {
        let relays =
            totals.losing_relays_with(|relay| relay.client_product.is_some() && finding.clients.has(relay.client));
        let products = relays.iter().filter_map(|relay| relay.client_product.as_deref());
        let clients = products.filter_map(advice::where_to_set);
        let servers = finding.products.iter().filter_map(|product| advice::how_to_tolerate(product));
        sentences.extend(some_of(clients));
        sentences.extend(some_of(servers));
    }
    sentences.join(" ")
}

/// The first ones, each once.
fn some_of(sentences: impl Iterator<Item = String>) -> Vec<String> {
    let mut some: Vec<String> = Vec::new();
    for sentence in sentences {
        if some.len() < NAMED_PRODUCTS && !some.contains(&sentence) {
            some.push(sentence);
        }
    }
    some
}

/// A sentence on the findings that are not described; `hint` says where they are.
pub(super) fn rest(totals: &Totals, most: usize, hint: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let findings = totals.findings();
    let more = findings.iter().skip(most);
    let lost: u64 = more.clone().map(|finding| finding.sessions).sum();
    if lost > 0 {
        let all = count(more.count() as u64, "more finding");
        sentences.push(format!("And {all} with {}{hint}.", count(lost, "lost session")));
    }
    let other = totals.summary().other_findings_lost;
    if other > 0 {
        sentences.push(format!("{} more lost to other findings, which are only counted.", number(other)));
    }
    sentences
}
