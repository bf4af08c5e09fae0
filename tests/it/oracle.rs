//! What tshark says of a capture, where it is installed.

// Code of tests may panic, that is how it reports.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::corpus;

/// The fields of every frame, as text; none without tshark.
pub(crate) fn fields(file: &Path, options: &[&str], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    // Without looking up the names of addresses it starts in half the time.
    command.arg("-nr").arg(file).args(options).args(["-T", "fields", "-E", "separator=|"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let Ok(output) = command.output() else {
        println!("skipped: no tshark");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect())
}

/// The project's samples, and the captures of these folders of the corpus.
pub(crate) fn captures(folders: &[&str]) -> Vec<PathBuf> {
    let samples = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
    let folders = folders.iter().filter_map(|name| corpus::folder(name));
    std::iter::once(samples).chain(folders).flat_map(|folder| corpus::captures(&folder)).collect()
}
