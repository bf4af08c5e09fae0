//! Every sample gets the verdict that samples/README.md gives it.

use std::path::PathBuf;

use ehlotrace::diagnosis::{EvidenceKind, Remark};
use ehlotrace::report::advice::remedy;
use ehlotrace::report::evidence::text;
use ehlotrace::smtp::ehlo::ProblemCode;
use ehlotrace::smtp::{ProxyKind, Verb};

use crate::corpus;

/// Sample, outcome, cause, confidence of the first session; a mark where it is known to have recovered.
const VERDICTS: &[(&str, &str, &str, &str)] = &[
    ("auth-failed.pcap", "lost", "auth-failed", "certain"),
    ("auth-required.pcap", "lost", "sender-refused", "certain"),
    ("client-blocked.pcap", "lost", "recipients-refused", "certain"),
    ("connect-refused.pcap", "lost", "connect-refused", "certain"),
    ("connect-unanswered.pcap", "lost", "connect-unanswered", "certain"),
    ("connect-unreachable-ipv6.pcap", "lost", "connect-unreachable", "certain"),
    ("connect-unreachable.pcap", "lost", "connect-unreachable", "certain"),
    ("connection-closed.pcap", "lost", "connection-closed", "probable"),
    ("connection-reset.pcap", "lost", "connection-reset", "probable"),
    ("cut-short.pcap", "unknown", "", ""),
    ("deferred.pcap", "lost", "ehlo-argument", "certain"),
    ("early-talk.pcap", "lost", "recipients-refused", "probable"),
    ("ehlo-mangled-inside.pcap", "lost", "ehlo-mangled", "certain"),
    ("ehlo-mangled.pcap", "lost", "ehlo-mangled", "certain"),
    ("ehlo-policy.pcap", "lost", "ehlo-policy", "certain"),
    ("ehlo-to-ssh.pcap", "lost", "not-smtp", "certain"),
    ("ehlo-unanswered.pcap", "lost", "ehlo-unanswered", "probable"),
    ("ehlo-unsupported.pcap", "lost", "ehlo-unsupported", "certain"),
    ("exported.pcap", "lost", "ehlo-argument", "certain"),
    ("greeting-refused.pcap", "lost", "greeting-refused", "certain"),
    ("greylisted.pcap", "lost", "recipients-refused", "certain"),
    ("hello-passed-over.pcap", "lost", "recipients-refused", "certain"),
    ("kb240832-closed.pcap", "lost", "ehlo-argument", "probable"),
    ("kb240832-lost.etl", "lost", "ehlo-argument", "certain"),
    ("kb240832-lost.pcap", "lost", "ehlo-argument", "certain"),
    ("kb240832-pktmon.etl", "lost", "ehlo-argument", "probable"),
    ("kb240832-works.pcap", "delivered", "", "certain"),
    ("late-syn.pcap", "lost", "ehlo-argument", "certain"),
    ("lookup-failed.pcap", "delivered", "", "certain"),
    ("mailbox-unknown.pcap", "lost", "recipients-refused", "certain"),
    ("message-refused.pcap", "lost", "message-refused", "certain"),
    ("no-greeting.pcap", "lost", "no-greeting", "certain"),
    ("no-mail.pcap", "no-mail", "", "certain"),
    ("not-smtp.pcap", "not-smtp", "", "certain"),
    ("one-sided.pcap", "unknown", "", ""),
    ("pipelined-refusal.pcap", "lost", "sender-refused", "certain"),
    ("proxied-binary.pcap", "delivered", "", "certain"),
    ("proxied.pcap", "lost", "ehlo-argument", "certain"),
    ("proxy-mismatch.pcap", "lost", "proxy-mismatch", "certain"),
    ("recipients-refused.pcap", "lost", "recipients-refused", "certain"),
    ("recovered.pcap", "delivered", "", "certain"),
    ("relaying-denied.pcap", "lost", "recipients-refused", "certain"),
    ("sender-domain.pcap", "lost", "sender-refused", "certain"),
    ("sender-refused.pcap", "lost", "sender-refused", "certain"),
    ("socks.pcap", "lost", "ehlo-argument", "certain"),
    ("spf-dkim-dmarc.pcap", "lost", "message-refused", "certain"),
    ("starttls.pcap", "unknown", "", ""),
    ("synchronization-error.pcap", "lost", "greeting-refused", "certain"),
    ("timed-out-421.pcap", "lost", "timed-out", "probable"),
    ("timed-out.pcap", "lost", "timed-out", "probable"),
    ("tls-failed.pcap", "lost", "tls-failed", "probable"),
    ("tls-required.pcap", "lost", "sender-refused", "certain"),
    ("tolerated.pcap", "delivered", "", "certain"),
    ("two-taps.pcap", "lost", "ehlo-argument", "certain"),
    ("unanswered.pcap", "lost", "ehlo-argument", "probable"),
    ("xclient.pcap", "lost", "ehlo-argument", "certain"),
    ("xforward.pcap", "delivered", "", "certain"),
];

