//! `ehlotrace causes`.

use std::io::{self, Write};

use ehlotrace::pages::{self, Subject};

use super::{Exit, markdown};

/// Lists the causes of loss in order of precedence, then the codes of everything else.
pub(super) fn run() -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(text(markdown::width()).as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn text(width: usize) -> String {
    let mut text = markdown::wrap(
        "Causes of a lost session, in the order in which ehlotrace checks them. In brackets: whose fault it may be.",
        width,
        "",
    );
    for subject in pages::subjects() {
        if let (Subject::Cause(_), Some(fault)) = (subject, subject.fault()) {
            let heading = format!("{} ({fault}): {}", subject.code(), subject.title());
            text.push('\n');
            text.push_str(&markdown::wrap(&heading, width, "  "));
            // The indent of the first line is part of the text, or it would be taken for a blank between words.
            let summary = markdown::wrap(&subject.summary(), width.saturating_sub(INDENT.len()), "");
            text.extend(summary.lines().flat_map(|line| [INDENT, line, "\n"]));
        }
    }
    let (mut reasons, mut outcomes, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    let (mut notes, mut remarks) = (Vec::new(), Vec::new());
    for subject in pages::subjects() {
        match subject {
            Subject::Cause(_) => {}
            Subject::Reason(_) => reasons.push(subject.code()),
            Subject::Outcome(_) => outcomes.push(subject.code()),
            Subject::Problem(_) => problems.push(subject.code()),
            Subject::Note(_) => notes.push(subject.code()),
            Subject::Remark(_) => remarks.push(subject.code()),
        }
    }
    for (heading, codes) in [
        ("Reasons of a refusal", reasons),
        ("Outcomes", outcomes),
        ("Problems of a hello argument", problems),
        ("Notes on a hello", notes),
        ("Remarks on a session", remarks),
    ] {
        text.push('\n');
        text.push_str(&markdown::wrap(&format!("{heading}: {}.", codes.join(", ")), width, "  "));
    }
    text.push_str("\n`ehlotrace explain CODE` explains one of them.\n");
    text
}

const INDENT: &str = "    ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed() {
        let text = text(80);
        for subject in pages::subjects() {
            assert!(text.contains(subject.code()), "{}", subject.code());
        }
        assert!(
            text.contains("\nehlo-argument (client): the client greets with a malformed name\n    The client sends")
        );
        assert!(text.lines().all(|line| line.len() <= 80));
    }
}
