//! What a diagnosis rests on: frames, each with what it shows in words.

use crate::smtp::{Command, Refusal, Reply};
use crate::time::{FrameNumber, Moment};

/// One frame and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The frame to look at.
    pub frame: FrameNumber,
    /// What it shows. Octets of the capture in it are printable; a report still escapes them for its medium.
    pub text: String,
}

impl Evidence {
    /// That the frame at `moment` shows `text`.
    pub fn new(moment: Moment, text: impl Into<String>) -> Self {
        Self { frame: moment.frame, text: text.into() }
    }

    /// That the server gave this reply.
    pub fn reply(reply: &Reply) -> Self {
        Self::new(reply.moment, format!("server replied {}", code_and_text(reply.code, reply.first_line())))
    }

    /// That the server refused.
    pub fn refusal(refusal: &Refusal) -> Self {
        Self::new(refusal.reply, format!("server replied {}", code_and_text(refusal.code, &refusal.text)))
    }

    /// That the client sent this command.
    pub fn command(command: &Command) -> Self {
        Self::new(command.moment, format!("client sent {}", shown(&command.line)))
    }
}

fn code_and_text(code: u16, text: &[u8]) -> String {
    format!("{code:03} {}", shown(text)).trim_end().to_owned()
}

/// At most this many characters of a capture's text stand in a sentence.
const SHOWN_CHARACTERS: usize = 200;

/// Octets of a capture in a sentence: text as it is, everything else as `\xNN`.
pub(super) fn shown(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut left = SHOWN_CHARACTERS;
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            if left == 0 {
                return text + "...";
            }
            left -= 1;
            if character.is_control() {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for octet in chunk.invalid() {
            left = left.saturating_sub(1);
            text.push_str(&format!("\\x{octet:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_that_are_no_text_are_escaped_and_long_ones_cut() {
        assert_eq!(shown(b"b\xfccher\x1b[31m"), "b\\xfccher\\u{1b}[31m");
        assert_eq!(shown("b\u{fc}cher".as_bytes()), "b\u{fc}cher");
        assert_eq!(shown(&[b'a'; 300]).len(), 203);
    }
}
