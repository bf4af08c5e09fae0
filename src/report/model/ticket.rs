//! One ticket: what came in together, and what became of it.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::schema;
use super::source::{PathOctets, path_octets};
use super::values::counts;
use crate::report::{InputReport, Summary};

/// A ticket that ehlotrace read. Each folder, archive, mail or file in a given folder is a ticket, and so is anything
/// else that was given. Each ticket has its own relays.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Ticket"))]
pub(in crate::report) struct TicketObject<'a> {
    /// The number of the ticket, counted from 0. Its captures, sessions and relays have the same number.
    ticket: usize,
    /// The path of the folder, archive, mail or file.
    path: &'a str,
    /// The bytes of the path, in Base64. Present only if they are not Unicode.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "schema::base64"))]
    path_base64: Option<PathOctets<'a>>,
    /// The number of captures that ehlotrace read, to their end or to a damaged place. The parts of one capture count
    /// separately.
    captures: u64,
    /// The number of captures and other files that ehlotrace could not read, or not to their end.
    unreadable: u64,
    /// The number of files in folders and members of archives that are not captures.
    passed_over: u64,
    /// The number of captures that ehlotrace read and that are copies of other captures in the run. Their sessions
    /// count in those other captures.
    copies: u64,
    /// The number of sessions of the ticket, without those of copies.
    sessions: u64,
    delivered: u64,
    lost: u64,
    no_mail: u64,
    not_smtp: u64,
    unknown: u64,
    /// The number of lost sessions by the code of their cause.
    #[serde(serialize_with = "counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(schema_with = "schema::by_cause"))]
    by_cause: &'a BTreeMap<&'static str, u64>,
    /// Failed lookups of mail servers with no connection after them: deliveries that never started.
    never_started: u64,
    /// The number of lost sessions whose mail another session delivered right after.
    delivered_later: u64,
}

impl<'a> TicketObject<'a> {
    /// What a report says of the ticket with this number.
    pub(in crate::report) fn new(ticket: usize, report: &'a InputReport, summary: &'a Summary) -> Self {
        let InputReport { captures, unreadable, passed_over, copies, .. } = *report;
        Self {
            ticket,
            path: &report.source.path,
            path_base64: path_octets(&report.source),
            captures,
            unreadable,
            passed_over,
            copies,
            sessions: summary.sessions,
            delivered: summary.delivered,
            lost: summary.lost,
            no_mail: summary.no_mail,
            not_smtp: summary.not_smtp,
            unknown: summary.unknown,
            by_cause: &summary.by_cause,
            never_started: summary.never_started,
            delivered_later: summary.delivered_later,
        }
    }
}

/// The line of a ticket that was read.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct TicketLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::ticket_line"))]
    line_type: &'static str,
    #[serde(flatten)]
    object: TicketObject<'a>,
}

impl<'a> TicketLine<'a> {
    /// The line of the ticket with this number.
    pub(in crate::report) fn new(ticket: usize, report: &'a InputReport, summary: &'a Summary) -> Self {
        Self { line_type: "ticket", object: TicketObject::new(ticket, report, summary) }
    }
}
