use std::io::Cursor;

use crate::capture::tests::{Order, Outcome, Owned, read, read_with};
use crate::capture::{LinkType, OpenOptions};
use crate::limits::Limits;
use crate::time::Zone;

/// 2023-11-14 22:13:20.250 as a Windows SYSTEMTIME, a quarter of a second after `START`.
const SYSTEM_TIME: [u16; 8] = [2023, 11, 2, 14, 22, 13, 20, 250];
const START_NS: i64 = 1_700_000_000_250_000_000;
const LE: Order = Order::Little;

/// A capture to build: its frames where they are put, and the table that names them.
struct Capture {
    version: (u8, u8),
    octets: Vec<u8>,
    table: Vec<u32>,
}

/// One frame.
#[derive(Clone, Copy)]
struct Frame {
    /// Units of the version since the start.
    delta: u64,
    wire_len: u32,
    media: u16,
    data: &'static [u8],
}

const ONE: Frame = Frame { delta: 1_250_000, wire_len: 5, media: 1, data: b"EHLO " };
const TWO: Frame = Frame { delta: 1_750_001, wire_len: 1000, media: 1, data: b"a_b.example" };

impl Capture {
    fn new(major: u8, minor: u8) -> Self {
        let magic = if major == 1 { b"RTSS" } else { b"GMBU" };
        let mut octets = [magic.to_vec(), vec![minor, major], LE.u16(1)].concat();
        octets.extend(SYSTEM_TIME.iter().flat_map(|&field| LE.u16(field)));
        octets.resize(128, 0);
        Self { version: (major, minor), octets, table: Vec::new() }
    }

    /// Appends a frame without naming it in the table; gives its offset.
    fn put(&mut self, frame: Frame) -> u32 {
        let at = u32::try_from(self.octets.len()).unwrap();
        let captured = u32::try_from(frame.data.len()).unwrap();
        let short = |value: u32| LE.u16(u16::try_from(value).unwrap());
        self.octets.extend(match self.version.0 {
            1 => [LE.u32(u32::try_from(frame.delta).unwrap()), short(frame.wire_len), short(captured)].concat(),
            _ => [LE.u64(frame.delta), LE.u32s(&[frame.wire_len, captured])].concat(),
        });
        self.octets.extend(frame.data);
        let filetime = 133_444_736_002_500_000_u64.wrapping_add(frame.delta.wrapping_mul(10));
        let trailer = [LE.u16(frame.media), LE.u32(u32::MAX), LE.u64(filetime), vec![0]].concat();
        let trailer_octets = if self.version.0 == 1 { 0 } else { [0, 2, 6, 15][usize::from(self.version.1)] };
        self.octets.extend(&trailer[..trailer_octets]);
        at
    }

    fn add(mut self, frame: Frame) -> Self {
        let at = self.put(frame);
        self.table.push(at);
        self
    }

    /// The file, with a table that claims `claimed` octets.
    fn claiming(mut self, claimed: u32) -> Vec<u8> {
        let at = u32::try_from(self.octets.len()).unwrap();
        self.octets.splice(24..32, LE.u32s(&[at, claimed]));
        [self.octets, LE.u32s(&self.table)].concat()
    }

    fn file(self) -> Vec<u8> {
        let octets = u32::try_from(self.table.len() * 4).unwrap();
        self.claiming(octets)
    }
}

/// A capture of the two packets that most synthetic captures here hold.
pub(in crate::capture) fn netmon_of_two(major: u8, minor: u8) -> Vec<u8> {
    let scale = if major == 1 { 1000 } else { 1 };
    let scaled = |frame: Frame| Frame { delta: frame.delta / scale, ..frame };
    Capture::new(major, minor).add(scaled(ONE)).add(scaled(TWO)).file()
}

