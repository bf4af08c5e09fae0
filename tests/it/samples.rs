//! The committed samples are what the code builds, and every frame of them is sound.

use std::path::PathBuf;
use std::process::Command;

use crate::support::samples::SAMPLES;

fn directory() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"))
}

/// With `UPDATE_SAMPLES=1` in the environment the files are written instead.
#[test]
fn committed_files_are_what_the_code_builds() {
    let update = std::env::var_os("UPDATE_SAMPLES").is_some();
    for (name, build) in SAMPLES {
        let path = directory().join(name);
        let built = build();
        if update {
            std::fs::write(&path, built).unwrap();
            continue;
        }
        let committed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let first_difference = committed.iter().zip(&built).position(|(left, right)| left != right);
        assert!(
            committed == built,
            "{name}: {} bytes committed, {} built, first difference at {first_difference:?}; UPDATE_SAMPLES=1 rewrites it",
            committed.len(),
            built.len(),
        );
    }
}

#[test]
fn every_capture_in_the_directory_is_built_and_explained() {
    let readme = std::fs::read_to_string(directory().join("README.md")).unwrap();
    for entry in std::fs::read_dir(directory()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "README.md" {
            continue;
        }
        assert!(SAMPLES.iter().any(|(sample, _)| *sample == name), "nothing builds samples/{name}");
        assert!(readme.contains(&format!("| `{name}` |")), "samples/README.md does not explain {name}");
    }
}

/// An independent judge, when it is installed: no wrong checksum and no malformed frame.
#[test]
fn tshark_finds_no_fault_in_any_frame() {
    let fault = "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 \
                 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0 || _ws.malformed || _ws.short";
    // One run over all samples in a row: starting the program takes far longer than reading them.
    let merged = tempfile::NamedTempFile::new().unwrap();
    let merge = Command::new("mergecap")
        .args(["-a", "-w"])
        .arg(merged.path())
        // No other program here reads event traces.
        .args(SAMPLES.iter().filter(|(name, _)| !name.ends_with(".etl")).map(|(name, _)| directory().join(name)))
        .output();
    let run = Command::new("tshark")
        .args(["-n", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-Y", fault, "-r"])
        .arg(merged.path())
        .output();
    let (Ok(merge), Ok(run)) = (merge, run) else {
        println!("skipped: tshark and mergecap are not installed");
        return;
    };
    assert!(merge.status.success(), "{}", String::from_utf8_lossy(&merge.stderr));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(String::from_utf8_lossy(&run.stdout), "", "frames at fault");
}
