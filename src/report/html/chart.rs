//! Pictures of time: all sessions, and those of one relay. They are drawn as the page is written and need no script.

use maud::{Markup, html};

use super::sections;
use crate::diagnosis::Rule;
use crate::report::relay::Relay;
use crate::report::run::Run;
use crate::report::timeline::Bars;
use crate::report::volume::Volume;
use crate::report::words::{count, date_and_time, number, span};
use crate::time::{Timestamp, Zone};

/// Bars of the picture.
const BARS: usize = 96;
/// Bars of a relay's strip.
const STRIP_BARS: usize = 48;
/// Causes with a colour of their own.
const CAUSES: usize = 4;
/// Units of the drawing: the width of a bar, and the height of the half above and of the half below the line.
const BAR: u64 = 10;
const HALF: u64 = 100;

/// A picture with its numbers; none where all sessions fall into one bar, which shows nothing.
fn bars(run: &Run) -> Option<Bars<Volume>> {
    run.totals.timeline().bars(BARS).filter(|bars| bars.bars.len() > 1)
}

fn time_of(bars: &Bars<Volume>, bar: usize) -> Timestamp {
    let since = i128::from(bars.width_ns) * i128::try_from(bar).unwrap_or(0);
    Timestamp::from_nanos_i128(i128::from(bars.start.as_nanos()) + since)
}

/// When each bar begins, and when the last one ends; nothing where there is no picture.
pub(super) fn times(run: &Run) -> Vec<String> {
    let Some(bars) = bars(run) else { return Vec::new() };
    (0..=bars.bars.len()).map(|bar| date_and_time(time_of(&bars, bar), &run.options.zone)).collect()
}

/// The section with the picture of all sessions.
pub(super) fn section(run: &Run) -> Markup {
    let Some(bars) = bars(run) else { return Markup::default() };
    let causes = run.totals.summary().causes();
    let named: Vec<&'static Rule> = causes.iter().take(CAUSES).map(|(rule, _)| *rule).collect();
    let zone = &run.options.zone;
    let width = span(bars.width_ns);
    let content = html! {
        figure.chart {
            (drawing(&bars, &named, zone))
            div.axis aria-hidden="true" {
                span { (date_and_time(bars.start, zone)) }
                span { (zone.name()) ", a bar is " (width) }
                span { (date_and_time(time_of(&bars, bars.bars.len()), zone)) }
            }
            figcaption {
                ul.legend {
                    @for (at, rule) in named.iter().enumerate() {
                        @let sessions: u64 = bars.bars.iter().map(|bar| bar.lost_to(rule)).sum();
                        @if sessions > 0 { (key(&format!("c{at}"), rule.code, sessions)) }
                    }
                    @let others: u64 = bars.bars.iter().map(|bar| rest(bar, &named)).sum();
                    @if others > 0 { (key("c4", "lost to other causes", others)) }
                    (key("ok", "delivered", bars.bars.iter().map(|bar| bar.delivered).sum()))
                    @let neither: u64 = bars.bars.iter().map(|bar| bar.others).sum();
                    @if neither > 0 { (key("neither", "neither", neither)) }
                }
            }
            p #brush-hint hidden { "Drag over the picture to list the sessions of that time." }
        }
        details.numbers { summary { "The numbers" } (numbers(&bars, &named, zone)) }
    };
    sections::section("time", "Sessions over time", &content)
}

fn key(class: &str, name: &str, sessions: u64) -> Markup {
    html! { li { span class=(format!("swatch {class}")) {} (name) " (" (number(sessions)) ")" } }
}

