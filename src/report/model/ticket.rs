//! One ticket: what came in together, and what became of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::schema;
use super::source::{PathOctets, path_octets};
use super::values::counts;
use crate::report::{InputReport, Summary};

/// A ticket that was read: a folder, archive, mail or file in a folder that was given, or what was given itself. Relays are a
/// ticket's own.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Ticket")]
pub(in crate::report) struct TicketObject<'a> {
    /// Its number, counted from 0: that of its captures, sessions and relays.
    ticket: usize,
    /// The path of the folder, archive, mail or file.
    path: &'a str,
    /// The octets of the path, in Base64; only where they are no Unicode.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::base64")]
    path_base64: Option<PathOctets<'a>>,
    /// Captures that were read, to their end or to damage; those read as parts of one count each.
    captures: u64,
    /// Captures and others that could not be read, or not to their end.
    unreadable: u64,
    /// Files in folders and members of archives that are no captures.
    passed_over: u64,
    /// Of the captures read those that are copies of others in the run, whose sessions are counted there.
    copies: u64,
    /// Its sessions, those of copies aside.
    sessions: u64,
    delivered: u64,
    lost: u64,
    no_mail: u64,
    not_smtp: u64,
    unknown: u64,
    /// Lost sessions by the code of their cause.
    #[serde(serialize_with = "counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::by_cause")]
    by_cause: &'a BTreeMap<&'static str, u64>,
    /// Lookups of mail servers that failed, with no connection after them: deliveries that never started.
    never_started: u64,
    /// Of the lost sessions those whose mail another session delivered right after.
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
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct TicketLine<'a> {
    #[serde(rename = "type")]
    #[schemars(schema_with = "schema::ticket_line")]
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
