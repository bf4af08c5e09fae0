//! The relays that lost sessions, a row each, with a strip of their outcomes.

use maud::{Markup, html};

use super::session::{relay_key, shown};
use super::{chart, sections};
use crate::report::escape;
use crate::report::relay::{Argument, Relay};
use crate::report::relays::{self, causes};
use crate::report::run::Run;
use crate::report::words::{count, date_and_time, number};

/// Relays listed; the rest are counted.
const MOST: usize = 200;

/// The section: those that lost most first.
pub(super) fn section(run: &Run) -> Markup {
    let totals = &run.totals;
    let losing = totals.losing_relays();
    if losing.is_empty() {
        return Markup::default();
    }
    let zone = run.options.zone.name();
    let (first, last) = (format!("First lost ({zone})"), format!("Last lost ({zone})"));
    let mut heads = vec!["Client", "Server", "Lost", "Over time", "Cause", &first, &last];
    heads.extend(totals.tickets.are_several().then_some("Ticket"));
    let rows = html! { @for relay in losing.iter().take(MOST) { (row(relay, run)) "\n" } };
    let content = html! {
        (sections::table("relays", "Pairs of client and server that lost sessions", &heads, &rows))
        @for sentence in relays::rest(totals, MOST, ": --format json") { p { (sentence) } }
    };
    sections::section("relays", "Relays that lost sessions", &content)
}

fn row(relay: &Relay, run: &Run) -> Markup {
    let zone = &run.options.zone;
    let key = relay_key(relay.ticket.number, relay.client, relay.server);
    let (first, last) = relay.lost_span.unwrap_or((relay.first, relay.last));
    html! {
        tr {
            th scope="row" {
                span.address { (relay.client) }
                @if let Some(proxy) = relay.proxy { " (by proxy " span.address { (proxy) } ")" }
            }
            td {
                span.address { (relay.server) }
                @if let Some(product) = &relay.product { div.small { (escape::text(product.as_bytes())) } }
            }
            td.number data-value=(relay.lost) {
                a href=(format!("#relay={key}")) { (number(relay.lost)) " of " (number(relay.sessions)) }
            }
            td { (chart::strip(relay, zone)) }
            td {
                code { (causes(&relay.losses())) }
                @for change in relays::changes(relay, zone) { p.change { (sections::code_marked(&change)) "." } }
                (more(relay, run))
            }
            td data-value=(first.as_nanos()) { (date_and_time(first, zone)) }
            td data-value=(last.as_nanos()) { (date_and_time(last, zone)) }
            @if run.totals.tickets.are_several() { td { code { (escape::text(relay.ticket.path.as_bytes())) } } }
        }
    }
}

/// What is said of it when it is opened.
fn more(relay: &Relay, run: &Run) -> Markup {
    let item = |term: &str, content: Markup| html! { div { dt { (term) } dd { (content) } } };
    let list = |texts: Vec<String>| html! { ul { @for text in texts { li { code { (text) } } } } };
    let sent = html! {
        ul {
            @for sent in &relay.arguments { (argument(sent)) }
            @if relay.arguments_omitted > 0 { li { "and others, " (count(relay.arguments_omitted, "time")) } }
        }
    };
    html! {
        details {
            summary { "More" }
            dl {
                @if !relay.arguments.is_empty() { (item("Sends", sent)) }
                @if let Some(when) = relays::when(relay, &run.options.zone) { (item("When", html! { (when) })) }
                @if run.totals.summary().captures > 1 { (item("In", list(relays::captures(relay, true)))) }
                @if !relay.refusals.kept.is_empty() { (item("Answers", list(relay.refusals.in_words()))) }
                @for remedy in relays::remedies(relay) { (item("Fix", sections::code_marked(&remedy))) }
            }
        }
    }
}

fn argument(argument: &Argument) -> Markup {
    let sent = format!("{} {}", argument.verb, shown(&argument.octets));
    html! {
        li {
            code.bad[argument.is_malformed] { (sent.trim_end()) }
            @if let Some(name) = &argument.suggestion {
                ", should be " code.good { (argument.verb) " " (name) }
            } @else if argument.is_malformed { ", malformed" }
        }
    }
}