/// `first` and `TWO` with holes around them, one of these a frame no longer named, and the other way round in the file.
fn scattered(first: Frame) -> Capture {
    let mut capture = Capture::new(2, 1);
    capture.octets.extend([0xee; 37]); // nothing begins at 128
    let late = capture.put(TWO);
    capture.octets.extend([0xee; 5_000]);
    capture.put(Frame { data: b"deleted", ..ONE });
    let early = capture.put(first);
    capture.octets.extend([0xee; 3]);
    capture.table = vec![early, late];
    capture
}

/// Sound captures that use what the format allows: times before the start, holes, a table in another order than the
/// file, frames without a packet, metadata before the link header.
pub(in crate::capture) fn unusual_captures() -> Vec<Vec<u8>> {
    let before = Frame { delta: (-1_500_000_i64).cast_unsigned(), ..ONE };
    let other = |media, frame: Frame| Frame { media, ..frame };
    vec![
        scattered(before).file(),
        Capture::new(2, 0).add(before).add(TWO).file(),
        Capture::new(2, 3).add(TWO).add(before).add(other(7, ONE)).file(),
        Capture::new(2, 1).add(other(0xfffd, ONE)).add(ONE).add(other(0xfffe, ONE)).add(other(0xe065, TWO)).file(),
    ]
}

fn packet(frame: u64, of: Frame, link: LinkType) -> Owned {
    let nanos = START_NS + i64::try_from(of.delta).unwrap() * 1000;
    Owned { frame, nanos, link, wire_len: of.wire_len, data: of.data.to_vec() }
}

fn notes_without_zone(outcome: &Outcome) -> Vec<&str> {
    outcome.info.notes.iter().map(String::as_str).filter(|note| !note.contains("--netmon-tz")).collect()
}

#[test]
fn every_version_gives_the_same_packets() {
    for (major, minor) in [(1, 1), (2, 0), (2, 1), (2, 2), (2, 3)] {
        let outcome = read(&netmon_of_two(major, minor));
        assert_eq!((outcome.info.format, outcome.info.frames, outcome.info.truncated), ("netmon", 2, false));
        assert_eq!(notes_without_zone(&outcome), [""; 0]);
        assert_eq!(outcome.info.time_zone.as_deref(), (minor < 3).then_some("UTC"));
        let mut expected = [packet(1, ONE, LinkType::ETHERNET), packet(2, TWO, LinkType::ETHERNET)];
        if major == 1 {
            expected[1].nanos -= 1_000; // it counts milliseconds
        }
        assert_eq!(outcome.packets(), expected, "{major}.{minor}");
    }
}

#[test]
fn local_time_is_read_in_the_zone_given() {
    for (zone, hours, note) in [
        ("UTC", 0, "read as UTC;"),
        ("+02:00", -2, "read as UTC+02:00;"),
        ("-0500", 5, "read as UTC-05:00;"),
        ("Europe/Berlin", -1, "read as Europe/Berlin (UTC+01:00);"),
    ] {
        let Ok(netmon_zone) = Zone::parse(zone) else { continue };
        let options = OpenOptions { netmon_zone, ..OpenOptions::default() };
        for minor in [0, 3] {
            let outcome = read_with(Cursor::new(netmon_of_two(2, minor)), &options);
            let shift = if minor == 3 { 0 } else { hours * 3_600_000_000_000 };
            assert_eq!(outcome.packets[0].nanos, START_NS + shift + 1_250_000_000, "{zone}");
            assert_eq!(outcome.info.time_zone.as_deref(), (minor == 0).then_some(options.netmon_zone.name()));
            assert_eq!(outcome.info.notes.iter().filter(|have| have.contains(note)).count(), usize::from(minor == 0));
        }
    }
}

#[test]
fn a_start_that_is_no_date_is_noted() {
    let mut octets = netmon_of_two(2, 0);
    octets[10] = 13; // the month
    let outcome = read(&octets);
    assert_eq!(outcome.info.notes, ["the start time in the file header is not a date: times count from 1970"]);
    assert_eq!(outcome.packets[0].nanos, 1_250_000_000);
}

