//! JSON and JSON Lines reports read back: the sessions one by one, and whether all that were found are there.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::net::IpAddr;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

use super::{AnswerRecord, HelloRecord, LossRecord, SessionRecord};
use crate::diagnosis::Outcome;
use crate::report::model::SCHEMA_VERSION;
use crate::time::Timestamp;

/// Why a report cannot be read, or not to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ReportError {
    /// It is JSON, but of something else.
    #[error("this is JSON, but not a report of ehlotrace scan")]
    NotReport,
    /// It is of another version of ehlotrace.
    #[error(
        "this report has the schema_version {0}, and this ehlotrace reads only {SCHEMA_VERSION}; scan the captures again"
    )]
    Version(u64),
    /// Its end is missing.
    #[error("this report is cut off: it has no summary at its end, so sessions may be missing")]
    Cut,
    /// It breaks the rules of JSON, or of the report.
    #[error("this report is damaged at line {0}, column {1}")]
    Damaged(usize, usize),
    /// It cannot be read.
    #[error("cannot read this report")]
    Io(#[source] io::Error),
}

/// What a report says of itself.
#[derive(Debug, Default)]
#[non_exhaustive]
pub(crate) struct ReadReport {
    /// Sessions that it lists.
    pub listed: u64,
    /// Sessions that it counts, listed or not.
    pub sessions: u64,
    /// Sessions that filters left out; they are neither listed nor counted.
    pub filtered_out: u64,
    /// Captures that it is about.
    pub captures: u64,
    /// Those of them that could not be read, or not to their end.
    pub unreadable: u64,
    /// Why it was not read to its end.
    pub error: Option<ReportError>,
}

/// Whether a file that begins so is JSON; no capture, archive or mail begins so.
pub(crate) fn is_json(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    // An object, and its first key or its end.
    start.strip_prefix(b"{").is_some_and(|rest| matches!(rest.trim_ascii_start().first(), None | Some(b'"' | b'}')))
}

/// Octets that one session of a report may have.
const SESSION_OCTETS: u64 = 256 * 1024 * 1024;

/// Reads a report and hands `each` its sessions. What comes before damage, or before a cut, is handed over.
pub(crate) fn read_report(input: impl BufRead, each: &mut dyn FnMut(SessionRecord)) -> ReadReport {
    let room = Rc::new(Cell::new(SESSION_OCTETS));
    let input = io::BufReader::new(Bounded { input: without_mark(input), room: Rc::clone(&room) });
    let mut reading =
        Reading { report: ReadReport::default(), each, room, version: None, has_begun: false, has_summary: false };
    let mut values = serde_json::Deserializer::from_reader(input);
    let error = loop {
        match values.end() {
            Ok(()) => break None,
            Err(error) if error.is_io() => break Some(error),
            Err(_) => {}
        }
        if let Err(error) = (Value { reading: &mut reading }).deserialize(&mut values) {
            break Some(error);
        }
    };
    let Reading { mut report, version, has_begun, has_summary, .. } = reading;
    report.error = match (version, error) {
        (Some(version), _) if version != u64::from(SCHEMA_VERSION) => Some(ReportError::Version(version)),
        (None, Some(error)) if error.is_eof() && has_begun => Some(ReportError::Cut),
        (None, _) => Some(ReportError::NotReport),
        (_, Some(error)) if error.is_eof() => Some(ReportError::Cut),
        (_, Some(error)) if error.is_io() => Some(ReportError::Io(error.into())),
        (_, Some(error)) => Some(ReportError::Damaged(error.line(), error.column())),
        (_, None) if !has_summary => Some(ReportError::Cut),
        (_, None) => None,
    };
    report
}

/// Passes over the byte order mark that some programs put before text.
fn without_mark(mut input: impl BufRead) -> impl BufRead {
    if input.fill_buf().is_ok_and(|start| start.starts_with(b"\xef\xbb\xbf")) {
        input.consume(3);
    }
    input
}

/// Reads no more than there is room for, so that no text of a hostile file fills the memory.
struct Bounded<R> {
    input: R,
    room: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let octets = self.input.read(buffer)?;
        match self.room.get().checked_sub(octets as u64) {
            Some(room) => self.room.set(room),
            None => return Err(io::Error::other("a session of it is too large")),
        }
        Ok(octets)
    }
}

/// A report while it is read.
struct Reading<'e> {
    report: ReadReport,
    each: &'e mut dyn FnMut(SessionRecord),
    room: Rc<Cell<u64>>,
    version: Option<u64>,
    /// Whether it begins as a report does.
    has_begun: bool,
    /// Whether the latest thing read is a summary.
    has_summary: bool,
}

