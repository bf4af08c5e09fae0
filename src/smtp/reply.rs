//! What a server says: replies of one or more lines (RFC 5321 4.2) with enhanced status codes (RFC 3463).

use std::fmt;

use memchr::{memchr, memchr_iter};

use crate::time::Moment;

/// One reply, all its lines together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The three-digit code: that of the last line, where a server changes it midway.
    pub code: u16,
    /// The text of each line, after code and separator; the first lines only where there are very many.
    pub lines: ReplyLines,
    /// Lines over the bound, dropped.
    pub dropped_lines: u64,
    /// Whether the capture lacks the reply's end.
    pub is_cut: bool,
    /// The frame with the end of the first line.
    pub moment: Moment,
    /// Where in the server's stream it begins.
    pub at: u64,
}

impl Reply {
    /// Whether the server says yes: 2xx.
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether the server refuses: 4xx for now, 5xx for good.
    pub const fn is_refusal(&self) -> bool {
        matches!(self.code / 100, 4 | 5)
    }

    /// The text of the first line.
    pub fn first_line(&self) -> &[u8] {
        self.lines.first().unwrap_or_default()
    }

    /// The enhanced status code at the start of the text.
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        EnhancedStatusCode::parse(self.first_line(), self.code)
    }

    /// Whether any line speaks of HELO or EHLO.
    pub(crate) fn names_hello(&self) -> bool {
        self.lines.iter().any(|line| contains_word(line, b"helo") || contains_word(line, b"ehlo"))
    }
}

/// The text of a reply's lines, all of them in one piece: there are many replies, and most have one short line.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ReplyLines {
    /// The lines with a LF between each two; none of them holds one.
    text: Vec<u8>,
    len: usize,
}

impl ReplyLines {
    /// How many lines there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no line.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first line.
    pub fn first(&self) -> Option<&[u8]> {
        let end = memchr(b'\n', &self.text).unwrap_or(self.text.len());
        self.text.get(..end).filter(|_| !self.is_empty())
    }

    /// The lines in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = memchr_iter(b'\n', &self.text).chain([self.text.len()]);
        let mut start = 0;
        ends.take(self.len)
            .map(move |end| self.text.get(std::mem::replace(&mut start, end + 1)..end).unwrap_or_default())
    }

    /// Adds a line, which holds no LF.
    fn push(&mut self, line: &[u8]) {
        debug_assert!(!line.contains(&b'\n'), "a line holds no line end");
        if self.len == 0 {
            self.text.reserve_exact(line.len());
        } else {
            self.text.push(b'\n');
        }
        self.text.extend_from_slice(line);
        self.len += 1;
    }
}

impl fmt::Debug for ReplyLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(<[u8]>::escape_ascii)).finish()
    }
}

/// Whether `text` has `word` with no letter or digit beside it, case ignored.
fn contains_word(text: &[u8], word: &[u8]) -> bool {
    let is_boundary = |octet: Option<&u8>| octet.is_none_or(|octet| !octet.is_ascii_alphanumeric());
    text.windows(word.len()).enumerate().any(|(at, window)| {
        window.eq_ignore_ascii_case(word)
            && is_boundary(at.checked_sub(1).and_then(|before| text.get(before)))
            && is_boundary(text.get(at + word.len()))
    })
}

/// A status code of RFC 3463: class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatusCode {
    class: u16,
    subject: u16,
    detail: u16,
}

impl EnhancedStatusCode {
    /// Reads the code at the start of a reply's text; its class must agree with the reply `code` (RFC 2034 4).
    pub fn parse(text: &[u8], code: u16) -> Option<Self> {
        let word = text.split(|octet| *octet == b' ').next()?;
        let mut parts = word.split(|octet| *octet == b'.');
        let mut number = || -> Option<u16> {
            let digits = parts.next().filter(|digits| (1..=3).contains(&digits.len()))?;
            let is_decimal = digits.iter().all(u8::is_ascii_digit);
            if is_decimal { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
        };
        let found = Self { class: number()?, subject: number()?, detail: number()? };
        (parts.next().is_none() && matches!(found.class, 2 | 4 | 5) && found.class == code / 100).then_some(found)
    }
}

impl fmt::Display for EnhancedStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReplyLine<'a> {
    pub(super) code: u16,
    pub(super) is_last: bool,
    pub(super) text: &'a [u8],
}

