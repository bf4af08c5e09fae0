//! The pairs of client and server that lost sessions, a line each.

use comfy_table::{CellAlignment, ContentArrangement};

use super::footer::FooterLines;
use super::layout::bare;
use crate::report::escape;
use crate::report::relay::Relay;
use crate::report::relays::{self, causes};
use crate::report::run::Run;
use crate::report::words::{count, date_and_time, number};

/// Relays listed; the rest are counted.
const MOST: usize = 20;
/// Columns of a ticket's name.
const TICKET_COLUMNS: usize = 30;

/// A table of the relays, where there are several; of a single one the findings say all.
pub(super) fn list(lines: &mut FooterLines, run: &Run) {
    let zone = &run.options.zone;
    let losing = run.totals.losing_relays();
    match losing.as_slice() {
        [] => {}
        [_] if run.totals.summary().sessions == 1 => {}
        [relay] if run.totals.summary().other_relays_lost == 0 => {
            lines.blank();
            let of = format!("{} of {}", number(relay.lost), count(relay.sessions, "session"));
            let ends = format!("from {}{} to {}", relay.client, by_proxy(relay), relay.server);
            let changes: String =
                relays::changes(relay, zone).iter().map(|change| format!(" The relay {change}.")).collect();
            lines.paragraph("", &format!("{of} {ends} lost.{changes}"));
        }
        losing => {
            lines.blank();
            lines.block(&table(losing, run, lines.width()));
            for relay in losing.iter().take(MOST) {
                for change in relays::changes(relay, zone) {
                    lines.paragraph("  ", &format!("{} to {}: {change}.", relay.client, relay.server));
                }
            }
        }
    }
    for sentence in relays::rest(&run.totals, MOST, ": --format json") {
        lines.blank();
        lines.paragraph("", &sentence);
    }
}

fn by_proxy(relay: &Relay) -> String {
    relay.proxy.map(|proxy| format!(" (by proxy {proxy})")).unwrap_or_default()
}

fn table(losing: &[&Relay], run: &Run, width: usize) -> String {
    let zone = &run.options.zone;
    let are_several = run.totals.tickets.are_several();
    let mut table = bare();
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    let heads = ["Client", "Server", "Lost", "Cause"].map(str::to_owned);
    let times = ["First lost", "Last lost"].map(|title| format!("{title} ({})", zone.name()));
    table.set_header(heads.into_iter().chain(times).chain(are_several.then(|| "Ticket".to_owned())));
    for relay in losing.iter().take(MOST) {
        let (first, last) = relay.lost_span.unwrap_or((relay.first, relay.last));
        let product = relay.product.as_deref().map(|name| format!(" [{}]", escape::text(name.as_bytes())));
        let cells = [
            format!("{}{}", relay.client, by_proxy(relay)),
            format!("{}{}", relay.server, product.unwrap_or_default()),
            format!("{} of {}", number(relay.lost), number(relay.sessions)),
            causes(&relay.losses()),
            date_and_time(first, zone),
            date_and_time(last, zone),
        ];
        let ticket = are_several.then(|| escape::line(relay.ticket.path.as_bytes(), TICKET_COLUMNS));
        table.add_row(cells.into_iter().chain(ticket));
    }
    let last = table.column_count().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at == last { 0 } else { 2 }));
    }
    if let Some(lost) = table.column_mut(2) {
        lost.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}
