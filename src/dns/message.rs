//! DNS messages (RFC 1035 4), as far as they say where mail goes: MX, A and AAAA.
//!
//! A message is read as far as it is whole. Captures cut packets, and the header of a cut answer still says that there was
//! one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address (RFC 3596).
    Aaaa,
    /// The hosts that take mail for a domain.
    Mx,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
        })
    }
}

/// A message with one question of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) is_response: bool,
    /// Whether the server answers for its own zone.
    pub(super) is_authoritative: bool,
    /// Whether the client wants the server to find out: it is no resolver itself.
    pub(super) is_recursion_desired: bool,
    /// Whether records are missing: the server left them out, or the capture did.
    pub(super) is_cut: bool,
    pub(super) code: u8,
    pub(super) name: Box<str>,
    pub(super) kind: RecordType,
    pub(super) records: Vec<Record>,
    /// Answers over the bound of those kept.
    pub(super) omitted_answers: u64,
}

/// A record that says where mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Address { owner: Box<str>, address: IpAddr, is_additional: bool },
    Exchange { preference: u16, host: Box<str> },
}

const HEADER_OCTETS: usize = 12;
const INTERNET: u16 = 1;

impl Message {
    /// Reads a message of which all octets, or only the first, were captured. None if it asks for something else, or is no
    /// DNS. At most `most` records are kept.
    pub(super) fn parse(octets: &[u8], most: usize) -> Option<Self> {
        let header: &[u8; HEADER_OCTETS] = octets.first_chunk()?;
        let [_, _, flags, more_flags, q0, q1, a0, a1, n0, n1, r0, r1] = *header;
        let is_query_for_one = flags & 0x78 == 0 && u16::from_be_bytes([q0, q1]) == 1;
        if !is_query_for_one {
            return None;
        }
        let mut input = Input { octets, at: HEADER_OCTETS };
        let name = input.name()?;
        let kind = match (input.u16()?, input.u16()?) {
            (1, INTERNET) => RecordType::A,
            (28, INTERNET) => RecordType::Aaaa,
            (15, INTERNET) => RecordType::Mx,
            _ => return None,
        };
        let mut message = Self {
            is_response: flags & 0x80 != 0,
            is_authoritative: flags & 0x04 != 0,
            is_recursion_desired: flags & 0x01 != 0,
            is_cut: flags & 0x02 != 0,
            code: more_flags & 0x0f,
            name,
            kind,
            records: Vec::new(),
            omitted_answers: 0,
        };
        let answers = u16::from_be_bytes([a0, a1]);
        let others = [[n0, n1], [r0, r1]].map(u16::from_be_bytes);
        for (count, is_additional) in [(answers, false), (others[0], true), (others[1], true)] {
            for _ in 0..count {
                let Some(record) = input.record(is_additional) else {
                    // What is missing of the rest does not matter.
                    message.is_cut |= !is_additional;
                    return Some(message);
                };
                if message.records.len() < most {
                    message.records.extend(record);
                } else if !is_additional {
                    message.omitted_answers += u64::from(record.is_some());
                }
            }
        }
        Some(message)
    }
}

struct Input<'a> {
    octets: &'a [u8],
    at: usize,
}

/// RFC 1035 3.1: 255 octets, length octets included.
const NAME_OCTETS: usize = 255;

