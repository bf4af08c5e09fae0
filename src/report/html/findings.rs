//! What sessions were lost to, the most frequent first: what the page leads with.

use maud::{Markup, html};

use super::sections;
use super::session::shown;
use crate::report::finding::Finding;
use crate::report::findings;
use crate::report::relay::Argument;
use crate::report::run::Run;
use crate::report::words::number;

/// Findings described; the rest are counted.
const MOST: usize = 50;
/// Findings whose remedy is open.
const OPEN: usize = 3;

/// The number of each finding that is described, and its title.
pub(super) fn names(run: &Run) -> Vec<(usize, String)> {
    let described = run.totals.findings().into_iter().take(MOST);
    described.map(|finding| (finding.number + 1, findings::title(finding))).collect()
}

/// The section.
pub(super) fn section(run: &Run) -> Markup {
    let all = run.totals.findings();
    if all.is_empty() {
        return Markup::default();
    }
    let rows =
        html! { @for (at, finding) in all.iter().take(MOST).enumerate() { (row(finding, run, at < OPEN)) "\n" } };
    let heads = ["Sessions", "What happened", "Who", "Sends, is answered", "When"];
    let content = html! {
        (sections::table("findings", "What sessions were lost to, the most frequent first", &heads, &rows))
        @for sentence in findings::rest(&run.totals, MOST, ": --format json") { p { (sentence) } }
    };
    sections::section("findings", "What they were lost to", &content)
}

fn row(finding: &Finding, run: &Run, is_open: bool) -> Markup {
    let totals = &run.totals;
    let arguments = findings::arguments(finding, argument);
    let refusals = findings::refusals(finding, |text| text.to_owned());
    let ((capture, session), _) = (finding.example.key, finding.example.frames);
    let open = match totals.summary().captures {
        0 | 1 => format!("#open={session}"),
        _ => format!("#open={}.{session}", capture + 1),
    };
    html! {
        tr {
            td.number { strong.lost { (number(finding.sessions)) } div.small { (findings::share(finding, totals)) } }
            th scope="row" {
                a href=(format!("#finding={}", finding.number + 1)) { code { (finding.name()) } }
                ": " (findings::title(finding))
                details open[is_open] {
                    summary { "What to do" }
                    p { (sections::code_marked(&findings::fix(finding, totals))) }
                }
            }
            td {
                (findings::who(finding))
                @if let Some(places) = findings::places(finding, totals) { div.small { "in " (places) } }
            }
            td {
                @for argument in arguments { div { code.bad[!finding.trouble.problems.is_empty()] { (argument) } } }
                @for refusal in refusals { div { code { (refusal) } } }
            }
            td {
                (findings::when(finding, &run.options.zone))
                div { a href=(open) { "an example" } }
            }
        }
    }
}

fn argument(argument: &Argument) -> String {
    format!("{} {}", argument.verb, shown(&argument.octets)).trim_end().to_owned()
}
