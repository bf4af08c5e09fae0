//! One capture: what it is when it is opened, and what came of it.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::background::FailedLookupObject;
#[cfg(test)]
use super::schema;
use super::source::SourceObject;
#[cfg(test)]
use super::values::CountObject;
use super::values::{AsText, Time, counts, is_default};
use super::{SCHEMA_VERSION, TOOL, Tool};
use crate::capture::{CaptureInfo, CapturePart, LinkType, ReadError};
use crate::scan::{CaptureReport, CaptureSource, CopyOf, Fingerprint};

/// The line of a capture when ehlotrace opens it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct CaptureLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::capture_line"))]
    line_type: &'static str,
    #[cfg_attr(test, schemars(schema_with = "schema::schema_version"))]
    schema_version: u32,
    tool: Tool,
    /// The number of the capture, counted from 0. Its sessions have the same number.
    capture: usize,
    #[serde(flatten)]
    source: SourceObject<'a>,
    /// The number of the ticket, counted from 0.
    ticket: usize,
}

impl<'a> CaptureLine<'a> {
    /// The line of the capture with this number.
    pub(in crate::report) fn new(capture: usize, source: &'a CaptureSource) -> Self {
        let ticket = source.ticket.number;
        let source = SourceObject::new(source);
        Self { line_type: "capture", schema_version: SCHEMA_VERSION, tool: TOOL, capture, source, ticket }
    }
}

/// The line of a capture when ehlotrace has read it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct CaptureEndLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::capture_end_line"))]
    line_type: &'static str,
    /// The number of the capture, as in the line of type `capture`.
    capture: usize,
    #[serde(flatten)]
    object: CaptureObject<'a>,
}

impl<'a> CaptureEndLine<'a> {
    /// The line of the capture with this number.
    pub(in crate::report) const fn new(capture: usize, object: CaptureObject<'a>) -> Self {
        Self { line_type: "capture_end", capture, object }
    }
}

/// A capture that was read.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Capture"))]
pub(in crate::report) struct CaptureObject<'a> {
    #[serde(flatten)]
    source: SourceObject<'a>,
    /// `whole`: ehlotrace read it to its end. `cut`: the end is missing or was not read. `damaged`: the file breaks its
    /// own format, and ehlotrace read it up to that place. `unreadable`: ehlotrace read nothing of it.
    #[cfg_attr(test, schemars(schema_with = "schema::capture_status"))]
    status: &'static str,
    /// Why the capture is not whole. Null if it is whole.
    #[cfg_attr(test, schemars(schema_with = "schema::capture_reason"))]
    status_reason: Option<&'static str>,
    /// The file format. Null if ehlotrace could not open the file.
    #[cfg_attr(test, schemars(schema_with = "schema::format"))]
    format: Option<&'static str>,
    /// The link-layer types that the file declares, with the names of libpcap.
    #[serde(serialize_with = "link_types")]
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    link_types: Option<&'a CaptureInfo>,
    /// The number of the last frame.
    frames: u64,
    /// The earliest time of a frame.
    first_timestamp: Option<Time>,
    /// The latest time of a frame.
    last_timestamp: Option<Time>,
    /// The number of sessions that ehlotrace found, whether it lists them or not.
    sessions: u64,
    /// The number of frames that ehlotrace could not decode, by reason.
    #[serde(serialize_with = "counts", skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "Vec<CountObject<'a>>"))]
    undecoded: &'a BTreeMap<String, u64>,
    /// Sentences about the file: its variant, what ehlotrace skipped, how the file ends.
    notes: Vec<&'a str>,
    /// What stopped the reading before the end of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject<'a>>,
    /// Whether the file ends inside a record.
    truncated: bool,
    /// The number of packets that the capturing program lost, as it reports.
    dropped: u64,
    /// What the capture was packed in. The outermost comes first.
    compression: &'a [&'static str],
    /// The time zone in which ehlotrace read the times. Present only if the file stores local time.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'a str>,
    /// The files that this capture consists of, if ehlotrace read several files as one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartObject<'a>>,
    /// Failed lookups of mail servers with no connection after them: deliveries that never started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_lookups: Vec<FailedLookupObject<'a>>,
    /// The number of further lookups that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    failed_lookups_omitted: u64,
    /// The number of lookups that ehlotrace dropped before it knew their result, because it keeps only a limited
    /// number. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    lookups_forgotten: u64,
    /// Ports that certainly carry SMTP, but that the user did not ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_ports: Vec<OtherPortObject>,
    /// Whether the sessions on these ports are listed. If so, ehlotrace read the capture again for them. Left out if it
    /// is false.
    #[serde(skip_serializing_if = "is_default")]
    other_ports_followed: bool,
    /// The number of connections to further ports that are not listed. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    other_ports_connections_omitted: u64,
    /// The number of the ticket, counted from 0.
    ticket: usize,
    /// The earlier capture of the run that has the same packets. Left out if there is none. The report does not list
    /// the sessions and lookups of a copy again, and no total includes them. They count in the earlier capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_of: Option<CopyOfObject<'a>>,
    /// The number of found sessions that a filter left out. Left out if it is 0.
    #[serde(skip_serializing_if = "is_default")]
    filtered_out: u64,
    /// The same for captures with the same packets, in all runs with the same `--fingerprint`. Present only with this
    /// option, and only if the capture has packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<AsText<Fingerprint>>,
}

