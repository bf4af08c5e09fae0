//! Help, completions and manual pages know every subcommand.

use std::process::Output;

use assert_cmd::Command;

fn ehlotrace(arguments: &[&str]) -> Output {
    Command::cargo_bin("ehlotrace").unwrap().env("COLUMNS", "80").args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = ehlotrace(arguments);
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The subcommands by the program's own list.
fn listed() -> Vec<String> {
    let help = printed(&["--help"]);
    let list = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn subcommands_are_listed() {
    let listed = listed();
    for name in ["scan", "compare", "check", "trace", "schema", "completions", "man"] {
        assert!(listed.iter().any(|listed| listed == name), "{name} is not in {listed:?}");
    }
}

#[test]
fn every_help_has_examples_and_fits_80_columns() {
    let listed = listed();
    for arguments in std::iter::once(vec!["--help"]).chain(listed.iter().map(|name| vec![name.as_str(), "--help"])) {
        let help = printed(&arguments);
        let examples = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{arguments:?} has no examples")).1;
        assert!(examples.contains("  ehlotrace "), "{arguments:?}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}

#[test]
fn completions_name_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = printed(&["completions", shell]);
        for name in listed() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
        assert!(script.contains("show-credentials"), "{shell}");
        for code in ["ehlo-argument", "trailing-dot", "single-label"] {
            // The generator for PowerShell completes no values.
            assert_eq!(script.contains(code), shell != "powershell", "{shell}: {code}");
        }
    }
    assert_eq!(ehlotrace(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn manual_pages_are_of_the_program_and_of_every_subcommand() {
    let program = printed(&["man"]);
    assert!(program.contains(".TH ehlotrace 1"));
    for name in listed() {
        assert!(program.contains(&format!("ehlotrace\\-{name}(1)")), "{name}");
        let page = printed(&["man", &name]);
        assert!(page.contains(&format!(".TH ehlotrace-{name} 1")), "{name}");
        assert!(page.contains("\n.SH EXAMPLES\n"), "{name}");
        assert!(!page.contains(".SH EXTRA"), "{name}");
    }
    let output = ehlotrace(&["man", "cook"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "ehlotrace: no subcommand `cook`\n");
}
