//! What the documentation shows is what the program prints.

use std::process::Command;

/// Documents whose console blocks are run.
const DOCUMENTS: &[&str] = &["README.md", "docs/evidence.md", "docs/network-monitor.md", "docs/quick-start.md"];

#[test]
fn console_blocks_show_real_output() {
    let mut run = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(document).unwrap();
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let (command, expected) = block.split_once('\n').unwrap();
            let arguments = command.trim_start_matches("$ ").trim_start_matches("cargo run --release --quiet -- ");
            let arguments = arguments.trim_start_matches("ehlotrace ");
            // Blocks without output, or with another program in them, only show how to call it.
            if expected.is_empty() || expected.starts_with('$') || command.ends_with('|') {
                continue;
            }
            let words: Vec<&str> = arguments.split(' ').map(|word| word.trim_matches('\'')).collect();
            let output = Command::new(assert_cmd::cargo::cargo_bin!("ehlotrace")).args(words).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{document}: {command}");
            run += 1;
        }
    }
    assert!(run >= 2, "only {run} blocks were run");
}
