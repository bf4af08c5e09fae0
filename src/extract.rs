//! The frames of chosen sessions as a pcapng file, each with a comment that says what it shows.
//!
//! The second reading writes them in the order of the capture, one section a capture, so that Wireshark shows every finding
//! in its place.

mod fragments;
mod kept;
mod pcapng;
mod redact;

use std::collections::BTreeMap;
use std::io::{self, Write};

use thiserror::Error;

use crate::capture::{InterfaceInfo, Packet, ReadError};
use crate::diagnosis::EvidenceKind;
use crate::filter::SessionFilter;
use crate::limits::{HOST_OCTETS, TRACE_SPANS};
use crate::plural::counted;
use crate::report::{escape, evidence};
use crate::scan::CaptureReport;
use crate::scan::ScanOptions;
use crate::session::SessionFrame;
use crate::time::FrameNumber;
use crate::twice::{self, Choice, First, Reopen};

pub use redact::{LeftOut, NetworksElsewhere, RedactKey};

use fragments::{Fragments, HoldingReader};
use kept::Kept;
use pcapng::PcapngWriter;
use redact::{Known, Redactor};

/// Sessions the comment of a section lists.
const LISTED_SESSIONS: usize = 50;

/// What to extract.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExtractOptions {
    /// What to look for, and within which bounds.
    pub scan: ScanOptions,
    /// Which of the sessions that pass the filter.
    pub choice: Choice,
    /// What sessions have to pass.
    pub filter: SessionFilter,
    /// Whether to redact, and with what key.
    pub redact: Option<RedactKey>,
    /// Whether redaction replaces host and domain names, too.
    pub redact_names: bool,
}

impl ExtractOptions {
    /// The sessions chosen, as they are.
    pub fn new(scan: ScanOptions, choice: Choice) -> Self {
        Self { scan, choice, filter: SessionFilter::default(), redact: None, redact_names: false }
    }
}

/// What came of one capture.
#[derive(Debug)]
#[non_exhaustive]
pub struct Extracted {
    /// What came of reading it.
    pub capture: CaptureReport,
    /// Sessions written.
    pub sessions: u64,
    /// Sessions that were chosen and are over the bound.
    pub left_out_sessions: u64,
    /// Sessions lost of those that pass the filter, chosen or not.
    pub lost: u64,
    /// Frames written.
    pub frames: u64,
    /// Frames of these sessions that cannot be redacted and are not written.
    pub left_out_frames: BTreeMap<LeftOut, u64>,
}

/// Why there is no extract, or not all of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The capture cannot be opened.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The extract cannot be written.
    #[error("cannot write the extract")]
    Write(#[from] io::Error),
}

/// Extracts from one capture after the other into one file.
///
/// ```
/// use std::fs::File;
/// use ehlotrace::capture::{OpenOptions, ReadError, open};
/// use ehlotrace::extract::{ExtractOptions, Extractor, RedactKey};
/// use ehlotrace::scan::ScanOptions;
/// use ehlotrace::twice::Choice;
///
/// let path = "samples/mixed.pcapng";
/// let mut reopen = |options: &OpenOptions| {
///     let file = File::open(path).map_err(|source| ReadError::Open { source })?;
///     open(Box::new(file), options)
/// };
/// let mut options = ExtractOptions::new(ScanOptions::default(), Choice::Lost);
/// options.redact = Some(RedactKey::random()?);
/// let mut pcapng = Vec::new();
/// let extracted = Extractor::new(options, &mut pcapng).capture(path, &mut reopen)?;
/// assert_eq!((extracted.sessions, extracted.lost), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Extractor<W> {
    options: ExtractOptions,
    writer: PcapngWriter<W>,
    redactor: Option<Redactor>,
}

