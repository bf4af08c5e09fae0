//! The pages' Markdown as plain text of a given width: paragraphs, lists and code blocks; code keeps its backticks.

use std::io::{self, IsTerminal};

use ehlotrace::report::escape;

/// Columns to write in: the terminal's within reason, or what suits a file.
pub(super) fn width() -> usize {
    const WIDEST: usize = 100;
    const NARROWEST: usize = 30;
    const ELSEWHERE: usize = 80;
    if !io::stdout().is_terminal() {
        return ELSEWHERE;
    }
    let columns = terminal_size::terminal_size().map_or(ELSEWHERE, |(width, _)| usize::from(width.0));
    columns.clamp(NARROWEST, WIDEST)
}

/// `markdown` as text of at most `width` columns; code blocks are not wrapped.
pub(super) fn render(markdown: &str, width: usize) -> String {
    let mut text = String::new();
    let mut paragraph = String::new();
    let mut is_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            flush(&mut paragraph, width, &mut text);
            is_code = !is_code;
        } else if is_code {
            text.push_str(format!("    {line}").trim_end());
            text.push('\n');
        } else if line.trim().is_empty() {
            flush(&mut paragraph, width, &mut text);
            text.push('\n');
        } else {
            if line.starts_with("- ") {
                flush(&mut paragraph, width, &mut text);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(&mut paragraph, width, &mut text);
    text
}

fn flush(paragraph: &mut String, width: usize, text: &mut String) {
    if !paragraph.is_empty() {
        let indent = if paragraph.starts_with("- ") { "  " } else { "" };
        text.push_str(&wrap(&without_emphasis(paragraph), width, indent));
        paragraph.clear();
    }
}

/// `text` without the asterisks of emphasis; those in code stay.
fn without_emphasis(text: &str) -> String {
    let parts: Vec<_> = text.split('`').enumerate().collect();
    let plain = |(at, part): &(usize, &str)| if at % 2 == 0 { part.replace('*', "") } else { (*part).to_owned() };
    parts.iter().map(plain).collect::<Vec<_>>().join("`")
}

/// `text` in lines of at most `width` columns, each ended; lines after the first start with `indent`.
///
/// Lines break at blanks only, and not inside short code; a word longer than a line has one of its own.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in with_code_held_together(text).split(' ').filter(|word| !word.is_empty()) {
        let is_first = line.trim().is_empty();
        if !is_first && escape::columns(&line) + 1 + escape::columns(word) > width {
            lines.push_str(&line);
            lines.push('\n');
            line.clear();
            line.push_str(indent);
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(word);
    }
    (lines + &line + "\n").replace(HELD_BLANK, " ")
}

/// Stands for a blank where a line must not break.
const HELD_BLANK: char = '\u{a0}';

fn with_code_held_together(text: &str) -> String {
    const LONGEST: usize = 24;
    let hold = |(at, part): (usize, &str)| {
        let is_short_code = at % 2 == 1 && part.len() <= LONGEST;
        if is_short_code { part.replace(' ', &HELD_BLANK.to_string()) } else { part.to_owned() }
    };
    text.split('`').enumerate().map(hold).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_items_are_wrapped_and_code_is_not() {
        let markdown = "**Why.** The `a*b` *name* was\nset by hand.\n\n- one two three four five\n- six\n\n```text\na long line of code stays\n\n  so\n```\n\nEnd.";
        assert_eq!(
            render(markdown, 20),
            "Why. The `a*b` name\nwas set by hand.\n\n- one two three four\n  five\n- six\n\n    a long line of code stays\n\n      so\n\nEnd.\n"
        );
        assert_eq!(render("", 20), "");
        assert_eq!(wrap("the line `EHLO  x` is", 15, ""), "the line\n`EHLO  x` is\n");
        assert_eq!(wrap("averyveryverylongword x", 10, "  "), "averyveryverylongword\n  x\n");
        assert_eq!(wrap("\u{65e5}\u{672c} \u{65e5}\u{672c}", 8, ""), "\u{65e5}\u{672c}\n\u{65e5}\u{672c}\n");
    }
}
