//! ehlotrace reads saved packet captures and says which SMTP sessions were lost, above all those lost to a malformed
//! EHLO argument (Microsoft KB 240832).
//!
//! # Verdicts
//!
//! For the verdicts on a capture no feature is needed:
//!
//! ```toml
//! [dependencies]
//! ehlotrace = { version = "0.1", default-features = false }
//! ```
//!
//! ```
//! use std::fs::File;
//! use ehlotrace::scan::{ScanOptions, scan};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let capture = Box::new(File::open("samples/kb240832-lost.pcap")?);
//!     let report = scan(capture, &ScanOptions::default(), &mut |session, diagnosis| {
//!         // Only a lost session has a cause.
//!         if let Some(cause) = diagnosis.cause {
//!             println!("{} to {}: {}", session.client, session.server, cause.title);
//!             println!("  {}", diagnosis.remedy);
//! #           assert_eq!((cause.code, diagnosis.suggestion.as_deref()), ("ehlo-argument", Some("sub2")));
//!         }
//!     })?;
//!     println!("{} sessions in all", report.sessions);
//! #   assert_eq!(report.sessions, 1);
//!     Ok(())
//! }
//! ```
//!
//! What a session said is in its [`Transcript`](smtp::Transcript), which frames decided in
//! [`Diagnosis::evidence`](diagnosis::Diagnosis::evidence). All of these are plain types of Rust.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | pcap, pcapng, snoop, iptrace, Network Monitor and Windows event traces, and the verdicts; no C code |
//! | `containers` | compressed captures, archives and mails: gzip, zstd, LZ4, xz, bzip2, zip, 7z, tar, Outlook |
//! | `reports` | JSON, CSV, Markdown, HTML and the table, traces, extracts, comparisons, runs over many captures |
//! | `cli` | the `ehlotrace` command; with `reports` |
//! | `arrow` | a report as a stream of Arrow; with `reports` |
//!
//! By default all but `arrow` are on. A container that the build does not open is an error that names the feature
//! ([`ReadError::FeatureOff`](capture::ReadError::FeatureOff)).
//!
//! # How it works
//!
//! A capture is pushed, packet by borrowed packet, down a one-way pipeline; only sessions that are still open own
//! memory:
//!
//! ```text
//! container -> capture -> wire -> flow -> smtp -> session -> diagnosis -> report
//!  gzip, zstd   packets    TCP     order   dialogue  one value   why lost    table, JSON
//! ```
//!
//! To read many captures into a report of one's own, see `batch` and `report::Reporter`, and `examples/`. To follow the
//! code, start at [`scan`], then [`session`], [`smtp`] and [`diagnosis`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// A build with all features knows what nobody uses.
#![cfg_attr(not(feature = "reports"), allow(dead_code, unused_imports))]

/// Its examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

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
