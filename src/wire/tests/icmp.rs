//! ICMP errors.

use super::super::Unreachable;
use super::build::{ehlo, ethernet, ipv4, ipv6, tcp, udp};
use super::{Decoded, decode, packet};

fn report(kind: u8, code: u8, quoted: &[u8]) -> Vec<u8> {
    [&[kind, code, 0, 0, 0, 0, 0, 0], quoted].concat()
}

fn unreachable(link: u16, frame: &[u8]) -> Option<Unreachable> {
    match decode(&packet(link, frame)) {
        Decoded::Unreachable(unreachable) => Some(unreachable),
        Decoded::NotTcp => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_names_the_quoted_segment() {
    // RFC 792 wants 8 octets of the original datagram's data.
    let frame = ethernet(0x0800, &ipv4(1, &report(3, 1, &ehlo()[..28])));
    let error = unreachable(1, &frame).unwrap();
    assert_eq!(error.reported_by.to_string(), "192.0.2.1");
    assert_eq!(error.src.to_string(), "192.0.2.1:1145");
    assert_eq!(error.dst.to_string(), "198.51.100.2:25");
    assert_eq!(error.seq.map(|seq| seq.0), Some(1000));
    assert_eq!(error.reason, "host unreachable");
    let shorter = unreachable(101, &ipv4(1, &report(3, 1, &ehlo()[..27]))).unwrap();
    assert_eq!(shorter.seq, None);
}

#[test]
fn codes_have_their_words() {
    let v4 = |kind, code| unreachable(101, &ipv4(1, &report(kind, code, &ehlo()))).map(|error| error.reason);
    let quoted = ipv6(6, &tcp(b"EHLO a_b\r\n"));
    let v6 = |kind, code| unreachable(101, &ipv6(58, &report(kind, code, &quoted))).map(|error| error.reason);
    assert_eq!(v4(3, 0), Some("network unreachable"));
    assert_eq!(v4(3, 3), Some("port unreachable"));
    assert_eq!(v4(3, 13), Some("administratively prohibited"));
    assert_eq!(v4(3, 99), Some("destination unreachable"));
    assert_eq!(v4(11, 0), Some("time exceeded in transit"));
    assert_eq!(v6(1, 0), Some("no route to destination"));
    assert_eq!(v6(1, 4), Some("port unreachable"));
    assert_eq!(v6(3, 0), Some("hop limit exceeded in transit"));
    // Fragmentation needed, echo, redirect; packet too big, parameter problem.
    assert_eq!((v4(3, 4), v4(8, 0), v4(5, 1)), (None, None, None));
    assert_eq!((v6(2, 0), v6(4, 0)), (None, None));
}

#[test]
fn errors_about_other_protocols_are_left_out() {
    assert_eq!(unreachable(101, &ipv4(1, &report(3, 3, &ipv4(17, &udp(53, b"query"))))), None);
    assert_eq!(unreachable(101, &ipv4(1, &report(3, 3, &ehlo()[..22]))), None);
    assert_eq!(unreachable(101, &ipv4(1, &[3, 3, 0])), None);
}
