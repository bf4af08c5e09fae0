//! Sessions that broke at STARTTLS or AUTH.

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule};
use super::{Confidence, Evidence};

/// STARTTLS was refused, or the connection died in the TLS handshake.
pub(super) const TLS_FAILED: Rule = Rule {
    code: "tls-failed",
    title: "TLS could not be started",
    reference: "RFC 3207 4",
    remedy: "Compare the TLS versions, ciphers and certificates of both sides; the side that sent the alert or closed is the one that was not content.",
    check: |facts| handshake_died(facts).or_else(|| refused(facts)),
};

/// The last AUTH was refused, and no message followed.
pub(super) const AUTH_FAILED: Rule = Rule {
    code: "auth-failed",
    title: "the client's credentials are refused",
    reference: "RFC 4954 4, 6",
    remedy: "Correct the user name and password of the sending side, or choose an authentication mechanism that the server offers.",
    check: |facts| {
        let auth = &facts.transcript.auth;
        let refusal = auth.last_refusal.as_ref().filter(|_| auth.is_last_refused)?;
        let evidence = vec![Evidence::new(refusal.command, "client authenticates (AUTH)"), Evidence::refusal(refusal)];
        Some(Finding::new(Fault::Client, facts.confidence(), evidence))
    },
};

fn refused(facts: &Facts<'_>) -> Option<Finding> {
    let starttls = &facts.transcript.starttls;
    let refusal = starttls.last_refusal.as_ref().filter(|_| starttls.is_last_refused)?;
    // A client that goes on without TLS was not stopped by its lack.
    if facts.transcript.mail.tried > 0 || facts.transcript.auth.tried > 0 {
        return None;
    }
    let evidence = vec![Evidence::new(refusal.command, "client sent STARTTLS"), Evidence::refusal(refusal)];
    Some(Finding::new(Fault::Server, facts.confidence(), evidence))
}

fn handshake_died(facts: &Facts<'_>) -> Option<Finding> {
    let tls = &facts.transcript.tls;
    if !facts.transcript.is_tls || tls.is_established() || facts.ending == Ending::CaptureEnded {
        return None;
    }
    let mut evidence = vec![facts.ending_evidence()];
    let mut fault = match facts.ending {
        Ending::Closed { by_server: true } | Ending::Reset { by_server: true } => Fault::Server,
        Ending::Silence => Fault::Network,
        _ => Fault::Client,
    };
    for (who, sender, records) in [("client", Fault::Client, tls.client), ("server", Fault::Server, tls.server)] {
        if let Some((level, description)) = records.alert.filter(|(_, description)| *description != CLOSE_NOTIFY) {
            fault = sender;
            let level = if level == FATAL { "fatal" } else { "warning" };
            let text = format!("{who} sent a TLS alert ({level}, description {description})");
            evidence.insert(0, Evidence::new(facts.session.last, text));
        }
    }
    let text = if tls.is_seen() { "the TLS handshake did not complete" } else { "no TLS handshake followed" };
    evidence.insert(0, Evidence::new(facts.session.last, text));
    Some(Finding::new(fault, Confidence::Probable, evidence))
}

const FATAL: u8 = 2;
const CLOSE_NOTIFY: u8 = 0;
