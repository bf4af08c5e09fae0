//! Archives that are cut anywhere and changed anywhere: no panic, no hang, and what was whole is still read.

use std::time::{Duration, Instant};

use super::make::{self, noise};
use super::seen;

fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let (one, two) = (noise(1, 300), b"abc".repeat(100));
    let members = [("one.pcap", &one[..]), ("folder/two.pcap", &two)];
    let nested = make::eml(&[("t.zip", &make::zip(&[("l.tar.gz", &make::gz(&make::tar(&members)))]))]);
    vec![
        ("zip", make::zip(&members)),
        ("zip streamed", make::zip_streamed(&members)),
        ("tar", make::tar(&members)),
        ("7z", make::sevenz(&members, None, false)),
        ("7z solid", make::sevenz_solid(&members, None)),
        ("eml", make::eml(&members)),
        ("msg", make::msg(&members, Some(("inner", &members)))),
        ("nested", nested),
    ]
}

/// Walks in little time; a decoder that panics is a failure although it would be contained.
fn survives(octets: &[u8], what: &str) {
    let start = Instant::now();
    let outcome = seen(octets, &["password"]);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{what}: {took:?}");
    let panicked = outcome.notes.iter().find(|n| n.message.contains("broke its reader"));
    assert_eq!(panicked, None, "{what}");
}

#[test]
fn cut_at_every_octet() {
    for (name, whole) in kinds() {
        let complete = seen(&whole, &[]);
        assert!(complete.members.len() >= 2 && complete.notes.is_empty(), "{name}: {:?}", complete.notes);
        // Beyond the first kilobytes it is every seventh, and every one near the end.
        let cuts = (0..whole.len()).filter(|&cut| cut < 2000 || cut % 7 == 0 || cut + 1500 > whole.len());
        for cut in cuts {
            survives(&whole[..cut], &format!("{name} cut at {cut}"));
        }
    }
}

/// How many changed archives of each kind are tried.
const MUTATIONS: u32 = 5000;

#[test]
fn changed_anywhere() {
    for (name, whole) in kinds() {
        for seed in 0..MUTATIONS {
            let random = noise(seed + 1, 40);
            let mut octets = whole.clone();
            for change in random[1..].chunks_exact(4).take(usize::from(random[0] % 8) + 1) {
                let at = usize::from(change[0]) << 8 | usize::from(change[1]);
                let len = octets.len();
                // Where headers and directories are: the first and last octets of most kinds.
                let at = match change[3] % 3 {
                    0 => at % len,
                    1 => at % len.min(120),
                    _ => len - 1 - at % len.min(200),
                };
                octets[at] = if change[3] & 0x40 == 0 { change[2] } else { octets[at] ^ (1 << (change[2] % 8)) };
            }
            if name.starts_with("7z") {
                mend_7z(&mut octets);
            }
            survives(&octets, &format!("{name} with seed {seed}"));
        }
    }
}

/// Makes the checksums of a 7z archive right again: else nothing behind them would ever be read.
fn mend_7z(octets: &mut [u8]) {
    let crc_32 = |octets: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(octets);
        crc.sum().to_le_bytes()
    };
    let at = usize::from(octets[12]) | usize::from(octets[13]) << 8;
    let size = usize::from(octets[20]) | usize::from(octets[21]) << 8;
    if let Some(directory) = octets.get(32 + at..32 + at + size) {
        let crc = crc_32(directory);
        octets[28..32].copy_from_slice(&crc);
    }
    let crc = crc_32(&octets[12..32]);
    octets[8..12].copy_from_slice(&crc);
}
