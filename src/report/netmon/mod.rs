//! Sessions as Microsoft Network Monitor showed them, so that a reader of KB 240832 finds their own in the article's
//! form.
//!
//! A `TracedSession` is what one reading of the capture told of a session; a second reading hands it the session's
//! frames one by one, and each becomes lines of text at once. All words are in `words.rs`.

mod copies;
mod frame;
mod hex;
mod ip;
mod page;
mod remarks;
mod smtp;
mod tcp;
mod tls;
mod words;

use std::net::SocketAddr;
use std::ops::Range;

use crate::diagnosis::{Diagnosis, Outcome};
use crate::flow::{Direction, Followed};
use crate::report::command::{Reach, Retry};
use crate::report::digest::Digest;
use crate::report::{self, escape, evidence, recovery};
use crate::scan::CaptureSource;
use crate::session::Session;
use crate::smtp::Spans;
use crate::time::{FrameNumber, Timestamp, Zone};
use crate::wire::Segment;

use copies::FirstCopies;
use page::{Ink, Page};
use remarks::Remarks;
use smtp::Shown;
use tls::TlsCursor;

/// How much of a frame is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum View {
    /// Frame, time, `C:` or `S:`, and the lines of the dialogue.
    Dialogue,
    /// One line per frame.
    Summary,
    /// FRAME, link layer, IP and TCP a line each, SMTP in full.
    #[default]
    Collapsed,
    /// Show IP and TCP in full, too.
    Detail,
}

/// How a trace is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayout {
    /// How much of a frame is shown.
    pub view: View,
    /// Whether the frame's octets follow as a hex dump; not in the summary.
    pub hex: bool,
    /// Whether remarks are left out: nothing but what Network Monitor would print, headings aside.
    pub plain: bool,
    /// Whether the lines of mail text are shown.
    pub mail_text: bool,
    /// Whether the secrets of AUTH are shown.
    pub show_credentials: bool,
    /// Whether lines are coloured.
    pub colour: bool,
    /// Widths that line up the summaries of all frames.
    pub columns: Columns,
}

/// Widths of the columns of a summary line. What is wider is not cut.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    /// Of frame numbers.
    pub number: usize,
    /// Of seconds, decimals included.
    pub seconds: usize,
    /// Of addresses.
    pub address: usize,
}

impl Columns {
    /// Widths for frames up to `frames`, within `seconds` seconds of the first.
    pub(crate) fn new<'s>(frames: u64, seconds: i64, sessions: impl Iterator<Item = &'s TracedSession>) -> Self {
        let address =
            sessions.flat_map(|session| [session.client, session.server]).map(|end| end.ip().to_string().len());
        Self {
            number: frames.to_string().len().max(words::NUMBER_COLUMNS),
            seconds: seconds.to_string().len() + 1 + words::SECONDS_DECIMALS,
            address: address.max().unwrap_or(0),
        }
    }
}

impl TraceLayout {
    const fn shown(&self) -> Shown {
        Shown { mail_text: self.mail_text, credentials: self.show_credentials }
    }
}

/// A session to be shown: who, what came of it, what its octets are, and how far its frames were shown.
#[derive(Debug)]
pub(crate) struct TracedSession {
    /// Its number in the capture ([`Session::number`]).
    pub(crate) number: u64,
    /// Segments it has in all.
    pub(crate) segments: u64,
    client: SocketAddr,
    server: SocketAddr,
    /// When its first frame was captured.
    opened: Timestamp,
    /// Lines of the heading, after the first.
    heading: Vec<String>,
    remarks: Remarks,
    to_server: Side,
    to_client: Side,
}

/// One direction of a session.
#[derive(Debug)]
struct Side {
    spans: Spans,
    tls: TlsCursor,
    /// The last frame shown or passed over that carried data.
    last_data: Option<FrameNumber>,
    copies: FirstCopies,
}

impl Side {
    fn new(spans: Spans) -> Self {
        Self { spans, tls: TlsCursor::default(), last_data: None, copies: FirstCopies::default() }
    }

    /// Takes in what a segment carries; says what of it is not what was read.
    fn take(&mut self, segment: &Segment<'_>, followed: Followed) -> Vec<Range<usize>> {
        let place = followed.offset;
        place.map_or_else(Vec::new, |offset| self.copies.take(offset, segment.payload, segment.payload_wire_len))
    }
}

impl TracedSession {
    /// What a trace keeps of a session: bounded as the transcript is, and without its text.
    pub(crate) fn new(session: Session, diagnosis: &Diagnosis) -> Self {
        Self {
            number: session.number,
            segments: session.segments,
            client: session.client,
            server: session.server,
            opened: session.first.time,
            heading: heading(&session, diagnosis),
            remarks: remarks::remarks(&session, diagnosis),
            to_server: Side::new(session.transcript.client_spans),
            to_client: Side::new(session.transcript.server_spans),
        }
    }

    /// The lines before its first frame, the time in `zone`.
    pub(crate) fn heading(&self, layout: &TraceLayout, zone: &Zone) -> String {
        let mut page = Page::new(layout.colour);
        let first = format!("Session {}: {} --> {}", self.number, self.client, self.server);
        let (date, time) = (report::words::date(self.opened, zone), report::words::time_of_day(self.opened, zone));
        let opened = format!("Opened: {date} {time} {}", zone.name());
        let more = if layout.view == View::Dialogue { &[][..] } else { &self.heading };
        for line in [&first, &opened].into_iter().chain(more) {
            page.line(Ink::Heading, 0, &format!("{}{line}", words::HEADING));
        }
        page.blank();
        page.finish()
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ClientToServer => &mut self.to_server,
            Direction::ServerToClient => &mut self.to_client,
        }
    }
}

/// A line of ours that is about the trace itself. `text` holds nothing of the capture.
pub(crate) fn note(text: &str, layout: &TraceLayout) -> String {
    let mut page = Page::new(layout.colour);
    page.line(Ink::Heading, 0, &format!("{}{text}", words::HEADING));
    page.finish()
}

/// A command that says the same hello once more; only of a lost session.
fn try_again(session: &Session, diagnosis: &Diagnosis) -> Option<String> {
    let source = CaptureSource::default();
    let digest = Digest::new(0, &source, session, diagnosis, None);
    let retry = (diagnosis.outcome == Outcome::Lost).then(|| Retry::new(&digest))?;
    // What the command repeats is less than the session where mail was refused.
    let what = match retry.reach {
        Reach::Connect => "Connect again",
        Reach::Hello => "Say hello again",
        Reach::Tls => "Start TLS again",
    };
    retry.short().map(|command| format!("{what}: {command}"))
}

/// Product, outcome, cause, and what the trace cannot show.
fn heading(session: &Session, diagnosis: &Diagnosis) -> Vec<String> {
    let mut lines = Vec::new();
    let product = &session.product;
    if let Some(name) = &product.name {
        let build = product.build.as_ref().map(|build| format!(", build {build}")).unwrap_or_default();
        lines.push(escape::text(format!("Server: {name}{build}").as_bytes()));
    }
    // A session that recovered and was lost all the same has its cause for a reason.
    let recovered = recovery::text(session, diagnosis).filter(|_| diagnosis.cause.is_none());
    let recovered = recovered.map(|text| format!(", {text}")).unwrap_or_default();
    lines.push(format!("Outcome: {}{recovered}", evidence::verdict(diagnosis)));
    lines.extend(try_again(session, diagnosis));
    let transcript = &session.transcript;
    if transcript.client_spans.is_full() || transcript.server_spans.is_full() {
        lines.push("Too many messages: the commands and replies of the later ones are not shown".to_owned());
    }
    lines
}
