//! Which mail servers refuse which hello: 35 server configurations, measured with 93 hello lines on [`MEASURED`].
//!
//! The table is data, `ehlo-matrix.csv`: a row for each hello line, a column for each configuration, in each cell the
//! first line of the first reply. A refusal that comes later, at MAIL or RCPT, is not in it.
//! [`who_refuses`] asks it about one argument; `document` publishes it.

mod document;
mod refusals;
mod servers;
mod table;

pub use refusals::{Basis, Refusals, Verdict, Wording, who_refuses};
pub use servers::{SERVERS, Server};

// For the test that keeps the page up to date.
#[doc(hidden)]
pub use document::document;

pub(crate) use table::{Row, Sent, rows};

/// The day of the measurement.
pub const MEASURED: &str = "2026-11-24";
