//! Small captures that showed a wrong verdict, or could, each with the right one in `expected.tsv`.

use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::session::Session;

use crate::corpus;

/// Rows whose verdict is not right yet.
const TO_DO: &[&str] = &[];

/// Remarks that `expected.tsv` tells in words, by their codes.
const REMARKS: &[(&str, &str)] = &[
    ("TeamPort587--SecureMailScope-p_m_auth_before_tls.pcap", "clear-credentials"),
    ("the-minecrafters--mailent-smtp_downgrade_auth_exposed.pcap", "starttls-refused"),
    ("the-minecrafters--mailent-smtp_starttls_injection.pcap", "starttls-injection"),
];

/// What `expected.tsv` says of a capture.
struct Row<'t> {
    file: &'t str,
    ports: Vec<u16>,
    /// Outcome and cause; none where no session is to be lost.
    verdict: Option<(&'t str, &'t str)>,
}

fn parse(line: &str) -> Row<'_> {
    let [file, ports, outcome, cause, ..] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
    Row {
        file,
        ports: ports.split(',').map(|port| port.parse().unwrap()).collect(),
        verdict: (outcome != "-").then_some((outcome, if cause == "-" { "" } else { cause })),
    }
}

/// Whether the only session has this verdict, or none has any where there is to be none.
fn is_right(row: &Row<'_>, sessions: &[(Session, Diagnosis)]) -> bool {
    match (row.verdict, sessions) {
        (None, sessions) => sessions.iter().all(|(_, found)| found.outcome.code() == "not-smtp"),
        (Some(verdict), [(_, found)]) => verdict == (found.outcome.code(), found.cause.map_or("", |rule| rule.code)),
        _ => false,
    }
}

#[test]
fn the_table_of_expected_verdicts_holds() {
    let Some(folder) = corpus::folder("wild") else { return };
    let table = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut wrong = Vec::new();
    for row in table.lines().filter(|line| !line.starts_with('#')).map(parse) {
        let (_, sessions) = corpus::sessions(&folder.join(row.file), &row.ports);
        if let Some((_, remark)) = REMARKS.iter().find(|(file, _)| *file == row.file) {
            let remarks: Vec<_> = sessions.iter().flat_map(|(_, found)| &found.remarks).collect();
            assert!(matches!(remarks[..], [(_, found)] if found.code() == *remark), "{}: {remarks:?}", row.file);
        }
        if is_right(&row, &sessions) == TO_DO.contains(&row.file) {
            let found = sessions.iter().map(|(_, diagnosis)| diagnosis);
            let found: Vec<_> =
                found.map(|found| (found.outcome, found.cause.map(|rule| rule.code), &found.evidence)).collect();
            wrong.push(format!("{}: {:?} {found:?}", row.file, row.verdict));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
