//! `ehlotrace explain`.

use std::io::{self, Write};

use anyhow::bail;
use ehlotrace::pages::{self, Subject};

use super::args::ExplainArgs;
use super::{Exit, markdown};

/// Prints the page of a code.
pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let Some(subject) = pages::find(&args.code) else {
        match pages::nearest(&args.code) {
            Some(code) => bail!("{}: unknown code; did you mean {code}?", args.code),
            None => bail!("{}: unknown code; `ehlotrace causes` lists all codes", args.code),
        }
    };
    let mut out = io::stdout().lock();
    out.write_all(text(subject, markdown::width()).as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn text(subject: Subject, width: usize) -> String {
    let mut facts = subject.kind().to_owned();
    if let Some(fault) = subject.fault() {
        facts.push_str(&format!("; fault: {fault}"));
    }
    if let Some(reference) = subject.reference() {
        facts.push_str(&format!("; reference: {reference}"));
    }
    let heading = markdown::wrap(&format!("{}: {}", subject.code(), subject.title()), width, "  ");
    format!("{heading}{}\n{}", markdown::wrap(&facts, width, "  "), markdown::render(&subject.page(), width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_fit_the_width_but_for_code() {
        for subject in pages::subjects() {
            let text = text(subject, 60);
            assert!(text.starts_with(subject.code()) && text.ends_with('\n') && !text.contains("**Why"), "{text}");
            let longest = text.lines().filter(|line| !line.starts_with("    ") && line.contains(' '));
            let too_long: Vec<_> = longest.filter(|line| ehlotrace::report::escape::columns(line) > 60).collect();
            assert_eq!(too_long, [""; 0], "{}", subject.code());
        }
    }
}
