//! SMTP on ports that were not asked for, known by the first words of its segments and not followed.
//!
//! A segment is looked at by itself: whoever greets with 220 or answers a hello is a server, whoever says hello a client. Both
//! together, on one connection, are SMTP: neither FTP nor NNTP nor POP has a hello.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::fast::RandomState;

use crate::limits::Limits;
use crate::wire::{Ports, Segment};

/// Where else a capture has SMTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherPorts {
    /// The ports that were asked for.
    pub asked: Vec<u16>,
    /// Other ports with SMTP beyond doubt, in ascending order, and how many connections to each.
    pub found: Vec<(u16, u64)>,
    /// Connections to further ports, over the bound of those counted.
    pub omitted: u64,
    /// Whether the sessions on them are in the report: the capture was read again for them.
    pub are_followed: bool,
}

impl OtherPorts {
    /// All ports with SMTP: those asked for, and those found.
    pub fn all(&self) -> Ports {
        self.asked.iter().copied().chain(self.found.iter().map(|(port, _)| *port)).collect()
    }
}

/// Listens for first words.
#[derive(Debug)]
pub(super) struct Listener {
    most_connections: usize,
    most_ports: usize,
    connections: HashMap<(SocketAddr, SocketAddr), Heard, RandomState>,
    /// Their keys, the oldest first.
    order: VecDeque<(SocketAddr, SocketAddr)>,
    found: BTreeMap<u16, u64>,
    omitted: u64,
}

/// What was heard on a connection.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    greeting: bool,
    hello: bool,
    is_counted: bool,
}

/// What a segment begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    Greeting,
    Hello,
    /// 250, which a hello gets.
    Yes,
}

impl Listener {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most_connections: limits.other_connections,
            most_ports: limits.other_ports,
            connections: HashMap::default(),
            order: VecDeque::new(),
            found: BTreeMap::new(),
            omitted: 0,
        }
    }

    /// A segment of a port that was not asked for.
    pub(super) fn segment(&mut self, segment: &Segment<'_>) {
        let Some(words) = Words::at_start(segment.payload) else { return };
        let is_server = words != Words::Hello;
        let (client, server) = if is_server { (segment.dst, segment.src) } else { (segment.src, segment.dst) };
        let known = self.connections.get(&(client, server)).copied();
        let mut heard = match (known, words) {
            (None, Words::Yes) => return,
            (known, _) => known.unwrap_or_default(),
        };
        match words {
            Words::Greeting => heard.greeting = true,
            Words::Hello => heard.hello = true,
            Words::Yes => {}
        }
        let is_smtp = heard.hello && (heard.greeting || words == Words::Yes);
        if is_smtp && !std::mem::replace(&mut heard.is_counted, true) {
            self.count(server.port());
        }
        self.remember((client, server), heard);
    }

    fn count(&mut self, port: u16) {
        let is_full = self.found.len() >= self.most_ports;
        match self.found.get_mut(&port) {
            Some(connections) => *connections += 1,
            None if is_full => self.omitted += 1,
            None => {
                self.found.insert(port, 1);
            }
        }
    }

    fn remember(&mut self, key: (SocketAddr, SocketAddr), heard: Heard) {
        if self.connections.insert(key, heard).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.most_connections
            && let Some(oldest) = self.order.pop_front()
        {
            self.connections.remove(&oldest);
        }
    }

    /// What was found beside the ports asked for.
    pub(super) fn finish(&self, asked: &Ports) -> OtherPorts {
        OtherPorts {
            asked: asked.iter().collect(),
            found: self.found.iter().map(|(port, connections)| (*port, *connections)).collect(),
            omitted: self.omitted,
            are_followed: false,
        }
    }
}

