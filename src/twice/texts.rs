//! Text of several sessions, which comes interleaved and goes out one session after the other.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Holds text in memory up to a bound, then in a temporary file.
pub(crate) struct SessionTexts {
    file: SpooledTempFile,
    end: u64,
    /// Where each session's text lies: start and length, neighbours joined.
    extents: HashMap<u64, Vec<(u64, u64)>>,
}

impl SessionTexts {
    pub(crate) fn new(octets_in_memory: usize) -> Self {
        Self { file: SpooledTempFile::new(octets_in_memory), end: 0, extents: HashMap::new() }
    }

    /// Adds text to a session's.
    pub(crate) fn push(&mut self, session: u64, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        let octets = text.len() as u64;
        let extents = self.extents.entry(session).or_default();
        match extents.last_mut() {
            Some((start, length)) if *start + *length == self.end => *length += octets,
            _ => extents.push((self.end, octets)),
        }
        self.end += octets;
        Ok(())
    }

    /// Writes a session's text. Nothing can be added after this.
    pub(crate) fn copy(&mut self, session: u64, out: &mut dyn Write) -> io::Result<()> {
        for (start, length) in self.extents.remove(&session).unwrap_or_default() {
            self.file.seek(SeekFrom::Start(start))?;
            io::copy(&mut (&mut self.file).take(length), out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_text_comes_out_in_order_from_memory_and_from_a_file() {
        for octets_in_memory in [0, 8, 1_000] {
            let mut texts = SessionTexts::new(octets_in_memory);
            for (session, text) in [(2, "two "), (1, "one "), (1, "more "), (2, "end")] {
                texts.push(session, text).unwrap();
            }
            let mut out = Vec::new();
            for session in [1, 2, 3] {
                texts.copy(session, &mut out).unwrap();
            }
            assert_eq!(out, b"one more two end");
        }
    }
}
