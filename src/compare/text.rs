//! A comparison as text for people.

use super::side::Losses;
use super::state::{Comparison, Row};
use super::words::{self, MOST_ROWS, line};
use crate::report::escape;
use crate::report::words::number;
use crate::time::Zone;

/// The whole comparison.
pub(super) fn text(comparison: &Comparison, zone: &Zone) -> String {
    let mut text = String::new();
    for (name, side) in [("Before", &comparison.before), ("After", &comparison.after)] {
        let path = escape::text(side.name.as_bytes());
        text.push_str(&format!("{:<8}{path}: {}\n", format!("{name}:"), words::side(side, zone)));
    }
    text.push_str(&format!("\n{}.\n", capital(&words::states(comparison))));
    text.extend(words::notes(comparison).iter().map(|note| format!("Note: {note}\n")));
    text.extend(comparison.rows.iter().take(MOST_ROWS).map(|row| format!("\n{}", block(row, zone))));
    if let Some(more) = comparison.rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        text.push_str(&format!("\nAnd {} more: --format json.\n", number(more as u64)));
    }
    text
}

fn block(row: &Row, zone: &Zone) -> String {
    let state = words::title(row.state.code()).to_uppercase();
    let mut lines = vec![format!("{state}: {} to {}: {}", row.client, row.server, words::trouble(&row.trouble))];
    lines.extend(words::meaning(&row.trouble).map(|meaning| item("what", meaning)));
    lines.push(item("before", &words::losses(row.before.as_ref(), row.all_before, zone)));
    lines.push(item("after", &words::losses(row.after.as_ref(), row.all_after, zone)));
    lines.extend(said("sends", row, words::hellos));
    lines.extend(said("answers", row, words::answers));
    lines.extend(words::why(row).map(|why| item("note", &why)));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What was said: once where it was the same before and after.
fn said(name: &str, row: &Row, of: fn(&Losses) -> Vec<String>) -> Vec<String> {
    let said = |losses: &Option<Losses>| losses.as_ref().map(of).unwrap_or_default().join(", ");
    let (before, after) = (said(&row.before), said(&row.after));
    let is_one = before == after || before.is_empty() || after.is_empty();
    match (before.is_empty(), after.is_empty()) {
        (true, true) => Vec::new(),
        _ if is_one => vec![item(name, &line(if after.is_empty() { &before } else { &after }))],
        _ => vec![item(name, &format!("before: {}", line(&before))), item("", &format!("after: {}", line(&after)))],
    }
}

fn item(name: &str, text: &str) -> String {
    format!("  {name:<8} {text}")
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at_checked(1).unwrap_or_default();
    format!("{}{rest}", first.to_ascii_uppercase())
}
