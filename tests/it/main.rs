//! Integration tests, one binary.

#[path = "../support/mod.rs"]
mod support;

mod report_hostile;
mod report_unfinished;
mod samples;
