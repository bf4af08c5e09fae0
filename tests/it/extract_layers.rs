//! Redacted extracts of sessions in tunnels, fragments and under every header that is read.

use std::io::Cursor;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::process::Command;

use ehlotrace::capture::{OpenOptions, open};
use ehlotrace::extract::LeftOut;
use ehlotrace::twice::Choice;
use ehlotrace::wire::{Decoded, decode};

use crate::corpus;
use crate::extract::{extracted, has, records, verdicts};
use crate::extract_wraps::{HIDDEN_TEXTS, WRAPS, Wrap, hidden_octets, session};
use crate::support::{FileOptions, Frame, Link, write_pcap};

const KEY: &str = "a key of sorts";

/// The frames of the session in `wrap`, one file.
fn wrapped(wrap: &Wrap) -> Vec<Frame> {
    let mut frames = Vec::new();
    for frame in session(wrap.is_v6) {
        for (at, octets) in (0..).zip((wrap.wrap)(&frame.octets)) {
            frames.push(Frame::new(frame.time_ns + at * 1_000, wrap.link, octets));
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

/// Row: IP options, contents of IPv6 extension and authentication headers, unusual TCP options, padding, trailers.
/// Row: GRE keys, options of Geneve, extension headers of GTP-U, group policies of VXLAN, platform data of ERSPAN.
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

/// Row: bytes of a fragment behind one that the snapshot length cut.
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
                assert_eq!(kinds(&redacted), kinds(&original), "{} of {length} bytes", wrap.name);
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
    // Any octet of a header may be another one: what then is passed on must still be harmless. Each wrap has a third of its
    // octets changed, and most headers are in three wraps.
    for (number, wrap) in WRAPS.iter().enumerate() {
        let frames = wrapped(wrap);
        let greeting = |frame: &Frame| frame.octets.windows(4).position(|octets| octets == b"220 ");
        let payload_at = frames.iter().find_map(greeting).unwrap();
        // Later fragments have text where the first one has the TCP header.
        let headers = if wrap.name.contains("fragments") { payload_at - 20 } else { payload_at };
        for at in (number % 3..headers).step_by(3) {
            let change = [0x01, 0x40, 0xff][at / 3 % 3];
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
/// Row: checksums of IP, TCP, UDP, ICMP, GRE, outer and inner.
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

/// What the extract of a capture must not have: addresses and hardware addresses of its frames, raw and as text.
fn addresses_of(extract: &[u8]) -> Vec<Vec<u8>> {
    let mut found = std::collections::BTreeSet::new();
    let mut add = |address: IpAddr| {
        let stays = address.is_loopback() || address.is_multicast() || address.is_unspecified();
        if stays || address == IpAddr::from([255; 4]) {
            return;
        }
        found.insert(address.to_string().into_bytes());
        match address {
            IpAddr::V4(v4) => found.insert(v4.octets().to_vec()),
            IpAddr::V6(v6) => found.insert(v6.octets().to_vec()),
        };
    };
    let mut reader = open(Box::new(Cursor::new(extract.to_vec())), &OpenOptions::default()).unwrap();
    let read = reader.for_each_packet(&mut |packet| {
        match decode(&packet) {
            Decoded::Tcp(segment) => [segment.src, segment.dst].map(|end| end.ip()).into_iter().for_each(&mut add),
            Decoded::Fragment(fragment) => [fragment.key.src, fragment.key.dst].into_iter().for_each(&mut add),
            Decoded::Unreachable(error) => {
                [error.reported_by, error.src.ip(), error.dst.ip()].into_iter().for_each(&mut add);
            }
            other => panic!("frame {}: {other:?}", packet.frame),
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    let hosts = records(extract).into_iter().filter(|record| record.0 == Link::ETHERNET.0);
    let hosts = hosts.flat_map(|(_, _, _, data)| [data[..6].to_vec(), data[6..12].to_vec()]);
    // Numbers with few ones in them are in sequence numbers and lengths, too.
    found.extend(hosts.filter(|host| host.iter().filter(|octet| !matches!(octet, 0 | 0xff)).count() > 3));
    found.into_iter().collect()
}

/// Whether `octets` stand in a record of `file` where they are no part of a longer number.
fn shows(file: &[u8], octets: &[u8]) -> bool {
    let is_text = octets.iter().all(|octet| octet.is_ascii_graphic()) && octets.contains(&b'.');
    let is_longer = |octet: Option<&u8>| is_text && octet.is_some_and(|octet| octet.is_ascii_digit() || *octet == b'.');
    records(file).iter().any(|(.., data)| {
        data.windows(octets.len()).enumerate().any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|at| data.get(at));
            window == octets && !is_longer(before) && !is_longer(data.get(at + octets.len()))
        })
    })
}

#[test]
fn no_address_of_a_real_capture_is_in_its_redacted_extract() {
    let mut wrong = Vec::new();
    let mut searched = 0;
    for folder in ["formats", "lab", "public"] {
        let Some(folder) = corpus::folder(folder) else { return };
        for path in corpus::captures(&folder) {
            let octets = std::fs::read(&path).unwrap();
            let (plain, _) = extracted(&[("x", octets.clone())], &Choice::All, None);
            if plain.is_empty() {
                continue;
            }
            let (redacted, _) = extracted(&[("x", octets)], &Choice::All, Some(KEY));
            let hidden = addresses_of(&plain);
            searched += hidden.len();
            let shown: Vec<_> = hidden.into_iter().filter(|address| shows(&redacted, address)).collect();
            if !shown.is_empty() {
                wrong.push(format!("{}: {shown:02x?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty() && searched > 400, "of {searched}:\n{}", wrong.join("\n"));
}
