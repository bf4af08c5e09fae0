//! Integration tests, one binary.

#[path = "../support/mod.rs"]
mod support;

mod samples;
