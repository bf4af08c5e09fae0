//! Real captures with known results, where they are at hand: `../shared/corpus` beside the checkout.

use std::fs::File;
use std::path::PathBuf;

use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::scan::CaptureReport;
use ehlotrace::scan::{ScanOptions, scan};
use ehlotrace::session::Session;

/// The folder `name` of the corpus; without it the test has nothing to do and says so.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no corpus of captures at {}", folder.display());
    None
}

/// The captures of a folder, in order of name.
pub(crate) fn captures(folder: &PathBuf) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension().is_some_and(|extension| ["pcap", "pcapng", "etl"].iter().any(|known| extension == *known))
    });
    files.sort();
    files
}

/// Scans a file for sessions on `ports`, in order of first frame.
pub(crate) fn sessions(file: &PathBuf, ports: &[u16]) -> (CaptureReport, Vec<(Session, Diagnosis)>) {
    let mut options = ScanOptions::on_ports(ports.iter().copied());
    options.tcp_stream = true;
    let mut found = Vec::new();
    let input = Box::new(File::open(file).unwrap());
    let report = scan(input, &options, &mut |session, diagnosis| found.push((session, diagnosis))).unwrap();
    found.sort_by_key(|(session, _)| session.number);
    (report, found)
}
