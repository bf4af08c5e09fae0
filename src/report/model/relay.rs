//! What all sessions together come to.

use std::net::IpAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

#[cfg(test)]
use super::schema;
use super::values::{AsText, Octets, Time, is_default};
use crate::report::Summary;
use crate::report::change::Change;
use crate::report::refusals::Refusal;
use crate::report::relay::{Argument, Loss, Relay};
use crate::report::relays;

/// The sessions from one client to one server. At least one of them was lost.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Relay"))]
pub(in crate::report) struct RelayObject<'a> {
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    client_ip: AsText<IpAddr>,
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    server_ip: AsText<IpAddr>,
    sessions: u64,
    lost: u64,
    /// The cause of most losses.
    #[cfg_attr(test, schemars(schema_with = "schema::cause"))]
    main_cause: Option<&'static str>,
    /// The malformed hello arguments of lost sessions.
    #[serde(serialize_with = "arguments", skip_serializing_if = "<[Argument]>::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<Octets<'a>>"))]
    arguments: &'a [Argument],
    /// When the first session opened.
    first: Time,
    /// When the last session closed.
    last: Time,
    /// The server's product, as its greeting says.
    product: Option<&'a str>,
    arguments_omitted: u64,
    first_lost: Option<Time>,
    last_lost: Option<Time>,
    /// The mean time from one lost session to the next.
    lost_every_ns: Option<i64>,
    /// The proxy that connected for the client, if a PROXY header or XCLIENT names the client.
    #[cfg_attr(test, schemars(with = "Option<IpAddr>"))]
    proxy: Option<AsText<IpAddr>>,
    /// The number of the ticket, counted from 0.
    ticket: usize,
    /// Every cause of the lost sessions. The most frequent comes first.
    causes: Vec<LossObject<'a>>,
    /// The replies that caused losses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<RefusalObject<'a>>,
    /// The number of sessions lost because of further replies that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    refusals_omitted: u64,
    /// The numbers of the captures with a lost session, counted from 0.
    lost_in: Vec<usize>,
    /// The number of further captures that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    lost_in_omitted: u64,
    /// When the relay stopped or started to work, in order of time. Only changes with at least 3 sessions of one kind in
    /// a row on either side are listed, and only if sessions of one kind are in rows of 5 or more on average.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeObject>,
}

/// A relay that stopped or started to work.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Change"))]
struct ChangeObject {
    /// `stopped`: the relay delivered and then lost sessions. `resumed`: it lost sessions and then delivered.
    #[cfg_attr(test, schemars(schema_with = "schema::turn"))]
    turn: &'static str,
    /// What it lost sessions to.
    #[cfg_attr(test, schemars(schema_with = "schema::cause"))]
    cause: Option<&'static str>,
    #[cfg_attr(test, schemars(schema_with = "schema::reason"))]
    reason: Option<&'static str>,
    /// When the last session before the change opened.
    last_before: Time,
    /// When the first session after the change opened.
    first_after: Time,
    /// Sessions in a row of one kind before the change.
    sessions_before: u64,
    /// Sessions in a row of the other kind after it.
    sessions_after: u64,
    /// Whether ehlotrace could compare the hello, the server and TLS of the sessions on both sides.
    differences_known: bool,
    /// What was different after the change, in words.
    differences: Vec<String>,
}

impl ChangeObject {
    fn new(change: &Change<'_>) -> Self {
        Self {
            turn: change.turn.code(),
            cause: Some(change.loss.rule.code),
            reason: change.loss.reason.map(|reason| reason.code),
            last_before: Time(change.last),
            first_after: Time(change.first),
            sessions_before: change.before,
            sessions_after: change.after,
            differences_known: change.differences.is_some(),
            differences: change.differences.clone().unwrap_or_default(),
        }
    }
}

/// One cause of a relay's lost sessions, with one reason.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "RelayCause"))]
struct LossObject<'a> {
    #[cfg_attr(test, schemars(schema_with = "schema::cause"))]
    cause: &'a str,
    #[cfg_attr(test, schemars(schema_with = "schema::reason"))]
    reason: Option<&'static str>,
    /// Who must change something.
    #[cfg_attr(test, schemars(schema_with = "schema::fault"))]
    fault: Option<&'static str>,
    /// Sessions lost to it.
    sessions: u64,
    /// What to do about the loss.
    remedy: String,
}

impl<'a> LossObject<'a> {
    fn new(relay: &Relay, loss: &'a Loss) -> Self {
        Self {
            cause: loss.rule.code,
            reason: loss.reason.map(|reason| reason.code),
            fault: loss.fault.map(|fault| fault.code()),
            sessions: loss.sessions,
            remedy: relays::remedy_of(relay, loss),
        }
    }
}

/// A reply that caused losses.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Refusal"))]
pub(super) struct RefusalObject<'a> {
    /// The code and text of the reply, cut if it is long. If the reply answers a command other than a hello, the
    /// command comes first.
    text: &'a str,
    /// Sessions lost to it.
    sessions: u64,
}

impl<'a> RefusalObject<'a> {
    pub(super) fn new(refusal: &'a Refusal) -> Self {
        Self { text: &refusal.text, sessions: refusal.sessions }
    }
}

impl<'a> RelayObject<'a> {
    /// What a report says of `relay`.
    pub(in crate::report) fn new(relay: &'a Relay) -> Self {
        Self {
            client_ip: AsText(relay.client),
            server_ip: AsText(relay.server),
            sessions: relay.sessions,
            lost: relay.lost,
            main_cause: relay.cause().map(|rule| rule.code),
            arguments: &relay.arguments,
            first: Time(relay.first),
            last: Time(relay.last),
            product: relay.product.as_deref(),
            arguments_omitted: relay.arguments_omitted,
            first_lost: relay.lost_span.map(|(first, _)| Time(first)),
            last_lost: relay.lost_span.map(|(_, last)| Time(last)),
            lost_every_ns: relay.lost_every_ns(),
            proxy: relay.proxy.map(AsText),
            ticket: relay.ticket.number,
            causes: relay.losses().into_iter().map(|loss| LossObject::new(relay, loss)).collect(),
            refusals: relay.refusals.kept.iter().map(RefusalObject::new).collect(),
            refusals_omitted: relay.refusals.omitted,
            lost_in: relay.captures.iter().map(|(capture, _)| *capture).collect(),
            lost_in_omitted: relay.captures_omitted,
            changes: relay.changes().iter().map(ChangeObject::new).collect(),
        }
    }
}

fn arguments<S: Serializer>(arguments: &[Argument], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(arguments.iter().map(|argument| Octets(&argument.octets)))
}

/// The line of a relay.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct RelayLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::relay_line"))]
    line_type: &'static str,
    #[serde(flatten)]
    relay: RelayObject<'a>,
}

impl<'a> RelayLine<'a> {
    /// The line of `relay`.
    pub(in crate::report) fn new(relay: &'a Relay) -> Self {
        Self { line_type: "relay", relay: RelayObject::new(relay) }
    }
}

/// The last line of all.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct SummaryLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::summary_line"))]
    line_type: &'static str,
    #[serde(flatten)]
    summary: &'a Summary,
}

impl<'a> SummaryLine<'a> {
    /// The line for these totals.
    pub(in crate::report) const fn new(summary: &'a Summary) -> Self {
        Self { line_type: "summary", summary }
    }
}
