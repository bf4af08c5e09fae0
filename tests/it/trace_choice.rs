//! Which sessions and frames a trace shows, and what it says of the rest.

use ehlotrace::twice::Choice;

use crate::support::CaptureBuilder;
use crate::trace::{lines_of, options, sample, text, traced};

fn numbers(text: &str) -> Vec<u64> {
    let headings = lines_of(text, "== Session ");
    headings.iter().map(|line| line[11..].split(':').next().unwrap().parse().unwrap()).collect()
}

fn frames(text: &str) -> Vec<u64> {
    let summaries = text.lines().filter(|line| line.contains(" --> ") && !line.starts_with("=="));
    summaries.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_lost_sessions_are_shown_or_all_if_none_is_lost() {
    let mixed = sample("mixed.pcapng");
    let mut options = options();
    let all = numbers(&text(&mixed, &options));
    options.choice = Choice::LostOrAll;
    let (text_of_lost, traced_lost) = traced(&mixed, &options);
    let lost = numbers(&text_of_lost);
    assert!(!lost.is_empty() && lost.len() < all.len(), "{lost:?} of {all:?}");
    assert_eq!(lost.len() as u64, traced_lost.lost);
    let note = format!("== {} of {} sessions shown: only lost sessions; --all shows all", lost.len(), all.len());
    assert!(text_of_lost.contains(&note), "{text_of_lost}");
    let works = text(&sample("kb240832-works.pcap"), &options);
    assert_eq!(numbers(&works), [1]);
    options.choice = Choice::Lost;
    assert_eq!(text(&sample("kb240832-works.pcap"), &options), "");
    (options.choice, options.filter.numbers) = (Choice::All, vec![2..=2, 1..=1]);
    assert_eq!(numbers(&text(&mixed, &options)), [1, 2]);
}

#[test]
fn overlapping_sessions_are_shown_one_after_the_other() {
    let text = text(&sample("mixed.pcapng"), &options());
    let numbers = numbers(&text);
    assert!(numbers.is_sorted() && numbers.len() > 1);
    let frames = frames(&text);
    assert!(!frames.is_sorted(), "the sessions of this sample overlap");
}

#[test]
fn a_range_of_frames_is_shown_alone() {
    let mut options = options();
    options.frames = Some(5..=7);
    let text = text(&sample("kb240832-lost.pcap"), &options);
    assert_eq!(frames(&text), [5, 6, 7]);
    options.frames = Some(100..=200);
    let (text, traced) = traced(&sample("kb240832-lost.pcap"), &options);
    assert_eq!((text.as_str(), traced.shown), ("", 0));
}

#[test]
fn a_long_session_keeps_its_beginning_and_its_end_and_says_what_lies_between() {
    let mut options = options();
    options.scan.limits.trace_frames = 8;
    let all = frames(&text(&sample("kb240832-works.pcap"), &self::options()));
    let text = text(&sample("kb240832-works.pcap"), &options);
    let shown = frames(&text);
    assert_eq!(shown[..6], all[..6]);
    assert_eq!(shown[6..], all[all.len() - 2..]);
    let note = format!("== {} frames are left out; choose them with --session 1 --frames A-B\n", all.len() - 8);
    assert!(text.contains(&note), "{text}");
}

#[test]
fn more_sessions_than_the_bound_are_counted() {
    let mut options = options();
    options.scan.limits.trace_sessions = 1;
    let (text, traced) = traced(&sample("mixed.pcapng"), &options);
    assert_eq!(traced.capture.sessions, 2);
    assert!(text.ends_with("== 1 more session is not shown; choose them with --session\n"), "{text}");
}

#[test]
fn a_retransmission_is_shown_and_marked() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    let syn = s.compose(crate::support::Side::Client, crate::support::flag::SYN, b"");
    s.emit(syn).wait_s(3).emit(syn).syn_ack().client_ack().server(b"220 mx.example.com\r\n");
    let hello = s.compose(crate::support::Side::Client, crate::support::flag::PSH, b"EHLO sub2\r\n");
    s.emit(hello).wait_s(1).emit(hello).server(b"250 mx.example.com\r\n").client_fin().server_fin();
    let text = text(&capture.finish_pcap(), &options());
    assert_eq!(lines_of(&text, "SMTP: Data = EHLO sub2").len(), 2, "{text}");
    assert_eq!(lines_of(&text, "<== retransmission: all of this was seen before").len(), 2, "{text}");
}

#[test]
fn a_retransmission_with_other_bytes_is_not_said_to_be_the_same() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    s.handshake().server(b"220 mx.example.com\r\n");
    let hello = s.compose(crate::support::Side::Client, crate::support::flag::PSH, b"EHLO sub2\r\n");
    s.emit(hello).emit(hello).server(b"250 mx.example.com\r\n").client_fin().server_fin();
    let mut frames = capture.frames();
    let again = frames.iter_mut().filter(|frame| frame.octets.ends_with(b"EHLO sub2\r\n")).nth(1).unwrap();
    let at = again.octets.len() - 3;
    again.octets[at] = b'3';
    let text = text(&crate::trace_hygiene::file(&frames), &options());
    assert_eq!(lines_of(&text, "<== retransmission: its bytes are not those seen before").len(), 1, "{text}");
    assert!(!text.contains("sub3") && !text.contains("all of this was seen"), "{text}");
}

#[test]
fn a_frame_cut_by_the_snapshot_length_says_so() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25");
    s.handshake().server(b"220 mx.example.com ESMTP\r\n").client_fin().server_fin();
    let mut frames = capture.frames();
    let length = frames[3].octets.len();
    frames[3].cut(length - 8);
    let file = crate::support::write_pcap(&frames, &crate::support::FileOptions::default());
    let text = text(&file, &options());
    assert!(
        text.contains("  SMTP: Rsp: Service ready, 26 bytes\n      SMTP: Response = 220 mx.example.com\n"),
        "{text}"
    );
    assert!(text.contains("      <== cut: the capture has the first 18 of these 26 bytes\n"), "{text}");
}

#[test]
fn a_datagram_in_fragments_is_shown_at_its_last_one() {
    let Some(folder) = crate::corpus::folder("formats") else { return };
    let capture = std::fs::read(folder.join("encap-fragments.pcap")).unwrap();
    let mut options = options();
    options.layout.hex = true;
    let text = text(&capture, &options);
    let hello = text.split("\n\n").find(|part| part.contains("SMTP: Data, 12 bytes")).unwrap();
    assert!(hello.contains("<== fragments: "), "{hello}");
    assert!(!text.contains("45 48 4C 4F"), "which bytes of a fragment are what is not known");
}
