//! Small captures of what order, loss and time did to verdicts, each with the right one.

use ehlotrace::diagnosis::Diagnosis;

use crate::corpus;

/// `lost/ehlo-argument`, `unknown`.
fn verdict(diagnosis: &Diagnosis) -> String {
    let outcome = diagnosis.outcome.code();
    diagnosis.cause.map_or_else(|| outcome.to_owned(), |rule| format!("{outcome}/{}", rule.code))
}

/// The rows of the table in the folder's README: file, and which verdicts are right.
fn rows(readme: &str) -> Vec<(&str, &str)> {
    let row = |line| str::strip_prefix(line, "| `")?.strip_suffix(" |")?.split_once("` | ");
    readme.lines().filter_map(row).collect()
}

#[test]
fn order_loss_and_time_leave_the_right_verdict() {
    let Some(folder) = corpus::folder("order") else { return };
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let rows = rows(&readme);
    assert_eq!(rows.len(), corpus::captures(&folder).len(), "a row a capture");
    let mut wrong = Vec::new();
    for (name, right) in rows {
        let (report, sessions) = corpus::sessions(&folder.join(name), &[25]);
        assert!(report.error.is_none(), "{name}: {:?}", report.error);
        let [(session, diagnosis)] = &sessions[..] else { panic!("{name}: {} sessions", sessions.len()) };
        let found = verdict(diagnosis);
        let is_right = right.split([',', ' ']).any(|one| one == found);
        let has_one_hello = !right.contains("one hello") || session.transcript.hellos.len() == 1;
        if !is_right || !has_one_hello {
            wrong.push(format!("{name}: {found}, not {right}: {:?}", diagnosis.evidence));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
