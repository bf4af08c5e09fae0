//! What a scan says of a capture as a whole, beside its sessions.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::capture::{CaptureInfo, ReadError};
use crate::dns::FailedLookups;
use crate::scan::{Fingerprint, OtherPorts};

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
    /// The ticket it belongs to.
    pub ticket: Ticket,
    /// Whether it begins with the packet that an earlier capture begins with, and so may turn out to be a copy of it.
    pub may_be_copy: bool,
}

/// What came in together: whatever is found in different tickets has nothing to do with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// Its number, counted from 0.
    pub number: usize,
    /// The path of the folder, archive, mail or file that it is. Raw text.
    pub path: Arc<str>,
}

/// The capture that another one is a copy of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CopyOf {
    /// Its number, counted from 0.
    pub capture: usize,
    /// Where it came from.
    pub source: CaptureSource,
}

impl CopyOf {
    /// The capture with this number, from `source`.
    pub const fn new(capture: usize, source: CaptureSource) -> Self {
        Self { capture, source }
    }
}

impl CaptureSource {
    /// A capture at `path`, or the `member` of the archive there.
    pub fn new(path: impl AsRef<Path>, member: Option<String>) -> Self {
        let path = path.as_ref();
        let raw_path = path.to_str().is_none().then(|| path.as_os_str().as_encoded_bytes().into());
        Self { path: path.display().to_string(), raw_path, member, ..Self::default() }
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
    /// How many sessions were found.
    pub sessions: u64,
    /// Frames that could not be decoded, by reason.
    pub undecoded: BTreeMap<String, u64>,
    /// Lookups of mail servers that failed, and no connection came of them.
    pub failed_lookups: FailedLookups,
    /// SMTP on ports that were not asked for.
    pub other_ports: OtherPorts,
    /// What stopped the reading before the end of the file.
    pub error: Option<ReadError>,
    /// Of several captures read as one, why they are no parts of one, in sentences without a full stop: they overlap, or
    /// connections with the same addresses and ports do not go on.
    pub mixed_parts: Vec<String>,
    /// By what its copies are known; none where it could not be opened.
    pub fingerprint: Option<Fingerprint>,
    /// The earlier capture of the run with the same packets: its sessions are counted there.
    pub copy_of: Option<CopyOf>,
}

impl CaptureReport {
    /// The report of a capture that could not be opened.
    pub fn unreadable(error: ReadError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}
