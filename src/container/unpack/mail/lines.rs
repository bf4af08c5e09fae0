//! The lines of a mail, and the boundaries among them (RFC 2046 5.1.1).

use std::io::{self, BufRead, BufReader, Read};

use crate::container::Input;

/// Octets of a line taken at once; RFC 5322 2.1.1 allows 998. A longer one comes in pieces.
const PIECE_OCTETS: u64 = 16 * 1024;
const BUFFER_OCTETS: usize = 64 * 1024;

/// What ends a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A boundary with a part after it.
    Part,
    /// The boundary after the last part. It is taken off.
    LastPart,
    /// The end of the input.
    End,
}

/// A mail, line by line, with the boundaries of the multipart bodies it stands in.
pub(super) struct MailLines {
    input: BufReader<Input>,
    boundaries: Vec<Vec<u8>>,
    /// The line, or the piece of one, that was read last.
    line: Vec<u8>,
    /// Whether `line` is the start of one.
    starts: bool,
}

impl MailLines {
    pub(super) fn new(input: Input) -> Self {
        let input = BufReader::with_capacity(BUFFER_OCTETS, input);
        Self { input, boundaries: Vec::new(), line: b"\n".to_vec(), starts: true }
    }

    /// Multipart bodies around the current line.
    pub(super) fn depth(&self) -> usize {
        self.boundaries.len()
    }

    /// Goes into a multipart body.
    pub(super) fn enter(&mut self, boundary: &str) {
        self.boundaries.push(boundary.as_bytes().to_vec());
    }

    /// Reads on; tells when that is no content any more.
    pub(super) fn next(&mut self) -> io::Result<Option<Stop>> {
        self.starts = self.line.ends_with(b"\n");
        self.line.clear();
        (&mut self.input).take(PIECE_OCTETS).read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(Some(Stop::End));
        }
        Ok(self.boundary())
    }

    /// The line without what ends it.
    pub(super) fn content(&self) -> &[u8] {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        if self.line.ends_with(b"\n") { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
    }

    /// What ends the line: nothing when more of it comes.
    pub(super) fn ending(&self) -> &[u8] {
        self.line.get(self.content().len()..).unwrap_or_default()
    }

    /// Whether it is a line from its start to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.starts && self.line.ends_with(b"\n")
    }

    /// Passes over all content up to the next boundary.
    pub(super) fn skip(&mut self) -> io::Result<Stop> {
        loop {
            if let Some(stop) = self.next()? {
                return Ok(stop);
            }
        }
    }

    /// What boundary the line is, of whatever multipart body; those inside it end with it.
    fn boundary(&mut self) -> Option<Stop> {
        if !self.starts {
            return None;
        }
        let line = self.content().strip_prefix(b"--")?.trim_ascii_end();
        let (level, stop) = self.boundaries.iter().enumerate().rev().find_map(|(level, boundary)| {
            let rest = line.strip_prefix(boundary.trim_ascii_end())?;
            match rest {
                b"" => Some((level, Stop::Part)),
                b"--" => Some((level, Stop::LastPart)),
                _ => None,
            }
        })?;
        self.boundaries.truncate(if stop == Stop::Part { level + 1 } else { level });
        Some(stop)
    }
}