/// Lost to causes that have no colour of their own.
fn rest(bar: &Volume, named: &[&'static Rule]) -> u64 {
    bar.lost() - named.iter().map(|rule| bar.lost_to(rule)).sum::<u64>()
}

/// `sessions` as a height, at least one unit where there are any.
fn height(sessions: u64, most: u64) -> u64 {
    if sessions == 0 { 0 } else { (sessions.saturating_mul(HALF) / most.max(1)).clamp(1, HALF) }
}

fn drawing(bars: &Bars<Volume>, named: &[&'static Rule], zone: &Zone) -> Markup {
    let most_lost = bars.bars.iter().map(Volume::lost).max().unwrap_or(0);
    let most_below = bars.bars.iter().map(|bar| bar.delivered + bar.others).max().unwrap_or(0);
    let view = format!("0 0 {} {}", bars.bars.len() as u64 * BAR, 2 * HALF + 1);
    let (first, last) = (bars.start, time_of(bars, bars.bars.len()));
    let summary = format!(
        "Sessions from {} to {} {}, in bars of {}. Above the line the lost ones, at most {} in a bar; below it the others, \
         at most {} in a bar.",
        date_and_time(first, zone),
        date_and_time(last, zone),
        zone.name(),
        span(bars.width_ns),
        number(most_lost),
        number(most_below)
    );
    html! {
        div.plot {
            div.scale aria-hidden="true" {
                span { (number(most_lost)) " lost" }
                span { (number(most_below)) " not lost" }
            }
            svg #over-time role="img" aria-label=(summary) viewBox=(view) preserveAspectRatio="none" {
                @for (at, bar) in bars.bars.iter().enumerate() {
                    (column(at as u64 * BAR, bar, named, (most_lost, most_below), &told(bar, time_of(bars, at), zone)))
                }
                line.base x1="0" x2=(bars.bars.len() as u64 * BAR) y1=(HALF) y2=(HALF) {}
                rect #brush x="0" y="0" width="0" height=(2 * HALF + 1) {}
            }
        }
    }
}

/// `2003-04-15 12:00:00 UTC: 1 lost, 2 delivered`.
fn told(bar: &Volume, time: Timestamp, zone: &Zone) -> String {
    let (lost, delivered, others) = (bar.lost(), bar.delivered, bar.others);
    let neither = if others > 0 { format!(", {} neither", number(others)) } else { String::new() };
    format!(
        "{} {}: {} lost, {} delivered{neither}",
        date_and_time(time, zone),
        zone.name(),
        number(lost),
        number(delivered)
    )
}

fn column(x: u64, bar: &Volume, named: &[&'static Rule], most: (u64, u64), told: &str) -> Markup {
    let parts = named.iter().enumerate().map(|(at, rule)| (format!("c{at}"), bar.lost_to(rule)));
    let parts: Vec<(String, u64)> = parts.chain([("c4".to_owned(), rest(bar, named))]).collect();
    let rect = |class: &str, y: u64, height: u64| {
        html! { @if height > 0 { rect class=(class) x=(x + 1) y=(y) width=(BAR - 2) height=(height) {} } }
    };
    let (all_lost, all_below) = (height(bar.lost(), most.0), height(bar.delivered + bar.others, most.1));
    // Each part ends where the sum up to it does, so that rounding leaves no gap.
    let tops = parts.iter().scan((0, 0), |(sum, top), (class, sessions)| {
        *sum += sessions;
        let end = sum.saturating_mul(all_lost).checked_div(bar.lost()).unwrap_or(0);
        let part = (class, end - *top, HALF - end);
        *top = end;
        Some(part)
    });
    let delivered = all_below.saturating_mul(bar.delivered).checked_div(bar.delivered + bar.others).unwrap_or(0);
    html! {
        @if bar.lost() + bar.delivered + bar.others > 0 {
            g {
                title { (told) }
                @for (class, height, y) in tops { (rect(class, y, height)) }
                (rect("ok", HALF + 1, delivered))
                (rect("neither", HALF + 1 + delivered, all_below - delivered))
            }
        }
    }
}

/// The bars in which something happened, as a table.
fn numbers(bars: &Bars<Volume>, named: &[&'static Rule], zone: &Zone) -> Markup {
    let time = format!("From ({})", zone.name());
    let mut heads = vec![time.as_str()];
    heads.extend(named.iter().map(|rule| rule.code));
    heads.extend(["other causes", "delivered", "neither"]);
    let told = bars.bars.iter().enumerate().filter(|(_, bar)| **bar != Volume::default());
    let rows = html! {
        @for (at, bar) in told {
            tr {
                th scope="row" { (date_and_time(time_of(bars, at), zone)) }
                @for rule in named { td.number { (number(bar.lost_to(rule))) } }
                @for sessions in [rest(bar, named), bar.delivered, bar.others] { td.number { (number(sessions)) } }
            }
            "\n"
        }
    };
    html! { div.scroll tabindex="0" role="region" aria-label="Sessions over time" { (sections::table("time", "Sessions over time", &heads, &rows)) } }
}

/// The outcomes of a relay over time: lost ones from above, delivered ones from below.
pub(super) fn strip(relay: &Relay, zone: &Zone) -> Markup {
    let Some(bars) = relay.timeline().bars(STRIP_BARS) else { return Markup::default() };
    let view = format!("0 0 {} {HALF}", bars.bars.len() as u64 * BAR);
    let from = format!("{} {}", date_and_time(relay.first, zone), zone.name());
    let told = format!(
        "{} of {} lost, from {from} to {}",
        number(relay.lost),
        count(relay.sessions, "session"),
        date_and_time(relay.last, zone)
    );
    html! {
        svg.strip role="img" aria-label=(told) viewBox=(view) preserveAspectRatio="none" {
            title { (told) }
            @for (at, bar) in bars.bars.iter().enumerate() {
                @let (lost, delivered) = (bar.lost(), bar.delivered.sessions);
                @let all = lost + delivered + bar.others;
                @let lost_height = height(lost, all);
                @let delivered_height = height(delivered, all).min(HALF - lost_height);
                @let x = at as u64 * BAR;
                @if all > 0 { rect.neither x=(x) y="0" width=(BAR) height=(HALF) {} }
                @if lost > 0 { rect.lost x=(x) y="0" width=(BAR) height=(lost_height) {} }
                @if delivered > 0 { rect.ok x=(x) y=(HALF - delivered_height) width=(BAR) height=(delivered_height) {} }
            }
        }
    }
}