/// Pointers followed in one name: servers write one.
const POINTERS: usize = 16;

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.octets.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let octets = self.take(2)?.first_chunk()?;
        Some(u16::from_be_bytes(*octets))
    }

    /// A record, with what it says if that is of interest.
    fn record(&mut self, is_additional: bool) -> Option<Option<Record>> {
        let owner = self.name()?;
        let (kind, class) = (self.u16()?, self.u16()?);
        // Time to live.
        self.take(4)?;
        let length = usize::from(self.u16()?);
        let start = self.at;
        let data = self.take(length)?;
        if class != INTERNET {
            return Some(None);
        }
        let address = match kind {
            1 => data.try_into().ok().map(|octets: [u8; 4]| IpAddr::V4(Ipv4Addr::from(octets))),
            28 => data.try_into().ok().map(|octets: [u8; 16]| IpAddr::V6(Ipv6Addr::from(octets))),
            _ => None,
        };
        if let Some(address) = address {
            return Some(Some(Record::Address { owner, address, is_additional }));
        }
        if kind != 15 || is_additional {
            return Some(None);
        }
        // The name may point back into the message, so it is read in place.
        let mut inside = Input { octets: self.octets.get(..self.at)?, at: start };
        let exchange = inside.u16().zip(inside.name());
        Some(exchange.map(|(preference, host)| Record::Exchange { preference, host }))
    }

    /// A name as text, in lower case, without a dot at the end; the root is `.`. What is no letter, digit, hyphen or the
    /// like is `\DDD` (RFC 4343 2.1).
    fn name(&mut self) -> Option<Box<str>> {
        let mut text = String::new();
        // Where to go on after the first pointer; and a pointer must point before the last one, so there is no circle.
        let (mut after, mut before) = (None, self.at);
        let (mut left, mut pointers_left) = (NAME_OCTETS - 1, POINTERS);
        loop {
            let length = usize::from(*self.take(1)?.first()?);
            match length {
                0 => break,
                1..=63 => {
                    left = left.checked_sub(length + 1)?;
                    if !text.is_empty() {
                        text.push('.');
                    }
                    escape(self.take(length)?, &mut text);
                }
                0xc0..=0xff => {
                    let low = usize::from(*self.take(1)?.first()?);
                    let target = (length & 0x3f) << 8 | low;
                    if target >= before {
                        return None;
                    }
                    after.get_or_insert(self.at);
                    (before, self.at) = (target, target);
                    pointers_left = usize::checked_sub(pointers_left, 1)?;
                }
                _ => return None,
            }
        }
        self.at = after.unwrap_or(self.at);
        Some(if text.is_empty() { ".".into() } else { text.into() })
    }
}

