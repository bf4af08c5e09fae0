//! What every code means: a page for each cause, outcome, hello problem and note, from the text that stands at its rule.

mod document;
mod measured;
mod nearest;
mod recording;

// For the test that keeps the page up to date, and for the command line.
#[doc(hidden)]
pub use {
    document::document,
    nearest::{nearest, nearest_of},
};

use crate::diagnosis::{Fault, Outcome, REASONS, RULES, Reason, Remark, Rule, Stage, rule};
use crate::report::escape;
use crate::smtp::ehlo::{Note, ProblemCode};

/// What a code stands for.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// A cause of loss.
    Cause(&'static Rule),
    /// Why a server refused.
    Reason(&'static Reason),
    /// What became of a session.
    Outcome(Outcome),
    /// A fault of a hello argument.
    Problem(ProblemCode),
    /// What is odd about a hello without being a fault.
    Note(Note),
    /// What is worth a second look of a session whatever became of it.
    Remark(Remark),
}

/// Every code that reports use, causes in order of precedence.
pub fn subjects() -> impl Iterator<Item = Subject> {
    let causes = RULES.iter().map(Subject::Cause);
    let reasons = REASONS.iter().map(Subject::Reason);
    // The page of a cause with the same code tells of the outcome, too.
    let outcomes = Outcome::ALL.into_iter().filter(|outcome| rule(outcome.code()).is_none()).map(Subject::Outcome);
    let problems = ProblemCode::ALL.into_iter().map(Subject::Problem);
    let notes = Note::ALL.into_iter().map(Subject::Note);
    let remarks = Remark::ALL.into_iter().map(Subject::Remark);
    causes.chain(reasons).chain(outcomes).chain(problems).chain(notes).chain(remarks)
}

/// What `code` stands for, if it is one.
pub fn find(code: &str) -> Option<Subject> {
    subjects().find(|subject| subject.code() == code)
}

impl Subject {
    /// The stable code, as in `ehlo-argument`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cause(rule) => rule.code,
            Self::Reason(reason) => reason.code,
            Self::Outcome(outcome) => outcome.code(),
            Self::Problem(problem) => problem.code(),
            Self::Note(note) => note.code(),
            Self::Remark(remark) => remark.code(),
        }
    }

    /// What it is, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cause(rule) => rule.title,
            Self::Reason(reason) => reason.title,
            Self::Outcome(outcome) => outcome.title(),
            Self::Problem(problem) => problem.title(),
            Self::Note(note) => note.message(),
            Self::Remark(remark) => remark.title(),
        }
    }

    /// Its kind, in words.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Cause(_) => "cause of loss",
            Self::Reason(_) => "reason of a refusal",
            Self::Outcome(_) => "outcome",
            Self::Problem(_) => "problem of a hello argument",
            Self::Note(_) => "note on a hello, not a fault",
            Self::Remark(_) => "remark on a session, not a cause of loss",
        }
    }

    /// The standard or article it is described in; none for an outcome.
    pub fn reference(self) -> Option<&'static str> {
        match self {
            Self::Cause(rule) => Some(rule.reference),
            Self::Reason(reason) => Some(reason.reference),
            Self::Outcome(_) => None,
            Self::Problem(problem) => Some(problem.reference()),
            Self::Note(note) => Some(note.reference()),
            Self::Remark(remark) => Some(remark.reference()),
        }
    }

    /// Who may be at fault, in words; none where there is no fault.
    pub fn fault(self) -> Option<String> {
        match self {
            Self::Cause(rule) => Some(faults(rule)),
            Self::Reason(reason) => Some(reason.fault.code().to_owned()),
            Self::Problem(_) => Some(Fault::Client.code().to_owned()),
            Self::Outcome(_) | Self::Note(_) | Self::Remark(_) => None,
        }
    }

    /// One sentence: what it is.
    pub fn summary(self) -> String {
        let first = self.text().split("\n\n").next().unwrap_or_default();
        first.replace('\n', " ")
    }

    /// The page in Markdown, without its heading.
    pub fn page(self) -> String {
        let mut page = self.text().to_owned();
        let more = match self {
            Self::Cause(rule) if rule.stage == Stage::Argument => {
                vec![measured::on_all_problems(), recording::again(rule.stage)]
            }
            Self::Cause(rule) => vec![recording::again(rule.stage)],
            Self::Problem(problem) => vec![example(problem), measured::on_problem(problem)],
            Self::Note(note) => vec![note_example(note)],
            Self::Reason(reason) => vec![known_by(reason)],
            Self::Outcome(_) | Self::Remark(_) => Vec::new(),
        };
        for paragraph in &more {
            page.push_str("\n\n");
            page.push_str(paragraph);
        }
        page
    }

    fn text(self) -> &'static str {
        let file = match self {
            Self::Cause(rule) => rule.page,
            Self::Reason(reason) => reason.page,
            Self::Outcome(outcome) => outcome.page(),
            Self::Problem(problem) => problem.page(),
            Self::Note(note) => note.page(),
            Self::Remark(remark) => remark.page(),
        };
        file.trim_end()
    }
}

