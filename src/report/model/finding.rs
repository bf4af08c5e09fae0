//! What sessions were lost to, added up over the run.

use std::net::IpAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::relay::RefusalObject;
#[cfg(test)]
use super::schema;
use super::values::{AsText, Octets, Time, is_default};
use crate::report::finding::{Finding, Peers};
use crate::report::findings;
use crate::report::relay::Argument;
use crate::report::totals::Totals;

/// Sessions that were lost for the same reason, in the whole run. Sessions whose mail another session delivered right
/// after are not among them.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Finding"))]
pub(in crate::report) struct FindingObject<'a> {
    lost_to: TroubleObject,
    /// The number of sessions lost to it.
    sessions: u64,
    /// The number of these sessions for each 1,000 sessions of the run.
    sessions_per_mille: u64,
    /// When the first of these sessions opened.
    first: Time,
    /// When the last of these sessions opened.
    last: Time,
    /// The number of different clients. At most 1,000 are told apart.
    clients: u64,
    /// The number of different servers. At most 1,000 are told apart.
    servers: u64,
    /// The clients with the most of these sessions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    client_ips: Vec<PeerObject>,
    /// The servers with the most of these sessions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    server_ips: Vec<PeerObject>,
    /// The products of the servers, as their greetings say.
    products: Vec<&'a str>,
    /// The hello arguments of these sessions. The most frequent come first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<SentObject<'a>>,
    /// The number of sessions with further arguments that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    sent_omitted: u64,
    /// The replies that caused the losses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<RefusalObject<'a>>,
    /// The number of sessions lost because of further replies that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    refusals_omitted: u64,
    /// The number of captures with such a session.
    captures: u64,
    /// The number of tickets with such a session.
    tickets: u64,
    /// One of these sessions.
    example: ExampleObject,
    /// What to do about it.
    remedy: String,
}

// An object of its own, so that whoever selects lines by the `cause` of a session does not get findings, too.
/// What the sessions of a finding have in common.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "LostTo"))]
struct TroubleObject {
    #[cfg_attr(test, schemars(schema_with = "schema::cause"))]
    cause: Option<&'static str>,
    #[cfg_attr(test, schemars(schema_with = "schema::reason"))]
    reason: Option<&'static str>,
    /// What is wrong with the malformed hello argument that caused the loss. Empty if the cause is something else.
    #[cfg_attr(test, schemars(schema_with = "schema::problems"))]
    problems: Vec<&'static str>,
    /// Who must change something.
    #[cfg_attr(test, schemars(schema_with = "schema::fault"))]
    fault: Option<&'static str>,
    /// What happened, in words.
    title: String,
}

/// One session of a finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Example"))]
struct ExampleObject {
    /// The number of the capture, counted from 0.
    capture: usize,
    /// The number of the session in the capture, counted from 1.
    session: u64,
}

/// A client or server of a finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Peer"))]
struct PeerObject {
    #[cfg_attr(test, schemars(schema_with = "schema::ip"))]
    ip: AsText<IpAddr>,
    sessions: u64,
}

/// A hello argument of a finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Sent"))]
struct SentObject<'a> {
    verb: &'a str,
    argument: Octets<'a>,
    sessions: u64,
    /// What to send instead. Null if ehlotrace cannot tell, or if the argument is well-formed.
    suggestion: Option<&'a str>,
}

/// Addresses listed of either side.
const LISTED_PEERS: usize = 16;

fn peers(peers: &Peers) -> Vec<PeerObject> {
    let listed = peers.most_first().into_iter().take(LISTED_PEERS);
    listed.map(|(ip, sessions)| PeerObject { ip: AsText(ip), sessions }).collect()
}

impl<'a> SentObject<'a> {
    fn new((argument, sessions): &'a (Argument, u64)) -> Self {
        Self {
            verb: &argument.verb,
            argument: Octets(&argument.octets),
            sessions: *sessions,
            suggestion: argument.suggestion.as_deref(),
        }
    }
}

impl<'a> FindingObject<'a> {
    /// What a report says of `finding` among `totals`.
    pub(in crate::report) fn new(finding: &'a Finding, totals: &Totals) -> Self {
        let trouble = &finding.trouble;
        let all = totals.summary().sessions;
        Self {
            lost_to: TroubleObject {
                cause: Some(trouble.rule.code),
                reason: trouble.reason.map(|reason| reason.code),
                problems: trouble.problems.iter().map(|problem| problem.code()).collect(),
                fault: trouble.fault.map(|fault| fault.code()),
                title: findings::title(finding),
            },
            sessions: finding.sessions,
            sessions_per_mille: finding.sessions.saturating_mul(1_000).checked_div(all).unwrap_or(0),
            first: Time(finding.first),
            last: Time(finding.last),
            clients: finding.clients.number(),
            servers: finding.servers.number(),
            client_ips: peers(&finding.clients),
            server_ips: peers(&finding.servers),
            products: finding.products.iter().map(|product| &**product).collect(),
            sent: finding.arguments_most_first().into_iter().map(SentObject::new).collect(),
            sent_omitted: finding.arguments_omitted,
            refusals: finding.refusals.kept.iter().map(RefusalObject::new).collect(),
            refusals_omitted: finding.refusals.omitted,
            captures: finding.captures,
            tickets: finding.tickets,
            example: ExampleObject { capture: finding.example.key.0, session: finding.example.key.1 },
            remedy: findings::fix(finding, totals),
        }
    }
}

/// The line of a finding.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct FindingLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::finding_line"))]
    line_type: &'static str,
    #[serde(flatten)]
    finding: FindingObject<'a>,
}

impl<'a> FindingLine<'a> {
    /// The line of `finding` among `totals`.
    pub(in crate::report) fn new(finding: &'a Finding, totals: &Totals) -> Self {
        Self { line_type: "finding", finding: FindingObject::new(finding, totals) }
    }
}
