//! Encrypted members, with and without the password.

use zip::CompressionMethod;

use super::make::{self, Lock, noise};
use super::seen;
use crate::container::NoteKind;

/// The passwords that open nothing.
const WRONG: [&str; 2] = ["wrong 1", "wrong 2"];

/// An archive in which no wrong password passes the check of ZipCrypto, one byte, which lets every 256th pass: its salt is random.
fn told_by_its_check(archive: impl Fn() -> Vec<u8>) -> Vec<u8> {
    let is_told = |octets: &Vec<u8>| WRONG.iter().all(|wrong| seen(octets, &[wrong]).members.is_empty());
    std::iter::repeat_with(archive).take(20).find(is_told).unwrap()
}

#[test]
fn encrypted_members_open_with_the_password_only() {
    let content = noise(4, 50_000);
    let members = [("a.pcap", &content[..]), ("b.pcap", b"second")];
    let zip = |lock| make::zip_locked(&members, lock, CompressionMethod::Deflated);
    let zip_stored = |lock| make::zip_locked(&members, lock, CompressionMethod::Stored);
    let cases = [
        ("ZipCrypto", told_by_its_check(|| zip(Lock::ZipCrypto("geheim€")))),
        ("AES", zip(Lock::Aes("geheim€"))),
        ("ZipCrypto stored", told_by_its_check(|| zip_stored(Lock::ZipCrypto("geheim€")))),
        ("7z", make::sevenz(&members, Some("geheim€"), false)),
        ("7z solid", make::sevenz_solid(&members, Some("geheim€"))),
        ("7z with its names", make::sevenz(&members, Some("geheim€"), true)),
    ];
    let many: Vec<String> = (0..20).map(|n| format!("wrong {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["geheim€"]).collect();
    for (name, octets) in cases {
        for passwords in [&["geheim€"][..], &many[many.len() - 2..]] {
            let outcome = seen(&octets, passwords);
            assert_eq!((outcome.read() == members, outcome.notes()), (true, vec![]), "{name}");
        }
        if name.starts_with("Zip") || name == "AES" {
            assert!(seen(&octets, &many).read() == members, "{name}");
        }
        for (passwords, message) in
            [(&[][..], "encrypted: give --password"), (&WRONG, "encrypted, and none of the given passwords is right")]
        {
            let outcome = seen(&octets, passwords);
            assert_eq!(outcome.members, [], "{name}");
            for (path, kind, text) in outcome.notes() {
                assert_eq!(kind, NoteKind::Encrypted, "{name}: {path}: {text}");
                assert!(text.contains(message), "{name}: {path}: {text}");
            }
            let notes = if name.contains("names") || name.contains("solid") { 1 } else { 2 };
            assert_eq!(outcome.notes.len(), notes, "{name}");
        }
    }
}
