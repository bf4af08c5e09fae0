//! The headline: a malformed argument of EHLO, HELO or LHLO (Microsoft KB 240832).

use super::facts::{Ending, Facts};
use super::rules::{Fault, Finding, Rule, Stage};
use super::{Argument, Confidence, Evidence, EvidenceKind};
use crate::smtp::{Hello, Refusal, XClient};

/// A hello argument is malformed, no hello was accepted, and no message followed.
///
/// It shows in four ways: the server refuses the hello; closes without a word, as IIS and MCIS do; does not answer; or
/// accepts the hello and refuses MAIL or RCPT with a text that names it.
pub(super) const RULE: Rule = Rule {
    code: "ehlo-argument",
    stage: Stage::Argument,
    title: "the client greets with a malformed name",
    reference: "Microsoft KB 240832; RFC 5321 4.1.1.1, 4.1.2, 4.1.3",
    remedy: "Configure the sending server to send its fully qualified name (`sub2.your-company.com`), with no dot at the end. The host name alone (`sub2`) is the second choice. A host without a name sends its address in brackets (`[192.0.2.7]`).",
    faults: &[Fault::Client],
    page: include_str!("pages/ehlo-argument.md"),
    check: |facts| {
        passed_on(facts)
            .or_else(|| deferred(facts))
            .or_else(|| if facts.is_past_hello() { None } else { at_once(facts) })
    },
};

/// A proxy passed the name on with XCLIENT, and the server refused that, or MAIL or RCPT for it; or with XFORWARD, and the
/// server refused that.
fn passed_on(facts: &Facts<'_>) -> Option<Finding> {
    let transcript = facts.transcript;
    let (xclient, xforward) = (transcript.xclients.last(), transcript.xforwards.last());
    let by_xclient = || passed_on_with(facts, xclient?, transcript.refusal_naming_hello.as_ref());
    by_xclient().or_else(|| passed_on_with(facts, xforward?, None).filter(|_| transcript.mail.accepted == 0))
}

fn passed_on_with(facts: &Facts<'_>, told: &XClient, later: Option<&(Refusal, Option<usize>)>) -> Option<Finding> {
    let command = facts.transcript.passing_command(told)?;
    let (name, check) = told.helo.as_ref().filter(|(_, check)| !check.is_well_formed())?;
    let reply = facts.transcript.exchanges.get(told.exchange)?.reply.as_ref();
    let refused = match (later, reply) {
        (_, Some(reply)) if reply.is_refusal() && reply.names_hello() => Evidence::reply(reply, Some(command.verb)),
        (Some((refusal, None)), Some(reply)) if reply.is_positive() => facts.refusal(refusal),
        _ => return None,
    };
    let argument = Argument {
        verb: command.verb,
        octets: name.clone(),
        problems: check.problems.clone(),
        is_tolerated: false,
        refused_before: None,
    };
    let sent = Evidence::new(command.moment, EvidenceKind::Argument(argument));
    let finding = Finding::new(Fault::Client, facts.confidence(), vec![sent, refused]);
    Some(Finding { suggestion: check.suggestion.clone(), ..finding })
}

/// The hello was accepted, and held against the client at MAIL or RCPT.
fn deferred(facts: &Facts<'_>) -> Option<Finding> {
    let (refusal, in_force) = facts.transcript.refusal_naming_hello.as_ref()?;
    let hello = facts.transcript.hellos.get((*in_force)?)?;
    if hello.check.is_well_formed() {
        return None;
    }
    finding(facts, hello, facts.confidence(), vec![facts.refusal(refusal)])
}

/// No hello was accepted.
fn at_once(facts: &Facts<'_>) -> Option<Finding> {
    let refused = facts.malformed().find(|hello| facts.is_refused(hello));
    if facts.is_hello_undecided() {
        return None;
    }
    if let Some(hello) = refused {
        let evidence = vec![facts.hello_reply(hello)?, after_refusal(facts)];
        return finding(facts, hello, facts.confidence(), evidence);
    }
    let hello = facts.malformed().last()?;
    // A reply that has begun, of whatever kind, is no silence.
    if facts.reply(hello).is_some() || facts.is_answered_in_tls() {
        return None;
    }
    let went_unanswered = match facts.ending {
        Ending::Closed { by_server: true } | Ending::Reset { by_server: true } => facts.closer_had_received(hello),
        // Without the server's acknowledgement the hello may never have arrived.
        Ending::Closed { .. } | Ending::Reset { .. } | Ending::Silence => facts.session.server_acknowledged_all,
        Ending::CaptureEnded => false,
    };
    if !went_unanswered {
        return None;
    }
    finding(facts, hello, Confidence::Probable, vec![facts.ended(EvidenceKind::HelloIgnored)])
}

/// What the client did with the refusal.
fn after_refusal(facts: &Facts<'_>) -> Evidence {
    match facts.transcript.quit {
        Some(quit) => Evidence::new(quit, EvidenceKind::Quit),
        None => facts.ended(EvidenceKind::Ended),
    }
}

fn finding(facts: &Facts<'_>, hello: &Hello, confidence: Confidence, mut evidence: Vec<Evidence>) -> Option<Finding> {
    evidence.insert(0, Evidence::argument(facts.command(hello)?, hello));
    let finding = Finding::new(Fault::Client, confidence, evidence);
    Some(Finding { hello: facts.index(hello), suggestion: hello.check.suggestion.clone(), ..finding })
}
