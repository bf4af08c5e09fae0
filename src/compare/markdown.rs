//! A comparison in Markdown. Everything of a capture or a report stands in code spans.

use super::side::Losses;
use super::state::{Comparison, Row};
use super::words::{self, MOST_ROWS};
use crate::report::markdown::code;
use crate::report::words::number;
use crate::time::Zone;

/// The whole comparison.
pub(super) fn markdown(comparison: &Comparison, zone: &Zone) -> String {
    let mut text = format!("## Compared: {}\n\n| | what | sessions |\n|---|---|---|\n", words::states(comparison));
    for (name, side) in [("before", &comparison.before), ("after", &comparison.after)] {
        text.push_str(&format!("| {name} | {} | {} |\n", code(&side.name), words::side(side, zone)));
    }
    let notes = words::notes(comparison);
    if !notes.is_empty() {
        text.push_str("\n## Notes\n\n");
        text.extend(notes.iter().map(|note| format!("- {}\n", code(note))));
    }
    if comparison.rows.is_empty() {
        return text;
    }
    text.push_str("\n## What became of it\n\n| state | client | server | cause | before | after | sends | answers |\n");
    text.push_str("|---|---|---|---|---|---|---|---|\n");
    text.extend(comparison.rows.iter().take(MOST_ROWS).map(|shown| row(shown, zone)));
    if let Some(more) = comparison.rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        text.push_str(&format!("\nAnd {} more: `--format json`.\n", number(more as u64)));
    }
    text
}

fn row(row: &Row, zone: &Zone) -> String {
    let why = words::why(row).map(|why| format!(": {why}")).unwrap_or_default();
    format!(
        "| {}{why} | {} | {} | {} | {} | {} | {} | {} |\n",
        words::title(row.state.code()),
        code(&row.client.to_string()),
        code(&row.server.to_string()),
        code(&words::trouble(&row.trouble)),
        words::losses(row.before.as_ref(), row.all_before, zone),
        words::losses(row.after.as_ref(), row.all_after, zone),
        said(row, words::hellos),
        said(row, words::answers),
    )
}

/// What was said: once where it was the same before and after.
fn said(row: &Row, of: fn(&Losses) -> Vec<String>) -> String {
    let said = |losses: &Option<Losses>| {
        let said = losses.as_ref().map(of).unwrap_or_default();
        said.iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")
    };
    let (before, after) = (said(&row.before), said(&row.after));
    match (before.is_empty(), after.is_empty()) {
        (_, true) => before,
        (true, _) => after,
        _ if before == after => after,
        _ => format!("{before}, then {after}"),
    }
}
