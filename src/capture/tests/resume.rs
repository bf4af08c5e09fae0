//! Readers whose sink breaks off and goes on.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::sample::Index;

use super::hostile::{captures, other_captures};
use super::{Outcome, Owned, read_all};
use crate::capture::netmon::tests::unusual_captures;
use crate::capture::{CapturePart, CaptureReader, OpenOptions, Opening, Peeked, ReadError, Sequence, open};

/// A file, and the kind of error that reading it ends in behind its last octet, if any.
type File = (Vec<u8>, Option<io::ErrorKind>);

/// Gives what it is made of, then fails.
struct Failing(Cursor<Vec<u8>>, io::ErrorKind);

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf)? {
            0 if !buf.is_empty() => Err(self.1.into()),
            read => Ok(read),
        }
    }
}

fn open_file((octets, failure): &File) -> Result<Box<dyn CaptureReader>, ReadError> {
    let octets = Cursor::new(octets.clone());
    let input: Box<dyn Read + Send> = match failure {
        Some(kind) => Box::new(Failing(octets, *kind)),
        None => Box::new(octets),
    };
    open(input, &OpenOptions::default())
}

/// The files as a sequence, some of them looked at before.
fn sequence(files: &[File], is_peeked: bool) -> Sequence {
    let part = |(number, file): (usize, &File)| {
        let file = file.clone();
        let opening: Opening = Box::new(move || {
            let reader = open_file(&file)?;
            Ok(if is_peeked { Box::new(Peeked::new(reader)) } else { reader })
        });
        (CapturePart::new(format!("part {number}")), opening)
    };
    Sequence::new(files.iter().enumerate().map(part).collect())
}