/// Sample, reason and fault of those whose reply says why. All other refusals among the samples have no reason.
const REASONS: &[(&str, &str, &str)] = &[
    ("auth-failed.pcap", "credentials-refused", "client"),
    ("auth-required.pcap", "auth-required", "client"),
    ("client-blocked.pcap", "client-blocked", "client"),
    ("early-talk.pcap", "early-talk", "client"),
    ("ehlo-policy.pcap", "hello-not-qualified", "client"),
    ("greylisted.pcap", "greylisted", "client"),
    ("hello-passed-over.pcap", "mailbox-full", "server"),
    ("mailbox-unknown.pcap", "mailbox-unknown", "client"),
    ("message-refused.pcap", "mailbox-full", "server"),
    ("pipelined-refusal.pcap", "too-large", "client"),
    ("recipients-refused.pcap", "relaying-denied", "client"),
    ("relaying-denied.pcap", "relaying-denied", "client"),
    ("sender-domain.pcap", "sender-domain", "client"),
    ("sender-refused.pcap", "sender-domain", "client"),
    ("spf-dkim-dmarc.pcap", "spf-dkim-dmarc", "client"),
    ("synchronization-error.pcap", "early-talk", "client"),
    ("tls-required.pcap", "tls-required", "client"),
];

/// Samples with more than one session, judged below, in `attempts` and in the tests of reports.
const PILES: &[&str] = &["mixed.pcapng", "relay-stopped.pcapng", "second-address.pcap", "second-mx.pcap", "week.pcap"];

/// Of the servers in the samples.
const PORTS: [u16; 4] = [25, 465, 587, 1080];

fn sample(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples")).join(name)
}

#[test]
fn every_sample_has_a_verdict_here() {
    let files = corpus::captures(&sample(""));
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    let known: Vec<_> = VERDICTS.iter().map(|row| row.0).chain(PILES.iter().copied()).collect();
    let unknown: Vec<_> = names.iter().filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "no verdict for {unknown:?}");
    assert_eq!(names.len(), known.len());
}

#[test]
fn samples_get_their_verdicts() {
    let mut wrong = Vec::new();
    for (name, outcome, cause, confidence) in VERDICTS {
        let (report, sessions) = corpus::sessions(&sample(name), &PORTS);
        assert!(report.error.is_none() && report.undecoded.is_empty(), "{name}: {report:?}");
        let [(session, diagnosis)] = &sessions[..] else { panic!("{name}: {} sessions", sessions.len()) };
        let found = (
            diagnosis.outcome.code(),
            diagnosis.cause.map_or("", |rule| rule.code),
            diagnosis.confidence.map_or("", |confidence| confidence.code()),
        );
        if found != (*outcome, *cause, *confidence) {
            wrong.push(format!("{name}: {found:?} {:?} {session:#?}", diagnosis.evidence));
        }
        assert_eq!(diagnosis.recovered, *name == "recovered.pcap", "{name}");
        assert_eq!(remedy(diagnosis).is_empty(), *outcome != "lost", "{name}");
        let row = REASONS.iter().find(|row| row.0 == *name);
        let reason = diagnosis.reason.map(|reason| reason.code);
        assert_eq!(reason, row.map(|row| row.1), "{name}");
        if let Some((_, _, fault)) = row {
            assert_eq!(diagnosis.fault.unwrap().code(), *fault, "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fault_and_remedy_follow_the_reason() {
    let said = |name: &str| remedy(&corpus::sessions(&sample(name), &PORTS).1[0].1);
    assert_eq!(
        said("ehlo-policy.pcap"),
        "Set the sending server's fully qualified name (`sub2.your-company.com`) as the name in its hello. \
         Or at the server: remove the rule that requires it, or make an exception for this client."
    );
    assert_eq!(
        said("message-refused.pcap"),
        "Make space in the mailbox, or raise its quota. \
         At the client: contact the recipient in another way, and send again later."
    );
}

#[test]
fn the_stopped_relay_loses_six_of_eight() {
    let (_, sessions) = corpus::sessions(&sample("relay-stopped.pcapng"), &[25]);
    let outcomes: Vec<_> = sessions.iter().map(|(_, diagnosis)| diagnosis.outcome.code()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "lost").count(), 6);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "delivered").count(), 2);
}

