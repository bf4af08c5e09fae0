//! Prints the lost sessions of a capture: `cargo run --example lost_sessions samples/kb240832-lost.pcap`.
//!
//! It needs none of the features: `--no-default-features`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;

use ehlotrace::scan::{ScanOptions, scan};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| "samples/kb240832-lost.pcap".into());
    let capture = Box::new(File::open(path)?);
    let report = scan(capture, &ScanOptions::default(), &mut |session, diagnosis| {
        // Only a lost session has a cause.
        if let Some(rule) = diagnosis.cause {
            println!("{} to {}: {} ({})", session.client, session.server, rule.title, rule.code);
            println!("    {}", diagnosis.remedy);
            if let Some(name) = &diagnosis.suggestion {
                println!("    a name to greet with: {name}");
            }
        }
    })?;
    println!("{} sessions in all", report.sessions);
    // What ends a damaged capture early is no error of the scan.
    if let Some(error) = report.error {
        println!("the rest is unreadable: {error}");
    }
    Ok(())
}