impl Words {
    /// What `payload` begins with, if that is one of these.
    fn at_start(payload: &[u8]) -> Option<Self> {
        let (word, rest) = payload.split_first_chunk::<4>()?;
        match word.map(|octet| octet.to_ascii_lowercase()) {
            [b'2', b'2', b'0', b' ' | b'-'] => Some(Self::Greeting),
            [b'2', b'5', b'0', b' ' | b'-'] => Some(Self::Yes),
            [b'e', b'h', b'l', b'o'] | [b'h', b'e', b'l', b'o'] | [b'l', b'h', b'l', b'o'] => {
                let is_word = rest.first().is_some_and(u8::is_ascii_whitespace);
                is_word.then_some(Self::Hello)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{SeqNumber, TcpFlags};

    const CLIENT: u16 = 40_000;

    fn say(listener: &mut Listener, from: u16, to: u16, payload: &str) {
        let [src, dst] = [from, to].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        listener.segment(&Segment {
            src,
            dst,
            seq: SeqNumber(0),
            ack: None,
            flags: TcpFlags::ACK,
            window: 0,
            payload: payload.as_bytes(),
            payload_wire_len: 0,
            ip_id: None,
            checksum: None,
            tunnelled: false,
        });
    }

    fn found(said: &[(u16, u16, &str)]) -> Vec<(u16, u64)> {
        let mut listener = Listener::new(&Limits::default());
        for (from, to, payload) in said {
            say(&mut listener, *from, *to, payload);
        }
        listener.finish(&Ports::new([25])).found
    }

    #[test]
    fn a_hello_and_what_only_servers_say_are_smtp() {
        for said in [
            &[(587, CLIENT, "220 mx ESMTP\r\n"), (CLIENT, 587, "EHLO sub2.\r\n")][..],
            &[(587, CLIENT, "220-mx\r\n220 x\r\n"), (CLIENT, 587, "helo a\r\n"), (587, CLIENT, "501 no\r\n")],
            &[(CLIENT, 587, "LHLO a\r\n"), (587, CLIENT, "220 late\r\n")],
            &[(CLIENT, 587, "EHLO a\r\n"), (587, CLIENT, "250-mx\r\n250 SIZE\r\n"), (CLIENT, 587, "EHLO a\r\n")],
        ] {
            assert_eq!(found(said), [(587, 1)], "{said:?}");
        }
    }

    #[test]
    fn other_protocols_are_not() {
        for said in [
            &[(21, CLIENT, "220 FTP ready\r\n"), (CLIENT, 21, "USER ann\r\n"), (21, CLIENT, "250 ok\r\n")][..],
            &[(119, CLIENT, "200 news\r\n"), (CLIENT, 119, "MODE READER\r\n")],
            &[(110, CLIENT, "+OK POP3\r\n"), (CLIENT, 110, "USER ann\r\n")],
            &[(CLIENT, 80, "EHLO a\r\n"), (80, CLIENT, "HTTP/1.1 400 Bad\r\n")],
            &[(CLIENT, 80, "HELOISE\r\n"), (80, CLIENT, "220 x\r\n")],
            &[(CLIENT, 80, "EHLO a\r\n"), (CLIENT, 80, "220 x\r\n")],
            &[(CLIENT, 80, "250 a\r\n"), (80, CLIENT, "EHLO\r\n"), (80, CLIENT, "22")],
        ] {
            assert_eq!(found(said), [], "{said:?}");
        }
    }

    #[test]
    fn a_hostile_capture_is_held_within_bounds() {
        let limits = Limits { other_connections: 10, other_ports: 3, ..Limits::default() };
        let mut listener = Listener::new(&limits);
        for port in 1..=100 {
            say(&mut listener, port, CLIENT, "220 x\r\n");
            say(&mut listener, CLIENT, port, "EHLO x\r\n");
        }
        assert_eq!((listener.connections.len(), listener.order.len()), (10, 10));
        let ports = listener.finish(&Ports::new([25]));
        assert_eq!((ports.found, ports.omitted), (vec![(1, 1), (2, 1), (3, 1)], 97));
    }
}