/// Reads with a break after as many packets as each of `steps` says, then to the end, then once more.
fn read_in_steps(reader: &mut dyn CaptureReader, steps: &[usize]) -> Outcome {
    let mut packets: Vec<Owned> = Vec::new();
    let mut error = None;
    for step in steps.iter().copied().chain([usize::MAX]) {
        let mut left = step;
        let result = reader.for_each_packet(&mut |packet| {
            assert!(left > 0, "a packet after the sink broke off");
            packets.push(packet.into());
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(reader.info().frames >= packets.last().map_or(0, |packet| packet.frame));
        assert!(left > 0 || result.is_ok(), "an error where the sink broke off: {result:?}");
        error = error.or_else(|| result.err());
    }
    let more = read_all(reader);
    assert!(more.packets.is_empty() && more.error.is_none(), "after the end: {:?} {:?}", more.packets, more.error);
    Outcome { packets, info: more.info, error }
}

fn shown(outcome: Outcome) -> (Vec<Owned>, String) {
    (outcome.packets, format!("{:?} {:?}", outcome.info, outcome.error))
}

/// A capture with the packets of `capture` sixteen times, as far as its format lets packets be put behind it.
fn lengthened(capture: Vec<u8>) -> Vec<u8> {
    let header_octets = match capture.first() {
        Some(b'\n') => 0,
        Some(b's') => 16,
        Some(b'i') => 11,
        Some(b'G' | b'R' | 0) => return capture,
        _ => 24,
    };
    let (header, packets) = capture.split_at(header_octets);
    [header, &packets.repeat(16)].concat()
}

/// A capture of any format and variant: whole, cut, with an octet changed, on a disk that fails.
fn file() -> impl Strategy<Value = File> {
    let captures = captures().into_iter().chain(other_captures()).chain(unusual_captures());
    let whole: Vec<Vec<u8>> = captures.map(lengthened).collect();
    let failures = vec![None, None, Some(io::ErrorKind::Other), Some(io::ErrorKind::UnexpectedEof)];
    let cut = prop_oneof![Just(None), any::<Index>().prop_map(Some)];
    let change = prop_oneof![Just(None), any::<(Index, u8)>().prop_map(Some)];
    (prop::sample::select(whole), cut, change, prop::sample::select(failures)).prop_map(
        |(whole, cut, change, failure)| {
            let mut octets = whole;
            if let Some((at, value)) = change {
                let at = at.index(octets.len());
                octets[at] = value;
            }
            octets.truncate(cut.map_or(octets.len(), |cut| cut.index(octets.len())));
            (octets, failure)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn breaking_off_anywhere_changes_nothing(file in file(), steps in prop::collection::vec(1_usize..20, 0..7)) {
        let Ok(mut whole) = open_file(&file) else { return Ok(()) };
        let whole = shown(read_all(whole.as_mut()));
        let mut broken_off = open_file(&file).unwrap();
        prop_assert_eq!(&shown(read_in_steps(broken_off.as_mut(), &steps)), &whole);
        let mut peeked = Peeked::new(open_file(&file).unwrap());
        prop_assert_eq!(peeked.first_time().map(|time| time.as_nanos()), whole.0.first().map(|packet| packet.nanos));
        prop_assert_eq!(&shown(read_in_steps(&mut peeked, &steps)), &whole);
    }

    #[test]
    fn breaking_off_a_sequence_anywhere_changes_nothing(
        files in prop::collection::vec(file(), 0..5),
        steps in prop::collection::vec(1_usize..50, 0..9),
        is_peeked: bool,
    ) {
        let whole = shown(read_all(&mut sequence(&files, false)));
        prop_assert_eq!(shown(read_in_steps(&mut sequence(&files, is_peeked), &steps)), whole);
    }

    #[test]
    fn a_sequence_gives_what_all_its_parts_give(files in prop::collection::vec(file(), 0..5)) {
        let (mut expected, mut damage): (Vec<Owned>, Vec<String>) = (Vec::new(), Vec::new());
        let mut frames = 0;
        for (number, file) in files.iter().enumerate() {
            let read = open_file(file).map(|mut reader| read_all(reader.as_mut()));
            let error = match read {
                Ok(Outcome { packets, info, error }) => {
                    expected.extend(packets.into_iter().map(|packet| Owned { frame: packet.frame + frames, ..packet }));
                    frames += info.frames;
                    error
                }
                Err(error) => Some(error),
            };
            damage.extend(error.map(|error| format!("part {number}: {error}")));
        }
        let Outcome { packets, info, error } = read_all(&mut sequence(&files, false));
        prop_assert_eq!((packets, info.frames), (expected, frames));
        prop_assert_eq!(error.map(|error| error.to_string()), damage.first().cloned());
        let mut notes = info.notes.iter();
        prop_assert!(damage.iter().skip(1).all(|told| notes.any(|note| note == told)), "{:?}", info.notes);
    }
}

#[test]
fn a_sequence_names_every_damaged_part_and_reads_those_after_it() {
    let [whole, ..] = captures();
    let damaged = [&whole[..45], &[0xff; 60]].concat();
    let files = [&whole, &damaged, &whole, &damaged].map(|octets| (octets.clone(), None));
    let Outcome { packets, info, error } = read_all(&mut sequence(&files, false));
    assert_eq!(packets.iter().map(|packet| packet.frame).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let says = ": damaged at byte 45: record 2 claims 4294967295 captured bytes, more than the 262144 a packet can have; \
        the rest of the file cannot be read; get a new copy of the file";
    let error = error.unwrap();
    assert_eq!((error.to_string(), error.kind(), error.offset()), (format!("part 1{says}"), "corrupt", Some(45)));
    let expected = [
        "frames 1 to 2 are frames 1 to 2 of part 0".to_owned(),
        "frames 3 to 3 are frames 1 to 1 of part 1".to_owned(),
        "frames 4 to 5 are frames 1 to 2 of part 2".to_owned(),
        format!("part 3{says}"),
        "frames 6 to 6 are frames 1 to 1 of part 3".to_owned(),
    ];
    assert_eq!(info.notes, expected);
    let parts: Vec<_> = info.parts.iter().map(|part| (part.path.as_str(), part.first_frame, part.frames)).collect();
    assert_eq!(parts, [("part 0", 1, 2), ("part 1", 3, 1), ("part 2", 4, 2), ("part 3", 6, 1)]);
}

#[test]
fn a_sequence_says_where_it_is_when_it_is_broken_off() {
    let [whole, ..] = captures();
    let mut sequence = sequence(&[(whole.clone(), None), (whole, None)], false);
    for frames in 1..=4 {
        sequence.for_each_packet(&mut |_| ControlFlow::Break(())).unwrap();
        let parts: Vec<u64> = sequence.info().parts.iter().map(|part| part.frames).collect();
        assert_eq!((sequence.info().frames, parts.iter().sum()), (frames, frames));
    }
}
