//! Octets of a capture made safe for where they are shown. The only escaping in the crate.
//!
//! All text of a capture is hostile: a greeting can hold terminal controls, a name can turn the reading direction
//! round. For people, whatever is not plainly visible becomes `\xNN` (an octet) or `\u{N}` (a character). For programs,
//! JSON escapes do the same without loss, for JSON is read on terminals, too.

use std::fmt::Write as _;
use std::io;

use serde_json::ser::{CompactFormatter, Formatter};
use unicode_width::UnicodeWidthChar;

/// What stands where text was cut.
pub(super) const ELLIPSIS: &str = "\u{2026}";

/// Whether `character` is a control, is invisible, or moves what stands around it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            // Zero-width and direction marks, line and paragraph separators, embeddings and overrides, isolates.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Hands `each` the parts of `octets` as a terminal may show them, with the offset of the octet each part starts at.
fn for_each_part(octets: &[u8], mut each: impl FnMut(usize, &str)) {
    let mut offset = 0;
    let mut text = String::new();
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            text.clear();
            // Without a width of its own a character would change its neighbour.
            let is_shown = !is_hidden(character) && character.width().is_some_and(|width| width > 0);
            let written = match character {
                _ if is_shown => {
                    text.push(character);
                    Ok(())
                }
                '\0'..='\x7f' => write!(text, "\\x{:02x}", u32::from(character)),
                _ => write!(text, "\\u{{{:x}}}", u32::from(character)),
            };
            debug_assert!(written.is_ok(), "writing into a string does not fail");
            each(offset, &text);
            offset += character.len_utf8();
        }
        for octet in chunk.invalid() {
            each(offset, &format!("\\x{octet:02x}"));
            offset += 1;
        }
    }
}

/// `octets` as one line a terminal may show.
pub fn text(octets: &[u8]) -> String {
    let mut shown = String::with_capacity(octets.len());
    for_each_part(octets, |_, part| shown.push_str(part));
    shown
}

/// `octets` as one line of at most `width` columns: cut and ended with an ellipsis where it is longer.
pub(crate) fn line(octets: &[u8], width: usize) -> String {
    // One character has at most four octets and at least one column, so no more than these can fit.
    let kept = octets.get(..4 * width.saturating_add(1)).unwrap_or(octets);
    cut(&text(kept), width)
}