/// Who may be at fault for a loss to `rule`, such as `server or client`.
pub(crate) fn faults(rule: &Rule) -> String {
    let codes: Vec<_> = rule.faults.iter().map(|fault| fault.code()).collect();
    codes.join(" or ")
}

/// What either side would do, and what a reply has to say to give this reason.
fn known_by(reason: &Reason) -> String {
    let mut text = format!("**What to do.** On the sending side: {}", reason.sending);
    if !reason.receiving.is_empty() {
        text.push_str(&format!(" On the receiving side: {}", reason.receiving));
    }
    text.push_str("\n\n**Known by.**");
    if !reason.status_codes.is_empty() {
        text.push_str(&format!(" Status code: `{}`.", reason.status_codes.join("`, `")));
    }
    if !reason.wordings.is_empty() {
        text.push_str(" Words:\n");
    }
    for wording in reason.wordings {
        text.push_str(&format!("\n- `{}` ({})", wording.reply, wording.source));
    }
    text
}

fn example(problem: ProblemCode) -> String {
    let (wrong, right) = problem.example();
    format!("Example: {}. Send instead: {}.", hello(&format!(" {wrong}")), hello(&format!(" {right}")))
}

fn note_example(note: Note) -> String {
    let (odd, plain) = note.example();
    if note == Note::BareLf {
        return format!("Example: {} and a line feed alone.", hello(odd));
    }
    format!("Example: {}; better: {}.", hello(odd), hello(plain))
}

/// The hello line with `after_verb`, as Markdown code.
fn hello(after_verb: &str) -> String {
    const SHOWN_COLUMNS: usize = 41;
    let is_blank = after_verb.trim().is_empty();
    let shown = if is_blank { after_verb.trim_end_matches(' ') } else { after_verb };
    format!("`EHLO{}`", escape::line(shown.as_bytes(), SHOWN_COLUMNS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_each_has_its_page() {
        let mut codes: Vec<_> = subjects().map(Subject::code).collect();
        assert_eq!(codes.len(), RULES.len() + REASONS.len() + 4 + 16 + 8 + 8);
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RULES.len() + REASONS.len() + 4 + 16 + 8 + 8);
        for subject in subjects() {
            let (code, page) = (subject.code(), subject.page());
            assert!(matches!(find(code), Some(found) if found.code() == code));
            assert!(page.len() > 150 && !page.contains("\n\n\n") && !page.ends_with('\n'), "{code}");
            assert!(subject.summary().ends_with(['.', ')']) && !subject.title().is_empty(), "{code}");
            assert!(subject.text().lines().all(|line| line.len() <= 130), "{code}");
        }
    }

    #[test]
    fn pages_of_causes_tell_the_whole_story() {
        for rule in RULES {
            for part in [
                "**In the capture.** ",
                "**Why.** ",
                "**What to do.** ",
                "**Told apart.** ",
                "\n```text\n",
                "`samples/",
            ] {
                assert!(rule.page.contains(part), "{}: {part}", rule.code);
            }
            let lines = rule.page.lines().count();
            assert!((15..=50).contains(&lines), "{}: {lines} lines", rule.code);
            assert!(rule.page.matches("```").count() == 2 && !rule.faults.is_empty(), "{}", rule.code);
            for reference in rule.reference.split([';', ',']).map(str::trim) {
                let document = reference.split_inclusive(' ').take(2).collect::<String>();
                if document.starts_with("RFC") {
                    assert!(rule.page.contains(document.trim()), "{}: {document}", rule.code);
                }
            }
            let summary = find(rule.code).map(Subject::summary).unwrap();
            assert_eq!(summary.matches(". ").count(), 0, "one sentence: {summary}");
        }
    }

    #[test]
    fn codes_named_in_pages_exist() {
        let is_code =
            |word: &str| word.contains('-') && word.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
        let mut seen = 0;
        for subject in subjects() {
            let text = subject.text();
            for word in text.split('`').skip(1).step_by(2).filter(|word| is_code(word)) {
                assert!(find(word).is_some(), "{}: {word}", subject.code());
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn examples_show_what_the_line_holds() {
        assert_eq!(hello(" "), "`EHLO`");
        assert_eq!(hello("\tsub2"), "`EHLO\\x09sub2`");
        assert_eq!(hello(" sub2  "), "`EHLO sub2  `");
        assert_eq!(hello(&"a".repeat(50)), format!("`EHLO{}\u{2026}`", "a".repeat(40)));
    }
}
