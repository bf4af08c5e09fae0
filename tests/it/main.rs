//! Integration tests, one binary.

#[path = "../support/mod.rs"]
mod support;

mod corpus;
mod corpus_lab;
mod corpus_public;
mod samples;
