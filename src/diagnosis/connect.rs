//! Connections that never came about.

use super::facts::Facts;
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Confidence, Evidence, EvidenceKind};
use crate::time::NANOS_PER_SEC;

/// A router or host answered the SYN with an ICMP error.
pub(super) const UNREACHABLE: Rule = Rule {
    code: "connect-unreachable",
    stage: Stage::Connecting,
    title: "the mail server cannot be reached",
    reference: "RFC 792, RFC 4443",
    remedy: "Check the route and the firewalls between the two hosts. The host named in the evidence did not pass the connection on.",
    faults: &[Fault::Network],
    page: include_str!("pages/connect-unreachable.md"),
    check: |facts| {
        let refused = facts.session.refused?;
        if facts.session.handshake.syn_ack.is_some() {
            return None;
        }
        let said = EvidenceKind::Unreachable(refused.reported_by, refused.reason);
        let evidence = syn(facts).into_iter().chain([Evidence::new(refused.moment, said)]).collect();
        Some(Finding::new(Fault::Network, Confidence::Certain, evidence))
    },
};

/// The server's host answered the SYN with RST: nothing listens on the port, or a firewall says so.
pub(super) const REFUSED: Rule = Rule {
    code: "connect-refused",
    stage: Stage::Connecting,
    title: "the mail server refuses the connection",
    reference: "RFC 9293 3.5.2",
    remedy: "Make sure that the mail service runs and listens on this address and port, and that no firewall rejects the connection.",
    faults: &[Fault::Server],
    page: include_str!("pages/connect-refused.md"),
    check: |facts| {
        let handshake = &facts.session.handshake;
        handshake.syn?;
        let (moment, is_certain) = handshake.refusal?;
        // With octets of the client between SYN and RST, the capture has merely missed the handshake.
        if facts.transcript.client_octets > 0 || facts.session.client_acknowledged {
            return None;
        }
        let reset = Evidence::new(moment, EvidenceKind::SynReset);
        let confidence = if is_certain { Confidence::Certain } else { Confidence::Probable };
        Some(Finding::new(Fault::Server, confidence, syn(facts).into_iter().chain([reset]).collect()))
    },
};

/// Nothing ever answered the SYN.
pub(super) const UNANSWERED: Rule = Rule {
    code: "connect-unanswered",
    stage: Stage::Connecting,
    title: "the mail server does not answer",
    reference: "RFC 9293 3.8.3",
    remedy: "Check three things: a firewall may drop the connection, the address may be wrong, or the host may be down.",
    faults: &[Fault::Network],
    page: include_str!("pages/connect-unanswered.md"),
    check: |facts| {
        let session = facts.session;
        let is_answered = session.handshake.syn_ack.is_some() || session.client_acknowledged;
        let was_waited_for = session.handshake.syns > 1 || session.quiet_ns >= WAIT_NS;
        // Nor does a client end what was not answered.
        let is_server_silent = session.close.by.is_none();
        if session.handshake.syn.is_none() || is_answered || !was_waited_for || !is_server_silent {
            return None;
        }
        let tries = EvidenceKind::SynUnanswered { syns: session.handshake.syns, quiet_ns: session.quiet_ns };
        let evidence = syn(facts).into_iter().chain([Evidence::new(session.last, tries)]).collect();
        Some(Finding::new(Fault::Network, Confidence::Certain, evidence))
    },
};

/// A SYN is repeated after one second and again after two more (RFC 6298 2): an answer comes sooner.
const WAIT_NS: i64 = 3 * NANOS_PER_SEC;

fn syn(facts: &Facts<'_>) -> Option<Evidence> {
    facts.session.handshake.syn.map(|syn| Evidence::new(syn, EvidenceKind::Syn))
}