impl<W: Write> Extractor<W> {
    /// An extractor that writes pcapng to `out`: nothing where no frame is chosen.
    pub fn new(options: ExtractOptions, out: W) -> Self {
        let redactor = options.redact.clone().map(|key| Redactor::new(key, options.redact_names));
        Self { options, writer: PcapngWriter::new(out), redactor }
    }

    /// IPv4 networks that found no room in the documentation ranges, of all captures so far; none without redaction.
    pub fn networks_elsewhere(&self) -> NetworksElsewhere {
        self.redactor.as_ref().map(Redactor::networks_elsewhere).unwrap_or_default()
    }

    /// Extracts from one capture. `name` is what the comments call it; `reopen` is called twice, and once more
    /// where SMTP on other ports is followed.
    ///
    /// # Errors
    ///
    /// If the capture cannot be opened, and if the extract cannot be written. Damage further on is no error here: it stands
    /// in the report, and what lies before it is written.
    pub fn capture(&mut self, name: &str, reopen: &mut Reopen<'_>) -> Result<Extracted, ExtractError> {
        let mut scan = self.options.scan.clone();
        if self.redactor.is_some() {
            scan.limits.spans = TRACE_SPANS;
            scan.limits.host_octets = if self.options.redact_names { HOST_OCTETS } else { 0 };
            scan.keep_credentials = false;
        }
        let first = twice::first(reopen, &mut scan, self.options.choice, &self.options.filter, Kept::new)?;
        let First { capture, mut sessions, left_out, lost } = first;
        let mut extracted = Extracted {
            capture,
            sessions: sessions.len() as u64,
            left_out_sessions: left_out,
            lost,
            frames: 0,
            left_out_frames: BTreeMap::new(),
        };
        if sessions.is_empty() {
            return Ok(extracted);
        }
        let name = escape::text(name.as_bytes());
        let fragments = Fragments::default();
        let mut section = self.section(&name, &extracted, &sessions, fragments.clone());
        let (ports, limits) = (&scan.ports, &scan.limits);
        let mut reader = HoldingReader { reader: twice::open(reopen, &scan)?, fragments, ports, limits };
        twice::second(&mut reader, &scan, &mut sessions, |session, frame| section.take(session, frame))?;
        (extracted.frames, extracted.left_out_frames) = (section.frames, section.left_out);
        self.writer.flush()?;
        Ok(extracted)
    }

    fn section<'e>(
        &'e mut self,
        name: &'e str,
        extracted: &Extracted,
        sessions: &BTreeMap<u64, Kept>,
        fragments: Fragments,
    ) -> Section<'e, W> {
        // Folders tell of people and of customers.
        let name = if self.redactor.is_some() { short_name(name) } else { name };
        let mut interfaces = extracted.capture.info.as_ref().map(|info| info.interfaces.clone()).unwrap_or_default();
        if self.redactor.is_some() {
            // A name may tell of people and products.
            interfaces.iter_mut().for_each(|interface| interface.name.clear());
        }
        Section {
            comment: Some(section_comment(name, sessions, self.redactor.as_mut())),
            writer: &mut self.writer,
            name: short_name(name),
            redactor: self.redactor.as_mut(),
            interfaces,
            fragments,
            frames: 0,
            left_out: BTreeMap::new(),
        }
    }
}

/// What a section holds: its sessions, their frames in the capture, and what became of them.
fn section_comment(name: &str, sessions: &BTreeMap<u64, Kept>, mut redactor: Option<&mut Redactor>) -> String {
    let mut lines = vec![format!("ehlotrace {}: from {name}", env!("CARGO_PKG_VERSION"))];
    lines.extend(redactor.as_deref().map(Redactor::statement));
    for (at, (number, session)) in sessions.iter().enumerate() {
        let Kept { first, last, verdict, .. } = session;
        // All of them, so that the documentation ranges go to ends of sessions, in their order.
        let [client, server] = [session.client, session.server].map(|end| match &mut redactor {
            Some(redactor) => redactor.end(end).map_or_else(|| "?".to_owned(), |end| end.to_string()),
            None => end.to_string(),
        });
        if at >= LISTED_SESSIONS {
            continue;
        }
        lines.push(format!("frames {first}-{last} of {name}, session {number}, {client} --> {server}: {verdict}"));
    }
    if let Some(more) = sessions.len().checked_sub(LISTED_SESSIONS).filter(|more| *more > 0) {
        lines.push(format!("and {}", counted(more as u64, "more session", "more sessions")));
    }
    lines.join("\n")
}

