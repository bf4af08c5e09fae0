//! What a scan says of a capture as a whole, beside its sessions.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::capture::{CaptureInfo, ReadError};
use crate::dns::FailedLookups;
use crate::scan::OtherPorts;

/// Where a capture came from. Raw text: anyone can name a member `../x` or put terminal controls in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CaptureSource {
    /// The path as the user gave it, or as it was found in a folder; `-` for standard input, unless that has a name.
    pub path: String,
    /// The octets of the path where it is no Unicode.
    pub raw_path: Option<Box<[u8]>>,
    /// Which member of an archive it is.
    pub member: Option<String>,
}

impl CaptureSource {
    /// A capture at `path`, or the `member` of the archive there.
    pub fn new(path: impl AsRef<Path>, member: Option<String>) -> Self {
        let path = path.as_ref();
        let raw_path = path.to_str().is_none().then(|| path.as_os_str().as_encoded_bytes().into());
        Self { path: path.display().to_string(), raw_path, member }
    }
}

impl fmt::Display for CaptureSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        self.member.as_ref().map_or(Ok(()), |member| write!(f, ": {member}"))
    }
}

/// What came of one capture.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct CaptureReport {
    /// What the reader says of the file; none where it could not even be opened.
    pub info: Option<CaptureInfo>,
    /// How many sessions were found, those that a filter left out, too.
    pub sessions: u64,
    /// Of these, the ones that a filter left out: nobody was told of them.
    pub filtered_out: u64,
    /// Frames that could not be decoded, by reason.
    pub undecoded: BTreeMap<String, u64>,
    /// Lookups of mail servers that failed, and no connection came of them.
    pub failed_lookups: FailedLookups,
    /// SMTP on ports that were not asked for.
    pub other_ports: OtherPorts,
    /// What stopped the reading before the end of the file.
    pub error: Option<ReadError>,
}

impl CaptureReport {
    /// The report of a capture that could not be opened.
    pub fn unreadable(error: ReadError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}
