//! Sessions that broke at STARTTLS or AUTH.

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::flow::Side;
use crate::smtp::{Tls, Verb};

/// STARTTLS was refused, or the connection died in the TLS handshake.
pub(super) const TLS_FAILED: Rule = Rule {
    code: "tls-failed",
    stage: Stage::Tls,
    title: "TLS did not start",
    reference: "RFC 3207 4",
    remedy: "Compare the TLS versions, ciphers and certificates of both sides. The side that sent the alert or closed the connection is the one that refused.",
    faults: &[Fault::Server, Fault::Client, Fault::Network],
    page: include_str!("pages/tls-failed.md"),
    check: |facts| refused(facts).or_else(|| mistaken(facts)).or_else(|| handshake_died(facts)),
};

/// The last AUTH was refused, and no message followed.
pub(super) const AUTH_FAILED: Rule = Rule {
    code: "auth-failed",
    stage: Stage::Auth,
    title: "the client's credentials are refused",
    reference: "RFC 4954 4, 6",
    remedy: "Correct the user name and password on the sending side, or choose an authentication mechanism that the server offers.",
    faults: &[Fault::Client, Fault::Server],
    page: include_str!("pages/auth-failed.md"),
    check: |facts| {
        let auth = &facts.transcript.auth;
        facts.refused(Fault::Client, Verb::Auth, auth, auth.is_last_refused)
    },
};

fn refused(facts: &Facts<'_>) -> Option<Finding> {
    let starttls = &facts.transcript.starttls;
    // A client that goes on without TLS was not stopped by its lack.
    if facts.transcript.mail.tried > 0 || facts.transcript.auth.tried > 0 {
        return None;
    }
    facts.refused(Fault::Server, Verb::StartTls, starttls, starttls.is_last_refused)
}

fn handshake_died(facts: &Facts<'_>) -> Option<Finding> {
    let tls = &facts.transcript.tls;
    if !facts.transcript.is_tls || tls.is_established() || facts.ending == Ending::CaptureEnded {
        return None;
    }
    let mut evidence = hellos(tls);
    let is_unanswered = tls.client.records > 0 && tls.server.records == 0;
    let mut fault = match facts.ending {
        Ending::Closed { by_server: true } | Ending::Reset { by_server: true } => Fault::Server,
        Ending::Silence => Fault::Network,
        _ if is_unanswered => Fault::Server,
        _ => Fault::Client,
    };
    evidence.extend(facts.transcript.plain_reply_to_tls().map(|reply| Evidence::reply(reply, None)));
    for (from, sender, alert) in
        [(Side::Client, Fault::Client, tls.client.alert), (Side::Server, Fault::Server, tls.server.alert)]
    {
        if let Some(alert) = alert.filter(|alert| !alert.is_close_notify()) {
            fault = sender;
            evidence.push(Evidence::new(alert.moment, EvidenceKind::Alert(from, alert)));
        }
    }
    let tls = if tls.is_seen() { EvidenceKind::UnfinishedTls } else { EvidenceKind::NoTls };
    evidence.push(Evidence::new(facts.session.last, tls));
    evidence.push(facts.ended(EvidenceKind::Ended));
    Some(Finding::new(fault, Confidence::Probable, evidence))
}

/// One side spoke TLS and the other plain text, and STARTTLS is not why: the client is set to the other.
fn mistaken(facts: &Facts<'_>) -> Option<Finding> {
    let (session, transcript) = (facts.session, facts.transcript);
    let tls = &transcript.tls;
    let is_cut_off = tls.client.is_cut_off || tls.server.is_cut_off;
    if transcript.starttls.accepted > 0 || is_cut_off || facts.ending == Ending::CaptureEnded {
        return None;
    }
    let (kind, remedy) = match (tls.client.records > 0, tls.server.records > 0) {
        (false, true) => (EvidenceKind::PlainToTls, PLAIN_TO_TLS),
        (true, false) if transcript.server_octets > 0 => (EvidenceKind::TlsToPlain, TLS_TO_PLAIN),
        _ => return None,
    };
    let reply = transcript.plain_reply_to_tls();
    let moment = tls.server.alert.map(|alert| alert.moment).or_else(|| reply.map(|reply| reply.moment));
    let mut evidence = hellos(tls);
    evidence.push(Evidence::new(moment.unwrap_or(session.last), kind));
    evidence.extend(reply.map(|reply| Evidence::reply(reply, None)));
    evidence
        .extend(tls.server.alert.map(|alert| Evidence::new(alert.moment, EvidenceKind::Alert(Side::Server, alert))));
    evidence.push(facts.ended(EvidenceKind::Ended));
    let finding = Finding::new(Fault::Client, Confidence::Certain, evidence);
    Some(Finding { remedy: Some(remedy), ..finding })
}

const PLAIN_TO_TLS: &str = "The server expects TLS from the first byte, as on port 465, but the client sends plain SMTP. Set the client to use TLS from the start of the connection (often called SSL), or to use port 587 with STARTTLS.";

const TLS_TO_PLAIN: &str = "The server uses plain SMTP on this port, but the client starts TLS at once. Set the client to use STARTTLS on this port, or to use port 465, where TLS starts with the first byte.";

/// What the client asked for, what the server chose, and its certificate.
fn hellos(tls: &Tls) -> Vec<Evidence> {
    let client = tls.client_hello.iter().map(|hello| (hello.moment, EvidenceKind::ClientHello(hello.clone())));
    let server = tls.server_hello.iter().map(|hello| (hello.moment, EvidenceKind::ServerHello(*hello)));
    let certificate = tls.certificate.iter();
    let certificate =
        certificate.map(|certificate| (certificate.moment, EvidenceKind::Certificate(certificate.clone().into())));
    client.chain(server).chain(certificate).map(|(moment, kind)| Evidence::new(moment, kind)).collect()
}