#[test]
fn times_before_the_start_come_out_negative() {
    // A second and a half before, as Microsoft's rule has it: both wrap to -15,000,000 units of 100 ns.
    for delta in [(-1_500_000_i64).cast_unsigned(), u64::MAX / 10 - 1_500_000 + 1] {
        let packets = read(&Capture::new(2, 0).add(Frame { delta, ..ONE }).file()).packets();
        let expected = START_NS - 1_500_000_000;
        assert!((packets[0].nanos - expected).abs() < 1_000, "{delta}: {}", packets[0].nanos);
    }
}

#[test]
fn the_table_says_which_frames_there_are_and_in_which_order() {
    let outcome = read(&scattered(ONE).file());
    assert_eq!(notes_without_zone(&outcome), [""; 0]);
    assert_eq!(outcome.packets(), [packet(1, ONE, LinkType::ETHERNET), packet(2, TWO, LinkType::ETHERNET)]);
}

#[test]
fn frames_without_a_packet_keep_their_numbers() {
    let other = |media| Frame { media, ..ONE };
    let capture = Capture::new(2, 2)
        .add(other(0xffff))
        .add(ONE)
        .add(other(0xfffd))
        .add(other(0xffe0))
        .add(Frame { media: 0xe065, ..TWO })
        .add(other(0xfffc));
    let outcome = read(&capture.file());
    assert_eq!(outcome.info.frames, 6);
    let notes = notes_without_zone(&outcome);
    assert!(notes[0].starts_with("3 frames have no packet, only notes of Network Monitor;"), "{notes:?}");
    assert!(notes[1].starts_with("1 frame holds Windows tracing events;"), "{notes:?}");
    let links: Vec<LinkType> = outcome.info.link_types.iter().copied().collect();
    assert_eq!(links, [LinkType::ETHERNET, LinkType::RAW]);
    assert_eq!(outcome.packets(), [packet(2, ONE, LinkType::ETHERNET), packet(5, TWO, LinkType::RAW)]);
}

#[test]
fn metadata_is_taken_off_both_lengths() {
    let atm = Frame { media: 4, wire_len: 116, data: b"addressesaddr\0\0\x05\xaa\xaa\x03", ..ONE };
    let wireless =
        Frame { media: 6, wire_len: 140, data: b"\x02\x24\0ssssssssssssssssssssssssssssss333\x08\x42", ..ONE };
    let packets = read(&Capture::new(2, 1).add(atm).add(wireless).file()).packets();
    let got: Vec<_> = packets.iter().map(|p| (p.link, p.wire_len, p.data.as_slice())).collect();
    let expected = [(LinkType::ATM_RFC1483, 100, &b"\xaa\xaa\x03"[..]), (LinkType::IEEE802_11, 104, &b"\x08\x42"[..])];
    assert_eq!(got, expected);
}

#[test]
fn damaged_frames_are_passed_over_and_keep_their_numbers() {
    let mut capture = Capture::new(2, 0).add(ONE);
    let long = capture.put(Frame { delta: 0, ..ONE });
    let at = usize::try_from(long).unwrap() + 12;
    capture.octets.splice(at..at + 4, LE.u32(262_145));
    capture.table.extend([long, u32::MAX]);
    let outcome = read(&capture.add(TWO).file());
    let note = "skipped 2 damaged frames: the first one, frame 2 at byte 149, claims 262145 captured bytes, more \
                than a packet can have";
    assert_eq!(notes_without_zone(&outcome), [note]);
    assert_eq!((outcome.info.frames, outcome.info.truncated), (4, true));
    assert_eq!(outcome.packets(), [packet(1, ONE, LinkType::ETHERNET), packet(4, TWO, LinkType::ETHERNET)]);
}