/// `text`, already safe, in a code span of Markdown that it cannot end (CommonMark 6.1).
pub(super) fn code_span(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Columns a terminal needs for `text`, one character after the other.
#[doc(hidden)]
pub fn columns(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// `text`, already safe, within `width` columns: cut and ended with an ellipsis where it is longer.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept = prefix(text, width.saturating_sub(1)).to_owned();
    if width > 0 {
        kept.push_str(ELLIPSIS);
    }
    kept
}

/// As many characters from the start of `text` as fit into `width` columns.
pub(super) fn prefix(text: &str, width: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find_map(|(at, character)| {
        used += character.width().unwrap_or(0);
        (used > width).then_some(at)
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// A line with a place in it to point at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marked {
    /// The line.
    pub(super) text: String,
    /// The column of the place, from 0.
    pub(super) column: usize,
}

/// `octets` as one line of at most `width` columns in which the octet at `offset` is seen, both ends cut if need be.
pub(super) fn marked(octets: &[u8], offset: usize, width: usize) -> Marked {
    let mut parts: Vec<(String, usize)> = Vec::new();
    let mut place = 0;
    for_each_part(octets, |at, part| {
        if at <= offset {
            place = parts.len();
        }
        parts.push((part.to_owned(), columns(part)));
    });
    let mut own = parts.get(place).map_or(1, |(_, columns)| *columns);
    if offset >= octets.len() {
        (place, own) = (parts.len(), 1);
    }
    let total: usize = parts.iter().map(|(_, columns)| columns).sum();
    let mut column: usize = parts.iter().take(place).map(|(_, columns)| columns).sum();
    let mut lead = "";
    let mut shown = parts.iter();
    if total > width || column >= width {
        // The place stays off the last columns, where an ellipsis may stand, as it may in the first.
        let room = width.saturating_sub(2);
        let before = parts.iter().take(place);
        let mut passed = 0;
        for (_, columns) in before {
            if column + own <= room {
                break;
            }
            column -= columns;
            passed += 1;
        }
        if passed > 0 {
            lead = ELLIPSIS;
            shown = parts.get(passed..).unwrap_or_default().iter();
        }
    }
    let rest: String = shown.map(|(part, _)| part.as_str()).collect();
    let column = (column + columns(lead)).min(width.saturating_sub(1));
    Marked { text: cut(&format!("{lead}{rest}"), width), column }
}

/// Compact JSON in which characters that [`is_hidden`] are escaped, like the controls JSON itself wants escaped; in a
/// `<script>` markup, too, so neither `</script` nor `<!--` can stand in it.
#[derive(Debug)]
pub(super) struct SafeJson {
    pub(super) in_script: bool,
}

impl Formatter for SafeJson {
    /// No number is over 2^63 - 1: few programs read more, and only a hostile capture counts so far.
    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        CompactFormatter.write_u64(writer, value.min(i64::MAX.unsigned_abs()))
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_markup = |character: char| self.in_script && matches!(character, '<' | '>' | '&');
        let is_plain = |octet: &u8| *octet < 0x7f && !is_markup(char::from(*octet));
        if fragment.as_bytes().iter().all(is_plain) {
            return writer.write_all(fragment.as_bytes());
        }
        let is_unsafe = |character: char| is_hidden(character) || is_markup(character);
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_unsafe(*character)) {
            let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            writer.write_all(before.as_bytes())?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = after.get(character.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize as _;

    use super::*;

    #[test]
    fn what_is_not_plainly_visible_is_escaped() {
        for (octets, shown) in [
            (&b"EHLO sub2."[..], "EHLO sub2."),
            (b"\x1b[31mred\x07\x7f\0\r\n\t", "\\x1b[31mred\\x07\\x7f\\x00\\x0d\\x0a\\x09"),
            ("b\u{fc}cher \u{65e5}\u{672c}".as_bytes(), "b\u{fc}cher \u{65e5}\u{672c}"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            (
                "\u{202e}cod\u{2066}\u{200b}\u{200f}\u{2028}\u{feff}".as_bytes(),
                "\\u{202e}cod\\u{2066}\\u{200b}\\u{200f}\\u{2028}\\u{feff}",
            ),
            ("e\u{301}".as_bytes(), "e\\u{301}"),
            (b"b\xfccher\xff", "b\\xfccher\\xff"),
            (b"\xe2\x80", "\\xe2\\x80"),
            (b"", ""),
        ] {
            assert_eq!(text(octets), shown);
        }
    }

    #[test]
    fn text_is_cut_by_columns_not_octets() {
        for (whole, width, shown) in [
            ("sub2.", 5, "sub2."),
            ("sub2.", 4, "sub\u{2026}"),
            ("\u{65e5}\u{672c}\u{8a9e}", 6, "\u{65e5}\u{672c}\u{8a9e}"),
            ("\u{65e5}\u{672c}\u{8a9e}", 5, "\u{65e5}\u{672c}\u{2026}"),
            ("\u{65e5}\u{672c}\u{8a9e}", 4, "\u{65e5}\u{2026}"),
            ("ab", 1, "\u{2026}"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(whole, width), shown, "{whole} in {width}");
        }
    }

    #[test]
    fn the_marked_octet_stays_in_sight() {
        for (octets, offset, width, line, column) in [
            (&b"sub2."[..], 4, 20, "sub2.", 4),
            (b"my_host.example.com", 2, 10, "my_host.e\u{2026}", 2),
            (b"sub2.example.com.", 16, 17, "sub2.example.com.", 16),
            (b"sub2.example.com", 16, 16, "\u{2026}2.example.com", 14),
            (b"a-very-long-name.example.com.", 28, 10, "\u{2026}ple.com.", 8),
            (b"b\xfccher", 1, 20, "b\\xfccher", 1),
            (b"\xfcx_", 2, 20, "\\xfcx_", 5),
            (b"", 0, 20, "", 0),
        ] {
            let marked = marked(octets, offset, width);
            assert_eq!((marked.text.as_str(), marked.column), (line, column));
        }
    }

    #[test]
    fn a_mark_never_leaves_the_width() {
        let octets: Vec<u8> = (0..=255).chain("\u{65e5}\u{202e}".bytes()).collect();
        for width in 1..60 {
            for offset in 0..octets.len() {
                let marked = marked(&octets, offset, width);
                assert!(columns(&marked.text) <= width && marked.column < width, "{offset} in {width}: {marked:?}");
            }
        }
    }

    #[test]
    fn json_escapes_hidden_characters_and_keeps_their_value() {
        let value = "a\u{1b}\u{7f}\u{9b}\u{202e}\u{fc}\u{e0041}\"z";
        let mut json = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, SafeJson { in_script: false })).unwrap();
        assert_eq!(
            String::from_utf8(json.clone()).unwrap(),
            "\"a\\u001b\\u007f\\u009b\\u202e\u{fc}\\udb40\\udc41\\\"z\""
        );
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), value);
    }

    #[test]
    fn json_in_a_script_cannot_end_it_and_keeps_its_value() {
        let value = "</script><!-- <script> ]]> & \u{2028}\u{fc}\"";
        let mut json = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, SafeJson { in_script: true })).unwrap();
        assert_eq!(
            String::from_utf8(json.clone()).unwrap(),
            "\"\\u003c/script\\u003e\\u003c!-- \\u003cscript\\u003e ]]\\u003e \\u0026 \\u2028\u{fc}\\\"\""
        );
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), value);
    }
}
