//! Redacted extracts of sessions in tunnels, fragments and under every header that is read.

use std::process::Command;

use ehlotrace::extract::{Choice, LeftOut};

use crate::extract::{extracted, has, records, verdicts};
use crate::extract_wraps::{HIDDEN_TEXTS, WRAPS, Wrap, hidden_octets, session};
use crate::support::{FileOptions, Frame, Link, write_pcap};

const KEY: &str = "a key of sorts";

/// The frames of the session in `wrap`, one file.
fn wrapped(wrap: &Wrap) -> Vec<Frame> {
    let mut frames = Vec::new();
    for frame in session(wrap.is_v6) {
        for (at, octets) in (wrap.wrap)(&frame.octets).into_iter().enumerate() {
            frames.push(Frame::new(frame.time_ns + at as i64 * 1_000, wrap.link, octets));
        }
    }
    frames
}

fn file(frames: &[Frame]) -> Vec<u8> {
    write_pcap(frames, &FileOptions { snaplen: 65_535, ..FileOptions::default() })
}

/// Fails if an address, a secret or a part of a mail is in `redacted`.
fn assert_clean(redacted: &[u8], what: &str) {
    for text in HIDDEN_TEXTS {
        assert!(!has(redacted, text.as_bytes()), "{what}: {text}");
    }
    for octets in hidden_octets() {
        assert!(!has(redacted, &octets), "{what}: {octets:02x?}");
    }
}

#[test]
fn the_wrapped_sessions_are_read_and_hold_what_is_to_be_hidden() {
    for wrap in WRAPS {
        let original = file(&wrapped(wrap));
        let found = verdicts(&original);
        let [(outcome, cause, _), (delivered, ..)] = found.as_slice() else { panic!("{}: {found:?}", wrap.name) };
        assert_eq!((outcome.as_str(), cause.as_str(), delivered.as_str()), ("lost", "ehlo-argument", "delivered"));
        for (octets, is_in) in hidden_octets().iter().map(|octets| (octets, has(&original, octets))) {
            // What all have; the rest is that of some wraps.
            assert!(is_in || octets.len() != 2, "{}: {octets:02x?}", wrap.name);
        }
    }
}

#[test]
fn every_wrap_is_rewritten_and_gives_nothing_away() {
    for wrap in WRAPS {
        let frames = wrapped(wrap);
        let original = file(&frames);
        let (redacted, results) = extracted(&[("x", original.clone())], &Choice::All, Some(KEY));
        assert_eq!(results[0].left_out_frames, [].into(), "{}", wrap.name);
        assert_eq!(verdicts(&redacted), verdicts(&original), "{}", wrap.name);
        assert_clean(&redacted, wrap.name);
        let shape = |file: &[u8]| -> Vec<_> {
            records(file).into_iter().map(|(link, time, wire, data)| (link, time, wire, data.len())).collect()
        };
        assert_eq!(shape(&redacted), shape(&original), "{}", wrap.name);
    }
}

#[test]
fn cut_frames_give_nothing_away() {
    for wrap in WRAPS {
        for length in (14..180).step_by(7) {
            let mut frames = wrapped(wrap);
            frames.iter_mut().for_each(|frame| frame.cut(length));
            let original = file(&frames);
            let (redacted, results) = extracted(&[("x", original.clone())], &Choice::All, Some(KEY));
            assert_clean(&redacted, wrap.name);
            if results[0].left_out_frames.is_empty() && !redacted.is_empty() {
                assert_eq!(kinds(&redacted), kinds(&original), "{} of {length} octets", wrap.name);
            }
        }
    }
}

/// Outcome and cause of each session.
fn kinds(file: &[u8]) -> Vec<(String, String)> {
    verdicts(file).into_iter().map(|(outcome, cause, _)| (outcome, cause)).collect()
}

