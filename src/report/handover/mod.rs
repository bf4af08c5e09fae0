//! A paragraph for the ticket, for the side that has to change something and knows nothing of captures: what happened, when
//! and between whom, what to change, how to see that it is solved, and where the evidence is.

mod events;
mod list;
mod pieces;

use std::collections::BTreeSet;

use super::command::{Reach, Retry};
use super::digest::Digest;
use super::relay::client_of;
use super::words::{date, date_and_time};
use super::{advice, escape};
use crate::diagnosis::{Confidence, EvidenceKind, Fault, Outcome, Stage};
use crate::session::Session;
use crate::smtp::Verb;
use crate::time::{FrameNumber, NANOS_PER_SEC, Zone};

pub(super) use list::ExampleParagraphs;
pub(super) use pieces::Paragraph;

/// What to hand on of a lost session.
pub(super) struct Handover {
    /// The words.
    pub(super) paragraph: Paragraph,
    /// The commands.
    pub(super) retry: Retry,
}

impl Handover {
    /// Of the session that `digest` is of, its times in `zone`; none if it was not lost.
    pub(super) fn new(digest: &Digest<'_>, zone: &Zone) -> Option<Self> {
        if digest.diagnosis.outcome != Outcome::Lost {
            return None;
        }
        let retry = Retry::new(digest);
        let mut paragraph = Paragraph::default();
        who_and_when(digest, zone, &mut paragraph);
        events::tell(digest.diagnosis, &mut paragraph);
        what_it_means(digest, &mut paragraph);
        what_to_change(digest, &mut paragraph);
        how_to_verify(digest, &retry, &mut paragraph);
        evidence(digest, &mut paragraph);
        Some(Self { paragraph, retry })
    }
}

/// Of a format without times the clock stands in 1970.
const NO_CAPTURE_BEFORE_NS: i64 = 10 * 365 * 86_400 * NANOS_PER_SEC;

fn who_and_when(digest: &Digest<'_>, zone: &Zone, paragraph: &mut Paragraph) {
    let session = digest.session;
    let opened = session.first.time;
    if opened.as_nanos() < NO_CAPTURE_BEFORE_NS {
        paragraph.sentence("At a time that the recording does not tell, ");
    } else {
        let clock = date_and_time(opened, zone);
        let time = clock.get(11..).unwrap_or_default();
        paragraph.sentence(format!("On {} at {time} {}, ", date(opened, zone), zone.name()));
    }
    match session.proxied_client() {
        Some(client) => {
            let proxy = session.client.ip();
            paragraph.own(format!("the client {}, through the proxy {proxy},", client.ip()));
        }
        None => {
            paragraph.own(format!("the client {}", session.client.ip()));
        }
    }
    let is_connecting = digest.diagnosis.cause.is_some_and(|rule| rule.stage == Stage::Connecting);
    paragraph.own(if is_connecting { " tried to connect" } else { " connected" });
    server(session, paragraph);
}

fn server(session: &Session, paragraph: &mut Paragraph) {
    let (ip, port) = (session.server.ip(), session.server.port());
    let Some(request) = session.transcript.proxy_request.as_deref() else {
        paragraph.own(format!(" to the mail server {ip}, port {port}."));
        return;
    };
    paragraph.own(format!(" through the {} proxy {ip}, port {port}, to the mail server", request.kind.name()));
    if let Some(host) = &request.host {
        paragraph.own(" ").said(host);
    }
    if let Some(port) = request.port {
        paragraph.own(format!(", port {port}"));
    }
    paragraph.own(".");
}

fn what_it_means(digest: &Digest<'_>, paragraph: &mut Paragraph) {
    let diagnosis = digest.diagnosis;
    if let Some(reason) = diagnosis.reason {
        paragraph.sentence(format!("In other words: {}.", reason.title));
    }
    if diagnosis.confidence == Some(Confidence::Probable) {
        paragraph.sentence("This is the most likely explanation; the recording does not prove it.");
    }
    paragraph.sentence("The server accepted no mail in this session.");
    if diagnosis.delivered_later.is_some() {
        paragraph.sentence("Right after it, another session delivered the mail to another address of the same domain.");
    }
}

