//! Every command that the documentation shows runs as written, on what a clone has in it, and prints what is shown.
//! `UPDATE_DOCS=1` puts what it prints into the documents.

use std::path::Path;
use std::process::Command;

/// A command of a document, and what it is said to print; nothing where only the command is shown.
struct Shown {
    document: String,
    command: String,
    output: String,
}

/// Commands that install the program or change a user's own files: not to be run by a test. Those of the Python package need
/// it, and its own tests run them.
const NOT_RUN: &[&str] = &[
    "cargo install",
    "git clone",
    "pip install",
    "maturin",
    "ehlotrace.spark",
    "ehlotrace.zip",
    "job.py",
    "podman",
    "sha256sum",
];

#[test]
fn commands_run_and_print_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("samples")).unwrap() {
        let from = entry.unwrap().path();
        std::fs::create_dir_all(folder.path().join("samples")).unwrap();
        std::fs::copy(&from, folder.path().join("samples").join(from.file_name().unwrap())).unwrap();
    }
    let (mut run, mut compared) = (0, 0);
    for shown in shown(root) {
        let Shown { document, command, output } = &shown;
        if NOT_RUN.iter().any(|words| command.contains(words)) {
            continue;
        }
        if let Some(tool) =
            ["jq", "tshark", "tcpdump"].into_iter().find(|tool| command.contains(tool) && !is_installed(tool))
        {
            println!("skipped: {tool} is not installed: {command}");
            continue;
        }
        let result = shell(folder.path(), command);
        let error = String::from_utf8_lossy(&result.stderr);
        assert!(matches!(result.status.code(), Some(0 | 1)), "{document}: {command}\n{error}");
        run += 1;
        if !output.is_empty() {
            let printed = String::from_utf8(result.stdout).unwrap();
            if std::env::var_os("UPDATE_DOCS").is_some() {
                rewrite(root, &shown, &printed);
                continue;
            }
            match output.strip_suffix("...\n") {
                Some(start) => assert!(printed.starts_with(start), "{document}: {command}\n{printed}"),
                None => assert_eq!(&printed, output, "{document}: {command}"),
            }
            compared += 1;
        }
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return;
    }
    assert!(run > 20 && compared > 10, "{run} commands were run, {compared} compared");
}

/// Puts what was `printed` in the place of what the document shows; of output that is cut, as many lines.
fn rewrite(root: &Path, shown: &Shown, printed: &str) {
    let Shown { document, command, output } = shown;
    let cut = |lines: usize| printed.split_inclusive('\n').take(lines).collect::<String>() + "...\n";
    let now = if output.ends_with("...\n") { cut(output.lines().count() - 1) } else { printed.to_owned() };
    let path = [root.join(document), root.join("docs").join(document)].into_iter().find(|path| path.exists()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace(&format!("{command}{output}"), &format!("{command}{now}"))).unwrap();
}

/// The commands in the `console` and `sh` blocks of every document.
fn shown(root: &Path) -> Vec<Shown> {
    let mut documents = vec![root.join("README.md")];
    documents.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.sort();
    let mut found = Vec::new();
    for path in documents {
        let text = std::fs::read_to_string(&path).unwrap();
        let document = path.file_name().unwrap().to_str().unwrap();
        let blocks = |kind: &str| {
            let start = format!("```{kind}\n");
            let blocks = text.split(&start).skip(1);
            blocks.map(|block| block.split("\n```").next().unwrap().to_owned() + "\n").collect::<Vec<_>>()
        };
        for block in blocks("sh") {
            // These measure, build and test; other tests and the checks of every change run them.
            if block.contains("ehlotrace") && !block.contains("cargo") && !block.contains("benches/") {
                found.push(Shown { document: document.to_owned(), command: block, output: String::new() });
            }
        }
        for block in blocks("console") {
            for command in block.split("$ ").skip(1) {
                let (command, output) = command_and_output(command);
                found.push(Shown { document: document.to_owned(), command, output });
            }
        }
    }
    found
}

/// A command goes on in the next line after a pipe.
fn command_and_output(text: &str) -> (String, String) {
    let mut lines = text.split_inclusive('\n');
    let mut command = String::new();
    for line in lines.by_ref() {
        command.push_str(line);
        if !line.trim_end().ends_with('|') {
            break;
        }
    }
    (command, lines.collect())
}

/// Runs it in `folder`, as a user who has the program in the path.
fn shell(folder: &Path, command: &str) -> std::process::Output {
    let program = assert_cmd::cargo::cargo_bin!("ehlotrace");
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let command = command.replace("cargo run --release --quiet --", "ehlotrace");
    Command::new("bash")
        .args(["-c", &command])
        .current_dir(folder)
        .env("PATH", path)
        .env("HOME", folder)
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn is_installed(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok()
}
