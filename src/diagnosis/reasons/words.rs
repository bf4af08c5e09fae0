//! The words of a reply, without what is not the server's own: addresses of mail that it repeats.

use crate::smtp::EnhancedStatusCode;

/// Octets of a reply that are looked through.
const MOST_OCTETS: usize = 1024;

/// The text of a reply in one line and in lower case.
pub(super) struct Words(Vec<u8>);

impl Words {
    /// Of these lines of a reply with this code.
    pub(super) fn new<'a>(lines: impl Iterator<Item = &'a [u8]>, code: u16) -> Self {
        let mut text = Vec::new();
        for line in lines {
            let repeats_status = !text.is_empty() && EnhancedStatusCode::parse(line, code).is_some();
            let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            for word in words.skip(usize::from(repeats_status)) {
                text.extend_from_slice(word);
                text.push(b' ');
            }
            if text.len() > MOST_OCTETS {
                break;
            }
        }
        text.truncate(MOST_OCTETS);
        text.make_ascii_lowercase();
        Self(without_addresses(&text))
    }

    /// Whether the phrases stand here in this order, each as words of its own.
    pub(super) fn have(&self, phrases: &[&str]) -> bool {
        let mut from = 0;
        phrases.iter().all(|phrase| match self.place(phrase.as_bytes(), from) {
            Some(end) => {
                from = end;
                true
            }
            None => false,
        })
    }

    /// Where `phrase` ends, the first time after `from`.
    fn place(&self, phrase: &[u8], from: usize) -> Option<usize> {
        let rest = self.0.get(from..)?;
        let is_it = |at: &usize| !joins(self.0.get(..from + at), true) && !joins(rest.get(at + phrase.len()..), false);
        let mut places = memchr::memmem::find_iter(rest, phrase);
        places.find(is_it).map(|at| from + at + phrase.len())
    }
}

/// Whether a word goes on into this text, `before` or behind it: `spf` is none in `spf.example.net`.
fn joins(text: Option<&[u8]>, before: bool) -> bool {
    let near = |at: usize| {
        let text = text.unwrap_or_default();
        if before { text.len().checked_sub(at + 1).and_then(|at| text.get(at)) } else { text.get(at) }
    };
    match near(0) {
        Some(octet) if octet.is_ascii_alphanumeric() => true,
        Some(b'.' | b'-' | b'_' | b'@') => near(1).is_some_and(u8::is_ascii_alphanumeric),
        _ => false,
    }
}

/// `text` without what stands in angle brackets, and without words that have an `@`.
fn without_addresses(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = memchr::memchr(b'<', rest)
        && let Some(close) = memchr::memchr(b'>', rest.get(open..).unwrap_or_default())
    {
        kept.extend_from_slice(rest.get(..open).unwrap_or_default());
        rest = rest.get(open + close + 1..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    let words = kept.split(|octet| *octet == b' ').filter(|word| !word.is_empty() && !word.contains(&b'@'));
    words.collect::<Vec<_>>().join(&b' ')
}
