//! Integration tests, one binary.

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod corpus;
mod corpus_lab;
mod corpus_public;
mod damage;
mod report_hostile;
mod report_unfinished;
mod samples;
mod splits;
mod verdicts;