impl Reading<'_> {
    fn session(&mut self, session: SessionJson) -> Result<(), &'static str> {
        self.room.set(SESSION_OCTETS);
        (self.each)(session.record()?);
        self.report.listed += 1;
        Ok(())
    }

    fn summary(&mut self, summary: &SummaryJson) {
        let report = &mut self.report;
        report.sessions = report.sessions.saturating_add(summary.sessions);
        report.filtered_out = report.filtered_out.saturating_add(summary.filtered_out);
        report.captures = report.captures.saturating_add(summary.captures);
        report.unreadable = report.unreadable.saturating_add(summary.unreadable);
        self.has_summary = true;
    }

    /// Nothing of a version that is not known is read on.
    fn version(&mut self, version: u64) -> Result<(), &'static str> {
        self.version = Some(version);
        if version == u64::from(SCHEMA_VERSION) { Ok(()) } else { Err("another version") }
    }

    fn is_known(&self) -> Result<(), &'static str> {
        if self.version.is_some() { Ok(()) } else { Err("no report") }
    }
}

/// A line of JSON Lines, or a document.
struct Value<'r, 'e> {
    reading: &'r mut Reading<'e>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some(first) = map.next_key::<String>()? else { return Err(A::Error::custom("nothing in it")) };
        self.reading.has_begun |= matches!(&*first, "type" | "schema_version");
        if first == "type" { self.line(map) } else { self.document(first, map) }
    }
}

impl Value<'_, '_> {
    fn line<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let kind = map.next_value::<String>()?;
        let rest = MapAccessDeserializer::new(map);
        self.reading.room.set(SESSION_OCTETS);
        self.reading.has_summary = false;
        match &*kind {
            "fields" | "capture" => {
                let version = VersionJson::deserialize(rest)?.schema_version;
                self.reading.version(version).map_err(A::Error::custom)
            }
            "session" => {
                self.reading.is_known().map_err(A::Error::custom)?;
                self.reading.session(SessionJson::deserialize(rest)?).map_err(A::Error::custom)
            }
            "summary" => {
                self.reading.is_known().map_err(A::Error::custom)?;
                self.reading.summary(&SummaryJson::deserialize(rest)?);
                Ok(())
            }
            _ => IgnoredAny::deserialize(rest).map(|_| ()),
        }
    }

    fn document<'de, A: MapAccess<'de>>(self, first: String, mut map: A) -> Result<(), A::Error> {
        self.reading.has_summary = false;
        let mut key = Some(first);
        while let Some(name) = key {
            match &*name {
                "schema_version" => {
                    let version = map.next_value()?;
                    self.reading.version(version).map_err(A::Error::custom)?;
                }
                "sessions" => {
                    self.reading.is_known().map_err(A::Error::custom)?;
                    map.next_value_seed(Sessions { reading: &mut *self.reading })?;
                }
                "summary" => self.reading.summary(&map.next_value()?),
                _ => {
                    // What is passed over is not kept.
                    self.reading.room.set(u64::MAX);
                    map.next_value::<IgnoredAny>()?;
                }
            }
            self.reading.room.set(SESSION_OCTETS);
            key = map.next_key()?;
        }
        Ok(())
    }
}

/// The sessions of a document.
struct Sessions<'r, 'e> {
    reading: &'r mut Reading<'e>,
}

impl<'de> DeserializeSeed<'de> for Sessions<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Sessions<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sessions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(session) = list.next_element()? {
            self.reading.session(session).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct VersionJson {
    schema_version: u64,
}

#[derive(Deserialize)]
struct SummaryJson {
    captures: u64,
    unreadable: u64,
    sessions: u64,
    #[serde(default)]
    filtered_out: u64,
}

/// A session, long or brief, as far as it is compared.
#[derive(Deserialize)]
struct SessionJson {
    client: EndJson,
    server: EndJson,
    opened: String,
    outcome: String,
    cause: Option<String>,
    reason: Option<String>,
    delivered_later: Option<u64>,
    deciding: Option<DecidingJson>,
    lost_hello: Option<HelloJson>,
    proxied_client: Option<EndJson>,
}

#[derive(Deserialize)]
struct EndJson {
    ip: IpAddr,
}

#[derive(Deserialize)]
struct DecidingJson {
    command: Option<String>,
    code: Option<u16>,
    text: String,
}

#[derive(Deserialize)]
struct HelloJson {
    verb: String,
    argument: OctetsJson,
    problems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OctetsJson {
    Text(String),
    Base64(String),
}

impl OctetsJson {
    fn octets(self) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).map_err(|_| "no base64"),
        }
    }
}

impl SessionJson {
    fn record(self) -> Result<SessionRecord, &'static str> {
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.code() == self.outcome).ok_or("no outcome")?;
        let hello = self.lost_hello.map(HelloJson::record).transpose()?;
        let answer = self.deciding.map(|DecidingJson { command, code, text }| AnswerRecord { command, code, text });
        let loss = self.cause.map(|cause| LossRecord { cause, reason: self.reason, hello, answer });
        if loss.is_some() != (outcome == Outcome::Lost) {
            return Err("a cause without a loss, or the other way round");
        }
        Ok(SessionRecord {
            client: self.proxied_client.unwrap_or(self.client).ip,
            server: self.server.ip,
            opened: Timestamp::parse(&self.opened).ok_or("no time")?,
            outcome,
            is_delivered_later: self.delivered_later.is_some(),
            loss,
        })
    }
}

impl HelloJson {
    fn record(self) -> Result<HelloRecord, &'static str> {
        Ok(HelloRecord { verb: self.verb, argument: self.argument.octets()?, problems: self.problems })
    }
}
