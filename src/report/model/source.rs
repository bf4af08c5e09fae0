//! Where something stands: a path, and the member of an archive.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::schema;
use super::values::AsText;
use crate::report::{CaptureSource, InputReport};

/// The octets of a path that is no Unicode.
pub(super) type PathOctets<'a> = AsText<Base64Display<'a, 'static, base64::engine::GeneralPurpose>>;

pub(super) fn path_octets(source: &CaptureSource) -> Option<PathOctets<'_>> {
    source.raw_path.as_deref().map(|octets| AsText(Base64Display::new(octets, &STANDARD)))
}

/// The fields that name a capture, in its own objects and in those of its sessions.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SourceObject<'a> {
    /// The path on the command line, or the path that ehlotrace found in a folder. For standard input, the value of
    /// `--name`, or else `-`.
    path: &'a str,
    /// The bytes of the path, in Base64. Present only if they are not Unicode.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "schema::base64"))]
    path_base64: Option<PathOctets<'a>>,
    /// The name of the member, if the capture is in an archive.
    member: Option<&'a str>,
}

impl<'a> SourceObject<'a> {
    pub(super) fn new(source: &'a CaptureSource) -> Self {
        Self { path: &source.path, path_base64: path_octets(source), member: source.member.as_deref() }
    }
}

/// The line of an input that was read.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(in crate::report) struct InputEndLine<'a> {
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(schema_with = "schema::input_end_line"))]
    line_type: &'static str,
    #[serde(flatten)]
    input: InputObject<'a>,
}

impl<'a> InputEndLine<'a> {
    /// The line of this input.
    pub(in crate::report) fn new(input: &'a InputReport) -> Self {
        Self { line_type: "input_end", input: InputObject::new(input) }
    }
}

/// An input that ehlotrace read: one path of the command line, with all captures in it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Input"))]
pub(in crate::report) struct InputObject<'a> {
    #[serde(flatten)]
    source: SourceObject<'a>,
    /// The number of captures that ehlotrace read, to their end or to a damaged place. The parts of one capture count
    /// separately.
    captures: u64,
    /// The number of captures and other files that ehlotrace could not read, or not to their end.
    unreadable: u64,
    /// The number of files in folders and members of archives that are not captures.
    passed_over: u64,
    /// The number of captures that ehlotrace read and that are copies of other captures in the run.
    copies: u64,
}

impl<'a> InputObject<'a> {
    /// What a report says of this input.
    pub(in crate::report) fn new(input: &'a InputReport) -> Self {
        let InputReport { captures, unreadable, passed_over, copies, .. } = *input;
        Self { source: SourceObject::new(&input.source), captures, unreadable, passed_over, copies }
    }
}