fn what_to_change(digest: &Digest<'_>, paragraph: &mut Paragraph) {
    let remedy = advice::remedy(digest.diagnosis);
    if remedy.is_empty() {
        return;
    }
    paragraph.sentence(match digest.diagnosis.fault {
        Some(Fault::Client) => format!("What to change, at the client {}: ", client_of(digest.session)),
        Some(Fault::Server) => "What to change, at the server: ".to_owned(),
        Some(Fault::Network) => "What to change, between the two: ".to_owned(),
        Some(Fault::Capture) | None => "What to do: ".to_owned(),
    });
    paragraph.own(remedy);
}

fn how_to_verify(digest: &Digest<'_>, retry: &Retry, paragraph: &mut Paragraph) {
    let Some(command) = retry.short() else {
        let why = retry.missing.map(super::command::Missing::text).unwrap_or_default();
        paragraph.sentence(format!("To verify, send a test mail in the same way. {why}"));
        return;
    };
    let decides = match retry.reach {
        Reach::Hello => is_about_hello(digest),
        Reach::Connect => is_about_connecting(digest),
        Reach::Tls => false,
    };
    if !decides {
        paragraph.sentence("To verify, send a test mail again. On the client, the command ").command(command);
        paragraph.own(match retry.reach {
            Reach::Connect => " shows only whether the server answers.",
            Reach::Hello if is_about_name(digest) => {
                " does not show it: this server accepts the name at first, and refuses it at a later command."
            }
            Reach::Hello => " shows only whether the server answers and accepts the client's name.",
            Reach::Tls => {
                " shows whether the server starts the encryption at all; it has other settings for it than the client."
            }
        });
        return;
    }
    paragraph.sentence("To verify, run this command on the client: ").command(command).own(". ");
    paragraph.own(match retry.reach {
        Reach::Connect => {
            "It only connects. When it shows a line of the server that begins with 220, the problem is solved."
        }
        _ if advice::lost_to(digest.diagnosis).is_some() => {
            "It sends the same once more and should get the same answer. With the corrected name in the command, the \
             server should answer with a line that begins with 250."
        }
        _ if digest.diagnosis.fault == Some(Fault::Client) => {
            "If the name was changed, put the new name into the command. When the server answers it with a line that \
             begins with 250, the problem is solved."
        }
        _ => "When the server answers the client's name with a line that begins with 250, the problem is solved.",
    });
}

/// Whether the session was lost to its hello, whatever command was refused for it.
fn is_about_name(digest: &Digest<'_>) -> bool {
    digest.diagnosis.cause.is_some_and(|rule| matches!(rule.stage, Stage::Argument | Stage::Hello))
}

/// Whether the hello itself was refused or left without an answer, so that it shows what became of the problem.
fn is_about_hello(digest: &Digest<'_>) -> bool {
    let is_to_hello = match digest.diagnosis.reply() {
        Some((_, answer)) => answer.to.is_some_and(|verb| verb.is_hello() || verb == Verb::Mangled),
        None => true,
    };
    let is_other_service =
        digest.diagnosis.evidence.iter().any(|shown| matches!(shown.kind, EvidenceKind::OtherProtocol(..)));
    is_about_name(digest) && is_to_hello || is_other_service
}

fn is_about_connecting(digest: &Digest<'_>) -> bool {
    let stage = digest.diagnosis.cause.map(|rule| rule.stage);
    // A client that spoke too early did what a command that waits does not do.
    let is_early = digest.session.transcript.early_talk.is_some();
    matches!(stage, Some(Stage::Connecting | Stage::Greeting)) && !is_early
}

/// Frames that are named.
const MOST_FRAMES: usize = 8;

fn evidence(digest: &Digest<'_>, paragraph: &mut Paragraph) {
    let all: BTreeSet<FrameNumber> = digest.diagnosis.evidence.iter().map(|shown| shown.frame).collect();
    let mut frames: Vec<String> = all.iter().take(MOST_FRAMES).map(ToString::to_string).collect();
    let frames = match (frames.pop(), frames.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => format!(", frame {only}"),
        (Some(last), false) => format!(", frames {} and {last}", frames.join(", ")),
    };
    let source = escape::text(digest.source.to_string().as_bytes());
    paragraph.sentence("Evidence: the packet capture ").shown(source).own(frames).own(".");
}
