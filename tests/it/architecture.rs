//! Dependencies between the modules point one way.

use std::path::{Path, PathBuf};

/// The layers from top to bottom: a module may use those below its own line, never beside or above it.
const LAYERS: &[&[&str]] = &[
    &["compare"],
    &["batch", "extract", "trace", "pages"],
    &["report", "twice"],
    &["scan", "filter"],
    &["diagnosis", "matrix"],
    &["session"],
    &["flow", "smtp", "dns"],
    &["wire"],
    &["capture"],
    &["container"],
    &["time", "limits", "base64", "plural"],
];

/// What no layer is to use although it stands below: module, and what it must not name.
const APART: &[(&str, &str)] = &[("smtp", "wire"), ("smtp", "capture"), ("smtp", "container"), ("flow", "container")];

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, module) in sources() {
        if is_test(&file) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for used in names_after(code, "crate::") {
            let (Some(own), Some(theirs)) = (layer(&module), layer(used)) else { continue };
            seen += 1;
            let is_apart = APART.iter().any(|(one, other)| *one == module && *other == used);
            // limits is built on time's units.
            let is_below = theirs > own || (module == "limits" && used == "time");
            if used != module && (!is_below || is_apart) {
                wrong.push(format!("{}: {module} uses {used}", file.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} uses found: is the source still where it was?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_layer() {
    let mut unknown: Vec<String> = sources().into_iter().map(|(_, module)| module).collect();
    unknown.retain(|module| layer(module).is_none() && !matches!(module.as_str(), "lib" | "main" | "cli"));
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn only_the_command_line_prints_and_only_reports_serialise() {
    for (file, module) in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        if module != "cli" && !is_test(&file) {
            assert!(!code.contains("io::stdout") && !code.contains("io::stderr"), "{} prints", file.display());
            assert!(!code.contains("anyhow"), "{} uses anyhow", file.display());
        }
        if module != "report" && module != "compare" {
            assert!(!code.contains("Serialize"), "{} serialises", file.display());
        }
    }
}

#[test]
fn only_reports_put_a_diagnosis_into_words_and_nothing_decides_by_them() {
    for (file, module) in sources().into_iter().filter(|(file, _)| !is_test(file)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        if module == "diagnosis" {
            assert!(!code.contains("format!"), "{} makes sentences", file.display());
        }
        for decision in ["rule.code ==", "rule.code.starts_with", ".code == \"", "strip_prefix(\"client"] {
            let known = file.ends_with("diagnosis/rules.rs");
            assert!(known || !code.contains(decision), "{}: {decision}", file.display());
        }
    }
}

/// A build with a feature may use its crates; a build without it must not need them.
#[test]
fn crates_of_a_feature_are_named_only_where_it_is_on() {
    let (features, mut seen) = (optional_crates(), 0);
    let reports = modules_with_feature("reports");
    assert!(features.len() >= 3 && reports.contains(&"report".to_owned()));
    for (file, module) in sources().into_iter().filter(|(file, _)| !is_test(file)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let is_on = |feature: &str| match feature {
            "cli" => matches!(module.as_str(), "cli" | "main"),
            "reports" => reports.contains(&module) || module == "cli",
            "containers" => file.components().any(|part| part.as_os_str() == "unpack"),
            other => file.file_stem().is_some_and(|stem| stem == other),
        };
        for (feature, crates) in &features {
            let named = crates.iter().filter(|name| names_crate(code, name));
            if is_on(feature) {
                seen += named.count();
            } else if let Some(name) = named.into_iter().next() {
                panic!("{} uses {name}, which only the feature {feature} brings", file.display());
            }
        }
    }
    assert!(seen > 50, "only {seen} uses found: is Cargo.toml still what it was?");
}

/// The features of `Cargo.toml` with the crates that each brings, as code names them.
fn optional_crates() -> Vec<(String, Vec<String>)> {
    let manifest = include_str!("../../Cargo.toml");
    let features = manifest.split("\n[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let mut brought = Vec::new();
    for feature in features.split("]\n") {
        let Some((name, brings)) = feature.split_once(" = [") else { continue };
        let name = name.lines().last().unwrap().to_owned();
        let crates = brings.split('"').filter_map(|part| part.strip_prefix("dep:"));
        brought.push((name, crates.map(|name| name.replace('-', "_")).collect()));
    }
    brought.retain(|(_, crates): &(_, Vec<_>)| !crates.is_empty());
    brought
}

/// The modules that `lib.rs` has only with a feature.
fn modules_with_feature(feature: &str) -> Vec<String> {
    let attribute = format!("#[cfg(feature = \"{feature}\")]\npub mod ");
    let modules = include_str!("../../src/lib.rs").split(&attribute).skip(1);
    modules.map(|rest| rest.split(';').next().unwrap().to_owned()).collect()
}

/// Whether a path in `code` begins with this crate.
fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.into_iter().any(|line| {
        line.match_indices(&path).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || matches!(before, '_' | ':'))
        })
    })
}

/// Tests may use whatever they need.
fn is_test(file: &Path) -> bool {
    let source = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    source.unwrap_or(file).components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs")))
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Every source file with the top module it belongs to.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut files: Vec<_> = walkdir::WalkDir::new(root)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    let module = |file: &Path| {
        let first = file.strip_prefix(root).unwrap().components().next().unwrap();
        Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned()
    };
    files.into_iter().map(|file| (file.clone(), module(&file))).collect()
}

/// The identifiers that follow `prefix` in `text`, comments aside.
fn names_after<'t>(text: &'t str, prefix: &str) -> Vec<&'t str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut names = Vec::new();
    for line in lines {
        for (at, _) in line.match_indices(prefix) {
            let rest = &line[at + prefix.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            names.push(&rest[..end]);
        }
    }
    names
}
