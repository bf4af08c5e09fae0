//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod bounds;
mod cli;
mod corpus;
mod corpus_lab;
mod corpus_public;
mod damage;
mod differential;
mod docs;
mod extract;
mod extract_cli;
mod fuzz_corpus;
mod help;
mod hostile_names;
mod html;
mod html_browser;
mod pile;
mod readme;
mod report_hostile;
mod report_unfinished;
mod samples;
mod schema;
mod secrets;
mod splits;
mod trace;
mod trace_articles;
mod trace_choice;
mod trace_cli;
mod trace_hygiene;
mod trace_tshark;
mod two_threads;
mod verdicts;
