//! Mail data, passed over: only its end is looked for (RFC 5321 4.1.1.4, 4.5.2).

use memchr::memchr;

/// Finds the line with a single dot that ends mail data, in octets that come in any pieces.
#[derive(Clone, Copy, Debug)]
pub(super) enum BodyScanner {
    LineStart,
    AfterDot,
    AfterDotCr,
    InLine,
}

impl BodyScanner {
    /// The data begins at the start of a line.
    pub(super) const fn new() -> Self {
        Self::LineStart
    }

    /// The data goes on after a hole.
    pub(super) const fn mid_line() -> Self {
        Self::InLine
    }

    /// Takes mail data off the front of `input`; once its end was passed, how many octets the line that ends it has.
    pub(super) fn skip(&mut self, input: &mut &[u8]) -> Option<u64> {
        while let [first, rest @ ..] = *input {
            *self = match (*self, first) {
                (Self::LineStart, b'.') => Self::AfterDot,
                (Self::AfterDot, b'\r') => Self::AfterDotCr,
                (Self::AfterDot | Self::AfterDotCr, b'\n') => {
                    *input = rest;
                    return Some(if matches!(self, Self::AfterDot) { 2 } else { 3 });
                }
                (_, b'\n') => Self::LineStart,
                _ => match memchr(b'\n', input).and_then(|at| input.get(at..)) {
                    Some(line_end) => {
                        *input = line_end;
                        *self = Self::InLine;
                        continue;
                    }
                    None => {
                        *input = &[];
                        *self = Self::InLine;
                        return None;
                    }
                },
            };
            *input = rest;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest_after(text: &[u8], cut: usize) -> Option<Vec<u8>> {
        let mut scanner = BodyScanner::new();
        let (one, two) = text.split_at(cut);
        for (mut piece, tail) in [(one, two), (two, &[][..])] {
            if scanner.skip(&mut piece).is_some() {
                return Some([piece, tail].concat());
            }
        }
        None
    }

    #[test]
    fn only_a_lone_dot_ends_the_data_however_it_is_cut() {
        for (text, rest) in [
            (&b"Subject: x\r\n\r\n..\r\n.y\r\n. \r\nx.\r\n.\r\nQUIT\r\n"[..], Some(&b"QUIT\r\n"[..])),
            (b".\r\nQUIT", Some(b"QUIT")),
            (b"a\n.\nQUIT", Some(b"QUIT")),
            (b"a\r\n.\rb\r\n", None),
            (b"a\r\n.", None),
        ] {
            for cut in 0..=text.len() {
                assert_eq!(rest_after(text, cut).as_deref(), rest, "{} cut at {cut}", text.escape_ascii());
            }
        }
    }
}
