//! The order of decisions: delivered, cannot tell, lost to a cause, no mail.

use super::facts::{Ending, Facts};
use super::rules::{Finding, RULES, Rule};
use super::{Confidence, Diagnosis, Evidence, Outcome};
use crate::flow::{CloseHow, Side};
use crate::session::Session;
use crate::smtp::Verb;

/// Decides what became of `session`.
pub(super) fn decide(session: &Session) -> Diagnosis {
    let facts = Facts::new(session);
    if facts.transcript.messages_accepted > 0 {
        return delivered(&facts);
    }
    // Connecting and greeting are judged first: there, octets that never came are what the capture shows.
    let (early, late) = RULES.split_at_checked(EARLY_RULES).unwrap_or((RULES, &[]));
    if facts.one_side_only().is_none()
        && let Some((rule, finding)) = first(early, &facts)
    {
        return lost(&facts, rule, finding);
    }
    if let Some(why) = cannot_tell(&facts) {
        return unknown(&facts, why);
    }
    if let Some((rule, finding)) = first(late, &facts) {
        return lost(&facts, rule, finding);
    }
    if is_no_mail(&facts) {
        return no_mail(&facts);
    }
    unknown(&facts, undecided(&facts))
}

/// How many rules, from the first, do not need the whole dialogue.
const EARLY_RULES: usize = 5;

fn first(rules: &'static [Rule], facts: &Facts<'_>) -> Option<(&'static Rule, Finding)> {
    rules.iter().find_map(|rule| (rule.check)(facts).map(|finding| (rule, finding)))
}

/// What keeps the capture from telling, whatever else it shows.
fn cannot_tell(facts: &Facts<'_>) -> Option<Evidence> {
    let session = facts.session;
    if let Some(why) = facts.one_side_only() {
        return Some(Evidence::new(session.first, why));
    }
    if !facts.has_beginning() {
        return Some(Evidence::new(session.first, "the capture lacks the beginning of the session"));
    }
    if let Some(hole) = facts.decisive_hole() {
        let text = match session.anomalies.gap_octets {
            0 => "the capture may lack what the server said before this".to_owned(),
            octets => format!("the capture lacks {octets} octets of the dialogue here"),
        };
        return Some(Evidence::new(hole, text));
    }
    if facts.is_end_of_data_missing() {
        return Some(Evidence::new(session.last, "the capture lacks a part of the mail data, perhaps its end"));
    }
    if facts.is_any_hello_cut() {
        return Some(Evidence::new(session.first, "the capture lacks a part of the hello"));
    }
    if facts.transcript.is_tls && facts.transcript.tls.is_established() {
        return Some(Evidence::new(session.last, "TLS hides the rest"));
    }
    None
}

/// Why nothing could be decided, where no rule applies and the client did not end the session itself.
fn undecided(facts: &Facts<'_>) -> Evidence {
    let last = facts.session.last;
    if facts.session.close.how == CloseHow::Evicted {
        return Evidence::new(last, "too many connections at once: this one was given up before it ended");
    }
    if facts.transcript.is_tls {
        return Evidence::new(last, "TLS hides the rest");
    }
    if let Some(sent) = facts.malformed_hello_adrift().filter(|_| facts.is_over()) {
        return Evidence::new(sent, "no reply to the hello, and nothing shows that it reached the server");
    }
    if facts.is_message_undecided() && facts.is_over() {
        return Evidence::new(last, "no reply says what became of the message");
    }
    if facts.session.handshake.ack.is_none() && facts.transcript.client_octets == 0 {
        return Evidence::new(last, "the handshake was not completed");
    }
    Evidence::new(last, format!("the capture ends {} after this frame, before the session does", facts.quiet()))
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
    let evidence = facts
        .malformed()
        .filter(|hello| facts.transcript.is_accepted(hello))
        .filter_map(|hello| super::ehlo_argument::argument_evidence(facts, hello))
        .map(|evidence| Evidence { text: format!("{}; this server tolerates it", evidence.text), ..evidence })
        .collect();
    diagnosis(facts, Outcome::Delivered, Some(Confidence::Certain), evidence)
}

fn no_mail(facts: &Facts<'_>) -> Diagnosis {
    let mut evidence = Vec::new();
    if let Some(quit) = facts.transcript.quit {
        evidence.push(Evidence::new(quit, "client sent QUIT without having tried to send mail"));
    } else {
        evidence.push(facts.ending_evidence());
    }
    diagnosis(facts, Outcome::NoMail, Some(Confidence::Certain), evidence)
}

fn unknown(facts: &Facts<'_>, why: Evidence) -> Diagnosis {
    diagnosis(facts, Outcome::Unknown, None, vec![why])
}

fn lost(facts: &Facts<'_>, rule: &'static Rule, finding: Finding) -> Diagnosis {
    let remedy = match finding.advice {
        Some(advice) => format!("{advice} {}", rule.remedy),
        None => rule.remedy.to_owned(),
    };
    let mut lost = diagnosis(facts, Outcome::Lost, Some(finding.confidence), finding.evidence);
    lost.cause = Some(rule);
    lost.fault = Some(finding.fault);
    lost.remedy = remedy;
    lost
}

fn diagnosis(
    facts: &Facts<'_>,
    outcome: Outcome,
    confidence: Option<Confidence>,
    mut evidence: Vec<Evidence>,
) -> Diagnosis {
    evidence.sort_by_key(|evidence| evidence.frame);
    let recovered = facts.recovered();
    Diagnosis { outcome, cause: None, fault: None, confidence, recovered, evidence, remedy: String::new() }
}
