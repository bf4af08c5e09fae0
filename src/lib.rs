//! ehlotrace reads saved packet captures and says which SMTP sessions were lost, above all those lost to a malformed
//! EHLO argument (Microsoft KB 240832).
//!
//! ```
//! # use std::fs::File;
//! # let mut lost = 0;
//! use ehlotrace::scan::{ScanOptions, scan};
//!
//! let capture = Box::new(File::open("samples/kb240832-lost.pcap")?);
//! let report = scan(capture, &ScanOptions::default(), &mut |session, diagnosis| {
//!     if let Some(rule) = diagnosis.cause {
//!         println!("{} to {}: {}", session.client, session.server, rule.title);
//! #       lost += 1;
//!     }
//! })?;
//! println!("{} sessions in all", report.sessions);
//! # assert_eq!((lost, report.sessions), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A capture is pushed, packet by borrowed packet, down a one-way pipeline; only sessions that are still open own
//! memory:
//!
//! ```text
//! container -> capture -> wire -> flow -> smtp -> session -> diagnosis -> report
//!  gzip, zstd   packets    TCP     order   dialogue  one value   why lost    table, JSON
//! ```
//!
//! To read many captures into a report of one's own, see [`batch`] and [`report::Reporter`], and `examples/`. To follow
//! the code, start at [`scan`], then [`session`], [`smtp::Dialogue`] and [`diagnosis`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]
// A build with all features knows what nobody uses.
#![cfg_attr(not(feature = "reports"), allow(dead_code, unused_imports))]

mod base64;
#[cfg(feature = "reports")]
pub mod batch;
pub mod capture;
#[cfg(feature = "reports")]
pub mod compare;
pub mod container;
pub mod diagnosis;
pub mod dns;
#[cfg(feature = "reports")]
pub mod extract;
pub mod filter;
pub mod flow;
pub mod limits;
#[cfg(feature = "reports")]
pub mod matrix;
#[cfg(feature = "reports")]
pub mod pages;
mod plural;
#[cfg(feature = "reports")]
pub mod report;
pub mod scan;
pub mod session;
pub mod smtp;
pub mod time;
#[cfg(feature = "reports")]
pub mod trace;
#[cfg(feature = "reports")]
pub mod twice;
pub mod wire;
