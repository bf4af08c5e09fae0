//! Two scans compared: what was lost before, and what became of it.
//!
//! A [`Side`] adds up the sessions of a capture, or of a JSON report of one, by client and server, and in each by what
//! they were lost to. [`Comparison`] puts two of them side by side. Nothing is called gone that a delivered session does not
//! show to be gone.
//!
//! ```
//! use std::path::Path;
//! use ehlotrace::batch::BatchOptions;
//! use ehlotrace::compare::{self, Comparison, Format, ReadOptions};
//! use ehlotrace::scan::ScanOptions;
//! use ehlotrace::time::Zone;
//!
//! let batch = BatchOptions::new(ScanOptions::default());
//! let options = ReadOptions { batch, clients: Vec::new(), servers: Vec::new() };
//! let before = compare::read(Path::new("samples/kb240832-lost.pcap"), &options);
//! let after = compare::read(Path::new("samples/kb240832-works.pcap"), &options);
//! let comparison = Comparison::new(before, after);
//! let mut text = Vec::new();
//! compare::write(&comparison, Format::Markdown, &Zone::default(), &mut text)?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod collect;
mod json;
mod markdown;
mod side;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::io::{self, Write};

use crate::time::Zone;

pub use collect::{ReadOptions, read};
pub use json::json_schema;
pub use side::{Incomplete, Side};
pub use state::{Comparison, Row, State};

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Text for people.
    Text,
    /// A document to paste into a ticket.
    Markdown,
    /// One JSON document.
    Json,
}

/// Writes `comparison` to `out`, times for people in `zone`.
///
/// # Errors
/// Those of `out`.
pub fn write(comparison: &Comparison, format: Format, zone: &Zone, out: &mut dyn Write) -> io::Result<()> {
    let text = match format {
        Format::Text => text::text(comparison, zone),
        Format::Markdown => markdown::markdown(comparison, zone),
        Format::Json => json::json(comparison)?,
    };
    out.write_all(text.as_bytes())?;
    out.flush()
}
