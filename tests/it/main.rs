//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "../support/mod.rs"]
mod support;

/// The archives that the container's own tests are made with.
#[allow(dead_code)]
#[path = "../../src/container/unpack/tests/make.rs"]
mod make;

/// Large captures, as measurements use them.
#[allow(dead_code, unreachable_pub)]
#[path = "../../examples/generate_load.rs"]
mod generate_load;

mod architecture;
mod attempts;
mod bounds;
mod changes;
mod cli;
mod compare;
mod corpus;
mod corpus_etl;
mod corpus_lab;
mod corpus_order;
mod corpus_public;
mod corpus_reasons;
mod corpus_wild;
mod damage;
mod deciding;
mod differential;
mod disorder;
mod dns_lookups;
mod docs;
mod exported;
mod extract;
mod extract_cli;
mod extract_layers;
mod extract_wraps;
mod filters;
mod handover;
#[cfg(unix)]
mod handover_commands;
mod help;
mod hostile_names;
mod html;
mod html_browser;
mod identity;
mod json_readers;
mod oracle;
mod other_ports;
mod outputs;
mod pile;
mod readme;
mod reasons;
mod records;
mod redaction;
mod redaction_replies;
mod report_hostile;
mod report_unfinished;
mod samples;
mod schema;
mod secrets;
mod sequence;
mod sequence_mixed;
mod splits;
mod ticket_piles;
mod tickets;
mod trace;
mod trace_articles;
mod trace_choice;
mod trace_cli;
mod trace_hygiene;
mod trace_tshark;
mod two_threads;
mod verdicts;
mod warnings;
mod wild;