#[test]
fn cut_at_every_octet_delivers_the_frames_before_the_cut() {
    for (major, minor) in [(1, 1), (2, 0), (2, 3)] {
        let whole = netmon_of_two(major, minor);
        let all = read(&whole).packets();
        let table_at = whole.len() - 8;
        let one = 128 + all[0].data.len() + [8, 16, 16 + 15][usize::from(major - 1) + usize::from(minor / 3)];
        for cut in 0..whole.len() {
            let outcome = read(&whole[..cut]);
            if cut < 64 {
                let kind = if cut < 4 { "unknown-format" } else { "corrupt" };
                assert_eq!(outcome.error.unwrap().kind(), kind, "cut at {cut}");
                continue;
            }
            let expected = usize::from(cut >= one) + usize::from(cut >= table_at);
            assert_eq!(outcome.packets[..], all[..expected], "{major}.{minor} cut at {cut}");
            assert!(outcome.error.is_none() && outcome.info.truncated, "cut at {cut}: {:?}", outcome.error);
            let notes = notes_without_zone(&outcome);
            assert!(notes[0].starts_with("the file ends before its frame table does"), "cut at {cut}: {notes:?}");
            let inside = ![128, one].contains(&cut) && cut > 128 && cut < table_at;
            assert_eq!(notes.len(), 1 + usize::from(inside), "cut at {cut}: {notes:?}");
        }
    }
}

#[test]
fn without_a_usable_table_frames_are_read_as_far_as_they_look_like_frames() {
    for claimed in [0, 7] {
        let mut capture = Capture::new(2, 1).add(ONE).add(TWO);
        let after = capture.octets.len();
        capture.octets.extend([0; 64]);
        let outcome = read(&capture.claiming(claimed));
        let notes = notes_without_zone(&outcome);
        assert!(notes[0].starts_with("the file has no usable frame table"), "{notes:?}");
        let end = format!("frames were read up to byte {after}, where frame 3 does not look like a frame;");
        assert!(notes[1].starts_with(&end), "{notes:?}");
        assert_eq!((outcome.packets.len(), outcome.info.truncated), (2, false));
    }
}

#[test]
fn a_table_that_claims_too_much_or_repeats_itself_is_no_burden() {
    // 2^30 entries in a small file: it is read in file order.
    let outcome = read(&Capture::new(2, 0).add(ONE).add(TWO).claiming(0xffff_fffc));
    assert_eq!(outcome.packets(), [packet(1, ONE, LinkType::ETHERNET), packet(2, TWO, LinkType::ETHERNET)]);
    // A large table in which every entry names the same large frame.
    let mut capture = Capture::new(2, 0);
    let at = capture.put(Frame { data: &[7; 100_000], wire_len: 100_000, ..ONE });
    capture.table = vec![at; 500_000];
    let outcome = read(&capture.file());
    let error = outcome.error.unwrap();
    assert!(error.to_string().contains("the frame table lists some frames more than once"), "{error}");
    assert_eq!((error.kind(), outcome.packets.len()), ("corrupt", 20));
}

#[test]
fn a_capture_past_the_bounds_is_read_from_disk_and_up_to_them() {
    let mut capture = Capture::new(2, 1);
    for _ in 0..3000 {
        capture = capture.add(Frame { data: &[7; 1000], wire_len: 1000, ..ONE });
    }
    let whole = capture.file();
    let all = read(&whole).packets();
    let bounded = |memory, disk| {
        let limits = Limits { capture_spool_octets: memory, capture_spool_disk_octets: disk, ..Limits::default() };
        read_with(Cursor::new(whole.clone()), &OpenOptions { limits, ..OpenOptions::default() })
    };
    assert_eq!(bounded(10_000, 1 << 30).packets(), all);
    let cut = bounded(10_000, 1_000_000);
    assert_eq!(cut.error.unwrap().kind(), "too-large");
    assert_eq!(cut.packets[..], all[..982]);
}

#[test]
fn versions_that_are_not_known_are_refused() {
    for (major, minor) in [(0, 1), (3, 0), (255, 255)] {
        let mut octets = netmon_of_two(2, 0);
        octets[4..6].copy_from_slice(&[minor, major]);
        let error = read(&octets).error.unwrap().to_string();
        assert!(error.contains(&format!("Network Monitor version {major}.{minor} is not known")), "{error}");
    }
}
