//! `tests/differential.py` over the public captures, where tshark, Python and the captures are at hand.

use std::process::Command;

use crate::corpus;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential.py");

#[test]
fn nothing_differs_from_tshark_without_a_reason() {
    let Some(folder) = corpus::folder("public") else { return };
    let has =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !has("tshark") || !has("python3") {
        println!("skipped: tshark or python3 is missing");
        return;
    }
    let ehlotrace = assert_cmd::cargo::cargo_bin!("ehlotrace");
    let output = Command::new("python3").arg(SCRIPT).arg(ehlotrace).arg(&folder).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let compared = corpus::captures(&folder).len();
    assert!(printed.ends_with(&format!("{compared} passed, 0 failed\n")), "{printed}");
}