#[test]
fn a_session_behind_a_proxy_names_its_client() {
    for name in ["proxied.pcap", "proxied-binary.pcap", "proxy-mismatch.pcap"] {
        let (_, sessions) = corpus::sessions(&sample(name), &[25]);
        let (session, _) = &sessions[0];
        let ends = ("203.0.113.9:40000".parse().unwrap(), "192.0.2.25:25".parse().unwrap());
        assert_eq!(session.behind_proxy(), Some(ends), "{name}");
        assert_eq!(session.client.to_string().split(':').next(), Some("192.0.2.7"), "{name}");
    }
}

#[test]
fn a_request_to_a_proxy_names_the_mail_server() {
    let (_, sessions) = corpus::sessions(&sample("socks.pcap"), &PORTS);
    let request = sessions[0].0.transcript.proxy_request.as_ref().unwrap();
    assert_eq!(
        (request.kind, request.host.as_deref(), request.port),
        (ProxyKind::Socks5, Some(&b"mx.example.net"[..]), Some(25))
    );
    assert!(request.is_granted());
}

#[test]
fn a_name_passed_on_with_xforward_is_a_remark() {
    let (_, sessions) = corpus::sessions(&sample("xforward.pcap"), &PORTS);
    assert!(matches!(sessions[0].1.remarks[..], [(7, Remark::ForwardedHello)]), "{:?}", sessions[0].1.remarks);
}

#[test]
fn a_name_passed_on_with_xclient_is_the_clients() {
    let (_, sessions) = corpus::sessions(&sample("xclient.pcap"), &[25]);
    let (session, diagnosis) = &sessions[0];
    assert_eq!(session.proxied_client(), Some("203.0.113.9:40000".parse().unwrap()));
    assert_eq!((diagnosis.suggestion.as_deref(), diagnosis.fault.unwrap().code()), (Some("sub2"), "client"));
    let words: Vec<_> = diagnosis.evidence.iter().map(|shown| text(&shown.kind)).collect();
    let refused = "server replied 501 5.5.2 <sub2.>: Helo command rejected: Invalid name";
    assert_eq!(words, ["XCLIENT HELO argument \"sub2.\" ends in a dot", refused]);
}

#[test]
fn a_client_that_spoke_first_is_told_by_how_much() {
    let (_, sessions) = corpus::sessions(&sample("early-talk.pcap"), &[25]);
    let early = sessions[0].0.transcript.early_talk.unwrap();
    assert!(early.spoke.frame < early.greeted.frame);
    assert!((6_000_000_000..6_100_000_000).contains(&early.not_waited_ns().unwrap()), "{early:?}");
    let words: Vec<_> = sessions[0].1.evidence.iter().map(|shown| text(&shown.kind)).collect();
    assert!(words[0].starts_with("client did not wait for the greeting: it came 6 s "), "{words:?}");
}

#[test]
fn the_lost_session_of_the_article_says_what_to_do() {
    let (_, sessions) = corpus::sessions(&sample("kb240832-lost.pcap"), &[25]);
    let (session, diagnosis) = &sessions[0];
    let kinds: Vec<_> = diagnosis.evidence.iter().map(|shown| (shown.frame, &shown.kind)).collect();
    let [(5, EvidenceKind::Argument(argument)), (6, reply), (7, EvidenceKind::Quit)] = &kinds[..] else {
        panic!("{kinds:?}")
    };
    assert_eq!((argument.verb, &*argument.octets), (Verb::Ehlo, &b"sub2."[..]));
    assert_eq!(argument.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [ProblemCode::TrailingDot]);
    let at = session.transcript.exchanges[1].reply.as_ref().unwrap().at;
    let (frame, answer) = diagnosis.reply().unwrap();
    assert_eq!((frame, answer.code, &*answer.text), (6, 501, &b"Invalid Address"[..]));
    assert_eq!((answer.to, answer.at), (Some(Verb::Ehlo), at));
    assert_eq!(*reply, &EvidenceKind::Reply(answer.clone()));
    assert_eq!((diagnosis.hello, diagnosis.suggestion.as_deref()), (Some(0), Some("sub2")));
    let words: Vec<_> = diagnosis.evidence.iter().map(|shown| text(&shown.kind)).collect();
    assert_eq!(
        words,
        ["EHLO argument \"sub2.\" ends in a dot", "server replied 501 Invalid Address", "client sent QUIT"]
    );
    let remedy = remedy(diagnosis);
    assert!(
        remedy.contains("Send the host name only, `sub2`, or its fully qualified name, `sub2.your-company.com`"),
        "{remedy}"
    );
    assert_eq!(diagnosis.fault.unwrap().code(), "client");
    assert_eq!(session.product.name.as_deref(), Some("Microsoft IIS 4.0 SMTP / MCIS 2.x"));
}
