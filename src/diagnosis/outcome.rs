//! The order of decisions: delivered, cannot tell, lost to a cause, no mail.

use super::facts::{Ending, Facts};
use super::remarks::remarks;
use super::rules::{Finding, RULES, Rule, Stage};
use super::{Confidence, Diagnosis, Evidence, EvidenceKind, Outcome, Unknown};
use crate::flow::{CloseHow, Side};
use crate::session::Session;
use crate::smtp::Verb;
use crate::time::Moment;

/// Decides what became of `session`.
pub(super) fn decide(session: &Session) -> Diagnosis {
    let facts = Facts::new(session);
    if facts.transcript.messages_accepted > 0 {
        return delivered(&facts);
    }
    if let Some(spoken) = facts.other_protocol() {
        return diagnosis(&facts, Outcome::NotSmtp, Some(Confidence::Certain), vec![spoken]);
    }
    // Connecting and greeting are judged first: there, octets that never came are what the capture shows.
    let (early, late) = RULES.split_at(RULES.partition_point(|rule| rule.stage <= Stage::Greeting));
    if !facts.is_one_sided()
        && let Some((rule, finding)) = first(early, &facts)
    {
        return lost(&facts, rule, finding);
    }
    if let Some((moment, why)) = cannot_tell(&facts) {
        return unknown(&facts, moment, why);
    }
    if let Some((rule, finding)) = first(late, &facts) {
        return lost(&facts, rule, finding);
    }
    if is_no_mail(&facts) {
        return no_mail(&facts);
    }
    let (moment, why) = undecided(&facts);
    unknown(&facts, moment, why)
}

fn first(rules: &'static [Rule], facts: &Facts<'_>) -> Option<(&'static Rule, Finding)> {
    rules.iter().find_map(|rule| (rule.check)(facts).map(|finding| (rule, finding)))
}

/// What keeps the capture from telling, whatever else it shows, and where.
fn cannot_tell(facts: &Facts<'_>) -> Option<(Moment, Unknown)> {
    let (session, transcript) = (facts.session, facts.transcript);
    let (first, last) = (session.first, session.last);
    first_of([
        (facts.is_one_sided().then_some(first), Unknown::OneSide(session.captured)),
        ((!facts.has_beginning()).then_some(first), Unknown::NoBeginning),
        (facts.decisive_hole(), Unknown::Hole(session.anomalies.gap_octets)),
        (facts.is_end_of_data_missing().then_some(last), Unknown::DataHole),
        (facts.is_any_hello_cut().then_some(first), Unknown::CutHello),
        ((transcript.is_tls && transcript.tls.is_established()).then_some(last), Unknown::Tls),
    ])
}

/// Why nothing could be decided, where no rule applies and the client did not end the session itself.
fn undecided(facts: &Facts<'_>) -> (Moment, Unknown) {
    let (session, last) = (facts.session, facts.session.last);
    let has_no_handshake = session.handshake.ack.is_none() && facts.transcript.client_octets == 0;
    let reason = first_of([
        ((session.close.how == CloseHow::Evicted).then_some(last), Unknown::Evicted),
        (facts.transcript.is_tls.then_some(last), Unknown::Tls),
        (facts.malformed_hello_adrift().filter(|_| facts.is_over()), Unknown::HelloAdrift),
        ((facts.is_message_undecided() && facts.is_over()).then_some(last), Unknown::MessageUndecided),
        (has_no_handshake.then_some(last), Unknown::NoHandshake),
    ]);
    reason.unwrap_or((last, Unknown::CaptureEnds(session.quiet_ns)))
}

/// The first reason that has a place.
fn first_of<const N: usize>(reasons: [(Option<Moment>, Unknown); N]) -> Option<(Moment, Unknown)> {
    reasons.into_iter().find_map(|(place, why)| Some((place?, why)))
}

/// The client ended a working session without trying to send, or never began to.
fn is_no_mail(facts: &Facts<'_>) -> bool {
    let transcript = facts.transcript;
    let client_ended = matches!(facts.ending, Ending::Closed { by_server: false } | Ending::Reset { by_server: false });
    // What was sent along with QUIT decides, and is not known yet.
    if facts.unanswered(|verb| verb != Verb::Quit).is_some() && facts.ending == Ending::CaptureEnded {
        return false;
    }
    // Who waited for a greeting in vain did not end a working session.
    let left_at_once = facts.session.close.by == Some(Side::Client) && facts.has_waited_for_greeting() == Some(false);
    if facts.is_server_silent() && !left_at_once {
        return false;
    }
    if facts.is_message_undecided() || facts.malformed_hello_adrift().is_some() {
        return false;
    }
    if transcript.quit.is_some() {
        return true;
    }
    let came_to_deliver = transcript.mail.tried > 0 || !transcript.hellos.is_empty();
    client_ended || (!came_to_deliver && facts.is_over())
}

fn delivered(facts: &Facts<'_>) -> Diagnosis {
    let tolerated = || facts.malformed().filter(|hello| facts.transcript.is_accepted(hello));
    let evidence = tolerated().filter_map(|hello| {
        let refused_before = facts.refused_before(hello);
        Some(Evidence::tolerated(facts.command(hello)?, hello, refused_before))
    });
    let mut delivered = diagnosis(facts, Outcome::Delivered, Some(Confidence::Certain), evidence.collect());
    delivered.hello = tolerated().next().and_then(|hello| facts.index(hello)).or(delivered.hello);
    delivered
}

fn no_mail(facts: &Facts<'_>) -> Diagnosis {
    let evidence = match facts.transcript.quit {
        Some(quit) => Evidence::new(quit, EvidenceKind::QuitUntried),
        None => facts.ended(EvidenceKind::Ended),
    };
    diagnosis(facts, Outcome::NoMail, Some(Confidence::Certain), vec![evidence])
}

fn unknown(facts: &Facts<'_>, moment: Moment, why: Unknown) -> Diagnosis {
    diagnosis(facts, Outcome::Unknown, None, vec![Evidence::new(moment, EvidenceKind::Unknown(why))])
}

fn lost(facts: &Facts<'_>, rule: &'static Rule, finding: Finding) -> Diagnosis {
    let lost = diagnosis(facts, Outcome::Lost, Some(finding.confidence), finding.evidence);
    Diagnosis {
        cause: Some(rule),
        fault: Some(finding.fault),
        hello: finding.hello.or(lost.hello),
        suggestion: finding.suggestion,
        reason: finding.reason,
        remedy: finding.remedy.unwrap_or(rule.remedy),
        ..lost
    }
}

fn diagnosis(
    facts: &Facts<'_>,
    outcome: Outcome,
    confidence: Option<Confidence>,
    mut evidence: Vec<Evidence>,
) -> Diagnosis {
    evidence.sort_by_key(|evidence| evidence.frame);
    let (hello, recovered) = (facts.shown_hello(), facts.recovered());
    Diagnosis {
        outcome,
        cause: None,
        reason: None,
        fault: None,
        confidence,
        recovered,
        hello,
        suggestion: None,
        remedy: "",
        evidence,
        remarks: remarks(facts.session),
        delivered_later: None,
    }
}
