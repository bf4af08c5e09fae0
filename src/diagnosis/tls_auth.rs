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
    page: TLS_FAILED_PAGE,
    check: |facts| handshake_died(facts).or_else(|| refused(facts)),
};

/// The last AUTH was refused, and no message followed.
pub(super) const AUTH_FAILED: Rule = Rule {
    code: "auth-failed",
    stage: Stage::Auth,
    title: "the client's credentials are refused",
    reference: "RFC 4954 4, 6",
    remedy: "Correct the user name and password of the sending side, or choose an authentication mechanism that the server offers.",
    faults: &[Fault::Client],
    page: AUTH_FAILED_PAGE,
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

const TLS_FAILED_PAGE: &str = r#"The client wanted TLS: STARTTLS was refused, or the connection died in the
TLS handshake.

**In the capture.** Either a 4xx or 5xx to STARTTLS, after which the client gives up; or `220` to it, TLS records
(ClientHello, perhaps ServerHello and certificate), then a TLS alert, FIN or RST, or silence before the handshake is
done. The evidence names the version and server name that the ClientHello asks for, the version that the ServerHello
chose, and an alert that is not encrypted: its sender, its name and its number. In TLS 1.3 an alert after the ServerHello
is encrypted and cannot be told from data.

**Why.** No TLS version or cipher in common, a certificate that the other side does not accept, a server without its
key file, or a device in between that disturbs the handshake.

The alert says which: `handshake_failure` (40) no cipher, group or signature algorithm in common, `protocol_version` (70)
no version, `bad_certificate` (42), `certificate_expired` (45), `unknown_ca` (48) and `certificate_unknown` (46) a
certificate that its receiver does not accept, `unrecognized_name` (112) a server name the server has no certificate for,
`internal_error` (80) a fault inside the sender.

**What to do.** The side that sent the alert or closed is the one that was not content: its log says why. Compare
versions and ciphers of both. A client that need not have TLS may be allowed to go on without.

**Told apart.** If the client went on in clear text after the refusal, it was not stopped by it. Once the handshake is
done, TLS hides the rest and the outcome is `unknown`. 5xx to AUTH that demands TLS first is `auth-failed`.

```text
7   C: STARTTLS
8   S: 220 TLS go ahead
9   client sends ClientHello
10  server sends the alert handshake_failure (40)
11  server closes
```

Sample: `samples/tls-failed.pcap`. RFC 3207 4; RFC 8446 6 has the alerts."#;

const AUTH_FAILED_PAGE: &str = r#"The server refuses the client's user name and password, and no message
follows.

**In the capture.** AUTH, sometimes a few rounds of 334 with base64, then mostly `535 5.7.8`; 534 where the mechanism
is too weak, 538 or 530 where TLS has to come first, 454 where the server cannot check at the moment. Then QUIT, a
close, or a MAIL that is refused. ehlotrace shows `***` in the place of the secrets.

**Why.** A wrong or expired password, an account that may not send, a mechanism switched off (often LOGIN and PLAIN
without TLS, or passwords as such), a client that connects to the wrong server.

**What to do.** On the sending side, mostly a device or program with a stored password: correct it, or choose a
mechanism that the server's EHLO reply lists. After 454: look at the server's user database.

**Told apart.** A client that sends mail after a refused AUTH was not stopped by it. A MAIL refused with 530 by a
server to which no AUTH was sent is `sender-refused`.

```text
7   C: AUTH ***
8   S: 334 ***
13  S: 535 5.7.8 Error: authentication failed
14  C: QUIT
```

Sample: `samples/auth-failed.pcap` (port 587). RFC 4954 4 and 6 have the codes."#;
