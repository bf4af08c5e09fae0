//! Who refuses a given argument.

use super::servers::{SERVERS, Server};
use super::table::{Answer, Row, Sent, rows};
use crate::smtp::ehlo::ProblemCode;

/// What [`Refusals`] rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The very argument was measured.
    Argument,
    /// Other arguments of its kind were: the same faults in a name or literal of the same form.
    Kind,
    /// Nothing like it was.
    Nothing,
}

/// What one server does on an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It refuses, with these words.
    Refuses(String),
    /// It refuses some arguments of the kind, with these words, and accepts others.
    RefusesSome(String),
    /// It refuses, but it also refuses a well-formed, fully qualified name.
    RefusesEveryName,
    /// It accepts.
    Accepts,
    /// The measurement does not say.
    NotMeasured,
}

/// Servers that refuse in the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wording {
    /// The words.
    pub words: String,
    /// The servers, in the order of [`SERVERS`].
    pub servers: Vec<&'static Server>,
}

/// Who refuses an argument and who accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusals {
    /// What it rests on.
    pub basis: Basis,
    /// Every server's verdict, in the order of [`SERVERS`].
    pub verdicts: Vec<Verdict>,
}

impl Refusals {
    /// What the servers did on the line of `row`.
    pub fn of(row: &Row) -> Self {
        Self::over(Basis::Argument, &[row])
    }

    fn over(basis: Basis, rows: &[&Row]) -> Self {
        let verdicts = (0..SERVERS.len()).map(|column| verdict(column, rows)).collect();
        Self { basis, verdicts }
    }

    /// How many servers have a verdict that `is_it`.
    pub fn count(&self, is_it: impl Fn(&Verdict) -> bool) -> usize {
        self.verdicts.iter().filter(|verdict| is_it(verdict)).count()
    }

    /// How many refuse, those aside that refuse every name.
    pub fn refusing(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Refuses(_)))
    }

    /// How many accept.
    pub fn accepting(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Accepts)
    }

    /// The words of the refusals, most frequent first; servers that refuse every name aside.
    pub fn wordings(&self) -> Vec<Wording> {
        let mut wordings: Vec<Wording> = Vec::new();
        for (server, verdict) in SERVERS.iter().zip(&self.verdicts) {
            let (Verdict::Refuses(words) | Verdict::RefusesSome(words)) = verdict else { continue };
            match wordings.iter_mut().find(|wording| wording.words == *words) {
                Some(known) => known.servers.push(server),
                None => wordings.push(Wording { words: words.clone(), servers: vec![server] }),
            }
        }
        wordings.sort_by_key(|wording| std::cmp::Reverse(wording.servers.len()));
        wordings
    }
}

/// Who refuses `argument`, whose faults are `problems`.
///
/// The row of the argument itself answers, else those of its kind.
///
/// ```
/// use ehlotrace::matrix::{SERVERS, who_refuses};
///
/// let refusals = who_refuses(&[], b"mail.example.com");
/// assert!(refusals.accepting() > refusals.refusing());
/// assert_eq!(SERVERS.len(), 35);
/// ```
pub fn who_refuses(problems: &[ProblemCode], argument: &[u8]) -> Refusals {
    if let Some(row) = plain_rows().find(|row| row.argument == argument) {
        return Refusals::of(row);
    }
    let kind = of_kind(problems, argument);
    Refusals::over(if kind.is_empty() { Basis::Nothing } else { Basis::Kind }, &kind)
}

/// The rows that differ in their argument only: EHLO, sent plainly, one space, no blanks after it.
pub(super) fn plain_rows() -> impl Iterator<Item = &'static Row> {
    rows()
        .iter()
        .filter(|row| row.sent == Sent::Plainly && row.line.strip_prefix(b"EHLO ").unwrap_or(&[]) == row.argument)
        .filter(|row| row.verb == "EHLO")
}

/// The rows of arguments with the same faults, or at least with some of them, and of the same form if there are such.
fn of_kind(problems: &[ProblemCode], argument: &[u8]) -> Vec<&'static Row> {
    let codes = |row: &Row| row.check.problems.iter().map(|problem| problem.code).collect::<Vec<_>>();
    let same = |row: &&Row| {
        let found = codes(row);
        found.len() == problems.len() && found.iter().all(|code| problems.contains(code))
    };
    let some = |row: &&Row| {
        let found = codes(row);
        !found.is_empty() && found.iter().all(|code| problems.contains(code))
    };
    let mut kind: Vec<&Row> = plain_rows().filter(same).collect();
    if kind.is_empty() {
        kind = plain_rows().filter(some).collect();
    }
    let same_form: Vec<&Row> = kind.iter().copied().filter(|row| form(&row.argument) == form(argument)).collect();
    if same_form.is_empty() { kind } else { same_form }
}

/// What servers tell apart besides faults.
#[derive(PartialEq, Eq)]
enum ArgumentForm {
    Ipv6Literal,
    Literal,
    Localhost,
    Numeric,
    SingleLabel,
    FullyQualified,
}

