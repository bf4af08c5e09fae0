//! A page for a browser: one file that needs no network and no other file, with every session drawn out.
//!
//! Sessions are written to spools as they close, lost ones apart, and stand in the page as JSON; its script builds the
//! rows a hundred at a time and a ladder when its session is opened. A policy in the page allows its own script
//! and style by their hashes and nothing else, so text of a capture could run nothing even if it broke out of its place.

mod chart;
mod events;
mod findings;
mod page;
mod relays;
mod sections;
mod session;
#[cfg(test)]
mod tests;

use std::io::{self, BufWriter, Write};

use maud::Markup;
use serde::Serialize as _;

use self::session::PageSession;
use super::ReportOptions;
use super::digest::Digest;
use super::escape::SafeJson;
use super::run::{Form, Rows, Run};
use super::spool::Spool;
use crate::diagnosis::Outcome;
use crate::limits::Limits;
use crate::time::Zone;

/// Gathers sessions and writes the page at the end.
pub(super) struct Html<'w> {
    out: Box<dyn Write + 'w>,
    limits: Limits,
    zone: Zone,
    lost: Spool,
    others: Spool,
    /// Rows of lost sessions for a browser without scripts.
    plain_rows: Rows<Markup>,
    object: Vec<u8>,
}

impl<'w> Html<'w> {
    pub(super) fn new(options: &ReportOptions, out: Box<dyn Write + 'w>) -> Self {
        let limits = options.limits.clone();
        let (lost, others) = (Spool::new(limits.spool_octets), Spool::new(limits.spool_octets));
        Self {
            out,
            lost,
            others,
            plain_rows: Rows::new(limits.table_rows),
            zone: options.zone.clone(),
            limits,
            object: Vec::new(),
        }
    }

    /// Keeps a session for the page as long as there is room.
    fn keep(&mut self, page_session: &PageSession, is_lost: bool) -> io::Result<()> {
        let spool = if is_lost { &mut self.lost } else { &mut self.others };
        if spool.len() >= self.limits.page_sessions || spool.octets() >= self.limits.page_octets {
            return Ok(());
        }
        self.object.clear();
        page_session
            .serialize(&mut serde_json::Serializer::with_formatter(&mut self.object, SafeJson { in_script: true }))?;
        let key = (page_session.capture, page_session.number);
        spool.add(key, &self.object)?;
        if is_lost {
            self.plain_rows.keep(key, || sections::plain_row(page_session));
        }
        Ok(())
    }

    /// How many of the sessions that are not lost still have a place beside the lost ones.
    fn others_listed(&mut self) -> usize {
        let room = self.limits.page_sessions.saturating_sub(self.lost.len());
        self.others.number_within(self.limits.page_octets.saturating_sub(self.lost.octets())).min(room)
    }

    /// The sessions as a JSON array, one a line.
    fn write_sessions(&mut self, out: &mut impl Write) -> io::Result<()> {
        let others = self.others_listed();
        out.write_all(b"[")?;
        self.lost.copy("\n", ",\n", usize::MAX, out)?;
        let before = if self.lost.len() == 0 { "\n" } else { ",\n" };
        self.others.copy(before, ",\n", others, out)?;
        out.write_all(b"\n]")
    }
}

impl Form for Html<'_> {
    fn session(&mut self, digest: &Digest<'_>) -> io::Result<()> {
        self.keep(&PageSession::new(digest, &self.zone), digest.diagnosis.outcome == Outcome::Lost)
    }

    fn forget(&mut self, capture: usize) -> io::Result<()> {
        self.plain_rows.forget(capture);
        self.lost.forget(capture)?;
        self.others.forget(capture)
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        let mut out = std::mem::replace(&mut self.out, Box::new(io::sink()));
        let mut buffered = BufWriter::new(&mut out);
        page::write(self, run, &mut buffered)?;
        buffered.flush()
    }
}
