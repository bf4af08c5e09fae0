//! ehlotrace reads saved packet captures and says which SMTP sessions were lost, above all those lost to a malformed
//! EHLO argument (Microsoft KB 240832).
//!
//! A capture is pushed, packet by borrowed packet, down a one-way pipeline; only sessions that are still open own
//! memory:
//!
//! ```text
//! container -> capture -> wire -> flow -> smtp -> session -> diagnosis -> report
//!  gzip, zstd   packets    TCP     order   dialogue  one value   why lost    table, JSON
//! ```
//!
//! Start reading at [`scan`], then [`session`], [`smtp::Dialogue`] and [`diagnosis`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod batch;
pub mod capture;
pub mod container;
pub mod diagnosis;
pub mod flow;
pub mod limits;
pub mod matrix;
pub mod pages;
pub mod report;
pub mod scan;
pub mod session;
pub mod smtp;
pub mod time;
pub mod trace;
pub mod wire;
