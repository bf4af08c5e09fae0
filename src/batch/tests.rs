use std::path::PathBuf;

use super::Input;
use super::known::KnownCaptures;
use crate::capture::{LinkType, Packet};
use crate::limits::Limits;
use crate::scan::Fingerprint;
use crate::time::Timestamp;

fn fingerprint(nanos: i64) -> Option<Fingerprint> {
    let time = Timestamp::from_nanos(nanos);
    let packet =
        Packet { frame: 1, event: None, time, link: LinkType::ETHERNET, interface: 0, wire_len: 3, data: b"abc" };
    Some(Fingerprint::of_packet(&packet))
}

#[test]
fn copies_of_captures_past_the_bound_are_not_known() {
    let input = Input::File(PathBuf::from("a.zip"));
    let limits = Limits { known_captures: 2, ..Limits::default() };
    let mut known = KnownCaptures::new(limits.known_captures);
    for (capture, nanos) in [1, 2, 3].into_iter().enumerate() {
        assert!(!known.begins_as_one(fingerprint(nanos)));
        assert!(known.copy_of(fingerprint(nanos), capture, &input, Some("b.pcap")).is_none());
    }
    assert!(known.begins_as_one(fingerprint(2)) && !known.begins_as_one(fingerprint(3)));
    let copy_of = known.copy_of(fingerprint(2), 3, &input, None).unwrap();
    assert_eq!((copy_of.capture, copy_of.source.to_string()), (1, "a.zip: b.pcap".to_owned()));
    assert!(known.copy_of(fingerprint(3), 4, &input, None).is_none());
    assert!(!known.begins_as_one(None) && known.copy_of(None, 5, &input, None).is_none());
}
