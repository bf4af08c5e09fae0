//! What all sessions together come to.

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::schema;
use super::values::{AsText, Octets, Time};
use crate::report::totals::{Argument, Relay, Summary};

/// The sessions of one client to one server, of which at least one was lost.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Relay")]
pub(in crate::report) struct RelayObject<'a> {
    #[schemars(schema_with = "schema::ip")]
    client: AsText<IpAddr>,
    #[schemars(schema_with = "schema::ip")]
    server: AsText<IpAddr>,
    sessions: u64,
    lost: u64,
    /// The cause of most losses.
    #[schemars(schema_with = "schema::cause")]
    cause: Option<&'static str>,
    /// The malformed hello arguments of lost sessions.
    #[serde(serialize_with = "arguments")]
    #[schemars(with = "Vec<Octets<'a>>")]
    arguments: &'a [Argument],
    /// When the first session opened.
    first: Time,
    /// When the last session closed.
    last: Time,
    /// What the server's greeting says it is.
    product: Option<&'a str>,
    arguments_omitted: u64,
    first_lost: Option<Time>,
    last_lost: Option<Time>,
    /// Mean time from one lost session to the next.
    lost_every_ns: Option<i64>,
}

impl<'a> RelayObject<'a> {
    /// What a report says of `relay`.
    pub(in crate::report) fn new(relay: &'a Relay) -> Self {
        Self {
            client: AsText(relay.client),
            server: AsText(relay.server),
            sessions: relay.sessions,
            lost: relay.lost,
            cause: relay.losses().first().map(|loss| loss.rule.code),
            arguments: &relay.arguments,
            first: Time(relay.first),
            last: Time(relay.last),
            product: relay.product.as_deref(),
            arguments_omitted: relay.arguments_omitted,
            first_lost: relay.lost_span.map(|(first, _)| Time(first)),
            last_lost: relay.lost_span.map(|(_, last)| Time(last)),
            lost_every_ns: relay.lost_every_ns(),
        }
    }
}

fn arguments<S: Serializer>(arguments: &[Argument], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(arguments.iter().map(|argument| Octets(&argument.octets)))
}

/// How many captures and sessions there were, and what became of them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Summary")]
pub(in crate::report) struct SummaryObject<'a> {
    /// Captures read.
    captures: u64,
    /// Captures that could not be read, or not to their end.
    unreadable: u64,
    sessions: u64,
    delivered: u64,
    lost: u64,
    no_mail: u64,
    unknown: u64,
    /// Sessions lost, by cause.
    #[schemars(schema_with = "schema::by_cause")]
    by_cause: &'a BTreeMap<&'static str, u64>,
    /// Sessions of further pairs of client and server, over the bound of pairs kept apart.
    other_relays_sessions: u64,
    other_relays_lost: u64,
    /// Lookups of mail servers that failed, with no connection after them; they are no sessions.
    failed_lookups: u64,
}

impl<'a> SummaryObject<'a> {
    /// What a report says of `summary`.
    pub(in crate::report) const fn new(summary: &'a Summary) -> Self {
        Self {
            captures: summary.captures,
            unreadable: summary.unreadable,
            sessions: summary.sessions,
            delivered: summary.delivered,
            lost: summary.lost,
            no_mail: summary.no_mail,
            unknown: summary.unknown,
            by_cause: &summary.by_cause,
            other_relays_sessions: summary.other_relays_sessions,
            other_relays_lost: summary.other_relays_lost,
            failed_lookups: summary.failed_lookups,
        }
    }
}

/// The last line of all.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct SummaryLine<'a> {
    #[serde(rename = "type")]
    #[schemars(schema_with = "schema::summary_line")]
    line_type: &'static str,
    #[serde(flatten)]
    summary: SummaryObject<'a>,
    /// Pairs of client and server that lost sessions, those that lost most first.
    relays: Vec<RelayObject<'a>>,
}

impl<'a> SummaryLine<'a> {
    /// The line for these totals; `relays` are those that lost a session.
    pub(in crate::report) fn new(summary: &'a Summary, relays: &[&'a Relay]) -> Self {
        let relays = relays.iter().map(|relay| RelayObject::new(relay)).collect();
        Self { line_type: "summary", summary: SummaryObject::new(summary), relays }
    }
}