fn escape(label: &[u8], text: &mut String) {
    for octet in label {
        match octet {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'/' | b'*' | b'+' | b'=' => text.push(char::from(*octet)),
            b'A'..=b'Z' => text.push(char::from(octet.to_ascii_lowercase())),
            _ => text.push_str(&format!("\\{octet:03}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer to `MX example.com`: two exchanges, names compressed, the address of the first.
    const ANSWER: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\x01\
        \x07Example\x03com\0\0\x0f\0\x01\
        \xc0\x0c\0\x0f\0\x01\0\0\x0e\x10\0\x08\0\x0a\x03mx1\xc0\x0c\
        \xc0\x0c\0\x0f\0\x01\0\0\x0e\x10\0\x09\0\x14\x04mx_2\xc0\x0c\
        \xc0\x2b\0\x01\0\x01\0\0\x0e\x10\0\x04\xc0\0\x02\x19";

    fn exchange(preference: u16, host: &str) -> Record {
        Record::Exchange { preference, host: host.into() }
    }

    #[test]
    fn an_answer_names_exchanges_and_their_addresses() {
        let message = Message::parse(ANSWER, 16).unwrap();
        assert_eq!((&*message.name, message.kind, message.code), ("example.com", RecordType::Mx, 0));
        assert!(message.is_response && message.is_recursion_desired && !message.is_authoritative && !message.is_cut);
        let address =
            Record::Address { owner: "mx1.example.com".into(), address: [192, 0, 2, 25].into(), is_additional: true };
        assert_eq!(message.records, [exchange(10, "mx1.example.com"), exchange(20, "mx_2.example.com"), address]);
    }

    #[test]
    fn a_cut_answer_gives_what_is_whole_of_it() {
        let header_and_question = 29;
        for len in 0..ANSWER.len() {
            let message = Message::parse(&ANSWER[..len], 16);
            assert_eq!(message.is_some(), len >= header_and_question, "{len} bytes");
            let Some(message) = message else { continue };
            let exchanges = [49, 70].iter().filter(|end| len >= **end).count();
            assert_eq!((message.records.len(), message.is_cut), (exchanges, exchanges < 2), "{len} bytes");
        }
    }

    #[test]
    fn names_in_circles_and_forward_are_none() {
        let question = |name: &[u8]| [&ANSWER[..12], name, &[0, 1, 0, 1]].concat();
        let name = |octets: &[u8]| Message::parse(&question(octets), 16).map(|message| message.name);
        assert_eq!(name(&[0xc0, 12]), None, "itself");
        assert_eq!(name(&[1, b'a', 0xc0, 12]), None, "its own beginning");
        assert_eq!(name(&[0xc0, 20, 0, 0]), None, "forward");
        assert_eq!(name(&[0x40, 0]), None, "a label type never assigned");
        assert_eq!(name(&[0]).as_deref(), Some("."));
        assert_eq!(name(b"\x05A.\xff\\b\0").as_deref(), Some("a\\046\\255\\092b"));
        assert_eq!(name(&[&[63; 64].repeat(4)[..], &[0]].concat()), None, "too long");
    }

    #[test]
    fn a_long_chain_of_pointers_is_none() {
        let chain = |pointers: u8| {
            // The root, then pointers each to the one before; the record's owner is the last of them.
            let mut octets = [&ANSWER[..29], b"\xc0\x0c\0\x0a\0\x01\0\0\0\0\0", &[2 * pointers + 1, 0]].concat();
            for at in 0..pointers {
                octets.extend([0xc0, if at == 0 { 41 } else { 40 + 2 * at }]);
            }
            octets.extend([0xc0, 40 + 2 * pointers]);
            octets.extend(b"\0\x01\0\x01\0\0\0\0\0\x04\xc0\0\x02\x19");
            Message::parse(&octets, 16).unwrap().records
        };
        let address = Record::Address { owner: ".".into(), address: [192, 0, 2, 25].into(), is_additional: false };
        assert_eq!(chain(14), [address]);
        assert_eq!(chain(17), []);
    }

    #[test]
    fn other_questions_are_none() {
        let mut txt = ANSWER[..29].to_vec();
        txt[26] = 16;
        assert_eq!(Message::parse(&txt, 16), None);
        let mut update = ANSWER.to_vec();
        update[2] |= 5 << 3;
        assert_eq!(Message::parse(&update, 16), None);
    }

    #[test]
    fn records_are_bounded() {
        assert_eq!(Message::parse(ANSWER, 1).unwrap().records, [exchange(10, "mx1.example.com")]);
    }

    /// A name as its labels, without those that would need an escape.
    fn labels() -> impl Strategy<Value = String> {
        proptest::collection::vec("[a-z0-9_-]{1,20}", 1..6).prop_map(|labels| labels.join("."))
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let address = (labels(), any::<[u8; 4]>(), any::<[u8; 16]>(), any::<bool>(), any::<bool>());
        let address = address.prop_map(|(owner, v4, v6, is_v4, is_additional)| {
            let address = if is_v4 { IpAddr::from(v4) } else { IpAddr::from(v6) };
            Record::Address { owner: owner.into(), address, is_additional }
        });
        let exchange = (any::<u16>(), labels());
        let exchange = exchange.prop_map(|(preference, host)| Record::Exchange { preference, host: host.into() });
        proptest::collection::vec(prop_oneof![address, exchange], 0..12)
    }

    /// The message as another implementation writes it, names compressed.
    fn written(name: &str, records: &[Record]) -> Vec<u8> {
        use simple_dns::rdata::{A, AAAA, MX, RData};
        use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, ResourceRecord, TYPE};
        let mut packet = Packet::new_reply(7);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let (kind, class) = (QTYPE::TYPE(TYPE::MX), QCLASS::CLASS(CLASS::IN));
        packet.questions.push(Question::new(Name::new(name).unwrap(), kind, class, false));
        for record in records {
            let (owner, data, is_additional) = match record {
                Record::Address { owner, address: IpAddr::V4(address), is_additional } => {
                    (&**owner, RData::A(A::from(*address)), *is_additional)
                }
                Record::Address { owner, address: IpAddr::V6(address), is_additional } => {
                    (&**owner, RData::AAAA(AAAA::from(*address)), *is_additional)
                }
                Record::Exchange { preference, host } => {
                    let exchange = Name::new(host).unwrap();
                    (name, RData::MX(MX { preference: *preference, exchange }), false)
                }
            };
            let list = if is_additional { &mut packet.additional_records } else { &mut packet.answers };
            list.push(ResourceRecord::new(Name::new(owner).unwrap(), CLASS::IN, 60, data));
        }
        packet.build_bytes_vec_compressed().unwrap()
    }

    proptest! {
        #[test]
        fn what_another_implementation_writes_is_read(name in labels(), mut records in records()) {
            let octets = written(&name, &records);
            records.sort_by_key(|record| matches!(record, Record::Address { is_additional: true, .. }));
            let message = Message::parse(&octets, 16).unwrap();
            prop_assert_eq!((&*message.name, message.kind, message.is_response), (&*name, RecordType::Mx, true));
            prop_assert_eq!(message.records, records);
        }

        #[test]
        fn damage_does_no_harm(
            changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..8),
            len in any::<usize>(),
            tail in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut octets = ANSWER.to_vec();
            for (at, value) in changes {
                let at = at % octets.len();
                octets[at] = value;
            }
            octets.extend(tail);
            octets.truncate(len % (octets.len() + 1));
            if let Some(message) = Message::parse(&octets, 16) {
                prop_assert!(message.records.len() <= 16 && message.name.len() <= 4 * NAME_OCTETS);
                prop_assert!(message.name.bytes().all(|octet| octet.is_ascii_graphic()));
            }
        }
    }
}
