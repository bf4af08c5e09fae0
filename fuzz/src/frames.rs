//! Frames of every link type: the fast path never skips what the decoder would find, and fragments stay bounded.

use ehlotrace::capture::{LinkType, Packet};
use ehlotrace::limits::Limits;
use ehlotrace::time::Timestamp;
use ehlotrace::wire::{Decoded, Defragmenter, Interest, Ports, Undecoded, decode, decode_reassembled, may_matter};

use super::script::Script;

/// Every link type that is read, and one that is not.
const LINKS: [u16; 15] = [0, 1, 9, 12, 14, 50, 101, 104, 105, 108, 113, 228, 229, 239, 276];

/// Frames, each as the octets missing at its end, the quarters of seconds it comes after the one before, its length in
/// two octets, and its octets. Each is read as every link type.
pub fn wire_decode(octets: &[u8]) {
    let few = Limits { fragment_datagrams: 3, fragment_octets: 4_000, ..Limits::default() };
    let mut worlds = LINKS.map(|link| (LinkType(link), Defragmenter::new(&few)));
    let ports = [Ports::new([25, 587]), Ports::new([]), Ports::new(0..=u16::MAX)];
    let (mut script, mut quarters) = (Script::new(octets), 0_i64);
    let mut frame = 0;
    while !script.is_over() {
        let missing = u32::from(script.octet());
        quarters += i64::from(script.octet());
        let len = script.number();
        let data = script.text(usize::from(len));
        let time = Timestamp::from_nanos(quarters * 250_000_000);
        frame += 1;
        for (link, fragments) in &mut worlds {
            let wire_len = data.len() as u32 + missing;
            one(&Packet { frame, event: None, time, interface: 0, link: *link, wire_len, data }, &ports, fragments);
        }
    }
    for (_, fragments) in worlds {
        let _ = fragments.finish();
    }
}

fn one(packet: &Packet<'_>, ports: &[Ports], fragments: &mut Defragmenter) {
    let decoded = decode(packet);
    for ports in ports {
        assert!(
            may_matter(packet, Interest::new(ports)) || may_be_skipped(&decoded, ports),
            "{decoded:?} of {packet:02x?}"
        );
    }
    check(&decoded, packet.data.len());
    if let Decoded::Fragment(fragment) = decoded
        && let Some(whole) = fragments.push(&fragment, packet.time)
    {
        assert!(whole.payload_wire_len <= 65_535);
        assert!(whole.payload.len() <= whole.payload_wire_len as usize);
        check(&decode_reassembled(&whole), whole.payload.len());
    }
}

fn check(decoded: &Decoded<'_>, most: usize) {
    if let Decoded::Tcp(segment) = decoded {
        assert!(segment.payload.len() <= most);
        assert!(segment.payload.len() <= segment.payload_wire_len as usize);
        assert_eq!(segment.ack.is_some(), segment.flags.ack());
    }
    if let Decoded::Unnumbered(segment) = decoded {
        assert!(segment.payload.len() <= most);
        assert!(segment.payload.len() <= segment.payload_wire_len as usize);
    }
}

/// Whether skipping a packet that decodes like this loses nothing.
fn may_be_skipped(decoded: &Decoded<'_>, ports: &Ports) -> bool {
    match decoded {
        // Lookups are not asked for.
        Decoded::NotTcp | Decoded::Udp(_) => true,
        Decoded::Tcp(segment) => !segment.touches(ports),
        // The ports are at their place and are others, or the protocol is; what is wrong with the packet is not ours.
        Decoded::Undecoded(reason) => {
            matches!(reason, Undecoded::BadIpHeader | Undecoded::BadTcpHeader | Undecoded::CutTcpHeader)
        }
        Decoded::Fragment(_) | Decoded::Unreachable(_) | Decoded::Unnumbered(_) => false,
    }
}
