//! The number by which Wireshark knows a TCP connection: `tcp.stream`.
//!
//! It counts every conversation of the capture, of all ports, in order of its first frame. The rules are those of
//! Wireshark 4's TCP dissector, its guesses included: where the capture lacks a SYN, the number before the first one
//! seen stands for it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;

use crate::wire::{SeqNumber, TcpHeader};

/// Numbers conversations. Memory is bounded: past the bound those that are new get no number.
#[derive(Debug)]
pub struct StreamIndex {
    latest: HashMap<Key, Conversation, RandomState>,
    most: usize,
    /// The next number; none once it is no longer known.
    next: Option<u64>,
    unnumbered: u64,
}

/// Both ends, the lower one first, without what [`SocketAddr`] has beyond address and port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    is_v4: bool,
    addresses: [[u8; 16]; 2],
    ports: [u16; 2],
}

/// The latest conversation between two ends.
#[derive(Clone, Copy, Debug)]
struct Conversation {
    /// None past the bound.
    number: Option<u64>,
    /// The number of the SYN of each end, as far as it is known or guessed.
    first: [Option<SeqNumber>; 2],
}

impl StreamIndex {
    /// Nothing is numbered yet. At most `most` pairs of ends are remembered.
    pub fn new(most: usize) -> Self {
        Self { latest: HashMap::default(), most, next: Some(0), unnumbered: 0 }
    }

    /// The number of the conversation that `header` belongs to; none if the bound was exceeded before it began. Every
    /// header of the capture has to come here, in order.
    pub fn number(&mut self, header: &TcpHeader) -> Option<u64> {
        let (key, from) = Key::new(header.src, header.dst);
        let has_room = self.latest.len() < self.most;
        let number = match self.latest.get_mut(&key) {
            Some(conversation) if !conversation.is_reused_by(header, from) => {
                conversation.follow(header, from);
                conversation.number
            }
            Some(conversation) => {
                *conversation = Conversation::new(take(&mut self.next), header, from);
                conversation.number
            }
            None if has_room => {
                let conversation = Conversation::new(take(&mut self.next), header, from);
                self.latest.insert(key, conversation);
                conversation.number
            }
            None => {
                self.next = None;
                None
            }
        };
        self.unnumbered += u64::from(number.is_none());
        number
    }

    /// How many headers got no number.
    pub const fn unnumbered(&self) -> u64 {
        self.unnumbered
    }
}

fn take(next: &mut Option<u64>) -> Option<u64> {
    let number = *next;
    *next = number.map(|number| number.saturating_add(1));
    number
}

impl Key {
    /// The key of two ends, and which place the first one has in it.
    fn new(src: SocketAddr, dst: SocketAddr) -> (Self, usize) {
        let from = usize::from(src > dst);
        let (low, high) = if src > dst { (dst, src) } else { (src, dst) };
        let addresses = [low, high].map(|end| match end.ip() {
            IpAddr::V4(address) => address.to_ipv6_compatible().octets(),
            IpAddr::V6(address) => address.octets(),
        });
        (Self { is_v4: src.is_ipv4(), addresses, ports: [low, high].map(|end| end.port()) }, from)
    }
}

impl Conversation {
    fn new(number: Option<u64>, header: &TcpHeader, from: usize) -> Self {
        let mut new = Self { number, first: [None, None] };
        new.follow(header, from);
        new
    }

    /// Whether `header` is a SYN of another conversation: its number is not that of the SYN before.
    fn is_reused_by(&self, header: &TcpHeader, from: usize) -> bool {
        let is_syn = header.flags.syn() && !header.flags.ack();
        is_syn && self.first.get(from).copied().flatten().is_some_and(|first| first != header.seq)
    }