impl<'a> ReplyLine<'a> {
    /// Reads `250-text`, `250 text` or `250`; anything else is no reply line.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let (digits, rest) = line.split_first_chunk::<3>()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        match rest {
            [] => Some(Self { code, is_last: true, text: rest }),
            [b' ', text @ ..] => Some(Self { code, is_last: true, text }),
            [b'-', text @ ..] => Some(Self { code, is_last: false, text }),
            _ => None,
        }
    }
}

/// A reply whose last line is still to come.
#[derive(Debug)]
pub(super) struct OpenReply {
    reply: Reply,
}

impl OpenReply {
    /// A reply whose first `line` begins at stream offset `at`.
    pub(super) fn new(line: &ReplyLine<'_>, at: u64, moment: Moment) -> Self {
        let lines = ReplyLines::default();
        Self { reply: Reply { code: line.code, lines, dropped_lines: 0, is_cut: false, moment, at } }
    }

    /// Adds one line; `masked` is its text where that must not be shown as it is.
    pub(super) fn add(&mut self, line: &ReplyLine<'_>, masked: Option<Box<[u8]>>, max_lines: usize) {
        self.reply.code = line.code;
        if self.reply.lines.len() < max_lines {
            self.reply.lines.push(masked.as_deref().unwrap_or(line.text));
        } else {
            self.reply.dropped_lines += 1;
        }
    }

    pub(super) fn finish(mut self, is_cut: bool) -> Reply {
        self.reply.is_cut = is_cut;
        self.reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_lines_are_a_code_and_a_separator() {
        let line = |code, is_last, text| Some(ReplyLine { code, is_last, text });
        assert_eq!(ReplyLine::parse(b"250-mail.example.com"), line(250, false, &b"mail.example.com"[..]));
        assert_eq!(ReplyLine::parse(b"250 OK"), line(250, true, b"OK"));
        assert_eq!(ReplyLine::parse(b"354"), line(354, true, b""));
        assert_eq!(ReplyLine::parse(b"4.7.0 later"), None);
        assert_eq!(ReplyLine::parse(b"2500 OK"), None);
        assert_eq!(ReplyLine::parse(b"25"), None);
    }

    #[test]
    fn lines_are_kept_apart_empty_ones_too() {
        for texts in [&[][..], &[&b""[..]], &[b"", b""], &[b"a", b"", b"b c"], &[b"mx", b"SIZE 1", b""]] {
            let mut lines = ReplyLines::default();
            texts.iter().for_each(|text| lines.push(text));
            assert_eq!(lines.iter().collect::<Vec<_>>(), texts);
            assert_eq!((lines.first(), lines.len()), (texts.first().copied(), texts.len()));
        }
    }

    #[test]
    fn enhanced_codes_agree_with_the_reply_code() {
        let read = |text: &[u8], code| EnhancedStatusCode::parse(text, code).map(|code| code.to_string());
        assert_eq!(read(b"5.5.4 Invalid domain name", 501).as_deref(), Some("5.5.4"));
        assert_eq!(read(b"4.7.1 later", 450).as_deref(), Some("4.7.1"));
        assert_eq!(read(b"5.5.4 Invalid domain name", 250), None);
        assert_eq!(read(b"5.5 x", 501), None);
        assert_eq!(read(b"5.5.4.1 x", 501), None);
        assert_eq!(read(b"Invalid Address", 501), None);
    }

    #[test]
    fn a_reply_names_hello_only_as_a_word() {
        assert!(contains_word(b"<sub2.>: Helo command rejected", b"helo"));
        assert!(contains_word(b"HELO/EHLO invalid", b"ehlo"));
        assert!(!contains_word(b"<bob@helont.example>: unknown", b"helo"));
    }
}
