//! The pieces of a paragraph: what is the program's own text, and what is the capture's.

use std::fmt::Display;

use crate::report::escape::{self, code_span};

/// A paragraph, of which the capture's text can be told from the program's.
#[derive(Debug, Default)]
pub(in crate::report) struct Paragraph {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    /// The program's own text; code in it stands in backticks.
    Own(String),
    /// Text with something of the capture in it, safe on a terminal, as a part of the sentence.
    Text(String),
    /// Something of the capture, safe on a terminal, as it was sent.
    Said(String),
    /// A command for a shell, printable ASCII.
    Command(String),
}

impl Paragraph {
    /// Begins a sentence.
    pub(super) fn sentence(&mut self, text: impl Display) -> &mut Self {
        let gap = if self.pieces.is_empty() { "" } else { " " };
        self.own(format!("{gap}{text}"))
    }

    /// Goes on with the program's own text.
    pub(super) fn own(&mut self, text: impl Display) -> &mut Self {
        self.pieces.push(Piece::Own(text.to_string()));
        self
    }

    /// Goes on with text of the capture that is a part of the sentence. It is safe on a terminal.
    pub(super) fn text(&mut self, text: String) -> &mut Self {
        self.pieces.push(Piece::Text(text));
        self
    }

    /// Goes on with what was said, cut where it is long.
    pub(super) fn said(&mut self, octets: &[u8]) -> &mut Self {
        self.shown(escape::line(octets, SAID_COLUMNS))
    }

    /// Goes on with what was said, safe on a terminal already.
    pub(super) fn shown(&mut self, text: String) -> &mut Self {
        self.pieces.push(Piece::Said(text));
        self
    }

    /// Goes on with a command.
    pub(super) fn command(&mut self, command: &str) -> &mut Self {
        self.pieces.push(Piece::Command(command.to_owned()));
        self
    }

    /// The paragraph for a mail or the field of a form.
    pub(in crate::report) fn plain(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Own(text) => text.replace('`', "\""),
            Piece::Text(text) => text.clone(),
            Piece::Said(text) => format!("\"{text}\""),
            Piece::Command(command) => code_span(command),
        });
        pieces.collect()
    }

    /// The paragraph in Markdown.
    pub(in crate::report) fn markdown(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Own(text) => text.clone(),
            Piece::Text(text) => text.chars().map(literal).collect(),
            Piece::Said(text) | Piece::Command(text) => code_span(text),
        });
        pieces.collect()
    }
}

/// Columns of what was said.
const SAID_COLUMNS: usize = 160;

/// A character that means nothing to Markdown (CommonMark 2.4).
fn literal(character: char) -> String {
    if character.is_ascii_punctuation() { format!("\\{character}") } else { character.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_capture_says_means_nothing_to_markdown() {
        let mut paragraph = Paragraph::default();
        paragraph.sentence("It said `EHLO` and ").said(b"a`b|<img>\x1b[31m").own(".");
        paragraph.sentence("The name ").text("has the character ` at byte 2".to_owned()).own(".");
        paragraph.sentence("Run ").command("nc -v 192.0.2.25 25 | `x`").own(".");
        assert_eq!(
            paragraph.markdown(),
            "It said `EHLO` and ``a`b|<img>\\x1b[31m``. The name has the character \\` at byte 2. \
             Run `` nc -v 192.0.2.25 25 | `x` ``."
        );
        assert_eq!(
            paragraph.plain(),
            "It said \"EHLO\" and \"a`b|<img>\\x1b[31m\". The name has the character ` at byte 2. \
             Run `` nc -v 192.0.2.25 25 | `x` ``."
        );
    }
}