    fn follow(&mut self, header: &TcpHeader, from: usize) {
        let flags = header.flags;
        let [one, other] = &mut self.first;
        let (own, peer) = if from == 0 { (one, other) } else { (other, one) };
        if flags.syn() && flags.ack() && own.is_some() {
            *own = Some(header.seq);
        }
        // What an error quotes, or has no room for its own header, tells nothing of numbers.
        if header.is_quoted || !header.is_whole {
            return;
        }
        own.get_or_insert(if flags.syn() { header.seq } else { header.seq.add(u32::MAX) });
        if flags.ack() {
            peer.get_or_insert(header.ack.add(u32::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::TcpFlags;

    const SYN: u8 = 0x02;
    const ACK: u8 = 0x10;
    const A: &str = "192.0.2.1:1025";
    const B: &str = "192.0.2.2:25";

    fn header(src: &str, dst: &str, flags: u8, seq: u32, ack: u32) -> TcpHeader {
        TcpHeader {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            seq: SeqNumber(seq),
            ack: SeqNumber(ack),
            flags: TcpFlags(flags),
            is_quoted: false,
            is_whole: true,
        }
    }

    fn numbers(most: usize, headers: &[TcpHeader]) -> Vec<Option<u64>> {
        let mut index = StreamIndex::new(most);
        headers.iter().map(|header| index.number(header)).collect()
    }

    #[test]
    fn both_directions_are_one_and_other_ports_another() {
        let headers = [
            header(A, B, SYN, 100, 0),
            header(B, A, SYN | ACK, 900, 101),
            header("192.0.2.1:25", "192.0.2.2:1025", SYN, 5, 0),
            header(A, B, ACK, 101, 901),
            header("[::c000:201]:1025", "[::c000:202]:25", SYN, 5, 0),
        ];
        assert_eq!(numbers(9, &headers), [Some(0), Some(0), Some(1), Some(0), Some(2)]);
    }

    #[test]
    fn a_syn_with_another_number_is_another_conversation() {
        let headers = [
            header(A, B, SYN, 100, 0),
            header(A, B, SYN, 100, 0),
            header(B, A, SYN | ACK, 900, 101),
            header(A, B, SYN, 7000, 0),
            header(B, A, SYN | ACK, 8000, 7001),
            header(A, B, ACK, 101, 901),
            header(B, A, SYN, 8000, 0),
            header(B, A, SYN, 8001, 0),
        ];
        let given: Vec<_> = numbers(9, &headers).into_iter().flatten().collect();
        assert_eq!(given, [0, 0, 0, 1, 1, 1, 1, 2]);
    }

    #[test]
    fn the_number_before_the_first_one_seen_stands_for_a_syn_that_was_not() {
        let midway = header(A, B, ACK, 101, 901);
        let same = [midway, header(A, B, SYN, 100, 0), header(B, A, SYN, 900, 0)];
        assert_eq!(numbers(9, &same), [Some(0), Some(0), Some(0)]);
        let other = [midway, header(A, B, SYN, 101, 0), header(B, A, SYN, 901, 0)];
        assert_eq!(numbers(9, &other), [Some(0), Some(1), Some(1)]);
    }

    #[test]
    fn a_syn_ack_corrects_the_number_it_is_measured_by() {
        let headers = [
            header(B, A, ACK, 500, 1),
            header(B, A, SYN | ACK, 900, 101),
            header(B, A, SYN, 900, 0),
            header(B, A, SYN, 499, 0),
        ];
        assert_eq!(numbers(9, &headers), [Some(0), Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn a_quoted_header_opens_a_conversation_but_tells_no_numbers() {
        let quoted = TcpHeader { is_quoted: true, ..header(A, B, SYN, 100, 0) };
        let headers = [quoted, header(A, B, SYN, 7, 0), TcpHeader { seq: SeqNumber(8), ..quoted }];
        assert_eq!(numbers(9, &headers), [Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn past_the_bound_new_conversations_have_no_number_and_old_ones_keep_theirs() {
        let headers = [
            header(A, B, SYN, 100, 0),
            header("192.0.2.3:1", B, SYN, 100, 0),
            header("192.0.2.4:1", B, SYN, 100, 0),
            header(A, B, ACK, 101, 1),
            header(A, B, SYN, 5000, 0),
            header("192.0.2.3:1", B, ACK, 101, 1),
        ];
        assert_eq!(numbers(2, &headers), [Some(0), Some(1), None, Some(0), None, Some(1)]);
    }
}
