//! What the fuzz targets do, apart from libFuzzer: each function takes any octets at all and panics if a promise of the
//! crate is broken.
//!
//! `tests/fuzz_corpus.rs` includes this file and runs it over the committed corpora, so it depends on nothing but the
//! crate and its dependencies. Structured inputs are read by [`script::Script`], whose meaning does not change with the
//! version of another crate: a committed input stays the case it was.

// Checks may panic: that is how they report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
#![allow(unreachable_pub, missing_docs)]

mod captures;
mod containers;
mod dialogues;
mod frames;
mod hellos;
mod masking;
mod pipelines;
mod script;
mod segments;
mod sessions;
#[path = "../../tests/support/mod.rs"]
mod support;

pub use captures::{capture_etl, capture_iptrace, capture_netmon, capture_pcap, capture_pcapng, capture_snoop};
pub use containers::{archive, container};
pub use dialogues::dialogue;
pub use frames::wire_decode;
pub use hellos::ehlo_argument;
pub use masking::{finds_what_is_planted, generated, masking};
pub use pipelines::pipeline;
pub use segments::reassembler;

/// A target: its name and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("archive", archive),
    ("capture_etl", capture_etl),
    ("capture_iptrace", capture_iptrace),
    ("capture_netmon", capture_netmon),
    ("capture_pcap", capture_pcap),
    ("capture_pcapng", capture_pcapng),
    ("capture_snoop", capture_snoop),
    ("container", container),
    ("dialogue", dialogue),
    ("ehlo_argument", ehlo_argument),
    ("masking", masking),
    ("pipeline", pipeline),
    ("reassembler", reassembler),
    ("wire_decode", wire_decode),
];