fn form(argument: &[u8]) -> ArgumentForm {
    let name = argument.strip_suffix(b".").unwrap_or(argument);
    if argument.starts_with(b"[") {
        return if argument.contains(&b':') { ArgumentForm::Ipv6Literal } else { ArgumentForm::Literal };
    }
    let last = name.rsplit(|octet| *octet == b'.').next().unwrap_or(name);
    if last.eq_ignore_ascii_case(b"localhost") || last.eq_ignore_ascii_case(b"localdomain") {
        ArgumentForm::Localhost
    } else if !last.is_empty() && last.iter().all(u8::is_ascii_digit) {
        ArgumentForm::Numeric
    } else if name.contains(&b'.') {
        ArgumentForm::FullyQualified
    } else {
        ArgumentForm::SingleLabel
    }
}

fn verdict(column: usize, rows: &[&Row]) -> Verdict {
    let answers = || rows.iter().filter_map(|row| row.answers.get(column)?.as_ref());
    let Some(refusal) = answers().find(|answer| !answer.is_accepted()) else {
        return if answers().next().is_some() { Verdict::Accepts } else { Verdict::NotMeasured };
    };
    if refuses_every_name(column) {
        Verdict::RefusesEveryName
    } else if answers().any(Answer::is_accepted) {
        Verdict::RefusesSome(refusal.words())
    } else {
        Verdict::Refuses(refusal.words())
    }
}

/// Whether a server refuses even the well-formed, fully qualified name of the measurement.
pub(super) fn refuses_every_name(column: usize) -> bool {
    let row = plain_rows().find(|row| row.label == "EHLO/fqdn");
    let answer = row.and_then(|row| row.answers.get(column)?.as_ref());
    answer.is_some_and(|answer| !answer.is_accepted())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::ehlo::{LineEnd, check};

    fn asked(argument: &[u8]) -> Refusals {
        let problems: Vec<_> = check(argument, LineEnd::CrLf).problems.iter().map(|problem| problem.code).collect();
        who_refuses(&problems, argument)
    }

    fn of(refusals: &Refusals, server: &str) -> Verdict {
        let column = SERVERS.iter().position(|known| known.name == server).expect(server);
        refusals.verdicts[column].clone()
    }

    #[test]
    fn the_argument_of_the_article_is_answered_by_its_own_row() {
        let found = asked(b"sub2.");
        assert_eq!(found.basis, Basis::Argument);
        assert_eq!((found.refusing(), found.accepting()), (7, 25));
        let words = |words: &str| Verdict::Refuses(words.to_owned());
        assert_eq!(of(&found, "opensmtpd"), words("501 5.5.4 Invalid command arguments: Invalid domain name"));
        assert_eq!(of(&found, "postfix"), Verdict::Accepts);
        let unqualified = "504 5.5.2 <NAME>: Helo command rejected: need fully-qualified hostname";
        assert_eq!(of(&found, "postfix-strict"), words(unqualified));
        for server in ["exim-verify", "qpsmtpd-rfc", "net-smtp-server"] {
            assert_eq!(of(&found, server), Verdict::RefusesEveryName);
        }
    }

    #[test]
    fn another_argument_is_answered_by_those_of_its_kind() {
        let found = asked(b"relay7.");
        assert_eq!(found.basis, Basis::Kind);
        // As `sub2.`, not as `sub2.example.com.`.
        assert_eq!(found.verdicts, asked(b"sub2.").verdicts);
        let found = asked(b"build_agent.example.com");
        assert_eq!(of(&found, "exim"), Verdict::Refuses("501 Syntactically invalid EHLO argument(s)".to_owned()));
        // Two faults, each measured alone.
        let found = asked(b"build_agent.example.com.");
        assert_eq!((found.basis, of(&found, "postfix")), (Basis::Kind, Verdict::Accepts));
        assert!(matches!(of(&found, "opensmtpd"), Verdict::RefusesSome(_)), "{:?}", of(&found, "opensmtpd"));
        let found = asked(b"mx1.example.org");
        assert_eq!((found.basis, found.refusing()), (Basis::Kind, 0));
    }

    #[test]
    fn the_empty_argument_is_refused_by_nearly_all() {
        let found = asked(b"");
        assert_eq!(found.basis, Basis::Argument);
        assert!(found.refusing() > 25 && found.accepting() < 5, "{found:?}");
        let wordings = found.wordings();
        assert!(wordings.is_sorted_by(|a, b| a.servers.len() >= b.servers.len()));
        assert_eq!(wordings[0].words, "501 Syntax: EHLO hostname");
    }

    #[test]
    fn only_three_refuse_every_name() {
        let names: Vec<_> =
            (0..35).filter(|column| refuses_every_name(*column)).map(|column| SERVERS[column].name).collect();
        assert_eq!(names, ["exim-verify", "qpsmtpd-rfc", "net-smtp-server"]);
    }
}
