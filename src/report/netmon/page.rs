//! Lines on their way out: the one place that puts text, blanks and colour together.

use anstyle::{AnsiColor, Style};

/// Who or what a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Client,
    Server,
    Fault,
    Heading,
}

impl Ink {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Client => AnsiColor::Cyan.on_default(),
            Self::Server => AnsiColor::Green.on_default(),
            Self::Fault => AnsiColor::Red.on_default().bold(),
            Self::Heading => Style::new().bold(),
        }
    }
}

/// A text under construction, line by line.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    colour: bool,
}

impl Page {
    pub(super) const fn new(colour: bool) -> Self {
        Self { text: String::new(), colour }
    }

    /// Adds a line. Whatever of `text` comes from the capture has been escaped.
    pub(super) fn line(&mut self, ink: Ink, columns: usize, text: &str) {
        debug_assert!(!text.contains(char::is_control), "escaped before: {text:?}");
        self.text.extend(std::iter::repeat_n(' ', columns));
        if self.colour && ink != Ink::Plain {
            let style = ink.style();
            self.text.push_str(&format!("{style}{text}{style:#}\n"));
        } else {
            self.text.push_str(text);
            self.text.push('\n');
        }
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_put_round_the_text_only_when_asked_for() {
        for (colour, text) in [(false, "  <== x\n"), (true, "  \u{1b}[1m\u{1b}[31m<== x\u{1b}[0m\n")] {
            let mut page = Page::new(colour);
            page.line(Ink::Fault, 2, "<== x");
            assert_eq!(page.finish(), text);
        }
    }
}
