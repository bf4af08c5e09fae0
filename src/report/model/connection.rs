//! The connection of a session: how it opened and closed, what was odd about it, and how Wireshark finds it.

use std::fmt;
use std::net::SocketAddr;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::schema;
use crate::flow::{Anomalies, Close, CloseHow, Handshake, Side};
use crate::session::Session;
use crate::time::{FrameNumber, Moment};

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Handshake"))]
pub(super) struct HandshakeObject {
    complete: bool,
    syn_frame: Option<FrameNumber>,
    syn_ack_frame: Option<FrameNumber>,
    ack_frame: Option<FrameNumber>,
    rtt_ns: Option<i64>,
    /// The client's initial sequence number. Null if the capture lacks it.
    client_isn: Option<u32>,
    /// The server's initial sequence number. Null if the capture lacks it.
    server_isn: Option<u32>,
}

impl HandshakeObject {
    pub(super) fn new(handshake: &Handshake) -> Self {
        let frame = |moment: Option<Moment>| moment.map(|moment| moment.frame);
        Self {
            complete: handshake.is_complete(),
            syn_frame: frame(handshake.syn),
            syn_ack_frame: frame(handshake.syn_ack),
            ack_frame: frame(handshake.ack),
            rtt_ns: handshake.rtt_ns(),
            client_isn: handshake.client_isn,
            server_isn: handshake.server_isn,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Close"))]
pub(super) struct CloseObject {
    /// Who ended the connection.
    #[cfg_attr(test, schemars(schema_with = "schema::closed_by"))]
    by: Option<&'static str>,
    /// How it ended.
    #[cfg_attr(test, schemars(schema_with = "schema::closed_how"))]
    how: &'static str,
}

impl CloseObject {
    pub(super) fn new(close: &Close) -> Self {
        let by = close.by.map(|side| match side {
            Side::Client => "client",
            Side::Server => "server",
            Side::Both => "both",
        });
        let how = match close.how {
            CloseHow::Fin => "fin",
            CloseHow::Rst => "rst",
            CloseHow::CaptureEnded => "capture-ended",
            CloseHow::PortReused => "port-reused",
            CloseHow::Idle => "idle",
            CloseHow::Evicted => "evicted",
        };
        Self { by, how }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Anomalies"))]
pub(super) struct AnomaliesObject {
    retransmitted_segments: u64,
    out_of_order_segments: u64,
    overlapping_octets: u64,
    gap_octets: u64,
    conflicting_octets: u64,
    out_of_window_segments: u64,
    duplicate_segments: u64,
}

impl AnomaliesObject {
    pub(super) const fn new(anomalies: &Anomalies) -> Self {
        Self {
            retransmitted_segments: anomalies.retransmitted_segments,
            out_of_order_segments: anomalies.out_of_order_segments,
            overlapping_octets: anomalies.overlapping_octets,
            gap_octets: anomalies.gap_octets,
            conflicting_octets: anomalies.conflicting_octets,
            out_of_window_segments: anomalies.out_of_window_segments,
            duplicate_segments: anomalies.duplicate_segments,
        }
    }
}

/// A Wireshark display filter for the frames of one session. Of a Windows event trace Wireshark reads what etl2pcapng makes
/// of it, which has a frame for each packet event.
pub(in crate::report) struct DisplayFilter {
    client: SocketAddr,
    server: SocketAddr,
    first: FrameNumber,
    last: FrameNumber,
    is_exported: bool,
}

impl DisplayFilter {
    /// That of `session`.
    pub(in crate::report) fn new(session: &Session) -> Self {
        let (client, server) = (session.client, session.server);
        let is_exported = session.exported.is_some();
        let [first, last] = [session.first, session.last].map(Moment::event_or_frame);
        Self { client, server, first, last, is_exported }
    }
}

impl fmt::Display for DisplayFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, server, first, last, is_exported } = self;
        if *is_exported {
            let port = client.port();
            write!(f, "(exported_pdu.src_port=={port} || exported_pdu.dst_port=={port}) && ")?;
            return write!(f, "frame.number>={first} && frame.number<={last}");
        }
        let field = if client.is_ipv4() { "ip.addr" } else { "ipv6.addr" };
        write!(f, "tcp.port=={} && tcp.port=={} && ", client.port(), server.port())?;
        write!(f, "{field}=={} && {field}=={} && ", client.ip(), server.ip())?;
        write!(f, "frame.number>={first} && frame.number<={last}")
    }
}
