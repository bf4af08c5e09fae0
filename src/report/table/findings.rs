//! What sessions were lost to, below the totals.

use super::footer::FooterLines;
use crate::report::escape;
use crate::report::finding::Finding;
use crate::report::findings::{self, MAX_FINDINGS};
use crate::report::relay::Argument;
use crate::report::run::Run;
use crate::report::words::number;

/// Columns an argument may have.
const ARGUMENT_COLUMNS: usize = 80;

/// Each finding with what to do, the one that most sessions were lost to first.
pub(super) fn describe_all(lines: &mut FooterLines, run: &Run) {
    for finding in run.totals.findings().into_iter().take(MAX_FINDINGS) {
        lines.blank();
        describe(lines, finding, run);
    }
    for sentence in findings::rest(&run.totals, MAX_FINDINGS, ": --format json") {
        lines.blank();
        lines.paragraph("", &sentence);
    }
}

fn describe(lines: &mut FooterLines, finding: &Finding, run: &Run) {
    let totals = &run.totals;
    let share = findings::share(finding, totals);
    let lead = format!("{:>6}  ", number(finding.sessions));
    lines.paragraph(&lead, &format!("{}: {}", finding.name(), findings::title(finding)));
    let place = findings::places(finding, totals).map(|places| format!(", in {places}")).unwrap_or_default();
    lines.paragraph("        who      ", &format!("{}{place}", findings::who(finding)));
    let arguments = findings::arguments(finding, argument).join(", ");
    if !arguments.is_empty() {
        lines.paragraph("        sends    ", &arguments);
    }
    let mut label = "        answers  ";
    for refusal in findings::refusals(finding, str::to_owned) {
        lines.paragraph(label, &refusal);
        label = "                 ";
    }
    let share = if totals.summary().sessions > 1 { format!("; {share}") } else { String::new() };
    lines.paragraph("        when     ", &format!("{}{share}", findings::when(finding, &run.options.zone)));
    lines.paragraph("        see      ", &findings::example(finding, totals));
    lines.paragraph("        fix      ", &findings::fix(finding, totals));
}

fn argument(argument: &Argument) -> String {
    let sent = escape::line(&argument.octets, ARGUMENT_COLUMNS);
    let verb = escape::text(argument.verb.as_bytes());
    match &argument.suggestion {
        Some(name) => format!("{verb} {sent} (should be: {verb} {})", escape::text(name.as_bytes())),
        None => format!("{verb} {sent}").trim_end().to_owned(),
    }
}