#[test]
fn changed_octets_give_nothing_away() {
    // Any octet of a header may be another one: what then is passed on must still be harmless.
    for wrap in WRAPS {
        let frames = wrapped(wrap);
        let greeting = |frame: &Frame| frame.octets.windows(4).position(|octets| octets == b"220 ");
        let payload_at = frames.iter().find_map(greeting).unwrap();
        // Later fragments have text where the first one has the TCP header.
        let headers = if wrap.name.contains("fragments") { payload_at - 20 } else { payload_at };
        for at in 0..headers {
            let change = [0x01, 0x40, 0xff][at % 3];
            let mut changed = frames.clone();
            for frame in changed.iter_mut().skip(3).step_by(5) {
                frame.octets[at] ^= change;
            }
            let (redacted, _) = extracted(&[("x", file(&changed))], &Choice::All, Some(KEY));
            assert_clean(&redacted, &format!("{} changed at {at} by {change:02x}", wrap.name));
        }
    }
}

#[test]
fn a_fragment_that_does_not_fit_its_datagram_is_left_out_and_counted() {
    let wrap = WRAPS.iter().find(|wrap| wrap.name == "fragments").unwrap();
    let mut frames = wrapped(wrap);
    // More fragments follow, and none came before.
    let first = frames.iter().position(|frame| frame.octets[20..22] == [0x20, 0]).unwrap();
    let last = first + frames[first..].iter().position(|frame| frame.octets[20] == 0).unwrap();
    let datagram = frames[first..=last].to_vec();
    assert!(datagram.len() > 1);
    // The first fragment once more, with other octets, and later all of the datagram once more: which it is no part of.
    let mut other = frames[first].clone();
    let end = other.octets.len();
    other.octets[end - 4..].copy_from_slice(b"leak");
    let again = datagram.into_iter().map(|frame| Frame { time_ns: frame.time_ns + 2_000_000_000, ..frame });
    let inserted: Vec<_> = [other].into_iter().chain(again).collect();
    for frame in &mut frames[last + 1..] {
        frame.time_ns += 3_000_000_000;
    }
    frames.splice(last + 1..last + 1, inserted);
    let (redacted, results) = extracted(&[("x", file(&frames))], &Choice::All, Some(KEY));
    assert_eq!(results[0].left_out_frames, [(LeftOut::Fragment, 1)].into());
    assert_eq!(records(&redacted).len() + 1, frames.len());
    assert!(!has(&redacted, b"leak"));
    assert_clean(&redacted, "a fragment of another datagram");
    assert_eq!(kinds(&redacted), kinds(&file(&frames)));
}

/// An independent judge, when it is installed.
#[test]
fn tshark_finds_no_wrong_checksum_under_any_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let captures: Vec<_> = WRAPS.iter().map(|wrap| (wrap.name, file(&wrapped(wrap)))).collect();
    let checks = ["ip", "tcp", "udp", "gre"];
    let fault = checks.map(|protocol| format!("{protocol}.checksum.status == 0")).join(" || ");
    for (what, octets) in [("no fault is built in", None), ("none is made", Some(KEY))] {
        std::fs::write(&path, extracted(&captures, &Choice::All, octets).0).unwrap();
        let mut command = Command::new("tshark");
        command.arg("-n").arg("-r").arg(&path).args(["-Y", &fault]);
        for protocol in ["ip", "tcp", "udp"] {
            command.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
        }
        let Ok(found) = command.output() else {
            println!("skipped: tshark is not installed");
            return;
        };
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "{what}");
    }
}

#[test]
fn hosts_are_told_apart_and_belong_together_as_before() {
    let wrap = WRAPS.iter().find(|wrap| wrap.name == "IP in IP").unwrap();
    assert_eq!(wrap.link, Link::ETHERNET);
    let (redacted, _) = extracted(&[("x", file(&wrapped(wrap)))], &Choice::All, Some(KEY));
    let address = |data: &[u8], at: usize| -> [u8; 4] { data[at..at + 4].try_into().unwrap() };
    let all = records(&redacted);
    let ends = |index: usize| [26, 30, 46, 50].map(|at| address(&all[index].3, at));
    let [outer, other, client, server] = ends(0);
    // Sessions' ends get the documentation ranges, whoever comes later what is left.
    for end in [client, server] {
        assert!(std::net::Ipv4Addr::from(end).is_documentation(), "{end:?}");
    }
    assert_ne!(client[..3], server[..3], "two networks stay two");
    assert_eq!(outer[..3], other[..3], "one network stays one");
    assert_ne!(outer[3], other[3], "two hosts stay two");
    for index in 0..all.len() {
        let [_, _, src, dst] = ends(index);
        assert!([src, dst] == [client, server] || [src, dst] == [server, client]);
    }
}
