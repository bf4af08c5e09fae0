//! What is wrong with a frame, in one line of ours each.

use std::collections::BTreeMap;

use crate::diagnosis::{Diagnosis, EvidenceKind, Outcome};
use crate::report::{background, escape, evidence};
use crate::session::Session;
use crate::smtp::ehlo::{ArgumentCheck, split_argument};
use crate::smtp::{Hello, Reply, Transcript};
use crate::time::FrameNumber;

/// The remarks of each frame, in the order they were found.
pub(super) type Remarks = BTreeMap<FrameNumber, Vec<String>>;

/// Remarks on malformed hellos, on refusals, and on the frames a diagnosis rests on that have none of these.
pub(super) fn remarks(session: &Session, diagnosis: &Diagnosis) -> Remarks {
    let transcript = &session.transcript;
    let mut remarks = Remarks::new();
    for hello in transcript.hellos.iter().filter(|hello| !hello.check.is_well_formed()) {
        if let Some((frame, text)) = malformed(transcript, hello) {
            remarks.entry(frame).or_default().push(text);
        }
    }
    if let Some(header) = transcript.proxy.as_deref() {
        let says = background::proxy_header(header.version, header.content);
        remarks.entry(header.moment.frame).or_default().push(format!("{says}; this is not part of the dialogue"));
    }
    if let Some(request) = transcript.proxy_request.as_deref() {
        let says = background::proxy_request(request);
        remarks.entry(request.moment.frame).or_default().push(format!("{says}; it is no part of the dialogue"));
    }
    if let Some(early) = transcript.early_talk {
        remarks
            .entry(early.spoke.frame)
            .or_default()
            .push(format!("the {}", background::early_talk(early.not_waited_ns())));
    }
    for told in transcript.xclients.iter().chain(&transcript.xforwards) {
        let name = told.helo.as_ref().filter(|(_, check)| !check.is_well_formed());
        if let Some((command, (name, check))) = transcript.passing_command(told).zip(name) {
            let verb = format!("{} HELO", command.verb_name());
            remarks.entry(command.moment.frame).or_default().push(faults(&verb, name, check));
        }
    }
    for (at, exchange) in transcript.exchanges.iter().enumerate() {
        let Some(reply) = exchange.reply.as_ref().filter(|reply| reply.is_refusal()) else { continue };
        let text = match &exchange.command {
            Some(command) => format!(
                "refused: {:03} answers {} in frame {}",
                reply.code,
                escape::text(command.verb_name().as_bytes()),
                command.moment.frame
            ),
            None if is_to_proxy_header(transcript, reply) => {
                format!("refused: {:03} answers the PROXY header: this server does not know it", reply.code)
            }
            None if transcript.greeting == Some(at) => format!("refused: {:03} instead of a greeting", reply.code),
            None => format!("refused: {:03} answers no command", reply.code),
        };
        remarks.entry(reply.moment.frame).or_default().push(text);
    }
    add_evidence(&mut remarks, diagnosis);
    remarks
}

fn is_to_proxy_header(transcript: &Transcript, reply: &Reply) -> bool {
    let refusal = transcript.proxy.as_ref().and_then(|header| header.refusal.as_ref());
    refusal.is_some_and(|refusal| refusal.reply == reply.moment && refusal.code == reply.code)
}

fn malformed(transcript: &Transcript, hello: &Hello) -> Option<(FrameNumber, String)> {
    let command = transcript.hello_command(hello)?;
    let argument = split_argument(command.after_verb()).octets;
    Some((command.moment.frame, faults(&command.verb_name(), argument, &hello.check)))
}

/// What is wrong with an argument, and what to send instead.
fn faults(verb: &str, argument: &[u8], check: &ArgumentCheck) -> String {
    let problems: Vec<String> = check
        .problems
        .iter()
        .map(|problem| {
            let (code, reference) = (problem.code.code().replace('-', " "), problem.code.reference());
            format!("{code}: {reference}: the {verb} argument {}", problem.message(argument))
        })
        .collect();
    let mut text = problems.join("; ");
    if let Some(suggestion) = &check.suggestion {
        text.push_str(&format!("; send {verb} {suggestion}"));
    }
    escape::text(text.as_bytes())
}

/// A frame that shows why the session was lost, or why nothing can be told, and says nothing by itself.
fn add_evidence(remarks: &mut Remarks, diagnosis: &Diagnosis) {
    let what = match (diagnosis.outcome, diagnosis.cause) {
        (Outcome::Lost, Some(rule)) => rule.code,
        (Outcome::Unknown, _) => Outcome::Unknown.code(),
        _ => return,
    };
    for shown in &diagnosis.evidence {
        if !matches!(shown.kind, EvidenceKind::Quit | EvidenceKind::QuitUntried) && !remarks.contains_key(&shown.frame)
        {
            remarks.insert(shown.frame, vec![format!("{what}: {}", evidence::text(&shown.kind))]);
        }
    }
}