/// A path without its folders.
fn short_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(name)
}

/// What is written of one capture.
struct Section<'e, W> {
    writer: &'e mut PcapngWriter<W>,
    name: &'e str,
    redactor: Option<&'e mut Redactor>,
    /// What is said of the section, until that is written.
    comment: Option<String>,
    /// Those of the capture.
    interfaces: Vec<InterfaceInfo>,
    fragments: Fragments,
    frames: u64,
    left_out: BTreeMap<LeftOut, u64>,
}

impl<W: Write> Section<'_, W> {
    fn take(&mut self, session: &mut Kept, frame: &SessionFrame<'_>) -> io::Result<()> {
        let mut findings = session.findings.get(&frame.packet.frame).cloned().unwrap_or_default();
        let parts = frame.reassembled.map(|whole| self.fragments.take(&whole.key, frame.packet.frame));
        let parts = parts.unwrap_or_default();
        let Some(redactor) = &mut self.redactor else {
            for part in parts {
                let packet = part.packet();
                self.write(&packet, packet.data, frame.session, &[])?;
            }
            return self.write(frame.packet, frame.packet.data, frame.session, &findings);
        };
        let repeated = &session.repeated(frame);
        let Kept { client_spans, server_spans, names, cut, .. } = session;
        let known = Known { client_spans, server_spans, names, cut, repeated };
        for finding in &mut findings {
            redactor.finding(finding, &known);
        }
        let Some(whole) = frame.reassembled else {
            let data = redactor.frame(frame, &known);
            return self.write_redacted(frame.packet, data, frame.session, &findings);
        };
        let payload = redactor.datagram(frame, whole, &known);
        let parts = parts.iter().map(|part| (part.packet(), &[][..]));
        for (packet, findings) in parts.chain([(*frame.packet, findings.as_slice())]) {
            let Some(redactor) = &mut self.redactor else { return Ok(()) };
            let data = payload.as_ref().map_err(|reason| *reason);
            let data = data.and_then(|payload| redactor.fragment(&packet, whole, payload));
            self.write_redacted(&packet, data, frame.session, findings)?;
        }
        Ok(())
    }

    fn write_redacted(
        &mut self,
        packet: &Packet<'_>,
        data: Result<Vec<u8>, LeftOut>,
        session: u64,
        findings: &[EvidenceKind],
    ) -> io::Result<()> {
        match data {
            Ok(data) => self.write(packet, &data, session, findings),
            Err(reason) => {
                let count = self.left_out.entry(reason).or_default();
                *count = count.saturating_add(1);
                Ok(())
            }
        }
    }

    fn write(&mut self, packet: &Packet<'_>, data: &[u8], session: u64, findings: &[EvidenceKind]) -> io::Result<()> {
        if let Some(comment) = self.comment.take() {
            self.writer.section(&comment, &self.interfaces)?;
        }
        self.frames += 1;
        self.writer.packet(packet, data, &comment(self.name, packet.frame, session, findings))
    }
}

/// What a frame shows, and where it comes from.
fn comment(name: &str, frame: FrameNumber, session: u64, findings: &[EvidenceKind]) -> String {
    let source = format!("frame {frame} of {name}, session {session}");
    let shown: String = findings.iter().map(|finding| evidence::with_references(finding) + "; ").collect();
    if findings.is_empty() { source } else { format!("ehlotrace: {shown}{source}") }
}
