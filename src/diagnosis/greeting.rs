//! Connections on which the server did not greet, or greeted with a refusal.

use super::facts::Ending;
use super::rules::{Fault, Finding, Rule};
use super::{Confidence, Evidence};

/// The handshake worked, and not one octet came from the server.
pub(super) const NO_GREETING: Rule = Rule {
    code: "no-greeting",
    title: "the mail server accepts the connection and never greets",
    reference: "RFC 5321 3.1; Microsoft Q182821",
    remedy: "Look at the receiving service: it accepts connections but does not answer them. A limit on connections, a blocked name look-up of the client's address, or a firewall that answers in the server's place does this.",
    check: |facts| {
        let (session, transcript) = (facts.session, facts.transcript);
        let greets = transcript.server_octets > 0 || transcript.missing.server_octets > 0;
        if !session.handshake.is_complete() || greets || facts.ending == Ending::CaptureEnded {
            return None;
        }
        let waited = session.last.time.nanos_since(session.handshake.ack?.time);
        let opened = Evidence::new(session.handshake.ack?, "handshake complete, and no greeting followed");
        // A client that leaves at once has not waited for a greeting.
        let client_left =
            matches!(facts.ending, Ending::Closed { by_server: false } | Ending::Reset { by_server: false });
        if client_left && waited < PATIENCE_NS {
            return None;
        }
        Some(Finding::new(Fault::Server, Confidence::Certain, vec![opened, facts.ending_evidence()]))
    },
};

/// A client that hangs up sooner than this is a port scan, not a mail server in want of a greeting.
const PATIENCE_NS: i64 = 1_000_000_000;

/// The greeting is no 220.
pub(super) const REFUSED: Rule = Rule {
    code: "greeting-refused",
    title: "the mail server refuses the client in its greeting",
    reference: "RFC 5321 3.1, 4.3.2",
    remedy: "The server turns this client away before it has said anything: look there for a block list, a limit on connections, or a service that is stopping. The greeting's text says which.",
    check: |facts| {
        let greeting = facts.transcript.greeting().filter(|greeting| greeting.is_refusal())?;
        Some(Finding::new(Fault::Server, Confidence::Certain, vec![Evidence::reply(greeting)]))
    },
};