impl<'a> CaptureObject<'a> {
    /// What a report says of the capture from `source`.
    pub(in crate::report) fn new(source: &'a CaptureSource, report: &'a CaptureReport) -> Self {
        let info = report.info.as_ref();
        let (status, status_reason) = status(report);
        Self {
            source: SourceObject::new(source),
            status,
            status_reason,
            format: info.map(|info| info.format),
            link_types: info,
            frames: info.map_or(0, |info| info.frames),
            first_timestamp: info.and_then(|info| info.first_time).map(Time),
            last_timestamp: info.and_then(|info| info.last_time).map(Time),
            sessions: report.sessions,
            undecoded: &report.undecoded,
            notes: report
                .mixed_parts
                .iter()
                .chain(info.into_iter().flat_map(|info| &info.notes))
                .map(String::as_str)
                .collect(),
            error: report.error.as_ref().map(ErrorObject::new),
            truncated: info.is_some_and(|info| info.truncated),
            dropped: info.map_or(0, |info| info.dropped),
            compression: info.map_or(&[], |info| &info.compression),
            time_zone: info.and_then(|info| info.time_zone.as_deref()),
            parts: info.map_or_else(Vec::new, |info| info.parts.iter().map(PartObject::new).collect()),
            failed_lookups: report.failed_lookups.listed.iter().map(FailedLookupObject::new).collect(),
            failed_lookups_omitted: report.failed_lookups.omitted,
            lookups_forgotten: report.failed_lookups.forgotten,
            other_ports: report.other_ports.found.iter().map(OtherPortObject::new).collect(),
            other_ports_followed: report.other_ports.are_followed,
            other_ports_connections_omitted: report.other_ports.omitted,
            ticket: source.ticket.number,
            copy_of: report.copy_of.as_ref().map(CopyOfObject::new),
            filtered_out: report.filtered_out,
            fingerprint: report.fingerprint.filter(|print| print.is_shared() && print.has_packets()).map(AsText),
        }
    }
}

/// The capture that another one is a copy of.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CopyOf"))]
struct CopyOfObject<'a> {
    /// The number of that capture.
    capture: usize,
    #[serde(flatten)]
    source: SourceObject<'a>,
}

impl<'a> CopyOfObject<'a> {
    fn new(original: &'a CopyOf) -> Self {
        Self { capture: original.capture, source: SourceObject::new(&original.source) }
    }
}

/// The words of [`status`].
pub(super) const STATUSES: [&str; 4] = ["whole", "cut", "damaged", "unreadable"];
/// The reason where a file ends inside a record; all others are kinds of errors.
pub(super) const TRUNCATED: &str = "truncated";

/// How much of the capture was read, and why not all of it.
fn status(report: &CaptureReport) -> (&'static str, Option<&'static str>) {
    let [whole, cut, damaged, unreadable] = STATUSES;
    match (&report.info, &report.error) {
        (None, error) => (unreadable, error.as_ref().map(ReadError::kind)),
        (Some(_), Some(error)) if error.kind() == ReadError::CORRUPT => (damaged, Some(error.kind())),
        (Some(_), Some(error)) => (cut, Some(error.kind())),
        (Some(info), None) if info.truncated => (cut, Some(TRUNCATED)),
        (Some(_), None) => (whole, None),
    }
}

/// A port with SMTP that the user did not ask for.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "OtherPort"))]
struct OtherPortObject {
    port: u16,
    /// The number of connections to this port.
    connections: u64,
}

impl OtherPortObject {
    const fn new(&(port, connections): &(u16, u64)) -> Self {
        Self { port, connections }
    }
}

fn link_types<S: Serializer>(info: &Option<&CaptureInfo>, serializer: S) -> Result<S::Ok, S::Error> {
    let types = info.iter().flat_map(|info| &info.link_types);
    serializer.collect_seq(types.map(|link: &LinkType| link.name()))
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Error"))]
struct ErrorObject<'a> {
    #[cfg_attr(test, schemars(schema_with = "schema::error_kind"))]
    kind: &'static str,
    /// The place of the error, in bytes of the uncompressed content.
    offset: Option<u64>,
    message: AsText<&'a ReadError>,
}

impl<'a> ErrorObject<'a> {
    fn new(error: &'a ReadError) -> Self {
        Self { kind: error.kind(), offset: error.offset(), message: AsText(error) }
    }
}

/// One file of several that ehlotrace read as one.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Part"))]
struct PartObject<'a> {
    /// The path of the file.
    path: &'a str,
    /// The number that the first frame of this file has in the whole capture.
    first_frame: u64,
    /// The number of frames in this file.
    frames: u64,
}

impl<'a> PartObject<'a> {
    fn new(part: &'a CapturePart) -> Self {
        Self { path: &part.path, first_frame: part.first_frame, frames: part.frames }
    }
}
