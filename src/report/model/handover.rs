//! What to hand on of a lost session: a paragraph and commands.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::report::command::Missing;
use crate::report::digest::Digest;
use crate::report::handover::Handover;
use crate::time::Zone;

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Handover"))]
pub(super) struct HandoverObject {
    /// A paragraph for somebody who knows nothing of captures: what happened, what to change, how to verify. Its times
    /// are in UTC.
    paragraph: String,
    /// A command for a POSIX shell that sends the same hello to the same server with swaks. Left out if swaks cannot send
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_swaks: Option<String>,
    /// The same with `nc`, or with `openssl` if TLS comes first. If the session had no hello, the command only connects.
    /// Left out if no command can repeat the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_command: Option<String>,
    /// Why one of the commands is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_note: Option<&'static str>,
}

impl HandoverObject {
    /// Of the session that `digest` is of; none if it was not lost.
    pub(super) fn new(digest: &Digest<'_>) -> Option<Self> {
        let Handover { paragraph, retry } = Handover::new(digest, &Zone::default())?;
        Some(Self {
            paragraph: paragraph.plain(),
            retry_note: retry.missing.map(Missing::text).or(retry.no_swaks),
            retry_swaks: retry.swaks,
            retry_command: retry.plain,
        })
    }
}
