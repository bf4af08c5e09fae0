//! Which columns a table has on a terminal of a given width, and how wide each is.

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};

use super::cell::{Part, wrap};
use super::row::TableRow;
use crate::diagnosis::{Fault, Outcome};
use crate::report::escape::{self, columns};
use crate::report::{ReportOptions, Show};
use crate::time::Zone;

/// Columns between two cells.
const GAP: usize = 2;
/// Addresses up to this width are kept in one line even on a narrow terminal.
const MAX_SOLID_WIDTH: usize = 28;
/// From this width on the time has a column of its own, below it stands under the session.
const WIDTH_WITH_TIME: usize = 110;
/// From this width on client and server stand side by side, not one below the other.
const WIDTH_SIDE_BY_SIDE: usize = 140;

/// A column of the table.
struct Column {
    /// Its heading, `UTC` in place of the zone of the times.
    title: &'static str,
    cell: fn(&TableRow) -> Vec<&Part>,
    /// The terminal's columns it gets before any gets more.
    min_width: usize,
}

const SESSION: Column =
    Column { title: "Session", cell: |row| std::iter::once(&row.number).chain(&row.frames).collect(), min_width: 14 };
const SESSION_IN_RUN: Column =
    Column { cell: |row| std::iter::once(&row.number_in_run).chain(&row.frames).collect(), ..SESSION };
const TIME: Column = Column { title: "Time (UTC)", cell: |row| row.time.iter().collect(), min_width: 12 };
const SESSION_AND_TIME: Column = Column {
    title: "Session, UTC",
    cell: |row| std::iter::once(&row.number).chain(&row.frames).chain(&row.time).collect(),
    min_width: TIME.min_width,
};
const SESSION_IN_RUN_AND_TIME: Column = Column {
    cell: |row| std::iter::once(&row.number_in_run).chain(&row.frames).chain(&row.time).collect(),
    ..SESSION_AND_TIME
};
const CLIENT: Column = Column { title: "Client", cell: |row| row.client.iter().collect(), min_width: 21 };
const SERVER: Column = Column { title: "Server", cell: |row| row.server.iter().collect(), min_width: 21 };
const ENDS: Column =
    Column { title: "Client, server", cell: |row| row.client.iter().chain(&row.server).collect(), min_width: 19 };
const HELLO: Column = Column { title: "Hello", cell: |row| row.hello.iter().collect(), min_width: 12 };
const REPLY: Column = Column { title: "Reply", cell: |row| row.reply.iter().collect(), min_width: 12 };
const CAUSE: Column = Column { title: "Cause", cell: |row| row.verdict.iter().collect(), min_width: 13 };
const OUTCOME: Column = Column { title: "Outcome", ..CAUSE };

/// The columns chosen, and the terminal's columns each has.
pub(super) struct Layout {
    columns: Vec<(Column, usize)>,
    zone: Zone,
    colour: bool,
}

impl Layout {
    /// Columns for all of `rows`, so that the tables of several captures line up; `are_several` says whether there are.
    pub(super) fn new<'r>(
        rows: impl Iterator<Item = &'r TableRow> + Clone,
        options: &ReportOptions,
        are_several: bool,
        width: usize,
    ) -> Self {
        let zone = &options.zone;
        let ends = if width < WIDTH_SIDE_BY_SIDE { vec![ENDS] } else { vec![CLIENT, SERVER] };
        let when = match (width < WIDTH_WITH_TIME, are_several) {
            (true, false) => vec![SESSION_AND_TIME],
            (true, true) => vec![SESSION_IN_RUN_AND_TIME],
            (false, false) => vec![SESSION, TIME],
            (false, true) => vec![SESSION_IN_RUN, TIME],
        };
        let last = if options.show == Show::All { OUTCOME } else { CAUSE };
        let chosen: Vec<Column> = when.into_iter().chain(ends).chain([HELLO, REPLY, last]).collect();
        let natural: Vec<usize> = chosen.iter().map(|column| natural_width(column, rows.clone(), zone)).collect();
        let total = width.saturating_sub(GAP * chosen.len().saturating_sub(1));
        let min: Vec<usize> = chosen
            .iter()
            .map(|column| min_width(column, rows.clone(), total / 4).max(zone_width(column, zone)))
            .collect();
        let widths = share(total, &natural, &min);
        Self { columns: chosen.into_iter().zip(widths).collect(), zone: zone.clone(), colour: options.colour }
    }

    /// The lines of a table of `rows`.
    pub(super) fn table<'r>(&self, rows: impl Iterator<Item = &'r TableRow>) -> String {
        let mut table = bare();
        table.set_content_arrangement(ContentArrangement::Disabled);
        if self.colour {
            table.enforce_styling();
        }
        table.set_header(self.columns.iter().map(|(column, width)| Cell::new(heading(column, *width, &self.zone))));
        for (at, row) in rows.enumerate() {
            if at > 0 {
                table.add_row([""]);
            }
            table.add_row(self.columns.iter().map(|(column, width)| self.cell(column, *width, row)));
        }
        let last = self.columns.len().saturating_sub(1);
        for (at, (column, (_, width))) in table.column_iter_mut().zip(&self.columns).enumerate() {
            let gap = if at == last { 0 } else { GAP };
            column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
            let width = u16::try_from(width + gap).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        table.trim_fmt()
    }

    fn cell(&self, column: &Column, width: usize, row: &TableRow) -> Cell {
        let lines: Vec<String> = (column.cell)(row).into_iter().flat_map(|part| part.lines(width)).collect();
        let cell = Cell::new(lines.join("\n"));
        if self.colour && std::ptr::fn_addr_eq(column.cell, CAUSE.cell) { cell.fg(colour(row)) } else { cell }
    }
}

