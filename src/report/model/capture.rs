//! One capture: what it is when it is opened, and what came of it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::values::{AsText, Time};
use super::{SCHEMA_VERSION, TOOL, Tool};
use crate::capture::{CaptureInfo, CapturePart, LinkType, ReadError};
use crate::report::{CaptureReport, CaptureSource};

/// The line of a capture that is opened.
#[derive(Serialize)]
pub(in crate::report) struct CaptureLine<'a> {
    #[serde(rename = "type")]
    line_type: &'static str,
    schema_version: u32,
    tool: Tool,
    index: usize,
    path: &'a str,
    member: Option<&'a str>,
}

impl<'a> CaptureLine<'a> {
    /// The line of the capture with this number.
    pub(in crate::report) fn new(index: usize, source: &'a CaptureSource) -> Self {
        let (path, member) = (source.path.as_str(), source.member.as_deref());
        Self { line_type: "capture", schema_version: SCHEMA_VERSION, tool: TOOL, index, path, member }
    }
}

/// The line of a capture that was read.
#[derive(Serialize)]
pub(in crate::report) struct CaptureEndLine<'a> {
    #[serde(rename = "type")]
    line_type: &'static str,
    index: usize,
    #[serde(flatten)]
    capture: CaptureObject<'a>,
}

impl<'a> CaptureEndLine<'a> {
    /// The line of the capture with this number.
    pub(in crate::report) const fn new(index: usize, capture: CaptureObject<'a>) -> Self {
        Self { line_type: "capture_end", index, capture }
    }
}

/// A capture that was read.
#[derive(Serialize)]
pub(in crate::report) struct CaptureObject<'a> {
    path: &'a str,
    member: Option<&'a str>,
    format: Option<&'static str>,
    #[serde(serialize_with = "link_types")]
    link_types: Option<&'a CaptureInfo>,
    frames: u64,
    first_timestamp: Option<Time>,
    last_timestamp: Option<Time>,
    sessions: u64,
    undecoded: &'a BTreeMap<String, u64>,
    notes: &'a [String],
    error: Option<ErrorObject<'a>>,
    truncated: bool,
    dropped: u64,
    compression: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartObject<'a>>,
}

impl<'a> CaptureObject<'a> {
    /// What a report says of the capture from `source`.
    pub(in crate::report) fn new(source: &'a CaptureSource, report: &'a CaptureReport) -> Self {
        let info = report.info.as_ref();
        Self {
            path: &source.path,
            member: source.member.as_deref(),
            format: info.map(|info| info.format),
            link_types: info,
            frames: info.map_or(0, |info| info.frames),
            first_timestamp: info.and_then(|info| info.first_time).map(Time),
            last_timestamp: info.and_then(|info| info.last_time).map(Time),
            sessions: report.sessions,
            undecoded: &report.undecoded,
            notes: info.map_or(&[], |info| &info.notes),
            error: report.error.as_ref().map(ErrorObject::new),
            truncated: info.is_some_and(|info| info.truncated),
            dropped: info.map_or(0, |info| info.dropped),
            compression: info.map_or(&[], |info| &info.compression),
            time_zone: info.and_then(|info| info.time_zone.as_deref()),
            parts: info.map_or_else(Vec::new, |info| info.parts.iter().map(PartObject::new).collect()),
        }
    }
}

fn link_types<S: Serializer>(info: &Option<&CaptureInfo>, serializer: S) -> Result<S::Ok, S::Error> {
    let types = info.iter().flat_map(|info| &info.link_types);
    serializer.collect_seq(types.map(|link: &LinkType| link.name()))
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    kind: &'static str,
    offset: Option<u64>,
    message: AsText<&'a ReadError>,
}

impl<'a> ErrorObject<'a> {
    fn new(error: &'a ReadError) -> Self {
        Self { kind: error.kind(), offset: error.offset(), message: AsText(error) }
    }
}

/// One file of several that were read as one.
#[derive(Serialize)]
struct PartObject<'a> {
    path: &'a str,
    first_frame: u64,
    frames: u64,
}

impl<'a> PartObject<'a> {
    fn new(part: &'a CapturePart) -> Self {
        Self { path: &part.path, first_frame: part.first_frame, frames: part.frames }
    }
}
