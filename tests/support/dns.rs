//! DNS messages over UDP (RFC 1035 4), one question and at most one record each.

use super::{IpHeader, Link, LinkHeader, ip_datagram, link_frame};

const CLIENT: &str = "192.0.2.10";
const RESOLVER: &str = "192.0.2.53";

/// Flags of a message: a question, an answer, and the answer that there is no such name.
pub(crate) const QUESTION: [u8; 2] = [0x01, 0x00];
pub(crate) const ANSWER: [u8; 2] = [0x81, 0x80];
pub(crate) const NXDOMAIN: [u8; 2] = [0x81, 0x83];
pub(crate) const MX: u8 = 15;
pub(crate) const A: u8 = 1;
pub(crate) const AAAA: u8 = 28;

/// The octets of `name` as labels.
fn labels(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.') {
        octets.push(label.len() as u8);
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// A frame with a DNS message between `CLIENT` and its resolver; `data` is that of the only record of an answer.
pub(crate) fn frame(flags: [u8; 2], name: &str, kind: u8, data: Option<&[u8]>) -> Vec<u8> {
    frame_of(flags, name, kind, data.as_slice())
}

/// The same with any number of records.
pub(crate) fn frame_of(flags: [u8; 2], name: &str, kind: u8, answers: &[&[u8]]) -> Vec<u8> {
    let mut message = vec![0x2a, 0x17, flags[0], flags[1], 0, 1, 0, answers.len() as u8, 0, 0, 0, 0];
    message.extend(labels(name));
    message.extend([0, kind, 0, 1]);
    for data in answers {
        message.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 14, 16, 0, data.len() as u8]);
        message.extend(*data);
    }
    let is_answer = flags[0] & 0x80 != 0;
    let (src, dst) = if is_answer { (RESOLVER, CLIENT) } else { (CLIENT, RESOLVER) };
    let ports: [u8; 4] = if is_answer { [0, 53, 0x9c, 0x40] } else { [0x9c, 0x40, 0, 53] };
    let mut udp = ports.to_vec();
    udp.extend((8 + message.len() as u16).to_be_bytes());
    udp.extend([0, 0]);
    udp.extend(message);
    let ip = IpHeader { src: src.parse().unwrap(), dst: dst.parse().unwrap(), protocol: 17, ttl: 64, id: 7 };
    let link = LinkHeader {
        link: Link::ETHERNET,
        src_mac: [2, 0, 0, 0, 0, 1],
        dst_mac: [2, 0, 0, 0, 0, 2],
        vlans: &[],
        pad_octet: None,
    };
    link_frame(&link, &ip_datagram(&ip, &udp))
}

/// The data of an MX record.
pub(crate) fn exchange(preference: u8, host: &str) -> Vec<u8> {
    [&[0, preference][..], &labels(host)].concat()
}