/// A table with nothing but a line below its heading.
pub(super) fn bare() -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('-')));
    table.force_no_tty();
    table
}

const fn colour(row: &TableRow) -> Color {
    match (row.outcome, row.fault) {
        (Outcome::Lost, Some(Fault::Client)) => Color::Red,
        (Outcome::Lost, Some(Fault::Server)) => Color::Magenta,
        (Outcome::Lost, _) => Color::Yellow,
        (Outcome::Delivered, _) => Color::Green,
        (Outcome::NoMail | Outcome::NotSmtp | Outcome::Unknown, _) => Color::Cyan,
    }
}

/// The heading of a column: a zone that is too long for the line stands in one of its own.
fn heading(column: &Column, width: usize, zone: &Zone) -> String {
    match title(column, zone) {
        title if title == column.title => escape::cut(&title, width),
        title => wrap(&title, width, 2).join("\n"),
    }
}

fn title(column: &Column, zone: &Zone) -> String {
    column.title.replace(Zone::default().name(), zone.name())
}

/// The columns of the terminal that the name of a zone other than UTC gets in a heading.
fn zone_width(column: &Column, zone: &Zone) -> usize {
    const MOST: usize = 20;
    if title(column, zone) == column.title { 0 } else { columns(zone.name()).min(MOST) }
}

fn natural_width<'r>(column: &Column, rows: impl Iterator<Item = &'r TableRow>, zone: &Zone) -> usize {
    let widest = rows.flat_map(column.cell).map(Part::natural_width).max().unwrap_or(0);
    widest.max(columns(&title(column, zone)))
}

/// Its least width, more where that keeps addresses and hellos whole, but not without bound: IPv6 addresses have up to
/// 47 characters with their port, hellos any number.
fn min_width<'r>(column: &Column, rows: impl Iterator<Item = &'r TableRow>, max_hello: usize) -> usize {
    let whole = rows.flat_map(column.cell).map(|part| match part {
        Part::Solid(_) => part.natural_width().min(MAX_SOLID_WIDTH),
        Part::Hello(hello) => hello.line_width().min(max_hello),
        Part::Words(_) => 0,
    });
    whole.max().unwrap_or(0).max(column.min_width)
}

/// Shares `total` among columns: each gets its least, then the narrowest first what it still would like.
fn share(total: usize, natural: &[usize], min: &[usize]) -> Vec<usize> {
    let mut widths: Vec<usize> = natural.iter().zip(min).map(|(natural, min)| *natural.min(min)).collect();
    while widths.iter().sum::<usize>() > total {
        match widths.iter_mut().max() {
            Some(widest) if *widest > 1 => *widest -= 1,
            _ => break,
        }
    }
    while widths.iter().sum::<usize>() < total {
        let wanting = widths.iter_mut().zip(natural).filter(|(width, natural)| **width < **natural);
        match wanting.map(|(width, _)| width).min() {
            Some(narrowest) => *narrowest += 1,
            None => break,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_columns_are_served_first_and_the_total_is_kept() {
        for (total, natural, min, widths) in [
            (100, &[10, 20, 30][..], &[5, 5, 5][..], &[10, 20, 30][..]),
            (40, &[10, 20, 30], &[5, 5, 5], &[10, 15, 15]),
            (40, &[10, 12, 90], &[5, 5, 5], &[10, 12, 18]),
            (12, &[10, 20, 30], &[5, 5, 5], &[4, 4, 4]),
            (1, &[9, 9], &[5, 5], &[1, 1]),
        ] {
            assert_eq!(share(total, natural, min), widths);
        }
    }
}
