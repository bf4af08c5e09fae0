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
    title: "TLS could not be started",
    reference: "RFC 3207 4",
    remedy: "Compare the TLS versions, ciphers and certificates of both sides; the side that sent the alert or closed is the one that was not content.",
    faults: &[Fault::Server, Fault::Client, Fault::Network],
    page: include_str!("pages/tls-failed.md"),
    check: |facts| handshake_died(facts).or_else(|| refused(facts)),
};

/// The last AUTH was refused, and no message followed.
pub(super) const AUTH_FAILED: Rule = Rule {
    code: "auth-failed",
    stage: Stage::Auth,
    title: "the client's credentials are refused",
    reference: "RFC 4954 4, 6",
    remedy: "Correct the user name and password of the sending side, or choose an authentication mechanism that the server offers.",
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
    let mut fault = match facts.ending {
        Ending::Closed { by_server: true } | Ending::Reset { by_server: true } => Fault::Server,
        Ending::Silence => Fault::Network,
        _ => Fault::Client,
    };
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

/// What the client asked for and what the server chose.
fn hellos(tls: &Tls) -> Vec<Evidence> {
    let client = tls.client_hello.iter().map(|hello| (hello.moment, EvidenceKind::ClientHello(hello.clone())));
    let server = tls.server_hello.iter().map(|hello| (hello.moment, EvidenceKind::ServerHello(*hello)));
    client.chain(server).map(|(moment, kind)| Evidence::new(moment, kind)).collect()
}
