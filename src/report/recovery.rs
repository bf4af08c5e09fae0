//! How a session went on after its malformed hello was refused, in words.

use crate::diagnosis::Diagnosis;
use crate::session::Session;
use crate::smtp::{Hello, Reply, Verb};

/// The verbs of the first malformed hello that was refused, and of the first one after it that was accepted; none where the
/// capture lacks one of them or its reply.
pub(super) fn verbs(session: &Session) -> Option<(Verb, Verb)> {
    let transcript = &session.transcript;
    let is_refused = |hello: &Hello| transcript.hello_reply(hello).is_some_and(Reply::is_refusal);
    let verb = |hello| transcript.hello_command(hello).map(|command| command.verb);
    let mut hellos = transcript.hellos.iter();
    let refused = hellos.find(|hello| !hello.check.is_well_formed() && is_refused(hello))?;
    let accepted = hellos.find(|hello| transcript.is_accepted(hello))?;
    Some((verb(refused)?, verb(accepted)?))
}

/// `recovered: server refused EHLO, then accepted HELO`; none where the session did not recover.
pub(super) fn text(session: &Session, diagnosis: &Diagnosis) -> Option<String> {
    if !diagnosis.recovered {
        return None;
    }
    let named = verbs(session).and_then(|(refused, accepted)| Some((refused.name()?, accepted.name()?)));
    Some(match named {
        Some((refused, accepted)) if refused == accepted => {
            format!("recovered: server refused {refused}, then accepted another {accepted}")
        }
        Some((refused, accepted)) => format!("recovered: server refused {refused}, then accepted {accepted}"),
        None => "recovered".to_owned(),
    })
}
