//! Small captures of refusals that were given the wrong cause or side, each with the right ones.

use crate::corpus;

/// Capture, outcome, cause, reason, fault.
const RIGHT: &[(&str, &str, &str, Option<&str>, &str)] = &[
    ("587-530-auth-required", "lost", "sender-refused", Some("auth-required"), "client"),
    ("587-530-starttls-first", "lost", "sender-refused", Some("tls-required"), "client"),
    ("587-auth-530-starttls-first", "lost", "auth-failed", Some("tls-required"), "client"),
    ("helo-501-then-data-client-closes", "lost", "connection-closed", None, "client"),
    ("helo-501-then-rcpt-550", "lost", "recipients-refused", Some("mailbox-unknown"), "client"),
    ("pipelined-mail552-rcpt-names-helo", "lost", "sender-refused", Some("too-large"), "client"),
    ("rcpt-client-blocked", "lost", "recipients-refused", Some("client-blocked"), "client"),
    ("rcpt-sender-rejected", "lost", "sender-refused", Some("sender-domain"), "client"),
    ("smtputf8", "lost", "recipients-refused", Some("smtputf8"), "client"),
];

#[test]
fn refusals_have_the_right_cause_reason_and_side() {
    let Some(folder) = corpus::folder("wild") else { return };
    let mut wrong = Vec::new();
    for (name, outcome, cause, reason, fault) in RIGHT {
        let (_, sessions) = corpus::sessions(&folder.join(format!("made--{name}.pcap")), &[25, 587]);
        let [(_, diagnosis)] = &sessions[..] else { panic!("{name}: {} sessions", sessions.len()) };
        let found = (
            diagnosis.outcome.code(),
            diagnosis.cause.map_or("", |rule| rule.code),
            diagnosis.reason.map(|reason| reason.code),
            diagnosis.fault.map_or("", |fault| fault.code()),
        );
        if found != (*outcome, *cause, *reason, *fault) {
            wrong.push(format!("{name}: {found:?}: {:?}", diagnosis.evidence));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
