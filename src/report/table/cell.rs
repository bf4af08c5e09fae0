//! What stands in a cell, laid out in as many columns of the terminal as it gets.

use crate::report::escape::{self, columns, cut, prefix};

/// A part of a cell; the parts stand below one another.
#[derive(Debug)]
pub(super) enum Part {
    /// Words, broken between them.
    Words(String),
    /// An address or the like, broken only if it must.
    Solid(String),
    /// A hello with the first fault of its argument marked.
    Hello(HelloText),
}

/// A hello to show.
#[derive(Debug)]
pub(super) struct HelloText {
    /// `EHLO`.
    pub(super) verb: String,
    /// The argument, as sent.
    pub(super) argument: Box<[u8]>,
    /// Which octet is at fault, and what is wrong, in words.
    pub(super) fault: Option<(usize, String)>,
}

/// Lines a run of words may take; a hostile reply has thousands of words.
const MAX_LINES: usize = 5;

impl Part {
    /// Words of the capture.
    pub(super) fn words(octets: &[u8]) -> Self {
        Self::Words(escape::text(octets))
    }

    /// The columns it would like.
    pub(super) fn natural_width(&self) -> usize {
        match self {
            Self::Words(text) | Self::Solid(text) => columns(text),
            Self::Hello(hello) => hello.natural_width(),
        }
    }

    /// Its lines, none wider than `width`.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        match self {
            Self::Words(text) => wrap(text, width, MAX_LINES),
            Self::Solid(text) => broken(text, width),
            Self::Hello(hello) => hello.lines(width),
        }
    }
}

impl HelloText {
    fn lead(&self) -> String {
        format!("{} ", escape::text(self.verb.as_bytes()))
    }

    /// The columns of the hello itself.
    pub(super) fn line_width(&self) -> usize {
        columns(&self.lead()) + columns(&escape::text(&self.argument))
    }

    fn natural_width(&self) -> usize {
        let lead = columns(&self.lead());
        let line = self.line_width();
        match &self.fault {
            None => line,
            Some((offset, message)) => {
                let marked = escape::marked(&self.argument, *offset, usize::MAX);
                line.max(lead + marked.column + 2 + columns(message))
            }
        }
    }

    /// The hello; below it, where it is at fault, a caret under the octet and what is wrong with it.
    fn lines(&self, width: usize) -> Vec<String> {
        let lead = self.lead();
        let room = width.saturating_sub(columns(&lead));
        let Some((offset, message)) = &self.fault else {
            return vec![cut(&format!("{lead}{}", escape::text(&self.argument)), width)];
        };
        let marked = escape::marked(&self.argument, *offset, room);
        let column = columns(&lead) + marked.column;
        let line = cut(format!("{lead}{}", marked.text).trim_end(), width);
        if column >= width {
            return [vec![line], wrap(message, width, MAX_LINES)].concat();
        }
        let caret = format!("{}^", " ".repeat(column));
        if column + 2 + columns(message) <= width {
            return vec![line, format!("{caret} {message}")];
        }
        [vec![line, caret], wrap(message, width, MAX_LINES)].concat()
    }
}

/// `text` in lines of at most `width` columns, broken between words where possible; what exceeds `max_lines` is cut.
pub(super) fn wrap(text: &str, width: usize, max_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 && columns(&line) + 1 + columns(word) <= width {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if at > 0 {
            lines.push(std::mem::take(&mut line));
        }
        if lines.len() > max_lines {
            break;
        }
        let mut pieces = broken(word, width);
        line = pieces.pop().unwrap_or_default();
        lines.append(&mut pieces);
    }
    lines.push(line);
    if lines.len() > max_lines {
        lines.truncate(max_lines);
        if let Some(last) = lines.last_mut() {
            *last = prefix(last, width.saturating_sub(1)).to_owned() + escape::ELLIPSIS;
        }
    }
    lines
}

/// `text` in pieces of at most `width` columns.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while columns(rest) > width {
        let piece = prefix(rest, width);
        if piece.is_empty() {
            break;
        }
        pieces.push(piece.to_owned());
        rest = rest.get(piece.len()..).unwrap_or_default();
    }
    pieces.push(cut(rest, width));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_break_at_blanks_and_long_ones_anywhere() {
        for (text, width, max_lines, lines) in [
            ("501 Invalid Address", 20, 3, &["501 Invalid Address"][..]),
            ("501 Invalid Address", 12, 3, &["501 Invalid", "Address"]),
            ("501 Invalid Address", 4, 9, &["501", "Inva", "lid", "Addr", "ess"]),
            ("a b c d e", 1, 3, &["a", "b", "\u{2026}"]),
            ("one two three four", 5, 2, &["one", "two\u{2026}"]),
            ("", 5, 2, &[""]),
        ] {
            assert_eq!(wrap(text, width, max_lines), lines, "{text} in {width}");
        }
    }

    #[test]
    fn the_caret_stands_under_the_fault() {
        let hello = |argument: &[u8], offset, message: &str| HelloText {
            verb: "EHLO".into(),
            argument: argument.into(),
            fault: Some((offset, message.to_owned())),
        };
        let dot = hello(b"sub2.", 4, "ends in a dot");
        assert_eq!(dot.lines(24), ["EHLO sub2.", "         ^ ends in a dot"]);
        assert_eq!(dot.natural_width(), 24);
        assert_eq!(dot.lines(23), ["EHLO sub2.", "         ^", "ends in a dot"]);
        assert_eq!(dot.lines(8), ["EHLO \u{2026}.", "      ^", "ends in", "a dot"]);
        assert_eq!(hello(b"", 0, "is empty").lines(15), ["EHLO", "     ^ is empty"]);
        assert_eq!(hello(b"", 0, "is empty").lines(4), ["EHLO", "is", "empt", "y"]);
    }

    #[test]
    fn no_line_is_wider_than_asked_for() {
        let text = "wide \u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c} 2001:db8:1234:5678:9abc:def0:1234:5678 end";
        for width in 2..60 {
            let hello = Part::Hello(HelloText {
                verb: "EHLO".into(),
                argument: b"a.very.long.name\xff.example.com".as_slice().into(),
                fault: Some((16, "has a non-ASCII byte at byte 17 (\\xFF)".into())),
            });
            for part in [Part::Words(text.into()), Part::Solid(text.into()), hello] {
                for line in part.lines(width) {
                    assert!(columns(&line) <= width, "{line:?} in {width}");
                }
            }
        }
    }
}
